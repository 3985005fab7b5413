"""Tasks, as Talend clients keep them."""

from datetime import datetime
from typing import Any

import httpx
import pytest

from ostinato.app import artifacts, definitions
from ostinato.app.application import App
from ostinato.app.definitions import Bundle, File
from ostinato.core.access import Actor
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.artifacts import zips
from tests.artifacts.test_objects import publish
from tests.conftest import NOW
from tests.people import give, new_key

TASKS = "/executables/tasks"
NOWHERE = "0" * 24
FILE = """
workspace: finance
connections:
- {name: shop, type: sqlite, config: {path: /tmp/shop.sqlite}}
- {name: till, type: sqlite, config: {path: /tmp/till.sqlite}}
tasks:
- name: count
  type: Query
  description: how many
  config: {connection: shop, query: "SELECT 1"}
  parameters: {day: {default: monday}, deep: {type: boolean, default: true}}
"""


async def apply(app: App, admin: Actor, text: str = FILE) -> None:
    await definitions.apply(app, admin, Bundle(files=[File(name="a.yaml", text=text)]), NOW)


async def release(app: App, admin: Actor, name: str, version: str, workspace: str = "finance", **more: Any) -> None:
    wish = artifacts.Wish(workspace=workspace, environment="Production", name=name, version=version)
    await publish(app, admin, more.pop("content", None) or zips.python(**more), NOW, wish)


@pytest.fixture
async def place(app: App, admin: Actor, world: World, talend: Talk) -> dict[str, Any]:
    """A workspace with connections, a query and an artifact; their ids."""
    await world.workspace("finance")
    await apply(app, admin)
    await release(app, admin, "hello", "1")
    return await ids(world, talend)


async def ids(world: World, talend: Talk) -> dict[str, Any]:
    workspaces = (await talend("GET", "/workspaces")).json()
    [finance] = [one for one in workspaces if one["name"] == "Finance"]
    [query] = (await talend("GET", TASKS, name="count")).json()["items"]
    return {"workspace": finance, "query": query}

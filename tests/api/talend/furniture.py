"""Two workspaces with something in them, and the ids by which Talend clients know it."""

from dataclasses import dataclass
from typing import Any

from ostinato.api.talend.ids import Ids
from ostinato.api.talend.tasks_translate import number_of_type
from ostinato.app import artifacts, definitions, installation
from ostinato.app.application import App
from ostinato.app.definitions import Bundle, File
from ostinato.core.access import Actor
from ostinato.core.object_ids import Kind
from tests.api.factories import World
from tests.artifacts import zips
from tests.artifacts.test_objects import publish
from tests.conftest import NOW

FINANCE = """
workspace: finance
connections:
- {name: shop, type: sqlite, config: {path: /tmp/shop.sqlite}}
- {name: till, type: sqlite, config: {path: /tmp/till.sqlite}}
tasks:
- name: count
  type: Query
  config: {connection: shop, query: SELECT 1}
  parameters: {day: {default: monday}, deep: {type: boolean, default: true}}
"""
SALES = """
workspace: sales
connections:
- {name: shop, type: sqlite, config: {path: /tmp/shop.sqlite}}
tasks:
- {name: till, type: Query, config: {connection: shop, query: SELECT 1}}
"""


@dataclass(frozen=True)
class Room:
    """What there is: the workspaces finance and sales of Production, an artifact `hello` in version 1."""

    ids: Ids
    environment: str
    test: str
    workspace: str
    other_workspace: str
    artifact: str
    type_of_query: str
    connections: dict[str, str]
    elsewhere: str
    """A connection of the other workspace."""
    resource: str


async def furnished(app: App, admin: Actor) -> Room:
    world = World(app)
    finance, sales = await world.workspace("finance"), await world.workspace("sales")
    await define(app, admin, FINANCE)
    await define(app, admin, SALES)
    number = await release(app, admin, "1")
    await world.execute(
        """INSERT INTO resource (workspace_id, name, is_file, digest, size, created_at, changed_at)
           VALUES ($1, 'names.csv', true, $2, 0, now(), now())""",
        finance,
        bytes(32),
    )
    ids = Ids(await installation.number(app))
    rows = await world.fetch("SELECT id, workspace_id, name FROM connection")
    environments = {row["name"]: row["id"] for row in await world.fetch("SELECT id, name FROM environment")}
    [elsewhere] = [row["id"] for row in rows if row["workspace_id"] == sales]
    return Room(
        ids=ids,
        environment=ids.of(Kind.ENVIRONMENT, environments["Production"]),
        test=ids.of(Kind.ENVIRONMENT, environments["Test"]),
        workspace=ids.of(Kind.WORKSPACE, finance),
        other_workspace=ids.of(Kind.WORKSPACE, sales),
        artifact=ids.of(Kind.ARTIFACT, number),
        type_of_query=ids.of(Kind.TYPE, number_of_type("Query")),
        connections={row["name"]: ids.of(Kind.CONNECTION, row["id"]) for row in rows if row["workspace_id"] == finance},
        elsewhere=ids.of(Kind.CONNECTION, elsewhere),
        resource=ids.of(Kind.RESOURCE, (await world.fetch("SELECT id FROM resource"))[0]["id"]),
    )


async def define(app: App, admin: Actor, text: str) -> None:
    await definitions.apply(app, admin, Bundle(files=[File(name="a.yaml", text=text)]), NOW)


async def release(
    app: App,
    actor: Actor,
    version: str,
    *,
    name: str = "hello",
    workspace: str = "finance",
    content: bytes | None = None,
    **more: Any,
) -> int:
    """The number of the artifact that has a new version."""
    wish = artifacts.Wish(workspace=workspace, environment="Production", name=name, version=version)
    return int(await publish(app, actor, content or zips.python(**more), NOW, wish))

"""Our own dialect: connections, listed and tried."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ostinato.app import access, connection_probes
from ostinato.core.access import Actor
from tests.api.conftest import Call
from tests.api.factories import LONG_AGO, World
from tests.people import new_key

PATH = "/api/v1/connections"
SECRET = "canary-5e0c"
DEFINITIONS = """
workspace: finance
connections:
- {{name: here, type: sqlite, config: {{path: {folder}/shop.sqlite}}}}
- {{name: nowhere, type: sqlite, config: {{path: {folder}/no/shop.sqlite}}}}
- name: closed
  type: postgresql
  config: {{host: 127.0.0.1, port: 1, database: {secret}, user: u, password: {secret}}}
- {{name: store, type: application, config: {{application: aws, secrets: {{key: {secret}}}}}}}
"""


@pytest.fixture
async def key(world: World) -> str:
    await world.workspace("finance")
    return await new_key(world.app, access.ADMINISTRATOR, LONG_AGO)


@pytest.fixture
async def ids(call: Call, key: str, tmp_path: Path) -> dict[str, int]:
    """The connections by name."""
    text = DEFINITIONS.format(folder=tmp_path, secret=SECRET)
    files = {"files": [{"name": "a.yaml", "text": text}]}
    assert (await call("POST", "/api/v1/definitions/apply", key, json=files)).status_code == 200
    items = (await call("GET", PATH, key)).json()["items"]
    return {one["name"]: one["id"] for one in items}


async def test_connections_are_listed_by_where_they_are(
    call: Call, key: str, ids: dict[str, int], world: World
) -> None:
    page = (await call("GET", f"{PATH}?workspace=finance&environment=Production&name=here", key)).json()
    [one] = page["items"]
    assert page["next"] is None
    assert one == {
        "id": ids["here"],
        "name": "here",
        "type": "sqlite",
        "workspace": "finance",
        "environment": "Production",
        "createdAt": one["createdAt"],
        "changedAt": one["createdAt"],
    }
    first = (await call("GET", f"{PATH}?limit=3", key)).json()
    assert [one["name"] for one in first["items"]] == list(ids)[:3]
    assert first["next"] == 3
    assert len((await call("GET", f"{PATH}?limit=3&offset=3", key)).json()["items"]) == 1
    for query in ("workspace=sales", "environment=Test", "name=her"):
        assert (await call("GET", f"{PATH}?{query}", key)).json() == {"items": [], "next": None}
    assert (await call("GET", PATH, await world.key("stranger"))).json()["items"] == []
    assert (await call("GET", f"{PATH}?limit=0", key)).status_code == 422


async def test_a_connection_is_opened_to_try_it(call: Call, key: str, ids: dict[str, int]) -> None:
    async def tried(name: str) -> dict[str, Any]:
        answer = await call("POST", f"{PATH}/{ids[name]}/test", key)
        assert answer.status_code == 200, answer.text
        assert SECRET not in answer.text
        told: dict[str, Any] = answer.json()
        assert told["seconds"] >= 0
        return told

    here = await tried("here")
    assert (here["ok"], here["message"]) == (True, "")
    for name, words in (
        ("nowhere", "no"),
        ("closed", "refused"),
        ("store", "'aws' is an application, which cannot be opened"),
    ):
        told = await tried(name)
        assert (told["ok"], words in told["message"]) == (False, True), told


async def test_trying_one_needs_execute(call: Call, key: str, ids: dict[str, int], world: World) -> None:
    path = f"{PATH}/{ids['here']}/test"
    assert (await call("POST", path, await world.key("stranger"))).status_code == 404
    assert (await call("POST", path, await world.key("viewer", finance="Viewer"))).status_code == 403
    assert (await call("POST", f"{PATH}/999/test", key)).status_code == 404
    assert (await call("POST", f"{PATH}/{2**70}/test", key)).status_code == 404


async def test_what_takes_too_long_is_ended_and_others_wait(
    world: World, ids: dict[str, int], admin: Actor, call: Call, key: str
) -> None:
    slow = await connection_probes.probe(world.app, admin, ids["here"], patience=0.001)
    assert (slow.ok, slow.message) == (False, "it did not open within 0.001 s")
    async with world.app.probing, world.app.probing:
        busy = await call("POST", f"{PATH}/{ids['here']}/test", key)
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "5")
    both = await asyncio.gather(*(connection_probes.probe(world.app, admin, ids["here"]) for _ in range(2)))
    assert all(one.ok for one in both)

"""The record of what everybody did: complete, without secrets, and impossible to change unnoticed."""

import asyncio
import hashlib
import json

import asyncpg
import pytest

from ostinato.app import audit, people
from ostinato.app.application import App
from ostinato.core.access import Actor
from tests.api.conftest import Call
from tests.api.factories import World

AUDIT = "/api/v1/audit"
YAML = """
workspaces: [{key: finance, name: Finance}]
workspace: finance
connections:
- {name: warehouse, type: postgresql, config: {host: db, database: d, user: u, password: hunter2}}
tasks:
- {name: load, type: Package, config: {kind: command, command: ['true']}, overlap: parallel}
"""


@pytest.fixture
async def root(world: World) -> str:
    return await world.key("admin")


async def records(call: Call, root: str, query: str = "") -> list[dict[str, object]]:
    answer = await call("GET", f"{AUDIT}?limit=1000{query}", root)
    assert answer.status_code == 200
    return list(reversed(answer.json()["items"]))


async def test_every_change_is_recorded_with_who_made_it_with_what_and_from_where(
    call: Call, root: str, world: World
) -> None:
    await call("POST", "/api/v1/definitions/apply", root, json={"files": [{"name": "a.yaml", "text": YAML}]})
    started = (await call("POST", "/api/v1/runs", root, json={"name": "load"})).json()["id"]
    await call("POST", "/api/v1/pauses", root, json={"name": "load", "paused": True, "note": "for a while"})
    await call("POST", "/api/v1/pauses", root, json={"name": "load", "paused": True})
    await call("POST", "/api/v1/pauses", root, json={"name": "load", "paused": False})
    await call("POST", f"/api/v1/runs/{started}/cancellation", root)
    await call("POST", f"/api/v1/runs/{started}/cancellation", root)
    await call("POST", f"/api/v1/runs/{started}/rerun", root, json={})
    await call("POST", "/api/v1/users", root, json={"name": "ada"})
    await call("PUT", "/api/v1/grants", root, json={"user": "ada", "workspace": "finance", "role": "Viewer"})
    await call("PUT", "/api/v1/grants", root, json={"user": "ada", "workspace": "finance", "role": "Viewer"})
    found = [one for one in await records(call, root) if one["address"] == "127.0.0.1"]
    assert [(one["action"], one["kind"], one["target"], one["environment"], one["workspace"]) for one in found] == [
        ("create", "workspace", "finance", "Production", "finance"),
        ("create", "connection", "warehouse", "Production", "finance"),
        ("create", "task", "load", "Production", "finance"),
        ("start", "task", "load", "Production", "finance"),
        ("pause", "task", "load", "Production", "finance"),
        ("resume", "task", "load", "Production", "finance"),
        ("cancel", "task", "load", "Production", "finance"),
        ("run again", "task", "load", "Production", "finance"),
        ("create", "user", "ada", None, None),
        ("grant", "right", "ada", None, "finance"),
    ]
    assert {one["actor"] for one in found} == {"admin"}
    assert all(one["credential"] and one["trace"] for one in found)
    assert found[3]["after"] == {"run": started}
    assert found[4]["after"] == {"note": "for a while"}
    assert (found[9]["before"], found[9]["after"]) == ({"permissions": []}, {"permissions": ["VIEW"]})


async def test_what_a_definition_was_and_is_is_recorded_without_secrets(call: Call, root: str) -> None:
    for text in (YAML, YAML.replace("hunter2", "correct horse").replace("host: db", "host: db2")):
        await call("POST", "/api/v1/definitions/apply", root, json={"files": [{"name": "a.yaml", "text": text}]})
    [first, second] = await records(call, root, "&target=warehouse")
    assert first["before"] is None
    assert second["before"] == {"config": {"host": "db", "database": "d", "user": "u"}}
    assert second["after"] == {"config": {"host": "db2", "database": "d", "user": "u"}}
    everything = (await call("GET", f"{AUDIT}/export", root)).text
    assert "hunter2" not in everything
    assert "correct horse" not in everything


async def test_what_was_refused_or_changed_nothing_is_not_recorded(call: Call, root: str) -> None:
    body = {"files": [{"name": "a.yaml", "text": YAML}]}
    await call("POST", "/api/v1/definitions/apply", root, json=body)
    before = await records(call, root)
    await call("POST", "/api/v1/definitions/apply", root, json=body)
    await call("POST", "/api/v1/definitions/diff", root, json=body)
    await call("POST", "/api/v1/users", root, json={"name": ""})
    await call("PATCH", "/api/v1/users/admin", root, json={"active": False})
    assert await records(call, root) == before


async def test_the_chain_is_what_its_export_says(call: Call, app: App, root: str) -> None:
    for name in ("ada", "bob", "eve"):
        await call("POST", "/api/v1/users", root, json={"name": name})
    await audit.seal(app)
    lines = [json.loads(line) for line in (await call("GET", f"{AUDIT}/export", root)).text.splitlines()]
    digest = b""
    for place, line in enumerate(lines, 1):
        digest = hashlib.sha256(digest + line["record"].encode()).digest()
        assert line["digest"] == digest.hex()
        assert json.loads(line["record"])["seal"] == place
    assert (await call("GET", f"{AUDIT}/chain", root)).json() == {"intact": True, "brokenAt": None}


async def test_nothing_that_was_recorded_can_be_changed_or_taken_away(
    call: Call, app: App, root: str, world: World
) -> None:
    await call("POST", "/api/v1/users", root, json={"name": "ada"})
    for statement in (
        "UPDATE audit SET actor = 'nobody'",
        "UPDATE audit SET actor = 'nobody', seal = 1, digest = ''",
        "DELETE FROM audit",
        "TRUNCATE audit",
    ):
        with pytest.raises(asyncpg.RaiseError):
            await world.execute(statement)
    await audit.seal(app)
    with pytest.raises(asyncpg.RaiseError):
        await world.execute("UPDATE audit SET seal = NULL")


async def test_whoever_changes_it_behind_our_back_is_found_out(call: Call, app: App, root: str, world: World) -> None:
    for name in ("ada", "bob", "eve"):
        await call("POST", "/api/v1/users", root, json={"name": name})
    await audit.seal(app)
    await world.execute("ALTER TABLE audit DISABLE TRIGGER ALL")
    [place] = await world.fetch("SELECT seal FROM audit WHERE target = 'bob'")
    await world.execute("UPDATE audit SET actor = 'nobody' WHERE target = 'bob'")
    told = (await call("GET", f"{AUDIT}/chain", root)).json()
    assert told == {"intact": False, "brokenAt": place["seal"]}
    await world.execute("DELETE FROM audit WHERE target = 'bob'")
    assert (await call("GET", f"{AUDIT}/chain", root)).json() == told


async def test_only_whoever_may_read_the_record_does(call: Call, root: str, world: World) -> None:
    await world.workspace("finance")
    boss = await world.key("boss", finance="Administrator")
    await call("POST", "/api/v1/users", root, json={"name": "ann", "roles": ["AUDITOR"]})
    auditor = await world.key("ann")
    for path in ("", "/export", "/chain"):
        assert (await call("GET", f"{AUDIT}{path}", boss)).status_code == 403
        assert (await call("GET", f"{AUDIT}{path}", auditor)).status_code == 200


async def test_records_are_read_page_by_page_and_by_what_they_are_about(call: Call, root: str) -> None:
    for number in range(5):
        await call("POST", "/api/v1/users", root, json={"name": f"user {number}"})
    seen, query = [], ""
    while True:
        page = (await call("GET", f"{AUDIT}?limit=2&kind=user{query}", root)).json()
        seen += [one["target"] for one in page["items"]]
        if page["next"] is None:
            break
        query = f"&before={page['next']}"
    assert seen == [f"user {number}" for number in reversed(range(5))]
    assert (await call("GET", f"{AUDIT}?by=nobody", root)).json()["items"] == []
    assert (await call("GET", f"{AUDIT}?until=2001-01-01T00:00:00Z", root)).json()["items"] == []
    wrong = await call("GET", f"{AUDIT}?since=yesterday", root)
    assert (wrong.status_code, "since" in wrong.text) == (422, True)


async def test_records_are_chained_once_by_however_many_servers(app: App, admin: Actor) -> None:
    async def one(number: int) -> None:
        await people.create_user(app, admin, f"user {number}", app.now())
        await audit.seal(app)

    await asyncio.gather(*(one(number) for number in range(20)))
    await audit.seal(app)
    assert await audit.check(app, admin) is None
    async with app.db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) = max(seal) AND count(*) >= 20 FROM audit") is True

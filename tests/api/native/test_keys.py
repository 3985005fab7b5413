"""Keys: made, limited, rotated, deleted; who may do so, and what of them is shown."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ostinato.app import access
from ostinato.app.application import App
from tests.api.conftest import Call
from tests.api.factories import World

KEYS = "/api/v1/keys"


@pytest.fixture
async def root(world: World) -> str:
    return await world.key("admin")


async def made(call: Call, key: str, **body: Any) -> tuple[int, str]:
    """The id of a new key, and the key."""
    answer = await call("POST", KEYS, key, json={"description": "a test", **body}, shows_key=True)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"], answer.json()["key"]


async def test_a_key_is_shown_once_and_then_by_its_ends(call: Call, world: World) -> None:
    ada = await world.key("ada")
    number, key = await made(call, ada, description="Azure DevOps pipeline")
    assert re.fullmatch(r"txk_[0-9A-Za-z]{32}", key)
    listed = (await call("GET", KEYS, key)).json()["items"]
    assert [(one["id"], one["key"], one["description"]) for one in listed][-1] == (
        number,
        f"txk_••••••••{key[-5:]}",
        "Azure DevOps pipeline",
    )
    rows = await world.fetch("SELECT * FROM credential_secret")
    assert key[12:] not in str(rows)


async def test_a_user_has_at_most_three_keys_and_a_deleted_or_expired_one_makes_room(call: Call, world: World) -> None:
    ada = await world.key("ada")
    number, _ = await made(call, ada)
    await made(call, ada)
    full = await call("POST", KEYS, ada, json={"description": "one too many"})
    assert full.status_code == 409
    assert "3 active API keys" in full.json()["detail"]
    await made(call, ada, kind="token")
    assert (await call("DELETE", f"{KEYS}/{number}", ada)).status_code == 204
    soon, _ = await made(call, ada, expiresAt=(datetime.now(UTC) + timedelta(hours=1)).isoformat())
    await world.execute("UPDATE credential SET expires_at = now() - interval '1 second' WHERE id = $1", soon)
    await made(call, ada)


async def test_an_expired_key_is_refused(call: Call, world: World) -> None:
    ada = await world.key("ada")
    number, key = await made(call, ada, expiresAt="2999-01-01T00:00:00+02:00")
    assert (await call("GET", "/api/v1/status", key)).status_code == 200
    await world.execute("UPDATE credential SET expires_at = now() - interval '1 second' WHERE id = $1", number)
    assert (await call("GET", "/api/v1/status", key)).status_code == 401


async def test_a_limited_key_may_less_than_its_owner_and_never_more(call: Call, world: World) -> None:
    for key in ("finance", "sales"):
        workspace = await world.workspace(key)
        await world.task(workspace, "Package", 1 if key == "finance" else 2, f"load {key}")
    ada = await world.key("ada", finance="Contributor", sales="Viewer")
    _, reader = await made(call, ada, scopes=["VIEW"])
    _, starter = await made(call, ada, scopes=["EXECUTE", "MANAGE", "PEOPLE"], workspaces=["finance", "secret"])
    base = "/api/v0/orchestration"
    assert [w["key"] for w in (await call("GET", f"{base}/workspaces", reader)).json()] == ["finance", "sales"]
    assert [w["key"] for w in (await call("GET", f"{base}/workspaces", starter)).json()] == ["finance"]
    trigger = f"{base}/finance/tasks/Package/1/trigger"
    assert (await call("POST", trigger, reader)).status_code == 403
    assert (await call("POST", trigger, starter)).status_code == 202
    assert (await call("POST", f"{base}/sales/tasks/Package/2/trigger", starter)).status_code == 403
    assert (await call("GET", "/api/v1/users", starter)).status_code == 403
    assert (
        await call("PUT", "/api/v1/grants", starter, json={"user": "ada", "workspace": "finance", "role": "Viewer"})
    ).status_code == 403


async def test_what_is_taken_from_the_owner_is_taken_from_the_key(call: Call, root: str, world: World) -> None:
    workspace = await world.workspace("finance")
    await world.task(workspace, "Package", 1, "load")
    ada = await world.key("ada", finance="Contributor")
    _, key = await made(call, ada, scopes=["VIEW", "EXECUTE"])
    base = "/api/v0/orchestration/finance/tasks"
    assert (await call("GET", base, key)).status_code == 200
    await call("PUT", "/api/v1/grants", root, json={"user": "ada", "workspace": "finance", "permissions": []})
    assert (await call("GET", base, key)).status_code == 403
    await call("PATCH", "/api/v1/users/ada", root, json={"active": False})
    assert (await call("GET", base, key)).status_code == 401


async def test_a_limited_key_makes_and_deletes_no_others(call: Call, world: World) -> None:
    ada = await world.key("ada")
    limited, key = await made(call, ada, scopes=["VIEW"])
    other, _ = await made(call, ada)
    for refused in (
        await call("POST", KEYS, key, json={"description": "more"}),
        await call("DELETE", f"{KEYS}/{other}", key),
        await call("POST", f"{KEYS}/{other}/rotation", key, json={}),
        await call("GET", KEYS, key),
    ):
        assert refused.status_code == 403
    assert (await call("DELETE", f"{KEYS}/{limited}", key)).status_code == 204
    assert (await call("GET", "/api/v1/status", key)).status_code == 401


async def test_while_a_key_is_rotated_both_secrets_work_and_then_the_newer_one_only(
    call: Call, app: App, world: World
) -> None:
    ada = await world.key("ada")
    number, old = await made(call, ada)
    rotated = await call("POST", f"{KEYS}/{number}/rotation", ada, json={"overlapSeconds": 3600}, shows_key=True)
    new = rotated.json()["key"]
    assert rotated.json()["id"] == number
    assert [(await call("GET", "/api/v1/status", key)).status_code for key in (old, new)] == [200, 200]
    again = await call("POST", f"{KEYS}/{number}/rotation", ada, json={})
    assert again.status_code == 409
    await world.execute("UPDATE credential_secret SET expires_at = now() WHERE expires_at IS NOT NULL")
    assert [(await call("GET", "/api/v1/status", key)).status_code for key in (old, new)] == [401, 200]
    at_once = await call("POST", f"{KEYS}/{number}/rotation", ada, json={"overlapSeconds": 0}, shows_key=True)
    newest = at_once.json()["key"]
    assert [(await call("GET", "/api/v1/status", key)).status_code for key in (new, newest)] == [401, 200]
    assert [
        row["count"]
        for row in await world.fetch("SELECT count(*) FROM credential_secret WHERE credential_id = $1", number)
    ] == [2]


async def test_keys_of_others_are_neither_seen_nor_deleted_but_by_whoever_manages_people(
    call: Call, root: str, world: World
) -> None:
    ada, bob = await world.key("ada"), await world.key("bob")
    number, key = await made(call, ada)
    for refused, status in (
        (await call("DELETE", f"{KEYS}/{number}", bob), 404),
        (await call("POST", f"{KEYS}/{number}/rotation", bob, json={}), 404),
        (await call("GET", f"{KEYS}?user=ada", bob), 403),
        (await call("GET", f"{KEYS}?everybody=true", bob), 403),
        (await call("POST", KEYS, bob, json={"description": "x", "user": "ada"}), 403),
        (await call("POST", KEYS, root, json={"description": "x", "user": "ada"}), 403),
        (await call("DELETE", f"{KEYS}/999999", bob), 404),
    ):
        assert refused.status_code == status, refused.text
    everybodys = (await call("GET", f"{KEYS}?everybody=true", root)).json()["items"]
    assert {one["user"] for one in everybodys} == {"admin", "ada", "bob"}
    assert (await call("DELETE", f"{KEYS}/{number}", root)).status_code == 204
    assert (await call("GET", "/api/v1/status", key)).status_code == 401


async def test_a_service_account_gets_its_keys_from_whoever_manages_people(call: Call, root: str) -> None:
    await call("POST", "/api/v1/users", root, json={"name": "ci", "kind": "service_account"})
    _, key = await made(call, root, user="ci")
    assert (await call("GET", "/api/v1/users/ci", key)).json()["kind"] == "service_account"
    _, secret = await made(call, root, user="ci", kind="client")
    assert secret.startswith("osc_")
    refused = await call("POST", KEYS, root, json={"description": "x", "kind": "client"})
    assert (refused.status_code, "service accounts" in refused.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"description": ""}, "description"),
        ({"description": "x" * 101}, "description"),
        ({"description": "x", "expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt"),
        ({"description": "x", "expiresAt": "tomorrow"}, "expiresAt"),
        ({"description": "x", "expiresAt": "2999-01-01T00:00:00"}, "expiresAt"),
        ({"description": "x", "scopes": []}, "scopes"),
        ({"description": "x", "scopes": ["VIEW", "FLY"]}, "scopes[1]"),
        ({"description": "x", "workspaces": []}, "workspaces"),
        ({"description": "x", "workspaces": [""]}, "workspaces[0]"),
        ({"description": "x", "kind": "session"}, "kind"),
    ],
)
async def test_what_is_wrong_with_a_key_is_named(call: Call, root: str, body: dict[str, Any], path: str) -> None:
    refused = await call("POST", KEYS, root, json=body)
    assert (refused.status_code, path in refused.text) == (422, True), refused.text
    assert len((await call("GET", KEYS, root)).json()["items"]) == 1


async def test_who_used_a_key_when_and_from_where_is_seen(call: Call, app: App, world: World) -> None:
    ada = await world.key("ada")
    await access.write_down_use(app, app.now())
    [key] = (await call("GET", KEYS, ada)).json()["items"]
    assert key["lastUsedAt"] is None
    await access.write_down_use(app, app.now())
    [key] = (await call("GET", KEYS, ada)).json()["items"]
    assert key["lastUsedAt"] is not None
    assert key["lastAddress"] == "127.0.0.1"

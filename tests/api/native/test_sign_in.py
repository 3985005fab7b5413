"""People sign in with a password: what a browser gets, what it may do with it, and how guessing is met."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from argon2 import PasswordHasher
from litestar.types import ASGIApp

from ostinato.api.asgi import make_asgi
from ostinato.app import passwords, sign_in
from ostinato.app.application import App
from ostinato.config import Settings, read_settings
from ostinato.scheduler import prune
from tests.api.conftest import Call
from tests.api.factories import World

PASSWORD, OTHER = "correct horse battery", "another horse battery"
OWN = {"Sec-Fetch-Site": "same-origin"}
SIGN_IN, ME = "/api/v1/sign-in", "/api/v1/me"


@pytest.fixture
async def root(world: World) -> str:
    return await world.key("admin")


@pytest.fixture
async def ada(call: Call, root: str) -> str:
    body = {"name": "ada", "fullName": "Ada L.", "email": "ada@example.org", "password": PASSWORD, "roles": ["AUDITOR"]}
    assert (await call("POST", "/api/v1/users", root, json=body)).status_code == 201
    return "ada"


@pytest.fixture
async def other_browser(asgi: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://ostinato.test") as browser:
        yield browser


async def enter(call: Call, name: str = "ada", password: str = PASSWORD, **more: Any) -> httpx.Response:
    return await call("POST", SIGN_IN, json={"name": name, "password": password}, **more)


async def records(world: World, *actions: str) -> list[dict[str, Any]]:
    return await world.fetch(
        "SELECT actor, action, kind, target, address, after FROM audit WHERE action = ANY($1) ORDER BY id",
        list(actions),
    )


async def test_a_person_signs_in_and_is_known_until_they_sign_out(
    call: Call, client: httpx.AsyncClient, ada: str, world: World
) -> None:
    answer = await enter(call)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    me = answer.json()
    assert (me["name"], me["fullName"], me["email"]) == ("ada", "Ada L.", "ada@example.org")
    assert (me["roles"], me["permissions"], me["credential"]["kind"]) == (["AUDITOR"], ["AUDIT"], "session")
    cookie = answer.headers["set-cookie"]
    name, _, value = cookie.split(";")[0].partition("=")
    assert (name, value[:4], len(value)) == ("ostinato_session", "oss_", 36)
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "samesite=lax",
        "path=/",
        f"max-age={12 * 3600}",
    }
    assert value not in answer.text
    assert (await call("GET", ME)).json() == me
    assert (await call("POST", "/api/v1/sign-out")).status_code == 403, "a page of nobody knows where"
    out = await call("POST", "/api/v1/sign-out", headers=OWN)
    assert (out.status_code, "max-age=0" in out.headers["set-cookie"].lower()) == (204, True)
    client.cookies.set("ostinato_session", value)
    assert (await call("GET", ME)).status_code == 401
    assert [(one["actor"], one["action"], one["address"]) for one in await records(world, "sign in", "sign out")] == [
        ("ada", "sign in", "127.0.0.1"),
        ("ada", "sign out", "127.0.0.1"),
    ]
    assert value[4:] not in str(await world.fetch("SELECT audit::text FROM audit"))
    [user] = await world.fetch("SELECT signed_in_at IS NOT NULL AS seen FROM app_user WHERE name = 'ada'")
    assert user["seen"]


async def test_every_sign_in_makes_a_session_of_its_own(
    call: Call, client: httpx.AsyncClient, ada: str, world: World
) -> None:
    planted = "oss_" + "a" * 32
    client.cookies.set("ostinato_session", planted)
    first = (await enter(call)).cookies["ostinato_session"]
    second = (await enter(call)).cookies["ostinato_session"]
    assert len({planted, first, second}) == 3
    client.cookies.clear()
    for value, status in ((planted, 401), (first, 200), (second, 200)):
        answer = await call("GET", ME, headers={"Cookie": f"ostinato_session={value}"})
        assert answer.status_code == status


async def test_whoever_may_not_come_in_is_told_the_same_whatever_the_cause(
    call: Call, ada: str, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for body in ({"name": "ci", "kind": "service_account"}, {"name": "bob"}, {"name": "eve", "password": PASSWORD}):
        await call("POST", "/api/v1/users", root, json=body)
    await call("PATCH", "/api/v1/users/eve", root, json={"active": False})
    verified: list[str | None] = []
    compare = passwords._matches

    def counting(password: str, stored: str | None) -> bool:
        verified.append(stored)
        return compare(password, stored)

    monkeypatch.setattr(passwords, "_matches", counting)
    answers = [
        await enter(call, name, password)
        for name, password in (
            ("nobody", PASSWORD),
            ("ada", "wrong"),
            ("ada", ""),
            ("ada", PASSWORD + " "),
            ("ADA", PASSWORD),
            ("bob", PASSWORD),
            ("ci", PASSWORD),
            ("eve", PASSWORD),
            ("admin", ""),
            ("\N{GREEK SMALL LETTER ALPHA}\u202e", PASSWORD),
        )
    ]
    assert {(answer.status_code, answer.json()["detail"]) for answer in answers} == {(401, sign_in.REFUSED)}
    assert not any("set-cookie" in answer.headers for answer in answers)
    assert len(verified) == len(answers), "the work is done whoever it is"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 422),
        (b'{"name": "ada"}', 422),
        (b'{"name": "ada", "password": null}', 422),
        (b'{"name": "ada", "password": 1}', 422),
        (b'{"name": "a\\u0000", "password": "x"}', 422),
        (b'{"name": "\\ud800", "password": "x"}', 400),
        (b'{"name": "\xff", "password": "x"}', 400),
        (b'{"name": "ada", "password": "' + b"x" * 1_001 + b'"}', 422),
        (b'{"name": "ada", "password": "' + b"x" * 20_000 + b'"}', 413),
        (b'{"name": "ada", "password": "x", "remember": true}', 422),
        (b"[" * 10_000, 400),
    ],
)
async def test_a_body_that_is_none_is_refused_without_harm(call: Call, ada: str, body: bytes, status: int) -> None:
    answer = await call("POST", SIGN_IN, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {status, 400, 422} if status != 413 else answer.status_code == 413
    assert "set-cookie" not in answer.headers


async def test_failures_count_against_the_address_and_then_nothing_is_tried(
    app: App, settings: Settings, ada: str, root: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    strict = make_asgi(app, msgspec.structs.replace(settings, failed_attempts=3), lambda: True)
    transport = httpx.ASGITransport(strict, client=("192.0.2.1", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://ostinato.test") as attacker:
        right = {"name": "ada", "password": PASSWORD}
        for _ in range(5):
            assert (await attacker.post(SIGN_IN, json=right)).status_code == 200
        attacker.cookies.clear()
        assert (await attacker.get(ME, headers={"X-API-Key": "txk_" + "a" * 32})).status_code == 401
        for _ in range(2):
            assert (await attacker.post(SIGN_IN, json={"name": "ada", "password": "x"})).status_code == 401
        monkeypatch.setattr(passwords, "_matches", None)  # would fail if anything was compared
        refused = await attacker.post(SIGN_IN, json=right)
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
        assert (await attacker.get(ME, headers={"X-API-Key": root})).status_code == 200, "a valid key is never slowed"


async def test_a_page_of_another_site_signs_nobody_in_or_out(call: Call, ada: str) -> None:
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.test"}):
        refused = await enter(call, headers=headers)
        assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
    assert (await enter(call, headers={"Origin": "http://ostinato.test"})).status_code == 200
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}):
        assert (await call("POST", "/api/v1/sign-out", headers=headers)).status_code == 403
    assert (await call("GET", ME)).status_code == 200


@pytest.mark.parametrize(
    ("address", "environment", "headers", "secure"),
    [
        ("http://ostinato.test", {}, {}, False),
        ("https://ostinato.test", {}, {}, True),
        ("http://ostinato.test", {}, {"X-Forwarded-Proto": "https"}, False),
        ("http://ostinato.test", {"OSTINATO_TRUSTED_PROXIES": "127.0.0.1"}, {"X-Forwarded-Proto": "https"}, True),
        ("http://ostinato.test", {"OSTINATO_TRUSTED_PROXIES": "127.0.0.1"}, {"X-Forwarded-Proto": "http"}, False),
        ("http://ostinato.test", {"OSTINATO_PUBLIC_URL": "https://ostinato.test"}, {}, True),
        ("http://10.0.0.1", {"OSTINATO_PUBLIC_URL": "https://ostinato.test"}, {}, False),
    ],
)
async def test_the_cookie_is_secure_when_the_browser_came_over_https(
    app: App, ada: str, address: str, environment: dict[str, str], headers: dict[str, str], secure: bool
) -> None:
    asgi = make_asgi(app, read_settings(environment), lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url=address) as browser:
        answer = await browser.post(SIGN_IN, json={"name": "ada", "password": PASSWORD}, headers=headers)
        assert ("secure" in answer.headers["set-cookie"].lower()) is secure


async def test_a_session_ends_with_its_time_and_with_its_user(call: Call, ada: str, root: str, app: App) -> None:
    await enter(call)
    assert (await call("GET", ME)).status_code == 200
    await call("PATCH", "/api/v1/users/ada", root, json={"active": False})
    assert (await call("GET", ME)).status_code == 401
    await call("PATCH", "/api/v1/users/ada", root, json={"active": True})
    assert (await call("GET", ME)).status_code == 401, "it does not come back"
    await enter(call)
    real = app.now()
    app.wall = lambda: real + timedelta(hours=11, minutes=59)
    assert (await call("GET", ME)).status_code == 200
    app.wall = lambda: real + timedelta(hours=12, minutes=1)
    assert (await call("GET", ME)).status_code == 401


async def test_whoever_is_deactivated_while_their_password_is_compared_does_not_come_in(
    call: Call, ada: str, root: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare = passwords.matches

    async def slowly(password: str, stored: str | None) -> bool:
        right = await compare(password, stored)
        assert (await call("PATCH", "/api/v1/users/ada", root, json={"active": False})).status_code == 200
        return right

    monkeypatch.setattr(passwords, "matches", slowly)
    assert (await enter(call)).status_code == 401
    assert await world.fetch("SELECT id FROM credential WHERE kind = 'session'") == []


async def test_a_password_with_yesterdays_cost_is_stored_anew_at_the_sign_in(
    call: Call, ada: str, world: World
) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    await world.execute("UPDATE app_user SET password_hash = $1 WHERE name = 'ada'", cheap)
    assert (await enter(call, password="wrong")).status_code == 401
    assert (await enter(call)).status_code == 200
    [user] = await world.fetch("SELECT password_hash FROM app_user WHERE name = 'ada'")
    assert user["password_hash"] != cheap
    assert not passwords.is_outdated(user["password_hash"])
    assert (await enter(call)).status_code == 200


async def test_signing_out_everywhere_ends_all_sessions_and_no_keys(
    call: Call, ada: str, other_browser: httpx.AsyncClient, world: World
) -> None:
    key = await world.key("ada")
    await enter(call)
    await other_browser.post(SIGN_IN, json={"name": "ada", "password": PASSWORD})
    out = await call("POST", "/api/v1/sign-out", headers=OWN, json={"everywhere": True})
    assert out.status_code == 204
    assert (await other_browser.get(ME)).status_code == 401
    assert (await call("GET", ME, key)).status_code == 200
    assert (await call("POST", "/api/v1/sign-out", key)).status_code == 409
    assert (await call("POST", "/api/v1/sign-out", key, json={"everywhere": True})).status_code == 204


async def test_a_changed_password_ends_the_other_sessions_and_not_this_one(
    call: Call, ada: str, other_browser: httpx.AsyncClient, world: World
) -> None:
    await enter(call)
    await other_browser.post(SIGN_IN, json={"name": "ada", "password": PASSWORD})
    path = "/api/v1/me/password"
    wrong = await call("PUT", path, headers=OWN, json={"current": "x", "new": OTHER})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "current")
    short = await call("PUT", path, headers=OWN, json={"current": PASSWORD, "new": "short"})
    assert (short.status_code, short.json()["errors"][0]["path"]) == (422, "new")
    assert (await other_browser.get(ME)).status_code == 200
    changed = await call("PUT", path, headers=OWN, json={"current": PASSWORD, "new": OTHER})
    assert changed.status_code == 204
    assert ((await call("GET", ME)).status_code, (await other_browser.get(ME)).status_code) == (200, 401)
    assert ((await enter(call)).status_code, (await enter(call, password=OTHER)).status_code) == (401, 200)
    assert [one["action"] for one in await records(world, "change password")] == ["change password"]
    assert OTHER not in str(await world.fetch("SELECT audit::text FROM audit"))


async def test_a_limited_key_changes_no_password_and_ends_no_sessions(
    call: Call, ada: str, root: str, world: World
) -> None:
    full = await world.key("ada")
    wish = {"description": "x", "scopes": ["VIEW"]}
    limited = (await call("POST", "/api/v1/keys", full, shows_key=True, json=wish)).json()["key"]
    body = {"current": PASSWORD, "new": OTHER}
    assert (await call("PUT", "/api/v1/me/password", limited, json=body)).status_code == 403
    assert (await call("POST", "/api/v1/sign-out", limited, json={"everywhere": True})).status_code == 403
    assert (await call("GET", ME, limited)).json()["credential"]["scopes"] == ["VIEW"]
    without = await world.key("bob")
    assert (await call("PUT", "/api/v1/me/password", without, json=body)).status_code == 409


async def test_failed_sign_ins_of_somebody_known_become_one_record_a_minute(
    call: Call, ada: str, app: App, world: World
) -> None:
    for name in ("ada", "ada", "ada", "nobody", "nobody"):
        await enter(call, name, "wrong")
    assert await records(world, "refuse") == [], "not while whoever tries waits for the answer"
    now = app.now()
    await sign_in.write_down_failures(app, now)
    [record] = await records(world, "refuse")
    assert (record["actor"], record["target"], record["address"]) == (sign_in.NOBODY, "ada", "127.0.0.1")
    assert record["after"] == {"failures": 3}
    await enter(call, "ada", "wrong")
    await sign_in.write_down_failures(app, now + timedelta(seconds=30))
    assert len(await records(world, "refuse")) == 1
    await sign_in.write_down_failures(app, now + timedelta(seconds=61))
    assert [one["after"] for one in await records(world, "refuse")] == [{"failures": 3}, {"failures": 1}]
    await sign_in.write_down_failures(app, now + timedelta(seconds=130))
    assert app.refused == {}


async def test_sessions_that_ended_a_day_ago_are_forgotten_and_keys_are_not(
    call: Call, ada: str, app: App, world: World
) -> None:
    await world.key("ada")
    await enter(call)
    await enter(call)
    ended = app.now() + timedelta(hours=12)
    await prune.tick(app, ended + timedelta(hours=23))
    assert len(await world.fetch("SELECT id FROM credential WHERE kind = 'session'")) == 2
    await prune.tick(app, ended + timedelta(hours=25))
    assert await world.fetch("SELECT id FROM credential WHERE kind = 'session'") == []
    left = await world.fetch("SELECT DISTINCT kind FROM credential JOIN credential_secret ON credential_id = id")
    assert [one["kind"] for one in left] == ["api_key"]


async def test_whoever_signs_in_again_and_again_ends_their_oldest_sessions(
    call: Call, client: httpx.AsyncClient, ada: str, world: World
) -> None:
    first = (await enter(call)).cookies["ostinato_session"]
    await world.execute(
        """INSERT INTO credential (user_id, kind, description, expires_at, created_at)
           SELECT id, 'session', 'x', '2999-01-01', now() FROM app_user, generate_series(1, 99) WHERE name = 'ada'"""
    )
    client.cookies.clear()
    held = {"Cookie": f"ostinato_session={first}"}
    assert (await call("GET", ME, headers=held)).status_code == 200
    assert (await enter(call)).status_code == 200
    client.cookies.clear()
    assert (await call("GET", ME, headers=held)).status_code == 401


async def test_one_sees_where_one_may_do_what_and_nothing_else(call: Call, root: str, world: World) -> None:
    for key in ("finance", "sales", "secret"):
        await world.workspace(key)
    await world.workspace("sales", environment="Test")
    bob = await world.key("bob", finance="Contributor", sales="Viewer")
    page = (await call("GET", "/api/v1/me/workspaces?limit=2", bob)).json()
    assert page["items"] == [
        {
            "environment": "Production",
            "workspace": "finance",
            "name": "Finance",
            "permissions": ["AUTHOR", "EXECUTE", "VIEW"],
        },
        {"environment": "Production", "workspace": "sales", "name": "Sales", "permissions": ["VIEW"]},
    ]
    rest = (await call("GET", f"/api/v1/me/workspaces?limit=2&offset={page['next']}", bob)).json()
    assert [(one["environment"], one["workspace"]) for one in rest["items"]] == [("Test", "sales")]
    assert rest["next"] is None
    assert len((await call("GET", "/api/v1/me/workspaces", root)).json()["items"]) == 4


async def test_too_many_sign_ins_at_once_are_turned_away_and_count_as_no_failures(
    call: Call, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(passwords, "MOST_WAITING", 0)
    assert (await enter(call)).status_code == 503
    monkeypatch.undo()
    assert (await enter(call)).status_code == 200


async def test_the_page_learns_which_ways_in_there_are(call: Call) -> None:
    assert (await call("GET", SIGN_IN)).json() == {"password": True, "openId": False}
    assert (await call("GET", "/api/v1/sign-in/oidc")).status_code == 409
    assert (await call("GET", "/api/v1/sign-in/oidc/callback?state=x&code=y")).status_code == 409

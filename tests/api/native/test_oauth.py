"""Secrets of service accounts become access tokens (RFC 6749, section 4.4), which may no more and live no longer."""

import base64
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from ostinato.api.asgi import make_asgi
from ostinato.app import sign_in
from ostinato.app.application import App
from ostinato.config import Settings
from tests.api.conftest import Call
from tests.api.factories import World

TOKEN, KEYS, STATUS = "/api/v1/oauth/token", "/api/v1/keys", "/api/v1/status"
GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def root(world: World) -> str:
    return await world.key("admin")


async def made(call: Call, root: str, name: str = "ci", **wish: Any) -> tuple[int, str]:
    """A service account with a client secret; the number of the secret, and itself."""
    await call("POST", "/api/v1/users", root, json={"name": name, "kind": "service_account"})
    body = {"description": "x", "user": name, "kind": "client", **wish}
    answer = (await call("POST", KEYS, root, shows_key=True, json=body)).json()
    return answer["id"], answer["key"]


async def ask(call: Call, name: str, secret: str, **more: str) -> httpx.Response:
    form = {**GRANT, "client_id": name, "client_secret": secret, **more}
    return await call("POST", TOKEN, shows_key=True, data=form)


def bearer(answer: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def test_a_secret_is_exchanged_for_a_token_that_opens_the_server_for_half_an_hour(
    call: Call, root: str, app: App
) -> None:
    _, secret = await made(call, root)
    answer = await ask(call, "ci", secret)
    assert answer.status_code == 200
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    said = answer.json()
    assert set(said) == {"access_token", "token_type", "expires_in"}
    assert (said["token_type"], said["expires_in"], said["access_token"][:4]) == ("Bearer", 1800, "osa_")
    me = (await call("GET", "/api/v1/me", headers=bearer(answer))).json()
    assert (me["name"], me["kind"], me["credential"]["kind"]) == ("ci", "service_account", "access_token")
    real = app.now()
    app.wall = lambda: real + timedelta(minutes=29)
    assert (await call("GET", STATUS, headers=bearer(answer))).status_code == 200
    app.wall = lambda: real + timedelta(minutes=31)
    assert (await call("GET", STATUS, headers=bearer(answer))).status_code == 401


async def test_the_secret_itself_opens_nothing(call: Call, root: str) -> None:
    _, secret = await made(call, root)
    assert (await call("GET", STATUS, secret)).status_code == 401
    assert (await call("GET", STATUS, headers={"Authorization": f"Bearer {secret}"})).status_code == 401


@pytest.mark.parametrize("name", ["ci", "ci+build 1%", "пример"])
async def test_clients_say_who_they_are_in_any_of_the_usual_ways(call: Call, root: str, name: str) -> None:
    _, secret = await made(call, root, name)
    for more in (
        {"data": {**GRANT, "client_id": name, "client_secret": secret}},
        {"json": {**GRANT, "client_id": name, "client_secret": secret, "audience": {"any": 1}}},
        {"data": GRANT, "headers": basic(name, secret)},
        {"json": GRANT, "headers": basic(name, secret)},
        {"data": GRANT, "headers": basic(str(httpx.QueryParams({"": name}))[1:], secret)},
    ):
        answer = await call("POST", TOKEN, shows_key=True, **more)
        assert answer.status_code == 200, answer.text
        assert (await call("GET", "/api/v1/me", headers=bearer(answer))).json()["name"] == name


async def test_a_name_that_basic_cannot_carry_plainly_is_encoded(call: Call, root: str) -> None:
    _, secret = await made(call, root, "ci:2")
    answer = await call("POST", TOKEN, shows_key=True, data=GRANT, headers=basic("ci%3A2", secret))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("more", "status", "error"),
    [
        ({"data": {}}, 400, "invalid_request"),
        ({"content": b""}, 400, "invalid_request"),
        ({"data": {"grant_type": "password"}}, 400, "unsupported_grant_type"),
        ({"data": {**GRANT}}, 401, "invalid_client"),
        ({"data": {**GRANT, "client_id": "ci"}}, 401, "invalid_client"),
        ({"data": {**GRANT, "client_id": "ci", "client_secret": "osc_" + "a" * 32}}, 401, "invalid_client"),
        ({"data": {**GRANT, "client_id": "other", "client_secret": "SECRET"}}, 401, "invalid_client"),
        ({"data": {**GRANT, "client_id": "ci\x00", "client_secret": "SECRET"}}, 401, "invalid_client"),
        ({"data": GRANT, "headers": {"Authorization": "Basic ?"}}, 401, "invalid_client"),
        ({"data": GRANT, "headers": {"Authorization": "Basic /////w=="}}, 401, "invalid_client"),
        (
            {"data": {**GRANT, "client_secret": "SECRET"}, "headers": basic("ci", "SECRET")},
            400,
            "invalid_request",
        ),
        ({"data": {**GRANT, "client_id": "ci", "client_secret": "SECRET", "scope": "FLY"}}, 400, "invalid_scope"),
        ({"data": {**GRANT, "client_id": "ci", "client_secret": "SECRET", "scope": "\x00"}}, 400, "invalid_scope"),
        ({"content": b"grant_type=client_credentials&grant_type=client_credentials"}, 400, "invalid_request"),
        ({"content": b"grant_type=%ff"}, 400, "invalid_request"),
        ({"content": b"&".join(b"a%d=1" % number for number in range(100))}, 400, "invalid_request"),
        ({"content": b"x" * 20_000}, 413, "invalid_request"),
        ({"json": []}, 400, "invalid_request"),
        ({"json": {"grant_type": 1}}, 400, "invalid_request"),
        ({"content": b"\xff", "headers": {"Content-Type": "application/json"}}, 400, "invalid_request"),
        ({"content": b"[" * 9_000, "headers": {"Content-Type": "application/json"}}, 400, "invalid_request"),
        ({"data": GRANT, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403, "invalid_request"),
    ],
)
async def test_what_is_refused_is_refused_in_the_words_of_the_standard(
    call: Call, root: str, more: dict[str, Any], status: int, error: str
) -> None:
    _, secret = await made(call, root)
    if isinstance(more.get("data"), dict):
        more = {**more, "data": {name: value.replace("SECRET", secret) for name, value in more["data"].items()}}
    answer = await call("POST", TOKEN, **more)
    assert (answer.status_code, answer.json()["error"]) == (status, error), answer.text
    assert answer.json()["error_description"]
    with_basic = status == 401 and "Authorization" in more.get("headers", {})
    assert answer.headers.get("www-authenticate", "").startswith("Basic") is with_basic


async def test_a_key_or_a_token_is_no_client_secret(call: Call, root: str) -> None:
    _, secret = await made(call, root)
    body = {"description": "x", "user": "ci"}
    key = (await call("POST", KEYS, root, shows_key=True, json=body)).json()["key"]
    token = (await ask(call, "ci", secret)).json()["access_token"]
    for other in (key, token):
        assert (await ask(call, "ci", other)).status_code == 401


async def test_a_deleted_secret_ends_its_tokens_and_no_others(call: Call, root: str, world: World) -> None:
    number, secret = await made(call, root)
    _, other = await made(call, root)
    token, others = bearer(await ask(call, "ci", secret)), bearer(await ask(call, "ci", other))
    assert (await call("DELETE", f"{KEYS}/{number}", root)).status_code == 204
    assert (await call("GET", STATUS, headers=token)).status_code == 401
    assert (await call("GET", STATUS, headers=others)).status_code == 200
    assert (await ask(call, "ci", secret)).status_code == 401
    # A token that was being made while the secret was deleted does not outlive it either.
    await world.execute("UPDATE credential SET deleted_at = NULL WHERE kind = 'access_token'")
    assert (await call("GET", STATUS, headers=token)).status_code == 401


async def test_a_deactivated_service_account_gets_no_tokens_and_has_none(call: Call, root: str) -> None:
    _, secret = await made(call, root)
    token = bearer(await ask(call, "ci", secret))
    await call("PATCH", "/api/v1/users/ci", root, json={"active": False})
    assert (await call("GET", STATUS, headers=token)).status_code == 401
    assert (await ask(call, "ci", secret)).status_code == 401


async def test_a_token_of_a_limited_secret_is_limited_in_the_same_way(call: Call, root: str, world: World) -> None:
    for key in ("finance", "sales"):
        await world.workspace(key)
    _, secret = await made(call, root, scopes=["EXECUTE", "AUDIT"], workspaces=["finance"])
    for workspace in ("finance", "sales"):
        body = {"user": "ci", "workspace": workspace, "role": "Administrator"}
        assert (await call("PUT", "/api/v1/grants", root, json=body)).status_code == 200
    await call("PATCH", "/api/v1/users/ci", root, json={"roles": ["SECURITY_ADMINISTRATOR"]})
    answer = await ask(call, "ci", secret)
    assert answer.json()["scope"] == "AUDIT EXECUTE VIEW"
    await _is_limited(call, answer, ["AUDIT"], ["EXECUTE", "VIEW"])
    narrower = await ask(call, "ci", secret, scope="VIEW")
    assert narrower.json()["scope"] == "VIEW"
    await _is_limited(call, narrower, [], ["VIEW"])
    assert (await ask(call, "ci", secret, scope="PEOPLE")).json()["error"] == "invalid_scope"
    assert (await ask(call, "ci", secret, scope="VIEW AUTHOR")).json()["error"] == "invalid_scope"


async def _is_limited(call: Call, token: httpx.Response, tenant: list[str], permissions: list[str]) -> None:
    me = (await call("GET", "/api/v1/me", headers=bearer(token))).json()
    assert (me["permissions"], me["credential"]["workspaces"]) == (tenant, ["finance"])
    places = (await call("GET", "/api/v1/me/workspaces", headers=bearer(token))).json()["items"]
    assert [(place["workspace"], place["permissions"]) for place in places] == [("finance", permissions)]
    assert (await call("GET", "/api/v1/users", headers=bearer(token))).status_code == 403
    assert (await call("GET", KEYS, headers=bearer(token))).status_code == 403


async def test_rights_that_an_owner_loses_the_tokens_lose_as_well(call: Call, root: str, world: World) -> None:
    await world.workspace("finance")
    _, secret = await made(call, root, scopes=["EXECUTE"])
    grant = {"user": "ci", "workspace": "finance", "role": "Contributor"}
    await call("PUT", "/api/v1/grants", root, json=grant)
    whole, narrow = await ask(call, "ci", secret), await ask(call, "ci", secret, scope="VIEW")
    for token in (whole, narrow):
        assert len((await call("GET", "/api/v1/me/workspaces", headers=bearer(token))).json()["items"]) == 1
    taken = {"user": "ci", "workspace": "finance", "permissions": []}
    assert (await call("PUT", "/api/v1/grants", root, json=taken)).status_code == 200
    for token in (whole, narrow):
        assert (await call("GET", "/api/v1/me/workspaces", headers=bearer(token))).json()["items"] == []


async def test_a_token_lives_no_longer_than_its_secret(call: Call, root: str, app: App) -> None:
    ends = (app.now() + timedelta(minutes=5)).isoformat().replace("+00:00", "Z")
    _, secret = await made(call, root, expiresAt=ends)
    assert 290 <= (await ask(call, "ci", secret)).json()["expires_in"] <= 300


async def test_a_token_can_be_given_back(call: Call, root: str) -> None:
    _, secret = await made(call, root)
    token, other = bearer(await ask(call, "ci", secret)), bearer(await ask(call, "ci", secret))
    assert (await call("POST", "/api/v1/sign-out", headers=token)).status_code == 204
    assert (await call("GET", STATUS, headers=token)).status_code == 401
    assert (await call("GET", STATUS, headers=other)).status_code == 200


async def test_tokens_that_ended_a_day_ago_are_forgotten_with_their_rights(
    call: Call, root: str, app: App, world: World
) -> None:
    await world.workspace("finance")
    _, secret = await made(call, root)
    await call("PUT", "/api/v1/grants", root, json={"user": "ci", "workspace": "finance", "role": "Viewer"})
    await ask(call, "ci", secret, scope="VIEW")
    await ask(call, "ci", secret)
    before = await world.fetch("SELECT subject_id FROM subject_access")
    assert await sign_in.forget(app, app.now() + timedelta(hours=24, minutes=29)) == 0
    assert await sign_in.forget(app, app.now() + timedelta(hours=24, minutes=31)) == 2
    assert len(await world.fetch("SELECT subject_id FROM subject_access")) == len(before) - 1
    assert await world.fetch("SELECT id FROM credential WHERE kind = 'access_token'") == []
    assert (await ask(call, "ci", secret)).status_code == 200


async def test_failures_count_against_the_address_and_a_right_secret_is_never_slowed(
    call: Call, root: str, app: App, settings: Settings
) -> None:
    _, secret = await made(call, root)
    strict = make_asgi(app, msgspec.structs.replace(settings, failed_attempts=2), lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(strict), base_url="http://ostinato.test") as client:
        wrong = {**GRANT, "client_id": "ci", "client_secret": "osc_" + "a" * 32}
        assert [(await client.post(TOKEN, data=wrong)).status_code for _ in range(3)] == [401, 401, 429]
        refused = await client.post(TOKEN, data=wrong)
        assert (refused.json()["error"], int(refused.headers["retry-after"]) > 0) == ("temporarily_unavailable", True)
        assert (await client.post("/api/v1/sign-in", json={"name": "ci", "password": "x"})).status_code == 429
        assert (await client.post(TOKEN, data={**wrong, "client_secret": secret})).status_code == 200

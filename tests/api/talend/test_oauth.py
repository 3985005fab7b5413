"""Service accounts get access tokens in the way that Talend clients ask for them."""

import base64
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from ostinato.api.asgi import make_asgi
from ostinato.app import keys, people
from ostinato.app.application import App
from ostinato.config import Settings
from ostinato.core.credentials import Kind
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.conftest import NOW, administrator

TOKEN = "/security/oauth/token"
GRANT = {"grant_type": "client_credentials", "audience": "https://ostinato.test/"}


@pytest.fixture
async def secret(app: App) -> str:
    """A secret of the service account ci."""
    admin = await administrator(app, NOW)
    await people.create_user(app, admin, "ci", NOW, kind="service_account")
    wish = keys.Wish(kind=Kind.CLIENT, description="x")
    return (await keys.create_on_machine(app, admin, "ci", wish, NOW)).secret


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


async def id_of(talend: Talk, world: World) -> str:
    """The id of ci, as clients learn it."""
    await world.workspace("finance")
    [place] = (await talend("GET", "/workspaces")).json()
    path = f"/security/workspaces/{place['id']}/service-accounts/ci/permissions"
    await talend("POST", path, ["VIEW"])
    return str((await talend("GET", path)).json()["userId"])


@pytest.mark.parametrize("path", [TOKEN, f"/tmc/v2.2{TOKEN}"])
async def test_a_secret_is_exchanged_for_a_token_that_opens_the_server(
    call: Call, client: httpx.AsyncClient, talend: Talk, world: World, app: App, secret: str, path: str
) -> None:
    number = await id_of(talend, world)
    for name in ("ci", number, number.upper()):
        answer = await client.post(path, json=GRANT, headers=basic(name, secret))
        assert answer.status_code == 200, answer.text
        assert answer.headers["cache-control"] == "no-store"
        said = answer.json()
        token = said.pop("access_token")
        assert said == {"token_type": "Bearer", "expires_in": "1800"}
        assert [one["name"] for one in (await talend("GET", "/workspaces", key=token)).json()] == ["Finance"]
    real = app.now()
    app.wall = lambda: real + timedelta(minutes=31)
    assert (await talend("GET", "/workspaces", key=token)).status_code == 401


async def test_the_answer_is_as_the_document_says(call: Call, secret: str) -> None:
    answer = await call(
        "POST", TOKEN, json={"grant_type": "client_credentials"}, headers=basic("ci", secret), shows_key=True
    )
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"json": GRANT}, 401),
        ({"json": GRANT, "headers": {"Authorization": "Basic ?"}}, 401),
        ({"json": GRANT, "headers": {"Authorization": "Basic /////w=="}}, 401),
        ({"json": GRANT, "headers": {"Authorization": "Bearer SECRET"}}, 401),
        ({"json": GRANT, "headers": basic("ci", "osc_" + "a" * 32)}, 401),
        ({"json": GRANT, "headers": basic("ci", "")}, 401),
        ({"json": GRANT, "headers": basic("admin", "SECRET")}, 401),
        ({"json": GRANT, "headers": basic("ci\x00", "SECRET")}, 401),
        ({"json": {**GRANT, "grant_type": "password"}, "headers": basic("ci", "SECRET")}, 400),
        ({"json": {"audience": "x"}, "headers": basic("ci", "SECRET")}, 400),
        ({"json": [], "headers": basic("ci", "SECRET")}, 400),
        ({"content": b"", "headers": basic("ci", "SECRET")}, 400),
        ({"content": b"[" * 9_000, "headers": basic("ci", "SECRET")}, 400),
        ({"json": GRANT, "headers": {**basic("ci", "SECRET"), "Sec-Fetch-Site": "cross-site"}}, 403),
        ({"json": {**GRANT, "audience": "x" * 20_000}, "headers": basic("ci", "SECRET")}, 413),
    ],
)
async def test_what_is_no_client_with_its_secret_is_refused(
    call: Call, secret: str, more: dict[str, Any], status: int
) -> None:
    sent = more.get("headers", {}).get("Authorization", "")
    if sent.startswith("Basic ") and "osc_" not in sent and len(sent) > 20:
        name, _, given = base64.b64decode(sent[6:]).decode().partition(":")
        more = {**more, "headers": {**more["headers"], **basic(name, given.replace("SECRET", secret))}}
    answer = await call("POST", TOKEN, **more)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) >= {"status", "message", "requestId"}


async def test_a_deactivated_service_account_gets_no_token(call: Call, app: App, secret: str) -> None:
    admin = await administrator(app, NOW)
    await people.change_user(app, admin, "ci", people.UserChange(active=False), NOW)
    assert (await call("POST", TOKEN, json=GRANT, headers=basic("ci", secret))).status_code == 401


async def test_failures_count_against_the_address_and_a_right_secret_is_never_slowed(
    app: App, settings: Settings, secret: str
) -> None:
    strict = make_asgi(app, msgspec.structs.replace(settings, failed_attempts=2), lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(strict), base_url="http://ostinato.test") as client:
        wrong = basic("ci", "osc_" + "a" * 32)
        assert [(await client.post(TOKEN, json=GRANT, headers=wrong)).status_code for _ in range(3)] == [401, 401, 429]
        assert int((await client.post(TOKEN, json=GRANT, headers=wrong)).headers["retry-after"]) > 0
        assert (await client.post("/api/v1/sign-in", json={"name": "ci", "password": "x"})).status_code == 429
        assert (await client.post(TOKEN, json=GRANT, headers=basic("ci", secret))).status_code == 200


async def test_while_the_server_starts_there_are_no_tokens(app: App, settings: Settings, secret: str) -> None:
    starting = make_asgi(app, settings, lambda: False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(starting), base_url="http://ostinato.test") as client:
        answer = await client.post(TOKEN, json=GRANT, headers=basic("ci", secret))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")

"""People sign in through an OpenID provider: a real one, started here, that can also misbehave."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from litestar.types import ASGIApp

from ostinato.api.asgi import make_asgi
from ostinato.app import sign_in
from ostinato.app.application import App
from ostinato.config import Settings, read_settings
from tests.api.conftest import Call
from tests.api.factories import World
from tests.provider import CLIENT_ID, CLIENT_SECRET, Claims, Provider, running_provider

BEGIN, CALLBACK, ME = "/api/v1/sign-in/oidc", "/api/v1/sign-in/oidc/callback", "/api/v1/me"


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest.fixture
def provider(server: Provider) -> Provider:
    """As it behaves by itself."""
    server.behave()
    return server


@pytest.fixture(scope="module")
def secret_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all tests, so that their settings are the same and routes are made once."""
    file = tmp_path_factory.mktemp("oidc") / "secret"
    file.write_text(CLIENT_SECRET + "\n")
    return file


@pytest.fixture
def environment(provider: Provider, secret_file: Path) -> dict[str, str]:
    return {
        "OSTINATO_PUBLIC_URL": "http://ostinato.test",
        "OSTINATO_OIDC_ISSUER": provider.issuer,
        "OSTINATO_OIDC_CLIENT_ID": CLIENT_ID,
        "OSTINATO_OIDC_CLIENT_SECRET_FILE": str(secret_file),
    }


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return read_settings(environment)


@pytest.fixture
async def internet() -> AsyncIterator[httpx.AsyncClient]:
    """The browser's way to the provider."""
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


Enter = Callable[..., Any]


@pytest.fixture
def enter(call: Call, internet: httpx.AsyncClient) -> Enter:
    """The whole way there and back; the answer to the browser that comes back."""

    async def enter(path: str = "/") -> httpx.Response:
        return await call("GET", await there(path), headers={"Sec-Fetch-Site": "cross-site"})

    async def there(path: str = "/") -> str:
        begun = await call("GET", BEGIN, params={"return": path})
        assert begun.status_code == 302, begun.text
        back = (await internet.get(begun.headers["location"])).headers["location"]
        assert back.startswith(f"http://ostinato.test{CALLBACK}?")
        return back.removeprefix("http://ostinato.test")

    enter.there = there  # type: ignore[attr-defined]
    return enter


@pytest.fixture
async def root(world: World) -> str:
    return await world.key("admin")


async def users(world: World) -> list[dict[str, Any]]:
    return await world.fetch("SELECT name, kind, issuer, external_id FROM app_user ORDER BY id")


async def nobody_came(call: Call, world: World) -> None:
    assert (await call("GET", ME)).status_code == 401
    assert await world.fetch("SELECT id FROM credential WHERE kind = 'session'") == []
    assert [user["name"] for user in await users(world)] == ["admin"]


async def test_a_person_signs_in_and_lands_where_they_wanted_to_go(
    call: Call, enter: Enter, provider: Provider, world: World
) -> None:
    assert (await call("GET", "/api/v1/sign-in")).json() == {"password": True, "openId": True}
    provider.person |= {"name": "Ada L.", "email": "ada@example.org", "groups": ["staff"]}
    answer = await enter("/runs?state=FAILED#top")
    assert (answer.status_code, answer.headers["location"]) == (302, "/runs?state=FAILED#top")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    me = (await call("GET", ME)).json()
    assert (me["name"], me["fullName"], me["email"]) == ("ada", "Ada L.", "ada@example.org")
    assert (me["roles"], me["permissions"], me["groups"], me["hasPassword"]) == ([], [], [], False)
    assert me["credential"]["kind"] == "session"
    assert (await users(world))[1] == {
        "name": "ada",
        "kind": "person",
        "issuer": provider.issuer,
        "external_id": "1",
    }
    records = await world.fetch("SELECT actor, action, kind, target, after FROM audit ORDER BY id")
    assert [(one["actor"], one["action"], one["kind"]) for one in records[-3:]] == [
        ("ada", "create", "user"),
        ("ada", "change", "user"),
        ("ada", "sign in", "session"),
    ]
    assert records[-1]["after"] == {"with": "OpenID Connect"}


async def test_the_browser_is_sent_with_everything_that_is_checked_later(
    call: Call, client: httpx.AsyncClient, provider: Provider
) -> None:
    begun = await call("GET", BEGIN)
    place = urlsplit(begun.headers["location"])
    asked = {name: values[0] for name, values in parse_qs(place.query).items()}
    assert f"{place.scheme}://{place.netloc}{place.path}" == f"{provider.issuer}/authorize"
    assert (asked["tenant"], asked["response_type"], asked["scope"]) == ("1", "code", "openid profile email")
    assert asked["redirect_uri"] == f"http://ostinato.test{CALLBACK}"
    assert asked["code_challenge_method"] == "S256"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) == 43
    cookie = begun.headers["set-cookie"]
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "samesite=lax",
        f"path={BEGIN}",
        "max-age=600",
    }
    assert asked["state"] not in cookie
    again = await call("GET", BEGIN)
    assert again.cookies["ostinato_sign_in"] == begun.cookies["ostinato_sign_in"], "two pages can begin at a time"
    other = {name: values[0] for name, values in parse_qs(urlsplit(again.headers["location"]).query).items()}
    assert not {asked["state"], asked["nonce"]} & {other["state"], other["nonce"]}


async def test_the_same_person_is_the_same_user_whatever_they_are_called_later(
    call: Call, enter: Enter, provider: Provider, world: World
) -> None:
    await enter()
    provider.person |= {"preferred_username": "ada.lovelace", "name": "Ada Lovelace"}
    assert (await enter()).status_code == 302
    me = (await call("GET", ME)).json()
    assert (me["name"], me["fullName"]) == ("ada", "Ada Lovelace")
    del provider.person["name"]
    await enter()
    assert (await call("GET", ME)).json()["fullName"] == "Ada Lovelace", "what is not said stays"
    assert len(await users(world)) == 2


async def test_groups_come_and_go_with_the_claims_and_those_given_by_hand_stay(
    call: Call, enter: Enter, provider: Provider, root: str, world: World
) -> None:
    await world.workspace("finance")
    for name, claim, roles in (
        ("staff", "Staff", []),
        ("ops", "7", ["OPERATOR"]),
        ("hand", None, ["ENVIRONMENT_MANAGER"]),
    ):
        body = {"name": name, "claim": claim, "roles": roles}
        assert (await call("POST", "/api/v1/groups", root, json=body)).status_code == 201
    grant = {"group": "staff", "workspace": "finance", "role": "Contributor"}
    assert (await call("PUT", "/api/v1/grants", root, json=grant)).status_code == 200
    provider.person["groups"] = ["STAFF", 7, "unknown"]
    await enter()
    me = (await call("GET", ME)).json()
    assert (me["groups"], me["roles"], me["permissions"]) == (["ops", "staff"], ["OPERATOR"], [])
    [place] = (await call("GET", "/api/v1/me/workspaces")).json()["items"]
    assert place["permissions"] == ["AUTHOR", "EXECUTE", "VIEW"]
    assert (await call("PATCH", "/api/v1/groups/hand", root, json={"members": ["ada"]})).status_code == 200
    for said, groups in (("staff", ["hand", "staff"]), ([], ["hand"]), (["7"], ["hand", "ops"]), (None, ["hand"])):
        provider.person["groups"] = said
        await enter()
        assert (await call("GET", ME)).json()["groups"] == groups
    assert (await call("GET", ME)).json()["permissions"] == ["ENVIRONMENTS"]
    assert (await call("GET", "/api/v1/me/workspaces")).json()["items"] == []


async def test_the_last_administrator_is_not_lost_by_a_claim(
    call: Call, enter: Enter, provider: Provider, root: str
) -> None:
    await call("POST", "/api/v1/groups", root, json={"name": "bosses", "claim": "boss", "roles": ["ADMINISTRATOR"]})
    provider.person["groups"] = "boss"
    await enter()
    assert (await call("GET", ME)).json()["roles"] == ["ADMINISTRATOR"]
    retired = await call("PATCH", "/api/v1/users/admin", headers={"Sec-Fetch-Site": "same-origin"}, json={"roles": []})
    assert retired.status_code == 200
    provider.person["groups"] = []
    assert (await enter()).status_code == 409
    assert (await call("GET", ME)).json()["roles"] == ["ADMINISTRATOR"]


async def test_nobody_takes_over_somebody_who_has_the_same_name(
    call: Call, enter: Enter, provider: Provider, root: str, world: World
) -> None:
    bodies: list[dict[str, Any]] = [
        {"name": "local", "password": "correct horse battery", "email": "local@example.org"},
        {"name": "robot", "kind": "service_account", "email": "robot@example.org"},
        {"name": "planned"},
    ]
    for body in bodies:
        assert (await call("POST", "/api/v1/users", root, json=body)).status_code == 201
    await enter()
    known = await users(world)
    for number, name in enumerate(("admin", "local", "robot", "planned", "ada")):
        email = f"{name}@example.org"
        provider.person = {
            "sub": f"other {number}",
            "preferred_username": name,
            "email": email,
            "email_verified": True,
        }
        await call("POST", "/api/v1/sign-out", headers={"Sec-Fetch-Site": "same-origin"})
        refused = await enter()
        assert (refused.status_code, f"another user '{name}'" in refused.json()["detail"]) == (409, True)
        assert (await call("GET", ME)).status_code == 401
    assert await users(world) == known


async def test_an_administrator_can_expect_somebody_by_a_verified_address(
    call: Call, enter: Enter, provider: Provider, root: str, world: World
) -> None:
    body = {"name": "countess", "email": "Ada@Example.org", "roles": ["AUDITOR"]}
    await call("POST", "/api/v1/users", root, json=body)
    provider.person |= {"email": "ada@example.org", "preferred_username": "countess"}
    assert (await enter()).status_code == 409, "an address that is not verified says nothing"
    provider.person["email_verified"] = True
    assert (await enter()).status_code == 302
    me = (await call("GET", ME)).json()
    assert (me["name"], me["permissions"]) == ("countess", ["AUDIT"])
    provider.person = {"sub": "2", "preferred_username": "eve", "email": "ada@example.org", "email_verified": True}
    await enter()
    assert (await call("GET", ME)).json()["name"] == "eve", "whoever is tied is not tied again"
    assert [user["external_id"] for user in await users(world)] == [None, "1", "2"]


async def test_of_two_who_are_expected_by_one_address_nobody_is_taken(
    call: Call, enter: Enter, provider: Provider, root: str, world: World
) -> None:
    for name in ("one", "two"):
        await call("POST", "/api/v1/users", root, json={"name": name, "email": "ada@example.org"})
    provider.person |= {"email": "ada@example.org", "email_verified": True}
    await enter()
    assert (await call("GET", ME)).json()["name"] == "ada"


async def test_a_deactivated_person_is_refused_and_nothing_changes(
    call: Call, enter: Enter, provider: Provider, root: str
) -> None:
    await enter()
    await call("PATCH", "/api/v1/users/ada", root, json={"active": False})
    provider.person["name"] = "Somebody Else"
    refused = await enter()
    assert (refused.status_code, "deactivated" in refused.json()["detail"]) == (403, True)
    assert (await call("GET", ME)).status_code == 401
    assert (await call("GET", "/api/v1/users/ada", root)).json()["fullName"] is None


async def test_people_without_a_name_that_can_be_used_are_refused(
    call: Call, enter: Enter, provider: Provider, world: World
) -> None:
    for name in (None, "", "a\x1b[31m", "a" * 201, 5):
        provider.person = {"sub": "1", "preferred_username": name}
        assert (await enter()).status_code == 403
    await nobody_came(call, world)
    provider.person["email"] = "ada@example.org"
    await enter()
    assert (await call("GET", ME)).json()["name"] == "ada@example.org"


class TestStrangers:
    """Where only those come in who are expected."""

    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return {**environment, "OSTINATO_OIDC_CREATE_USERS": "off", "OSTINATO_OIDC_GROUPS_CLAIM": "realm.roles"}

    async def test_unknown_people_are_refused_and_expected_ones_are_not(
        self, call: Call, enter: Enter, provider: Provider, root: str, world: World
    ) -> None:
        refused = await enter()
        assert (refused.status_code, "Nobody here knows you" in refused.json()["detail"]) == (403, True)
        await nobody_came(call, world)
        await call("POST", "/api/v1/users", root, json={"name": "ada", "email": "ada@example.org"})
        await call("POST", "/api/v1/groups", root, json={"name": "ops", "claim": "/ops"})
        provider.person |= {"email": "ada@example.org", "email_verified": True, "realm": {"roles": "/ops"}}
        assert (await enter()).status_code == 302
        assert (await call("GET", ME)).json()["groups"] == ["ops"]


def unsigned(claims: Claims) -> str:
    return ".".join((_coded({"alg": "none"}), _coded(claims), ""))


def with_public_key_as_secret(provider: Provider) -> Callable[[Claims], str]:
    def sign(claims: Claims) -> str:
        parts = f"{_coded({'alg': 'HS256', 'kid': provider.keys[0].get('kid')})}.{_coded(claims)}"
        secret = provider.keys[0].as_pem(private=False)
        return f"{parts}.{_base64(hmac.digest(secret, parts.encode(), hashlib.sha256))}"

    return sign


def with_client_secret(claims: Claims) -> str:
    parts = f"{_coded({'alg': 'HS256'})}.{_coded(claims)}"
    return f"{parts}.{_base64(hmac.digest(CLIENT_SECRET.encode(), parts.encode(), hashlib.sha256))}"


def with_a_key_of_its_own(provider: Provider) -> Callable[[Claims], str]:
    def sign(claims: Claims) -> str:
        theirs, named = provider.keys, provider.keys[0].get("kid")
        provider.rotate()
        provider.keys[0] = type(theirs[0]).import_key({**provider.keys[0].as_dict(private=True), "kid": named})
        token = provider.signed(claims)
        provider.keys = theirs
        return token

    return sign


def spoiled(provider: Provider) -> Callable[[Claims], str]:
    def sign(claims: Claims) -> str:
        header, _, signature = provider.signed(claims).split(".")
        return f"{header}.{_coded({**claims, 'sub': 'somebody else'})}.{signature}"

    return sign


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _coded(said: Claims) -> str:
    return _base64(json.dumps(said).encode())


@pytest.mark.parametrize(
    "change",
    [
        lambda claims: claims.update(nonce="another"),
        lambda claims: claims.pop("nonce"),
        lambda claims: claims.update(nonce="half\ud800"),
        lambda claims: claims.update(nonce=[claims["nonce"]]),
        lambda claims: claims.update(aud="another client"),
        lambda claims: claims.update(aud=["another client"]),
        lambda claims: claims.update(aud=[]),
        lambda claims: claims.pop("aud"),
        lambda claims: claims.update(aud=[CLIENT_ID, "another client"]),
        lambda claims: claims.update(azp="another client"),
        lambda claims: claims.update(iss="https://another.test"),
        lambda claims: claims.update(iss=claims["iss"] + "/"),
        lambda claims: claims.pop("iss"),
        lambda claims: claims.update(exp=claims["iat"] - 61),
        lambda claims: claims.pop("exp"),
        lambda claims: claims.update(exp="never"),
        lambda claims: claims.update(iat=claims["iat"] + 3_600),
        lambda claims: claims.pop("iat"),
        lambda claims: claims.update(nbf=claims["iat"] + 3_600),
        lambda claims: claims.pop("sub"),
        lambda claims: claims.update(sub=""),
        lambda claims: claims.update(sub=1),
        lambda claims: claims.update(sub="nul\x00"),
        lambda claims: claims.update(sub="half\ud800"),
        lambda claims: claims.update(sub="x" * 256),
        lambda claims: claims.update(_claim_names={"groups": "elsewhere"}),
    ],
)
async def test_an_id_token_that_says_something_wrong_lets_nobody_in(
    call: Call, enter: Enter, provider: Provider, world: World, change: Callable[[Claims], object]
) -> None:
    provider.change = change
    refused = await enter()
    assert (refused.status_code, "sign in again" in refused.json()["detail"]) == (401, True)
    await nobody_came(call, world)


async def test_a_small_difference_of_the_clocks_and_several_audiences_do_no_harm(
    call: Call, enter: Enter, provider: Provider
) -> None:
    def change(claims: Claims) -> None:
        claims.update(iat=claims["iat"] + 30, exp=claims["iat"] - 30, aud=[CLIENT_ID, "another"], azp=CLIENT_ID)

    provider.change = change
    assert (await enter()).status_code == 302


@pytest.mark.parametrize(
    "sign",
    [
        lambda provider: unsigned,
        with_public_key_as_secret,
        lambda provider: with_client_secret,
        with_a_key_of_its_own,
        spoiled,
        lambda provider: lambda claims: "",
        lambda provider: lambda claims: "a.b.c",
        lambda provider: lambda claims: "x" * 500_000,
        lambda provider: lambda claims: f"{_coded({'alg': ['RS256']})}.{_coded(claims)}.AA",
        lambda provider: lambda claims: f"{_coded({'alg': 'RS256', 'kid': {'x': 1}})}.{_coded(claims)}.AA",
        lambda provider: lambda claims: f"{_coded({'alg': 'RS256', 'crit': ['x']})}.{_coded(claims)}.AA",
        lambda provider: lambda claims: f"{_coded({'alg': 'ES256'})}.{_coded(claims)}.AA",
        lambda provider: lambda claims: provider.signed([1]),  # type: ignore[arg-type]
        lambda provider: lambda claims: 5,
    ],
)
async def test_an_id_token_that_the_provider_did_not_sign_lets_nobody_in(
    call: Call, enter: Enter, provider: Provider, world: World, sign: Callable[[Provider], Any]
) -> None:
    provider.sign = sign(provider)
    refused = await enter()
    assert refused.status_code == 401, refused.text
    await nobody_came(call, world)


async def test_keys_are_remembered_and_a_new_one_is_asked_for_when_it_is_needed(
    enter: Enter, provider: Provider, app: App
) -> None:
    assert (await enter()).status_code == 302
    assert (await enter()).status_code == 302
    documents = ("/realm/keys", "/realm/.well-known/openid-configuration")
    assert [provider.asked.count(path) for path in documents] == [1, 1]
    provider.rotate()
    assert (await enter()).status_code == 302
    assert [provider.asked.count(path) for path in documents] == [2, 1]
    real = app.now()
    app.wall = lambda: real + timedelta(minutes=61)
    provider.change = lambda claims: claims.update(iat=claims["iat"] + 3_660, exp=claims["exp"] + 3_660)
    assert (await enter()).status_code == 302
    assert [provider.asked.count(path) for path in documents] == [3, 2]


async def test_an_answer_is_taken_once_and_from_the_browser_that_asked(
    call: Call, client: httpx.AsyncClient, asgi: ASGIApp, enter: Any, world: World, app: App
) -> None:
    stolen = await enter.there()
    transport = httpx.ASGITransport(asgi)
    async with httpx.AsyncClient(transport=transport, base_url="http://ostinato.test") as other:
        assert (await other.get(stolen)).status_code == 401
        await other.get(BEGIN)
        assert (await other.get(stolen)).status_code == 401
    assert (await call("GET", stolen)).status_code == 302, "whoever began it still can end it"
    assert (await call("GET", stolen)).status_code == 401
    late = await enter.there()
    real = app.now()
    app.wall = lambda: real + timedelta(minutes=10, seconds=1)
    assert (await call("GET", late)).status_code == 401
    await sign_in.forget(app, app.now())
    assert await world.fetch("SELECT * FROM pending_sign_in") == []


async def test_a_code_that_was_used_and_one_for_another_sign_in_let_nobody_in(
    call: Call, enter: Any, provider: Provider, world: World
) -> None:
    first, second = await enter.there(), await enter.there()
    state = parse_qs(urlsplit(first).query)["state"][0]
    code = parse_qs(urlsplit(second).query)["code"][0]
    mixed = await call("GET", CALLBACK, params={"state": state, "code": code, "iss": provider.issuer})
    assert (mixed.status_code, "does not accept the code" in mixed.json()["detail"]) == (401, True)
    assert (await call("GET", second)).status_code == 401, "the provider has seen its code"
    await nobody_came(call, world)


@pytest.mark.parametrize(
    "spoil",
    [
        {"state": None},
        {"state": "x"},
        {"state": "a" * 43},
        {"state": "\x00" * 43},
        {"code": None},
        {"code": ""},
        {"code": "x"},
        {"code": "\x00"},
        {"code": "ü" * 5_000},
        {"iss": None},
        {"iss": "https://another.test"},
        {"error": "access_denied"},
        {"error": "<script>"},
    ],
)
async def test_an_answer_that_was_changed_on_the_way_lets_nobody_in(
    call: Call, enter: Any, provider: Provider, world: World, spoil: dict[str, str | None]
) -> None:
    said = {name: values[0] for name, values in parse_qs(urlsplit(await enter.there()).query).items()}
    changed = {name: value for name, value in {**said, **spoil}.items() if value is not None}
    refused = await call("GET", CALLBACK, params=changed)
    assert refused.status_code in (401, 422), refused.text
    assert "<script>" not in refused.text
    await nobody_came(call, world)


@pytest.mark.parametrize(
    "path", ["//evil.test", "/\\evil.test", "https://evil.test", "evil", "/a\r\nb", "/\t/evil.test", ""]
)
async def test_nobody_is_led_to_another_site(call: Call, path: str) -> None:
    refused = await call("GET", BEGIN, params={"return": path})
    assert (refused.status_code, "location" in refused.headers) == (422, False)


@pytest.mark.parametrize(
    ("path", "answer", "status"),
    [
        ("/realm/.well-known/openid-configuration", (500, b"secret words"), 503),
        ("/realm/.well-known/openid-configuration", (200, b"<html>"), 503),
        ("/realm/.well-known/openid-configuration", (200, b"[" * 9_000), 503),
        ("/realm/.well-known/openid-configuration", (200, b"\xff"), 503),
        ("/realm/.well-known/openid-configuration", (200, b'{"issuer": "x"}'), 503),
        ("/realm/.well-known/openid-configuration", (200, b" " * 1_100_000), 503),
        ("/realm/.well-known/openid-configuration", (302, b""), 503),
        ("/realm/keys", (500, b"secret words"), 503),
        ("/realm/keys", (200, b"[]"), 503),
        ("/realm/keys", (200, b'{"keys": 5}'), 401),
        ("/realm/token", (500, b"secret words"), 503),
        ("/realm/token", (200, b"secret words"), 401),
        ("/realm/token", (200, b"{}"), 401),
        ("/realm/token", (400, b'{"error": {"x": 1}}'), 401),
        ("/realm/token", (401, b'{"error": "invalid_client"}'), 503),
    ],
)
async def test_a_provider_that_is_broken_is_told_from_one_that_refuses(
    call: Call,
    client: httpx.AsyncClient,
    internet: httpx.AsyncClient,
    provider: Provider,
    world: World,
    path: str,
    answer: Any,
    status: int,
) -> None:
    provider.answers[path] = answer
    told = await client.get(BEGIN)
    if told.status_code == 302:
        back = (await internet.get(told.headers["location"])).headers["location"]
        told = await client.get(back)
    assert (told.status_code, "secret words" in told.text) == (status, False)
    if status == 503:
        assert "provider" in told.json()["detail"]
        assert int(told.headers["retry-after"]) > 0
    await nobody_came(call, world)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://another.test"},
        {"authorization_endpoint": "http://login.test/authorize"},
        {"token_endpoint": "http://login.test/token"},
        {"jwks_uri": "file:///etc/passwd"},
    ],
)
async def test_a_provider_that_is_not_who_it_should_be_or_not_safe_is_not_used(
    call: Call, provider: Provider, metadata: Claims
) -> None:
    provider.metadata = metadata
    assert (await call("GET", BEGIN)).status_code == 503


class TestProviderAway:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return {**environment, "OSTINATO_OIDC_ISSUER": "http://127.0.0.1:9"}

    async def test_a_provider_that_does_not_answer_is_told(self, call: Call) -> None:
        answer = await call("GET", BEGIN)
        assert answer.status_code == 503
        assert answer.json()["detail"] == "The sign-in provider does not answer: try again in a moment"


class TestPathBefore:
    @pytest.fixture
    def environment(self, environment: dict[str, str]) -> dict[str, str]:
        return {**environment, "OSTINATO_PUBLIC_URL": "https://ostinato.test/data"}

    async def test_behind_a_proxy_with_a_path_the_cookie_is_sent_back_to_that_path(self, call: Call) -> None:
        begun = await call("GET", BEGIN)
        assert "; path=/data/api/v1/sign-in/oidc;" in begun.headers["set-cookie"].lower()
        assert "; secure" in begun.headers["set-cookie"].lower()
        redirect = parse_qs(urlsplit(begun.headers["location"]).query)["redirect_uri"]
        assert redirect == [f"https://ostinato.test/data{CALLBACK}"]


class TestWrongSecret:
    async def test_a_client_secret_that_is_wrong_or_gone_is_told_and_never_shown(
        self, client: httpx.AsyncClient, enter: Any, secret_file: Path
    ) -> None:
        secret_file.write_text("wrong")
        refused = await client.get(await enter.there())
        assert (refused.status_code, "OSTINATO_OIDC_CLIENT_ID" in refused.json()["detail"]) == (503, True)
        secret_file.unlink()
        assert (await client.get(await enter.there())).status_code == 503
        secret_file.write_text(CLIENT_SECRET)
        assert (await enter()).status_code == 302, "a new secret needs no new start"


async def test_many_beginnings_from_one_address_are_stopped(
    app: App, environment: dict[str, str], world: World
) -> None:
    strict = make_asgi(app, read_settings({**environment, "OSTINATO_FAILED_ATTEMPTS": "3"}), lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(strict), base_url="http://ostinato.test") as client:
        assert [(await client.get(BEGIN)).status_code for _ in range(4)] == [302, 302, 302, 429]
        assert len(await world.fetch("SELECT * FROM pending_sign_in")) == 3
        for _ in range(3):
            assert (await client.get(CALLBACK, params={"state": secrets.token_urlsafe()})).status_code == 401
        assert (await client.get(CALLBACK, params={"state": secrets.token_urlsafe()})).status_code == 429


async def test_nothing_that_opens_anything_is_kept_as_it_is(enter: Any, world: World) -> None:
    there = await enter.there()
    state = parse_qs(urlsplit(there).query)["state"][0]
    rows = str(await world.fetch("SELECT state_digest, browser_digest FROM pending_sign_in"))
    assert state not in rows

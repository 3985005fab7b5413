"""Guessing keys is slowed by address; whoever has a valid key never is."""

from ipaddress import ip_network

import httpx
import msgspec
import pytest
from litestar.types import ASGIApp

from ostinato.api.asgi import make_asgi
from ostinato.api.attempts import MOST_ADDRESSES, FailedAttempts
from ostinato.api.authentication import address_of
from ostinato.app.application import App
from ostinato.config import Settings
from ostinato.core.errors import TooMany
from tests.api.factories import World

UNKNOWN = "txk_" + "a" * 32


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def client_at(asgi: ASGIApp, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(asgi, client=(address, 1))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://ostinato.test")


@pytest.fixture
def strict(app: App, settings: Settings) -> ASGIApp:
    return make_asgi(app, msgspec.structs.replace(settings, failed_attempts=5), lambda: True)


async def test_after_too_many_unknown_keys_an_address_is_told_to_wait_and_a_valid_key_is_not(
    strict: ASGIApp, world: World
) -> None:
    valid = await world.key("ada")
    async with client_at(strict, "192.0.2.1") as guesser, client_at(strict, "192.0.2.2") as other:
        for _ in range(5):
            assert (await guesser.get("/api/v1/status", headers={"X-API-Key": UNKNOWN})).status_code == 401
        refused = await guesser.get("/api/v0/orchestration/workspaces", headers={"X-API-Key": UNKNOWN})
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert (await guesser.get("/api/v1/status", headers={"X-API-Key": valid})).status_code == 200
        assert (await other.get("/api/v1/status", headers={"X-API-Key": UNKNOWN})).status_code == 401


async def test_a_request_without_any_key_is_no_guess(strict: ASGIApp) -> None:
    async with client_at(strict, "192.0.2.1") as client:
        assert {(await client.get("/api/v1/status")).status_code for _ in range(20)} == {401}


def test_a_minute_later_it_begins_anew() -> None:
    clock = Clock()
    attempts = FailedAttempts(2, clock)
    attempts.failed("192.0.2.1")
    attempts.failed("192.0.2.1")
    with pytest.raises(TooMany) as refusal:
        attempts.failed("192.0.2.1")
    assert refusal.value.wait == 60
    clock.now += 59
    with pytest.raises(TooMany, match="try again in 1 s"):
        attempts.check("192.0.2.1")
    clock.now += 1
    attempts.failed("192.0.2.1")


@pytest.mark.parametrize(
    ("one", "another", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("not an address", "not an address", True),
    ],
)
def test_an_ipv6_network_is_one_address(one: str, another: str, *, same: bool) -> None:
    attempts = FailedAttempts(1, Clock())
    attempts.failed(one)
    if same:
        with pytest.raises(TooMany):
            attempts.check(another)
    else:
        attempts.check(another)


def test_what_is_remembered_is_bounded() -> None:
    attempts = FailedAttempts(1, Clock())
    for number in range(MOST_ADDRESSES + 1):
        attempts.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    attempts.check("10.0.0.0")  # the oldest is forgotten
    with pytest.raises(TooMany):
        attempts.check("10.0.0.1")


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("10.0.0.1", "forged, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_a_forwarded_address_is_believed_of_our_own_proxies_only(client: str, forwarded: str, address: str) -> None:
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"type": "http", "client": (client, 1), "headers": headers}
    assert address_of(scope, [ip_network("10.0.0.0/8")]) == address  # type: ignore[arg-type]

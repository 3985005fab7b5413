"""The wall around everything: no request passes without a credential, except to the exact paths of one list."""

from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TypeAlias

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from ostinato.api.attempts import FailedAttempts
from ostinato.api.swagger import FILES
from ostinato.app import access
from ostinato.app.application import App
from ostinato.core.credentials import Kind
from ostinato.core.errors import Forbidden, Unauthenticated, Unavailable

WAYS_IN = (
    "/api/v1/sign-in",
    "/api/v1/sign-in/oidc",
    "/api/v1/sign-in/oidc/callback",
    "/api/v1/oauth/token",
    "/security/oauth/token",
)
PUBLIC = frozenset({"/health", "/health/live", "/health/ready", "/hooks", *WAYS_IN, *FILES})
"""Compared with the path as it was sent: nothing is public because of how a path begins or ends."""
HEADERS = (b"x-api-key", b"apikey", b"api-key")
"""The first is the TimeXtender Orchestration API's; the others are spellings that Jobs API clients use."""
BEARER = b"bearer "
COOKIE = "ostinato_session"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
Networks: TypeAlias = Collection[IPv4Network | IPv6Network]


class Authentication:
    """Lets a request through as the actor its credential belongs to; raises Unauthenticated, TooMany, Forbidden, or
    Unavailable while starting."""

    def __init__(
        self, inner: ASGIApp, app: App, ready: Callable[[], bool], failures: FailedAttempts, proxies: Networks = ()
    ) -> None:
        self._inner, self._app, self._ready = inner, app, ready
        self._failures, self._proxies = failures, proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            address = scope["state"]["address"] = address_of(scope, self._proxies)
            if scope["path"] not in PUBLIC:
                if not self._ready():
                    raise Unavailable("The server is starting or stopping: try again in a moment")
                await self._let_in(scope, address)
        await self._inner(scope, receive, send)

    async def _let_in(self, scope: HTTPScope, address: str | None) -> None:
        given, by_cookie = credential_of(scope)
        try:
            actor = await access.authenticate(self._app, given, address, scope["state"]["trace"])
        except Unauthenticated:
            if given:
                self._failures.failed(address)
            raise
        if by_cookie != (actor.kind == Kind.SESSION):
            raise Unauthenticated(access.REFUSED)
        if by_cookie and scope["method"] not in SAFE_METHODS and not _is_own_page(scope):
            raise Forbidden("A page of another site asked for this: use the API with a key")
        scope["user"] = actor


def credential_of(scope: HTTPScope) -> tuple[str | None, bool]:
    """What was sent to come in with, and whether it was a browser's cookie; a header goes before it."""
    headers = dict(scope["headers"])
    for name in HEADERS:
        if headers.get(name):
            return headers[name].decode("latin-1"), False
    bearer = headers.get(b"authorization", b"")
    if bearer[: len(BEARER)].lower() == BEARER:
        return bearer[len(BEARER) :].strip().decode("latin-1"), False
    for part in headers.get(b"cookie", b"").decode("latin-1").split(";"):
        key, _, value = part.strip().partition("=")
        if key == COOKIE and value:
            return value, True
    return None, False


def address_of(scope: HTTPScope, proxies: Networks) -> str | None:
    """Where the request came from: the nearest address that is no proxy of ours."""
    client = scope.get("client")
    address = client[0] if client else None
    if address is None or not proxies or not is_in(address, proxies):
        return address
    forwarded = [value.decode("latin-1") for name, value in scope["headers"] if name == b"x-forwarded-for"]
    for hop in reversed([part.strip() for value in forwarded for part in value.split(",")]):
        try:
            ip_address(hop)
        except ValueError:
            break
        address = hop
        if not is_in(hop, proxies):
            break
    return address


def is_in(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """Whether an address is in one of the networks."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def is_foreign_page(scope: HTTPScope) -> bool:
    """Whether a browser tells that a page of another site asks; whoever tells nothing is no browser."""
    headers = dict(scope["headers"])
    return (b"sec-fetch-site" in headers or b"origin" in headers) and not _is_own_page(scope)


def _is_own_page(scope: HTTPScope) -> bool:
    """A browser tells where a request came from: what is not from our own pages is not done with their cookie."""
    headers = dict(scope["headers"])
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    origin, host = headers.get(b"origin"), headers.get(b"host", b"")
    return origin is not None and origin.partition(b"://")[2] == host

"""What the routes need that let people in: where a request comes from, and how often that went wrong."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from litestar.types import HTTPScope

from ostinato.api.attempts import FailedAttempts
from ostinato.api.authentication import Networks, is_foreign_page, is_in
from ostinato.app.application import App
from ostinato.app.oidc import Provider
from ostinato.app.sign_in import Origin
from ostinato.config import Settings
from ostinato.core.errors import Forbidden, Unavailable


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """One for all routes that are public because they let people in."""

    ready: Callable[[], bool]
    failures: FailedAttempts
    """The same that the wall counts."""
    begun: FailedAttempts
    """Sign-ins that were begun at the provider: each is a row for ten minutes."""
    provider: Provider | None
    proxies: Networks
    public_url: str | None

    def origin(self, scope: HTTPScope) -> Origin:
        """Raises Unavailable while the server starts or stops, and Forbidden to the pages of other sites."""
        self.require_ready()
        if scope["method"] == "POST" and is_foreign_page(scope):
            raise Forbidden("A page of another site asked for this: sign in on the server's own pages")
        return Origin(address=scope["state"].get("address"), trace=scope["state"]["trace"])

    def require_ready(self) -> None:
        """Raises Unavailable while the server starts or stops."""
        if not self.ready():
            raise Unavailable("The server is starting or stopping: try again in a moment")

    def path(self, place: str) -> str:
        """As browsers see it that use the public address, which may have a path of its own."""
        return urlsplit(self.public_url or "").path + place

    def is_https(self, scope: HTTPScope) -> bool:
        """Whether the browser came over https, here or to a proxy that is trusted, or by the public address."""
        headers, client = dict(scope["headers"]), scope.get("client")
        if scope["scheme"] == "https":
            return True
        if client and is_in(client[0], self.proxies):
            said = headers.get(b"x-forwarded-proto", b"").decode("latin-1")
            if said.partition(",")[0].strip().lower() == "https":
                return True
        public = urlsplit(self.public_url or "")
        return public.scheme == "https" and headers.get(b"host", b"").decode("latin-1").lower() == public.netloc.lower()


def make_door(app: App, settings: Settings, ready: Callable[[], bool], failures: FailedAttempts | None) -> Door:
    return Door(
        ready=ready,
        failures=failures or FailedAttempts(settings.failed_attempts, time.monotonic),
        begun=FailedAttempts(settings.failed_attempts, time.monotonic),
        provider=Provider(settings.openid, app.now) if settings.openid is not None else None,
        proxies=settings.trusted_proxies,
        public_url=settings.public_url,
    )

"""The wall around everything: no request passes without a key, except to the exact paths of one list."""

from collections.abc import Callable

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from ostinato.api.swagger import FILES
from ostinato.app import access
from ostinato.app.application import App
from ostinato.core.errors import Unavailable

PUBLIC = frozenset({"/health", "/health/live", "/health/ready", *FILES})
"""Compared with the path as it was sent: nothing is public because of how a path begins or ends."""
HEADER = b"x-api-key"


class Authentication:
    """Lets a request through as the actor its key belongs to; raises Unauthenticated, or Unavailable while starting."""

    def __init__(self, inner: ASGIApp, app: App, ready: Callable[[], bool]) -> None:
        self._inner, self._app, self._ready = inner, app, ready

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["path"] not in PUBLIC:
            if not self._ready():
                raise Unavailable("The server is starting or stopping: try again in a moment")
            key = next((value for name, value in scope["headers"] if name == HEADER), None)
            scope["user"] = await access.authenticate(self._app, key.decode("latin-1") if key else None)
        await self._inner(scope, receive, send)

"""HEAD works wherever GET does, for monitors and link checkers; `Allow` says so, and names all methods of a path."""

from litestar import Litestar
from litestar.enums import ScopeType
from litestar.routes import HTTPRoute
from litestar.types import Message, Receive, Scope, Send

TELL_METHODS = frozenset({204, 405})
"""The statuses of the answers to OPTIONS, and to methods that a path does not allow."""


class HeadAsGet:
    """Asks for what GET would get; the entrance leaves the body out."""

    def __init__(self, inner: Litestar) -> None:
        self._inner = inner
        # Routes of one path that were not written together know only of their own methods.
        self._methods: dict[str, str] = {}
        for route in inner.routes:
            if isinstance(route, HTTPRoute):
                more = ", ".join(sorted(route.methods))
                self._methods[route.path_format] = f"{self._methods.get(route.path_format, '')}, {more}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        asked: Scope = scope
        if scope["method"] == "HEAD":
            asked = {**scope, "method": "GET", "state": {**scope["state"], "head": True}}

        async def pass_on(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in TELL_METHODS:
                known = self._methods.get(asked.get("path_template", ""), "")
                message["headers"] = [
                    (name, allowed(known or value.decode()).encode() if name == b"allow" else value)
                    for name, value in message["headers"]
                ]
            await send(message)

        await self._inner(asked, receive, pass_on)


def allowed(methods: str) -> str:
    """The methods of a path, as the framework lists them, with the HEAD that it does not know of."""
    known = {method.strip() for method in methods.split(",") if method.strip()}
    return ", ".join(sorted(known | {"HEAD"} if "GET" in known else known))

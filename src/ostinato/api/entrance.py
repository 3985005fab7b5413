"""What happens to every request around its route: it gets a name, safe headers and one line in the access log.

Whatever goes wrong further in ends here as an answer in the words of the dialect; nothing is shown of an error that
nobody foresaw, and the log has it under the same traceId.
"""

import traceback
from collections.abc import Callable
from time import perf_counter
from typing import TypeAlias
from urllib.parse import quote

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, HTTPScope, Message, Receive, Scope, Send

from ostinato.api.problems import UNEXPECTED, Answer, Refusal, answer
from ostinato.api.traces import trace_id

log = structlog.get_logger()

Refuse: TypeAlias = Callable[[str, Exception], Refusal | None]
"""What to tell a client that asked for a path and met an error; None if the error was not foreseen."""

LONGEST_PATH = 500
SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""Set on every answer that does not set them itself."""


class Entrance:
    def __init__(self, inner: ASGIApp, refuse: Refuse) -> None:
        self._inner, self._refuse = inner, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            await self._serve(scope, receive, send)
        elif str(scope["type"]) == "lifespan":  # the server's own start and end, which the framework's types leave out
            await self._inner(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": "There are no WebSockets here"})

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        trace = trace_id(next((value for name, value in scope["headers"] if name == b"traceparent"), None))
        scope["state"] = {**scope.get("state", {}), "trace": trace}
        began, status = perf_counter(), 0

        async def pass_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _add_safe_headers(message)
            elif message["type"] == "http.response.body" and scope["method"] == "HEAD":
                message["body"] = b""
            await send(message)

        try:
            await self._inner(scope, receive, pass_on)
        except Exception as error:  # the last resort: whatever it is, the client gets an answer
            if status:
                raise
            await _send(answer(explain(self._refuse, scope["path"], error, trace), trace), pass_on)
        finally:
            log.info(
                "request",
                method=scope["method"],
                path=_printable(scope["path"]),
                status=status,
                ms=round((perf_counter() - began) * 1000, 1),
                user=getattr(scope.get("user"), "name", None),
                trace=trace,
            )


def explain(refuse: Refuse, path: str, error: Exception, trace: str) -> Refusal:
    """What to tell the client; an error that nobody foresaw is logged, and hidden."""
    told = refuse(path, error)
    if told is None:
        # Formatted here, because a renderer may add the values of local variables, and among them are secrets.
        log.error(
            "request.failed", path=_printable(path), trace=trace, traceback="".join(traceback.format_exception(error))
        )
        return UNEXPECTED
    return told


def _printable(path: str) -> str:
    """The path as it travelled, so that no control character of it reaches the log."""
    return quote(path)[:LONGEST_PATH]


def _add_safe_headers(message: HTTPResponseStartEvent) -> None:
    headers = list(message["headers"])
    present = {name for name, _ in headers}
    message["headers"] = [*headers, *(header for header in SAFE_HEADERS if header[0] not in present)]


async def _send(ready: Answer, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in ready.headers.items()]
    headers += [(b"content-type", ready.media_type.encode()), (b"content-length", str(len(ready.body)).encode())]
    await send({"type": "http.response.start", "status": ready.status, "headers": headers})
    await send({"type": "http.response.body", "body": ready.body, "more_body": False})

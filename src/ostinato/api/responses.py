"""Answers that the framework would make otherwise: JSON that is written already, and none at all."""

from collections.abc import Iterable

from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send


class WrittenJson(ASGIResponse):
    """Sent as it is. The framework's own answer would look for cookies and headers that there are not."""

    def __init__(self, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.body = body
        self.more = [(name.encode(), value.encode("latin-1")) for name, value in headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = str(len(self.body)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length), *self.more]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def without_body(status: int) -> ASGIResponse:
    """An answer without a body, and so without a media type."""
    answer = ASGIResponse(status_code=status)
    del answer.headers["content-type"]
    return answer

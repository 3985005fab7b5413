"""Server-sent events (WHATWG HTML, section 9.2): an answer that goes on until there is nothing more to say."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager

from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from ostinato.core.errors import TooMany, Unavailable
from ostinato.core.ids import UserId

MEDIA_TYPE = "text/event-stream"
MOST_OF_ONE = 20
MOST = 500
"""Streams at the same time on one server, of one user and of all."""
TRY_AGAIN_SECONDS = 10
SEND_SECONDS = 30.0
"""A client that takes nothing for so long is gone, whatever its connection says."""
HEADERS = (
    (b"content-type", MEDIA_TYPE.encode()),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)
"""The last one asks proxies to pass on every event at once."""


class Streams:
    """How many there are on this server."""

    def __init__(self) -> None:
        self._open: Counter[UserId] = Counter()

    def check(self, user: UserId) -> None:
        """Raises TooMany, Unavailable."""
        if self._open[user] >= MOST_OF_ONE:
            raise TooMany(f"You have {MOST_OF_ONE} streams open on this server: close one first", TRY_AGAIN_SECONDS)
        if self._open.total() >= MOST:
            raise Unavailable("Too many streams are open on this server: ask with `wait` instead, or try again later")

    @contextmanager
    def one(self, user: UserId) -> Iterator[None]:
        """Count one more; raises TooMany, Unavailable."""
        self.check(user)
        self._open[user] += 1
        try:
            yield
        finally:
            self._open[user] -= 1
            if not self._open[user]:
                del self._open[user]


class EventStream(ASGIResponse):
    """Sends what `tell` yields, which is given an event that is set when the client has gone."""

    def __init__(self, streams: Streams, user: UserId, tell: Callable[[asyncio.Event], AsyncGenerator[bytes]]) -> None:
        self._streams, self._user, self._tell = streams, user, tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.one(self._user):
            await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            if not scope["state"].get("head"):
                await self._send(receive, send)
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _send(self, receive: Receive, send: Send) -> None:
        gone = asyncio.Event()
        listening = asyncio.create_task(_until_gone(receive, gone))
        try:
            async with aclosing(self._tell(gone)) as told:
                async for part in told:
                    async with asyncio.timeout(SEND_SECONDS):
                        await send({"type": "http.response.body", "body": part, "more_body": True})
        except TimeoutError:
            return
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


class NothingMore(ASGIResponse):
    """Tells a client that has had the end not to come back (WHATWG HTML, section 9.2.3)."""

    def __init__(self) -> None:
        pass

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def first_of(seconds: float, *events: asyncio.Event) -> None:
    """Wait until one of the events is set, or so long."""
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waiting:
            one.cancel()


async def _until_gone(receive: Receive, gone: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()

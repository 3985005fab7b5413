"""A client of event streams that reads while the application still writes, which the usual one for tests cannot."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from litestar.types import ASGIApp

PATIENCE_SECONDS = 20


@dataclass(frozen=True)
class Event:
    name: str
    data: Any
    id: str | None


@dataclass
class Stream:
    """An answer while it comes."""

    parts: "asyncio.Queue[dict[str, Any]]" = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    running: "asyncio.Task[None] | None" = None
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    text: str = ""
    """What came, as it came."""
    body: bytes = b""
    over: bool = False
    events: list[Event] = field(default_factory=list)
    _read: int = 0

    async def next(self) -> Event | None:
        """The next event; None at the end of the answer."""
        while True:
            while len(self.events) <= self._read:
                if self.over:
                    return None
                await self._part()
            self._read += 1
            return self.events[self._read - 1]

    async def until(self, name: str) -> list[Event]:
        """The events up to the next one of this name."""
        found: list[Event] = []
        while (event := await self.next()) is not None:
            found.append(event)
            if event.name == name:
                return found
        raise AssertionError(f"no {name} came, but {[event.name for event in found]}")

    async def rest(self) -> list[Event]:
        found = []
        while (event := await self.next()) is not None:
            found.append(event)
        return found

    async def begun(self) -> None:
        while not self.status:
            await self._part()

    async def ended(self) -> None:
        """The application has come to its end by itself."""
        assert self.running is not None
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.shield(self.running)

    async def _part(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            part = await self.parts.get()
        if part["type"] == "http.response.start":
            self.status = part["status"]
            self.headers = {name.decode(): value.decode() for name, value in part["headers"]}
            return
        self.over = not part.get("more_body", False)
        self.body += part["body"]
        if self.status != 200:
            return
        said = part["body"].decode()
        self.text += said
        self.events += [event for block in said.split("\n\n") if (event := _event(block)) is not None]


def _event(block: str) -> Event | None:
    fields = dict(line.split(": ", 1) for line in block.split("\n") if line and not line.startswith(":"))
    if "event" not in fields:
        return None
    return Event(name=fields["event"], data=json.loads(fields["data"]), id=fields.get("id"))


@asynccontextmanager
async def streamed(
    asgi: ASGIApp, path: str, key: str, *, method: str = "GET", last: str | None = None
) -> AsyncIterator[Stream]:
    """Ask, and read as it comes; the client goes at the end."""
    stream = Stream()
    asked = False

    async def receive() -> Any:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await stream.gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        stream.parts.put_nowait(message)

    where, _, query = path.partition("?")
    headers = [(b"x-api-key", key.encode())] + ([(b"last-event-id", last.encode())] if last is not None else [])
    scope = {"type": "http", "method": method, "path": where, "query_string": query.encode(), "root_path": ""}
    scope |= {"headers": headers, "client": None, "server": None, "scheme": "http"}
    stream.running = asyncio.create_task(asgi(scope, receive, send))  # type: ignore[arg-type]
    try:
        yield stream
    finally:
        stream.gone.set()
        try:
            await stream.ended()
        finally:
            stream.running.cancel()
            await asyncio.gather(stream.running, return_exceptions=True)

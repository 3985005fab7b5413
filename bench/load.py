"""Requests over plain sockets that are kept open: a full HTTP client would measure itself."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from typing import Any

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length: "


class Connection(asyncio.Protocol):
    """One connection: sends the next request as soon as the answer to the one before is complete."""

    def __init__(self, requests: Iterator[bytes], status: bytes) -> None:
        self._requests, self._status = requests, b"HTTP/1.1 " + status
        self._missing, self._head = 0, b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        if not self._missing:
            self._head += data
            head, end, body = self._head.partition(END_OF_HEAD)
            if not end:
                return
            if not head.startswith(self._status):
                self._fail(RuntimeError(self._head.decode(errors="replace")[:1_000]))
                return
            length = head.lower().partition(LENGTH)[2].partition(b"\r\n")[0]
            self._head, self._missing = b"", int(length)
            data = body
        self._missing -= len(data)
        if self._missing == 0:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        self._fail(error or ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._transport.write(request)
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)
            self._transport.close()


async def ask(port: int, requests: Sequence[bytes], connections: int, *, status: bytes) -> float:
    """Send the requests over so many connections; the seconds until the last answer. Any other status is an error."""
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    waiting = iter(requests)
    opened = [
        await loop.create_connection(lambda: Connection(waiting, status), "127.0.0.1", port) for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    return time.perf_counter() - began


def get(path: str, key: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\n\r\n".encode()


def post(path: str, key: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

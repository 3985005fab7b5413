"""How a server and its worker processes put messages on a pipe: a length, then MessagePack."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec

from ostinato.core.contracts import Report, WorkOrder

T = TypeVar("T")
HELLO = b"!"
"""What a worker sends first of all: that it is able to take orders."""
LENGTH_BYTES = 4
LONGEST = 64 * 1024 * 1024
"""A longer message is a fault of the sender, never data: findings and log lines are capped far below."""

_encoder = msgspec.msgpack.Encoder()


class BrokenFrame(Exception):
    """What came through the pipe is no message; the sender cannot be trusted any more."""


class Frames(Generic[T]):
    """Takes bytes as they come and gives whole messages."""

    def __init__(self, message: Any) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(message)
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[T]:
        """Every message that `data` completes; raises BrokenFrame."""
        self._buffer += data
        while len(self._buffer) >= LENGTH_BYTES:
            length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
            if length > LONGEST:
                raise BrokenFrame(f"a message of {length} bytes is announced")
            if len(self._buffer) < LENGTH_BYTES + length:
                return
            body = bytes(self._buffer[LENGTH_BYTES : LENGTH_BYTES + length])
            del self._buffer[: LENGTH_BYTES + length]
            try:
                yield self._decoder.decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise BrokenFrame(str(error)) from error


def encode(message: Report | WorkOrder) -> bytes:
    body = _encoder.encode(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def report_frames() -> "Frames[Report]":
    """What a server reads from a worker."""
    return Frames(Report)


def order_frames() -> "Frames[WorkOrder]":
    """What a worker reads from its server."""
    return Frames(WorkOrder)

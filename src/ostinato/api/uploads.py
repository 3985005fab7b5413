"""Forms with a large file (multipart/form-data), read as they come: the fields first, then the file in pieces.

The framework's own parser would take in the whole file before the route is asked whether it wants it.
"""

from collections.abc import AsyncIterator, Collection
from typing import Any

from litestar import Request
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from ostinato.core.errors import Invalid, Problem, TooLarge

FILE = "file"
LONGEST_FIELD = 10_000
MOST_PARTS = 20
PIECE_BYTES = 1 << 20
OVERHEAD_BYTES = 300_000
"""What a form may be larger than its file."""


class Form:
    """The form of one request. Its file has to be its last part, so that what is said of it is known before."""

    def __init__(self, request: Request[Any, Any, Any], most_bytes: int) -> None:
        """`most_bytes`: of the file. Raises Invalid if the body is no form."""
        self._most, self._stream = most_bytes, request.stream()
        kind, options = parse_options_header(request.headers.get("content-type", ""))
        boundary = options.get("boundary", "")
        if kind != "multipart/form-data" or not boundary:
            raise Invalid(Problem(path="body", message="send a form: multipart/form-data, with a boundary"))
        try:
            self._parser = PushMultipartParser(boundary, max_segment_count=MOST_PARTS)
        except MultipartError as error:
            raise _unreadable(error) from error
        self._events = self._read()

    async def fields(self, known: Collection[str]) -> dict[str, str]:
        """The fields before the file; raises Invalid."""
        found: dict[str, str] = {}
        async for event in self._events:
            if not isinstance(event, MultipartSegment):
                continue
            if event.name == FILE:
                return found
            if event.name not in known or event.name in found:
                why = "it is here twice" if event.name in found else "there is no such field"
                raise Invalid(Problem(path=ascii(event.name)[1:-1], message=why, allowed=(*sorted(known), FILE)))
            found[event.name] = await self._text(event.name)
        raise Invalid(Problem(path=FILE, message="the form has no file"))

    async def pieces(self) -> AsyncIterator[bytearray]:
        """The file, in pieces of about a megabyte; raises TooLarge, and Invalid if anything comes after it."""
        size, piece = 0, bytearray()
        async for event in self._events:
            if event is None:
                break
            if isinstance(event, MultipartSegment):
                raise Invalid(Problem(path=FILE, message="the form ends within the file"))
            size += len(event)
            if size > self._most:
                raise TooLarge(f"The file is larger than {self._most:,} bytes, which is the most that is taken")
            piece += event
            if len(piece) >= PIECE_BYTES:
                yield piece
                piece = bytearray()
        if piece:
            yield piece
        async for _ in self._events:
            raise Invalid(Problem(path=FILE, message="the file has to be the last part of the form"))

    async def drain(self) -> None:
        """Take in what still comes: a client that is in the middle of sending would not read its answer."""
        await self._events.aclose()
        async for _ in self._stream:
            pass

    async def _text(self, name: str) -> str:
        text = bytearray()
        async for event in self._events:
            if event is None:
                break
            assert not isinstance(event, MultipartSegment), "a part ends before the next"
            text += event
            if len(text) > LONGEST_FIELD:
                raise Invalid(Problem(path=name, message=f"it is longer than {LONGEST_FIELD:,} bytes"))
        try:
            found = text.decode()
        except UnicodeDecodeError as error:
            raise Invalid(Problem(path=name, message="it is not UTF-8 text")) from error
        if "\x00" in found:
            raise Invalid(Problem(path=name, message="it has a NUL character"))
        return found

    async def _read(self) -> Any:
        """Parts, pieces of their content, and None at the end of each."""
        try:
            async for chunk in self._stream:
                for event in self._parser.parse(chunk):
                    yield event
                if self._parser.closed:
                    break
            self._parser.close()
        except MultipartError as error:
            raise _unreadable(error) from error


def _unreadable(error: MultipartError) -> Invalid:
    return Invalid(Problem(path="body", message=f"the form cannot be read: {error}"))

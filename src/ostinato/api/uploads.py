"""Forms with a large file (multipart/form-data), read as they come: fields, and the file in pieces.

The framework's own parser would take in the whole file before the route is asked whether it wants it.
"""

from collections.abc import AsyncIterator, Collection, Mapping
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
    """The form of one request: read are the fields before its file, the file, and those after it if any may be."""

    def __init__(self, request: Request[Any, Any, Any], most_bytes: int, longest_field: int = LONGEST_FIELD) -> None:
        """`most_bytes`: of the file. Raises Invalid if the body is no form."""
        self._most, self._longest, self._stream = most_bytes, longest_field, request.stream()
        self.file_name: str | None = None
        """What the file is called where it comes from; known when the fields before it were read."""
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
                self.file_name = event.filename
                return found
            await self._field(event, known, found)
        raise Invalid(Problem(path=FILE, message="the form has no file"))

    async def fields_after(self, known: Collection[str], before: Mapping[str, str]) -> dict[str, str]:
        """All fields, those `before` the file and those after it, which has been read; raises Invalid."""
        found = dict(before)
        async for event in self._events:
            if isinstance(event, MultipartSegment):
                await self._field(event, known, found)
        return found

    async def pieces(self, *, last: bool = True) -> AsyncIterator[bytearray]:
        """The file, in pieces of about a megabyte; raises TooLarge, and Invalid if it is not the `last` part."""
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
        if not last:
            return
        async for _ in self._events:
            raise Invalid(Problem(path=FILE, message="the file has to be the last part of the form"))

    async def drain(self) -> None:
        """Take in what still comes: a client that is in the middle of sending would not read its answer."""
        await self._events.aclose()
        async for _ in self._stream:
            pass

    async def _field(self, part: MultipartSegment, known: Collection[str], found: dict[str, str]) -> None:
        if part.name not in known or part.name in found:
            why = "it is here twice" if part.name in found else "there is no such field"
            raise Invalid(Problem(path=ascii(part.name)[1:-1], message=why, allowed=(*sorted(known), FILE)))
        found[part.name] = await self._text(part.name)

    async def _text(self, name: str) -> str:
        text = bytearray()
        async for event in self._events:
            if event is None:
                break
            assert not isinstance(event, MultipartSegment), "a part ends before the next"
            text += event
            if len(text) > self._longest:
                raise Invalid(Problem(path=name, message=f"it is longer than {self._longest:,} bytes"))
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

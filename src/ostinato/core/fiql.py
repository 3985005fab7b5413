"""Filters in FIQL (draft-nottingham-atompub-fiql-00): how they are read, and what they match.

    name==Dev*;description!=''        `;` both, binding tighter than
    status==PAIRED,status==RETIRED    `,` either; parentheses group
    updated=gt=-P1D                   `==` `!=`, and for numbers and times `=lt=` `=le=` `=gt=` `=ge=`
    workspace                         a field alone: it has a value; of a boolean: it is true

Text is compared as the draft says: case does not count, nor how a letter is composed (NFC), nor how much white space
stands between words or around them. `*` is any number of any characters, at any place.

An argument in `'` or `"` is taken as it stands; a backslash before a quote, a `*` or a backslash makes it a plain one.
Without quotes it ends before `;`, `,` or a parenthesis.

The text was taken out of an address, so it has been decoded once. The draft has percent-encoding of its own: outside
quotes `%2A` is the character `*` and no wildcard, and `%3B` is `;`. A `%` without two hexadecimal digits is itself.
"""

import operator
import re
import unicodedata
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, NoReturn, TypeAlias

import msgspec

from ostinato.core.errors import Invalid, Problem
from ostinato.core.times import HOW_TO_WRITE, read_instant

LONGEST = 8_000
DEEPEST = 20
MOST_CONDITIONS = 100
MOST_YEARS = 100
LONGEST_SHOWN = 40
BLANKS = " \t\r\n"
END = frozenset(";,)")
"""What may follow a condition."""
BLANK = re.compile(r"[ \t\r\n]+")
FIELD = re.compile(r"(?:[A-Za-z0-9_.~-]|%[0-9A-Fa-f]{2})+")
COMPARISON = re.compile(r"=[A-Za-z]*=|[!$'*+]=")
QUOTED = re.compile(r"""(?P<quote>['"])(?P<inside>(?:\\.|(?!(?P=quote))[^\\])*)(?P=quote)""", re.DOTALL)
INSIDE = re.compile(r"""\\(?P<plain>[\\'"*])|(?P<any>\*)|[^\\*]+|\\""")
BORDER = re.compile(r"[;,()]")
OCTETS = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
DURATION = re.compile(
    r"(?P<back>-)?P(?=.)(?:(?P<years>\d{1,6})Y)?(?:(?P<months>\d{1,6})M)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?=.)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,6})M)?(?:(?P<seconds>\d{1,6})(?:\.(?P<part>\d{1,9}))?S)?)?",
    re.ASCII,
)


class FieldKind(StrEnum):
    TEXT = "text"
    NUMBER = "a number"
    BOOLEAN = "a boolean"
    TIME = "a time"


class Comparison(StrEnum):
    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "=lt="
    AT_MOST = "=le="
    GREATER = "=gt="
    AT_LEAST = "=ge="


class Pattern(msgspec.Struct, frozen=True):
    """The pieces of a text between its wildcards, folded; one piece: there is no wildcard."""

    pieces: tuple[str, ...]


class Distance(msgspec.Struct, frozen=True, kw_only=True):
    """A time by its distance from now; months are those of the calendar."""

    months: int = 0
    rest: timedelta = timedelta()


Wanted: TypeAlias = Pattern | Decimal | bool | datetime | Distance


class Given(msgspec.Struct, frozen=True):
    """A field alone."""

    field: str


class Compare(msgspec.Struct, frozen=True):
    field: str
    comparison: Comparison
    wanted: Wanted


class And(msgspec.Struct, frozen=True):
    parts: tuple["Filter", ...]


class Or(msgspec.Struct, frozen=True):
    parts: tuple["Filter", ...]


Filter: TypeAlias = And | Or | Compare | Given
Value: TypeAlias = str | int | Decimal | bool | datetime | None
"""Of a field, by its kind; None: it has none."""

MEANING: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    Comparison.EQUAL: operator.eq,
    Comparison.NOT_EQUAL: operator.ne,
    Comparison.LESS: operator.lt,
    Comparison.AT_MOST: operator.le,
    Comparison.GREATER: operator.gt,
    Comparison.AT_LEAST: operator.ge,
}
ORDERED = frozenset({FieldKind.NUMBER, FieldKind.TIME})
EQUALITIES = (Comparison.EQUAL, Comparison.NOT_EQUAL)


def parse(text: str, fields: Mapping[str, FieldKind], path: str = "query") -> Filter:
    """Read a filter on these fields; raises Invalid, which says at which character of the text at `path`."""
    return _Reader(text, fields, path).read()


def matches(filter: Filter, values: Callable[[str], Value], now: datetime) -> bool:
    """Whether something with these values of its fields is meant.

    What has no value differs from everything: `!=` is true and all else false. Times count to the millisecond, as they
    are shown.
    """
    match filter:
        case And():
            return all(matches(part, values, now) for part in filter.parts)
        case Or():
            return any(matches(part, values, now) for part in filter.parts)
        case Given():
            value = values(filter.field)
            return value is not None and value is not False
        case Compare():
            value = values(filter.field)
            if value is None:
                return filter.comparison is Comparison.NOT_EQUAL
            return _compares(filter, value, now)


def folded(text: str) -> str:
    """A text as it is compared: single blanks, in lower case, composed."""
    return unicodedata.normalize("NFC", BLANK.sub(" ", text).casefold())


def _compares(compare: Compare, value: Any, now: datetime) -> bool:
    wanted = compare.wanted
    if isinstance(wanted, Pattern):
        return _fits(wanted.pieces, folded(value.strip(BLANKS))) is (compare.comparison is Comparison.EQUAL)
    if isinstance(wanted, Distance):
        wanted = _moved(now, wanted)
    if isinstance(wanted, datetime):
        wanted, value = _shown(wanted), _shown(value)
    return MEANING[compare.comparison](value, wanted)


def _fits(pieces: Sequence[str], text: str) -> bool:
    """Whether the pieces stand in the text in their order; the first place of each is the best one."""
    first, *others = pieces
    if not others:
        return text == first
    *middle, last = others
    at, end = len(first), len(text) - len(last)
    if at > end or not text.startswith(first) or not text.endswith(last):
        return False
    for piece in middle:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _moved(now: datetime, distance: Distance) -> datetime:
    """The last day of a month that is too short stands for the days it does not have."""
    years, month = divmod(now.month - 1 + distance.months, 12)
    year, month = now.year + years, month + 1
    return now.replace(year=year, month=month, day=min(now.day, monthrange(year, month)[1])) + distance.rest


def _shown(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1_000 * 1_000)


class _Reader:
    """One text on its way from left to right."""

    def __init__(self, text: str, fields: Mapping[str, FieldKind], path: str) -> None:
        self._text, self._fields, self._path = text, fields, path
        self._at = self._conditions = 0

    def read(self) -> Filter:
        if len(self._text) > LONGEST:
            self._refuse(f"a filter has at most {LONGEST:,} characters: write a shorter one", LONGEST)
        found = self._either(0)
        if self._next():
            self._refuse_what_follows()
        return found

    def _either(self, depth: int) -> Filter:
        parts = [self._both(depth)]
        while self._take(","):
            parts.append(self._both(depth))
        return Or(tuple(parts)) if len(parts) > 1 else parts[0]

    def _both(self, depth: int) -> Filter:
        parts = [self._one(depth)]
        while self._take(";"):
            parts.append(self._one(depth))
        return And(tuple(parts)) if len(parts) > 1 else parts[0]

    def _one(self, depth: int) -> Filter:
        if not self._take("("):
            return self._condition()
        opened = self._at - 1
        if depth == DEEPEST:
            self._refuse(f"parentheses stand at most {DEEPEST} deep in one another: use fewer", opened)
        inside = self._either(depth + 1)
        if not self._take(")"):
            if self._next():
                self._refuse_what_follows()
            self._refuse("this parenthesis is not closed: add a )", opened)
        return inside

    def _condition(self) -> Filter:
        self._conditions += 1
        if self._conditions > MOST_CONDITIONS:
            self._refuse(f"a filter has at most {MOST_CONDITIONS} conditions: use fewer", self._at)
        field = self._field()
        if self._next() in END or not self._next():
            return Given(field)
        comparison = self._comparison(field)
        return Compare(field, comparison, self._argument(field))

    def _field(self) -> str:
        known = ", ".join(self._fields)
        found = FIELD.match(self._text, self._at)
        if found is None:
            what = f"{self._next()!r} begins no field" if self._next() else "a field is missing"
            self._refuse(f"{what}: use one of {known}", self._at, *self._fields)
        field = self._decoded(found.group(), found.start())
        if field not in self._fields:
            message = f"there is no field {_excerpt(field)} here: use one of {known}"
            self._refuse(message, found.start(), *self._fields)
        self._at = found.end()
        return field

    def _comparison(self, field: str) -> Comparison:
        found = COMPARISON.match(self._text, self._at)
        written = found.group().lower() if found else ""
        comparison = next((known for known in Comparison if known == written), None)
        if found is None or comparison is None:
            what = f"{_excerpt(written)} is no comparison" if written else f"after {field!r} a comparison is missing"
            self._refuse(f"{what}: use one of {', '.join(Comparison)}", self._at, *Comparison)
        kind = self._fields[field]
        if kind not in ORDERED and comparison not in EQUALITIES:
            message = f"{field!r} is {kind}, which {comparison} does not compare: use == or !="
            self._refuse(message, self._at, *EQUALITIES)
        self._at = found.end()
        return comparison

    def _argument(self, field: str) -> Wanted:
        begins = self._next()
        at, kind = self._at, self._fields[field]
        pieces = self._quoted() if begins and begins in "'\"" else self._plain(field)
        try:
            return _wanted(kind, pieces)
        except ValueError as error:
            self._refuse(f"{_excerpt('*'.join(pieces))} is not {kind}: {error}", at)

    def _quoted(self) -> list[str]:
        found = QUOTED.match(self._text, self._at)
        if found is None:
            self._refuse(r"this quote is not closed: close it, or write it within quotes as \' or" + r" \"", self._at)
        self._at = found.end()
        if self._next() and self._next() not in END:
            message = "nothing but ; , or ) follows a closing quote: put all of the argument within the quotes"
            self._refuse(rf"{message}, and a \ before quotes in it", self._at)
        pieces: list[list[str]] = [[]]
        for part in INSIDE.finditer(found["inside"]):
            if part["any"]:
                pieces.append([])
            else:
                pieces[-1].append(part["plain"] or part.group())
        return ["".join(piece) for piece in pieces]

    def _plain(self, field: str) -> list[str]:
        border = BORDER.search(self._text, self._at)
        end = border.start() if border else len(self._text)
        if border and border.group() == "(":
            self._refuse("no parenthesis can stand in an argument: put the argument in quotes", end)
        written = self._text[self._at : end].rstrip(BLANKS)
        if not written:
            self._refuse(f"write what {field!r} is compared with, or '' for an empty text", self._at)
        pieces, at = [], self._at
        for piece in written.split("*"):
            pieces.append(self._decoded(piece, at))
            at += len(piece) + 1
        self._at = end
        return pieces

    def _decoded(self, text: str, at: int) -> str:
        """Without percent-encoding; `at` is where the text begins."""

        def put(found: re.Match[str]) -> str:
            try:
                return bytes.fromhex(found.group().replace("%", "")).decode()
            except UnicodeDecodeError:
                what = f"{found.group()[:LONGEST_SHOWN]} is no character in UTF-8"
                self._refuse(f"{what}: write % itself as %25, or put the argument in quotes", at + found.start())

        return OCTETS.sub(put, text)

    def _next(self) -> str:
        """The next character that is not blank; empty at the end."""
        blank = BLANK.match(self._text, self._at)
        if blank:
            self._at = blank.end()
        return self._text[self._at : self._at + 1]

    def _take(self, character: str) -> bool:
        if self._next() != character:
            return False
        self._at += 1
        return True

    def _refuse_what_follows(self) -> NoReturn:
        if self._next() == ")":
            self._refuse("no parenthesis is open that this one closes: remove it", self._at)
        self._refuse("write ; (and) or , (or) between two conditions", self._at)

    def _refuse(self, message: str, at: int, *allowed: str) -> NoReturn:
        raise Invalid(Problem(path=self._path, message=f"at character {at + 1}: {message}", allowed=allowed))


def _wanted(kind: FieldKind, pieces: Sequence[str]) -> Wanted:
    """An argument as its kind reads it; raises ValueError with what would be right."""
    if kind is FieldKind.TEXT:
        return _pattern(pieces)
    text = "*".join(pieces).strip(BLANKS)
    if kind is FieldKind.TIME:
        return _time(text)
    if kind is FieldKind.NUMBER:
        if not NUMBER.fullmatch(text):
            raise ValueError("write digits, such as 12 or -0.5")
        return Decimal(text)
    if text.lower() not in {"true", "false"}:
        raise ValueError("write true or false")
    return text.lower() == "true"


def _pattern(pieces: Sequence[str]) -> Pattern:
    within = [folded(piece) for piece in pieces]
    within[0] = within[0].lstrip(BLANKS)
    within[-1] = within[-1].rstrip(BLANKS)
    return Pattern(tuple(within))


def _time(text: str) -> datetime | Distance:
    found = DURATION.fullmatch(text)
    if found is None:
        try:
            return read_instant(text)
        except ValueError:
            raise ValueError(f"{HOW_TO_WRITE}, or a distance from now such as -P1D or -PT12H") from None
    sign = -1 if found["back"] else 1
    amounts = {name: int(found[name] or 0) for name in ("days", "hours", "minutes", "seconds")}
    rest = timedelta(**amounts, microseconds=int((found["part"] or "")[:6].ljust(6, "0")))
    months = 12 * int(found["years"] or 0) + int(found["months"] or 0)
    if months > 12 * MOST_YEARS or rest > timedelta(days=365 * MOST_YEARS):
        raise ValueError(f"a distance from now is at most {MOST_YEARS} years")
    return Distance(months=sign * months, rest=sign * rest)


def _excerpt(text: str) -> str:
    return repr(text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}...")

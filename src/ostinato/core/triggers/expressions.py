"""What both cron dialects share: fields, lists, ranges, steps, names, and errors that say where.

`Expression` is what a dialect makes of a text.
"""

import re
from typing import NoReturn

import msgspec

from ostinato.core.errors import Invalid, Problem
from ostinato.core.triggers.days import Dates

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
PART = re.compile(r"[^ \t]+")
ELEMENT = re.compile(r"(?P<low>\*|[0-9]+|[A-Z]+)(?:-(?P<high>[0-9]+|[A-Z]+))?(?:/(?P<step>[0-9]+))?")
MOST_DIGITS = 4


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """What one place of an expression may hold."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    first_name: int = 1
    wraps: bool = False
    """A range may end before it begins: 22-2 is 22, 23, 0, 1, 2."""
    largest_step: int = 9_999
    sunday_last: bool = False
    """SUN as the end of a range is 7."""


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """One field of an expression as it was written, in upper case, and where: the first character is 1."""

    text: str
    at: int


class Expression(msgspec.Struct, frozen=True, kw_only=True):
    minutes: int
    """Of the hour, as bits."""
    hours: int
    dates: Dates
    words: tuple[str, ...]
    """The fields as written."""


def words_of(expression: str) -> list[Word]:
    """The fields; raises Invalid for characters that no expression has."""
    for place, character in enumerate(expression, 1):
        if not (" " <= character <= "~" or character == "\t"):
            refuse(f"{character!r} is no character of an expression", place)
    return [Word(text=found.group().upper(), at=found.start() + 1) for found in PART.finditer(expression)]


def refuse(message: str, at: int | None = None, field: str = "") -> NoReturn:
    """Raise Invalid for something at a place in the expression."""
    place = "" if at is None else f"character {at}"
    place = f"{place} ({field})" if place and field else place or field
    raise Invalid(Problem(path="expression", message=f"{place}: {message}" if place else message))


def bits_of(field: Field, word: Word) -> int:
    """The values that a field names, as bits; raises Invalid."""
    bits, at = 0, word.at
    for element in word.text.split(","):
        for value in _values(field, element, at):
            bits |= 1 << value
        at += len(element) + 1
    return bits


def number_of(field: Field, text: str, at: int) -> int:
    """One value, a number or a name; raises Invalid."""
    if text in field.names:
        return field.names.index(text) + field.first_name
    if not text.isdigit():
        allowed = f"{field.names[0]} to {field.names[-1]} or " if field.names else ""
        refuse(f"{text!r} is not {allowed}a number from {field.low} to {field.high}", at, field.name)
    number = int(text) if len(text) <= MOST_DIGITS else field.high + 1
    if not field.low <= number <= field.high:
        refuse(f"{text} is not from {field.low} to {field.high}", at, field.name)
    return number


def _values(field: Field, element: str, at: int) -> range | list[int]:
    found = ELEMENT.fullmatch(element)
    if found is None or (found["low"] == "*" and found["high"]):
        what = repr(element) if element else "nothing between commas"
        refuse(f"{what} is not understood: write *, 5, 1-5, */10, 1-30/10 or a list of these", at, field.name)
    step = _step(field, found["step"], at + found.start("step"))
    if found["low"] == "*":
        return range(field.low, field.high + 1, step)
    low = number_of(field, found["low"], at)
    if found["high"] is None:
        return range(low, field.high + 1, step) if found["step"] else range(low, low + 1)
    high = number_of(field, found["high"], at + found.start("high"))
    if field.sunday_last and found["high"] == WEEKDAYS[0]:
        high = 7
    if high >= low:
        return range(low, high + 1, step)
    if not field.wraps:
        refuse(f"{element} ends before it begins", at, field.name)
    size = field.high - field.low + 1
    return [(value - field.low) % size + field.low for value in range(low, high + size + 1, step)]


def _step(field: Field, text: str | None, at: int) -> int:
    if text is None:
        return 1
    step = int(text) if len(text) <= MOST_DIGITS else field.largest_step + 1
    if not 1 <= step <= field.largest_step:
        refuse(f"a step of {text[:20]} is not from 1 to {field.largest_step}", at, field.name)
    return step

"""Triggers as JSON, in and out."""

import re
from typing import Any

import msgspec

from ostinato.core.errors import Invalid, Problem
from ostinato.core.triggers.kinds import HolidayList, Trigger
from ostinato.core.triggers.rules import rule_of

PLACE = re.compile(r"(?P<message>.*?)(?: - at `(?:key in )?\$(?P<path>[^`]*)`)?", re.DOTALL)


def read_trigger(data: Any) -> Trigger:
    """A trigger from plain data, checked as far as can be without its holiday lists; raises Invalid."""
    try:
        trigger = msgspec.convert(data, Trigger)
    except msgspec.ValidationError as error:
        raise Invalid(problem_of(error)) from error
    check(trigger)
    return trigger


def parse_trigger(text: bytes | str) -> Trigger:
    """A trigger from JSON text; raises Invalid."""
    return read_trigger(parse_json(text))


def parse_json(text: bytes | str) -> Any:
    """Plain data from JSON text; raises Invalid."""
    try:
        return msgspec.json.decode(text.encode(errors="surrogatepass") if isinstance(text, str) else text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(Problem(message=f"this is no JSON: {error}")) from error


def format_trigger(trigger: Trigger) -> bytes:
    """The JSON text of a trigger; `parse_trigger` makes the same trigger of it."""
    return msgspec.json.encode(trigger)


def check(trigger: Trigger) -> None:
    """Raise Invalid if the fields do not go together; any name of a holiday list will do."""
    names = trigger.calendar.lists if trigger.calendar is not None else ()
    rule_of(trigger, tuple(HolidayList(name=name, days=()) for name in dict.fromkeys(names)))


def problem_of(error: msgspec.ValidationError) -> Problem:
    """What msgspec found, and where."""
    found = PLACE.fullmatch(str(error))
    assert found is not None
    return Problem(path=(found["path"] or "").removeprefix("."), message=found["message"])

"""What a trigger is: when, on which clock, from when until when, and what is done on closed days.

These are the types of the JSON form as well: camelCase, unknown fields are refused. What one field alone can say is
held here; what several say together is held when a trigger is read (`ostinato.core.triggers.reading`).
"""

from datetime import date
from typing import Annotated, Literal, TypeAlias

import msgspec

from ostinato.core.triggers.clocks import LONGEST_NAME

Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Dialect: TypeAlias = Literal["unix", "quartz"]
Time: TypeAlias = Annotated[str, msgspec.Meta(max_length=20)]
"""A local time, `HH:MM`. No pattern stands here: patterns within unions make msgspec 0.22 crash when Python ends."""
Every: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=999)]
Minutes: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=527_040)]
ListName: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
LONGEST_EXPRESSION = 1_000
MOST_TIMES = 1_440
MOST_HOLIDAYS = 20_000
LONGEST_JITTER = 3_600


class Repeated(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel"
):
    """Several times a day: at `from`, and then every so many minutes of elapsed time, up to `to` and including it.

    If `to` is earlier than `from`, the window ends on the next day.
    """

    begin: Time = msgspec.field(name="from")
    end: Time = msgspec.field(name="to")
    every_minutes: Annotated[int, msgspec.Meta(ge=1, le=1_440)]


Times: TypeAlias = Time | Annotated[tuple[Time, ...], msgspec.Meta(min_length=1, max_length=MOST_TIMES)] | Repeated


class NthWeekday(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The first to fifth, or the last, of a weekday in a month; months without a fifth are left out."""

    nth: Annotated[int, msgspec.Meta(ge=1, le=5)] | Literal["last"]
    day: Weekday


class Once(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="once"):
    """One fire. `at` is a local time such as `2026-03-01T12:00`, or an instant such as `2026-03-01T11:00:00Z`."""

    at: Annotated[str, msgspec.Meta(max_length=40)]


class Window(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of each day; if `to` is earlier than `from`, it ends on the next day."""

    begin: Time = msgspec.field(name="from")
    end: Time = msgspec.field(name="to")


class Interval(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel",
    tag="interval",
):  # fmt: skip
    """Every so many minutes of elapsed time, whatever clocks do.

    Counted from the start of the window each day; without a window from the trigger's start; without a start from
    1970-01-01T00:00:00Z.
    """

    every_minutes: Minutes
    window: Window | None = None


class Daily(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag="daily"
):  # fmt: skip
    """Every so many days, counted from the start date."""

    at: Times
    every: Every = 1


class Weekly(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag="weekly"):
    """On these days of every so many weeks, counted from the week (Monday to Sunday) of the start date."""

    days: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1, max_length=7)]
    at: Times
    every: Every = 1


class Monthly(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag="monthly"):
    """On a day of every so many months, counted from the month of the start date; months without it are left out."""

    on: Annotated[int, msgspec.Meta(ge=1, le=31)] | Literal["last"] | NthWeekday
    at: Times
    every: Every = 1


class Cron(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag="cron"):
    """A cron expression. `unix` is five fields or a name such as @daily; `quartz` has no seconds, as Talend has it."""

    expression: Annotated[str, msgspec.Meta(max_length=LONGEST_EXPRESSION)]
    dialect: Dialect = "unix"


When: TypeAlias = Once | Interval | Daily | Weekly | Monthly | Cron


class Calendar(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, cache_hash=True
):
    """Which days are open, and whether fires on others are left out or moved to the next or previous open day.

    `lists` are names of holiday lists that are kept elsewhere and handed in.
    """

    weekdays: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1, max_length=7)] = WEEKDAYS
    holidays: Annotated[tuple[date, ...], msgspec.Meta(max_length=MOST_HOLIDAYS)] = ()
    lists: Annotated[tuple[ListName, ...], msgspec.Meta(max_length=50)] = ()
    closed: Literal["skip", "next", "previous"] = "skip"


class Trigger(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename="camel",
    cache_hash=True,
):  # fmt: skip
    """When something starts. Start and end are local, and belong to it; without times they are whole days."""

    when: When
    time_zone: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = "UTC"
    start_date: date | None = None
    start_time: Time | None = None
    end_date: date | None = None
    end_time: Time | None = None
    calendar: Calendar | None = None
    jitter_seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_JITTER)] = 0
    """A fire is up to so many seconds late, the same for the same trigger and fire, and never past the next one."""


class Holiday(msgspec.Struct, frozen=True):
    date: Annotated[date, msgspec.Meta(description="The day.")]
    name: Annotated[str, msgspec.Meta(description="What it is called.")] = ""


class HolidayList(msgspec.Struct, frozen=True, kw_only=True, cache_hash=True):
    """Holidays under a name that triggers can use."""

    name: str
    days: tuple[Holiday, ...]

"""What the fields of a trigger say together, and what is wrong with that; what each says alone its type holds."""

import re
from collections.abc import Iterator
from datetime import datetime

from ostinato.core.errors import Problem
from ostinato.core.triggers.kinds import (
    Calendar,
    Daily,
    Interval,
    Monthly,
    Once,
    Repeated,
    Trigger,
    Weekly,
)

ONCE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?")
TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
FIRST_YEAR, LAST_YEAR = 1900, 9000
LONGEST_WINDOW = 1_440


def disagreements(trigger: Trigger) -> Iterator[Problem]:
    """What is wrong with the fields together, and with times."""
    when = trigger.when
    for path, time in _times_written(trigger):
        if not TIME.fullmatch(time):
            yield Problem(path=path, message=f"{time!r} is no time of a day: write it like 09:30, from 00:00 to 23:59")
    yield from _span_problems(trigger)
    if isinstance(when, Daily | Weekly | Monthly):
        if when.every > 1 and trigger.start_date is None:
            message = f"a start date is needed, from which every {when.every} are counted"
            yield Problem(path="startDate", message=message)
        if isinstance(when.at, Repeated) and when.at.begin == when.at.end:
            yield Problem(path="when.at.to", message="the window ends when it begins: name another time")
    if isinstance(when, Interval):
        yield from _window_problems(when, trigger.calendar)
    if isinstance(when, Once):
        yield from _once_problems(when)


def _span_problems(trigger: Trigger) -> Iterator[Problem]:
    for name, day in (("startDate", trigger.start_date), ("endDate", trigger.end_date)):
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            yield Problem(path=name, message=f"the year is not from {FIRST_YEAR} to {LAST_YEAR}")
    if trigger.start_time is not None and trigger.start_date is None:
        yield Problem(path="startTime", message="a start time is of a start date: add startDate")
    if trigger.end_time is not None and trigger.end_date is None:
        yield Problem(path="endTime", message="an end time is of an end date: add endDate")


def _times_written(trigger: Trigger) -> Iterator[tuple[str, str]]:
    """Every time of a day in a trigger, with its path."""
    when, at = trigger.when, getattr(trigger.when, "at", ())
    if trigger.start_time is not None:
        yield "startTime", trigger.start_time
    if trigger.end_time is not None:
        yield "endTime", trigger.end_time
    if isinstance(when, Interval) and when.window is not None:
        yield from (("when.window.from", when.window.begin), ("when.window.to", when.window.end))
    elif isinstance(at, Repeated):
        yield from (("when.at.from", at.begin), ("when.at.to", at.end))
    elif isinstance(at, str) and not isinstance(when, Once):
        yield "when.at", at
    elif isinstance(at, tuple):
        yield from ((f"when.at[{place}]", time) for place, time in enumerate(at))


def _window_problems(when: Interval, calendar: Calendar | None) -> Iterator[Problem]:
    if when.window is not None and when.window.begin == when.window.end:
        yield Problem(path="when.window.to", message="the window ends when it begins: name another time")
    if when.window is not None and when.every_minutes > LONGEST_WINDOW:
        yield Problem(path="when.everyMinutes", message="more than 1440 minutes do not fit in a window: use daily")
    if when.window is None and calendar is not None and calendar.closed != "skip":
        message = "an interval without a window has no days that could be moved: use skip, or add a window"
        yield Problem(path="calendar.closed", message=message, allowed=("skip",))


def _once_problems(when: Once) -> Iterator[Problem]:
    try:
        found = moment_of(when)
    except ValueError:
        yield Problem(path="when.at", message="write it like 2026-03-01T12:00, or as an instant: 2026-03-01T11:00:00Z")
        return
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        yield Problem(path="when.at", message=f"the year is not from {FIRST_YEAR} to {LAST_YEAR}")


def moment_of(when: Once) -> datetime:
    """When it happens, as it is written; raises ValueError."""
    if not ONCE.fullmatch(when.at):
        raise ValueError(when.at)
    return datetime.fromisoformat(when.at)

"""A trigger made ready to be asked: names looked up, expressions read, fields that belong together checked."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from ostinato.core.errors import Invalid, Problem
from ostinato.core.triggers.calendars import Opening, open_dates
from ostinato.core.triggers.checks import disagreements, moment_of
from ostinato.core.triggers.clocks import TICK, happens, zone_of
from ostinato.core.triggers.days import Cycle, Dates, Days, dates_from
from ostinato.core.triggers.expressions import Expression
from ostinato.core.triggers.kinds import (
    WEEKDAYS,
    Calendar,
    Cron,
    Daily,
    HolidayList,
    Interval,
    Monthly,
    NthWeekday,
    Once,
    Repeated,
    Times,
    Trigger,
    Weekday,
    Weekly,
    Window,
)
from ostinato.core.triggers.quartz import read_quartz
from ostinato.core.triggers.unix import read_unix

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTES_OF_DAY = 1_440
DAYS_OF_THE_RULE = timedelta(days=1)


class AtTimes(msgspec.Struct, frozen=True):
    """At these minutes of the local day, as bits."""

    bits: int


class InWindow(msgspec.Struct, frozen=True, kw_only=True):
    """From `begin` to `end`, minutes of the local day, every so many minutes of elapsed time."""

    begin: int
    end: int
    """More than a day if it is on the next day."""
    every: int


class Elapsed(msgspec.Struct, frozen=True, kw_only=True):
    """Every so many minutes since an instant."""

    every: int
    since: datetime


class Single(msgspec.Struct, frozen=True, kw_only=True):
    """Once. `instant` is given if it was written as one, and holds unless a calendar moves the day."""

    local: datetime
    instant: datetime | None


Beat: TypeAlias = AtTimes | InWindow | Elapsed | Single


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    zone: ZoneInfo
    beat: Beat
    dates: Dates
    first: date
    """The days that are meant lie between these two; after a move they may not."""
    last: date
    start: datetime | None
    end: datetime | None
    """No fire before the one or after the other."""
    opening: Opening | None
    expression: Expression | None

    def days(self, first: date) -> Iterator[date]:
        """The local days on which it happens, from this one on, in order."""
        if self.opening is None:
            return self._meant(first)
        return open_dates(self.opening, self._meant, first)

    def _meant(self, first: date) -> Iterator[date]:
        return dates_from(self.dates, max(first, self.first), self.last)


@lru_cache(maxsize=16_384)
def rule_of(trigger: Trigger, lists: tuple[HolidayList, ...] = ()) -> Rule:
    """The rule of a trigger, with the holiday lists it names; raises Invalid with every problem found."""
    problems = [*disagreements(trigger)]
    zone = expression = opening = None
    try:
        zone = zone_of(trigger.time_zone)
    except Invalid as refusal:
        problems += refusal.problems
    if isinstance(trigger.when, Cron):
        try:
            expression = expression_of(trigger.when)
        except Invalid as refusal:
            problems += (_below("when", problem) for problem in refusal.problems)
    if trigger.calendar is not None:
        opening = _opening(trigger.calendar, lists, problems)
    if problems or zone is None:
        raise Invalid(*problems)
    start, end = _start(trigger, zone), _end(trigger, zone)
    if start is not None and end is not None and end < start:
        raise Invalid(Problem(path="endDate", message="the end is before the start: name a later one"))
    return Rule(
        zone=zone,
        beat=_beat(trigger, zone, start, expression),
        dates=_dates(trigger, expression),
        first=trigger.start_date or date.min,
        last=trigger.end_date or date.max,
        start=start,
        end=end,
        opening=opening,
        expression=expression,
    )


def expression_of(cron: Cron) -> Expression:
    """Raises Invalid."""
    return read_quartz(cron.expression) if cron.dialect == "quartz" else read_unix(cron.expression)


def minute_of(time: str) -> int:
    """`HH:MM` as the minute of the day."""
    return int(time[:2]) * 60 + int(time[3:])


def weekday_bits(weekdays: Sequence[Weekday]) -> int:
    bits = 0
    for weekday in weekdays:
        bits |= 1 << WEEKDAYS.index(weekday)
    return bits


def _below(path: str, problem: Problem) -> Problem:
    return msgspec.structs.replace(problem, path=f"{path}.{problem.path}")


def _opening(calendar: Calendar, lists: Sequence[HolidayList], problems: list[Problem]) -> Opening:
    known = {found.name: found for found in lists}
    holidays = dict.fromkeys(calendar.holidays, "")
    for place, name in enumerate(calendar.lists):
        if name not in known:
            message = f"there is no holiday list {name!r}"
            problems.append(Problem(path=f"calendar.lists[{place}]", message=message, allowed=tuple(sorted(known))))
            continue
        for holiday in known[name].days:
            holidays[holiday.date] = holiday.name or holidays.get(holiday.date, "")
    return Opening(weekdays=weekday_bits(calendar.weekdays), holidays=holidays, closed=calendar.closed)


def _start(trigger: Trigger, zone: ZoneInfo) -> datetime | None:
    if trigger.start_date is None:
        return None
    return happens(zone, datetime.fromisoformat(f"{trigger.start_date} {trigger.start_time or '00:00'}"))


def _end(trigger: Trigger, zone: ZoneInfo) -> datetime | None:
    if trigger.end_date is None:
        return None
    if trigger.end_time is not None:
        return happens(zone, datetime.fromisoformat(f"{trigger.end_date} {trigger.end_time}"))
    return happens(zone, datetime.fromisoformat(f"{trigger.end_date + DAYS_OF_THE_RULE} 00:00")) - TICK


def _beat(trigger: Trigger, zone: ZoneInfo, start: datetime | None, expression: Expression | None) -> Beat:
    when = trigger.when
    if isinstance(when, Once):
        found = moment_of(when)
        if found.tzinfo is None:
            return Single(local=found, instant=None)
        return Single(local=found.astimezone(zone).replace(tzinfo=None, fold=0), instant=found.astimezone(UTC))
    if isinstance(when, Interval):
        if when.window is None:
            return Elapsed(every=when.every_minutes, since=start or EPOCH)
        return _window(when.window, when.every_minutes)
    if isinstance(when, Cron):
        assert expression is not None
        return AtTimes(_every_hour(expression.hours, expression.minutes))
    return _times(when.at)


def _every_hour(hours: int, minutes: int) -> int:
    bits = 0
    for hour in range(24):
        if hours >> hour & 1:
            bits |= minutes << 60 * hour
    return bits


def _times(at: Times) -> Beat:
    if isinstance(at, Repeated):
        return _window(Window(begin=at.begin, end=at.end), at.every_minutes)
    bits = 0
    for time in (at,) if isinstance(at, str) else at:
        bits |= 1 << minute_of(time)
    return AtTimes(bits)


def _window(window: Window, every: int) -> InWindow:
    begin, end = minute_of(window.begin), minute_of(window.end)
    return InWindow(begin=begin, end=end if end > begin else end + MINUTES_OF_DAY, every=every)


def _dates(trigger: Trigger, expression: Expression | None) -> Dates:
    when, anchor = trigger.when, trigger.start_date or EPOCH.date()
    if expression is not None:
        return expression.dates
    if isinstance(when, Daily):
        return Dates(cycle=Cycle(unit="day", every=when.every, anchor=anchor) if when.every > 1 else None)
    if isinstance(when, Weekly):
        cycle = Cycle(unit="week", every=when.every, anchor=anchor) if when.every > 1 else None
        return Dates(days=Days(of_week=weekday_bits(when.days)), cycle=cycle)
    if isinstance(when, Monthly):
        cycle = Cycle(unit="month", every=when.every, anchor=anchor) if when.every > 1 else None
        return Dates(days=_month_days(when), cycle=cycle)
    return Dates()


def _month_days(when: Monthly) -> Days:
    if isinstance(when.on, NthWeekday):
        return Days(of_week=weekday_bits([when.on.day]), nth=-1 if when.on.nth == "last" else when.on.nth)
    if when.on == "last":
        return Days(before_last=0)
    assert isinstance(when.on, int)
    return Days(of_month=1 << when.on)

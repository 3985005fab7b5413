"""Which days of a month a trigger means, as bits: bit 1 is the first of the month, bit 31 the last there can be."""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import Literal

import msgspec

MONTH = 0xFFFFFFFE
"""All days that a month can have."""
YEAR = 0x1FFE
"""All months; bit 1 is January."""
WEEK = 0x7F
"""All weekdays; bit 0 is Monday."""
WEEKEND = 0x60
SEVENTHS = 1 << 1 | 1 << 8 | 1 << 15 | 1 << 22 | 1 << 29
FIRST_SEVEN = 0xFE
LAST_YEAR = 9_997
HORIZON_YEARS = 100
"""What does not happen for so many years never does; the rarest pattern, a fifth weekday of February, takes 40."""


class Days(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern of days within months."""

    of_month: int = MONTH
    of_week: int = WEEK
    either: bool = False
    """One of `of_month` and `of_week` is enough."""
    nth: int = 0
    """Only the so-manieth of the weekday in its month, 1 to 5; -1: only the last."""
    before_last: int | None = None
    """So many days before the last of the month, instead of `of_month`."""
    nearest_workday: bool = False
    """Move a Saturday or Sunday to the nearest Monday to Friday in the same month."""


class Cycle(msgspec.Struct, frozen=True, kw_only=True):
    """Only every so-manieth day, week or month, counted from the one that holds `anchor`."""

    unit: Literal["day", "week", "month"]
    every: int
    anchor: date


class Dates(msgspec.Struct, frozen=True, kw_only=True):
    """The days of a trigger, before any calendar."""

    days: Days = Days()
    months: int = YEAR
    years: frozenset[int] | None = None
    cycle: Cycle | None = None


@lru_cache(maxsize=4_096)
def month_shape(year: int, month: int) -> tuple[int, int]:
    """The weekday of the first (Monday is 0), and the number of days."""
    first = date(year, month, 1)
    after = date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)
    return first.weekday(), (after - first).days


def days_in(days: Days, year: int, month: int) -> int:
    """The days of this month that fit the pattern, as bits."""
    first, length = month_shape(year, month)
    there = (2 << length) - 2
    wanted = days.of_month & there
    if days.before_last is not None:
        wanted = 1 << (length - days.before_last) if days.before_last < length else 0
    if days.nearest_workday and wanted:
        wanted = 1 << _nearest_workday(wanted.bit_length() - 1, first, length)
    if days.of_week == WEEK and not days.nth:
        return there if days.either else wanted
    week = _weekdays(days.of_week, first)
    if days.nth > 0:
        week &= FIRST_SEVEN << 7 * (days.nth - 1)
    elif days.nth < 0:
        week &= FIRST_SEVEN << (length - 7)
    return (wanted | week) & there if days.either else wanted & week


def dates_from(dates: Dates, first: date, last: date) -> Iterator[date]:
    """The days of a trigger from one on until another, in order; no further than its last year or the horizon."""
    from_month = first.month
    until = first.year + HORIZON_YEARS if dates.years is None else max(dates.years)
    for year in range(first.year, min(last.year, until, LAST_YEAR) + 1):
        months = dates.months >> from_month << from_month if dates.years is None or year in dates.years else 0
        while months:
            month = (months & -months).bit_length() - 1
            months &= months - 1
            bits = days_in(dates.days, year, month)
            if dates.cycle is not None:
                bits &= _cycle_days(dates.cycle, year, month)
            if (year, month) == (first.year, first.month):
                bits = bits >> first.day << first.day
            while bits:
                found = date(year, month, (bits & -bits).bit_length() - 1)
                if found > last:
                    return
                yield found
                bits &= bits - 1
        from_month = 1


def _weekdays(of_week: int, first: int) -> int:
    bits = 0
    for weekday in range(7):
        if of_week >> weekday & 1:
            bits |= SEVENTHS << (weekday - first) % 7
    return bits


def _nearest_workday(day: int, first: int, length: int) -> int:
    weekday = (first + day - 1) % 7
    if weekday == 5:
        return day - 1 if day > 1 else 3
    if weekday == 6:
        return day + 1 if day < length else day - 2
    return day


def _cycle_days(cycle: Cycle, year: int, month: int) -> int:
    anchor = cycle.anchor
    if cycle.unit == "month":
        return 0 if ((year - anchor.year) * 12 + month - anchor.month) % cycle.every else MONTH
    _, length = month_shape(year, month)
    before = date(year, month, 1).toordinal() - 1
    bits = 0
    if cycle.unit == "day":
        for day in range((anchor.toordinal() - before - 1) % cycle.every + 1, length + 1, cycle.every):
            bits |= 1 << day
        return bits
    monday = anchor.toordinal() - anchor.weekday()
    for day in range(1, length + 1):
        if (before + day - monday) // 7 % cycle.every == 0:
            bits |= 1 << day
    return bits

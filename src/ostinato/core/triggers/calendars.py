"""Open and closed days, and what becomes of the days of a trigger that are closed."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from typing import Literal

import msgspec

from ostinato.core.triggers.days import LAST_YEAR

DAY = timedelta(days=1)
FIRST_DAY, LAST_DAY = date(1, 1, 4), date(LAST_YEAR, 12, 31)


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A calendar with its lists looked up."""

    weekdays: int
    """Open ones as bits; bit 0 is Monday."""
    holidays: Mapping[date, str]
    """What is closed beside the weekdays, with the name of the holiday if it has one."""
    closed: Literal["skip", "next", "previous"]


def is_open(opening: Opening, day: date) -> bool:
    return bool(opening.weekdays >> day.weekday() & 1) and day not in opening.holidays


def open_dates(opening: Opening, meant: Callable[[date], Iterator[date]], first: date) -> Iterator[date]:
    """The days on which it happens, from `first` on, in order and each once; `meant` are the days before any move."""
    if opening.closed == "skip":
        yield from (day for day in meant(first) if is_open(opening, day))
        return
    step = DAY if opening.closed == "next" else -DAY
    begin = _day_after_the_open_one_before(opening, first) if step == DAY else first
    last = before = moved = None
    for day in meant(begin):
        if not (step == DAY and moved is not None and day <= moved):  # else it moves to where the one before it did
            moved = nearest_open(opening, day, step, {before: moved} if before is not None else {})
        before = day
        if moved is not None and moved >= first and moved != last:
            yield moved
            last = moved


def nearest_open(
    opening: Opening, day: date, step: timedelta, known: Mapping[date, date | None] | None = None
) -> date | None:
    """The day itself if it is open, or the next one in that direction that is; None at the ends of time. `known` are
    answers for other days, so that a long closed time is gone through once."""
    while not is_open(opening, day):
        if known and day in known:
            return known[day]
        if not FIRST_DAY <= day <= LAST_DAY:
            return None
        day += step
    return day


def _day_after_the_open_one_before(opening: Opening, day: date) -> date:
    """Days from here on may be moved to `day`, and none before it."""
    before = nearest_open(opening, day - DAY, -DAY) if day > FIRST_DAY else None
    return FIRST_DAY if before is None else before + DAY

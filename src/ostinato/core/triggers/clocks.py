"""Clocks on the wall and the instants behind them: one rule for every change of a clock.

A local time happens at the first moment at which the clock of its zone has reached it. So a time that a clock jumps
over happens right after the jump, and a time that a clock shows twice happens the first time.
"""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ostinato.core.errors import Invalid, Problem

NAME = re.compile(r"(?!right/|posix/|localtime$|posixrules$)[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9][A-Za-z0-9_+\-]*)*")
LONGEST_NAME = 64
SECOND = timedelta(seconds=1)
TICK = timedelta(microseconds=1)
EARLIEST = datetime(1, 1, 4, tzinfo=UTC)
LATEST = datetime(9998, 1, 1, tzinfo=UTC)
"""Between these every instant has a local time everywhere."""


def zone_of(name: str, path: str = "timeZone") -> ZoneInfo:
    """The zone of an IANA name; raises Invalid. Names that differ from machine to machine are none."""
    if len(name) <= LONGEST_NAME and NAME.fullmatch(name):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            pass
    shown = name[:LONGEST_NAME]
    message = f"{shown!r} is no time zone that is known: use a name of the IANA list such as Europe/Berlin"
    raise Invalid(Problem(path=path, message=message))


def happens(zone: ZoneInfo, local: datetime) -> datetime:
    """The first instant (UTC) at which the clock has reached a local time, which comes without a zone."""
    first = local.replace(tzinfo=zone)
    offset, other = first.utcoffset() or timedelta(), first.replace(fold=1).utcoffset() or timedelta()
    if offset >= other:
        return (local - offset).replace(tzinfo=UTC)
    return _change((local - other).replace(tzinfo=UTC), (local - offset).replace(tzinfo=UTC), zone)


def furthest(zone: ZoneInfo, instant: datetime) -> datetime:
    """The latest local time that the clock has shown up to an instant; later ones are still to happen.

    That is the local time itself, except while a clock that was set back shows again what it showed before.
    """
    shown = instant.astimezone(zone)
    local = shown.replace(tzinfo=None, fold=0)
    if not shown.fold:
        return local
    before = shown.replace(fold=0).utcoffset() or timedelta()
    change = _change((local - before).replace(tzinfo=UTC), instant.astimezone(UTC), zone)
    return change.replace(tzinfo=None) + before - TICK


def shown_at(zone: ZoneInfo, instant: datetime) -> datetime:
    """What the clock shows at an instant, without its zone."""
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def _change(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The first whole second after `before`, and not after `after`, at which the zone has another offset."""
    before = before.replace(microsecond=0)
    offset = before.astimezone(zone).utcoffset()
    low, high = 0, -((before - after) // SECOND)
    while high - low > 1:
        middle = (low + high) // 2
        if (before + middle * SECOND).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return before + high * SECOND

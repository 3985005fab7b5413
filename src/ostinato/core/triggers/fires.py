"""When a trigger fires: the next time after an instant, and all between two.

Everything here depends on nothing but its arguments, so any server at any time says the same. A fire is known by the
time that was planned; a jitter delays it, never to the planned time of the next one or past it.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import blake2b

from ostinato.core.triggers.calendars import DAY, is_open, nearest_open
from ostinato.core.triggers.clocks import EARLIEST, LATEST, SECOND, TICK, furthest, happens, shown_at
from ostinato.core.triggers.days import HORIZON_YEARS
from ostinato.core.triggers.kinds import HolidayList, Trigger
from ostinato.core.triggers.rules import MINUTES_OF_DAY, AtTimes, Elapsed, InWindow, Rule, Single, rule_of

MINUTE = timedelta(minutes=1)
MIDNIGHT = datetime.min.time()
WINDOW_DAYS = timedelta(days=2)
"""A window that began so long ago, over midnight and a change of the clock, may still be open."""


def next_after(
    trigger: Trigger, after: datetime, *, lists: tuple[HolidayList, ...] = (), key: str = ""
) -> datetime | None:
    """The first fire (UTC) that is later than an instant; None: there is none within a hundred years.

    `key` is what the trigger is known by: it chooses among the delays of a jitter.
    """
    rule = rule_of(trigger, lists)
    if not trigger.jitter_seconds:
        return planned_after(rule, after)
    planned = planned_after(rule, max(after, EARLIEST) - trigger.jitter_seconds * SECOND)
    while planned is not None:
        fire = planned + delay(trigger, rule, planned, key)
        if fire > after:
            return fire
        planned = planned_after(rule, planned)
    return None


def upcoming(
    trigger: Trigger, after: datetime, *, lists: tuple[HolidayList, ...] = (), key: str = ""
) -> Iterator[datetime]:
    """All fires later than an instant, in order."""
    fire = next_after(trigger, after, lists=lists, key=key)
    while fire is not None:
        yield fire
        fire = next_after(trigger, fire, lists=lists, key=key)


def between(
    trigger: Trigger, after: datetime, until: datetime, *, lists: tuple[HolidayList, ...] = (), key: str = ""
) -> Iterator[datetime]:
    """The fires later than `after` and not later than `until`, in order."""
    for fire in upcoming(trigger, after, lists=lists, key=key):
        if fire > until:
            return
        yield fire


def delay(trigger: Trigger, rule: Rule, planned: datetime, key: str) -> timedelta:
    """How late a fire is that was planned for an instant: whole seconds, the same whenever and wherever it is asked."""
    most = trigger.jitter_seconds
    following = planned_after(rule, planned)
    if following is not None:
        most = min(most, (following - planned) // SECOND - 1)
    seed = f"{key}\0{planned.astimezone(UTC).isoformat()}".encode(errors="surrogatepass")
    return int.from_bytes(blake2b(seed, digest_size=8).digest()) % (most + 1) * SECOND


def planned_after(rule: Rule, after: datetime) -> datetime | None:
    """The next fire before any jitter."""
    if after.tzinfo is None:
        raise ValueError("an instant has a time zone")
    after = max(after, EARLIEST) if rule.start is None else max(after, EARLIEST, rule.start - TICK)
    if after >= LATEST or (rule.end is not None and after >= rule.end):
        return None
    beat = rule.beat
    if isinstance(beat, AtTimes):
        found = _next_time(rule, beat.bits, after)
    elif isinstance(beat, InWindow):
        found = _next_in_window(rule, beat, after)
    elif isinstance(beat, Elapsed):
        found = _next_elapsed(rule, beat, after)
    else:
        found = _single(rule, beat)
        found = found if found is not None and found > after else None
    return None if found is None or (rule.end is not None and found > rule.end) else found


def _next_time(rule: Rule, times: int, after: datetime) -> datetime | None:
    shown = furthest(rule.zone, after)
    today, minute = shown.date(), shown.hour * 60 + shown.minute + 1
    for day in rule.days(today):
        left = times >> minute << minute if day == today else times
        while left:
            found = happens(rule.zone, _local(day, (left & -left).bit_length() - 1))
            if found > after:
                return found
            left &= left - 1
    return None


def _next_in_window(rule: Rule, beat: InWindow, after: datetime) -> datetime | None:
    every = beat.every * MINUTE
    for day in rule.days(shown_at(rule.zone, after).date() - WINDOW_DAYS):
        begin, end = happens(rule.zone, _local(day, beat.begin)), happens(rule.zone, _local(day, beat.end))
        found = begin if begin > after else begin + ((after - begin) // every + 1) * every
        if found <= end:
            return found
    return None


def _next_elapsed(rule: Rule, beat: Elapsed, after: datetime) -> datetime | None:
    every = beat.every * MINUTE
    found = beat.since + ((after - beat.since) // every + 1) * every
    if rule.opening is None:
        return found
    last_year = after.year + HORIZON_YEARS
    while found < LATEST and found.year <= last_year:
        today = shown_at(rule.zone, found).date()
        if is_open(rule.opening, today):
            return found
        opens = nearest_open(rule.opening, today, DAY)
        if opens is None:
            return None
        begin = happens(rule.zone, _local(opens, 0)) - TICK
        found = beat.since + ((begin - beat.since) // every + 1) * every
    return None


def _single(rule: Rule, beat: Single) -> datetime | None:
    meant = beat.local.date()
    day: date | None = meant
    if rule.opening is not None and not is_open(rule.opening, meant):
        if rule.opening.closed == "skip":
            return None
        day = nearest_open(rule.opening, meant, DAY if rule.opening.closed == "next" else -DAY)
    if day is None:
        return None
    if day == meant and beat.instant is not None:
        return beat.instant
    return happens(rule.zone, datetime.combine(day, beat.local.time()))


def _local(day: date, minute: int) -> datetime:
    if minute >= MINUTES_OF_DAY:
        day, minute = day + DAY, minute - MINUTES_OF_DAY
    return datetime.combine(day, MIDNIGHT) + minute * MINUTE

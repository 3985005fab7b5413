"""A second opinion, written in another way: every minute of the world is walked, and every day asked by words.

Nothing here is taken from the product. Which days an expression means is asked of each date with the calendar module;
when a local time happens is found by looking at what the clock shows in every minute around it.
"""

import calendar
from bisect import bisect_left
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, islice
from zoneinfo import ZoneInfo

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
MIDNIGHT = datetime.min.time()
UNIX_DAYS = {name: at for at, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"])}
QUARTZ_DAYS = {name: at for at, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}
MONTHS = {
    name: at
    for at, name in enumerate(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1)
}
NAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
MeansDay = Callable[[date], bool]
MeansTime = Callable[[int, int], bool]


@lru_cache(maxsize=2_000)
def _minutes_around(zone: ZoneInfo, day: date) -> tuple[datetime, list[datetime]]:
    """From well before a day on, minute by minute: the furthest that the clock has been by then."""
    begin = datetime.combine(day, MIDNIGHT, UTC) - 40 * 60 * MINUTE
    shown = ((begin + at * MINUTE).astimezone(zone).replace(tzinfo=None, fold=0) for at in range(110 * 60))
    return begin, list(accumulate(shown, max))


def first_reached(zone: ZoneInfo, local: datetime) -> datetime:
    begin, furthest = _minutes_around(zone, local.date())
    at = bisect_left(furthest, local)
    return begin + at * MINUTE


def walk(
    zone: ZoneInfo, means_day: MeansDay, means_time: MeansTime, after: datetime, years: int = 110
) -> Iterator[datetime]:
    """The fires later than an instant."""
    day = after.astimezone(zone).date() - 2 * DAY
    last = None
    minutes = [minute for minute in range(1_440) if means_time(*divmod(minute, 60))]
    for _ in range(years * 366):
        if means_day(day):
            for minute in minutes:
                fire = first_reached(zone, datetime.combine(day, MIDNIGHT) + minute * MINUTE)
                if fire > after and fire != last:
                    yield fire
                    last = fire
        day += DAY


def walk_cron(dialect: str, expression: str, zone: str, after: datetime, count: int) -> list[datetime]:
    means_day, means_time = (quartz if dialect == "quartz" else unix)(expression)
    return list(islice(walk(ZoneInfo(zone), means_day, means_time, after), count))


def fits(value: int, text: str, low: int, high: int, names: dict[str, int] | None = None) -> bool:
    """Whether a field of lists, ranges and steps means a value."""

    def number(word: str) -> int:
        return names[word] if names and word in names else int(word)

    for part in text.split(","):
        body, _, by = part.partition("/")
        step = int(by or 1)
        if body in ("*", ""):
            begin, end = low, high
        elif "-" in body:
            begin, end = map(number, body.split("-"))
        else:
            begin, end = number(body), high if by else number(body)
        if end >= begin:
            if begin <= value <= end and (value - begin) % step == 0:
                return True
        else:
            size = high - low + 1
            if (value >= begin or value <= end) and (value - begin) % size % step == 0:
                return True
    return False


def unix(expression: str) -> tuple[MeansDay, MeansTime]:
    minute, hour, dom, month, dow = NAMES.get(expression, expression).upper().split()

    def means_day(day: date) -> bool:
        if not fits(day.month, month, 1, 12, MONTHS):
            return False
        by_month = fits(day.day, dom, 1, 31)
        sunday = day.isoweekday() == 7
        by_week = fits(day.isoweekday(), dow, 0, 7, UNIX_DAYS) or (sunday and fits(0, dow, 0, 7, UNIX_DAYS))
        return by_month and by_week if dom[0] == "*" or dow[0] == "*" else by_month or by_week

    return means_day, lambda at_hour, at_minute: fits(at_hour, hour, 0, 23) and fits(at_minute, minute, 0, 59)


def quartz(expression: str) -> tuple[MeansDay, MeansTime]:
    minute, hour, dom, month, dow, *rest = expression.upper().split()
    year = rest[0] if rest else "*"

    def means_day(day: date) -> bool:
        if not fits(day.month, month, 1, 12, MONTHS) or not (year == "*" or fits(day.year, year, 1970, 2099)):
            return False
        return _week_day(day, dow) if dom == "?" else _month_day(day, dom)

    return means_day, lambda at_hour, at_minute: fits(at_hour, hour, 0, 23) and fits(at_minute, minute, 0, 59)


def _month_day(day: date, text: str) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    if text.startswith("L") or text.endswith("W"):
        offset = text.removesuffix("W").removeprefix("L").removeprefix("-")
        target = length - int(offset or 0) if text.startswith("L") else int(text[:-1])
        if not 1 <= target <= length:
            return False
        if not text.endswith("W"):
            return day.day == target
        working = [at for at in range(1, length + 1) if calendar.weekday(day.year, day.month, at) < 5]
        return day.day == min(working, key=lambda at: abs(at - target))
    return fits(day.day, text, 1, 31)


def _week_day(day: date, text: str) -> bool:
    number = day.isoweekday() % 7 + 1
    length = calendar.monthrange(day.year, day.month)[1]

    def named(word: str) -> int:
        return QUARTZ_DAYS[word] if word in QUARTZ_DAYS else int(word)

    if text == "L":
        return number == 7
    if text.endswith("L"):
        return number == named(text[:-1]) and day.day + 7 > length
    if "#" in text:
        weekday, nth = text.split("#")
        return number == named(weekday) and (day.day - 1) // 7 + 1 == int(nth)
    return fits(number, text, 1, 7, QUARTZ_DAYS)

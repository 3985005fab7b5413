"""A trigger in plain words, in sentences."""

from collections.abc import Iterator

from ostinato.core.triggers.kinds import (
    WEEKDAYS,
    Calendar,
    Cron,
    Daily,
    Interval,
    Monthly,
    NthWeekday,
    Once,
    Repeated,
    Times,
    Trigger,
    Weekly,
    When,
)
from ostinato.core.triggers.rules import expression_of, weekday_bits
from ostinato.core.triggers.words import (
    NTH,
    days_in_words,
    in_months,
    in_runs,
    listed,
    ordinal,
    times_in_words,
    weekdays_in,
)

MOST_NAMED = 5
MOVED = {"skip": "are left out", "next": "move to the next open day", "previous": "move to the open day before"}


def describe(trigger: Trigger) -> str:
    """What the trigger says; it has been checked."""
    return " ".join(f"{sentence[0].upper()}{sentence[1:]}." for sentence in _sentences(trigger))


def _sentences(trigger: Trigger) -> Iterator[str]:
    yield f"{_when(trigger.when)}, on the clock of {trigger.time_zone}"
    span = _span(trigger)
    if span:
        yield span
    if trigger.calendar is not None:
        yield _calendar(trigger.calendar)
    if trigger.jitter_seconds:
        yield f"each fire is up to {trigger.jitter_seconds} seconds late"


def _when(when: When) -> str:
    if isinstance(when, Once):
        return f"once, at {when.at.replace('T', ' ')}"
    if isinstance(when, Interval):
        window = (
            f", each day from {when.window.begin} to {_end(when.window.begin, when.window.end)}" if when.window else ""
        )
        return f"{_every(when.every_minutes, 'minute')}{window}"
    if isinstance(when, Daily):
        return f"{_every(when.every, 'day')} {_times(when.at)}"
    if isinstance(when, Weekly):
        weeks = "" if when.every == 1 else f" of every {ordinal(when.every)} week"
        return f"on {weekdays_in(weekday_bits(when.days))}{weeks} {_times(when.at)}"
    if isinstance(when, Monthly):
        return _monthly(when)
    return _cron(when)


def _monthly(when: Monthly) -> str:
    months = "every month" if when.every == 1 else f"every {ordinal(when.every)} month"
    if isinstance(when.on, NthWeekday):
        nth = "last" if when.on.nth == "last" else NTH[int(when.on.nth)]
        return f"on the {nth} {when.on.day.capitalize()} of {months} {_times(when.at)}"
    day = "last day" if when.on == "last" else ordinal(int(when.on))
    return f"on the {day} of {months} {_times(when.at)}"


def _cron(when: Cron) -> str:
    expression = expression_of(when)
    dates = expression.dates
    years = ""
    if dates.years is not None:
        years = f" in {in_runs(sorted(dates.years), [str(year) for year in range(max(dates.years) + 1)])}"
    times = times_in_words(expression.hours, expression.minutes)
    return f"{times} {days_in_words(dates.days)}{in_months(dates.months)}{years}"


def _every(number: int, unit: str) -> str:
    return f"every {unit}" if number == 1 else f"every {number} {unit}s"


def _times(at: Times) -> str:
    if isinstance(at, Repeated):
        return f"{_every(at.every_minutes, 'minute')} from {at.begin} to {_end(at.begin, at.end)}"
    return f"at {at if isinstance(at, str) else listed(sorted(set(at)))}"


def _end(begin: str, end: str) -> str:
    return end if end > begin else f"{end} the next day"


def _span(trigger: Trigger) -> str:
    begin = f"from {trigger.start_date}{f' {trigger.start_time}' if trigger.start_time else ''} on"
    end = f"until {trigger.end_date}{f' {trigger.end_time}' if trigger.end_time else ''}, and that included"
    return " ".join(part for part, given in ((begin, trigger.start_date), (end, trigger.end_date)) if given)


def _calendar(calendar: Calendar) -> str:
    shut = [name.capitalize() for name in WEEKDAYS if name not in calendar.weekdays]
    days = sorted(str(day) for day in set(calendar.holidays))
    shut += days if len(days) <= MOST_NAMED else [f"{len(days)} holidays"]
    shut += [f"the list {name}" for name in calendar.lists]
    return f"fires on closed days ({listed(shut)}) {MOVED[calendar.closed]}" if shut else "every day is open"

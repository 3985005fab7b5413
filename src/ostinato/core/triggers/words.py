"""Days, times and lists of them in plain words."""

from collections.abc import Iterable, Sequence

from ostinato.core.triggers.days import MONTH, WEEK, YEAR, Days
from ostinato.core.triggers.kinds import WEEKDAYS

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
NTH = ("", "first", "second", "third", "fourth", "fifth")
WORKDAY = "working day (Monday to Friday)"
EVERY_MINUTE = (1 << 60) - 1
EVERY_HOUR = (1 << 24) - 1
MOST_TIMES = 6
"""So many times of a day are named one by one."""
LEAST_RUN = 3
"""Values in a row are named by the first and the last from here on."""


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def numbers_in(bits: int) -> list[int]:
    return [place for place in range(bits.bit_length()) if bits >> place & 1]


def ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def in_runs(values: Iterable[int], names: Sequence[str]) -> str:
    """Values by their names; three or more in a row as `Monday to Friday`."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    words: list[str] = []
    for run in runs:
        if len(run) >= LEAST_RUN:
            words.append(f"{names[run[0]]} to {names[run[-1]]}")
        else:
            words += [names[value] for value in run]
    return listed(words)


def months_in(bits: int) -> str:
    return in_runs(numbers_in(bits), ("", *MONTHS))


def weekdays_in(bits: int) -> str:
    return in_runs(numbers_in(bits), [name.capitalize() for name in WEEKDAYS])


def days_in_words(days: Days) -> str:
    """`on the 15th`, `on the last Friday of the month`, `every day`."""
    if days.before_last is not None or days.nearest_workday:
        return _by_the_end_or_near(days)
    month = f"the {in_runs(numbers_in(days.of_month), [ordinal(number) for number in range(32)])}"
    if days.nth:
        nth = "last" if days.nth < 0 else NTH[days.nth]
        return f"on the {nth} {weekdays_in(days.of_week)} of the month"
    if days.either:
        return f"on {month} of the month and also on {weekdays_in(days.of_week)}"
    if days.of_month == MONTH:
        return "every day" if days.of_week == WEEK else f"on {weekdays_in(days.of_week)}"
    return f"on {month} of the month" + ("" if days.of_week == WEEK else f" if that is {weekdays_in(days.of_week)}")


def times_in_words(hours: int, minutes: int) -> str:
    """`at 09:00 and 17:00`, `every 15 minutes, from 08 to 17 hours`."""
    if hours.bit_count() * minutes.bit_count() <= MOST_TIMES:
        return "at " + listed(
            [f"{hour:02}:{minute:02}" for hour in numbers_in(hours) for minute in numbers_in(minutes)]
        )
    within = (
        "" if hours == EVERY_HOUR else f" in the hours {in_runs(numbers_in(hours), [f'{at:02}' for at in range(24)])}"
    )
    step = _step(minutes)
    if step is not None:
        return f"every {f'{step} minutes' if step > 1 else 'minute'}{within}"
    named = numbers_in(minutes)
    said = in_runs(named, [str(minute) for minute in range(60)])
    return f"at {'minute' if len(named) == 1 else 'minutes'} {said} of {within[4:] or 'every hour'}"


def in_months(months: int) -> str:
    return "" if months == YEAR else f" in {months_in(months)}"


def _step(minutes: int) -> int | None:
    """n, if these are the minutes 0, n, 2n and so on of an hour that n divides."""
    named = numbers_in(minutes)
    step = 60 // len(named)
    return step if named == list(range(0, 60, step)) else None


def _by_the_end_or_near(days: Days) -> str:
    if days.before_last is None:
        return f"on the {WORKDAY} nearest to the {ordinal(days.of_month.bit_length() - 1)} in the month"
    if not days.before_last:
        return f"on the last {WORKDAY if days.nearest_workday else 'day'} of the month"
    counted = f"{days.before_last} {'day' if days.before_last == 1 else 'days'} before the last day of the month"
    return f"on the {WORKDAY} nearest to {counted}" if days.nearest_workday else f"{counted}"

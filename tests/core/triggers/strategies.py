"""Random triggers, expressions and zones."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ostinato.core.triggers import Trigger, read_trigger

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia",
    "Asia/Kathmandu", "America/Havana", "Africa/Cairo", "Europe/London",
)  # fmt: skip
CHANGES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Australia/Lord_Howe": ("2026-04-04", "2026-10-03"),
    "America/Sao_Paulo": ("2018-02-18", "2018-11-04"),
    "Pacific/Apia": ("2011-12-30", "2012-03-31"),
    "America/Havana": ("2024-03-10", "2024-11-03"),
    "Africa/Cairo": ("2024-04-25", "2024-10-31"),
    "Europe/London": ("2026-03-29", "2026-10-25"),
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parts(low: int, high: int) -> st.SearchStrategy[str]:
    """One field: numbers, ranges, steps, lists."""
    numbers = st.integers(low, high)
    ranges = st.tuples(numbers, numbers).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.integers(1, max(high // 2, 2))
    element = st.one_of(
        numbers.map(str),
        ranges,
        st.builds("{}/{}".format, st.one_of(st.just("*"), ranges, numbers.map(str)), steps),
    )
    return st.one_of(st.just("*"), element, st.lists(element, min_size=1, max_size=3).map(",".join))


unix_expressions = st.builds(
    "{} {} {} {} {}".format, parts(0, 59), parts(0, 23), parts(1, 31), parts(1, 12), parts(0, 7)
)
_months = st.one_of(parts(1, 12), st.just("*"))
_quartz_days = st.one_of(
    st.tuples(
        st.one_of(
            parts(1, 31),
            st.sampled_from(["L", "LW", "L-1", "L-3W", "L-29"]),
            st.integers(1, 31).map("{}W".format),
        ),
        _months,
        st.just("?"),
    ),
    st.tuples(
        st.just("?"),
        _months,
        st.one_of(
            parts(1, 7),
            st.just("L"),
            st.builds("{}#{}".format, st.integers(1, 7), st.integers(1, 5)),
            st.integers(1, 7).map("{}L".format),
            st.sampled_from(["SAT-MON", "MON-FRI", "5-2"]),
        ),
    ),
).map(" ".join)
quartz_expressions = st.builds(
    lambda minute, hour, days, year: f"{minute} {hour} {days}{year}",
    st.one_of(parts(0, 59), st.just("50-10/3")),
    st.one_of(parts(0, 23), st.just("22-3")),
    _quartz_days,
    st.sampled_from(["", " *", " 2010-2030", " 2026/2"]),
)
cron_expressions = st.one_of(
    st.tuples(st.just("unix"), unix_expressions), st.tuples(st.just("quartz"), quartz_expressions)
)


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, datetime]:
    """A zone, and an instant that is often near a change of its clock."""
    zone = draw(st.sampled_from(ZONES))
    seconds = draw(st.integers(-2 * 86_400, 2 * 86_400))
    day = draw(st.sampled_from(CHANGES.get(zone, ("2026-02-27", "2026-12-31"))))
    return zone, datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(seconds=seconds)


times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
_repeated = st.builds(
    lambda begin, end, every: {"from": begin, "to": end, "everyMinutes": every}, times, times, st.integers(1, 600)
).filter(lambda window: window["from"] != window["to"])
_at = st.one_of(times, st.lists(times, min_size=1, max_size=4), _repeated)
_every = st.integers(1, 4)
_weekdays = st.lists(st.sampled_from(WEEKDAYS), min_size=1, max_size=7, unique=True)
_dates = st.dates(date(2026, 1, 1), date(2027, 3, 1)).map(str)
whens = st.one_of(
    st.builds(lambda day, time: {"type": "once", "at": f"{day}T{time}"}, _dates, times),
    st.builds(lambda every: {"type": "interval", "everyMinutes": every}, st.integers(5, 3_000)),
    st.builds(
        lambda every, window: {
            "type": "interval", "everyMinutes": every, "window": {"from": window["from"], "to": window["to"]}
        },
        st.integers(5, 1_440),
        _repeated,
    ),
    st.builds(lambda at, every: {"type": "daily", "at": at, "every": every}, _at, _every),
    st.builds(
        lambda at, every, days: {"type": "weekly", "at": at, "every": every, "days": days}, _at, _every, _weekdays
    ),
    st.builds(
        lambda at, every, on: {"type": "monthly", "at": at, "every": every, "on": on},
        _at,
        _every,
        st.one_of(
            st.integers(1, 31),
            st.just("last"),
            st.fixed_dictionaries(
                {"nth": st.one_of(st.integers(1, 5), st.just("last")), "day": st.sampled_from(WEEKDAYS)}
            ),
        ),
    ),
    cron_expressions.map(lambda cron: {"type": "cron", "dialect": cron[0], "expression": cron[1]}),
)  # fmt: skip


@st.composite
def triggers_as_data(draw: st.DrawFn) -> dict[str, Any]:
    when = draw(whens)
    data: dict[str, Any] = {"when": when, "timeZone": draw(st.sampled_from(ZONES)), "startDate": draw(_dates)}
    if draw(st.booleans()):
        data["endDate"] = draw(st.dates(date(2027, 3, 2), date(2029, 1, 1)).map(str))
    if draw(st.booleans()):
        data["jitterSeconds"] = draw(st.integers(1, 3_600))
    if draw(st.booleans()):
        moving = "skip" if when["type"] == "interval" else draw(st.sampled_from(["skip", "next", "previous"]))
        holidays = draw(st.lists(_dates, max_size=3))
        data["calendar"] = {"weekdays": draw(_weekdays), "holidays": holidays, "closed": moving}
    return data


def triggers() -> st.SearchStrategy[Trigger]:
    return triggers_as_data().map(read_trigger)

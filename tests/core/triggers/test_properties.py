"""What holds of every trigger, at any time, in any zone."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from ostinato.core.errors import Invalid, Problem
from ostinato.core.triggers import (
    Cron,
    Trigger,
    between,
    describe,
    format_trigger,
    next_after,
    parse_trigger,
    read_holidays,
    read_trigger,
    upcoming,
    why_at,
    why_never,
)
from ostinato.core.triggers.calendars import DAY, Opening, nearest_open, open_dates
from ostinato.core.triggers.fires import planned_after
from ostinato.core.triggers.kinds import Daily, Monthly, NthWeekday, Repeated, Weekly
from ostinato.core.triggers.previews import answer
from ostinato.core.triggers.rules import rule_of
from tests.core.triggers.strategies import (
    cron_expressions,
    moments,
    triggers,
    triggers_as_data,
    unix_expressions,
    whens,
)
from tests.core.triggers.walk import MINUTE, quartz, unix, walk

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
instants = st.integers(0, 730 * 86_400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
any_instant = st.datetimes(timezones=st.just(UTC))
slow = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None)


@slow
@given(triggers(), instants)
def test_each_fire_is_later_than_the_one_before(trigger: Trigger, after: datetime) -> None:
    fires = [after, *islice(upcoming(trigger, after, key="a"), 10)]
    assert all(earlier < later for earlier, later in pairwise(fires))


@slow
@given(triggers(), instants, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_between_is_next_again_and_again(trigger: Trigger, after: datetime, length: timedelta) -> None:
    until = after + min(length, timedelta(days=40))
    found, fire = [], next_after(trigger, after)
    while fire is not None and fire <= until and len(found) < 200:
        found.append(fire)
        fire = next_after(trigger, fire)
    assert list(islice(between(trigger, after, until), 200)) == found


@settings(slow, max_examples=50)
@given(triggers(), st.lists(st.integers(1, 365 * 86_400), min_size=1, max_size=12))
def test_a_year_is_the_sum_of_its_windows(trigger: Trigger, cuts: list[int]) -> None:
    end = BEGIN + timedelta(days=365)
    whole = list(islice(between(trigger, BEGIN, end), 2_000))
    assume(len(whole) < 2_000)
    borders = [BEGIN, *(BEGIN + timedelta(seconds=cut) for cut in sorted(cuts)), end]
    assert [fire for begin, until in pairwise(borders) for fire in between(trigger, begin, until)] == whole


@slow
@given(triggers(), instants)
def test_no_local_minute_has_two_fires_but_of_intervals(trigger: Trigger, after: datetime) -> None:
    assume(not trigger.jitter_seconds and trigger.when.__class__.__name__ != "Interval")
    assume(not isinstance(getattr(trigger.when, "at", None), Repeated))
    zone = ZoneInfo(trigger.time_zone)
    shown = [f"{fire.astimezone(zone):%Y-%m-%d %H:%M}" for fire in islice(upcoming(trigger, after), 300)]
    assert len(set(shown)) == len(shown)


@settings(max_examples=150, deadline=None)
@given(cron_expressions, moments())
def test_a_walk_of_every_minute_finds_the_same(cron: tuple[str, str], moment: tuple[str, datetime]) -> None:
    dialect, expression = cron
    zone, after = moment
    means_day, means_time = (quartz if dialect == "quartz" else unix)(expression)
    days = walk(ZoneInfo(zone), means_day, means_time, after, years=1)
    until = after + timedelta(days=3)
    trigger = read_trigger({"when": {"type": "cron", "dialect": dialect, "expression": expression}, "timeZone": zone})
    walked = list(islice(_until(days, until), 400))
    assert list(islice(between(trigger, after, until), 400)) == walked


def _until(fires: Iterator[datetime], until: datetime) -> Iterator[datetime]:
    for fire in fires:
        if fire > until:
            return
        yield fire


@settings(max_examples=40, deadline=None)
@given(cron_expressions, instants)
def test_a_walk_of_every_day_finds_the_same(cron: tuple[str, str], after: datetime) -> None:
    """Days and years far away, at one time of the day."""
    dialect, expression = cron
    expression = " ".join(["17", "3", *expression.split()[2:]])
    means_day, means_time = (quartz if dialect == "quartz" else unix)(expression)
    trigger = read_trigger({"when": {"type": "cron", "dialect": dialect, "expression": expression}})
    walked = list(islice(walk(ZoneInfo("UTC"), means_day, means_time, after, years=50), 3))
    assert list(islice(between(trigger, after, after + timedelta(days=49 * 365)), 3)) == [
        fire for fire in walked if fire <= after + timedelta(days=49 * 365)
    ]


@given(unix_expressions, instants)
def test_cronsim_finds_the_same_in_utc(expression: str, after: datetime) -> None:
    """It reads the step of a range of one, `3-3/2`, as if the range went on to the end: it is not asked about that."""
    assume(not re.search(r"\b([0-9]+)-\1/", expression))
    try:
        theirs = list(islice(CronSim(expression, after), 5))
    except CronSimError:
        theirs = []
    assert list(islice(upcoming(Trigger(when=Cron(expression=expression)), after), 5)) == theirs


@settings(slow, max_examples=40)
@given(triggers_as_data(), instants)
def test_days_and_calendars_are_as_a_person_would_count_them(data: dict[str, object], after: datetime) -> None:
    trigger = read_trigger({**data, "jitterSeconds": 0})
    assume(isinstance(trigger.when, Daily | Weekly | Monthly) and not isinstance(trigger.when.at, Repeated))
    until = after + timedelta(days=100)
    found = list(between(trigger, after, until))
    assert found == list(_until(_counted(trigger, after), until))


def _counted(trigger: Trigger, after: datetime) -> Iterator[datetime]:
    when = trigger.when
    assert isinstance(when, Daily | Weekly | Monthly)
    assert not isinstance(when.at, Repeated)
    times = {when.at} if isinstance(when.at, str) else set(when.at)
    first, last = trigger.start_date or date.min, trigger.end_date or date(2040, 1, 1)
    meant = [day for day in (first + timedelta(days=n) for n in range(1_500)) if day <= last and _means(trigger, day)]
    moved = {day for day in (_moved(trigger, day) for day in meant) if day is not None and first <= day <= last}
    yield from walk(
        ZoneInfo(trigger.time_zone),
        moved.__contains__,
        lambda hour, minute: f"{hour:02}:{minute:02}" in times,
        after,
        1,
    )


def _means(trigger: Trigger, day: date) -> bool:
    when, start = trigger.when, trigger.start_date
    assert start is not None
    if isinstance(when, Daily):
        return (day - start).days % when.every == 0
    if isinstance(when, Weekly):
        weeks = (day - (start - timedelta(days=start.weekday()))).days // 7
        return WEEKDAYS[day.weekday()] in when.days and weeks % when.every == 0
    assert isinstance(when, Monthly)
    if ((day.year - start.year) * 12 + day.month - start.month) % when.every:
        return False
    if isinstance(when.on, NthWeekday):
        same = [other for other in _month_of(day) if WEEKDAYS[other.weekday()] == when.on.day]
        place = -1 if when.on.nth == "last" else int(when.on.nth) - 1
        return place < len(same) and same[place] == day
    return day == _month_of(day)[-1] if when.on == "last" else day.day == when.on


def _month_of(day: date) -> list[date]:
    days = [day.replace(day=1) + timedelta(days=n) for n in range(31)]
    return [other for other in days if other.month == day.month]


def _moved(trigger: Trigger, day: date) -> date | None:
    calendar = trigger.calendar
    while calendar is not None and (WEEKDAYS[day.weekday()] not in calendar.weekdays or day in calendar.holidays):
        if calendar.closed == "skip":
            return None
        day += timedelta(days=1 if calendar.closed == "next" else -1)
    return day


@slow
@given(triggers(), instants)
def test_a_jitter_delays_each_fire_and_neither_loses_nor_swaps_one(trigger: Trigger, after: datetime) -> None:
    rule = rule_of(trigger)
    planned, fires = [], list(islice(upcoming(trigger, after, key="k"), 8))
    fire = planned_after(rule, after - timedelta(hours=1, seconds=1))
    while fire is not None and len(planned) < 3_700 and (not fires or fire <= fires[-1]):
        planned.append(fire)
        fire = planned_after(rule, fire)
    assert len(fires) <= len(planned)
    for late, due in zip(reversed(fires), reversed(planned), strict=False):
        assert timedelta(0) <= late - due <= timedelta(seconds=trigger.jitter_seconds)
    assert fires == list(islice(upcoming(trigger, after, key="k"), 8))


@given(triggers())
def test_a_trigger_that_is_written_and_read_is_the_same(trigger: Trigger) -> None:
    assert parse_trigger(format_trigger(trigger)) == trigger


@slow
@given(triggers(), instants)
def test_words_are_said_about_every_trigger(trigger: Trigger, at: datetime) -> None:
    assert describe(trigger).endswith(".")
    fires, reasons = why_at(trigger, at)
    fire = planned_after(rule_of(trigger), at - timedelta(microseconds=1))
    assert fires == (fire is not None and fire < at + MINUTE)
    assert reasons
    assert bool(why_never(trigger, at)) == (planned_after(rule_of(trigger), at) is None)


@slow
@given(triggers(), any_instant)
@example(Trigger(when=Cron(expression="* * * * *"), time_zone="Pacific/Apia"), datetime.min.replace(tzinfo=UTC))
@example(Trigger(when=Cron(expression="* * * * *"), time_zone="America/New_York"), datetime.max.replace(tzinfo=UTC))
def test_any_instant_may_be_asked_about(trigger: Trigger, after: datetime) -> None:
    fire = next_after(trigger, after)
    assert fire is None or fire > after
    why_at(trigger, after)


hostile = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="0123456789*/-,?LW# JANFRI@\t\0", max_size=40),
    st.lists(st.text(alphabet="0123456789*/-,?LW#ANF", min_size=1, max_size=6), min_size=4, max_size=7).map(" ".join),
)


@given(hostile, st.sampled_from(["unix", "quartz"]), st.one_of(st.just("UTC"), st.text(max_size=80)))
@example("9" * 5_000, "unix", "UTC")
@example("* * * * */" + "9" * 900, "quartz", "UTC")
@example("0 0 1 1 ?", "quartz", "../../etc/passwd")
@example("0 0 1 1 *", "unix", "Europe")
@example("0 0 1 1 *", "unix", "\0")
@example("0 0 1 1 *", "unix", "\ud800")
@example("٣ 0 1 1 *", "unix", "UTC")
@example("0 0 ? * ſat", "quartz", "UTC")
def test_hostile_expressions_are_read_or_invalid(expression: str, dialect: str, zone: str) -> None:
    data = {"when": {"type": "cron", "expression": expression, "dialect": dialect}, "timeZone": zone}
    trigger, problems = _read(data)
    if trigger is None:
        assert problems
        assert all(problem.path and problem.message for problem in problems)
        return
    fire = next_after(trigger, BEGIN)
    assert fire is None or fire > BEGIN
    describe(trigger)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.dates().map(str) | whens,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ("when", "timeZone", "startDate", "startTime", "endDate", "endTime", "calendar", "jitterSeconds")


@slow
@given(st.one_of(json_values, st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=4)))
def test_hostile_data_is_read_or_invalid(data: object) -> None:
    trigger, problems = _read(data)
    assert (trigger is None) == bool(problems)
    if trigger is not None:
        next_after(trigger, BEGIN)


def _read(data: object) -> tuple[Trigger | None, tuple[Problem, ...]]:
    try:
        return read_trigger(data), ()
    except Invalid as refusal:
        return None, refusal.problems


@given(st.one_of(st.binary(max_size=60), st.text(max_size=60).map(lambda text: text.encode(errors="surrogatepass"))))
@example(b"[" * 100_000)
@example(b'{"expression":"* * * * *","count":1e400}')
@example(b'{"expression":"* * * * *","from":"0001-01-01T00:00:00+14:00"}')
@example(b'{"expression":"* * * * *","from":"9999-12-31T23:59:59-14:00"}')
@example(b'{"expression":"\\ud800"}')
@example(b"\xff\xfe")
def test_every_line_of_a_batch_is_answered_by_a_line(line: bytes) -> None:
    said = answer(line, BEGIN)
    assert said.startswith((b'{"next":', b'{"error":'))
    assert b"\n" not in said


@given(
    st.one_of(
        st.text(max_size=80),
        st.lists(
            st.sampled_from(
                [
                    "BEGIN:VCALENDAR", "END:VCALENDAR", "BEGIN:VEVENT", "END:VEVENT", "DTSTART;VALUE=DATE:20261225",
                    "DTEND:20261231T120000Z", "DTSTART:99999999", "RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY;BYDAY=-1MO",
                    "RRULE:FREQ=DAILY", "RRULE:FREQ=YEARLY;INTERVAL=0", "EXDATE:20271225", " folded", "SUMMARY:x\\,y",
                    "DURATION:P3D", "STATUS:CANCELLED", "RRULE:FREQ=YEARLY;BYMONTH=13", "RRULE:=;;=",
                ]
            ),
            max_size=9,
        ).map(lambda lines: "\r\n".join(["BEGIN:VCALENDAR", *lines])),
    )
)  # fmt: skip
def test_hostile_calendars_are_read_or_invalid(text: str) -> None:
    with suppress(Invalid):
        days = [holiday.date for holiday in read_holidays("x", text).days]
        assert days == sorted(set(days))


@settings(deadline=None, max_examples=50)
@given(st.sampled_from(["next", "previous"]), st.integers(1, 400), st.integers(0, 500), st.sets(st.integers(0, 6)))
def test_days_of_long_closed_times_move_where_each_of_them_would_alone(
    closed: str, length: int, first: int, more: set[int]
) -> None:
    begin = date(2026, 1, 1)
    holidays = {begin + timedelta(days=100 + number): "" for number in range(length)}
    opening = Opening(weekdays=0b1111111 & ~sum(1 << day for day in sorted(more)[:6]), holidays=holidays, closed=closed)  # type: ignore[arg-type]
    since, step = begin + timedelta(days=first), DAY if closed == "next" else -DAY

    def meant(after: date) -> Iterator[date]:
        return (after + timedelta(days=number) for number in range(700))

    found = list(islice(open_dates(opening, meant, since), 100))
    alone = [nearest_open(opening, since + timedelta(days=number), step) for number in range(-450, 700)]
    assert found == sorted({day for day in alone if day is not None and day >= since})[: len(found)]
    assert len(found) >= 20

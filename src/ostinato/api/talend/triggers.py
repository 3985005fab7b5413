"""Triggers as Talend clients send and read them, and ours."""

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal, cast

import msgspec

from ostinato.api.talend import wire
from ostinato.api.talend.run_config_wire import Day, DaySchedule, Minutes, TimeSchedule, Whole
from ostinato.api.talend.run_config_wire import Trigger as SentTrigger
from ostinato.core.errors import Invalid, Problem
from ostinato.core.triggers import check
from ostinato.core.triggers.kinds import (
    WEEKDAYS,
    Cron,
    Daily,
    Interval,
    Monthly,
    NthWeekday,
    Once,
    Repeated,
    Times,
    Trigger,
    Weekday,
    Weekly,
    When,
)
from ostinato.core.triggers.reading import problem_of

WHOLE_DAY = ("00:00", "23:59")
MEMBERS = {"when.at": "atTimes", "when.expression": "cronExpression", "when.days": "atDays", "when.on": "atDays"}
"""What the members of ours are made of."""
QUARTZ_DAY = {day: number % 7 + 1 for number, day in enumerate(WEEKDAYS, 1)}
"""1 is Sunday."""


class ScheduleTrigger(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """A trigger of a schedule."""

    name: wire.Name
    type: Literal["ONCE", "DAILY", "WEEKLY", "MONTHLY", "CRON"]
    interval: Annotated[Whole | None, msgspec.Meta(description="Every so many days, weeks or months.")] = None
    start_date: wire.Sent | None = None
    start_time: Annotated[wire.Sent | None, msgspec.Meta(description="Active from this time.")] = None
    time_zone: wire.Sent | None = None
    at_times: TimeSchedule | None = None
    at_days: DaySchedule | None = None
    cron_expression: wire.Words | None = None
    timeout: Annotated[Minutes | None, msgspec.Meta(description="Refused: set the timeout of the task instead.")] = None


def read(sent: SentTrigger | ScheduleTrigger, path: str) -> Trigger:
    """Our trigger; `path` is where it was sent. Raises Invalid."""
    refuse = _Refusal(path)
    trigger = _read(sent, refuse)
    try:
        check(trigger)
    except Invalid as refusal:
        raise Invalid(*(refuse.renamed(problem) for problem in refusal.problems)) from refusal
    return trigger


def parse(data: dict[str, Any]) -> Trigger:
    """The same of plain data: a trigger of a run configuration, or with a name one of a schedule."""
    sent: SentTrigger | ScheduleTrigger
    try:
        sent = msgspec.convert(data, ScheduleTrigger) if "name" in data else msgspec.convert(data, SentTrigger)
    except msgspec.ValidationError as error:
        raise Invalid(problem_of(error)) from error
    return read(sent, "")


def shown(trigger: Trigger) -> dict[str, object]:
    """The members of a trigger as clients read them. What Talend cannot say is shown as what comes nearest: calendars
    and ends are left out."""
    common: dict[str, object] = {"time_zone": trigger.time_zone}
    if trigger.start_date is not None:
        common["start_date"] = trigger.start_date.isoformat()
    if trigger.start_time is not None:
        common["start_time"] = trigger.start_time
    if isinstance(trigger.when, Daily) and trigger.start_date is not None and trigger.start_date == trigger.end_date:
        return {**common, "type": "ONCE", "at_times": _at(trigger.when.at)}
    return {**common, **_when(trigger.when)}


def of_schedule(name: str, trigger: Trigger) -> ScheduleTrigger:
    return ScheduleTrigger(name=name, **shown(trigger))  # type: ignore[arg-type]


def of_run_config(trigger: Trigger, since: str) -> SentTrigger:
    """Clients expect a day and a time zone in each trigger; `since` is the day if the trigger has none."""
    return SentTrigger(**{"start_date": since, **shown(trigger)})  # type: ignore[arg-type]


def _read(sent: SentTrigger | ScheduleTrigger, refuse: "_Refusal") -> Trigger:
    if isinstance(sent, ScheduleTrigger) and sent.timeout is not None:
        raise refuse("timeout", "a trigger has no timeout of its own here: set that of the task (run-config)")
    zone = sent.time_zone or "UTC"
    if sent.type == "CRON":
        if not sent.cron_expression:
            raise refuse("cronExpression", "it is required for CRON, such as 0 6 ? * 2-6")
        start = _date(sent.start_date, refuse) if sent.start_date else None
        when = Cron(expression=sent.cron_expression, dialect="quartz")
        return Trigger(when=when, time_zone=zone, start_date=start, start_time=_start_time(sent, start, refuse))
    if sent.type not in ("ONCE", "DAILY", "WEEKLY", "MONTHLY"):
        message = f"{sent.type} is not possible here: use ONCE, DAILY, WEEKLY, MONTHLY or CRON"
        raise refuse("type", message)
    if not sent.start_date:
        raise refuse("startDate", f"it is required for {sent.type}, such as 2026-09-25")
    start = _date(sent.start_date, refuse)
    times = _times(sent, refuse)
    if sent.type == "ONCE":
        return _once(times, start, zone)
    every = 1 if sent.interval is None else sent.interval
    if not 1 <= every <= 999:
        raise refuse("interval", "use a whole number from 1 to 999")
    common = {"time_zone": zone, "start_date": start, "start_time": _start_time(sent, start, refuse)}
    match sent.type:
        case "DAILY":
            return Trigger(when=Daily(at=times, every=every), **common)  # type: ignore[arg-type]
        case "WEEKLY":
            return Trigger(when=Weekly(days=_weekdays(sent, refuse), at=times, every=every), **common)  # type: ignore[arg-type]
        case _:
            return Trigger(when=Monthly(on=_day_of_month(sent, refuse), at=times, every=every), **common)  # type: ignore[arg-type]


def _when(when: When) -> dict[str, object]:
    match when:
        case Once(at=at):
            return {"type": "ONCE", "start_date": at[:10], "at_times": _at(at[11:16])}
        case Daily(at=at, every=every):
            return {"type": "DAILY", "interval": every, "at_times": _at(at)}
        case Weekly(days=days, at=at, every=every):
            on = DaySchedule(type="DAY_OF_WEEK", days=tuple(cast(Day, day.upper()) for day in days))
            return {"type": "WEEKLY", "interval": every, "at_times": _at(at), "at_days": on}
        case Monthly(on=int(day), at=at, every=every):
            on = DaySchedule(type="DAY_OF_MONTH", day=day)
            return {"type": "MONTHLY", "interval": every, "at_times": _at(at), "at_days": on}
        case Monthly():
            return {"type": "CRON", "cron_expression": _as_cron(when)}
        case Interval(every_minutes=minutes, window=window):
            begin, end = WHOLE_DAY if window is None else (window.begin, window.end)
            times = Repeated(begin=begin, end=end, every_minutes=min(minutes, 1_440))
            return {"type": "DAILY", "interval": 1, "at_times": _at(times)}
        case Cron(expression=expression):
            return {"type": "CRON", "cron_expression": expression}


class _Refusal:
    """Refuses members of what was sent at a path."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, member: str, message: str) -> Invalid:
        return Invalid(Problem(path=self._at(member), message=message))

    def renamed(self, problem: Problem) -> Problem:
        """A problem of our trigger, at the member that it was made of."""
        member = next((theirs for ours, theirs in MEMBERS.items() if problem.path.startswith(ours)), problem.path)
        return msgspec.structs.replace(problem, path=self._at(member))

    def _at(self, member: str) -> str:
        return ".".join(part for part in (self._path, member) if part)


def _date(text: str, refuse: Callable[[str, str], Invalid]) -> date:
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        raise refuse("startDate", f"{text!r} is no day: write it like 2026-09-25") from error


def _start_time(
    sent: SentTrigger | ScheduleTrigger, start: date | None, refuse: Callable[[str, str], Invalid]
) -> str | None:
    if not sent.start_time:
        return None
    if start is None:
        raise refuse("startTime", "a start time is of a start date: send startDate too")
    return _clock(sent.start_time)


def _clock(text: str) -> str:
    """Without seconds that are none."""
    return text.removesuffix(":00") if text.count(":") == 2 else text


def _times(sent: SentTrigger | ScheduleTrigger, refuse: Callable[[str, str], Invalid]) -> Times:
    given = sent.at_times
    if given is None:
        if not sent.start_time:
            raise refuse("atTimes", f"it is required for {sent.type}, such as {{'type': 'AT_TIME', 'time': '06:00'}}")
        return _clock(sent.start_time)
    match given.type:
        case "AT_TIME":
            if not given.time:
                raise refuse("atTimes.time", "it is required for AT_TIME, such as 06:00")
            return _clock(given.time)
        case "AT_SPECIFIC_TIMES":
            if not given.times:
                raise refuse("atTimes.times", "it is required for AT_SPECIFIC_TIMES, such as ['06:00', '18:30']")
            return tuple(_clock(time) for time in given.times)
        case _:
            for member, value in (("startTime", given.start_time), ("endTime", given.end_time)):
                if not value:
                    raise refuse(f"atTimes.{member}", "it is required for AT_INTERVALS, such as 06:00")
            if given.interval is None or not 1 <= given.interval <= 1_440:
                raise refuse("atTimes.interval", "it is required for AT_INTERVALS: minutes from 1 to 1440")
            begin, end = _clock(given.start_time or ""), _clock(given.end_time or "")
            return Repeated(begin=begin, end=end, every_minutes=given.interval)


def _once(times: Times, start: date, zone: str) -> Trigger:
    if isinstance(times, str):
        return Trigger(when=Once(at=f"{start}T{times}"), time_zone=zone)
    return Trigger(when=Daily(at=times), time_zone=zone, start_date=start, end_date=start)


def _weekdays(sent: SentTrigger | ScheduleTrigger, refuse: Callable[[str, str], Invalid]) -> tuple[Weekday, ...]:
    given = sent.at_days
    if given is None or given.type != "DAY_OF_WEEK" or not given.days:
        raise refuse("atDays", "it is required for WEEKLY, such as {'type': 'DAY_OF_WEEK', 'days': ['MONDAY']}")
    return tuple(dict.fromkeys(cast(Weekday, day.lower()) for day in given.days))


def _day_of_month(sent: SentTrigger | ScheduleTrigger, refuse: Callable[[str, str], Invalid]) -> int:
    given = sent.at_days
    if given is None or given.type != "DAY_OF_MONTH" or given.day is None or not 1 <= given.day <= 31:
        raise refuse("atDays", "it is required for MONTHLY, such as {'type': 'DAY_OF_MONTH', 'day': 1}")
    return given.day


def _at(times: Times) -> TimeSchedule:
    match times:
        case str():
            return TimeSchedule(type="AT_TIME", time=times)
        case Repeated(begin=begin, end=end, every_minutes=minutes):
            return TimeSchedule(type="AT_INTERVALS", start_time=begin, end_time=end, interval=minutes)
        case _:
            return TimeSchedule(type="AT_SPECIFIC_TIMES", times=tuple(times))


def _as_cron(when: Monthly) -> str:
    """The last day, or the nth weekday, of months, as Quartz writes it; of several times the first."""
    first = when.at if isinstance(when.at, str) else when.at.begin if isinstance(when.at, Repeated) else when.at[0]
    hour, minute = first.split(":")
    months = "*" if when.every == 1 else f"1/{when.every}"
    if isinstance(when.on, NthWeekday):
        day = QUARTZ_DAY[when.on.day]
        return f"{int(minute)} {int(hour)} ? {months} {day}{'L' if when.on.nth == 'last' else f'#{when.on.nth}'}"
    return f"{int(minute)} {int(hour)} L {months} ?"

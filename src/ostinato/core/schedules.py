"""Schedules: several triggers for one task or plan, how near to one another they may be, and what becomes of fires that
nobody was there for."""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal, TypeAlias

import msgspec

from ostinato.core.errors import Invalid, Problem
from ostinato.core.names import Name
from ostinato.core.triggers.fires import delay, planned_after, upcoming
from ostinato.core.triggers.kinds import HolidayList, Trigger
from ostinato.core.triggers.reading import check
from ostinato.core.triggers.rules import rule_of
from ostinato.core.wording import name_problems

MOST_TRIGGERS = 15
"""Talend, "Schedules"."""
LEAST_DISTANCE = timedelta(minutes=5)
"""Between two starts of a schedule (Talend, "Schedules")."""
YEARS_AHEAD = timedelta(days=5 * 366)
MOST_LOOKED_AT = 100_000
"""Fires that are compared; triggers that meet rarely and fire often may be nearer to one another after that."""
MOST_COUNTED = 10_000
MOST_LISTS_TOLD = 50

Missed: TypeAlias = Literal["skip", "once", "all"]


class NamedTrigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """A trigger of a schedule."""

    name: Annotated[Name, msgspec.Meta(description="Its name, unique in the schedule.")]
    trigger: Annotated[Trigger, msgspec.Meta(description="When it fires.")]
    missed: Annotated[
        Missed,
        msgspec.Meta(
            description="What becomes of fires that no server was there for. skip: nothing. once: the last one starts"
            " late. all: each starts, one after the other. What is left out is recorded as a misfired run."
        ),
    ] = "once"
    most_missed: Annotated[
        Annotated[int, msgspec.Meta(ge=1, le=1_000)],
        msgspec.Meta(description="With all: how many at most; the oldest are left out."),
    ] = 100
    grace_seconds: Annotated[
        Annotated[int, msgspec.Meta(ge=0, le=86_400)],
        msgspec.Meta(description="How late a fire may be before it counts as missed."),
    ] = 60


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """The next fire of a trigger: known by `at`, to be made at `due`."""

    at: datetime
    due: datetime


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done about a fire that is due: start, or record why nothing is; and what comes then."""

    at: datetime
    refused: str | None = None
    following: Planned | None


def first(trigger: Trigger, key: str, after: datetime, lists: tuple[HolidayList, ...] = ()) -> Planned | None:
    """The next fire that is planned for later than `after`; `key` is what the trigger is known by."""
    rule = rule_of(trigger, lists)
    at = planned_after(rule, after)
    if at is None:
        return None
    return Planned(at=at, due=at + delay(trigger, rule, at, key) if trigger.jitter_seconds else at)


def turn(named: NamedTrigger, key: str, planned: Planned, now: datetime, lists: tuple[HolidayList, ...] = ()) -> Turn:
    """What becomes of a fire that is due at `now`, by the policy of its trigger."""
    missed = _missed(named, key, planned, now - timedelta(seconds=named.grace_seconds), lists)
    keep = {"skip": 0, "once": 1, "all": named.most_missed}[named.missed]
    gone = missed[: len(missed) - keep] if keep else missed
    if not gone:
        return Turn(at=planned.at, following=first(named.trigger, key, planned.at, lists))
    more = " or more" if len(missed) == MOST_COUNTED else ""
    which = (
        f"the fire of {_shown(gone[0])} was"
        if len(gone) == 1
        else (f"{len(gone)}{more} fires from {_shown(gone[0])} to {_shown(gone[-1])} were")
    )
    why = f"{which} missed by more than {named.grace_seconds} s, and the policy is {named.missed!r}"
    return Turn(at=planned.at, refused=why, following=first(named.trigger, key, gone[-1], lists))


def problems_of(triggers: Sequence[NamedTrigger], now: datetime, lists: tuple[HolidayList, ...] = ()) -> list[Problem]:
    """What is wrong with the triggers of a schedule together: their names, equal ones, their distance."""
    problems = []
    for number, one in enumerate(triggers):
        if one.name in {earlier.name for earlier in triggers[:number]}:
            problems.append(Problem(path=f"triggers[{number}].name", message=f"{one.name!r} is here twice"))
        same = next((earlier for earlier in triggers[:number] if earlier.trigger == one.trigger), None)
        if same is not None:
            message = f"it is the same as {same.name!r}: one of them is enough"
            problems.append(Problem(path=f"triggers[{number}].trigger", message=message))
    return problems or list(_too_near(triggers, now, lists))


def problems_of_each(triggers: Sequence[NamedTrigger], lists: tuple[HolidayList, ...]) -> list[Problem]:
    """What is wrong with the triggers of a schedule one by one, and with their number."""
    problems = []
    for number, one in enumerate(triggers):
        problems += name_problems(f"triggers[{number}].name", one.name)
        problems += problems_of_trigger(one.trigger, f"triggers[{number}].trigger", lists)
    if len(triggers) > MOST_TRIGGERS:
        problems.append(Problem(path="triggers", message=f"a schedule has at most {MOST_TRIGGERS} triggers"))
    return problems


def problems_of_list(wanted: HolidayList) -> list[Problem]:
    """What is wrong with a list of holidays."""
    problems = name_problems("name", wanted.name)
    seen: set[date] = set()
    for number, day in enumerate(wanted.days):
        if day.date in seen:
            problems.append(Problem(path=f"days[{number}].date", message=f"{day.date} is here twice"))
        seen.add(day.date)
    return problems


def problems_of_trigger(trigger: Trigger, place: str, lists: tuple[HolidayList, ...]) -> list[Problem]:
    """What is wrong with a trigger by itself, in an environment that has these lists of holidays."""
    problems = []
    try:
        check(trigger)
    except Invalid as refusal:
        problems += [_below(place, problem) for problem in refusal.problems]
    known = {one.name for one in lists}
    for name in trigger.calendar.lists if trigger.calendar is not None else ():
        if name not in known:
            message = f"there is no list of holidays {name!r} in this environment"
            allowed = tuple(sorted(known)[:MOST_LISTS_TOLD])
            problems.append(Problem(path=f"{place}.calendar.lists", message=message, allowed=allowed))
    return problems


def starts(
    triggers: Mapping[str, NamedTrigger], after: datetime, lists: tuple[HolidayList, ...] = ()
) -> Iterator[tuple[datetime, str]]:
    """When they start something, in order, each with the key of its trigger."""

    def of(key: str, named: NamedTrigger) -> Iterator[tuple[datetime, str]]:
        return ((at, key) for at in upcoming(named.trigger, after, lists=lists, key=key))

    return heapq.merge(*(of(key, named) for key, named in sorted(triggers.items())))


def _below(place: str, problem: Problem) -> Problem:
    return msgspec.structs.replace(problem, path=f"{place}.{problem.path}" if problem.path else place)


def _missed(
    named: NamedTrigger, key: str, planned: Planned, before: datetime, lists: tuple[HolidayList, ...]
) -> list[datetime]:
    """Those of the fires from `planned` on that were due before an instant."""
    missed: list[datetime] = []
    following: Planned | None = planned
    while following is not None and following.due < before and len(missed) < MOST_COUNTED:
        missed.append(following.at)
        following = first(named.trigger, key, following.at, lists)
    return missed


def _too_near(triggers: Sequence[NamedTrigger], now: datetime, lists: tuple[HolidayList, ...]) -> Iterator[Problem]:
    last: tuple[datetime, str] | None = None
    planned = {one.name: _without_jitter(one) for one in triggers}
    for count, (at, name) in enumerate(starts(planned, now, lists)):
        if at > now + YEARS_AHEAD or count > MOST_LOOKED_AT:
            return
        if last is not None and at - last[0] < LEAST_DISTANCE:
            both = f"{last[1]!r} starts at {_shown(last[0])} and {name!r} at {_shown(at)}"
            least = int(LEAST_DISTANCE.total_seconds()) // 60
            message = f"{both}: starts of a schedule are at least {least} minutes apart"
            number = max(place for place, one in enumerate(triggers) if one.name in (name, last[1]))
            yield Problem(path=f"triggers[{number}].trigger", message=message)
            return
        last = (at, name)


def _without_jitter(named: NamedTrigger) -> NamedTrigger:
    return msgspec.structs.replace(named, trigger=msgspec.structs.replace(named.trigger, jitter_seconds=0))


def _shown(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"

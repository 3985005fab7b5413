"""What is sent and received about schedules."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal

import msgspec

from ostinato.api.native.wire import CLEAN, Instant, Name
from ostinato.app.schedule_explaining import ExplainedTrigger, Explanation
from ostinato.app.schedules import Event, named
from ostinato.core.schedules import MOST_TRIGGERS, NamedTrigger
from ostinato.core.states import State
from ostinato.core.times import instant
from ostinato.core.triggers import describe
from ostinato.core.triggers.kinds import MOST_HOLIDAYS, Holiday, HolidayList
from ostinato.store.schedules import SeenSchedule, SeenTrigger

Words = Annotated[str, msgspec.Meta(pattern=CLEAN, max_length=10_000)]


class Starts(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a schedule starts: a plan or task by its name; a plan goes before a task."""

    name: Name
    workspace: Annotated[Name | None, msgspec.Meta(description="Its key; left out: wherever the name is.")] = None


class ScheduleWish(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A schedule as it is to be."""

    environment: Name = "Production"
    description: Words | None = None
    starts: Annotated[Starts | None, msgspec.Meta(description="Left out: nothing, until it is said.")] = None
    triggers: Annotated[tuple[NamedTrigger, ...], msgspec.Meta(max_length=MOST_TRIGGERS)] = ()


class ShownTrigger(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A trigger with what it means and what it does next."""

    name: str
    trigger: Annotated[dict[str, object], msgspec.Meta(description="When it fires, as it was given.")]
    missed: Literal["skip", "once", "all"]
    most_missed: int
    grace_seconds: int
    description: Annotated[str, msgspec.Meta(description="In plain words.")]
    planned_at: Annotated[Instant | None, msgspec.Meta(description="Its next fire; null: none, or nothing to start.")]
    due_at: Annotated[Instant | None, msgspec.Meta(description="The same with its jitter.")]


class Schedule(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    environment: str
    description: str | None
    kind: Annotated[Literal["task", "plan"] | None, msgspec.Meta(description="What it starts; null: nothing yet.")]
    name: str | None
    workspace: str | None
    owner: Annotated[str, msgspec.Meta(description="On whose behalf runs are started: whoever changed it last.")]
    triggers: list[ShownTrigger]
    created_at: Instant
    changed_at: Instant


class SchedulePage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Schedule]
    total: int


class Fire(msgspec.Struct, frozen=True, kw_only=True):
    """When something is to start."""

    at: Instant
    schedule: int
    trigger: str
    kind: Literal["task", "plan"] | None
    name: str | None
    workspace: str | None


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """The load of an hour."""

    begin: Instant
    starts: int


class Fires(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    fires: list[Fire]
    per_hour: Annotated[list[Hour], msgspec.Meta(description="Hours in which something starts.")]
    complete: Annotated[bool, msgspec.Meta(description="false: there are more fires than are listed.")]


class Explained(msgspec.Struct, frozen=True, kw_only=True):
    """What a trigger means, when it fires next, and what there is to say about the minute that was asked about."""

    name: str
    description: Annotated[str, msgspec.Meta(description="In plain words.")]
    next: Annotated[
        Instant | None,
        msgspec.Meta(
            description="Its next fire, with its jitter; of a schedule that starts nothing: when it would fire."
        ),
    ]
    never: Annotated[list[str], msgspec.Meta(description="Why it does not fire again, if it does not.")]
    fires: Annotated[bool | None, msgspec.Meta(description="Whether it fires in that minute; null: none was named.")]
    reasons: Annotated[list[str], msgspec.Meta(description="Why it fires then, or why not.")]
    became: Annotated[
        str | None,
        msgspec.Meta(description="What became of that fire, as far as it is known; null: nothing was to be."),
    ]
    run: Annotated[int | None, msgspec.Meta(description="The run that tells of it.")]


class LastFire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A fire that was made."""

    trigger: str
    planned_at: Instant
    run: Annotated[int | None, msgspec.Meta(description="null: it is not kept any more, or may not be seen.")]
    state: State | None
    message: Annotated[str | None, msgspec.Meta(description="Why nothing started, of one that misfired.")]


class ScheduleExplanation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a schedule starts something, or does not."""

    id: int
    kind: Literal["task", "plan"] | None
    name: str | None
    workspace: str | None
    obstacles: Annotated[
        list[str], msgspec.Meta(description="What keeps it from starting something now, each with what helps.")
    ]
    triggers: list[Explained]
    last_fires: Annotated[
        list[LastFire], msgspec.Meta(description="Of the triggers that it has, the newest first, at most 5 of 90 days.")
    ]


class Holidays(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A list of holidays: days, or an iCalendar text with them."""

    days: Annotated[tuple[Holiday, ...], msgspec.Meta(max_length=MOST_HOLIDAYS)] | None = None
    icalendar: Annotated[str, msgspec.Meta(max_length=5_000_000)] | None = None


class ShownHolidays(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    days: list[Holiday]


class HolidayLists(msgspec.Struct, frozen=True, kw_only=True):
    items: list[ShownHolidays]


def schedule(one: SeenSchedule) -> Schedule:
    return Schedule(
        id=one.id,
        environment=one.environment,
        description=one.description,
        kind=_kind(one),
        name=one.name,
        workspace=one.workspace,
        owner=one.owner,
        triggers=[_trigger(trigger) for trigger in one.triggers],
        created_at=instant(one.created_at),
        changed_at=instant(one.changed_at),
    )


def fire(event: Event) -> Fire:
    seen = event.schedule
    return Fire(
        at=instant(event.at),
        schedule=seen.id,
        trigger=event.trigger,
        kind=_kind(seen),
        name=seen.name,
        workspace=seen.workspace,
    )


def calendar(events: Sequence[Event], most: int) -> Fires:
    """`events`: one more than are listed, if there are more."""
    shown, hours = events[:most], dict[str, int]()
    for event in shown:
        begin = instant(event.at.replace(minute=0, second=0, microsecond=0))
        hours[begin] = hours.get(begin, 0) + 1
    return Fires(
        fires=[fire(event) for event in shown],
        per_hour=[Hour(begin=begin, starts=starts) for begin, starts in hours.items()],
        complete=len(events) <= most,
    )


def explanation(one: Explanation) -> ScheduleExplanation:
    seen = one.schedule
    return ScheduleExplanation(
        id=seen.id,
        kind=_kind(seen),
        name=seen.name,
        workspace=seen.workspace,
        obstacles=list(one.obstacles),
        triggers=[_explained(trigger) for trigger in one.triggers],
        last_fires=[
            LastFire(
                trigger=fire.trigger,
                planned_at=instant(fire.planned_at),
                run=fire.run,
                state=fire.state,
                message=fire.message,
            )
            for fire in one.last_fires
        ],
    )


def holidays(one: HolidayList) -> ShownHolidays:
    return ShownHolidays(name=one.name, days=sorted(one.days, key=_day))


def _day(holiday: Holiday) -> date:
    return holiday.date


def _kind(one: SeenSchedule) -> Literal["task", "plan"] | None:
    if one.name is None:
        return None
    return "task" if one.plan_id is None else "plan"


def _trigger(one: SeenTrigger) -> ShownTrigger:
    said = named(one)
    return ShownTrigger(
        name=said.name,
        trigger=msgspec.to_builtins(said.trigger),
        missed=said.missed,
        most_missed=said.most_missed,
        grace_seconds=said.grace_seconds,
        description=describe(said.trigger),
        planned_at=instant(one.planned_at) if one.planned_at else None,
        due_at=instant(one.due_at) if one.due_at else None,
    )


def _explained(one: ExplainedTrigger) -> Explained:
    at = one.at
    became = at.became if at is not None else None
    return Explained(
        name=one.trigger.name,
        description=describe(one.trigger.definition),
        next=instant(one.next) if one.next is not None else None,
        never=list(one.never),
        fires=at.fires if at is not None else None,
        reasons=list(at.reasons) if at is not None else [],
        became=became.words if became is not None else None,
        run=became.run if became is not None else None,
    )

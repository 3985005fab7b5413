"""Statements about schedules, their triggers, and holidays."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from ostinato.core.ids import (
    EnvironmentId,
    PlanId,
    ScheduleId,
    ScheduleTriggerId,
    SubjectId,
    TaskId,
    UserId,
)
from ostinato.core.schedule_explaining import Facts, Fire
from ostinato.core.schedules import Missed
from ostinato.core.triggers.kinds import Holiday, Trigger
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.runs import TaskOrPlan

Next: TypeAlias = tuple[ScheduleTriggerId, int, datetime | None, datetime | None]
"""When a trigger of a version fires next: the planned time, and when it is due."""


class SeenTrigger(msgspec.Struct, frozen=True, kw_only=True):
    id: ScheduleTriggerId
    name: str
    definition: Trigger
    missed: Missed
    most_missed: int
    grace_s: int
    planned_at: datetime | None
    due_at: datetime | None
    version: int


class SeenSchedule(msgspec.Struct, frozen=True, kw_only=True):
    """A schedule as somebody sees it; `total` counts all that fit."""

    id: ScheduleId
    environment_id: EnvironmentId
    environment: str
    description: str | None
    task_id: TaskId | None
    plan_id: PlanId | None
    name: str | None
    """Of the task or plan it is bound to."""
    workspace: str | None
    own: bool
    owner: str
    created_at: datetime
    changed_at: datetime
    triggers: list[SeenTrigger]
    may_execute: bool
    total: int


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which schedules; what is None does not matter."""

    id: int | None = None
    environment: str | None = None
    environment_id: int | None = None
    task: int | None = None
    plan: int | None = None
    bound: bool | None = None
    own: bool | None = False
    workspaces: tuple[int, ...] | None = None
    """Of the tasks and plans."""
    tags: tuple[str, ...] | None = None
    """All of which the task has."""
    described: str | None = None
    """A regular expression that the description matches."""
    limit: int = 1
    offset: int = 0


class TriggerToKeep(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    definition: bytes
    missed: Missed
    most_missed: int
    grace_s: int


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger that is to fire."""

    id: ScheduleTriggerId
    schedule: ScheduleId
    name: str
    definition: Trigger
    missed: Missed
    most_missed: int
    grace_s: int
    planned_at: datetime
    due_at: datetime
    version: int
    environment: EnvironmentId
    task: TaskId | None
    plan: PlanId | None
    owner: UserId
    owner_name: str

    @property
    def what(self) -> TaskOrPlan:
        return TaskOrPlan(task=self.task, plan=self.plan)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """From one fire of a trigger to the next; None: there is none."""

    trigger: ScheduleTriggerId
    version: int
    planned: datetime
    following: datetime | None
    due: datetime | None


class Bindable(msgspec.Struct, frozen=True, kw_only=True):
    """A task or plan that a schedule may be for."""

    environment: EnvironmentId
    environment_name: str
    workspace: str
    name: str
    may_execute: bool


class UsingTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger that names a list of holidays."""

    id: ScheduleTriggerId
    schedule: ScheduleId
    definition: Trigger
    planned_at: datetime | None
    version: int
    bound: bool


class StoredHolidays(msgspec.Struct, frozen=True, kw_only=True):
    environment: EnvironmentId
    name: str
    days: tuple[Holiday, ...]


async def list_schedules(tx: Tx, viewer: SubjectId, wanted: Wanted) -> list[SeenSchedule]:
    w = wanted
    sent = (w.id, w.environment, w.environment_id, w.task, w.plan, w.bound, w.own, w.described)
    more = (w.workspaces, w.tags, w.limit, w.offset)
    return await fetch(tx, "schedules/list", SeenSchedule, viewer, *sent, *more)


async def lock_triggers(tx: Tx, schedules: Sequence[ScheduleId], triggers: Sequence[ScheduleTriggerId] = ()) -> None:
    """Nobody fires or changes these triggers, and those of these schedules, until the end of the transaction; fires
    leave them alone."""
    await execute(tx, "schedules/lock_triggers", list(schedules), list(triggers))


async def lock(tx: Tx, schedules: Sequence[ScheduleId]) -> None:
    """Nobody changes them until the end of the transaction. Whoever locks lists of holidays, triggers or tasks as well
    does so in this order: lists, schedules, triggers, tasks and plans."""
    await execute(tx, "schedules/lock", list(schedules))


async def bindable(tx: Tx, viewer: SubjectId, what: TaskOrPlan) -> Bindable | None:
    """None: it is not there, or may not be seen."""
    return await fetch_one(tx, "schedules/bindable", Bindable, viewer, what.task, what.plan)


async def may_execute_in(tx: Tx, subject: SubjectId, environment: str) -> EnvironmentId | None:
    """The environment, if somebody may start something in one of its workspaces."""
    found: EnvironmentId | None = await fetch_value(tx, "schedules/may_execute_in", subject, environment)
    return found


async def make(
    tx: Tx,
    environment: EnvironmentId,
    description: str | None,
    what: TaskOrPlan | None,
    owner: UserId,
    now: datetime,
    *,
    own: bool = False,
) -> ScheduleId | None:
    """None: the task or plan has a schedule already."""
    task, plan = (what.task, what.plan) if what is not None else (None, None)
    made: ScheduleId | None = await fetch_value(
        tx, "schedules/make", environment, description, task, plan, own, owner, now
    )
    return made


async def change(
    tx: Tx,
    schedule: ScheduleId,
    description: str | None,
    what: TaskOrPlan | None,
    owner: UserId,
    now: datetime,
    *,
    own: bool = False,
) -> None:
    task, plan = (what.task, what.plan) if what is not None else (None, None)
    await execute(tx, "schedules/change", schedule, description, task, plan, owner, now, own)


async def remove(tx: Tx, schedule: ScheduleId) -> None:
    await execute(tx, "schedules/remove", schedule)


async def set_triggers(
    tx: Tx, schedule: ScheduleId, triggers: Sequence[TriggerToKeep], *, keep_plans: bool
) -> list[SeenTrigger]:
    """These and only these; one that is there already keeps its id, and, if so asked and if it says what it said, its
    next fire. The others have none yet."""
    await execute(tx, "schedules/forget_triggers", schedule, [one.name for one in triggers])
    return await fetch(
        tx,
        "schedules/keep_triggers",
        SeenTrigger,
        schedule,
        [one.name for one in triggers],
        [msgspec.Raw(one.definition) for one in triggers],
        [one.missed for one in triggers],
        [one.most_missed for one in triggers],
        [one.grace_s for one in triggers],
        keep_plans,
    )


async def plan_next(tx: Tx, moves: Sequence[Next]) -> None:
    """When triggers fire next, whatever they were about to do; those that were changed since are left."""
    columns = [[move[number] for move in moves] for number in range(4)]
    await execute(tx, "schedules/plan_next", *columns)


async def due(tx: Tx, now: datetime, most: int, after: Due | None = None) -> list[Due]:
    """In the order of their times, from after one of them on."""
    place = (None, None) if after is None else (after.due_at, after.id)
    return await fetch(tx, "schedules/due", Due, now, most, *place)


async def next_due(tx: Tx, after: datetime | None = None) -> datetime | None:
    """When the next of all triggers is due, or the next after a time."""
    found: datetime | None = await fetch_value(tx, "schedules/next_due", after)
    return found


async def move(tx: Tx, moves: Sequence[Move]) -> list[ScheduleTriggerId]:
    """Move triggers on that stand where they are believed to; the others, which somebody else fired, or changed, or is
    changing in this moment, are missing."""
    rows = await fetch(
        tx,
        "schedules/move",
        dict,
        [m.trigger for m in moves],
        [m.version for m in moves],
        [m.planned for m in moves],
        [m.following for m in moves],
        [m.due for m in moves],
    )
    return [ScheduleTriggerId(row["id"]) for row in rows]


async def holidays(tx: Tx, environments: Sequence[EnvironmentId]) -> list[StoredHolidays]:
    return await fetch(tx, "schedules/holidays", StoredHolidays, list(environments))


async def hold_holidays(tx: Tx, environment: EnvironmentId) -> list[StoredHolidays]:
    """Those of an environment, which nobody changes until the end of the transaction."""
    return await fetch(tx, "schedules/hold_holidays", StoredHolidays, environment)


async def keep_holidays(tx: Tx, environment: EnvironmentId, name: str, days: Sequence[Holiday], now: datetime) -> None:
    await execute(tx, "schedules/keep_holidays", environment, name, msgspec.to_builtins(days), now)


async def remove_holidays(tx: Tx, environment: EnvironmentId, name: str) -> bool:
    """False: there is no such list."""
    return await fetch_value(tx, "schedules/remove_holidays", environment, name) is not None


async def triggers_with(tx: Tx, environment: EnvironmentId, name: str) -> list[UsingTrigger]:
    """Those that name a list of holidays."""
    return await fetch(tx, "schedules/triggers_with", UsingTrigger, environment, name)


async def facts(tx: Tx, viewer: SubjectId, schedule: ScheduleId) -> Facts | None:
    """None: it was removed in this moment."""
    return await fetch_one(tx, "schedules/facts", Facts, viewer, schedule)


async def fires(
    tx: Tx, viewer: SubjectId, scopes: Mapping[str, str], before: datetime, *, each: int, most: int
) -> list[Fire]:
    """The newest fires that were planned before a time, of triggers by name, each with the scope of its keys."""
    names = (list(scopes), list(scopes.values()))
    return await fetch(tx, "schedules/fires", Fire, viewer, *names, before.isoformat(), each, most)

"""Schedules: made, seen, changed, bound to what they start, removed; and when they fire in a window.

Whoever has EXECUTE where a schedule starts something may change it, and it starts runs on behalf of whoever did so
last. One that is bound to nothing is kept by whoever has EXECUTE in any workspace of the environment.
"""

import asyncio
import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import TypeAlias

import msgspec

from ostinato.app import audit
from ostinato.app.application import App
from ostinato.app.holding import hold_target, not_there
from ostinato.core.access import Actor, Tenant
from ostinato.core.definition_schedules import LONGEST_DESCRIPTION
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import EnvironmentId, ScheduleId
from ostinato.core.schedules import NamedTrigger, first, problems_of, problems_of_each, starts
from ostinato.core.triggers.clocks import TICK
from ostinato.core.triggers.kinds import HolidayList
from ostinato.core.triggers.reading import format_trigger
from ostinato.core.wording import text_problems
from ostinato.store import environments, schedules
from ostinato.store.audit import Entry
from ostinato.store.db import REFUSED, Tx
from ostinato.store.runs import TaskOrPlan
from ostinato.store.schedules import Due, Next, SeenSchedule, SeenTrigger, TriggerToKeep, UsingTrigger, Wanted

BACK = re.compile(r"\\[1-9]")
MOST_EVENTS = 100_000
"""Fires that are looked at for one answer."""


Clock: TypeAlias = Callable[[], datetime]


class Clash(Invalid):
    """Triggers of one schedule do not go together."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a schedule is: for what, and when."""

    description: str | None = None
    what: TaskOrPlan | None = None
    triggers: tuple[NamedTrigger, ...] = ()


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """A fire to come."""

    at: datetime
    trigger: str
    schedule: SeenSchedule


async def list_schedules(app: App, actor: Actor, wanted: Wanted) -> list[SeenSchedule]:
    """The newest first. Raises Invalid if what descriptions are to match is no regular expression.

    References back are not taken: finding them can take longer than anybody waits.
    """
    if wanted.described is not None and BACK.search(wanted.described):
        raise Invalid(Problem(path="descriptionFilter", message="references back, such as \\1, are not possible"))
    try:
        async with app.db.reading() as tx:
            return await schedules.list_schedules(tx, actor.subject, wanted)
    except REFUSED as error:
        if wanted.described is None:
            raise
        raise Invalid(Problem(path="descriptionFilter", message=str(error).partition("\n")[0])) from error


async def get(app: App, actor: Actor, schedule: int) -> SeenSchedule:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return await seen(tx, actor, schedule)


async def create(app: App, actor: Actor, environment: str, about: About, now: datetime) -> SeenSchedule:
    """Raises Invalid, NotFound, Forbidden, and Conflict if the task or plan has a schedule."""
    clock = going_on(now)

    async def work(tx: Tx) -> SeenSchedule:
        place = await _place(tx, actor, environment, about.what)
        lists = await hold_lists(tx, place)
        await asyncio.to_thread(check_about, about, now, lists)
        return await seen(tx, actor, await create_in(tx, actor, place, environment, about, clock, lists))

    return await app.db.run(work)


async def create_in(
    tx: Tx,
    actor: Actor,
    place: EnvironmentId,
    environment: str,
    about: About,
    clock: Clock,
    lists: tuple[HolidayList, ...],
) -> ScheduleId:
    """The same within a transaction, of what the actor may do and was checked with these lists."""
    now = clock()
    if about.what is not None:
        await hold_target(tx, about.what)
    made = await schedules.make(tx, place, about.description, about.what, actor.user, now)
    if made is None:
        raise Conflict("The task or plan has a schedule already: change that one, or take it off first")
    await set_triggers(tx, made, about, clock, lists)
    await audit.record(tx, actor, now, entry("create", made, environment, after=about))
    return made


async def change(app: App, actor: Actor, schedule: int, about: About, now: datetime) -> SeenSchedule:
    """It is this from now on, and starts runs on behalf of the actor. Raises Invalid, NotFound, Forbidden, Conflict."""
    clock = going_on(now)

    async def work(tx: Tx) -> SeenSchedule:
        lists = await hold_lists(tx, (await seen(tx, actor, schedule)).environment_id)
        before = await hold(tx, actor, schedule)
        await _place(tx, actor, before.environment, about.what)
        await asyncio.to_thread(check_about, about, now, lists)
        await change_in(tx, actor, before, about, clock, lists)
        return await seen(tx, actor, before.id)

    return await app.db.run(work)


async def change_in(
    tx: Tx, actor: Actor, before: SeenSchedule, about: About, clock: Clock, lists: tuple[HolidayList, ...]
) -> None:
    """The same within a transaction, of what is held, the actor may do and was checked with these lists. A schedule of
    its own becomes one as others are."""
    now, was = clock(), about_of(before)
    await schedules.lock_triggers(tx, [before.id])
    if about.what is not None:
        await hold_target(tx, about.what)
        await _require_free(tx, actor, about.what, before.id)
    await schedules.change(tx, before.id, about.description, about.what, actor.user, now)
    await set_triggers(tx, before.id, about, clock, lists, keep_plans=about.what == was.what)
    await audit.record(tx, actor, now, entry("change", before.id, before.environment, before=was, after=about))


async def remove(app: App, actor: Actor, schedule: int, now: datetime, *, bound: bool = True) -> None:
    """Nothing is started by it any more. Raises NotFound, Forbidden, and Conflict if it is bound and may not be."""

    async def work(tx: Tx) -> None:
        gone = await hold(tx, actor, schedule)
        if not bound and gone.name is not None:
            raise Conflict(f"The schedule is linked to {gone.name!r}: unlink it first")
        await schedules.remove(tx, gone.id)
        await audit.record(tx, actor, now, entry("delete", gone.id, gone.environment, before=about_of(gone)))

    await app.db.run(work)


async def events(
    app: App, actor: Actor, wanted: Wanted, begin: datetime, end: datetime, most: int, offset: int = 0
) -> list[Event]:
    """When the schedules that fit start something in a window, `end` not included, in order."""
    async with app.db.reading() as tx:
        found = await schedules.list_schedules(tx, actor.subject, wanted)
        lists = {one: await lists_of(tx, one) for one in {one.environment_id for one in found}}
    return await asyncio.to_thread(_events, found, lists, begin, end, most, offset)


async def events_in(app: App, actor: Actor, wanted: Wanted, begin: datetime, end: datetime) -> list[Event]:
    """All of them, up to so many. Raises NotFound if the environment may not be seen."""
    async with app.db.reading() as tx:
        manages = actor.may(Tenant.ENVIRONMENTS)
        if not await environments.described(tx, actor.subject, manages=manages, id=wanted.environment_id):
            raise NotFound("Environment", wanted.environment_id)
    return await events(app, actor, wanted, begin, end, MOST_EVENTS)


async def hold(tx: Tx, actor: Actor, schedule: int) -> SeenSchedule:
    """A schedule that the actor may change, and nobody else does meanwhile. Raises NotFound, Forbidden."""
    await schedules.lock(tx, [ScheduleId(schedule)])
    held = await seen(tx, actor, schedule)
    if not held.may_execute:
        where = f"workspace {held.workspace!r}" if held.workspace else f"a workspace of {held.environment!r}"
        raise Forbidden(f"Changing this schedule needs the permission EXECUTE in {where}")
    return held


def about_of(one: SeenSchedule) -> About:
    """What a schedule is, as it would be said to make another one like it."""
    bound = one.task_id is not None or one.plan_id is not None
    return About(
        description=one.description,
        what=TaskOrPlan(task=one.task_id, plan=one.plan_id) if bound else None,
        triggers=tuple(map(named, one.triggers)),
    )


def named(trigger: SeenTrigger | Due) -> NamedTrigger:
    return NamedTrigger(
        name=trigger.name,
        trigger=trigger.definition,
        missed=trigger.missed,
        most_missed=trigger.most_missed,
        grace_seconds=trigger.grace_s,
    )


def next_fires(
    triggers: Sequence[SeenTrigger | UsingTrigger], lists: tuple[HolidayList, ...], after: datetime
) -> list[Next]:
    """When each of these fires next."""
    fires: list[Next] = []
    for one in triggers:
        planned = first(one.definition, key_of(one.id), after, lists)
        fires.append((one.id, one.version, *((planned.at, planned.due) if planned is not None else (None, None))))
    return fires


def going_on(now: datetime) -> Clock:
    """A clock that shows `now` in this moment."""
    since = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - since)


def key_of(trigger: int) -> str:
    """What the fires of a trigger are known by."""
    return str(trigger)


async def seen(tx: Tx, actor: Actor, schedule: int) -> SeenSchedule:
    found = await schedules.list_schedules(tx, actor.subject, Wanted(id=schedule, own=None))
    if not found:
        raise NotFound("Schedule", schedule)
    return found[0]


async def _place(tx: Tx, actor: Actor, environment: str, what: TaskOrPlan | None) -> EnvironmentId:
    """Where a schedule may be that starts this."""
    if what is None:
        place = await schedules.may_execute_in(tx, actor.subject, environment)
        if place is None:
            raise Forbidden(f"A schedule needs the permission EXECUTE in a workspace of environment {environment!r}")
        return place
    found = await schedules.bindable(tx, actor.subject, what)
    if found is None:
        raise not_there(what)
    if not found.may_execute:
        raise Forbidden(f"Starting {found.name!r} needs the permission EXECUTE in workspace {found.workspace!r}")
    if found.environment_name != environment:
        message = f"{found.name!r} is in environment {found.environment_name!r}, and the schedule in {environment!r}"
        raise Invalid(Problem(path="environment", message=message))
    return found.environment


async def lists_of(tx: Tx, environment: EnvironmentId) -> tuple[HolidayList, ...]:
    return tuple(HolidayList(name=one.name, days=one.days) for one in await schedules.holidays(tx, [environment]))


async def hold_lists(tx: Tx, environment: EnvironmentId) -> tuple[HolidayList, ...]:
    """The same, which nobody changes before what goes by them is there."""
    return tuple(HolidayList(name=one.name, days=one.days) for one in await schedules.hold_holidays(tx, environment))


def check_about(about: About, now: datetime, lists: tuple[HolidayList, ...]) -> None:
    """Raises Invalid; Clash if the triggers are right one by one."""
    problems = []
    if about.description:
        problems += text_problems("description", about.description, LONGEST_DESCRIPTION)
    problems += problems_of_each(about.triggers, lists)
    if problems:
        raise Invalid(*problems)
    if clashes := problems_of(about.triggers, now, lists):
        raise Clash(*clashes)


async def set_triggers(
    tx: Tx,
    schedule: ScheduleId,
    about: About,
    clock: Clock,
    lists: tuple[HolidayList, ...],
    *,
    keep_plans: bool = False,
) -> None:
    """Its triggers; they fire from now on if it is bound to something. `keep_plans`: it was bound to the same, and
    those that stay as they are go on as they were going to.

    The clock is looked at when nobody else can fire them any more: what was due before has been fired, or never is.
    """
    kept = await schedules.set_triggers(
        tx, schedule, [_to_keep(one) for one in about.triggers], keep_plans=keep_plans and about.what is not None
    )
    if about.what is not None:
        new = [one for one in kept if one.planned_at is None]
        await schedules.plan_next(tx, next_fires(new, lists, clock()))


def _to_keep(one: NamedTrigger) -> TriggerToKeep:
    return TriggerToKeep(
        name=one.name,
        definition=format_trigger(one.trigger),
        missed=one.missed,
        most_missed=one.most_missed,
        grace_s=one.grace_seconds,
    )


async def _require_free(tx: Tx, actor: Actor, what: TaskOrPlan, schedule: ScheduleId) -> None:
    """What a schedule is to start has no other one."""
    other = await schedules.list_schedules(tx, actor.subject, of(what))
    if other and other[0].id != schedule:
        raise Conflict(f"It has a schedule already ({other[0].id}): change that one, or take it off first")


def of(what: TaskOrPlan) -> Wanted:
    """The one schedule of a task or plan."""
    return Wanted(task=what.task, plan=what.plan, own=None)


def _events(
    found: Sequence[SeenSchedule],
    lists: dict[EnvironmentId, tuple[HolidayList, ...]],
    begin: datetime,
    end: datetime,
    most: int,
    offset: int,
) -> list[Event]:
    def fires(schedule: SeenSchedule) -> Iterator[Event]:
        names = {key_of(one.id): one.name for one in schedule.triggers}
        triggers = {key_of(one.id): named(one) for one in schedule.triggers}
        for at, key in islice(starts(triggers, begin - TICK, lists[schedule.environment_id]), MOST_EVENTS):
            if at >= end:
                return
            yield Event(at=at, trigger=names[key], schedule=schedule)

    together = sorted((event for one in found for event in fires(one)), key=lambda event: event.at)
    return together[offset : offset + most]


def entry(
    action: str, schedule: int, environment: str, before: About | None = None, after: About | None = None
) -> Entry:
    return audit.entry_of("schedule", action, schedule, environment, before, after)

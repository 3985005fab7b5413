"""Which schedule starts a task or plan: one that is linked to it, or one of its own that nobody else sees."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.app import audit, schedules
from ostinato.app.application import App
from ostinato.app.holding import hold_target, not_there
from ostinato.app.schedules import About, Clock
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict, Forbidden
from ostinato.core.ids import ScheduleId
from ostinato.core.schedules import NamedTrigger
from ostinato.core.triggers.kinds import HolidayList
from ostinato.store import schedules as stored
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan
from ostinato.store.schedules import Bindable, SeenSchedule

OWN = "own"
"""What the only trigger of an own schedule is called."""


async def find(app: App, actor: Actor, what: TaskOrPlan) -> SeenSchedule | None:
    """The schedule of a task or plan, linked or own. Raises NotFound if the task or plan may not be seen."""
    async with app.db.reading() as tx:
        await _bindable(tx, actor, what)
        found = await stored.list_schedules(tx, actor.subject, schedules.of(what))
    return found[0] if found else None


async def link(app: App, actor: Actor, what: TaskOrPlan, schedule: int, now: datetime) -> None:
    """It starts this from now on, in place of what did so before. Raises NotFound, Forbidden also if the schedule is
    linked to something else, and Conflict if it is of another environment."""
    clock = schedules.going_on(now)

    async def work(tx: Tx) -> None:
        place = await executable(tx, actor, what)
        lists = await schedules.hold_lists(tx, place.environment)
        wanted = await schedules.hold(tx, actor, schedule)
        if wanted.environment_id != place.environment:
            message = f"the schedule is of environment {wanted.environment!r}, and {place.name!r} is not"
            raise Conflict(f"It cannot be linked: {message}")
        about = schedules.about_of(wanted)
        if about.what is not None and about.what != what:
            raise Forbidden("The schedule is linked to another task or plan")
        before = await stored.list_schedules(tx, actor.subject, schedules.of(what))
        if before and before[0].id != wanted.id:
            await take_off(tx, actor, before[0], now)
        await _bind(tx, actor, wanted, what, clock, lists)

    await app.db.run(work)


async def unlink(app: App, actor: Actor, what: TaskOrPlan, now: datetime) -> bool:
    """No schedule starts it any more; False: none did. Raises NotFound, Forbidden."""
    return await app.db.run(lambda tx: unlink_in(tx, actor, what, now))


async def unlink_in(tx: Tx, actor: Actor, what: TaskOrPlan, now: datetime) -> bool:
    """The same within a transaction."""
    await executable(tx, actor, what)
    found = await stored.list_schedules(tx, actor.subject, schedules.of(what))
    if found:
        await take_off(tx, actor, found[0], now)
    return bool(found)


async def set_own_in(tx: Tx, actor: Actor, what: TaskOrPlan, trigger: NamedTrigger, now: datetime) -> None:
    """It starts by this one trigger. Raises NotFound, Forbidden, Invalid, and Conflict while a schedule is linked."""
    clock = schedules.going_on(now)
    place = await executable(tx, actor, what)
    lists = await schedules.hold_lists(tx, place.environment)
    about = About(what=what, triggers=(trigger,))
    await asyncio.to_thread(schedules.check_about, about, now, lists)
    found = await stored.list_schedules(tx, actor.subject, schedules.of(what))
    require_own(place, found)
    await stored.lock_triggers(tx, [one.id for one in found])
    await hold_target(tx, what)
    kept: ScheduleId | None
    if found:
        kept = found[0].id
        await stored.change(tx, kept, None, what, actor.user, now, own=True)
    else:
        kept = await stored.make(tx, place.environment, None, what, actor.user, now, own=True)
    if kept is None:
        raise Conflict(f"{place.name!r} was given a schedule in the same moment: try again")
    await schedules.set_triggers(tx, kept, about, clock, lists, keep_plans=bool(found))
    action = "change" if found else "create"
    await audit.record(tx, actor, now, schedules.entry(action, kept, place.environment_name, after=about))


def require_own(place: Bindable, found: Sequence[SeenSchedule]) -> None:
    """Raises Conflict if what starts something is linked to it."""
    if found and not found[0].own:
        raise Conflict(f"{place.name!r} is started by a schedule that is linked to it: unlink that first")


async def _bind(
    tx: Tx, actor: Actor, wanted: SeenSchedule, what: TaskOrPlan, clock: Clock, lists: tuple[HolidayList, ...]
) -> None:
    await stored.lock_triggers(tx, [wanted.id])
    await hold_target(tx, what)
    before, now = schedules.about_of(wanted), clock()
    after = msgspec.structs.replace(before, what=what)
    await stored.change(tx, wanted.id, wanted.description, what, actor.user, now)
    await schedules.set_triggers(tx, wanted.id, after, clock, lists, keep_plans=before.what == what)
    await audit.record(tx, actor, now, schedules.entry("link", wanted.id, wanted.environment, before, after))


async def take_off(tx: Tx, actor: Actor, found: SeenSchedule, now: datetime) -> None:
    """An own schedule goes; another one stays, and starts nothing."""
    before = schedules.about_of(found)
    if found.own:
        await stored.remove(tx, found.id)
    else:
        after = msgspec.structs.replace(before, what=None)
        await stored.change(tx, found.id, found.description, None, actor.user, now)
        await schedules.set_triggers(tx, found.id, after, schedules.going_on(now), ())
    action = "delete" if found.own else "unlink"
    await audit.record(tx, actor, now, schedules.entry(action, found.id, found.environment, before))


async def _bindable(tx: Tx, actor: Actor, what: TaskOrPlan) -> Bindable:
    found = await stored.bindable(tx, actor.subject, what)
    if found is None:
        raise not_there(what)
    return found


async def executable(tx: Tx, actor: Actor, what: TaskOrPlan) -> Bindable:
    """What somebody may say of when it starts. Raises NotFound, Forbidden."""
    found = await _bindable(tx, actor, what)
    if not found.may_execute:
        raise Forbidden(f"Scheduling {found.name!r} needs the permission EXECUTE in workspace {found.workspace!r}")
    return found

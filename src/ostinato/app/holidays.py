"""Lists of holidays of an environment, which the calendars of triggers name."""

import asyncio
from datetime import datetime

from ostinato.app import audit
from ostinato.app.application import App
from ostinato.app.schedules import Clock, going_on, lists_of, next_fires
from ostinato.core.access import Actor, Tenant
from ostinato.core.errors import Conflict, Invalid, NotFound
from ostinato.core.ids import EnvironmentId
from ostinato.core.schedules import problems_of_list
from ostinato.core.triggers.kinds import HolidayList
from ostinato.store import environments, schedules
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.environments import DescribedEnvironment


async def list_holidays(app: App, actor: Actor, environment: str) -> list[HolidayList]:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        place = await _environment(tx, actor, environment)
        return list(await lists_of(tx, place.id))


async def keep(app: App, actor: Actor, environment: str, wanted: HolidayList, now: datetime) -> None:
    """The list of this name is this from now on, for triggers too. Raises Forbidden, Invalid, NotFound."""
    actor.require(Tenant.ENVIRONMENTS)
    if problems := problems_of_list(wanted):
        raise Invalid(*problems)
    clock = going_on(now)

    async def work(tx: Tx) -> None:
        place = await _environment(tx, actor, environment)
        await keep_in(tx, place.id, wanted, clock)
        entry = _entry("change", wanted.name, environment, days=len(wanted.days))
        await audit.record(tx, actor, clock(), entry)

    await app.db.run(work)


async def keep_in(tx: Tx, environment: EnvironmentId, wanted: HolidayList, clock: Clock) -> None:
    """The same within a transaction, for whoever has asked what there is to ask, and records it.

    A fire whose time has come is made as it was planned, and the next after it goes by the new list."""
    await schedules.keep_holidays(tx, environment, wanted.name, wanted.days, clock())
    await schedules.lock_triggers(
        tx, [], [one.id for one in await schedules.triggers_with(tx, environment, wanted.name)]
    )
    now = clock()
    found = await schedules.triggers_with(tx, environment, wanted.name)
    users = [one for one in found if one.bound and (one.planned_at is None or one.planned_at > now)]
    if not users:
        return
    lists = await lists_of(tx, environment)
    await schedules.plan_next(tx, await asyncio.to_thread(next_fires, users, lists, now))


async def remove(app: App, actor: Actor, environment: str, name: str, now: datetime) -> None:
    """Raises Forbidden, NotFound, and Conflict while a trigger names it."""
    actor.require(Tenant.ENVIRONMENTS)

    async def work(tx: Tx) -> None:
        place = await _environment(tx, actor, environment)
        if not await schedules.remove_holidays(tx, place.id, name):
            raise NotFound("List of holidays", name)
        users = await schedules.triggers_with(tx, place.id, name)
        if users:
            raise Conflict(f"Schedule {users[0].schedule} names the list {name!r}: change its trigger first")
        await audit.record(tx, actor, now, _entry("delete", name, environment))

    await app.db.run(work)


async def _environment(tx: Tx, actor: Actor, name: str) -> DescribedEnvironment:
    manages = actor.may(Tenant.ENVIRONMENTS)
    found = [one for one in await environments.described(tx, actor.subject, manages=manages) if one.name == name]
    if not found:
        raise NotFound("Environment", name)
    return found[0]


def _entry(action: str, name: str, environment: str, **after: int) -> Entry:
    return Entry(action=action, kind="holidays", target=name, environment=environment, after=dict(after) or None)

"""The one thing that starts a task or plan by itself, as the run configurations of Talend have it: a trigger with times
of its own, or calls of an address. There one excludes the other ("Webhooks"); with our own API both are possible.
"""

from datetime import datetime

import msgspec

from ostinato.app import schedule_links, schedules, webhook_triggers
from ostinato.app.application import App
from ostinato.app.webhook_triggers import Shown
from ostinato.core.access import Actor
from ostinato.core.schedules import NamedTrigger
from ostinato.store import schedules as stored
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan
from ostinato.store.webhook_triggers import About


async def set_times(app: App, actor: Actor, what: TaskOrPlan, trigger: NamedTrigger, now: datetime) -> None:
    """It starts by this trigger, and calls start it no more. Raises NotFound, Forbidden, Invalid, and Conflict while a
    schedule is linked."""

    async def work(tx: Tx) -> None:
        await schedule_links.set_own_in(tx, actor, what, trigger, now)
        await _take_off(tx, actor, what, now)

    await app.db.run(work)


async def set_webhook(app: App, actor: Actor, what: TaskOrPlan, about: About, now: datetime, *, new_url: bool) -> Shown:
    """Calls start it, and times of its own no more. A webhook that is made here needs no signature; one that was there
    keeps that, its rate, whether it is active, and its address unless a new one is wanted. Raises NotFound, Forbidden,
    Invalid, and Conflict while a schedule is linked."""

    async def work(tx: Tx) -> Shown:
        place = await schedule_links.executable(tx, actor, what)
        found = await stored.list_schedules(tx, actor.subject, schedules.of(what))
        schedule_links.require_own(place, found)
        if found:
            await schedule_links.take_off(tx, actor, found[0], now)
        before = await webhook_triggers.held_of(tx, actor, what)
        if before is None:
            webhook_triggers.check(app, about, signed=False)
            return await webhook_triggers.create_in(app, tx, actor, what, about, now, signed=False)
        rate = max(before.per_minute, about.per_minute)
        wanted = msgspec.structs.replace(about, active=before.active, per_minute=rate)
        after = await webhook_triggers.change_in(app, tx, actor, before, wanted, now, signed=before.signed)
        if not new_url:
            return after
        return await webhook_triggers.rotate_in(app, tx, actor, after.trigger, "url", now, now)

    return await app.db.run(work)


async def stop(app: App, actor: Actor, what: TaskOrPlan, now: datetime) -> None:
    """Neither times nor calls start it any more. Raises NotFound, Forbidden."""

    async def work(tx: Tx) -> None:
        await schedule_links.unlink_in(tx, actor, what, now)
        await _take_off(tx, actor, what, now)

    await app.db.run(work)


async def _take_off(tx: Tx, actor: Actor, what: TaskOrPlan, now: datetime) -> None:
    found = await webhook_triggers.held_of(tx, actor, what)
    if found is not None:
        await webhook_triggers.remove_in(tx, actor, found, now)

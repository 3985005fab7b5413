"""A task or plan that is started by calls of an address instead of at times, as Talend clients set it.

There a webhook excludes triggers with times on the same task (Talend, "Webhooks"); with our own API both are possible.
"""

from datetime import datetime

from ostinato.app import schedule_links, schedules, webhook_triggers
from ostinato.app.application import App
from ostinato.app.webhook_triggers import Shown
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict
from ostinato.store import schedules as stored
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan
from ostinato.store.webhook_triggers import About


async def set_webhook(app: App, actor: Actor, what: TaskOrPlan, about: About, now: datetime, *, new_url: bool) -> Shown:
    """Calls start it from now on, and its own schedule no more. One that is made here needs no signature; one that was
    there stays as it is in this, and keeps its address unless a new one is wanted. Raises NotFound, Forbidden, Invalid,
    and Conflict while a schedule is linked."""

    async def work(tx: Tx) -> Shown:
        place = await schedule_links.executable(tx, actor, what)
        found = await stored.list_schedules(tx, actor.subject, schedules.of(what))
        if found and not found[0].own:
            raise Conflict(f"{place.name!r} is started by a schedule that is linked to it: unlink that first")
        if found:
            await schedule_links.take_off(tx, actor, found[0], now)
        before = await webhook_triggers.held_of(tx, actor, what)
        if before is None:
            webhook_triggers.check(app, about, signed=False)
            return await webhook_triggers.create_in(app, tx, actor, what, about, now, signed=False)
        after = await webhook_triggers.change_in(app, tx, actor, before, about, now, signed=before.signed)
        if not new_url:
            return after
        return await webhook_triggers.rotate_in(app, tx, actor, after.trigger, "url", now, now)

    return await app.db.run(work)


async def take_off(app: App, actor: Actor, what: TaskOrPlan, now: datetime) -> None:
    """No call starts it any more. Raises NotFound, Forbidden."""

    async def work(tx: Tx) -> None:
        await schedule_links.executable(tx, actor, what)
        found = await webhook_triggers.held_of(tx, actor, what)
        if found is not None:
            await webhook_triggers.remove_in(tx, actor, found, now)

    await app.db.run(work)

"""Data triggers fire: what has all the successes that it waits for starts, once, whatever the number of servers."""

import asyncio
from datetime import datetime

from ostinato.app import starts
from ostinato.app.application import App
from ostinato.app.fires import tell
from ostinato.app.starts import AtWork, Fired, Guard, Trigger
from ostinato.core.access import of_user
from ostinato.core.data_triggers import fire_in_words
from ostinato.core.ids import RunId
from ostinato.store import data_triggers
from ostinato.store.data_triggers import Due, Fire

MOST_AT_ONCE = 500
BLIND = "its owner may not see one of its sources any more: somebody who may see them all has to save it"


async def fire_due(app: App, now: datetime) -> int:
    """Fire what is due, at most so many data triggers once each; how many of them have fired."""
    async with app.db.reading() as tx:
        due = await data_triggers.due(tx, MOST_AT_ONCE)
    fired = await asyncio.gather(*(_fire(app, one, now) for one in due), return_exceptions=True)
    return tell([{"data_trigger": one.id} for one in due], fired)


async def next_due(app: App, after: datetime | None = None) -> datetime | None:
    """Nobody knows: runs that end call for them."""
    return None


async def forget(app: App) -> None:
    """Forget successes that the newest start of what they are for has seen, as long as that start is known: once it has
    become history, they would count again."""
    async with app.db.reading() as tx:
        if not await data_triggers.is_any_unused(tx):
            return
    await app.db.run(data_triggers.forget)


async def _fire(app: App, due: Due, now: datetime) -> RunId:
    fired = Fired(
        cause="data",
        name=str(due.id),
        guard=Guard(
            take=data_triggers.take,
            back=data_triggers.give_back,
            back_after=AtWork,
            item=Fire(due=due, at=now),
            key=due.id,
        ),
        refused=None if due.may_view else BLIND,
    )
    owner = of_user(due.owner, due.owner_name)
    return await starts.fire(app, owner, due.what, Trigger(key=fire_in_words(due.fires + 1)), fired, now)

"""Backfills go on: as runs of theirs end others start, never more at once than they may have, each time once whatever
the number of servers. What may not start now is tried again, and the backfill says what it waits for."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from ostinato.app import starts
from ostinato.app.application import App
from ostinato.app.starts import AlreadyFired, Fired, Guard, Trigger
from ostinato.core.access import of_user
from ostinato.core.errors import OstinatoError, Unavailable
from ostinato.core.ids import BackfillId, RunId
from ostinato.core.parameters import SCHEDULED_AT
from ostinato.core.times import instant
from ostinato.store import backfills
from ostinato.store.backfills import Due, Place

log = structlog.get_logger()

MOST_AT_ONCE = 500
UNFORESEEN = "something unforeseen, of which the log of the server tells; it is tried again"


async def fire_due(app: App, now: datetime) -> int:
    """Count what has ended, and start what there is room for; how many runs were started."""
    async with app.db.reading() as tx:
        if not await backfills.going(tx):
            app.awaited.clear()
            return 0
    await app.db.run(lambda tx: backfills.settle(tx, now))
    async with app.db.reading() as tx:
        app.awaited = set(await backfills.live(tx))
        due = await backfills.due(tx, now, MOST_AT_ONCE)
    fired = await asyncio.gather(*(_fire(app, one, now) for one in due), return_exceptions=True)
    return await _tell(app, due, fired, now)


async def next_due(app: App, after: datetime | None = None) -> datetime | None:
    """None: what starts next starts when a run ends, or when what a backfill waits for has happened."""
    return None


async def _fire(app: App, due: Due, now: datetime) -> RunId:
    guard = Guard(
        take=backfills.take,
        back=backfills.give_back,
        done=backfills.started,
        item=due,
        key=Place(due.backfill, due.place),
    )
    fired = Fired(
        cause="backfill",
        name=str(due.backfill),
        values={SCHEDULED_AT: instant(due.at)},
        graph=due.graph,
        version=due.version,
        guard=guard,
    )
    trigger = Trigger(key=due.at.isoformat(), parameters=due.parameters, priority=due.priority)
    run = await starts.fire(app, of_user(due.owner, due.owner_name), due.what, trigger, fired, now)
    app.awaited.add(run)
    return run


async def _tell(app: App, due: Sequence[Due], fired: Sequence[RunId | BaseException], now: datetime) -> int:
    """Say what a backfill waits for whose starts were refused; how many were not. Raises what ends the loop."""
    refused: dict[BackfillId, tuple[Due, str]] = {}
    started = 0
    for one, answer in zip(due, fired, strict=True):
        match answer:
            case AlreadyFired():
                continue
            case Unavailable():
                raise answer
            case OstinatoError():
                refused.setdefault(one.backfill, (one, str(answer)))
            case Exception():
                log.error("backfill.failed", backfill=one.backfill, exc_info=answer)
                refused.setdefault(one.backfill, (one, UNFORESEEN))
            case BaseException():
                raise answer
            case _:
                started += 1
    for backfill, (one, why) in refused.items():
        if why != one.waiting:
            log.info("backfill.waits", backfill=backfill, why=why)
    if refused:
        async with app.db.transaction() as tx:
            await backfills.wait(tx, {backfill: why for backfill, (_, why) in refused.items()}, now)
    return started

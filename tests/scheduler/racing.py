"""Two actors at once: one is held up at a named point of its transaction, the other one comes in between."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from ostinato.app.application import App
from ostinato.store.db import Database
from tests.scheduler.conftest import until
from tests.taps import Barrier

Actor = Callable[[App], Awaitable[Any]]


async def _nothing() -> None:
    return None


async def race(
    app: App,
    url: str,
    first: Actor,
    second: Actor,
    point: str,
    meanwhile: Callable[[], Awaitable[Any]] = _nothing,
) -> list[Any]:
    """Hold `first` up at `point`, let `second` come until it is done or waits for a lock, look at that `meanwhile`, and
    let both come to their ends; what each answered or raised, and what was seen meanwhile."""
    barrier = Barrier(point)
    slow = replace(app, asked=[], db=Database(url, connections=1, tap=barrier))
    await slow.db.open()
    one: asyncio.Task[Any] = asyncio.ensure_future(first(slow))
    held = asyncio.ensure_future(barrier.reached.wait())
    await asyncio.wait([one, held], return_when=asyncio.FIRST_COMPLETED)
    held.cancel()
    other: asyncio.Task[Any] = asyncio.ensure_future(second(app))

    async def is_under_way() -> bool:
        return other.done() or await _somebody_waits(app)

    await until(is_under_way)
    seen = await meanwhile()
    barrier.release()
    answers = await asyncio.gather(one, other, return_exceptions=True)
    await slow.db.close()
    return [*answers, seen]


async def _somebody_waits(app: App) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with app.db.reading() as tx:
        return bool(await tx.fetchval(waiting))

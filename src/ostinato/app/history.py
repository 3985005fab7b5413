"""What ended becomes history, and history ends: trees of runs leave the live tables, old weeks are dropped."""

from datetime import datetime, timedelta

from ostinato.app import deliveries
from ostinato.app.application import App
from ostinato.core.access import Actor, Tenant
from ostinato.store import backfills, history, sessions
from ostinato.store.db import Tx
from ostinato.store.history import Retention

ARCHIVE_AFTER = timedelta(hours=1)
"""How long after its end a tree stays in the live tables, where late reports still find it."""
KEY_LIFE = timedelta(days=90)
"""How long a key still gives the run it started."""
SESSION_LIFE = timedelta(days=7)
"""How long it is remembered that there was a server."""
MOST_TREES = 200
MOST_ROWS = 20_000
"""Of one transaction: what moves must not hold up what runs."""
MOST_KEYS = 10_000


async def archive(app: App, now: datetime) -> int:
    """Move every tree whose outermost run ended a while ago, and of which nothing is live, into history; how many runs.

    Servers share the work: each takes trees that no other has locked. A repetition finds nothing.
    """

    async def work(tx: Tx) -> int:
        trees = await history.ripe(tx, now - ARCHIVE_AFTER, MOST_TREES, MOST_ROWS)
        if not trees:
            return 0
        await backfills.settle(tx, now)
        await deliveries.gather_leaving(app, tx, [tree.run for tree in trees], now)
        return await history.keep(tx, trees)

    total = 0
    while moved := await app.db.run(work):
        total += moved
    return total


async def prune(app: App, now: datetime) -> int:
    """Drop the weeks that lie wholly before what their environment keeps; how many. Busy ones are left for later."""
    async with app.db.reading() as tx:
        weeks = await history.old_weeks(tx, now)
    dropped = 0
    for week in weeks:
        async with app.db.transaction() as tx:
            dropped += await history.drop_week(tx, week)
    return dropped


async def forget(app: App, now: datetime) -> int:
    """Forget the servers of long ago, and the keys, unless their run is still live; how many keys."""
    async with app.db.transaction() as tx:
        await sessions.forget(tx, now - SESSION_LIFE)

    async def work(tx: Tx) -> int:
        return await history.forget_keys(tx, now - KEY_LIFE, MOST_KEYS)

    total = 0
    while forgotten := await app.db.run(work):
        total += forgotten
    return total


async def retention(app: App, actor: Actor) -> list[Retention]:
    """How long the environments somebody may see keep runs, logs and findings."""
    async with app.db.reading() as tx:
        return await retention_of(tx, actor)


async def retention_of(tx: Tx, actor: Actor) -> list[Retention]:
    return await history.retention(tx, actor.subject, actor.may(Tenant.ENVIRONMENTS))

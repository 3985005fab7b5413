"""What becomes due by itself: tries whose time has come, runs that take too long, plans that can begin."""

from datetime import datetime

from ostinato.app import progress
from ostinato.app.application import App
from ostinato.app.cancelling import ask, end_held
from ostinato.core.states import Reason
from ostinato.store import holds, runs
from ostinato.store.db import Tx

MOST = 1_000
"""Of each thing in one transaction; the rest follows at once."""


async def look(app: App, now: datetime) -> int:
    """Do what is due; how much it was, and note when to look again."""

    async def work(tx: Tx) -> tuple[int, list[runs.Moved], datetime | None]:
        woken = await holds.wake_due(tx, now, MOST)
        overdue = await runs.overdue(tx, now, MOST)
        asked = await ask(app, tx, overdue, Reason.TIMEOUT, now) if overdue else []
        await progress.begin_ready(app, tx, now)
        return len(woken) + len(overdue), asked, await holds.next_due(tx)

    app.look_at = None
    done, asked, due = await app.db.run(work)
    if asked:
        end_held(app, asked)
    if due is not None:
        app.expect(due)
    return done


async def sweep(app: App, now: datetime) -> int:
    """Let go whatever is held although nothing keeps it; how much it was."""

    async def work(tx: Tx) -> int:
        free = await holds.let_go_all(tx, MOST)
        await progress.let_go(app, tx, free, now)
        return len(free)

    freed = await app.db.run(work)
    if freed:
        app.wake.set()
    return freed

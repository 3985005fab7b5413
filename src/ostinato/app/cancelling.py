"""Asking runs to end, for whatever reason."""

from collections.abc import Sequence
from datetime import datetime

from ostinato.app import progress
from ostinato.app.application import App
from ostinato.core.ids import RunId
from ostinato.core.states import LIVE, Reason
from ostinato.store import runs
from ostinato.store.db import Tx


async def ask(app: App, tx: Tx, asked: Sequence[RunId], reason: Reason, now: datetime) -> list[runs.Moved]:
    """Ask runs and everything below them to end. What is queued ends here; other servers are told of the rest, and
    this one by `end_held` when the transaction has been committed."""
    everything: list[runs.Moved] = []
    while moved := await runs.request_cancel(tx, asked, now, reason):
        everything += moved
        await progress.cancelled(app, tx, moved, now)
    if app.others and everything:
        await runs.notify(tx, "cancel")
    return everything


def end_held(app: App, asked: Sequence[runs.Moved]) -> None:
    """Let the attempts end that this server holds of runs that were asked to."""
    for run in asked:
        held = app.held.get(run.run)
        if run.state in LIVE and held is not None:
            app.cancelled[held.launch.lease] = run.run
    app.wake.set()

"""Asking runs to end, for whatever reason."""

from collections.abc import Sequence
from datetime import datetime

from ostinato.app import progress
from ostinato.app.application import App
from ostinato.core.ids import RunId
from ostinato.core.states import LIVE, Reason
from ostinato.store import runs
from ostinato.store.db import Tx


async def ask(app: App, tx: Tx, asked: Sequence[RunId], reason: Reason, now: datetime) -> None:
    """Ask runs and everything below them to end. What is queued ends here; the servers that hold the rest are told."""
    everything: list[runs.Moved] = []
    while moved := await runs.request_cancel(tx, asked, now, reason):
        everything += moved
        await progress.cancelled(app, tx, moved, now)
    for run in everything:
        held = app.held.get(run.run)
        if run.state in LIVE and held is not None:
            app.cancelled[held.launch.lease] = run.run
    if app.others and everything:
        await runs.notify(tx, "cancel")

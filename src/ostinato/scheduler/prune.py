"""Moves what has ended into history, drops history that is older than its environment keeps, and forgets sessions."""

from datetime import datetime

import structlog

from ostinato.app import artifacts, data_firing, deliveries, history, sign_in, webhook_calls
from ostinato.app.application import App

log = structlog.get_logger()


async def tick(app: App, now: datetime) -> int:
    """How many runs became history."""
    await data_firing.forget(app)
    moved = await history.archive(app, now)
    dropped = await history.prune(app, now)
    await history.forget(app, now)
    await sign_in.forget(app, now)
    await artifacts.forget_runs(app)
    await deliveries.forget(app, now)
    await webhook_calls.forget(app, now)
    if dropped:
        log.info("history.dropped", weeks=dropped)
    return moved

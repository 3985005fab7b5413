"""Passes on to the executor which attempts are to end, whichever server was asked."""

from datetime import datetime

from ostinato.app.application import App
from ostinato.core.contracts import Executor


async def tick(app: App, now: datetime, executor: Executor) -> int:
    """How many attempts the executor was told to end."""
    asked, app.cancelled = app.cancelled, {}
    for lease in asked:
        executor.cancel(lease)
    return len(asked)

"""Fires whatever starts something by itself, in order, until nothing is due."""

from datetime import datetime

from ostinato.app import backfilling, data_firing, firing, webhook_calls
from ostinato.app.application import App

SOURCES = (firing, webhook_calls, data_firing, backfilling)
"""Modules of what can be due: each has `fire_due(app, now)`, which answers how much it fired, and `next_due(app,
after)`."""


async def tick(app: App, now: datetime) -> int:
    """How much was due."""
    return sum([await source.fire_due(app, now) for source in SOURCES])


async def next_due(app: App, after: datetime) -> datetime | None:
    """When the next is due after a time, as far as that is known."""
    due = [at for source in SOURCES if (at := await source.next_due(app, after)) is not None]
    return min(due, default=None)

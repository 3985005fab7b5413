"""Fires what schedules have due, in order, until nothing is."""

from datetime import datetime

from ostinato.app import firing
from ostinato.app.application import App


async def tick(app: App, now: datetime) -> int:
    """How many triggers were due."""
    return await firing.fire_due(app, now)

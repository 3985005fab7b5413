"""What this server knows of its own health, for load balancers and whoever watches over it.

Anybody may ask, without a key, so the database is asked at most once a second.
"""

import asyncio
from datetime import datetime, timedelta

from ostinato.app.application import App
from ostinato.core.errors import Unavailable
from ostinato.core.health import STUCK, Facts
from ostinato.store import health
from ostinato.store.health import Movement

FRESH = timedelta(seconds=1)
PATIENCE_SECONDS = 3.0
"""A database that takes longer than this to say how work moves does not answer."""


async def facts(app: App, now: datetime) -> Facts:
    """What is known at this moment, or was a moment ago."""
    async with app.looking:
        if app.health is None or not timedelta(0) <= now - app.health[0] < FRESH:
            app.health = (now, await _facts(app, now))
        return app.health[1]


async def _facts(app: App, now: datetime) -> Facts:
    found = await _movement(app, now)
    return Facts(
        database=found is not None,
        last_turn_at=app.last_turn_at,
        last_claim_at=_last_claim(app, found, now) if found is not None else app.last_claim_at,
        free_slots=app.slots - len(app.held),
        ready_since=found.ready_since if found is not None else None,
        plan_ready_since=found.plan_ready_since if found is not None else None,
    )


async def _movement(app: App, now: datetime) -> Movement | None:
    """None: the database does not answer."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async with app.db.reading() as tx:
                return await health.movement(tx, now - STUCK)
    except (Unavailable, TimeoutError):
        return None


def _last_claim(app: App, found: Movement, now: datetime) -> datetime | None:
    """The later of our own last claim, and the moment when we first saw the last claim of anybody."""
    if app.claims is None or app.claims[0] != found.claims:
        app.claims = (found.claims, now)
    return max(app.claims[1], app.last_claim_at or app.claims[1])

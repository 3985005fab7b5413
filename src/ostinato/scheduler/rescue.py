"""Says that this server lives, ends what somebody wants ended, and takes back the attempts of servers that are gone."""

from datetime import datetime

import structlog

from ostinato.app import access, attempts, audit, holds, sessions, sign_in
from ostinato.app.application import App
from ostinato.core.contracts import Executor

log = structlog.get_logger()


async def tick(app: App, now: datetime, executor: Executor) -> int:
    """How many attempts were taken back from servers that did not renew their session in time."""
    if not await sessions.renew(app, now):
        log.error("session.given_up", session=app.session)
        for held in app.held.values():
            executor.cancel(held.launch.lease)
        app.held.clear()
        await sessions.begin(app, now, alone=False)
    rescued = await attempts.rescue(app, now)
    await holds.sweep(app, now)
    await access.write_down_use(app, now)
    await sign_in.write_down_failures(app, now)
    await audit.seal(app)
    if rescued:
        log.warning("attempts.rescued", attempts=rescued)
        app.wake.set()
    return rescued

"""Tells webhooks what happened to runs: looks for it, and sends what is due, many messages side by side."""

import asyncio
from datetime import datetime

import structlog

from ostinato.app import deliveries
from ostinato.app.application import App
from ostinato.core.errors import Unavailable
from ostinato.store.webhooks import Due

log = structlog.get_logger()

MOST_SENDING = 32
"""Messages that one server sends at a time."""


class Teller:
    """What this server is sending. Nobody waits for it: a receiver that is slow keeps a place for as long as it may."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._sending: set[asyncio.Task[None]] = set()

    async def tick(self, now: datetime, *, look: bool = True) -> bool:
        """Look for what happened, if wanted, and begin to send what is due; whether any webhook is active."""
        active = True
        if look:
            active = await deliveries.gather(self._app, now) is not None
        for due in await deliveries.claim(self._app, now, MOST_SENDING - len(self._sending)):
            task = asyncio.create_task(self._send(due, now))
            self._sending.add(task)
            task.add_done_callback(self._sent)
        return active

    async def settled(self) -> None:
        """Wait until nothing is being sent."""
        while self._sending:
            await asyncio.wait(self._sending)

    async def stop(self) -> None:
        """Leave what is being sent to another server, or to the next start."""
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._app.tell.set()

    async def _send(self, due: Due, now: datetime) -> None:
        try:
            await deliveries.deliver(self._app, due, now)
        except Exception as error:
            log.error(
                "webhook.attempt_lost",
                delivery=due.id,
                error=str(error),
                exc_info=None if isinstance(error, Unavailable) else error,
            )

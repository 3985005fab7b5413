"""Keeps the control loops going: one that works whenever there may be work, one that looks around every few seconds."""

import asyncio
import time
from collections import deque
from datetime import datetime

import structlog

from ostinato.app import attempts, holds, sessions
from ostinato.app.application import App
from ostinato.core.contracts import Executor, Finished, Report, Started
from ostinato.core.errors import Unavailable
from ostinato.scheduler import advance, dispatch, fire, prune, rescue
from ostinato.scheduler.webhooks import Teller
from ostinato.store.db import Listener

log = structlog.get_logger()

LEAST_SLEEP = 0.001
LONGEST_SLEEP = 1.0
"""Seconds. A notification can be lost and a retry becomes due by itself, so the engine looks at least this often."""
GATHER_SECONDS = 0.02
MANY = 8
MANY_SECONDS = 0.001
"""After a turn with many reports and starts, more are given a moment to gather: a lone run never waits for others."""
LOOK_AROUND = 2.0
"""Seconds between two renewals of the session; a fraction of its life."""
HISTORY_SECONDS = 30.0
"""Between two looks for what belongs into history, or out of it."""
TELL_SECONDS = 1.0
"""Between two looks for what webhooks have to be told."""
QUIET_SECONDS = 5.0
"""The same while no webhook is active."""
MOST_WAITING = 2_000
"""Reports that may wait to be stored, while the database is away or slow."""
PATIENCE = (0.1, 0.5, 1.0, 2.0)
"""Seconds between tries while the database does not answer; the last one is repeated."""


class Engine:
    """The scheduler of one server: its loops, and the reports that wait to be stored."""

    def __init__(self, app: App, *, alone: bool) -> None:
        """`alone`: no other server can be alive on this database."""
        self._app, self._alone, self._now = app, alone, app.now
        self._looked = 0.0
        self._inbox: deque[Report] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._room = asyncio.Event()
        self._room.set()
        self._executor: Executor | None = None
        self._listener: Listener | None = None
        self._working: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._pruning: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._firing: asyncio.Task[None] | None = None
        self._teller = Teller(app)

    def hear(self, report: Report) -> None:
        """Take a report from an executor. An end calls for a turn at once; beginnings and lines can wait a moment, and
        are often followed by the end."""
        if not attempts.hear(self._app, report):
            if isinstance(report, Started):
                self._wake_soon()
            return
        self._inbox.append(report)
        if len(self._inbox) > MOST_WAITING:
            self._room.clear()
        if isinstance(report, Finished):
            self._app.wake.set()
        else:
            self._wake_soon()

    async def pace(self) -> None:
        """Wait while more reports are in memory than should be; what is not read stays with the workers."""
        await self._room.wait()

    async def start(self, executor: Executor) -> None:
        """Begin a session, take back what dead servers held, start the executor and the loops."""
        self._executor = executor
        await sessions.begin(self._app, self._now(), alone=self._alone)
        await attempts.rescue(self._app, self._now())
        await executor.start()
        self._working = asyncio.create_task(self._work())
        self._looking = asyncio.create_task(self._look_around())
        self._pruning = asyncio.create_task(self._keep_history())
        self._telling = asyncio.create_task(self._tell())
        self._firing = asyncio.create_task(self._fire())

    async def stop(self) -> None:
        """End in good order: workers stop, what they reported is stored, the rest goes back into the queue."""
        await _end(self._pruning)
        await _end(self._telling)
        await _end(self._firing)
        await self._teller.stop()
        await _end(self._working)
        self._room.set()
        if self._executor is not None:
            await self._executor.stop()
        await _end(self._looking)
        try:
            while self._inbox:
                await attempts.take_turn(self._app, [self._inbox[0]], 0, self._now())
                self._inbox.popleft()
            await attempts.release(self._app, self._now())
            await sessions.end(self._app)
        except Unavailable as error:
            log.warning("engine.stopped_without_database", error=str(error))
        if self._listener is not None:
            await self._listener.close()

    async def _work(self) -> None:
        """Work as long as there is any; then sleep until somebody calls."""
        assert self._executor is not None, "loops run between start and stop"
        failures = 0
        while True:
            try:
                await _sleep_until(self._app.wake, self._until_due())
                self._app.wake.clear()
                self._forget_timer()
                await dispatch.tick(self._app, self._now(), self._executor)
                await self._look_for_due()
                done = await advance.tick(self._app, self._now(), self._inbox, self._executor)
                self._app.last_turn_at = self._now()
                self._app.tell_watching()
                if done > MANY:
                    await asyncio.sleep(MANY_SECONDS)
                if len(self._inbox) <= MOST_WAITING:
                    self._room.set()
                if self._inbox or self._app.unstarted:
                    self._wake_soon()
                failures = 0
            except Exception as error:
                failures = await _pause("engine.turn_failed", error, failures)

    def _until_due(self) -> float:
        """Seconds until something is due by itself, as far as is known; never long."""
        return self._seconds_until(self._app.look_at)

    async def _look_for_due(self) -> None:
        """Do what is due by itself, when it is, and every now and then."""
        app, moment = self._app, time.monotonic()
        due = app.look_at is not None and app.look_at <= self._now()
        if due or moment - self._looked >= LONGEST_SLEEP:
            self._looked = moment
            await holds.look(app, self._now())

    def _wake_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._app.wake.set)

    def _forget_timer(self) -> None:
        """A turn begins, so nobody has to be woken for what is in the inbox now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _look_around(self) -> None:
        """Renew the session, rescue, listen to the other servers."""
        assert self._executor is not None, "loops run between start and stop"
        failures = 0
        while True:
            try:
                self._app.look.clear()
                await rescue.tick(self._app, self._now(), self._executor)
                if self._app.cancelled:
                    self._app.wake.set()
                await self._keep_listening()
                failures = 0
                await _sleep_until(self._app.look, LOOK_AROUND)
            except Exception as error:
                failures = await _pause("engine.look_around_failed", error, failures)

    async def _keep_history(self) -> None:
        """Move what has ended into history and drop what is too old, beside everything else: it may take its time."""
        failures = 0
        while True:
            await asyncio.sleep(HISTORY_SECONDS)
            try:
                await prune.tick(self._app, self._now())
                failures = 0
            except Exception as error:
                failures = await _pause("engine.history_failed", error, failures)

    async def _tell(self) -> None:
        """Tell webhooks what happened, beside everything else."""
        failures, active, looked = 0, True, 0.0
        while True:
            await _sleep_until(self._app.tell, TELL_SECONDS if active else QUIET_SECONDS)
            self._app.tell.clear()
            try:
                look = not active or time.monotonic() - looked >= TELL_SECONDS
                active = await self._teller.tick(self._now(), look=look)
                looked = time.monotonic() if look else looked
                failures = 0
            except Exception as error:
                failures = await _pause("engine.webhooks_failed", error, failures)

    async def _fire(self) -> None:
        """Fire what starts by itself when it is due; what nobody has told of is noticed within a second."""
        failures = 0
        while True:
            try:
                self._app.fire.clear()
                now = self._now()
                while await fire.tick(self._app, now):
                    now = self._now()
                due = await fire.next_due(self._app, now)  # what was due and could not be fired is looked at again then
                failures = 0
                await _sleep_until(self._app.fire, self._seconds_until(due))
            except Exception as error:
                failures = await _pause("engine.firing_failed", error, failures)

    def _seconds_until(self, due: datetime | None) -> float:
        if due is None:
            return LONGEST_SLEEP
        return min(max((due - self._now()).total_seconds(), LEAST_SLEEP), LONGEST_SLEEP)

    async def _keep_listening(self) -> None:
        if self._listener is None or self._listener.lost:
            known = self._app.known_keys
            self._listener = await self._app.db.listen(["ostinato"], self._be_told, known.be_deaf)
            known.hear()

    def _be_told(self, _channel: str, what: str) -> None:
        """Another server says that there is work, or something to end; or the database, that rights have changed."""
        if what == "access":
            self._app.known_keys.forget()
            return
        self._app.wake.set()
        if what == "cancel":
            self._app.look.set()


async def _end(loop: asyncio.Task[None] | None) -> None:
    """Cancel a loop and wait until it is gone."""
    if loop is not None:
        loop.cancel()
        await asyncio.gather(loop, return_exceptions=True)


async def _sleep_until(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):  # not wait_for, which may swallow a cancellation in Python 3.11
            await event.wait()
    except TimeoutError:
        return


async def _pause(event: str, error: Exception, failures: int) -> int:
    """Say what went wrong, wait a while, and count; an unknown failure is told with its traceback but stops nothing."""
    log.error(event, error=str(error), exc_info=None if isinstance(error, Unavailable) else error)
    await asyncio.sleep(PATIENCE[min(failures, len(PATIENCE) - 1)])
    return failures + 1

"""Connections to the database that stay open and are lent to whoever needs one.

The driver's own pool makes a task and two timers for every loan, which was a fifth of the server's work for a page of a
list. A loan here is a pop and an append while connections are free.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import asyncpg

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"

PATIENCE_SECONDS = 15.0
"""How long somebody waits for a connection while all are lent."""
IDLE_SECONDS = 300.0
"""A connection that nobody needed for this long is closed; one is kept."""


class Lender:
    """At most `most` connections, opened when they are needed."""

    def __init__(
        self, connect: Callable[[], Awaitable[Connection]], most: int, *, patience_s: float = PATIENCE_SECONDS
    ) -> None:
        self._connect, self._most, self._patience_s = connect, most, patience_s
        self._places = 0
        """Connections that are free, lent, or being opened."""
        self._free: list[tuple[float, Connection]] = []
        """With the time when each came back; the last one is lent first."""
        self._lent: set[Connection] = set()
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._closed = False
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Open the first connection; raises what the driver raises."""
        self.give_back(await self.lend(), usable=True)
        self._look_for_idle()

    async def close(self) -> None:
        """Close what is free, and end what is lent."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for connection in self._lent:
            connection.terminate()
        free, self._free = self._free, []
        await asyncio.gather(*(connection.close(timeout=5) for _, connection in free), return_exceptions=True)

    async def lend(self) -> Connection:
        """A connection, for one at a time. Raises TimeoutError, and what the driver raises."""
        connection = self._take()
        if connection is None:
            if self._places < self._most:
                self._places += 1
            else:
                connection = await self._wait()
        if connection is None:
            connection = await self._open_one()
        self._lent.add(connection)
        return connection

    def give_back(self, connection: Connection, *, usable: bool) -> None:
        """`usable`: nothing is going on on it any more."""
        self._lent.discard(connection)
        if self._closed or not usable:
            connection.terminate()
        self._pass_on(None if connection.is_closed() else connection)

    def _take(self) -> "Connection | None":
        while self._free:
            _, connection = self._free.pop()
            if not connection.is_closed():
                return connection
            self._places -= 1
        return None

    async def _open_one(self) -> Connection:
        try:
            return await self._connect()
        except BaseException:
            self._pass_on(None)
            raise

    async def _wait(self) -> "Connection | None":
        """What comes back next; None: a place to open a connection of one's own."""
        turn: asyncio.Future[Connection | None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._patience_s):
                return await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self._pass_on(turn.result())
            turn.cancel()
            raise

    def _pass_on(self, connection: "Connection | None") -> None:
        """Give a connection, or the place of one that is gone, to whoever has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is None:
            self._places -= 1
        else:
            self._free.append((asyncio.get_running_loop().time(), connection))

    def _look_for_idle(self) -> None:
        loop = asyncio.get_running_loop()
        while len(self._free) > 1 and self._free[0][0] + IDLE_SECONDS < loop.time():
            _, connection = self._free.pop(0)
            connection.terminate()
            self._places -= 1
        self._timer = loop.call_later(IDLE_SECONDS, self._look_for_idle)

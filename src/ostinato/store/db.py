"""The door to PostgreSQL: a pool, transactions, and rows as typed structs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeAlias, TypeVar

import asyncpg
import msgspec

from ostinato.core.errors import Unavailable
from ostinato.store.sql import statement

T = TypeVar("T")
Tx: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
"""A connection inside a transaction; every function of the store takes one as its first argument."""

UNREACHABLE = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    OSError,
    TimeoutError,
)
"""What a database that is down, starting or restarting answers; the work is to be tried again."""


class Raced(Exception):
    """Somebody else did the same in the same moment; the transaction begins again and finds it done."""


RACES = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError, Raced)
"""Two transactions in each other's way; the loser begins again."""

EXCLUSIONS = frozenset({"run_alone_of_task", "run_alone_of_plan", "run_slot_of_pool"})
"""Unique indexes that decide between two transactions which both found a task, a plan or a slot free."""

REFUSED = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.ProgramLimitExceededError, ValueError)
"""What the database will not take, however often it is tried."""


MOST_RACES = 8


class Tap(Protocol):
    """Hears of every step on the way to the database, and may hold it up or let it fail: the door for tests of what
    happens when the database, or somebody else, comes in between. What it raises counts as the database's own error."""

    async def before(self, point: str) -> None:
        """`point` is `begin`, `commit`, `committed`, or the name of a statement."""
        ...


_tap: ContextVar[Tap | None] = ContextVar("tap", default=None)


class Database:
    """A pool of connections to one PostgreSQL database."""

    def __init__(self, url: str, *, connections: int = 10, tap: Tap | None = None) -> None:
        self._url, self._connections, self._tap = url, connections, tap
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None

    async def open(self) -> None:
        """Connect; raises Unavailable with the database's own words."""
        try:
            self._pool = await asyncpg.create_pool(
                self._url,
                min_size=1,
                max_size=self._connections,
                init=_prepare,
                reset=_keep,
                statement_cache_size=1_000,
                command_timeout=60,
                server_settings={
                    "application_name": "ostinato",
                    "timezone": "UTC",
                    "jit": "off",
                    "plan_cache_mode": "force_generic_plan",
                },
            )
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            raise Unavailable(f"The database cannot be reached: {_words(error)}") from error

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            try:
                async with asyncio.timeout(5):
                    await pool.close()
            except TimeoutError:
                pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """One transaction; raises Unavailable when the database does not answer."""
        async with self._connection() as connection:
            await self._pass("begin")
            async with connection.transaction():
                yield connection
                await self._pass("commit")
            await self._pass("committed")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Tx]:
        """A connection for single statements that read: each sees what is committed, and costs one round trip."""
        async with self._connection() as connection:
            yield connection

    async def run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work` in a transaction, again if another one was in its way. It must not change anything else."""
        for _ in range(MOST_RACES):
            try:
                async with self.transaction() as tx:
                    return await work(tx)
            except RACES:
                continue
            except asyncpg.UniqueViolationError as error:
                if error.constraint_name not in EXCLUSIONS:
                    raise
        raise Unavailable("The database is too busy with the same thing: try again")

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Tx]:
        assert self._pool is not None, "the database has not been opened"
        _tap.set(self._tap)
        try:
            async with self._pool.acquire(timeout=15) as connection:
                yield connection
        except UNREACHABLE as error:
            if isinstance(error, ValueError):  # an argument that cannot be encoded is an InterfaceError to asyncpg
                raise
            raise Unavailable(f"The database does not answer at the moment: {_words(error)}") from error

    async def _pass(self, point: str) -> None:
        if self._tap is not None:
            await self._tap.before(point)

    async def listen(self, channels: Sequence[str], hear: Callable[[str, str], None]) -> "Listener":
        """Call `hear(channel, payload)` for every notification, on a connection of its own."""
        try:
            connection = await asyncpg.connect(self._url, timeout=10)
            for channel in channels:
                await connection.add_listener(channel, lambda _c, _p, channel, payload: hear(channel, payload))
        except UNREACHABLE as error:
            raise Unavailable(f"The database does not answer at the moment: {_words(error)}") from error
        return Listener(connection)


class Listener:
    """A connection that hears notifications until it is closed."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def lost(self) -> bool:
        return bool(self._connection.is_closed())

    async def close(self) -> None:
        self._connection.terminate()


async def fetch(tx: Tx, name: str, row: type[T], *arguments: Any) -> list[T]:
    """Run statement `name` and return its rows as structs of type `row`."""
    if (tap := _tap.get()) is not None:
        await tap.before(name)
    return msgspec.convert([dict(r) for r in await tx.fetch(statement(name), *arguments)], list[row])  # type: ignore[valid-type]


async def fetch_one(tx: Tx, name: str, row: type[T], *arguments: Any) -> T | None:
    """Run statement `name` and return its only row as a struct, or None."""
    if (tap := _tap.get()) is not None:
        await tap.before(name)
    found = await tx.fetchrow(statement(name), *arguments)
    return None if found is None else msgspec.convert(dict(found), row)


async def fetch_value(tx: Tx, name: str, *arguments: Any) -> Any:
    """Run statement `name` and return the first column of its first row, or None."""
    if (tap := _tap.get()) is not None:
        await tap.before(name)
    return await tx.fetchval(statement(name), *arguments)


async def execute(tx: Tx, name: str, *arguments: Any) -> None:
    """Run statement `name` for its effect."""
    if (tap := _tap.get()) is not None:
        await tap.before(name)
    await tx.execute(statement(name), *arguments)


def _words(error: BaseException) -> str:
    """What went wrong; a time-out has no words of its own."""
    return str(error) or "it took too long"


async def _keep(connection: Any) -> None:
    """Nothing of ours outlives a transaction, so a connection needs no reset when it goes back to the pool."""


async def _prepare(connection: Any) -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: msgspec.json.encode(value).decode(),
            decoder=msgspec.json.decode,
        )

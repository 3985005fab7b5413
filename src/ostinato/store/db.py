"""The door to PostgreSQL: a pool, transactions, and rows as typed structs."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Protocol, TypeAlias, TypeVar

import asyncpg
import msgspec

from ostinato.core.errors import Unavailable
from ostinato.store.lending import Lender
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
        self._lender: Lender | None = None

    async def open(self) -> None:
        """Connect; raises Unavailable with the database's own words."""
        lender = Lender(self._connect, self._connections)
        try:
            await lender.open()
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            raise Unavailable(f"The database cannot be reached: {_words(error)}") from error
        self._lender = lender

    async def close(self) -> None:
        if self._lender is not None:
            lender, self._lender = self._lender, None
            await lender.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Tx]:
        """One transaction; raises Unavailable when the database does not answer."""
        async with self.reading() as connection:
            await self._pass("begin")
            async with connection.transaction():
                yield connection
                await self._pass("commit")
            await self._pass("committed")

    def reading(self) -> "Loan":
        """A connection for single statements that read: each sees what is committed, and costs one round trip."""
        assert self._lender is not None, "the database has not been opened"
        return Loan(self._lender, self._tap)

    @asynccontextmanager
    async def moment(self) -> AsyncIterator[Tx]:
        """Statements that read, all of which see what was there at the first of them; raises Unavailable."""
        async with self.reading() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
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

    async def _connect(self) -> Tx:
        connection = await asyncpg.connect(
            self._url,
            timeout=15,
            statement_cache_size=1_000,
            command_timeout=60,
            server_settings={
                "application_name": "ostinato",
                "timezone": "UTC",
                "jit": "off",
                "plan_cache_mode": "force_generic_plan",
            },
        )
        try:
            for name in ("json", "jsonb"):
                await connection.set_type_codec(
                    name,
                    schema="pg_catalog",
                    encoder=lambda value: msgspec.json.encode(value).decode(),
                    decoder=msgspec.json.decode,
                )
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _pass(self, point: str) -> None:
        if self._tap is not None:
            await self._tap.before(point)

    async def listen(
        self, channels: Sequence[str], hear: Callable[[str, str], None], lose: Callable[[], None]
    ) -> "Listener":
        """Call `hear(channel, payload)` for every notification, on a connection of its own, and `lose` when it ends."""
        try:
            connection = await asyncpg.connect(self._url, timeout=10)
            for channel in channels:
                await connection.add_listener(channel, lambda _c, _p, channel, payload: hear(channel, payload))
            connection.add_termination_listener(lambda _: lose())
        except UNREACHABLE as error:
            raise _unavailable(error) from error
        return Listener(connection)


class Loan:
    """A connection for the length of an `async with`; says Unavailable when the database does not answer.

    Nothing of ours outlives a transaction, so a connection needs no reset when it goes back. One on which something may
    still be going on, because whoever had it was interrupted, does not go back.
    """

    __slots__ = ("_connection", "_lender", "_tap")
    _connection: Tx

    def __init__(self, lender: Lender, tap: Tap | None) -> None:
        self._lender, self._tap = lender, tap

    async def __aenter__(self) -> Tx:
        _tap.set(self._tap)
        try:
            self._connection = await self._lender.lend()
        except UNREACHABLE as error:
            raise _unavailable(error) from error
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection = self._connection
        at_rest = error is None or (isinstance(error, Exception) and not isinstance(error, TimeoutError))
        self._lender.give_back(connection, usable=at_rest and not connection.is_in_transaction())
        # An argument that cannot be encoded is an InterfaceError to the driver, and no sign of a database that is away.
        if isinstance(error, UNREACHABLE) and not isinstance(error, ValueError):
            raise _unavailable(error) from error


class Listener:
    """A connection that hears notifications until it is closed."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def lost(self) -> bool:
        return bool(self._connection.is_closed())

    async def close(self) -> None:
        self._connection.terminate()


def _words(error: BaseException) -> str:
    """What went wrong; a time-out has no words of its own."""
    return str(error) or "it took too long"


def _unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"The database does not answer at the moment: {_words(error)}")


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

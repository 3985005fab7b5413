"""What stands between the product and its database in tests: barriers that hold one actor up at a named point, and
faults as a real outage has them. Both are `Tap`s of `ostinato.store.db.Database`."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from typing import TypeVar

import asyncpg

from ostinato.core.errors import Unavailable

T = TypeVar("T")
MOST_TRIES = 20
FIRST_STATEMENT = "first statement"
COMMIT = "commit"


class Barrier:
    """Holds up whoever comes to `point` first, until it is let go: a transaction that has begun and done nothing yet
    (FIRST_STATEMENT), one that has done all and not committed (COMMIT), or one before a statement of this name."""

    def __init__(self, point: str) -> None:
        self._point = point
        self.reached = asyncio.Event()
        self._released = asyncio.Event()

    async def before(self, point: str) -> None:
        here = point != "begin" if self._point == FIRST_STATEMENT else point == self._point
        if here and not self.reached.is_set():
            self.reached.set()
            await self._released.wait()

    def release(self) -> None:
        self._released.set()


class Fault(StrEnum):
    """What a database may do to somebody who asks it."""

    BEFORE = "before"
    """It is not there when the transaction is to begin."""
    TIMEOUT = "timeout"
    """A statement, or the commit, is not answered in time, and nothing is done."""
    COMMITTED_THEN_ERROR = "committed-then-error"
    """The transaction is committed, and the answer gets lost on its way."""


_withstands: ContextVar[bool] = ContextVar("withstands", default=False)


@contextmanager
def withstanding() -> Iterator[None]:
    """Whoever asks in here tries again after a failure, as engines and clients do: it may be hit by random faults."""
    before = _withstands.set(True)
    try:
        yield
    finally:
        _withstands.reset(before)


async def insist(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask again while the database does not answer, as a client does: the way to it may fail meanwhile."""
    with withstanding():
        for _ in range(MOST_TRIES - 1):
            try:
                return await ask()
            except Unavailable:
                continue
        return await ask()


class Faults:
    """Lets the way to the database fail: at `rate` of all points for those who withstand it, and as planned for all."""

    def __init__(self, rate: float = 0.0, seed: int = 0) -> None:
        self._rate, self._random = rate, random.Random(seed)
        self.planned: deque[tuple[Fault, str | None]] = deque()
        """What is to happen next, each at the given point or at the first that fits."""
        self.seen: Counter[Fault] = Counter()

    def plan(self, fault: Fault, point: str | None = None) -> None:
        self.planned.append((fault, point))

    async def before(self, point: str) -> None:
        fault = {"begin": Fault.BEFORE, "committed": Fault.COMMITTED_THEN_ERROR}.get(point, Fault.TIMEOUT)
        if self.planned and self.planned[0] in ((fault, None), (fault, point)):
            self.planned.popleft()
        elif not (_withstands.get() and self._random.random() < self._rate):
            return
        self.seen[fault] += 1
        raise _error(fault)


def _error(fault: Fault) -> Exception:
    """What asyncpg raises in such a case."""
    match fault:
        case Fault.BEFORE:
            return asyncpg.CannotConnectNowError("the database system is starting up")
        case Fault.TIMEOUT:
            return TimeoutError()
        case Fault.COMMITTED_THEN_ERROR:
            return asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

"""What stands between the product and its database in tests: barriers that hold one actor up at a named point, and
faults as a real outage has them. Both are `Tap`s of `ostinato.store.db.Database`."""

import asyncio

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

"""Keys that came a moment ago are known without a look into the database.

A look is remembered only while this server hears of every change to keys and to what their owners may do (the database
tells at the moment of the commit), and never for longer than a few seconds. What this server changes itself it forgets
before it answers.
"""

import time
from collections.abc import Callable

from ostinato.store.credentials import Found

SECONDS = 5.0
MOST = 10_000


class KnownKeys:
    """By the digest of the secret. `changes` tells a look that began before a change from one that began after it;
    `hears` whether this server is told of them."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._found: dict[bytes, tuple[float, Found]] = {}
        self.hears = False
        self.changes = 0

    def find(self, digest: bytes) -> Found | None:
        known = self._found.get(digest)
        if known is None or self._clock() - known[0] > SECONDS:
            return None
        return known[1]

    def remember(self, digest: bytes, found: Found, changes: int) -> None:
        """What was found by a look that began when there had been so many changes."""
        if not self.hears or changes != self.changes:
            return
        if len(self._found) >= MOST:
            self._found.clear()
        self._found[digest] = self._clock(), found

    def forget(self) -> None:
        """Something changed."""
        self.changes += 1
        self._found.clear()

    def hear(self) -> None:
        """From now on this server is told of changes."""
        self.forget()
        self.hears = True

    def be_deaf(self) -> None:
        """From now on it is not."""
        self.hears = False
        self.forget()

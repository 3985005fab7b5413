"""Failures to come in, counted by address: guessing is slowed, and whoever has a valid key never is."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

from ostinato.core.errors import TooMany, Unavailable

WINDOW_SECONDS = 60.0
MOST_ADDRESSES = 10_000


class FailedAttempts:
    """How many there were in the last minute or so, of this server, in its memory."""

    def __init__(self, most: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = most, clock
        self._seen: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def failed(self, address: str | None) -> None:
        """Raises TooMany instead, if there were too many before."""
        self.check(address)
        place = _place(address)
        began, count = self._window(place)
        self._seen[place] = began, count + 1
        self._seen.move_to_end(place)
        if len(self._seen) > MOST_ADDRESSES:
            self._seen.popitem(last=False)

    @contextmanager
    def guess(self, address: str | None) -> Iterator[None]:
        """Counts as a failure until it has turned out to be none, so that many at once count as many. Raises TooMany
        before anything is tried."""
        self.failed(address)
        try:
            yield
        except Unavailable:
            self._forgive(address)
            raise
        self._forgive(address)

    def check(self, address: str | None) -> None:
        """Raises TooMany."""
        began, count = self._window(_place(address))
        if count >= self._most:
            wait = max(1, round(began + WINDOW_SECONDS - self._clock()))
            raise TooMany(f"Too many failures from your address: try again in {wait} s", wait)

    def _forgive(self, address: str | None) -> None:
        place = _place(address)
        if place in self._seen:
            began, count = self._seen[place]
            self._seen[place] = began, max(0, count - 1)

    def _window(self, place: str) -> tuple[float, int]:
        now = self._clock()
        began, count = self._seen.get(place, (now, 0))
        return (began, count) if now - began < WINDOW_SECONDS else (now, 0)


def _place(address: str | None) -> str:
    """An IPv6 network stands for all its addresses, because whoever has one has them all."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return f"{int(parsed) >> 64:x}/64"
    return str(parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else parsed)

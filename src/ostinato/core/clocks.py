"""What time it is by a clock that answers questions: never ahead of it, and behind by what an answer takes at most."""

from datetime import datetime, timedelta

import msgspec

DRIFT = 0.001
"""By how much two clocks may go apart, in seconds per second: ten times what a bad quartz does."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: it was `at` some time between `asked` and `told`, which are seconds of a clock that only goes
    forward."""

    at: datetime
    asked: float
    told: float

    def now(self, since: float) -> datetime:
        """The earliest that it can be, at `since` seconds of the clock that only goes forward."""
        return self.at + timedelta(seconds=since - self.told)

    def latest(self, since: float) -> datetime:
        """The latest that it can be."""
        return self.at + timedelta(seconds=since - self.asked)


def better(kept: Told | None, new: Told) -> Told:
    """Which of two answers tells more of the time: an answer that took long tells little, one from long ago as well.

    If the two cannot both be right, the clock was set, or it is another one: the new answer holds.
    """
    if kept is None:
        return new
    drift = timedelta(seconds=(new.told - kept.told) * DRIFT)
    if kept.now(new.told) - drift > new.latest(new.told) or kept.latest(new.told) + drift < new.now(new.told):
        return new
    uncertain = kept.told - kept.asked + drift.total_seconds()
    return kept if uncertain < new.told - new.asked else new

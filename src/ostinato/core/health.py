"""Whether a server works: judgements about it, each None or a reason in words."""

from datetime import datetime, timedelta

import msgspec

STALLED = timedelta(seconds=10)
"""The engine takes a turn at least every second. One that has not for this long does not move anything."""
WEDGED = timedelta(seconds=60)
"""For this long the engine may be stalled by what passes by itself; after that a new start is the way out."""
STUCK = timedelta(seconds=15)
"""Ready work is taken within a second while a slot is free. If this long nothing was, something is wrong."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a server and of the work that it could take."""

    database: bool
    """Whether it answers."""
    last_turn_at: datetime | None
    """When the engine last completed a turn; None: it never did."""
    last_claim_at: datetime | None
    """When any server last claimed work, as far as this one knows; None: it knows of no claim."""
    free_slots: int
    """How many more attempts this server could run."""
    ready_since: datetime | None
    """Since when the oldest task that only needs a worker slot has been waiting, if for long; None: none has."""
    plan_ready_since: datetime | None
    """The same for plans, which need no slot."""


def why_not_live(facts: Facts, now: datetime) -> str | None:
    """Why a server should be started again. A database that is away is no reason: it will come back."""
    if facts.database and facts.last_turn_at is not None and now - facts.last_turn_at > WEDGED:
        stalled = _seconds(now - facts.last_turn_at)
        return f"The engine has not completed a turn for {stalled} although the database answers"
    return None


def why_not_ready(facts: Facts, now: datetime) -> str | None:
    """Why a server should get no requests, and somebody should look at it."""
    if not facts.database:
        return "The database does not answer"
    if facts.last_turn_at is None:
        return "The engine has not begun to work yet"
    if now - facts.last_turn_at > STALLED:
        return f"The engine has not completed a turn for {_seconds(now - facts.last_turn_at)}"
    if facts.plan_ready_since is not None and now - facts.plan_ready_since > STUCK:
        return f"A plan has been ready for {_seconds(now - facts.plan_ready_since)} and was not begun"
    idle = facts.last_claim_at is None or now - facts.last_claim_at > STUCK
    if facts.ready_since is not None and now - facts.ready_since > STUCK and facts.free_slots > 0 and idle:
        waited = _seconds(now - facts.ready_since)
        return f"Work has been ready for {waited}, {facts.free_slots} worker slots are free, and nothing was claimed"
    return None


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():.0f} s"

"""Backfills: for which past times something runs, and how they stand."""

import heapq
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec

from ostinato.core.errors import Invalid, Problem
from ostinato.core.triggers import upcoming
from ostinato.core.triggers.clocks import TICK
from ostinato.core.triggers.kinds import HolidayList, Trigger

MOST_FIRES = 10_000
MOST_AT_ONCE = 100
Stopped: TypeAlias = Literal["cancelled", "failed", "deleted"]
"""Why what has not started never starts."""


class BackfillState(StrEnum):
    """How a backfill stands."""

    RUNNING = "running"
    WAITING = "waiting"
    """Nothing of it is live, and the next start was refused: it is tried again."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It has ended, and not all of its runs succeeded."""
    CANCELLED = "cancelled"
    """It has ended, and something of it never started because it was cancelled, or what it ran was deleted."""


class UsedTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """What times were worked out from; without a name it was given with the backfill, and is of no schedule."""

    name: str | None = None
    trigger: Trigger


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What the state of a backfill follows from."""

    live: int
    failed: int
    cancelled: int
    """Runs of it that were cancelled."""
    waiting: str | None
    stopped: Stopped | None
    has_ended: bool

    @property
    def state(self) -> BackfillState:
        if not self.has_ended:
            return BackfillState.WAITING if self.waiting is not None and not self.live else BackfillState.RUNNING
        if self.stopped in ("cancelled", "deleted"):
            return BackfillState.CANCELLED
        return BackfillState.FAILED if self.failed or self.cancelled else BackfillState.SUCCEEDED


def times_of(
    triggers: Sequence[Trigger], begin: datetime, end: datetime, lists: tuple[HolidayList, ...] = ()
) -> list[datetime]:
    """When triggers fire from `begin` on and before `end`, without jitter, in order and each time once. Raises Invalid
    if there is no such time, or more than a backfill may have."""
    planned = (msgspec.structs.replace(trigger, jitter_seconds=0) for trigger in triggers)
    times: list[datetime] = []
    for at in heapq.merge(*(upcoming(trigger, begin - TICK, lists=lists) for trigger in planned)):
        if at >= end:
            break
        if times and times[-1] == at:
            continue
        if len(times) == MOST_FIRES:
            message = f"there are more than {MOST_FIRES:,} times before it: make the window shorter"
            raise Invalid(Problem(path="to", message=message))
        times.append(at)
    if not times:
        raise Invalid(Problem(path="to", message="nothing fires in this window: name other times, or another trigger"))
    return times


def problems_of_window(begin: datetime, end: datetime, now: datetime) -> list[Problem]:
    """What is wrong with a window that is to lie in the past."""
    if end <= begin:
        return [Problem(path="to", message="a time after `from` is needed")]
    if end > now:
        return [Problem(path="to", message="a backfill is of the past: name a time that is not later than now")]
    return []


def why_stopped(stopped: Stopped, by: str | None, kind: str) -> str:
    """Why what has not started never starts, in words."""
    match stopped:
        case "cancelled":
            return f"{by or 'somebody'} cancelled it"
        case "failed":
            return "a run failed, and it was told to stop then"
        case "deleted":
            return f"the {kind} was deleted"

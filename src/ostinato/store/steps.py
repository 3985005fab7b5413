"""Statements about the steps of running plans."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.core.ids import GraphId, RunId
from ostinato.core.plans import Condition, Ref
from ostinato.core.progress import AtWork, StepState
from ostinato.store.db import Tx, execute, fetch


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A step that begins, or goes on: `remaining` of its runs are not made yet; `needed` is the number of steps it came
    after, `succeeded` the number of its runs that are taken over from an earlier run."""

    run: RunId
    step: int
    handler: bool
    condition: Condition
    needed: int
    remaining: int
    succeeded: int = 0


class ChildToMake(msgspec.Struct, frozen=True, kw_only=True):
    parent: RunId
    step: int
    handler: bool
    ref: Ref
    rerun_of: RunId | None = None


class Opened(msgspec.Struct, frozen=True):
    """A run of a step that was made, or none (`run` is None) for a step of which nothing is live; `graph` if the run
    is under way, and its first steps are to be opened."""

    run: RunId | None
    parent: RunId
    step: int
    handler: bool
    open: int
    graph: GraphId | None
    rerun_of: RunId | None


class TakenOver(msgspec.Struct, frozen=True, kw_only=True):
    """A step of a re-run that counts as succeeded, or that waits for `pending` of the `needed` steps before it."""

    run: RunId
    step: int
    state: StepState
    condition: Condition
    needed: int
    pending: int


class Ending(msgspec.Struct, kw_only=True):
    """How many runs of a step have ended, by outcome."""

    run: RunId
    step: int
    handler: bool
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0


class Counted(msgspec.Struct, frozen=True):
    run: RunId
    step: int
    handler: bool
    state: StepState
    graph: GraphId
    cancelling: bool
    open: int
    remaining: int


class CountDown(msgspec.Struct, frozen=True, kw_only=True):
    """A step that waits for `ended` fewer of the `needed` steps before it."""

    run: RunId
    step: int
    condition: Condition
    needed: int
    ended: int


class Waiting(msgspec.Struct, frozen=True):
    run: RunId
    step: int
    pending: int


class Standing(msgspec.Struct, frozen=True):
    """How far a step is."""

    step: int
    handler: bool
    state: StepState


async def of_run(tx: Tx, run: RunId) -> list[Standing]:
    return await fetch(tx, "steps/of_run", Standing, run)


async def open_steps(
    tx: Tx, openings: Sequence[Opening], children: Sequence[ChildToMake], now: datetime
) -> list[Opened]:
    """Open steps, or let them go on, with these runs; disabled tasks and plans are left out."""
    return await fetch(
        tx,
        "steps/open",
        Opened,
        [c.parent for c in children],
        [c.step for c in children],
        [c.handler for c in children],
        [c.ref.task for c in children],
        [c.ref.plan for c in children],
        [c.rerun_of for c in children],
        [o.run for o in openings],
        [o.step for o in openings],
        [o.handler for o in openings],
        [o.condition.value for o in openings],
        [o.needed for o in openings],
        [o.remaining for o in openings],
        [o.succeeded for o in openings],
        now,
    )


async def take_over(tx: Tx, taken: Sequence[TakenOver]) -> None:
    await execute(
        tx,
        "steps/take_over",
        [t.run for t in taken],
        [t.step for t in taken],
        [t.state.value for t in taken],
        [t.condition.value for t in taken],
        [t.needed for t in taken],
        [t.pending for t in taken],
    )


async def forget(tx: Tx, runs: Sequence[RunId]) -> None:
    await execute(tx, "steps/forget", list(runs))


async def at_work(tx: Tx, runs: Sequence[RunId]) -> list[AtWork]:
    return await fetch(tx, "steps/running", AtWork, sorted(runs))


async def count_runs(tx: Tx, endings: Sequence[Ending]) -> list[Counted]:
    """Count ended runs; returns every step touched, with the state it has now (RUNNING while runs are open)."""
    ordered = sorted(endings, key=lambda e: (e.run, e.step, e.handler))
    return await fetch(
        tx,
        "steps/count_runs",
        Counted,
        [e.run for e in ordered],
        [e.step for e in ordered],
        [e.handler for e in ordered],
        [e.succeeded for e in ordered],
        [e.failed for e in ordered],
        [e.cancelled for e in ordered],
    )


async def count_down(tx: Tx, downs: Sequence[CountDown]) -> list[Waiting]:
    ordered = sorted(downs, key=lambda d: (d.run, d.step))
    return await fetch(
        tx,
        "steps/count_down",
        Waiting,
        [d.run for d in ordered],
        [d.step for d in ordered],
        [d.condition.value for d in ordered],
        [d.needed for d in ordered],
        [d.ended for d in ordered],
    )

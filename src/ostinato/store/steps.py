"""Statements about the steps of running plans."""

from collections.abc import Sequence

import msgspec

from ostinato.core.ids import GraphId, RunId
from ostinato.core.plans import Condition
from ostinato.core.progress import StepState
from ostinato.store.db import Tx, execute, fetch


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """A step that begins with `open` runs at work; `needed` is the number of steps it came after."""

    run: RunId
    step: int
    handler: bool
    condition: Condition
    needed: int
    open: int


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


async def open_steps(tx: Tx, openings: Sequence[Opening]) -> None:
    await execute(
        tx,
        "steps/open",
        [o.run for o in openings],
        [o.step for o in openings],
        [o.handler for o in openings],
        [StepState.RUNNING.value for _ in openings],
        [o.condition.value for o in openings],
        [o.needed for o in openings],
        [0 for _ in openings],
        [o.open for o in openings],
    )


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

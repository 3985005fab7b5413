"""Statements about what runs and steps wait for."""

from collections.abc import Sequence

import msgspec

from ostinato.core.ids import RunId, SubjectId
from ostinato.core.waiting import Facts
from ostinato.store.db import Tx, fetch


class Remaining(msgspec.Struct, frozen=True):
    """Runs of a step, or of its failure handler, that are not made yet."""

    step: int
    handler: bool
    remaining: int


async def facts(tx: Tx, viewer: SubjectId, runs: Sequence[RunId]) -> list[Facts]:
    """Of those of the runs that are not at work and have not ended."""
    return await fetch(tx, "runs/waiting", Facts, runs, viewer)


async def remaining(tx: Tx, run: RunId) -> list[Remaining]:
    return await fetch(tx, "steps/remaining", Remaining, run)

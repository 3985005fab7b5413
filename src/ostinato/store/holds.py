"""Statements about queued runs that are held, and about plan runs that begin."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from ostinato.core.ids import GraphId, PlanId, PoolId, RunId, TaskId
from ostinato.core.states import State
from ostinato.store.db import Tx, fetch, fetch_value
from ostinato.store.runs import TaskOrPlan


class LetGo(msgspec.Struct, frozen=True):
    """A run that nothing holds any more; one with a graph can begin at once."""

    run: RunId
    graph: GraphId | None


class Beginning(msgspec.Struct, frozen=True):
    """A plan run that was to begin: RUNNING if it did, QUEUED if it is held again."""

    run: RunId
    state: State
    graph: GraphId
    attempt: int
    rerun_of: RunId | None
    rerun_part: str | None
    rerun_step: str | None


async def let_go(tx: Tx, tasks: Sequence[TaskId], plans: Sequence[PlanId], pools: Mapping[PoolId, int]) -> list[LetGo]:
    """Let go what waits first for each of these tasks and plans, and for so many slots of each of these pools."""
    return await fetch(
        tx, "runs/let_go", LetGo, sorted(tasks), sorted(plans), list(pools), [pools[pool] for pool in pools]
    )


async def let_go_all(tx: Tx, most: int) -> list[LetGo]:
    return await fetch(tx, "runs/let_go_all", LetGo, most)


async def let_go_paused(tx: Tx, what: TaskOrPlan) -> list[LetGo]:
    return await fetch(tx, "runs/let_go_paused", LetGo, what.task, what.plan)


async def wake_due(tx: Tx, now: datetime, most: int) -> list[LetGo]:
    return await fetch(tx, "runs/wake_due", LetGo, now, most)


async def next_due(tx: Tx) -> datetime | None:
    due: datetime | None = await fetch_value(tx, "runs/next_due")
    return due


async def begin(tx: Tx, now: datetime, most: int) -> list[Beginning]:
    return await fetch(tx, "runs/begin", Beginning, now, most)

"""Statements about starting runs: who may, whether it may run now, and the keys that make a repetition harmless."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ostinato.core.ids import GraphId, PlanId, RunId, SubjectId, TaskId, UserId
from ostinato.core.parameters import Parameter
from ostinato.core.plans import Ref
from ostinato.core.reruns import Child, Part
from ostinato.core.states import State
from ostinato.store.audit import By
from ostinato.store.db import Tx, fetch, fetch_one, fetch_value
from ostinato.store.holds import Beginning
from ostinato.store.runs import TaskOrPlan


class Locked(msgspec.Struct, frozen=True):
    """What somebody wants to start; `position` counts from 1 in the order they were asked for."""

    position: int
    name: str
    disabled: bool
    parameters: dict[str, Parameter]
    paused_at: datetime | None
    paused_by: str | None
    may_execute: bool
    environment: str
    workspace: str


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is to be made, after everything about it was checked."""

    what: TaskOrPlan
    requested_by: UserId | None
    cause: str = "api"
    priority: int | None = None
    parameters: Mapping[str, Any] | None = None
    rerun_of: RunId | None = None
    rerun_part: Part | None = None
    rerun_step: str | None = None
    graph: GraphId | None = None
    """The steps to run; None: those of the current version."""
    version: int | None = None
    by: By | None = None
    """Who is recorded to have started it; None: nobody did."""


class Made(msgspec.Struct, frozen=True):
    """A run that was made of the wish at `position`; one with a graph is under way."""

    position: int
    run: RunId
    graph: GraphId | None


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What a key started."""

    scope: str
    key: str
    run: RunId
    task: TaskId | None
    plan: PlanId | None
    rerun_of: RunId | None = None


class Rerunnable(msgspec.Struct, frozen=True):
    """A run that somebody wants to run again."""

    run: RunId
    state: State
    task: TaskId | None
    plan: PlanId | None
    graph: GraphId | None
    version: int | None
    parameters: dict[str, Any] | None
    priority: int
    newest_graph: GraphId | None
    newest_version: int | None


async def lock_wanted(tx: Tx, wanted: Sequence[tuple[TaskOrPlan, SubjectId]]) -> list[Locked]:
    """Lock what somebody wants to start; what does not exist or may not be seen is not among the answers."""
    return await fetch(
        tx,
        "runs/lock_wanted",
        Locked,
        [what.task for what, _ in wanted],
        [what.plan for what, _ in wanted],
        [viewer for _, viewer in wanted],
    )


async def start(tx: Tx, wishes: Sequence[Wish], now: datetime) -> list[Made]:
    """Make the runs of what was locked; what may be live once only and is live already is not among the answers."""
    return await fetch(
        tx,
        "runs/start",
        Made,
        [w.what.task for w in wishes],
        [w.what.plan for w in wishes],
        [w.priority for w in wishes],
        [w.parameters or None for w in wishes],
        [w.requested_by for w in wishes],
        [w.cause for w in wishes],
        [w.rerun_of for w in wishes],
        [w.rerun_part.value if w.rerun_part else None for w in wishes],
        [w.rerun_step for w in wishes],
        [w.graph for w in wishes],
        [w.version for w in wishes],
        now,
        [w.by.actor if w.by else None for w in wishes],
        [w.by.credential if w.by else None for w in wishes],
        [w.by.address if w.by else None for w in wishes],
        [w.by.trace if w.by else None for w in wishes],
    )


async def misfire(tx: Tx, wish: Wish, message: str, now: datetime) -> RunId | None:
    """Record that a schedule fired and nothing could start; None: what it is for is there no more."""
    made = await fetch_one(tx, "runs/misfire", Made, wish.what.task, wish.what.plan, wish.cause, message, now)
    return None if made is None else made.run


async def find_keys(tx: Tx, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Kept]:
    rows = await fetch(tx, "trigger_keys/find", Kept, [scope for scope, _ in keys], [key for _, key in keys])
    return {(row.scope, row.key): row for row in rows}


async def keep_keys(tx: Tx, kept: Sequence[Kept], now: datetime) -> bool:
    """False: somebody else took one of the keys in the same moment, and this transaction has to begin again."""
    rows: list[dict[str, Any]] = await fetch(
        tx,
        "trigger_keys/keep",
        dict,
        [k.scope for k in kept],
        [k.key for k in kept],
        [k.run for k in kept],
        [k.task for k in kept],
        [k.plan for k in kept],
        [k.rerun_of for k in kept],
        now,
    )
    return len(rows) == len(kept)


async def rerunnable(tx: Tx, run: RunId, viewer: SubjectId) -> Rerunnable | None:
    return await fetch_one(tx, "runs/rerunnable", Rerunnable, run, viewer)


async def children(tx: Tx, run: RunId) -> list[Child]:
    """The latest run of every task and plan in every step of a plan run."""
    rows: list[dict[str, Any]] = await fetch(tx, "runs/children", dict, run)
    return [
        Child(
            RunId(row["run"]), row["step"], row["handler"], Ref(task=row["task"], plan=row["plan"]), State(row["state"])
        )
        for row in rows
    ]


async def pause(tx: Tx, what: TaskOrPlan, by: str, note: str | None, now: datetime) -> bool:
    """False: it is paused already."""
    statement, number = ("pauses/pause_task", what.task) if what.plan is None else ("pauses/pause_plan", what.plan)
    return await fetch_one(tx, statement, dict, number, now, by, note) is not None


async def resume(tx: Tx, what: TaskOrPlan) -> bool:
    """False: it is not paused."""
    statement, number = ("pauses/resume_task", what.task) if what.plan is None else ("pauses/resume_plan", what.plan)
    return await fetch_one(tx, statement, dict, number) is not None


async def rerun_info(tx: Tx, run: RunId) -> Beginning | None:
    return await fetch_one(tx, "runs/rerun_info", Beginning, run)


async def graph_of_run(tx: Tx, run: RunId) -> GraphId | None:
    graph: GraphId | None = await fetch_value(tx, "runs/graph_of_run", run)
    return graph

"""Statements about runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ostinato.core.ids import GraphId, Lease, PlanId, RunId, SessionId, TaskId, UserId, WorkspaceId
from ostinato.core.plans import Ref
from ostinato.core.retries import RetryPolicy
from ostinato.core.states import Reason, State
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value


class Claimed(msgspec.Struct, frozen=True):
    """A run that this server may start now, with what its task says."""

    run: RunId
    attempt: int
    lease: Lease
    losses: int
    workspace: WorkspaceId
    task_type: str
    task_name: str
    config: dict[str, Any]
    uses: list[str]
    timeout_s: float | None
    retries: RetryPolicy


class Moved(msgspec.Struct, frozen=True):
    """A run after a guarded statement moved it; `parent`, `step` and `handler` say where in a plan it stands."""

    run: RunId
    state: State
    parent: RunId | None
    step: int | None
    handler: bool
    lease: Lease | None = None
    """The lease of the report that moved it, where it was one."""


class Begun(msgspec.Struct, frozen=True):
    """A run that was made; one with a graph is under way and its first steps are to be opened."""

    run: RunId
    graph: GraphId | None


class Child(msgspec.Struct, frozen=True):
    run: RunId
    parent: RunId
    step: int
    handler: bool
    graph: GraphId | None


class HeldRow(msgspec.Struct, frozen=True):
    """An attempt that a server holds according to the database."""

    run: RunId
    lease: Lease
    cancelling: bool


class TaskOrPlan(msgspec.Struct, frozen=True):
    """What is started: exactly one of the two."""

    task: TaskId | None = None
    plan: PlanId | None = None


class Startable(msgspec.Struct, frozen=True):
    id: int
    name: str
    overlap: str
    disabled: bool
    graph: GraphId | None
    may_execute: bool


class Runnable(msgspec.Struct, frozen=True):
    """A task or plan found by name; `number` is how it is known outside."""

    kind: str
    id: int
    number: int
    name: str
    workspace: str
    environment: str


class Rights(msgspec.Struct, frozen=True):
    id: RunId
    may_execute: bool


class Seen(msgspec.Struct, frozen=True):
    """A run as its viewers see it."""

    run: RunId
    kind: str
    name: str
    number: int
    task_type: str | None
    workspace: str
    environment: str
    state: State
    reason: Reason | None
    message: str | None
    attempt: int
    due_at: datetime
    queued_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    cancel_requested_at: datetime | None
    parent: RunId | None
    root: RunId | None
    step: int | None
    handler: bool
    row_count: int | None
    counts: dict[str, int] | None
    plan_version: int | None
    graph: GraphId | None
    priority: int
    deadline_at: datetime | None
    cause: str
    parameters: dict[str, Any] | None
    rerun_of: RunId | None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which runs a page shows: those older than run `before`, newest first."""

    limit: int = 50
    before: RunId | None = None
    states: tuple[State, ...] = ()
    workspace: str | None = None
    environment: str | None = None


class Page(msgspec.Struct, frozen=True):
    """Runs as the native API writes them: JSON objects with commas between.

    `live` are those that have not ended, in the order of the page, with their `states`.
    """

    items: str
    live: list[RunId]
    states: list[State]
    number: int
    last: RunId | None


class Work(msgspec.Struct, frozen=True):
    """Tasks that wait, tasks at work, and plans under way."""

    queued: int
    running: int
    plans: int


class ChildToQueue(msgspec.Struct, frozen=True, kw_only=True):
    parent: RunId
    step: int
    handler: bool
    ref: Ref


class StartReport(msgspec.Struct, frozen=True, kw_only=True):
    run: RunId
    lease: Lease
    at: datetime


class EndReport(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended and what that makes of its run: ended, or queued again for `due_at`."""

    run: RunId
    lease: Lease
    target: State
    reason: Reason | None
    message: str
    row_count: int | None
    counts: dict[str, int]
    started_at: datetime | None
    at: datetime
    due_at: datetime | None


class StepCount(msgspec.Struct, kw_only=True):
    """Steps of one plan run that were opened and ended, and how many of these did not succeed."""

    run: RunId
    opened: int = 0
    ended: int = 0
    failed: int = 0


async def claim(tx: Tx, session: SessionId, now: datetime, most: int) -> list[Claimed]:
    return await fetch(tx, "runs/claim", Claimed, session, now, most)


async def started(tx: Tx, reports: Sequence[StartReport]) -> None:
    await fetch_value(tx, "runs/started", [r.run for r in reports], [r.lease for r in reports], [r.at for r in reports])


async def finish(tx: Tx, reports: Sequence[EndReport]) -> list[Moved]:
    ordered = sorted(reports, key=lambda report: report.run)
    return await fetch(
        tx,
        "runs/finish",
        Moved,
        [r.run for r in ordered],
        [r.lease for r in ordered],
        [r.target.value for r in ordered],
        [r.reason.value if r.reason else None for r in ordered],
        [r.message or None for r in ordered],
        [r.row_count for r in ordered],
        [r.counts or None for r in ordered],
        [r.started_at for r in ordered],
        [r.at for r in ordered],
        [r.due_at for r in ordered],
    )


async def rescue(tx: Tx, now: datetime, most_losses: int) -> list[Moved]:
    return await fetch(tx, "runs/rescue", Moved, now, most_losses)


async def release(tx: Tx, session: SessionId, now: datetime) -> list[Moved]:
    return await fetch(tx, "runs/release", Moved, session, now)


async def request_cancel(tx: Tx, run: RunId, now: datetime) -> list[Moved]:
    return await fetch(tx, "runs/request_cancel", Moved, run, now)


async def held(tx: Tx, session: SessionId) -> list[HeldRow]:
    return await fetch(tx, "runs/held", HeldRow, session)


async def give_back(tx: Tx, rows: Sequence[HeldRow], now: datetime) -> list[Moved]:
    return await fetch(tx, "runs/give_back", Moved, [r.run for r in rows], [r.lease for r in rows], now)


async def start(tx: Tx, what: TaskOrPlan, now: datetime, by: UserId, key: str | None) -> Begun:
    """Make the run of a task or plan that this transaction has locked."""
    statement, number = ("runs/start_task", what.task) if what.plan is None else ("runs/start_plan", what.plan)
    begun = await fetch_one(tx, statement, Begun, number, now, by, key)
    assert begun is not None, "what is started was locked by this transaction"
    return begun


async def lock(tx: Tx, what: TaskOrPlan, viewer: UserId) -> Startable | None:
    """Lock what somebody wants to start; None if it does not exist or they may not see it."""
    statement, number = ("runs/lock_task", what.task) if what.plan is None else ("runs/lock_plan", what.plan)
    return await fetch_one(tx, statement, Startable, number, viewer)


async def is_live(tx: Tx, what: TaskOrPlan) -> bool:
    """Whether it is at work; to be asked after `lock`."""
    statement, number = ("runs/task_is_live", what.task) if what.plan is None else ("runs/plan_is_live", what.plan)
    return bool(await fetch_value(tx, statement, number))


async def find_idempotent(tx: Tx, by: UserId, key: str) -> Begun | None:
    return await fetch_one(tx, "runs/find_idempotent", Begun, by, key)


async def find_runnable(tx: Tx, viewer: UserId, name: str, environment: str, workspace: str | None) -> list[Runnable]:
    return await fetch(tx, "workspaces/find_runnable", Runnable, name, environment, workspace, viewer)


async def notify(tx: Tx, what: str) -> None:
    """Wake every server when this transaction commits."""
    await execute(tx, "runs/notify", what)


async def rights(tx: Tx, run: RunId, viewer: UserId) -> Rights | None:
    return await fetch_one(tx, "runs/rights", Rights, run, viewer)


async def get(tx: Tx, run: RunId, viewer: UserId) -> Seen | None:
    return await fetch_one(tx, "runs/get", Seen, run, viewer)


async def tree(tx: Tx, run: RunId, viewer: UserId) -> list[Seen]:
    return await fetch(tx, "runs/tree", Seen, run, viewer)


async def list_runs(tx: Tx, viewer: UserId, wanted: Wanted) -> Page:
    states = [state.value for state in wanted.states] if wanted.states else None
    page = await fetch_one(
        tx, "runs/list", Page, wanted.before, viewer, states, wanted.workspace, wanted.environment, wanted.limit
    )
    assert page is not None, "a page without runs is a row as well"
    return page


async def count_work(tx: Tx) -> Work:
    work = await fetch_one(tx, "runs/queue_length", Work)
    assert work is not None, "a count always has a row"
    return work


async def queue_children(tx: Tx, children: Sequence[ChildToQueue], now: datetime) -> list[Child]:
    return await fetch(
        tx,
        "runs/queue_children",
        Child,
        [c.parent for c in children],
        [c.step for c in children],
        [c.handler for c in children],
        [c.ref.task for c in children],
        [c.ref.plan for c in children],
        now,
    )


async def count_steps(tx: Tx, counts: Sequence[StepCount], now: datetime) -> list[Moved]:
    ordered = sorted(counts, key=lambda count: count.run)
    return await fetch(
        tx,
        "runs/count_steps",
        Moved,
        [c.run for c in ordered],
        [c.opened for c in ordered],
        [c.ended for c in ordered],
        [c.failed for c in ordered],
        now,
    )

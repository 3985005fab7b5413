"""Statements about runs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from ostinato.core.ids import GraphId, Lease, PlanId, PoolId, RunId, SubjectId, TaskId
from ostinato.core.progress import PlanEnd
from ostinato.core.states import Hold, Reason, State
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value


class Moved(msgspec.Struct, frozen=True):
    """A run after a guarded statement moved it; `parent`, `step` and `handler` say where in a plan it stands."""

    run: RunId
    state: State
    parent: RunId | None
    step: int | None
    handler: bool
    task: TaskId | None
    plan: PlanId | None
    pool: PoolId | None
    awaited: bool
    """Whether something may be held because of it."""
    lease: Lease | None = None
    """The lease of the report that moved it, where it was one."""
    heard: bool = False
    """Whether a data trigger waits for its success, or to start it again."""


class TaskOrPlan(msgspec.Struct, frozen=True):
    """What is started: exactly one of the two."""

    task: TaskId | None = None
    plan: PlanId | None = None


class Named(NamedTuple):
    """A task or plan somebody means; workspace None: in whichever it is."""

    name: str
    environment: str
    workspace: str | None


class Runnable(msgspec.Struct, frozen=True):
    """A task or plan found by name; `number` is how it is known outside."""

    position: int
    kind: str
    id: int
    number: int
    name: str
    workspace: str
    environment: str

    @property
    def what(self) -> TaskOrPlan:
        return TaskOrPlan(plan=PlanId(self.id)) if self.kind == "plan" else TaskOrPlan(task=TaskId(self.id))


class Rights(msgspec.Struct, frozen=True):
    """What a run is of, and whether somebody may end it."""

    id: RunId
    kind: str
    name: str
    environment: str
    workspace: str
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
    hold: Hold | None
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
    begin: datetime | None = None
    """Queued at this moment or later."""
    end: datetime | None = None
    """Queued before this moment."""
    types: tuple[str, ...] = ()
    """Types of tasks, and `plan`."""
    name: str | None = None
    """Of the task or plan, exactly."""
    text: str | None = None
    """In the name or in the message, without regard to case."""
    cause: str | None = None
    requested_by: str | None = None
    """The name of a user."""

    @property
    def is_narrow(self) -> bool:
        """Whether it asks for what no index has: such a list may have to read all of history."""
        narrow = (self.begin, self.end, self.name, self.text, self.cause, self.requested_by)
        return bool(self.types) or any(value is not None for value in narrow)


class Page(msgspec.Struct, frozen=True):
    """Runs as the native API writes them: JSON objects with commas between.

    `live` are those that have not ended, in the order of the page, with their `states`.
    """

    items: bytes
    live: list[RunId]
    states: list[State]
    number: int
    last: RunId | None


class Standings(msgspec.Struct, frozen=True):
    """How a run stands, and of it and every run below it, by position: its parent, and a number that is another one
    when anything moved the run."""

    state: State
    runs: list[RunId]
    parents: list[RunId | None]
    marks: list[int]


class Work(msgspec.Struct, frozen=True):
    """Tasks that wait, tasks at work, and plans under way."""

    queued: int
    running: int
    plans: int


class PlanCount(msgspec.Struct, frozen=True):
    """How far a plan run is after steps of it were counted, and what its policy says if it is to end."""

    run: RunId
    active_steps: int
    failed_steps: int
    cancel_reason: Reason | None
    attempt: int
    retries: Any
    """As it is stored."""


class StepCount(msgspec.Struct, kw_only=True):
    """Steps of one plan run that were opened and ended, and how many of these did not succeed."""

    run: RunId
    opened: int = 0
    ended: int = 0
    failed: int = 0
    begun: bool = False
    """Whether the plan run itself just began: it may have nothing to do."""


async def request_cancel(tx: Tx, asked: Sequence[RunId], now: datetime, reason: Reason) -> list[Moved]:
    return await fetch(tx, "runs/request_cancel", Moved, list(asked), now, reason.value)


async def hold_target(tx: Tx, what: TaskOrPlan) -> bool:
    """It is not deleted before the end of the transaction; False: it is already."""
    return await fetch_value(tx, "runs/hold_target", what.task, what.plan) is not None


async def find_runnable(tx: Tx, viewer: SubjectId, wanted: Sequence[Named]) -> list[Runnable]:
    """`position` says which of them it is, counted from 1."""
    return await fetch(
        tx,
        "workspaces/find_runnable",
        Runnable,
        [named.name for named in wanted],
        [named.environment for named in wanted],
        [named.workspace for named in wanted],
        viewer,
    )


async def notify(tx: Tx, what: str) -> None:
    """Wake every server when this transaction commits."""
    await execute(tx, "runs/notify", what)


async def rights(tx: Tx, run: RunId, viewer: SubjectId) -> Rights | None:
    return await fetch_one(tx, "runs/rights", Rights, run, viewer)


async def get(tx: Tx, wanted: Sequence[RunId], viewer: SubjectId) -> list[Seen]:
    return await fetch(tx, "runs/get", Seen, wanted, viewer)


async def tree(tx: Tx, run: RunId, viewer: SubjectId) -> list[Seen]:
    return await fetch(tx, "runs/tree", Seen, run, viewer)


async def standings(tx: Tx, run: RunId, viewer: SubjectId) -> Standings | None:
    return await fetch_one(tx, "runs/standings", Standings, run, viewer)


async def list_runs(tx: Tx, viewer: SubjectId, wanted: Wanted) -> Page:
    states = [state.value for state in wanted.states] if wanted.states else None
    return await fetch_one(
        tx, "runs/list", Page, wanted.before, viewer, states, wanted.workspace, wanted.environment, wanted.limit
    ) or Page(items=b"", live=[], states=[], number=0, last=None)


async def search(tx: Tx, viewer: SubjectId, wanted: Wanted) -> list[Seen]:
    """A page of the runs that match all of what is wanted, the newest first."""
    place = (wanted.workspace, wanted.environment)
    return await fetch(tx, "runs/search", Seen, viewer, wanted.before, *place, *_filter(wanted), wanted.limit)


async def count(tx: Tx, viewer: SubjectId, wanted: Wanted, most: int) -> int:
    """How many runs match, on all pages together; `most` if there are more."""
    place = (wanted.workspace, wanted.environment)
    return int(await fetch_value(tx, "runs/count", viewer, *place, *_filter(wanted), most) or 0)


async def count_work(tx: Tx, viewer: SubjectId) -> Work:
    work = await fetch_one(tx, "runs/queue_length", Work, viewer)
    assert work is not None, "a count always has a row"
    return work


async def count_steps(tx: Tx, counts: Sequence[StepCount]) -> list[PlanCount]:
    ordered = sorted(counts, key=lambda count: count.run)
    return await fetch(
        tx,
        "runs/count_steps",
        PlanCount,
        [c.run for c in ordered],
        [c.opened for c in ordered],
        [c.ended for c in ordered],
        [c.failed for c in ordered],
    )


async def end_plans(tx: Tx, ends: Sequence[tuple[RunId, PlanEnd]], now: datetime) -> list[Moved]:
    ordered = sorted(ends, key=lambda end: end[0])
    return await fetch(
        tx,
        "runs/end_plans",
        Moved,
        [run for run, _ in ordered],
        [end.state.value for _, end in ordered],
        [end.reason.value if end.reason else None for _, end in ordered],
        [end.message for _, end in ordered],
        [end.due_at for _, end in ordered],
        now,
    )


async def overdue(tx: Tx, now: datetime, most: int) -> list[RunId]:
    return [row["id"] for row in await fetch(tx, "runs/overdue", dict, now, most)]


def _filter(wanted: Wanted) -> tuple[Any, ...]:
    return (
        [state.value for state in wanted.states] or None,
        wanted.begin,
        wanted.end,
        list(wanted.types) or None,
        wanted.name,
        wanted.cause,
        wanted.requested_by,
        wanted.text,
    )

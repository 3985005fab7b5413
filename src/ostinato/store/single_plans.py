"""Statements about single plans, as programs keep them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import msgspec

from ostinato.core.definitions import Overlap
from ostinato.core.ids import ArtifactId, GraphId, PlanId, SubjectId, TaskId, WorkspaceId
from ostinato.core.plans import Ref
from ostinato.core.states import State
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.definitions import StoredPlan
from ostinato.store.pauses import Pause
from ostinato.store.workspaces import DescribedWorkspace, Page


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which plans: of an environment or workspace, with a task, with a text in their name, or the one of an id."""

    environment: int | None = None
    workspace: int | None = None
    task: int | None = None
    plan: int | None = None
    name: str | None = None


class DescribedPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it is described to whoever may see it."""

    id: PlanId
    name: str
    description: str | None
    overlap: Overlap
    created_at: datetime
    changed_at: datetime
    pause: Pause | None
    author: str | None
    """Who made it."""
    author_kind: str | None
    graph_id: GraphId
    workspace: DescribedWorkspace
    state: State | None
    """Of its newest run."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """A task or plan that a step runs."""

    kind: Literal["task", "plan"]
    id: int
    name: str
    description: str | None
    workspace: WorkspaceId
    version: int
    type: str | None
    """Of a task."""
    artifact: ArtifactId | None
    artifact_name: str | None
    artifact_version: str | None
    pause: Pause | None

    @property
    def ref(self) -> Ref:
        return Ref(task=TaskId(self.id)) if self.kind == "task" else Ref(plan=PlanId(self.id))


class HeldPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that is about to be changed."""

    workspace: WorkspaceId
    key: str
    environment: str
    may_author: bool
    may_execute: bool
    plan: StoredPlan


class NamedRef(msgspec.Struct, frozen=True):
    kind: Literal["task", "plan"]
    id: int
    name: str


class User(msgspec.Struct, frozen=True):
    """What needs a plan; a run by its number."""

    kind: Literal["plan", "task", "run", "run to come"]
    name: str


class _Listed(msgspec.Struct, frozen=True):
    total: int
    plan: DescribedPlan | None


async def list_plans(tx: Tx, viewer: SubjectId, wanted: Wanted, page: Page) -> tuple[int, list[DescribedPlan]]:
    """How many there are, and those of the page."""
    sent = (wanted.environment, wanted.workspace, wanted.task, wanted.plan, wanted.name)
    rows = await fetch(tx, "single_plans/list", _Listed, viewer, *sent, page.limit, page.offset)
    return rows[0].total, [row.plan for row in rows if row.plan is not None]


async def get(tx: Tx, viewer: SubjectId, plan: int) -> DescribedPlan | None:
    _, found = await list_plans(tx, viewer, Wanted(plan=plan), Page(limit=1, offset=0))
    return found[0] if found else None


async def parts(tx: Tx, viewer: SubjectId, tasks: Sequence[TaskId], plans: Sequence[PlanId]) -> list[Part]:
    return await fetch(tx, "single_plans/parts", Part, viewer, tasks, plans)


async def hold(tx: Tx, viewer: SubjectId, plan: int) -> HeldPlan | None:
    """Nobody changes or starts it until the end of the transaction."""
    return await fetch_one(tx, "single_plans/hold", HeldPlan, viewer, plan)


async def names(tx: Tx, workspace: WorkspaceId, refs: Sequence[Ref]) -> dict[Ref, str]:
    """Those that are there."""
    tasks = [ref.task for ref in refs if ref.task is not None]
    plans = [ref.plan for ref in refs if ref.plan is not None]
    rows = await fetch(tx, "single_plans/names", NamedRef, workspace, tasks, plans)
    return {Ref(task=TaskId(row.id)) if row.kind == "task" else Ref(plan=PlanId(row.id)): row.name for row in rows}


async def is_named(tx: Tx, workspace: WorkspaceId, name: str) -> bool:
    return bool(await fetch_value(tx, "single_plans/is_named", workspace, name))


async def users(tx: Tx, plan: PlanId) -> list[User]:
    return await fetch(tx, "single_plans/users", User, plan)


async def rename(tx: Tx, plan: PlanId, name: str, now: datetime) -> bool:
    """False: another one of the workspace has the name."""
    return await fetch_value(tx, "single_plans/rename", plan, name, now) is not None


async def set_overlap(tx: Tx, plan: PlanId, overlap: Overlap, now: datetime) -> bool:
    """False: it is so already."""
    return await fetch_value(tx, "single_plans/set_overlap", plan, overlap, now) is not None


async def delete(tx: Tx, plan: PlanId, now: datetime) -> None:
    """One that nothing needs."""
    await execute(tx, "single_plans/delete", plan, now)

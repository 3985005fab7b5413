"""Statements about definitions: what is stored, and what files change of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ostinato.core.access import Permission
from ostinato.core.definitions import Environment, Overlap, Pool, Stage
from ostinato.core.ids import EnvironmentId, GraphId, PlanId, PoolId, ScheduleId, SubjectId, TaskId, UserId, WorkspaceId
from ostinato.core.parameters import Parameter, Value
from ostinato.core.plans import Graph
from ostinato.core.retries import RetryPolicy
from ostinato.core.schedules import Missed
from ostinato.core.triggers.kinds import Holiday, Trigger
from ostinato.store.db import Tx, execute, fetch, fetch_value

LOCK = 7_300_000_002
POOL_FIELDS = ("name", "slots", "description")
POLICY_FIELDS = ("retries", "overlap", "disabled", "parameters", "run_timeout_s", "priority")
TASK_FIELDS = ("description", "config", "uses", "graph", "timeout_s", *POLICY_FIELDS, "pool", "tags")


class StoredEnvironment(msgspec.Struct, frozen=True):
    id: EnvironmentId
    name: str
    description: str | None
    stage: Stage | None
    parameters: dict[str, Value]
    keep_runs_days: int | None
    keep_logs_days: int | None
    keep_findings_days: int | None


class StoredPool(msgspec.Struct, frozen=True):
    id: PoolId
    environment: str
    name: str
    slots: int
    description: str | None


class StoredWorkspace(msgspec.Struct, frozen=True):
    """A workspace as one user sees it."""

    id: WorkspaceId
    environment_id: EnvironmentId
    environment: str
    key: str
    name: str
    description: str | None
    may_view: bool


class Permitted(msgspec.Struct, frozen=True):
    """Where somebody may change definitions or say when they start; None: everywhere."""

    key: str | None
    environment: str | None
    permissions: list[Permission]


class StoredConnection(msgspec.Struct, frozen=True):
    workspace: WorkspaceId
    name: str
    type: str
    description: str | None
    config: dict[str, Any]
    secrets: dict[str, str]


class StoredTask(msgspec.Struct, frozen=True):
    id: TaskId
    workspace: WorkspaceId
    type: str
    number: int
    name: str
    description: str | None
    config: dict[str, Any]
    graph: Graph | None
    timeout_s: float | None
    retries: RetryPolicy
    overlap: Overlap
    disabled: bool
    parameters: dict[str, Parameter]
    run_timeout_s: float | None
    priority: int
    pool: str | None
    tags: tuple[str, ...]


class StoredTrigger(msgspec.Struct, frozen=True):
    """A trigger of a schedule, whatever its name was allowed to be when it was made."""

    name: str
    definition: Trigger
    missed: Missed
    most_missed: int
    grace_s: int


class StoredHolidays(msgspec.Struct, frozen=True):
    environment: str
    name: str
    days: tuple[Holiday, ...]


class StoredSchedule(msgspec.Struct, frozen=True):
    """The schedule of a task or plan."""

    id: ScheduleId
    workspace: WorkspaceId
    task: str | None
    plan: str | None
    description: str | None
    triggers: list[StoredTrigger]


class StoredPlan(msgspec.Struct, frozen=True):
    id: PlanId
    workspace: WorkspaceId
    number: int
    name: str
    description: str | None
    version: int
    graph_id: GraphId
    graph: Graph
    retries: RetryPolicy
    overlap: Overlap
    disabled: bool
    parameters: dict[str, Parameter]
    run_timeout_s: float | None
    priority: int


class ConnectionToKeep(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: str
    description: str | None
    config: dict[str, Any]
    secrets: dict[str, str]


class TaskToKeep(msgspec.Struct, frozen=True, kw_only=True):
    id: TaskId
    type: str
    number: int
    name: str
    description: str | None
    config: dict[str, Any]
    uses: dict[str, bool]
    """The names are the keys: a list inside a list would be taken for an array of two dimensions."""
    graph: GraphId | None
    timeout_s: float | None
    retries: dict[str, Any]
    overlap: Overlap
    disabled: bool
    parameters: dict[str, dict[str, Any]]
    run_timeout_s: float | None
    priority: int
    pool: PoolId | None
    tags: dict[str, bool]
    """The keys of it, as with `uses`."""


class PlanToKeep(msgspec.Struct, frozen=True, kw_only=True):
    id: PlanId
    number: int
    name: str
    description: str | None
    version: int
    graph: GraphId
    retries: dict[str, Any]
    overlap: Overlap
    disabled: bool
    parameters: dict[str, dict[str, Any]]
    run_timeout_s: float | None
    priority: int


class Numbered(msgspec.Struct, frozen=True):
    """The number by which a task of a type, or a plan, is known in another environment."""

    type: str
    name: str
    number: int


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace that something is written into."""

    environment: EnvironmentId
    workspace: WorkspaceId
    key: str


async def lock(tx: Tx) -> None:
    """Wait until no other transaction applies definitions."""
    await execute(tx, "definitions/lock", LOCK)


async def environments(tx: Tx, viewer: SubjectId, manages: bool) -> list[StoredEnvironment]:
    return await fetch(tx, "definitions/environments", StoredEnvironment, viewer, manages)


async def pools(tx: Tx, environments: Sequence[str], viewer: SubjectId, manages: bool) -> list[StoredPool]:
    return await fetch(tx, "definitions/pools", StoredPool, list(environments), viewer, manages)


async def workspaces(tx: Tx, environments: Sequence[str], viewer: SubjectId, manages: bool) -> list[StoredWorkspace]:
    return await fetch(tx, "definitions/workspaces", StoredWorkspace, list(environments), viewer, manages)


async def permitted(tx: Tx, viewer: SubjectId) -> list[Permitted]:
    return await fetch(tx, "definitions/permitted", Permitted, viewer)


async def connections(tx: Tx, workspaces: Sequence[WorkspaceId]) -> list[StoredConnection]:
    return await fetch(tx, "definitions/connections", StoredConnection, list(workspaces))


async def tasks(tx: Tx, workspaces: Sequence[WorkspaceId], only: str | None = None) -> list[StoredTask]:
    """All of them, or those of one name."""
    return await fetch(tx, "definitions/tasks", StoredTask, list(workspaces), only)


async def holidays(tx: Tx, environments: Sequence[str], viewer: SubjectId, manages: bool) -> list[StoredHolidays]:
    return await fetch(tx, "definitions/holidays", StoredHolidays, list(environments), viewer, manages)


async def hold_holidays(tx: Tx, environments: Sequence[str]) -> list[StoredHolidays]:
    """The same, whoever may see them; nobody else does anything by them until the end of the transaction."""
    return await fetch(tx, "definitions/hold_holidays", StoredHolidays, list(environments))


async def schedules(tx: Tx, workspaces: Sequence[WorkspaceId]) -> list[StoredSchedule]:
    return await fetch(tx, "definitions/schedules", StoredSchedule, list(workspaces))


async def plans(tx: Tx, workspaces: Sequence[WorkspaceId], only: str | None = None) -> list[StoredPlan]:
    """All of them, or those that give values to the task of one name."""
    return await fetch(tx, "definitions/plans", StoredPlan, list(workspaces), only)


async def make_environment(tx: Tx, new: Environment, now: datetime) -> EnvironmentId:
    made: EnvironmentId = await fetch_value(tx, "definitions/make_environment", *_environment(new), now)
    return made


async def change_environment(tx: Tx, new: Environment) -> None:
    await execute(tx, "definitions/change_environment", *_environment(new))


async def free_stages(tx: Tx, environments: Sequence[str]) -> None:
    await execute(tx, "definitions/free_stages", list(environments))


async def make_pools(
    tx: Tx, environment: EnvironmentId, new: Sequence[Pool], now: datetime
) -> list[tuple[str, PoolId]]:
    """Name and id of each."""
    made = await fetch(tx, "definitions/make_pools", _NamedPool, environment, *_columns(new, POOL_FIELDS), now)
    return [(row.name, row.id) for row in made]


async def change_pools(tx: Tx, environment: EnvironmentId, new: Sequence[Pool], now: datetime) -> None:
    await execute(tx, "definitions/change_pools", environment, *_columns(new, POOL_FIELDS), now)


async def make_workspace(
    tx: Tx,
    environment: EnvironmentId,
    key: str,
    name: str,
    description: str | None,
    owner: UserId | None,
    now: datetime,
) -> WorkspaceId:
    made: WorkspaceId = await fetch_value(
        tx, "definitions/make_workspace", environment, key, name, description, owner, now
    )
    return made


async def change_workspace(tx: Tx, workspace: WorkspaceId, name: str, description: str | None, now: datetime) -> None:
    await execute(tx, "definitions/change_workspace", workspace, name, description, now)


async def make_connections(tx: Tx, place: Place, new: Sequence[ConnectionToKeep], now: datetime) -> None:
    await _keep_connections(tx, "definitions/make_connections", place, new, now)


async def change_connections(tx: Tx, place: Place, new: Sequence[ConnectionToKeep], now: datetime) -> None:
    await _keep_connections(tx, "definitions/change_connections", place, new, now)


async def reserve_task_ids(tx: Tx, count: int) -> list[TaskId]:
    return [TaskId(row.id) for row in await fetch(tx, "definitions/reserve_task_ids", _Id, count)]


async def reserve_plan_ids(tx: Tx, count: int) -> list[PlanId]:
    return [PlanId(row.id) for row in await fetch(tx, "definitions/reserve_plan_ids", _Id, count)]


async def take_numbers(tx: Tx, series: str, count: int) -> list[int]:
    """The next `count` numbers of a series, in order."""
    last = int(await fetch_value(tx, "definitions/take_numbers", series, count))
    return list(range(last - count + 1, last + 1))


async def task_numbers(tx: Tx, place: Place, types: Sequence[str], names: Sequence[str]) -> list[Numbered]:
    return await fetch(tx, "definitions/task_numbers", Numbered, place.environment, place.key, list(types), list(names))


async def plan_numbers(tx: Tx, place: Place, names: Sequence[str]) -> list[Numbered]:
    return await fetch(tx, "definitions/plan_numbers", Numbered, place.environment, place.key, list(names))


async def make_tasks(tx: Tx, place: Place, new: Sequence[TaskToKeep], now: datetime) -> None:
    fields = ("id", "type", "number", "name", *TASK_FIELDS)
    await execute(tx, "definitions/make_tasks", place.environment, place.workspace, *_columns(new, fields), now)


async def change_tasks(tx: Tx, new: Sequence[TaskToKeep], now: datetime) -> None:
    await execute(tx, "definitions/change_tasks", *_columns(new, ("id", *TASK_FIELDS)), now)
    await execute(tx, "definitions/let_go_moved", [task.id for task in new])


async def make_plans(tx: Tx, place: Place, new: Sequence[PlanToKeep], now: datetime) -> None:
    fields = ("id", "number", "name", "description", "graph", *POLICY_FIELDS)
    await execute(tx, "definitions/make_plans", place.environment, place.workspace, *_columns(new, fields), now)


async def change_plans(tx: Tx, new: Sequence[PlanToKeep], now: datetime) -> None:
    fields = ("id", "description", "version", "graph", *POLICY_FIELDS)
    await execute(tx, "definitions/change_plans", *_columns(new, fields), now)


async def keep_versions(
    tx: Tx, new: Sequence[PlanToKeep], members: Sequence[Sequence[TaskId]], by: UserId, now: datetime
) -> None:
    """Keep these plans as new versions, and list their tasks and steps anew; `members` holds the tasks of each."""
    plans = [plan.id for plan in new]
    await execute(tx, "definitions/keep_versions", *_columns(new, ("id", "version", "graph")), now, by)
    await execute(tx, "definitions/forget_members", plans)
    rows = [
        (plan, task, position)
        for plan, tasks in zip(plans, members, strict=True)
        for position, task in enumerate(tasks)
    ]
    await execute(
        tx, "definitions/keep_members", [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    )
    await note_steps(tx, plans)


async def note_steps(tx: Tx, plans: Sequence[PlanId]) -> None:
    """Write down anew what the steps of these plans run, and which comes after which, from their graphs."""
    await execute(tx, "definitions/note_steps", list(plans))


async def _keep_connections(
    tx: Tx, statement: str, place: Place, new: Sequence[ConnectionToKeep], now: datetime
) -> None:
    fields = ("name", "type", "description", "config", "secrets")
    await execute(tx, statement, place.workspace, *_columns(new, fields), now)


def _environment(new: Environment) -> tuple[Any, ...]:
    keep = new.keep
    return new.name, new.description, new.stage, new.parameters, keep.runs, keep.logs, keep.findings


def _columns(rows: Sequence[msgspec.Struct], fields: Sequence[str]) -> list[list[Any]]:
    """The rows as one list per field, as `unnest` takes them."""
    return [[getattr(row, field) for row in rows] for field in fields]


class _Id(msgspec.Struct, frozen=True):
    id: int


class _NamedPool(msgspec.Struct, frozen=True):
    name: str
    id: PoolId

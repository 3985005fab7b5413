"""What is stored, read for comparison with files: rows turned into the definitions that would make them."""

from collections.abc import Collection, Iterable, Mapping

import msgspec

from ostinato.app.application import App
from ostinato.core import secrets
from ostinato.core.access import Actor, Permission, Tenant
from ostinato.core.definition_targets import Either
from ostinato.core.definitions import (
    Connection,
    Environment,
    Handlers,
    Keep,
    Known,
    Place,
    Plan,
    Pool,
    Step,
    Stored,
    Task,
    Workspace,
)
from ostinato.core.errors import Conflict
from ostinato.core.ids import (
    ArtifactId,
    ArtifactVersionId,
    DataTriggerId,
    EnvironmentId,
    PlanId,
    PoolId,
    ResourceId,
    ScheduleId,
    TaskId,
    WorkspaceId,
)
from ostinato.core.plans import Graph, Ref
from ostinato.store import definitions
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan


class ArtifactIds(msgspec.Struct, kw_only=True):
    """An artifact, and the versions of it that tasks may name."""

    artifact: ArtifactId
    versions: dict[str, ArtifactVersionId] = {}


class Rows(msgspec.Struct, kw_only=True):
    """The rows of one workspace by name, for writing; of the plans and tasks to come, the ids as well."""

    place: definitions.Place
    tasks: dict[str, definitions.StoredTask] = {}
    plans: dict[str, definitions.StoredPlan] = {}
    task_ids: dict[str, TaskId] = {}
    plan_ids: dict[str, PlanId] = {}
    schedules: dict[str, ScheduleId] = {}
    """By what they start, where somebody wants to know; so are data triggers."""
    data_triggers: dict[str, DataTriggerId] = {}
    pool_ids: dict[str, PoolId] = {}
    """Those of the environment."""
    artifacts: dict[str, ArtifactIds] = {}
    """Those that the files name."""
    resources: dict[str, ResourceId] = {}
    """Those that the files name."""

    def what(self, named: Either) -> TaskOrPlan:
        """The task or plan of this name, which is there."""
        if named.task is not None:
            return TaskOrPlan(task=self.task_ids[named.task])
        assert named.plan is not None
        return TaskOrPlan(plan=self.plan_ids[named.plan])


class State(msgspec.Struct, kw_only=True):
    known: Known
    environments: dict[str, EnvironmentId]
    pools: dict[str, dict[str, PoolId]] = {}
    """By environment and name; those to come are put in when they are made."""
    rows: dict[Place, Rows]
    permitted: list[definitions.Permitted] = []
    places: dict[WorkspaceId, Place] = {}
    """The workspaces whose content is read."""

    def may(self, permission: Permission, environment: str, workspace: str) -> bool:
        """Whether the actor may do so much in a workspace, or will in one that is not there yet."""
        return any(
            where.key in (None, workspace) and where.environment in (None, environment)
            for where in self.permitted
            if permission in where.permissions
        )

    def add(self, place: Place, row: definitions.Place) -> None:
        """A workspace, with the pools of its environment."""
        self.rows[place] = Rows(place=row, pool_ids=self.pools.setdefault(place[0], {}))


async def load(
    app: App,
    tx: Tx,
    actor: Actor,
    environments: Collection[str],
    wanted: Collection[Place] | None,
    only: str | None = None,
) -> State:
    """What the actor may see in these environments, and the content of the workspaces that are `wanted` (None: all).

    With `only`, of tasks the one of this name, and of plans those that give values to it, whose steps lack the others:
    as much as it takes to judge one task, or, with the empty name, a connection.
    """
    manages = actor.may(Tenant.ENVIRONMENTS)
    stored_environments = await definitions.environments(tx, actor.subject, manages)
    workspaces = await definitions.workspaces(tx, sorted(environments), actor.subject, manages)
    state = State(
        known=Known(
            environments={row.name: _environment(row) for row in stored_environments},
            workspaces={},
        ),
        environments={row.name: row.id for row in stored_environments},
        rows={},
        permitted=await definitions.permitted(tx, actor.subject),
    )
    for pool in await definitions.pools(tx, sorted(environments), actor.subject, manages):
        state.pools.setdefault(pool.environment, {})[pool.name] = pool.id
        state.known.pools.setdefault(pool.environment, {})[pool.name] = Pool(
            name=pool.name, slots=pool.slots, description=pool.description
        )
    by_id = state.places
    for row in workspaces:
        place = (row.environment, row.key)
        workspace = Workspace(key=row.key, name=row.name, description=row.description)
        state.known.workspaces[place] = Stored(workspace=workspace)
        state.add(place, definitions.Place(environment=row.environment_id, workspace=row.id, key=row.key))
        if row.may_view and (wanted is None or place in wanted):
            by_id[row.id] = place
    for connection in await definitions.connections(tx, list(by_id)):
        stored = state.known.workspaces[by_id[connection.workspace]]
        stored.connections[connection.name] = _connection(app, connection)
    for task in await definitions.tasks(tx, list(by_id), only):
        state.rows[by_id[task.workspace]].tasks[task.name] = task
    for plan in await definitions.plans(tx, list(by_id), only):
        state.rows[by_id[plan.workspace]].plans[plan.name] = plan
    for place, rows in state.rows.items():
        _define(state.known.workspaces[place], rows)
    return state


def plan_definition(plan: definitions.StoredPlan, tasks: Mapping[TaskId, str], plans: Mapping[PlanId, str]) -> Plan:
    """A plan as files would define it, with the names of what its steps run."""
    return Plan(
        name=plan.name,
        description=plan.description,
        parameters=plan.parameters,
        run_timeout=plan.run_timeout_s,
        retries=plan.retries,
        overlap=plan.overlap,
        priority=plan.priority,
        limit=plan.graph.limit,
        disabled=plan.disabled,
        steps=_steps(plan.graph, tasks, plans),
    )


def _environment(row: definitions.StoredEnvironment) -> Environment:
    return Environment(
        name=row.name,
        description=row.description,
        stage=row.stage,
        parameters=row.parameters,
        keep=Keep(runs=row.keep_runs_days, logs=row.keep_logs_days, findings=row.keep_findings_days),
    )


def _connection(app: App, row: definitions.StoredConnection) -> Connection:
    """A connection with its secrets in clear. One that cannot be decrypted is missing, so that it can be set anew."""
    clear = {}
    for field, sealed in row.secrets.items():
        try:
            clear[field] = app.keyring.decrypt(sealed, row.workspace, row.name, field)
        except Conflict:
            continue
    return Connection(
        name=row.name, type=row.type, description=row.description, config=secrets.put_back(row.config, clear)
    )


def _define(stored: Stored, rows: Rows) -> None:
    rows.task_ids = {name: row.id for name, row in rows.tasks.items()}
    rows.plan_ids = {name: row.id for name, row in rows.plans.items()}
    task_names = {row.id: row.name for row in rows.tasks.values()}
    plan_names = {row.id: row.name for row in rows.plans.values()}
    for name, task in rows.tasks.items():
        stored.tasks[name] = Task(
            name=name,
            type=task.type,
            description=task.description,
            config=task.config,
            parameters=task.parameters,
            timeout=task.timeout_s,
            run_timeout=task.run_timeout_s,
            retries=task.retries,
            overlap=task.overlap,
            priority=task.priority,
            pool=task.pool,
            tags=task.tags,
            disabled=task.disabled,
        )
        if task.graph is not None:
            stored.expansions[name] = _steps(task.graph, task_names, plan_names)
    for name, plan in rows.plans.items():
        stored.plans[name] = plan_definition(plan, task_names, plan_names)


def _steps(graph: Graph, tasks: Mapping[TaskId, str], plans: Mapping[PlanId, str]) -> tuple[Step, ...]:
    return tuple(
        Step(
            name=step.name,
            tasks=_named(step.runs, tasks),
            plans=_named_plans(step.runs, plans),
            after=tuple(graph.steps[number].name for number in step.after),
            limit=step.limit,
            condition=step.condition,
            on_failure=Handlers(tasks=_named(step.on_failure, tasks), plans=_named_plans(step.on_failure, plans)),
            note=step.note,
        )
        for step in graph.steps
    )


def _named(refs: Iterable[Ref], names: Mapping[TaskId, str]) -> tuple[str, ...]:
    return tuple(names[ref.task] for ref in refs if ref.task is not None and ref.task in names)


def _named_plans(refs: Iterable[Ref], names: Mapping[PlanId, str]) -> tuple[str, ...]:
    return tuple(names[ref.plan] for ref in refs if ref.plan is not None and ref.plan in names)

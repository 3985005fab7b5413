"""Writes the definitions of one workspace: connections, tasks and plans, each in a few statements.

Plans name tasks and plans, composite tasks name plans: ids are reserved first, so that every graph can be made before
anything that it names is there.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from ostinato.app import definition_artifacts
from ostinato.app.application import App
from ostinato.app.definition_configs import secrets_of
from ostinato.app.definition_state import Rows, State
from ostinato.core import secrets
from ostinato.core.access import Actor
from ostinato.core.definition_changes import NEW_VERSION, Action, Change
from ostinato.core.definition_checks import ReadyTask
from ostinato.core.definitions import Connection, Place, Plan, Step
from ostinato.core.ids import GraphId
from ostinato.core.parameters import Parameter
from ostinato.core.plans import Graph, Ref
from ostinato.core.plans import Step as GraphStep
from ostinato.core.retries import RetryPolicy
from ostinato.store import definitions, graphs
from ostinato.store.db import Tx

Differing = TypeVar("Differing", bound=msgspec.Struct)


class Batch(msgspec.Struct, kw_only=True):
    """What is to be written into one workspace: definitions that are new or differ, each with its change."""

    connections: list[tuple[Change, Connection]] = []
    tasks: list[tuple[Change, ReadyTask]] = []
    plans: list[tuple[Change, Plan]] = []


async def write(app: App, tx: Tx, actor: Actor, state: State, place: Place, batch: Batch, now: datetime) -> None:
    rows = state.rows[place]
    await _write_connections(app, tx, rows, batch.connections, now)
    new_tasks = [task.placed.definition.name for task in _created(batch.tasks)]
    new_plans = [plan.name for plan in _created(batch.plans)]
    rows.task_ids |= zip(new_tasks, await definitions.reserve_task_ids(tx, len(new_tasks)), strict=True)
    rows.plan_ids |= zip(new_plans, await definitions.reserve_plan_ids(tx, len(new_plans)), strict=True)
    await _write_tasks(tx, state, rows, batch.tasks, now)
    await _write_plans(tx, actor, rows, batch.plans, now)


async def _write_connections(
    app: App, tx: Tx, rows: Rows, wanted: Sequence[tuple[Change, Connection]], now: datetime
) -> None:
    for action, statement in (
        (Action.CREATED, definitions.make_connections),
        (Action.CHANGED, definitions.change_connections),
    ):
        sealed = [_sealed(app, rows, connection) for change, connection in wanted if change.action is action]
        if sealed:
            await statement(tx, rows.place, sealed, now)


def _sealed(app: App, rows: Rows, connection: Connection) -> definitions.ConnectionToKeep:
    """A connection with its secrets taken out of the config and encrypted, each for its own place."""
    config, secret = secrets.take_out(connection.config, secrets_of(connection.type))
    return definitions.ConnectionToKeep(
        name=connection.name,
        type=connection.type,
        description=connection.description,
        config=config,
        secrets={
            field: app.keyring.encrypt(value, rows.place.workspace, connection.name, field)
            for field, value in secret.items()
        },
    )


async def _write_tasks(
    tx: Tx, state: State, rows: Rows, wanted: Sequence[tuple[Change, ReadyTask]], now: datetime
) -> None:
    created = _created(wanted)
    numbers = await _task_numbers(tx, rows.place, created)
    made = [await _task(tx, rows, task, numbers[task.placed.definition.name]) for task in created]
    changed = [
        await _task(tx, rows, task, rows.tasks[task.placed.definition.name].number)
        for change, task in wanted
        if change.action is Action.CHANGED
    ]
    if made:
        await definitions.make_tasks(tx, rows.place, made, now)
    if changed:
        await definitions.change_tasks(tx, changed, now)
    written = {rows.task_ids[task.placed.definition.name]: task for _, task in wanted}
    await definition_artifacts.keep_uses(tx, state, written)


async def _task(tx: Tx, rows: Rows, task: ReadyTask, number: int) -> definitions.TaskToKeep:
    definition = task.placed.definition
    graph = None if task.steps is None else await graphs.save(tx, _graph(task.steps, rows))
    return definitions.TaskToKeep(
        id=rows.task_ids[definition.name],
        type=definition.type,
        number=number,
        name=definition.name,
        description=definition.description,
        config=definition.config,
        uses=dict.fromkeys(sorted(task.uses), True),
        graph=graph,
        timeout_s=definition.timeout,
        retries=_differing(definition.retries, RetryPolicy()),
        overlap=definition.overlap,
        disabled=definition.disabled,
        parameters=_parameters(definition.parameters),
        run_timeout_s=definition.run_timeout,
        priority=definition.priority,
        pool=None if definition.pool is None else rows.pool_ids[definition.pool],
        tags=dict.fromkeys(definition.tags, True),
    )


async def _write_plans(tx: Tx, actor: Actor, rows: Rows, wanted: Sequence[tuple[Change, Plan]], now: datetime) -> None:
    created = _created(wanted)
    numbers = await _plan_numbers(tx, rows.place, created)
    made = [
        _plan(rows, plan, numbers[plan.name], 1, await graphs.save(tx, _graph(plan.steps, rows, plan.limit)))
        for plan in created
    ]
    changed, renewed = [], []
    for change, plan in wanted:
        if change.action is not Action.CHANGED:
            continue
        before = rows.plans[plan.name]
        graph, version = before.graph_id, before.version
        if NEW_VERSION & {*change.fields}:
            graph, version = await graphs.save(tx, _graph(plan.steps, rows, plan.limit)), version + 1
            renewed.append(plan.name)
        changed.append(_plan(rows, plan, before.number, version, graph))
    if made:
        await definitions.make_plans(tx, rows.place, made, now)
    if changed:
        await definitions.change_plans(tx, changed, now)
    versions = [*made, *(plan for plan in changed if plan.name in renewed)]
    steps = {plan.name: plan.steps for _, plan in wanted}
    members = [_graph(steps[plan.name], rows).tasks() for plan in versions]
    if versions:
        await definitions.keep_versions(tx, versions, members, actor.user, now)


def _plan(rows: Rows, plan: Plan, number: int, version: int, graph: GraphId) -> definitions.PlanToKeep:
    return definitions.PlanToKeep(
        id=rows.plan_ids[plan.name],
        number=number,
        name=plan.name,
        description=plan.description,
        version=version,
        graph=graph,
        retries=_differing(plan.retries, RetryPolicy()),
        overlap=plan.overlap,
        disabled=plan.disabled,
        parameters=_parameters(plan.parameters),
        run_timeout_s=plan.run_timeout,
        priority=plan.priority,
    )


def _graph(steps: Sequence[Step], rows: Rows, limit: int | None = None) -> Graph:
    numbers = {step.name: number for number, step in enumerate(steps)}
    return Graph(
        steps=tuple(
            GraphStep(
                name=step.name,
                runs=_refs(rows, step.tasks, step.plans),
                after=tuple(numbers[name] for name in step.after),
                condition=step.condition,
                on_failure=_refs(rows, step.on_failure.tasks, step.on_failure.plans),
                limit=step.limit,
                note=step.note,
            )
            for step in steps
        ),
        limit=limit,
    )


def _refs(rows: Rows, tasks: Iterable[str], plans: Iterable[str]) -> tuple[Ref, ...]:
    return (*(Ref(task=rows.task_ids[name]) for name in tasks), *(Ref(plan=rows.plan_ids[name]) for name in plans))


async def _task_numbers(tx: Tx, place: definitions.Place, tasks: Sequence[ReadyTask]) -> dict[str, int]:
    """A number for each new task: the one it has in another environment, or the next of its type."""
    wanted = {task.placed.definition.name: task.placed.definition.type for task in tasks}
    if not wanted:
        return {}
    found = await definitions.task_numbers(tx, place, list(wanted.values()), list(wanted))
    numbers = _free(found)
    for type_name in sorted(set(wanted.values())):
        names = [name for name, of in wanted.items() if of == type_name and name not in numbers]
        if names:
            numbers |= zip(names, await definitions.take_numbers(tx, f"task:{type_name}", len(names)), strict=True)
    return numbers


async def _plan_numbers(tx: Tx, place: definitions.Place, plans: Sequence[Plan]) -> dict[str, int]:
    if not plans:
        return {}
    numbers = _free(await definitions.plan_numbers(tx, place, [plan.name for plan in plans]))
    names = [plan.name for plan in plans if plan.name not in numbers]
    if names:
        numbers |= zip(names, await definitions.take_numbers(tx, "plan", len(names)), strict=True)
    return numbers


def _free(found: Iterable[definitions.Numbered]) -> dict[str, int]:
    """The numbers found, each given away once."""
    numbers: dict[str, int] = {}
    taken = set()
    for row in found:
        if (row.type, row.number) not in taken:
            taken.add((row.type, row.number))
            numbers[row.name] = row.number
    return numbers


def _parameters(declared: Mapping[str, Parameter]) -> dict[str, dict[str, Any]]:
    return {name: _differing(parameter, Parameter()) for name, parameter in declared.items()}


def _differing(struct: Differing, default: Differing) -> dict[str, Any]:
    """The fields that differ from their defaults."""
    fields = struct.__struct_fields__
    return {field: value for field in fields if (value := getattr(struct, field)) != getattr(default, field)}


def _created(wanted: Iterable[tuple[Change, Any]]) -> list[Any]:
    return [definition for change, definition in wanted if change.action is Action.CREATED]

"""Keeps definitions, wherever they come from: compared with what is stored, permitted, written, recorded.

Everything that is wanted together is kept or nothing is.
"""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

import msgspec

from ostinato.app import (
    audit,
    definition_artifacts,
    definition_data_triggers,
    definition_records,
    definition_schedules,
    definition_state,
    definition_writing,
)
from ostinato.app.application import App
from ostinato.app.definition_configs import Ready
from ostinato.app.definition_state import State
from ostinato.app.definition_writing import Batch
from ostinato.app.schedules import Clock, going_on
from ostinato.core.access import HOW_TO_GET, Actor, Permission, Tenant
from ostinato.core.definition_artifacts import check_artifacts
from ostinato.core.definition_changes import (
    Action,
    Change,
    connection_change,
    data_trigger_change,
    environment_change,
    holidays_change,
    plan_change,
    pool_change,
    schedule_change,
    task_change,
    workspace_change,
)
from ostinato.core.definition_checks import check
from ostinato.core.definition_reading import OF_ENVIRONMENTS
from ostinato.core.definition_start_checks import Apart, check_distances, check_starts
from ostinato.core.definitions import Collected, Kind, Place, Placed, Pool
from ostinato.core.errors import Forbidden, Invalid, Problem
from ostinato.store import definitions
from ostinato.store.db import Tx

MOST_PROBLEMS = 1_000
STARTS = (Kind.SCHEDULE, Kind.DATA_TRIGGER)
"""What is changed by whoever may start what it starts, and recorded as it is where it is changed one by one."""


class Wanted(msgspec.Struct, kw_only=True):
    """Definitions that are wanted together, and the problems that show without the database."""

    files: list[str]
    collected: Collected
    ready: Ready
    problems: list[Problem]
    only: str | None = None
    """All that is wanted is the task of this name, or, if it is empty, a connection."""
    apart: Apart = {}


async def prepare(app: App, actor: Actor, wanted: Wanted, now: datetime) -> None:
    """Work out beforehand what takes long, so that nobody has to wait for it."""
    if not wanted.collected.schedules:
        return
    async with app.db.reading() as tx:
        state = await _load(app, tx, actor, wanted)
    changes, _ = _compare(wanted, state)
    with suppress(Forbidden):
        _authorise(actor, changes, state)
        await asyncio.to_thread(check_distances, wanted.collected, state.known, now, wanted.apart)


async def keep(
    app: App, tx: Tx, actor: Actor, wanted: Wanted, now: datetime, clock: Clock | None = None
) -> tuple[list[Change], State]:
    """Make and change what is wanted. Raises Invalid with every problem, Forbidden. `clock`: the time that has gone on
    since the request, if that was longer ago."""
    clock = clock or going_on(now)
    await definitions.lock(tx)
    changes, batches, state = await _judge(app, tx, actor, wanted, now)
    suspected = definition_data_triggers.suspects(wanted.collected, wanted.ready.tasks, changes)
    moment = await definition_schedules.lock(tx, changes, state, clock)
    await definition_data_triggers.lock(tx, suspected, changes, state)
    standing = await definition_data_triggers.standing_rings(tx, actor, suspected, state)
    records = definition_records.entries(change for change in changes if change.kind not in STARTS)
    await _write_environments(tx, wanted.collected, changes, state, now)
    await _write_workspaces(tx, wanted.collected, changes, state, now)
    await _write_pools(tx, wanted.collected, changes, state, now)
    for place, batch in batches.items():
        await definition_writing.write(app, tx, actor, state, place, batch, now)
    await definition_schedules.write(tx, actor, wanted.collected, changes, state, moment)
    await definition_schedules.write_holidays(tx, wanted.collected.holidays, changes, state, moment)
    await definition_data_triggers.write(tx, actor, wanted.collected.data_triggers, changes, state, now)
    await definition_data_triggers.refuse_rings(tx, actor, suspected, standing, state)
    await audit.record(tx, actor, now, *records)
    return changes, state


async def compare(app: App, tx: Tx, actor: Actor, wanted: Wanted, now: datetime) -> tuple[list[Change], bool]:
    """What `keep` would do, with the same refusals but those of rings, and whether there may be such."""
    changes, _, state = await _judge(app, tx, actor, wanted, now)
    suspected = definition_data_triggers.suspects(wanted.collected, wanted.ready.tasks, changes)
    return changes, bool(await definition_data_triggers.watched(tx, suspected, wanted.collected, state))


async def _judge(
    app: App, tx: Tx, actor: Actor, wanted: Wanted, now: datetime
) -> tuple[list[Change], dict[Place, Batch], State]:
    """What is to become of everything; raises Invalid, Forbidden."""
    state = await _load(app, tx, actor, wanted)
    known, tasks, collected = state.known, wanted.ready.tasks, wanted.collected
    problems = [*wanted.problems, *check(collected, tasks, known), *check_artifacts(tasks, known)]
    problems += check_starts(collected, known, wanted.apart) if _starts_by_itself(collected) else []
    if problems:
        raise Invalid(*_ordered(problems, wanted.files))
    changes, batches = _compare(wanted, state)
    _authorise(actor, changes, state)
    if near := await asyncio.to_thread(check_distances, collected, known, now, wanted.apart):
        raise Invalid(*_ordered(near, wanted.files))
    return changes, batches, state


async def _load(app: App, tx: Tx, actor: Actor, wanted: Wanted) -> State:
    """What is stored where the files want something."""
    collected = wanted.collected
    items: list[Placed[Any]] = [*collected.workspaces, *collected.pools, *collected.holidays]
    items += [*collected.connections, *collected.tasks, *collected.plans]
    items += [*collected.schedules, *collected.data_triggers]
    places = {item.place for item in items}
    places |= {
        (trigger.environment, source.workspace)
        for trigger in collected.data_triggers
        for source in trigger.definition.sources
        if source.workspace is not None
    }
    environments = {environment for environment, _ in places} | set(collected.used)
    state = await definition_state.load(app, tx, actor, environments, places, wanted.only)
    await definition_artifacts.load(tx, state, wanted.ready.tasks)
    if _starts_by_itself(collected):
        await definition_schedules.load(tx, actor, state, environments)
        await definition_data_triggers.load(tx, actor, state, environments)
    return state


def _starts_by_itself(collected: Collected) -> bool:
    """Whether anything in the files does, or says when."""
    return bool(collected.schedules or collected.holidays or collected.data_triggers)


def _ordered(problems: Iterable[Problem], files: Sequence[str]) -> Sequence[Problem]:
    """In the order of the files and their lines; not more than anybody reads."""
    order = {file: number for number, file in enumerate(files)}
    found = sorted(dict.fromkeys(problems), key=lambda problem: (order.get(problem.file or "", -1), problem.line or 0))
    if len(found) > MOST_PROBLEMS:
        more = Problem(message=f"and {len(found) - MOST_PROBLEMS:,} more problems, which are not listed")
        return [*found[:MOST_PROBLEMS], more]
    return found


def _compare(wanted: Wanted, state: State) -> tuple[list[Change], dict[Place, Batch]]:
    """What becomes of every definition, and what is to be written into each workspace."""
    collected, ready, known = wanted.collected, wanted.ready, state.known
    changes = [environment_change(item, known) for item in collected.environments]
    changes += [workspace_change(item, known) for item in collected.workspaces]
    changes += [pool_change(item, known) for item in collected.pools]
    changes += [holidays_change(item, known) for item in collected.holidays]
    batches: dict[Place, Batch] = {}

    def note(change: Change, place: Place) -> Batch | None:
        changes.append(change)
        return None if change.action is Action.LEFT else batches.setdefault(place, Batch())

    for connection in ready.connections:
        change = connection_change(connection, known)
        if batch := note(change, connection.place):
            batch.connections.append((change, connection.definition))
    for task in ready.tasks:
        change = task_change(task, known)
        if batch := note(change, task.placed.place):
            batch.tasks.append((change, task))
    for plan in collected.plans:
        change = plan_change(plan, known)
        if batch := note(change, plan.place):
            batch.plans.append((change, plan.definition))
    changes += [schedule_change(schedule, known) for schedule in collected.schedules]
    changes += [data_trigger_change(trigger, known) for trigger in collected.data_triggers]
    return changes, batches


def _authorise(actor: Actor, changes: Iterable[Change], state: State) -> None:
    for change in changes:
        if change.action is Action.LEFT:
            continue
        what = f"{change.kind.words} {change.name!r}"
        needed = Permission.EXECUTE if change.kind in STARTS else Permission.AUTHOR
        if change.kind in (Kind.ENVIRONMENT, *OF_ENVIRONMENTS):
            if not actor.may(Tenant.ENVIRONMENTS):
                raise Forbidden(
                    f"The {what} would be {change.action}, which needs the permission ENVIRONMENTS:"
                    f" {HOW_TO_GET[Tenant.ENVIRONMENTS]}"
                )
        elif not state.may(needed, change.environment, change.workspace or ""):
            raise Forbidden(
                f"The {what} would be {change.action}, which needs the permission {needed} in workspace"
                f" {change.workspace!r} of environment {change.environment!r}"
            )


async def _write_environments(
    tx: Tx, collected: Collected, changes: Iterable[Change], state: State, now: datetime
) -> None:
    """Environments; those that are made get their place in `state`."""
    found = {change.name: change for change in changes if change.kind is Kind.ENVIRONMENT}
    environments = [item.definition for item in collected.environments]
    await definitions.free_stages(tx, [item.name for item in environments if "stage" in found[item.name].fields])
    for new in environments:
        match found[new.name].action:
            case Action.CREATED:
                state.environments[new.name] = await definitions.make_environment(tx, new, now)
            case Action.CHANGED:
                stage = new.stage or state.known.environments[new.name].stage
                await definitions.change_environment(tx, msgspec.structs.replace(new, stage=stage))


async def _write_workspaces(
    tx: Tx, collected: Collected, changes: Iterable[Change], state: State, now: datetime
) -> None:
    found = {(change.environment, change.name): change for change in changes if change.kind is Kind.WORKSPACE}
    for item in collected.workspaces:
        workspace, (environment, key) = item.definition, item.place
        name = workspace.name or key
        match found[environment, key].action:
            case Action.CREATED:
                owner = state.environments[environment]
                made = await definitions.make_workspace(tx, owner, key, name, workspace.description, None, now)
                state.add(item.place, definitions.Place(environment=owner, workspace=made, key=key))
            case Action.CHANGED:
                row = state.rows[item.place].place
                await definitions.change_workspace(tx, row.workspace, name, workspace.description, now)


async def _write_pools(tx: Tx, collected: Collected, changes: Iterable[Change], state: State, now: datetime) -> None:
    found = {(change.environment, change.name): change.action for change in changes if change.kind is Kind.POOL}
    wanted: dict[tuple[str, Action], list[Pool]] = {}
    for item in collected.pools:
        wanted.setdefault((item.environment, found[item.environment, item.definition.name]), []).append(item.definition)
    for (environment, action), pools in wanted.items():
        owner = state.environments[environment]
        match action:
            case Action.CREATED:
                made = await definitions.make_pools(tx, owner, pools, now)
                state.pools.setdefault(environment, {}).update(made)
            case Action.CHANGED:
                await definitions.change_pools(tx, owner, pools, now)

"""Data triggers as files define them: read for comparison, written, and looked through for rings.

A ring may also come of steps that change: whoever keeps definitions asks here whether what is changed would start
itself for ever.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from ostinato.app import data_triggers
from ostinato.app.data_triggers import About
from ostinato.app.definition_state import Rows, State
from ostinato.core.access import Actor
from ostinato.core.definition_changes import Action, Change
from ostinato.core.definition_checks import ReadyTask
from ostinato.core.definition_data_triggers import DataTrigger, Upstream
from ostinato.core.definitions import Collected, Kind, Placed, Plan, Task
from ostinato.core.errors import Invalid, Problem
from ostinato.store import data_triggers as stored
from ostinato.store.data_triggers import SeenDataTrigger, SeenSource, Wanted
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan

MOST = 1_000_000


async def load(tx: Tx, actor: Actor, state: State, environments: Collection[str]) -> None:
    """What is stored of them in these environments, in the workspaces whose content is read."""
    for environment in environments:
        for one in await stored.list_data_triggers(tx, actor.subject, Wanted(environment=environment, limit=MOST)):
            place = (environment, one.workspace)
            if place not in state.places.values():
                continue
            trigger = _definition(one)
            workspace = state.known.workspaces[place]
            workspace.data_triggers[trigger.name] = trigger
            state.rows[place].data_triggers[trigger.name] = one.id
            if any(source.hidden for source in one.sources):
                workspace.partly_seen.add(trigger.name)


async def write(
    tx: Tx, actor: Actor, wanted: Sequence[Placed[DataTrigger]], changes: Iterable[Change], state: State, now: datetime
) -> None:
    """The data triggers; what they start and wait for is there by now. Whoever calls looks for rings afterwards."""
    actions = {(c.environment, c.workspace, c.name): c.action for c in changes if c.kind is Kind.DATA_TRIGGER}
    for one in wanted:
        trigger, (environment, workspace) = one.definition, one.place
        action = actions[environment, workspace, trigger.name]
        if action is Action.LEFT:
            continue
        rows = state.rows[one.place]
        sources = [(source, state.rows[environment, source.workspace or workspace]) for source in trigger.sources]
        about = About(
            what=_what(trigger, rows),
            condition=trigger.when,
            sources=tuple(_what(source, there) for source, there in sources),
            active=trigger.active,
        )
        if action is Action.CREATED:
            await data_triggers.create_in(tx, actor, environment, about, now)
        else:
            await data_triggers.change_in(tx, actor, rows.data_triggers[trigger.name], about, now)


def suspects(collected: Collected, tasks: Iterable[ReadyTask], changes: Iterable[Change]) -> list[Placed[Any]]:
    """What changes so that a ring may come of it. A new ring goes through steps that change of something that is there
    already, or through what is started by a data trigger that is new or changes."""
    found = {(c.kind, c.environment, c.workspace, c.name): c for c in changes if c.action is not Action.LEFT}

    def change_of(kind: Kind, placed: Placed[Any]) -> Change | None:
        return found.get((kind, placed.environment, placed.workspace, placed.definition.name))

    def has_other_steps(kind: Kind, placed: Placed[Any], *fields: str) -> bool:
        change = change_of(kind, placed)
        return change is not None and change.action is Action.CHANGED and bool({*fields} & {*change.fields})

    return [
        *(one for one in collected.data_triggers if change_of(Kind.DATA_TRIGGER, one) is not None),
        *(one for one in collected.plans if has_other_steps(Kind.PLAN, one, "steps")),
        *(
            task.placed
            for task in tasks
            if task.steps is not None and has_other_steps(Kind.TASK, task.placed, "config", "steps")
        ),
    ]


async def lock(tx: Tx, suspected: Iterable[Placed[Any]], state: State) -> None:
    """Nobody else makes a ring where these are until the end of the transaction."""
    names = {one.environment for one in suspected}
    for environment in sorted(id for name, id in state.environments.items() if name in names):
        await stored.lock_environment(tx, environment)


async def refuse_rings(tx: Tx, actor: Actor, suspected: Sequence[Placed[Any]], state: State) -> None:
    """Raises Invalid if something would start itself for ever, as it is stored by now."""
    environments = {state.environments[one.environment] for one in suspected}
    watched = await stored.with_triggers(tx, sorted(environments)) if environments else set()
    problems: list[Problem] = []
    for one in suspected:
        if state.environments[one.environment] not in watched:
            continue
        rows, definition = state.rows[one.place], one.definition
        match definition:
            case Plan():
                what, field = TaskOrPlan(plan=rows.plan_ids[definition.name]), "steps"
            case Task():
                what, field = TaskOrPlan(task=rows.task_ids[definition.name]), "config"
            case _:
                what, field = _what(definition, rows), "sources"
        ring = await data_triggers.ring_of(tx, actor, what)
        if ring is not None:
            problems.append(one.problem((field,), ring))
    if problems:
        raise Invalid(*problems)


def _definition(one: SeenDataTrigger) -> DataTrigger:
    """As files would define it; of its sources, those that are there and may be seen."""
    task = one.task_id is not None
    return DataTrigger(
        task=one.name if task else None,
        plan=None if task else one.name,
        when=one.condition,
        sources=tuple(_upstream(source, one.workspace) for source in one.sources if _is_there(source)),
        active=one.active,
    )


def _is_there(source: SeenSource) -> bool:
    return not source.hidden and not source.deleted


def _upstream(source: SeenSource, workspace: str) -> Upstream:
    task = source.task_id is not None
    return Upstream(
        task=source.name if task else None,
        plan=None if task else source.name,
        workspace=None if source.workspace == workspace else source.workspace,
    )


def _what(named: DataTrigger | Upstream, rows: Rows) -> TaskOrPlan:
    if named.task is not None:
        return TaskOrPlan(task=rows.task_ids[named.task])
    assert named.plan is not None
    return TaskOrPlan(plan=rows.plan_ids[named.plan])

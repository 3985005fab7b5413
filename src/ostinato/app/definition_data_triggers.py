"""Data triggers as files define them: read for comparison, written, and looked through for rings.

A ring may also come of steps that change: whoever keeps definitions asks here whether what is changed would start
itself for ever.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from ostinato.app import data_triggers
from ostinato.app.data_triggers import About
from ostinato.app.definition_state import State
from ostinato.core.access import Actor
from ostinato.core.definition_changes import Action, Change
from ostinato.core.definition_checks import ReadyTask
from ostinato.core.definition_data_triggers import DataTrigger, Upstream
from ostinato.core.definitions import Collected, Kind, Placed, Plan, Task
from ostinato.core.errors import Conflict, Invalid, NotFound
from ostinato.store import data_triggers as stored
from ostinato.store.data_triggers import SeenDataTrigger, SeenSource, Wanted
from ostinato.store.db import Raced, Tx
from ostinato.store.runs import TaskOrPlan

MOST = 1_000_000


async def load(tx: Tx, actor: Actor, state: State, environments: Collection[str]) -> None:
    """What is stored of them in these environments, in the workspaces whose content is read."""
    places = set(state.places.values())
    for environment in environments:
        for one in await stored.list_data_triggers(tx, actor.subject, Wanted(environment=environment, limit=MOST)):
            place = (environment, one.workspace)
            if place not in places:
                continue
            trigger = _definition(one)
            workspace = state.known.workspaces[place]
            workspace.data_triggers[trigger.name] = trigger
            state.rows[place].data_triggers[trigger.name] = one.id
            if any(source.hidden for source in one.sources):
                workspace.partly_seen.add(trigger.name)
            if any(source.deleted for source in one.sources):
                workspace.outlived.add(trigger.name)


async def write(
    tx: Tx, actor: Actor, wanted: Sequence[Placed[DataTrigger]], changes: Iterable[Change], state: State, now: datetime
) -> None:
    """The data triggers; what they start and wait for is there by now. Whoever calls looks for rings afterwards. Raises
    Raced if one is not any more what was loaded."""
    actions = {(c.environment, c.workspace, c.name): c.action for c in changes if c.kind is Kind.DATA_TRIGGER}
    for one in wanted:
        action = actions[one.environment, one.workspace, one.definition.name]
        if action is Action.LEFT:
            continue
        about, rows = _about(one, state), state.rows[one.place]
        try:
            if action is Action.CREATED:
                await data_triggers.create_in(tx, actor, one.environment, about, now)
            else:
                await data_triggers.change_in(tx, actor, rows.data_triggers[one.definition.name], about, now)
        except (Conflict, NotFound) as error:
            raise Raced from error


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


async def watched(tx: Tx, suspected: Iterable[Placed[Any]], wanted: Collected, state: State) -> set[str]:
    """Those environments of what is suspected in which there are data triggers, or will be."""
    names = {one.environment for one in suspected}
    known = {state.environments[name]: name for name in names if name in state.environments}
    stored_in = await stored.with_triggers(tx, sorted(known)) if known else set()
    return {known[id] for id in stored_in} | ({one.environment for one in wanted.data_triggers} & names)


async def lock(tx: Tx, suspected: Iterable[Placed[Any]], changes: Iterable[Change], state: State) -> None:
    """Nobody else makes a ring where these are until the end of the transaction, or fires data triggers that change."""
    names = {one.environment for one in suspected}
    for environment in sorted(id for name, id in state.environments.items() if name in names):
        await stored.lock_environment(tx, environment)
    changed = [c for c in changes if c.kind is Kind.DATA_TRIGGER and c.action is Action.CHANGED]
    if changed:
        rows = [state.rows[c.environment, c.workspace or ""].data_triggers[c.name] for c in changed]
        await stored.lock(tx, rows)


async def standing_rings(
    tx: Tx, actor: Actor, suspected: Sequence[Placed[Any]], state: State
) -> Collection[TaskOrPlan]:
    """What starts itself for ever already, since before that was refused: it is not refused now."""
    there = [what for one in suspected if (what := _suspect(one, state)) is not None]
    return await _rings(tx, actor, there, suspected, state)


async def refuse_rings(
    tx: Tx, actor: Actor, suspected: Sequence[Placed[Any]], standing: Collection[TaskOrPlan], state: State
) -> None:
    """Raises Invalid if something would start itself for ever as it is stored by now, and did not before."""
    what = {number: found for number, one in enumerate(suspected) if (found := _suspect(one, state)) is not None}
    rings = await _rings(tx, actor, [one for one in what.values() if one not in standing], suspected, state)
    problems = [
        suspected[number].problem((_field_of(suspected[number].definition),), rings[one])
        for number, one in what.items()
        if one in rings
    ]
    if problems:
        raise Invalid(*problems)


async def _rings(
    tx: Tx, actor: Actor, what: Sequence[TaskOrPlan], suspected: Iterable[Placed[Any]], state: State
) -> dict[TaskOrPlan, str]:
    environments = {state.environments[one.environment] for one in suspected if one.environment in state.environments}
    if not what or not await stored.with_triggers(tx, sorted(environments)):
        return {}
    return await data_triggers.rings_of(tx, actor, what)


def _suspect(one: Placed[Any], state: State) -> TaskOrPlan | None:
    """What would start itself; None: it is not there yet."""
    rows, definition = state.rows.get(one.place), one.definition
    is_plan = isinstance(definition, Plan) or (isinstance(definition, DataTrigger) and definition.plan is not None)
    name: str = (definition.task or definition.plan) if isinstance(definition, DataTrigger) else definition.name  # type: ignore[assignment]
    if rows is None or name not in (rows.plan_ids if is_plan else rows.task_ids):
        return None
    return TaskOrPlan(plan=rows.plan_ids[name]) if is_plan else TaskOrPlan(task=rows.task_ids[name])


def _field_of(definition: Plan | Task | DataTrigger) -> str:
    """Which says what it runs, or waits for."""
    return "steps" if isinstance(definition, Plan) else "config" if isinstance(definition, Task) else "sources"


def _about(one: Placed[DataTrigger], state: State) -> About:
    trigger = one.definition
    sources = [(source, state.rows[one.environment, source.workspace or one.workspace]) for source in trigger.sources]
    return About(
        what=state.rows[one.place].what(trigger),
        condition=trigger.when,
        sources=tuple(rows.what(source) for source, rows in sources),
        active=trigger.active,
    )


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

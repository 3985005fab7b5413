"""Schedules and lists of holidays as files define them: read for comparison, and written."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from ostinato.app import holidays, schedules
from ostinato.app.definition_state import Rows, State
from ostinato.app.schedules import About
from ostinato.core.access import Actor
from ostinato.core.definition_changes import Action, Change
from ostinato.core.definition_schedules import Holidays, Schedule
from ostinato.core.definitions import Collected, Kind, Placed
from ostinato.store import definitions
from ostinato.store import schedules as stored
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan


async def load(tx: Tx, state: State, environments: Collection[str]) -> None:
    """What is stored of them in these environments, of schedules in the workspaces whose content is read."""
    names = {id: name for name, id in state.environments.items() if name in environments}
    for one in await stored.holidays(tx, list(names)):
        kept = state.known.holidays.setdefault(names[one.environment], {})
        kept[one.name] = Holidays(name=one.name, days=one.days)
    for row in await definitions.schedules(tx, list(state.places)):
        place = state.places[row.workspace]
        schedule = Schedule(task=row.task, plan=row.plan, description=row.description, triggers=row.triggers)
        state.known.workspaces[place].schedules[schedule.name] = schedule
        state.rows[place].schedules[schedule.name] = row.id


async def write_holidays(
    tx: Tx, wanted: Sequence[Placed[Holidays]], changes: Iterable[Change], state: State, now: datetime
) -> None:
    """Triggers that name a list which changed are planned anew."""
    actions = {(change.environment, change.name): change.action for change in changes if change.kind is Kind.HOLIDAYS}
    for one in wanted:
        if actions[one.environment, one.definition.name] is not Action.LEFT:
            await holidays.keep_in(tx, state.environments[one.environment], one.definition.as_list(), now)


async def write(
    tx: Tx, actor: Actor, wanted: Collected, changes: Iterable[Change], state: State, now: datetime
) -> None:
    """The schedules; what they start is there by now."""
    actions = {(c.environment, c.workspace, c.name): c.action for c in changes if c.kind is Kind.SCHEDULE}
    for one in wanted.schedules:
        schedule, (environment, workspace) = one.definition, one.place
        action = actions[environment, workspace, schedule.name]
        if action is Action.LEFT:
            continue
        rows = state.rows[one.place]
        about = About(description=schedule.description, what=_what(schedule, rows), triggers=schedule.triggers)
        if action is Action.CREATED:
            await schedules.create_in(tx, actor, environment, about, now)
        else:
            await schedules.change_in(tx, actor, rows.schedules[schedule.name], about, now)


def _what(schedule: Schedule, rows: Rows) -> TaskOrPlan:
    if schedule.task is not None:
        return TaskOrPlan(task=rows.task_ids[schedule.task])
    assert schedule.plan is not None
    return TaskOrPlan(plan=rows.plan_ids[schedule.plan])

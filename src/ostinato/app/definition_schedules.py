"""Schedules and lists of holidays as files define them: read for comparison, and written."""

from collections.abc import Collection, Iterable, Sequence

from ostinato.app import holidays, schedules
from ostinato.app.definition_state import State
from ostinato.app.schedules import About, Clock
from ostinato.core.access import Actor, Tenant
from ostinato.core.definition_changes import Action, Change
from ostinato.core.definition_schedules import Holidays, Schedule
from ostinato.core.definition_start_checks import lists_by_environment
from ostinato.core.definitions import Collected, Kind, Placed
from ostinato.core.errors import Conflict, NotFound
from ostinato.core.schedules import NamedTrigger
from ostinato.store import definitions
from ostinato.store import schedules as stored
from ostinato.store.db import Raced, Tx
from ostinato.store.definitions import StoredSchedule


async def load(tx: Tx, actor: Actor, state: State, environments: Collection[str]) -> None:
    """What is stored of them in these environments, of schedules in the workspaces whose content is read."""
    manages = actor.may(Tenant.ENVIRONMENTS)
    for one in await definitions.holidays(tx, sorted(environments), actor.subject, manages):
        kept = state.known.holidays.setdefault(one.environment, {})
        kept[one.name] = Holidays(name=one.name, days=one.days)
    for row in await definitions.schedules(tx, list(state.places)):
        place, schedule = state.places[row.workspace], _definition(row)
        state.known.workspaces[place].schedules[schedule.name] = schedule
        state.rows[place].schedules[schedule.name] = row.id


async def lock(tx: Tx, changes: Iterable[Change], state: State, clock: Clock) -> Clock:
    """Nobody fires or changes what is going to change, and the lists of holidays that it goes by. Whoever fires leaves
    it alone until then, and waits for nothing; and nobody who has begun to waits for tasks that are written before.

    The answer shows the moment of that for ever: what falls due later is left to the triggers as they will be. Raises
    Raced if lists are not any more what was loaded."""
    concerned = [change for change in changes if change.kind in (Kind.SCHEDULE, Kind.HOLIDAYS)]
    changed = [change for change in concerned if change.action is Action.CHANGED]
    if any(change.action is not Action.LEFT for change in concerned):
        await _hold_lists(tx, sorted({change.environment for change in concerned}), state)
    rows = [(state.rows[c.environment, c.workspace or ""], c.name) for c in changed if _is(c)]
    ids = [row.schedules[name] for row, name in rows]
    users = [
        one.id
        for change in changed
        if change.kind is Kind.HOLIDAYS
        for one in await stored.triggers_with(tx, state.environments[change.environment], change.name)
    ]
    if ids or users:
        await stored.lock(tx, ids)
        await stored.lock_triggers(tx, ids, users)
    at = clock()
    return lambda: at


async def _hold_lists(tx: Tx, environments: Sequence[str], state: State) -> None:
    held = {(one.environment, one.name): one.days for one in await definitions.hold_holidays(tx, environments)}
    known = [(place, one) for place in environments for one in state.known.holidays.get(place, {}).values()]
    if held != {(place, one.name): one.days for place, one in known}:
        raise Raced


async def write_holidays(
    tx: Tx, wanted: Sequence[Placed[Holidays]], changes: Iterable[Change], state: State, clock: Clock
) -> None:
    """Triggers that name a list which changed are planned anew."""
    actions = {(change.environment, change.name): change.action for change in changes if change.kind is Kind.HOLIDAYS}
    for one in wanted:
        if actions[one.environment, one.definition.name] is not Action.LEFT:
            await holidays.keep_in(tx, state.environments[one.environment], one.definition.as_list(), clock)


async def write(tx: Tx, actor: Actor, wanted: Collected, changes: Iterable[Change], state: State, clock: Clock) -> None:
    """The schedules; what they start is there by now. Raises Raced if one is not any more what was loaded."""
    actions = {(c.environment, c.workspace, c.name): c.action for c in changes if _is(c)}
    lists = lists_by_environment(wanted, state.known)
    for one in wanted.schedules:
        schedule, (environment, workspace) = one.definition, one.place
        action = actions[environment, workspace, schedule.name]
        if action is Action.LEFT:
            continue
        rows, own_lists = state.rows[one.place], lists.get(environment, ())
        about = About(description=schedule.description, what=rows.what(schedule), triggers=schedule.triggers)
        try:
            if action is Action.CREATED:
                place = state.environments[environment]
                await schedules.create_in(tx, actor, place, environment, about, clock, own_lists)
            else:
                held = await schedules.hold(tx, actor, rows.schedules[schedule.name])
                if schedules.about_of(held).what != about.what:
                    raise Raced
                await schedules.change_in(tx, actor, held, about, clock, own_lists)
        except (Conflict, NotFound) as error:
            raise Raced from error


def _is(change: Change) -> bool:
    return change.kind is Kind.SCHEDULE


def _definition(row: StoredSchedule) -> Schedule:
    """As files would define it."""
    triggers = (
        NamedTrigger(
            name=one.name,
            trigger=one.definition,
            missed=one.missed,
            most_missed=one.most_missed,
            grace_seconds=one.grace_s,
        )
        for one in row.triggers
    )
    return Schedule(task=row.task, plan=row.plan, description=row.description, triggers=tuple(triggers))

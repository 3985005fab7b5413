"""What applying definitions would change, field by field."""

from datetime import date
from enum import StrEnum
from typing import Any

import msgspec

from ostinato.core.definition_checks import ReadyTask
from ostinato.core.definition_data_triggers import DataTrigger
from ostinato.core.definition_schedules import Holidays, Schedule
from ostinato.core.definitions import (
    Connection,
    Environment,
    Kind,
    Known,
    Placed,
    Plan,
    Pool,
    Workspace,
)
from ostinato.core.triggers.kinds import Holiday


class Action(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    LEFT = "left"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one definition; `fields` are those that differed from what was stored."""

    action: Action
    kind: Kind
    name: str
    workspace: str | None
    environment: str
    fields: tuple[str, ...] = ()
    before: msgspec.Struct | None = None
    after: msgspec.Struct | None = None
    """The definitions themselves, secrets in clear."""

    def __repr__(self) -> str:
        """Without them, because it may get into a log."""
        return f"<{self.kind} {self.name!r} of {self.workspace!r} in {self.environment!r} is {self.action}>"


FIELDS = {
    Kind.ENVIRONMENT: ("description", "stage", "parameters", "keep"),
    Kind.WORKSPACE: ("name", "description"),
    Kind.POOL: ("slots", "description"),
    Kind.HOLIDAYS: ("days",),
    Kind.CONNECTION: ("type", "description", "config"),
    Kind.TASK: (
        "description",
        "config",
        "parameters",
        "timeout",
        "run_timeout",
        "retries",
        "overlap",
        "priority",
        "pool",
        "tags",
        "disabled",
    ),
    Kind.PLAN: (
        "description",
        "parameters",
        "run_timeout",
        "retries",
        "overlap",
        "priority",
        "limit",
        "disabled",
        "steps",
    ),
    Kind.SCHEDULE: ("description", "triggers"),
    Kind.DATA_TRIGGER: ("when", "sources", "active"),
}
NEW_VERSION = frozenset({"limit", "steps"})
"""Fields of a plan that its versions hold."""


def environment_change(placed: Placed[Environment], known: Known) -> Change:
    new = placed.definition
    before = known.environments.get(new.name)
    if before is not None and new.stage is None:
        new = msgspec.structs.replace(new, stage=before.stage)
    return _change(Kind.ENVIRONMENT, new.name, (new.name, ""), before, new)


def workspace_change(placed: Placed[Workspace], known: Known) -> Change:
    new = placed.definition
    stored = known.workspaces.get(placed.place)
    wanted = msgspec.structs.replace(new, name=new.name or new.key)
    return _change(Kind.WORKSPACE, new.key, placed.place, stored.workspace if stored else None, wanted)


def pool_change(placed: Placed[Pool], known: Known) -> Change:
    before = known.pools.get(placed.environment, {}).get(placed.definition.name)
    return _change(Kind.POOL, placed.definition.name, placed.place, before, placed.definition)


def holidays_change(placed: Placed[Holidays], known: Known) -> Change:
    before = known.holidays.get(placed.environment, {}).get(placed.definition.name)
    if before is not None and sorted(before.days, key=_date) == sorted(placed.definition.days, key=_date):
        before = placed.definition
    return _change(Kind.HOLIDAYS, placed.definition.name, placed.place, before, placed.definition)


def connection_change(placed: Placed[Connection], known: Known) -> Change:
    stored = known.workspaces.get(placed.place)
    before = stored.connections.get(placed.definition.name) if stored else None
    return _change(Kind.CONNECTION, placed.definition.name, placed.place, before, placed.definition)


def task_change(task: ReadyTask, known: Known) -> Change:
    """A composite task differs as well if its type makes other steps of the same config than it did."""
    placed = task.placed
    stored = known.workspaces.get(placed.place)
    before = stored.tasks.get(placed.definition.name) if stored else None
    change = _change(Kind.TASK, placed.definition.name, placed.place, before, placed.definition)
    if change.action is Action.LEFT and stored and stored.expansions.get(placed.definition.name) != task.steps:
        return msgspec.structs.replace(change, action=Action.CHANGED, fields=("steps",))
    return change


def plan_change(placed: Placed[Plan], known: Known) -> Change:
    stored = known.workspaces.get(placed.place)
    before = stored.plans.get(placed.definition.name) if stored else None
    return _change(Kind.PLAN, placed.definition.name, placed.place, before, placed.definition)


def schedule_change(placed: Placed[Schedule], known: Known) -> Change:
    """The order of triggers does not matter."""
    stored = known.workspaces.get(placed.place)
    before = stored.schedules.get(placed.definition.name) if stored else None
    new = _in_order(placed.definition)
    return _change(Kind.SCHEDULE, new.name, placed.place, None if before is None else _in_order(before), new)


def data_trigger_change(placed: Placed[DataTrigger], known: Known) -> Change:
    """The order of sources does not matter. One with sources that may not be seen, or were deleted, is changed in any
    case: they go."""
    stored = known.workspaces.get(placed.place)
    before = stored.data_triggers.get(placed.definition.name) if stored else None
    new = _with_places(placed.definition, placed.workspace)
    change = _change(
        Kind.DATA_TRIGGER,
        new.name,
        placed.place,
        None if before is None else _with_places(before, placed.workspace),
        new,
    )
    if change.action is Action.LEFT and stored and new.name in stored.partly_seen | stored.outlived:
        return msgspec.structs.replace(change, action=Action.CHANGED, fields=("sources",))
    return change


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same data; unlike with `==`, true is not 1."""
    match one, other:
        case bool(), _:
            return one is other
        case _, bool():
            return False
        case dict(), dict():
            return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
        case list(), list():
            return len(one) == len(other) and all(map(same, one, other))
        case int() | float(), int() | float():
            return one == other or (float in (type(one), type(other)) and float(one) == float(other))
        case msgspec.Struct(), msgspec.Struct():
            return type(one) is type(other) and same(msgspec.structs.asdict(one), msgspec.structs.asdict(other))
        case _:
            return bool(one == other)


def _date(holiday: Holiday) -> date:
    return holiday.date


def _in_order(schedule: Schedule) -> Schedule:
    return msgspec.structs.replace(schedule, triggers=tuple(sorted(schedule.triggers, key=lambda one: one.name)))


def _with_places(trigger: DataTrigger, workspace: str) -> DataTrigger:
    """With the workspaces of its sources said, in order."""
    sources = (msgspec.structs.replace(source, workspace=source.workspace or workspace) for source in trigger.sources)
    return msgspec.structs.replace(trigger, sources=tuple(sorted(sources, key=lambda one: (one.workspace, one.name))))


def _change(
    kind: Kind, name: str, place: tuple[str, str], before: msgspec.Struct | None, new: msgspec.Struct
) -> Change:
    action, fields = Action.CREATED, tuple[str, ...]()
    if before is not None:
        fields = tuple(field for field in FIELDS[kind] if not same(getattr(before, field), getattr(new, field)))
        action = Action.CHANGED if fields else Action.LEFT
    return Change(
        action=action,
        kind=kind,
        name=name,
        workspace=place[1] or None,
        environment=place[0],
        fields=fields,
        before=before,
        after=new,
    )

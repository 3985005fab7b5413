"""Statements about data triggers, their sources, and the successes that nothing has been started for yet."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.core.data_triggers import Condition
from ostinato.core.ids import DataTriggerId, EnvironmentId, PlanId, RunId, SubjectId, TaskId, UserId
from ostinato.core.plans import Ref
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.runs import TaskOrPlan


class SeenSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source as somebody sees it: without a name it is hidden. `run` is the success that the next fire will use,
    `used` the one that the last fire has used."""

    hidden: bool = False
    task_id: TaskId | None = None
    plan_id: PlanId | None = None
    name: str | None = None
    workspace: str | None = None
    deleted: bool = False
    run: RunId | None = None
    ended_at: datetime | None = None
    used: RunId | None = None


class SeenDataTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """A data trigger as somebody sees it; `total` counts all that fit."""

    id: DataTriggerId
    environment_id: EnvironmentId
    environment: str
    task_id: TaskId | None
    plan_id: PlanId | None
    name: str
    workspace: str
    condition: Condition
    active: bool
    owner: str
    fires: int
    fired_at: datetime | None
    created_at: datetime
    changed_at: datetime
    may_execute: bool
    at_work: bool
    """What it starts is, and must not overlap."""
    sources: list[SeenSource]
    total: int

    @property
    def what(self) -> TaskOrPlan:
        return TaskOrPlan(task=self.task_id, plan=self.plan_id)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which data triggers; what is None does not matter."""

    id: int | None = None
    environment: str | None = None
    limit: int = 1
    offset: int = 0


class Thing(msgspec.Struct, frozen=True, kw_only=True):
    """A task or plan that a data trigger may be about; `position` counts from 1 in the order they were asked for."""

    position: int
    task: TaskId | None
    plan: PlanId | None
    environment: EnvironmentId
    environment_name: str
    workspace: str
    name: str
    may_execute: bool


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A data trigger that is to fire."""

    id: DataTriggerId
    task: TaskId | None
    plan: PlanId | None
    owner: UserId
    owner_name: str
    fires: int
    fired_at: datetime | None
    changed_at: datetime
    may_view: bool
    """Whether its owner may see all of its sources."""

    @property
    def what(self) -> TaskOrPlan:
        return TaskOrPlan(task=self.task, plan=self.plan)


class Fire(msgspec.Struct, frozen=True, kw_only=True):
    """One fire of a data trigger that is as it was when it was found due."""

    due: Due
    at: datetime


class Edge(msgspec.Struct, frozen=True, kw_only=True):
    """What a start leads to: from the first to the second; the very first comes from nothing."""

    of_task: TaskId | None
    of_plan: PlanId | None
    task: TaskId | None
    plan: PlanId | None
    name: str | None
    """Of the second; None: it may not be seen."""

    @property
    def before(self) -> Ref:
        return Ref(task=self.of_task, plan=self.of_plan)

    @property
    def after(self) -> Ref:
        return Ref(task=self.task, plan=self.plan)


async def list_data_triggers(tx: Tx, viewer: SubjectId, wanted: Wanted) -> list[SeenDataTrigger]:
    w = wanted
    return await fetch(tx, "data_triggers/list", SeenDataTrigger, viewer, w.id, w.environment, w.limit, w.offset)


async def lock(tx: Tx, triggers: Sequence[DataTriggerId]) -> None:
    """Nobody changes or fires them until the end of the transaction; fires leave them alone."""
    await execute(tx, "data_triggers/lock", list(triggers))


async def lock_environment(tx: Tx, environment: EnvironmentId) -> None:
    """Nobody else saves a data trigger in it until the end of the transaction."""
    await execute(tx, "data_triggers/lock_environment", environment)


async def with_triggers(tx: Tx, environments: Sequence[EnvironmentId]) -> set[EnvironmentId]:
    """Those in which there is a data trigger."""
    return {
        EnvironmentId(row["id"]) for row in await fetch(tx, "data_triggers/with_triggers", dict, list(environments))
    }


async def things(tx: Tx, viewer: SubjectId, wanted: Sequence[TaskOrPlan]) -> list[Thing]:
    """What does not exist or may not be seen is not among the answers."""
    return await fetch(tx, "data_triggers/things", Thing, viewer, *_places(wanted))


async def leads_to(
    tx: Tx, viewer: SubjectId, what: Sequence[TaskOrPlan], trigger: DataTriggerId | None
) -> tuple[dict[Ref, list[Ref]], dict[Ref, str | None]]:
    """What starts lead to, without this data trigger; and the names of all that, as far as they may be seen."""
    started = ([one.task for one in what], [one.plan for one in what])
    edges = await fetch(tx, "data_triggers/leads_to", Edge, viewer, *started, trigger)
    following: dict[Ref, list[Ref]] = {}
    for edge in edges:
        following.setdefault(edge.before, []).append(edge.after)
    return following, {edge.after: edge.name for edge in edges}


async def make(
    tx: Tx,
    environment: EnvironmentId,
    what: TaskOrPlan,
    condition: Condition,
    owner: UserId,
    now: datetime,
    *,
    active: bool,
) -> DataTriggerId | None:
    """None: the task or plan has a data trigger already."""
    made: DataTriggerId | None = await fetch_value(
        tx, "data_triggers/make", environment, what.task, what.plan, condition, active, owner, now
    )
    return made


async def change(
    tx: Tx,
    trigger: DataTriggerId,
    what: TaskOrPlan,
    condition: Condition,
    owner: UserId,
    now: datetime,
    *,
    active: bool,
) -> bool:
    """False: the task or plan has another data trigger."""
    changed = await fetch_one(
        tx, "data_triggers/change", dict, trigger, what.task, what.plan, condition, active, owner, now
    )
    return changed is not None


async def remove(tx: Tx, trigger: DataTriggerId) -> None:
    await execute(tx, "data_triggers/remove", trigger)


async def set_sources(tx: Tx, trigger: DataTriggerId, sources: Sequence[TaskOrPlan]) -> None:
    """These and only these, in this order; one that is there already keeps its successes."""
    await execute(tx, "data_triggers/forget_sources", trigger, *_places(sources))
    await execute(tx, "data_triggers/keep_sources", trigger, *_places(sources))


async def forget_successes(tx: Tx, trigger: DataTriggerId) -> None:
    """What succeeded so far does not count."""
    await execute(tx, "data_triggers/forget_successes", trigger)


async def note(tx: Tx, succeeded: Sequence[RunId]) -> None:
    """Write down the successes of sources."""
    await execute(tx, "data_triggers/note", list(succeeded))


async def due(tx: Tx, most: int) -> list[Due]:
    """What is to fire, the oldest first; some of it, if it is more than that."""
    return sorted(await fetch(tx, "data_triggers/due", Due, most), key=lambda one: one.id)


async def is_any_unused(tx: Tx) -> bool:
    """Whether there is a success that no fire has used."""
    return bool(await fetch_value(tx, "data_triggers/is_any_unused"))


async def forget(tx: Tx) -> None:
    """Forget successes that cannot count any more."""
    await execute(tx, "data_triggers/forget")


async def take(tx: Tx, fires: Sequence[Fire]) -> list[DataTriggerId]:
    """Count these fires and use all successes that are there; what somebody fired or changed meanwhile is missing."""
    rows = await fetch(
        tx,
        "data_triggers/take",
        dict,
        [one.due.id for one in fires],
        [one.due.fires for one in fires],
        [one.due.changed_at for one in fires],
        [one.at for one in fires],
    )
    return [DataTriggerId(row["id"]) for row in rows]


async def give_back(tx: Tx, fires: Sequence[Fire]) -> None:
    """As if they had not fired."""
    await execute(
        tx,
        "data_triggers/give_back",
        [one.due.id for one in fires],
        [one.due.fires for one in fires],
        [one.due.fired_at for one in fires],
    )


def _places(wanted: Sequence[TaskOrPlan]) -> tuple[list[TaskId | None], list[PlanId | None]]:
    return [one.task for one in wanted], [one.plan for one in wanted]

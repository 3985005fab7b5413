"""Statements about backfills and their times."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from ostinato.core.backfills import Standing, Stopped, UsedTrigger
from ostinato.core.ids import BackfillId, EnvironmentId, GraphId, PlanId, RunId, SubjectId, TaskId, UserId
from ostinato.core.parameters import Parameter
from ostinato.core.states import State
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.runs import TaskOrPlan


class Startable(msgspec.Struct, frozen=True, kw_only=True):
    """A task or plan that a backfill may be of; `version` and `graph` are the current ones of a plan."""

    environment_id: EnvironmentId
    environment: str
    workspace: str
    name: str
    overlap: str
    parameters: dict[str, Parameter]
    version: int | None
    graph: GraphId | None
    may_execute: bool


class ToMake(msgspec.Struct, frozen=True, kw_only=True):
    """A backfill that is to be made, after everything about it was checked."""

    what: TaskOrPlan
    description: str | None
    begin: datetime
    end: datetime
    triggers: Sequence[UsedTrigger]
    newest_first: bool
    concurrency: int
    version: int | None
    graph: GraphId | None
    parameters: dict[str, Any]
    priority: int | None
    stop_on_failure: bool
    owner: UserId
    key: str | None
    times: Sequence[datetime]
    """In the order in which they start."""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody has made under a key."""

    backfill: BackfillId
    task: TaskId | None
    plan: PlanId | None
    begin: datetime
    end: datetime
    concurrency: int
    newest_first: bool
    stop_on_failure: bool
    priority: int | None
    description: str | None


class SeenBackfill(msgspec.Struct, frozen=True, kw_only=True):
    """A backfill as somebody sees it; `total` counts all that fit."""

    id: BackfillId
    kind: Literal["task", "plan"]
    name: str
    workspace: str
    environment: str
    description: str | None
    begin: datetime
    end: datetime
    triggers: list[UsedTrigger]
    newest_first: bool
    concurrency: int
    version: int | None
    parameters: dict[str, Any]
    priority: int | None
    stop_on_failure: bool
    owner: str
    created_at: datetime
    fires: int
    live: int
    succeeded: int
    failed: int
    cancelled: int
    waiting: str | None
    stopped: Stopped | None
    stopped_at: datetime | None
    stopped_by: str | None
    ended_at: datetime | None
    may_execute: bool
    total: int

    @property
    def standing(self) -> Standing:
        return Standing(
            live=self.live,
            failed=self.failed,
            cancelled=self.cancelled,
            waiting=self.waiting,
            stopped=self.stopped,
            has_ended=self.ended_at is not None,
        )

    @property
    def not_started(self) -> int:
        """How many of its times have not started a run."""
        return self.fires - self.live - self.succeeded - self.failed - self.cancelled


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which backfills; what is None does not matter."""

    id: int | None = None
    environment: str | None = None
    workspace: str | None = None
    ended: bool | None = None
    limit: int = 1
    offset: int = 0


class SeenFire(msgspec.Struct, frozen=True, kw_only=True):
    """A time of a backfill, the run that it started, and how that stands."""

    at: datetime
    run: RunId | None
    state: State | None


class Place(msgspec.Struct, frozen=True):
    """Which time of which backfill."""

    backfill: BackfillId
    place: int


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A time for which a run is to be started, and all that it takes."""

    backfill: BackfillId
    place: int
    at: datetime
    task: TaskId | None
    plan: PlanId | None
    graph: GraphId | None
    version: int | None
    parameters: dict[str, Any]
    priority: int | None
    waiting: str | None
    """Why the last start was refused."""
    owner: UserId
    owner_name: str

    @property
    def what(self) -> TaskOrPlan:
        return TaskOrPlan(task=self.task, plan=self.plan)


async def startable(tx: Tx, viewer: SubjectId, what: TaskOrPlan) -> Startable | None:
    """None: it is not there, or may not be seen."""
    return await fetch_one(tx, "backfills/startable", Startable, viewer, what.task, what.plan)


async def graph_of_version(tx: Tx, plan: PlanId, version: int) -> GraphId | None:
    """None: the plan has no such version."""
    graph: GraphId | None = await fetch_value(tx, "backfills/graph_of_version", plan, version)
    return graph


async def usual_seconds(tx: Tx, what: TaskOrPlan, most: int) -> float | None:
    """How long it usually takes, by its newest runs, at most so many; None: none of them succeeded."""
    seconds: float | None = await fetch_value(tx, "backfills/usual_seconds", what.task, what.plan, most)
    return seconds


async def make(tx: Tx, wanted: ToMake, now: datetime) -> BackfillId | None:
    """None: somebody made one under the same key in the same moment."""
    w = wanted
    what = (w.what.task, w.what.plan, w.description, w.begin, w.end, msgspec.to_builtins(w.triggers))
    how = (w.newest_first, w.concurrency, w.version, w.graph, w.parameters, w.priority, w.stop_on_failure)
    made: BackfillId | None = await fetch_value(tx, "backfills/make", *what, *how, w.owner, w.key, now, len(w.times))
    if made is not None:
        await execute(tx, "backfills/make_fires", made, list(w.times))
    return made


async def find_key(tx: Tx, owner: UserId, key: str) -> Known | None:
    return await fetch_one(tx, "backfills/find_key", Known, owner, key)


async def list_backfills(tx: Tx, viewer: SubjectId, wanted: Wanted) -> list[SeenBackfill]:
    w = wanted
    return await fetch(
        tx, "backfills/list", SeenBackfill, viewer, w.id, w.environment, w.workspace, w.ended, w.limit, w.offset
    )


async def list_fires(tx: Tx, backfill: BackfillId, limit: int, offset: int) -> list[SeenFire]:
    return await fetch(tx, "backfills/fires", SeenFire, backfill, limit, offset)


async def going(tx: Tx) -> bool:
    """Whether there is one that has not ended."""
    return bool(await fetch_value(tx, "backfills/going"))


async def settle(tx: Tx, now: datetime) -> int:
    """Count the runs that have ended; of how many backfills there were some."""
    return len(await fetch(tx, "backfills/settle", dict, now))


async def due(tx: Tx, now: datetime, most: int) -> list[Due]:
    return await fetch(tx, "backfills/due", Due, now, most)


async def take(tx: Tx, fires: Sequence[Due]) -> list[Place]:
    """Those that were there to be taken."""
    return await fetch(tx, "backfills/take", Place, [one.backfill for one in fires], [one.place for one in fires])


async def give_back(tx: Tx, fires: Sequence[Due]) -> None:
    await execute(tx, "backfills/give_back", [one.backfill for one in fires], [one.place for one in fires])


async def started(tx: Tx, made: Sequence[tuple[Due, RunId]]) -> None:
    """Which runs were made for times that were taken."""
    places = ([one.backfill for one, _ in made], [one.place for one, _ in made])
    await execute(tx, "backfills/started", *places, [run for _, run in made])


async def wait(tx: Tx, why: Mapping[BackfillId, str], now: datetime) -> None:
    """Each is tried again a little later."""
    await execute(tx, "backfills/wait", list(why), list(why.values()), now)


async def live(tx: Tx, backfill: BackfillId | None = None) -> list[RunId]:
    """Runs that are not known to have ended: of one, or of all."""
    return [RunId(row["run_id"]) for row in await fetch(tx, "backfills/live", dict, backfill)]


async def cancel(tx: Tx, backfill: BackfillId, by: str, now: datetime) -> bool:
    """False: it was stopped before, or has ended."""
    return await fetch_value(tx, "backfills/cancel", backfill, now, by) is not None

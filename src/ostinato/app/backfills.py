"""Backfills: made, looked at beforehand, seen, cancelled as a whole. `app/backfilling.py` lets them go on.

Whoever has EXECUTE where the task or plan is may make and cancel them; they act for whoever made them.
"""

import asyncio
import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from ostinato.app import audit
from ostinato.app.application import App
from ostinato.app.cancelling import ask, end_held
from ostinato.app.holding import hold_target, not_there
from ostinato.app.schedules import lists_of, of
from ostinato.app.starts import PRIORITIES, TAKEN
from ostinato.core import parameters
from ostinato.core.access import Actor
from ostinato.core.backfills import MOST_AT_ONCE, UsedTrigger, problems_of_window, times_of
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import BackfillId, GraphId
from ostinato.core.parameters import SCHEDULED_AT
from ostinato.core.schedules import problems_of_trigger
from ostinato.core.states import Reason
from ostinato.core.triggers.kinds import HolidayList, Trigger
from ostinato.core.wording import text_problems
from ostinato.store import backfills, runs, schedules
from ostinato.store.audit import Entry
from ostinato.store.backfills import SeenBackfill, SeenFire, Startable, ToMake, Wanted
from ostinato.store.db import Raced, Tx
from ostinato.store.runs import TaskOrPlan

LONGEST_DESCRIPTION = 10_000
RECORDED = (
    "what",
    "description",
    "begin",
    "end",
    "triggers",
    "newest_first",
    "concurrency",
    "version",
    "stop_on_failure",
)
COMPARED = ("begin", "end", "concurrency", "newest_first", "stop_on_failure", "priority", "description")
"""With what it was made under a key for; its times, values and version follow from what may have changed since."""
MOST_PAST = 20
"""Runs that tell how long one usually takes."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill is to be. Its times come from `trigger`, or else from the schedule of the task or plan: from all
    of its triggers, or those that are named."""

    what: TaskOrPlan
    begin: datetime
    end: datetime
    description: str | None = None
    trigger: Trigger | None = None
    names: tuple[str, ...] | None = None
    parameters: Mapping[str, Any] = {}
    priority: int | None = None
    concurrency: int = 1
    version: int | Literal["newest", "current"] = "newest"
    newest_first: bool = False
    stop_on_failure: bool = False
    key: str | None = None


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """What a backfill would start; `seconds`: how long all of it would take, by what its runs usually took."""

    startable: Startable
    wanted: ToMake
    seconds: float | None


async def create(app: App, actor: Actor, wish: Wish, now: datetime) -> SeenBackfill:
    """The same key from the same user gives the same backfill. Raises Invalid, NotFound, Forbidden, Conflict."""
    async with app.db.reading() as tx:
        if (known := await _known(tx, actor, wish)) is not None:
            return known
    startable, wanted = await _plan(app, actor, wish, now)

    async def work(tx: Tx) -> SeenBackfill:
        if (known := await _known(tx, actor, wish)) is not None:
            return known
        await hold_target(tx, wish.what)
        if await _startable(tx, actor, wish.what) != startable:
            raise Conflict(f"{startable.name!r} was changed in the same moment: try again")
        made = await backfills.make(tx, wanted, now)
        if made is None:
            raise Raced
        await audit.record(tx, actor, now, _entry("create", made, startable, _said(wanted)))
        return await _seen(tx, actor, made)

    made = await app.db.run(work)
    app.fire.set()
    return made


async def preview(app: App, actor: Actor, wish: Wish, now: datetime) -> Preview:
    """What `create` would make; makes nothing. Raises what it would raise."""
    startable, wanted = await _plan(app, actor, wish, now)
    async with app.db.reading() as tx:
        usual = await backfills.usual_seconds(tx, wish.what, MOST_PAST)
    rounds = math.ceil(len(wanted.times) / wanted.concurrency)
    return Preview(startable=startable, wanted=wanted, seconds=None if usual is None else usual * rounds)


async def list_backfills(app: App, actor: Actor, wanted: Wanted) -> list[SeenBackfill]:
    """The newest first."""
    async with app.db.reading() as tx:
        return await backfills.list_backfills(tx, actor.subject, wanted)


async def get(app: App, actor: Actor, backfill: int) -> SeenBackfill:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return await _seen(tx, actor, backfill)


async def list_fires(
    app: App, actor: Actor, backfill: int, limit: int, offset: int
) -> tuple[SeenBackfill, list[SeenFire]]:
    """The times of a backfill, in the order in which they start. Raises NotFound."""
    async with app.db.reading() as tx:
        found = await _seen(tx, actor, backfill)
        return found, await backfills.list_fires(tx, found.id, limit, offset)


async def cancel(app: App, actor: Actor, backfill: int, now: datetime) -> SeenBackfill:
    """What has not started never starts, and what is live is asked to end; asking again changes nothing. Raises
    NotFound, Forbidden."""

    async def work(tx: Tx) -> list[runs.Moved]:
        found = await _seen(tx, actor, backfill)
        if not found.may_execute:
            raise Forbidden(f"Cancelling a backfill needs the permission EXECUTE in workspace {found.workspace!r}")
        stopped = await backfills.cancel(tx, found.id, actor.name, now)
        moved = await ask(app, tx, await backfills.live(tx, found.id), Reason.CANCEL_REQUESTED, now)
        if stopped or moved:
            await audit.record(tx, actor, now, _entry("cancel", found.id, found, {found.kind: found.name}))
        return moved

    end_held(app, await app.db.run(work))
    app.fire.set()
    return await get(app, actor, backfill)


async def _seen(tx: Tx, actor: Actor, backfill: int) -> SeenBackfill:
    found = await backfills.list_backfills(tx, actor.subject, Wanted(id=backfill))
    if not found:
        raise NotFound("Backfill", backfill)
    return found[0]


async def _known(tx: Tx, actor: Actor, wish: Wish) -> SeenBackfill | None:
    """What was made under the key before; raises Conflict if that is another backfill, as far as it can be told."""
    known = await backfills.find_key(tx, actor.user, wish.key) if wish.key is not None else None
    if known is None:
        return None
    was = (TaskOrPlan(known.task, known.plan), *(getattr(known, field) for field in COMPARED))
    if was != (wish.what, *(getattr(wish, field) for field in COMPARED)):
        raise Conflict(TAKEN)
    return await _seen(tx, actor, known.backfill)


async def _startable(tx: Tx, actor: Actor, what: TaskOrPlan) -> Startable:
    """Raises NotFound, Forbidden."""
    found = await backfills.startable(tx, actor.subject, what)
    if found is None:
        raise not_there(what)
    if not found.may_execute:
        raise Forbidden(f"Starting {found.name!r} needs the permission EXECUTE in workspace {found.workspace!r}")
    return found


async def _plan(app: App, actor: Actor, wish: Wish, now: datetime) -> tuple[Startable, ToMake]:
    """What is to be made of a wish; working it out may take long, and holds up nobody. Raises Invalid, NotFound,
    Forbidden."""
    async with app.db.reading() as tx:
        startable = await _startable(tx, actor, wish.what)
        values = _checked(wish, startable, now)
        version, graph = await _version(tx, wish, startable)
        lists = await lists_of(tx, startable.environment_id)
        triggers = await _triggers(tx, actor, wish, lists)
    times = await asyncio.to_thread(times_of, [one.trigger for one in triggers], wish.begin, wish.end, lists)
    return startable, ToMake(
        what=wish.what,
        description=wish.description,
        begin=wish.begin,
        end=wish.end,
        triggers=triggers,
        newest_first=wish.newest_first,
        concurrency=wish.concurrency,
        version=version,
        graph=graph,
        parameters=values,
        priority=wish.priority,
        stop_on_failure=wish.stop_on_failure,
        owner=actor.user,
        key=wish.key,
        times=times[::-1] if wish.newest_first else times,
    )


def _checked(wish: Wish, startable: Startable, now: datetime) -> dict[str, parameters.Value]:
    """The values of its parameters; raises Invalid with everything that is wrong with a wish by itself."""
    problems = problems_of_window(wish.begin, wish.end, now)
    if wish.description:
        problems += text_problems("description", wish.description, LONGEST_DESCRIPTION)
    if wish.priority is not None and wish.priority not in PRIORITIES:
        problems.append(Problem(path="priority", message=f"use {PRIORITIES.start} to {PRIORITIES.stop - 1}"))
    if not 1 <= wish.concurrency <= MOST_AT_ONCE:
        problems.append(Problem(path="concurrency", message=f"use 1 to {MOST_AT_ONCE}"))
    elif wish.concurrency > 1 and startable.overlap == "forbid":
        message = f"runs of {startable.name!r} must not overlap: use 1, or define it with overlap: parallel"
        problems.append(Problem(path="concurrency", message=message))
    values, wrong = parameters.check(startable.parameters, wish.parameters)
    if SCHEDULED_AT in wish.parameters:
        wrong = [Problem(path=f"parameters.{SCHEDULED_AT}", message="each run gets its own time: leave it out")]
    if problems or wrong:
        raise Invalid(*problems, *wrong)
    return values


async def _version(tx: Tx, wish: Wish, startable: Startable) -> tuple[int | None, GraphId | None]:
    """The version that is pinned, and its steps; None, None: none is."""
    if wish.version == "newest":
        return None, None
    if wish.what.plan is None:
        raise Invalid(Problem(path="version", message="a task runs as it is defined: use newest", allowed=("newest",)))
    if wish.version == "current":
        return startable.version, startable.graph
    graph = await backfills.graph_of_version(tx, wish.what.plan, wish.version)
    if graph is None:
        message = f"{startable.name!r} has no version {wish.version}: its current one is {startable.version}"
        raise Invalid(Problem(path="version", message=message))
    return wish.version, graph


async def _triggers(tx: Tx, actor: Actor, wish: Wish, lists: tuple[HolidayList, ...]) -> list[UsedTrigger]:
    """What its times are worked out from; raises Invalid."""
    if wish.trigger is not None:
        if wish.names is not None:
            raise Invalid(Problem(path="names", message="leave them out, or the trigger: names are of its schedule"))
        if problems := problems_of_trigger(wish.trigger, "trigger", lists):
            raise Invalid(*problems)
        return [UsedTrigger(trigger=wish.trigger)]
    found = await schedules.list_schedules(tx, actor.subject, of(wish.what))
    triggers = {one.name: one.definition for one in found[0].triggers} if found else {}
    if not triggers:
        message = "it has no schedule with triggers from which times could come: give a trigger"
        raise Invalid(Problem(path="trigger", message=message))
    names = list(triggers) if wish.names is None else dict.fromkeys(wish.names)
    if problems := [_unknown(number, name, triggers) for number, name in enumerate(names) if name not in triggers]:
        raise Invalid(*problems)
    return [UsedTrigger(name=name, trigger=triggers[name]) for name in names]


def _unknown(number: int, name: str, triggers: Mapping[str, Trigger]) -> Problem:
    message = f"its schedule has no trigger {name!r}"
    return Problem(path=f"names[{number}]", message=message, allowed=tuple(sorted(triggers)))


def _entry(action: str, backfill: BackfillId, place: Startable | SeenBackfill, after: dict[str, Any]) -> Entry:
    return Entry(
        action=action,
        kind="backfill",
        target=str(backfill),
        environment=place.environment,
        workspace=place.workspace,
        after=after,
    )


def _said(wanted: ToMake) -> dict[str, Any]:
    """A backfill as it is recorded: with the number of its times, and without values of parameters."""
    said: dict[str, Any] = msgspec.to_builtins(wanted)
    return {name: said[name] for name in RECORDED} | {"fires": len(wanted.times)}

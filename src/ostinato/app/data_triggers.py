"""Data triggers: made, seen, changed, removed; and rings of them.

Whoever has EXECUTE where a data trigger starts something, and may see all of its sources, may save it, and it starts
runs on behalf of whoever did so last.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from ostinato.app import audit
from ostinato.app.application import App
from ostinato.app.holding import hold_target, not_there
from ostinato.core.access import Actor
from ostinato.core.data_triggers import MOST_SOURCES, Condition, find_ring, fire_in_words, ring_in_words
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import DataTriggerId, EnvironmentId, RunId
from ostinato.core.plans import Ref
from ostinato.store import data_triggers, starts
from ostinato.store.data_triggers import SeenDataTrigger, Wanted
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan

TAKEN = "The task or plan has a data trigger already: change that one, or delete it first"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What a data trigger is: what it starts, and what has to have succeeded."""

    what: TaskOrPlan
    condition: Condition
    sources: tuple[TaskOrPlan, ...]
    active: bool = True


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A data trigger, and the run of its last fire, as long as that is known."""

    seen: SeenDataTrigger
    run: RunId | None


async def list_data_triggers(app: App, actor: Actor, wanted: Wanted) -> list[Shown]:
    """Those of tasks and plans that may be seen, the newest first."""
    async with app.db.reading() as tx:
        return await _shown(tx, await data_triggers.list_data_triggers(tx, actor.subject, wanted))


async def get(app: App, actor: Actor, trigger: int) -> Shown:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        [shown] = await _shown(tx, [await _seen(tx, actor, trigger)])
        return shown


async def create(app: App, actor: Actor, environment: str, about: About, now: datetime) -> Shown:
    """Raises Invalid, NotFound, Forbidden, and Conflict if the task or plan has a data trigger."""

    async def work(tx: Tx) -> Shown:
        await _check(tx, actor, await _place(tx, actor, environment, about), about, None)
        made = await create_in(tx, actor, environment, about, now)
        [shown] = await _shown(tx, [await _seen(tx, actor, made)])
        return shown

    return await app.db.run(work)


async def create_in(tx: Tx, actor: Actor, environment: str, about: About, now: datetime) -> DataTriggerId:
    """The same within a transaction, of what was checked."""
    place = await _place(tx, actor, environment, about)
    await hold_target(tx, about.what)
    made = await data_triggers.make(tx, place, about.what, about.condition, actor.user, now, active=about.active)
    if made is None:
        raise Conflict(TAKEN)
    await data_triggers.set_sources(tx, made, about.sources)
    await audit.record(tx, actor, now, audit.entry_of("data trigger", "create", made, environment, after=about))
    return made


async def change(app: App, actor: Actor, trigger: int, about: About, now: datetime) -> Shown:
    """It is this from now on, and starts runs on behalf of the actor. Raises Invalid, NotFound, Forbidden, Conflict."""

    async def work(tx: Tx) -> Shown:
        seen = await _seen(tx, actor, trigger)
        place = await _place(tx, actor, seen.environment, about)
        await _check(tx, actor, place, about, seen.id)
        await change_in(tx, actor, seen.id, about, now)  # after the search: whoever fires it waits for its lock
        [shown] = await _shown(tx, [await _seen(tx, actor, seen.id)])
        return shown

    return await app.db.run(work)


async def change_in(tx: Tx, actor: Actor, trigger: DataTriggerId, about: About, now: datetime) -> None:
    """The same within a transaction, of what was checked."""
    before = await _hold(tx, actor, trigger)
    await _place(tx, actor, before.environment, about)
    await hold_target(tx, about.what)
    if not await data_triggers.change(tx, before.id, about.what, about.condition, actor.user, now, active=about.active):
        raise Conflict(TAKEN)
    await data_triggers.set_sources(tx, before.id, about.sources)
    if not before.active or before.what != about.what:
        await data_triggers.forget_successes(tx, before.id)
    record = audit.entry_of(
        "data trigger", "change", before.id, before.environment, before=about_of(before), after=about
    )
    await audit.record(tx, actor, now, record)


async def remove(app: App, actor: Actor, trigger: int, now: datetime) -> None:
    """Nothing is started by it any more. Raises NotFound, Forbidden."""

    async def work(tx: Tx) -> None:
        gone = await _hold(tx, actor, trigger)
        await data_triggers.remove(tx, gone.id)
        await audit.record(
            tx, actor, now, audit.entry_of("data trigger", "delete", gone.id, gone.environment, before=about_of(gone))
        )

    await app.db.run(work)


async def rings_of(tx: Tx, actor: Actor, what: Sequence[TaskOrPlan]) -> dict[TaskOrPlan, str]:
    """Those that would start themselves for ever, each with its ring in words."""
    leads_to, names = await data_triggers.leads_to(tx, actor.subject, what, None)
    return await asyncio.to_thread(_rings, leads_to, names, what)


def about_of(one: SeenDataTrigger) -> About:
    """What a data trigger is, as far as whoever sees it may see its sources."""
    sources = (TaskOrPlan(task=source.task_id, plan=source.plan_id) for source in one.sources if not source.hidden)
    return About(what=one.what, condition=one.condition, sources=tuple(sources), active=one.active)


async def _hold(tx: Tx, actor: Actor, trigger: int) -> SeenDataTrigger:
    """A data trigger that the actor may change, and nobody else does meanwhile. Raises NotFound, Forbidden."""
    await data_triggers.lock(tx, [DataTriggerId(trigger)])
    held = await _seen(tx, actor, trigger)
    if not held.may_execute:
        raise Forbidden(f"Changing this data trigger needs the permission EXECUTE in workspace {held.workspace!r}")
    return held


async def _seen(tx: Tx, actor: Actor, trigger: int) -> SeenDataTrigger:
    found = await data_triggers.list_data_triggers(tx, actor.subject, Wanted(id=trigger))
    if not found:
        raise NotFound("Data trigger", trigger)
    return found[0]


async def _shown(tx: Tx, found: Sequence[SeenDataTrigger]) -> list[Shown]:
    keys = {one.id: (f"data:{one.id}", fire_in_words(one.fires)) for one in found if one.fires}
    started = await starts.find_keys(tx, list(keys.values())) if keys else {}
    kept = {trigger: started.get(key) for trigger, key in keys.items()}
    return [Shown(seen=one, run=run.run if (run := kept.get(one.id)) is not None else None) for one in found]


async def _place(tx: Tx, actor: Actor, environment: str, about: About) -> EnvironmentId:
    """Where a data trigger is that starts this; the actor may start it, and see all of its sources."""
    wanted = [about.what, *about.sources]
    things = {one.position: one for one in await data_triggers.things(tx, actor.subject, wanted)}
    for position, what in enumerate(wanted, 1):
        thing, path = things.get(position), "starts" if position == 1 else f"sources[{position - 2}]"
        if thing is None:
            raise not_there(what)
        if thing.environment_name != environment:
            message = f"{thing.name!r} is in environment {thing.environment_name!r}, and not in {environment!r}"
            raise Invalid(Problem(path=path, message=message))
    target = things[1]
    if not target.may_execute:
        raise Forbidden(f"Starting {target.name!r} needs the permission EXECUTE in workspace {target.workspace!r}")
    return target.environment


async def _check(tx: Tx, actor: Actor, environment: EnvironmentId, about: About, trigger: DataTriggerId | None) -> None:
    """Raises Invalid: there are too few or too many sources, one is there twice, or it would start itself for ever."""
    problems = [
        Problem(path=f"sources[{number}]", message="it is among the sources twice: leave one out")
        for number, source in enumerate(about.sources)
        if source in about.sources[:number]
    ]
    if not 1 <= len(about.sources) <= MOST_SOURCES:
        problems.append(Problem(path="sources", message=f"name 1 to {MOST_SOURCES} tasks and plans"))
    if problems:
        raise Invalid(*problems)
    if not about.active:
        return
    await data_triggers.lock_environment(tx, environment)
    leads_to, names = await data_triggers.leads_to(tx, actor.subject, [about.what], trigger)
    ring = find_ring(leads_to, _ref(about.what), {_ref(source) for source in about.sources})
    if ring is not None:
        raise Invalid(Problem(path="sources", message=ring_in_words(ring, names)))


def _rings(
    leads_to: Mapping[Ref, Collection[Ref]], names: Mapping[Ref, str | None], what: Sequence[TaskOrPlan]
) -> dict[TaskOrPlan, str]:
    before: dict[Ref, set[Ref]] = {}
    for one, following in leads_to.items():
        for other in following:
            before.setdefault(other, set()).add(one)
    rings = {one: find_ring(leads_to, _ref(one), before.get(_ref(one), set())) for one in what}
    return {one: ring_in_words(ring, names) for one, ring in rings.items() if ring is not None}


def _ref(what: TaskOrPlan) -> Ref:
    return Ref(task=what.task, plan=what.plan)

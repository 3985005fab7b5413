"""Schedules fire: what is due starts, exactly once whatever the number of servers, or a record says why it did not."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from ostinato.app import starts
from ostinato.app.application import App
from ostinato.app.fires import tell
from ostinato.app.schedules import key_of, named
from ostinato.app.starts import Fired, Guard, Trigger
from ostinato.core.access import of_user
from ostinato.core.ids import EnvironmentId, RunId
from ostinato.core.parameters import SCHEDULED_AT
from ostinato.core.schedules import Planned, turn
from ostinato.core.times import instant
from ostinato.core.triggers.kinds import HolidayList
from ostinato.store import schedules
from ostinato.store.schedules import Due, Move

MOST_AT_ONCE = 500


class _Fires(NamedTuple):
    found: Sequence[Due]
    moved: int


async def fire_due(app: App, now: datetime) -> int:
    """Fire what is due, so many triggers together, once each; how many of them moved on. Those that cannot be fired, or
    are being changed, are in no other one's way, however many they are."""
    after: Due | None = None
    while True:
        due = await _fire_some(app, now, after)
        if due.moved or len(due.found) < MOST_AT_ONCE:
            return due.moved
        after = due.found[-1]


async def _fire_some(app: App, now: datetime, after: Due | None) -> _Fires:
    async with app.db.reading() as tx:
        due = await schedules.due(tx, now, MOST_AT_ONCE, after)
        with_lists = {one.environment for one in due if one.definition.calendar and one.definition.calendar.lists}
        stored = await schedules.holidays(tx, sorted(with_lists)) if with_lists else []
    lists: dict[EnvironmentId, tuple[HolidayList, ...]] = {}
    for one in stored:
        lists[one.environment] = (*lists.get(one.environment, ()), HolidayList(name=one.name, days=one.days))
    fired = await asyncio.gather(
        *(_fire(app, one, lists.get(one.environment, ()), now) for one in due), return_exceptions=True
    )
    return _Fires(due, tell([{"schedule": one.schedule, "trigger": one.name} for one in due], fired))


async def next_due(app: App, after: datetime | None = None) -> datetime | None:
    """When the next of all triggers is due, or the next after a time."""
    async with app.db.reading() as tx:
        return await schedules.next_due(tx, after)


def name_of(schedule: int, trigger: str) -> str:
    """What a trigger is called among all of them."""
    return f"{schedule}/{trigger}"


async def _fire(app: App, due: Due, lists: tuple[HolidayList, ...], now: datetime) -> RunId:
    said = named(due), key_of(due.id), Planned(at=due.planned_at, due=due.due_at), now, lists
    missed = due.due_at < now - timedelta(seconds=due.grace_s)
    done = await asyncio.to_thread(turn, *said) if missed else turn(*said)  # there may be thousands of missed ones
    following = done.following
    move = Move(
        trigger=due.id,
        version=due.version,
        planned=due.planned_at,
        following=None if following is None else following.at,
        due=None if following is None else following.due,
    )
    owner = of_user(due.owner, due.owner_name)
    fired = Fired(
        cause="schedule",
        name=name_of(due.schedule, due.name),
        values={SCHEDULED_AT: instant(done.at)},
        guard=Guard(take=schedules.move, item=move, key=move.trigger),
        refused=done.refused,
    )
    return await starts.fire(app, owner, due.what, Trigger(key=done.at.isoformat()), fired, now)

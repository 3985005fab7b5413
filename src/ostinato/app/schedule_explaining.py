"""Why a schedule starts nothing, when its triggers fire, and what became of a fire."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from ostinato.app import firing, schedules
from ostinato.app.application import App
from ostinato.app.history import KEY_LIFE
from ostinato.app.schedules import key_of, lists_of
from ostinato.app.starts import Fired
from ostinato.core.access import Actor
from ostinato.core.errors import NotFound
from ostinato.core.schedule_explaining import Became, Facts, Fire, Past, TriggerFacts, obstacles, what_became
from ostinato.core.schedules import first
from ostinato.core.triggers import HolidayList, why_at, why_never
from ostinato.core.triggers.clocks import LATEST
from ostinato.core.triggers.fires import MINUTE
from ostinato.store import schedules as stored
from ostinato.store.schedules import SeenSchedule, SeenTrigger

MOST_FIRES = 5
"""Of which an explanation tells."""


class At(msgspec.Struct, frozen=True, kw_only=True):
    """What a trigger does in a minute: whether it fires then, why, and what became of that if the minute has begun."""

    fires: bool
    reasons: Sequence[str]
    became: Became | None


class ExplainedTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """When a trigger fires next; `never` says why it does not, if so."""

    trigger: SeenTrigger
    next: datetime | None
    never: Sequence[str]
    at: At | None


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """`obstacles` is everything that keeps the schedule from starting something now."""

    schedule: SeenSchedule
    obstacles: Sequence[str]
    triggers: Sequence[ExplainedTrigger]
    last_fires: Sequence[Fire]


class _Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the database has about it, all of one moment."""

    schedule: SeenSchedule
    facts: Facts
    lists: tuple[HolidayList, ...]
    last: Sequence[Fire]
    newest: Mapping[str, Fire]
    """Of each trigger by name, the last fire that was planned for the minute in question or earlier."""


async def explain(app: App, actor: Actor, schedule: int, minute: datetime | None, now: datetime) -> Explanation:
    """`minute`: the beginning of one that is asked about. Raises NotFound."""
    found = await _find(app, actor, schedule, minute)
    return await asyncio.to_thread(_explanation, found, minute, now)


async def _find(app: App, actor: Actor, schedule: int, minute: datetime | None) -> _Found:
    async with app.db.moment() as tx:
        seen = await schedules.seen(tx, actor, schedule)
        facts = await stored.facts(tx, actor.subject, seen.id)
        if facts is None:
            raise NotFound("Schedule", schedule)
        lists = await lists_of(tx, seen.environment_id)
        scopes = {
            one.name: Fired(cause="schedule", name=firing.name_of(seen.id, one.name)).scope for one in seen.triggers
        }
        last = await stored.fires(tx, actor.subject, scopes, LATEST, each=MOST_FIRES, most=MOST_FIRES)
        newest = (
            await stored.fires(tx, actor.subject, scopes, minute + MINUTE, each=1, most=len(scopes))
            if minute is not None
            else []
        )
    return _Found(schedule=seen, facts=facts, lists=lists, last=last, newest={one.trigger: one for one in newest})


def _explanation(found: _Found, minute: datetime | None, now: datetime) -> Explanation:
    seen = found.schedule
    explained, facts = [], []
    for one in seen.triggers:
        told, fact = _trigger(found, one, minute, now)
        explained.append(told)
        facts.append(fact)
    return Explanation(
        schedule=seen,
        obstacles=obstacles(seen.id, found.facts, facts, now),
        triggers=explained,
        last_fires=found.last,
    )


def _trigger(
    found: _Found, one: SeenTrigger, minute: datetime | None, now: datetime
) -> tuple[ExplainedTrigger, TriggerFacts]:
    missing = _missing(one, found.lists)
    planned = None if missing or one.due_at is not None else first(one.definition, key_of(one.id), now, found.lists)
    following = None if missing else one.due_at if planned is None else planned.due
    never = [f"there is no holiday list {name!r}" for name in missing]
    if following is None and not missing:
        never = why_never(one.definition, now, found.lists)
    facts = TriggerFacts(
        name=one.name,
        missing=missing,
        fires_again=following is not None,
        planned_at=one.planned_at,
        due_at=one.due_at,
    )
    at = _at(found, one, facts, minute, now, never) if minute is not None else None
    return ExplainedTrigger(trigger=one, next=following, never=never, at=at), facts


def _at(
    found: _Found, one: SeenTrigger, facts: TriggerFacts, minute: datetime, now: datetime, never: Sequence[str]
) -> At:
    fires, reasons = (False, never) if facts.missing else why_at(one.definition, minute, found.lists)
    became = None
    if minute <= now:
        past = Past(minute=minute, changed_at=found.schedule.changed_at, remembered=now - KEY_LIFE)
        became = what_became(past, facts, fires=fires, newest=found.newest.get(one.name))
    return At(fires=fires, reasons=reasons, became=became)


def _missing(one: SeenTrigger, lists: Sequence[HolidayList]) -> tuple[str, ...]:
    """The holiday lists that a trigger names and that are not there."""
    known = {each.name for each in lists}
    named = one.definition.calendar.lists if one.definition.calendar is not None else ()
    return tuple(name for name in named if name not in known)

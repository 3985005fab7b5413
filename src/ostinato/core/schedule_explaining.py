"""Why a schedule does not start anything, and what became of one of its fires, in words."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from ostinato.core.ids import RunId
from ostinato.core.states import Reason, State
from ostinato.core.triggers.fires import MINUTE
from ostinato.core.triggers.previews import written

SOON = timedelta(minutes=1)
"""For so long a fire may be due before it counts as left lying."""
AT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
WINDOW = re.compile(
    rf"(?:the fire of (?P<only>{AT}) was|\d+(?: or more)? fires from (?P<first>{AT}) to (?P<last>{AT}) were)"
    r" missed by more than \d+ s, and the policy is '(?:skip|once|all)'\Z",
    re.ASCII,
)
"""How `schedules.turn` tells which fires are left out, at the end of a message; before it there may be any names."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What a schedule starts, and on whose behalf. `name` None: it is bound to nothing."""

    kind: Literal["task", "plan"] | None
    name: str | None
    workspace: str | None
    disabled: bool | None
    paused_at: datetime | None
    paused_by: str | None
    pause_note: str | None
    in_the_way: bool
    """It must not overlap, and is queued or at work."""
    run: RunId | None
    """The run that is in the way, if the viewer may see it."""
    owner: str
    owner_is_active: bool
    owner_may_start: bool


class TriggerFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A trigger of a schedule: the holiday lists that it names in vain, whether it ever fires again, and which fire the
    database has as its next."""

    name: str
    missing: tuple[str, ...]
    fires_again: bool
    planned_at: datetime | None
    due_at: datetime | None


class Fire(msgspec.Struct, frozen=True, kw_only=True):
    """What a fire came to; `run` None: its run is not kept any more, or the viewer may not see it."""

    trigger: str
    planned_at: datetime
    run: RunId | None
    state: State | None
    reason: Reason | None
    message: str | None
    """Why nothing started, of one that misfired."""


class Became(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a fire, in words; and the run that tells of it, if there is one."""

    words: str
    run: RunId | None = None


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A minute that has begun, and since when what is known of a schedule holds for it."""

    minute: datetime
    changed_at: datetime
    remembered: datetime
    """Fires before this may have been forgotten."""


def obstacles(schedule: int, facts: Facts, triggers: Sequence[TriggerFacts], now: datetime) -> list[str]:
    """Everything that keeps a schedule from starting something now, each with what is to be done about it."""
    found = []
    if facts.name is None:
        found.append(f"it is bound to nothing: say what it starts, with PUT /api/v1/schedules/{schedule}")
    else:
        found += [*_of_the_target(facts), *_of_the_owner(facts)]
    for one in triggers:
        for name in one.missing:
            there = f"there is no holiday list {name!r}, which trigger {one.name!r} names"
            found.append(f"{there}: keep one under this name, or take it out of the trigger")
        if not one.missing and one.due_at is not None and one.due_at < now - SOON:
            left = f"trigger {one.name!r} is due since {written(one.due_at)} and was not fired"
            found.append(f"{left}: the logs of the servers say why")
    if not triggers:
        found.append("it has no triggers: give it one")
    elif not any(one.missing or one.fires_again for one in triggers):
        found.append("all its triggers have ended: give it one that fires again")
    return found


def what_became(past: Past, trigger: TriggerFacts, *, fires: bool, newest: Fire | None) -> Became | None:
    """What became of the fire in a minute; None: nothing was to happen then, and nothing did.

    `fires`: whether the trigger as it is now has a fire in this minute; `newest`: the last recorded one of its fires
    that was planned for this minute or earlier.
    """
    if newest is not None and newest.planned_at >= past.minute:
        return _ended(newest)
    if not fires:
        return None
    if newest is not None and newest.message is not None and _is_left_out(newest.message, past.minute):
        return Became(words=f"it was left out with others, as run {newest.run} tells: {newest.message}", run=newest.run)
    return Became(words=_unrecorded(past, trigger))


def left_out(message: str) -> tuple[datetime, datetime] | None:
    """The first and the last of the fires that were missed, as the message of a misfired run has it; None: none was."""
    found = WINDOW.search(message)
    if found is None:
        return None
    first, last = found["only"] or found["first"], found["only"] or found["last"]
    try:
        return datetime.fromisoformat(first), datetime.fromisoformat(last)
    except ValueError:
        return None


def _of_the_target(facts: Facts) -> Iterator[str]:
    what = f"{facts.kind} {facts.name!r}"
    if facts.disabled:
        yield f"{what} is disabled: enable it in its definition"
    if facts.paused_at is not None:
        note = f" ({facts.pause_note})" if facts.pause_note else ""
        yield f"{what} is paused since {written(facts.paused_at)} by {facts.paused_by}{note}: resume it"
    if facts.in_the_way:
        run = f"run {facts.run} of it" if facts.run is not None else "a run of it"
        remedy = "wait until that ends, cancel it, or give it the overlap policy queue"
        yield f"{what} must not overlap, and {run} is queued or at work: {remedy}"


def _of_the_owner(facts: Facts) -> Iterator[str]:
    if not facts.owner_is_active:
        yield f"its owner {facts.owner!r} is deactivated: save the schedule as somebody who may start what it starts"
    elif not facts.owner_may_start:
        lacks = f"its owner {facts.owner!r} has no permission EXECUTE in workspace {facts.workspace!r}"
        yield f"{lacks}: grant it, or save the schedule as somebody who has it"


def _is_left_out(message: str, minute: datetime) -> bool:
    window = left_out(message)
    return window is not None and window[0] < minute + MINUTE and minute <= window[1]


def _ended(fire: Fire) -> Became:
    at = written(fire.planned_at)
    if fire.run is None or fire.state is None:
        return Became(words=f"the fire of {at} was made; its run is not kept any more, or you may not see it")
    if fire.reason is Reason.MISFIRED:
        return Became(words=f"nothing started for {at}, as run {fire.run} tells: {fire.message}", run=fire.run)
    return Became(words=f"it started run {fire.run} for {at}, which is {fire.state.value}", run=fire.run)


def _unrecorded(past: Past, trigger: TriggerFacts) -> str:
    planned, due = trigger.planned_at, trigger.due_at
    if planned is not None and due is not None and planned < past.minute + MINUTE:
        return f"it has not been made yet: the fire of {written(planned)} is next, and due at {written(due)}"
    if past.minute < past.remembered:
        return f"nothing is known any more: fires are remembered since {past.remembered:%Y-%m-%d}"
    if past.minute <= past.changed_at:
        return f"nothing is recorded of it, and the schedule was changed after it, at {written(past.changed_at)}"
    return "nothing is recorded of it: at that time the schedule was bound to nothing, or its holidays were others"

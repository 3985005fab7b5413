"""Calls of the addresses of webhook triggers: kept first, then started with, exactly once, alone or together.

Nobody is asked for a key here: whoever knows an address may call it, and signs the call if the trigger has a secret.
"""

import asyncio
from datetime import datetime, timedelta

import msgspec

from ostinato.app import starts
from ostinato.app.application import App
from ostinato.app.fires import tell
from ostinato.app.starts import Fired, Guard, Trigger
from ostinato.app.webhook_triggers import UNSIGNED, unseal
from ostinato.core.access import of_user
from ostinato.core.credentials import digest_of
from ostinato.core.errors import Conflict, Forbidden, NotFound, TooMany, Unauthenticated, Unavailable
from ostinato.core.ids import RunId, WebhookCallId, WebhookWindowId
from ostinato.core.parameters import LONGEST_PAYLOAD, PAYLOAD
from ostinato.core.webhook_triggers import RATED, Payload, Sent, key_of, read, size, together, why_not_signed
from ostinato.store import webhook_triggers
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan
from ostinato.store.webhook_triggers import Called, CallToKeep, Due, Outcome, Take, Window

MOST_AT_ONCE = 200
CALL_LIFE = timedelta(days=1)
"""How long calls that have started something are remembered; longer than a signed call may be late."""
MOST_FORGOTTEN = 1_000


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A call that was taken, or had been before, and what has become of its window; `of` are the calls that start."""

    call: WebhookCallId
    repeated: bool
    of: int
    outcome: Outcome


async def call(app: App, token: str, sent: Sent, address: str | None, now: datetime) -> Taken:
    """Take a call of an address, and start what it is for if that is due.

    Once this returns the call is not lost. Raises NotFound for an unknown address, Unauthenticated for a signature that
    is missing or wrong, Invalid, TooLarge, TooMany above the rate, and Conflict if the trigger is not active.
    """

    async def work(tx: Tx) -> tuple[Called, WebhookCallId, WebhookWindowId, bool]:
        one = await webhook_triggers.called(tx, digest_of(token), now)
        if one is None:
            raise NotFound("Address", "of a webhook trigger")
        _require_signed(app, one, sent, now)
        if not one.active:
            raise Conflict(f"The webhook trigger {one.title!r} is not active")
        key, payload = key_of(sent.headers), read(sent)
        known = await webhook_triggers.repeated(tx, one.id, key) if key is not None else None
        if known is not None:
            return one, known.id, known.window, True
        await _require_rate(tx, one, now)
        window = await _join(tx, one, payload, now)
        kept = CallToKeep(trigger=one.id, window=window.id, key=key, address=address, payload=payload)
        return one, await webhook_triggers.keep(tx, kept, now), window.id, False

    one, number, window, repeated = await app.db.run(work)
    outcome = await _outcome(app, window, now)
    return Taken(call=number, repeated=repeated, of=one.calls, outcome=outcome)


async def fire_due(app: App, now: datetime, only: WebhookWindowId | None = None) -> int:
    """Close the windows whose time has come, and start what they are for; how many were fired, by whatever server."""

    async def close(tx: Tx) -> list[Due]:
        if only is None:
            await webhook_triggers.close_due(tx, now)
        return await webhook_triggers.due(tx, now, MOST_AT_ONCE, only)

    due = await app.db.run(close)
    fired = await asyncio.gather(*(_fire(app, one, now) for one in due), return_exceptions=True)
    return tell([{"webhook_trigger": one.trigger, "window": one.window} for one in due], fired)


async def next_due(app: App) -> datetime | None:
    """When the next window is."""
    async with app.db.reading() as tx:
        return await webhook_triggers.next_due(tx)


async def forget(app: App, now: datetime) -> int:
    """Forget calls that started something long ago; how many windows of them."""

    async def work(tx: Tx) -> int:
        return await webhook_triggers.forget(tx, now - CALL_LIFE, MOST_FORGOTTEN)

    total = 0
    while forgotten := await app.db.run(work):
        total += forgotten
    return total


def _require_signed(app: App, one: Called, sent: Sent, now: datetime) -> None:
    if one.secret is None:
        if not app.unsigned_triggers:
            raise Forbidden(f"This address takes no calls: {UNSIGNED}")
        return
    sealed = [("secret", one.secret), *([("secret", one.old_secret)] if one.old_secret else [])]
    keys = [unseal(app, one.id, what, text) for what, text in sealed]
    why = why_not_signed(sent, keys, now)
    if why is not None:
        raise Unauthenticated(f"The call is not signed as this address wants it: {why}")


async def _require_rate(tx: Tx, one: Called, now: datetime) -> None:
    lately = await webhook_triggers.lately(tx, one.id, now - RATED)
    if lately.calls >= one.per_minute and lately.first_at is not None:
        wait = max(1, round((lately.first_at + RATED - now).total_seconds()))
        raise TooMany(f"More than {one.per_minute} calls in a minute: try again in {wait} s", wait)


async def _join(tx: Tx, one: Called, payload: Payload, now: datetime) -> Window:
    """The window that the call is in now."""
    bytes_ = size(payload)
    joined = await webhook_triggers.join(tx, one.id, bytes_, LONGEST_PAYLOAD, one.calls, now)
    if joined is not None:
        return joined
    closed = one.calls == 1
    due = now if closed else now + timedelta(milliseconds=one.window_ms)
    return await webhook_triggers.open_window(tx, one.id, bytes_, now, due, closed=closed)


async def _outcome(app: App, window: WebhookWindowId, now: datetime) -> Outcome:
    """What has become of a window, after it was fired if it is closed; that may have to wait for the database."""
    found = await _look(app, window)
    if found.closed and found.run is None:
        try:
            await fire_due(app, now, window)
            found = await _look(app, window)
        except Unavailable:
            app.fire.set()
    return found


async def _look(app: App, window: WebhookWindowId) -> Outcome:
    async with app.db.reading() as tx:
        found = await webhook_triggers.outcome(tx, window)
    if found is None:
        raise Conflict("The webhook trigger was removed in the same moment")
    return found


async def _fire(app: App, due: Due, now: datetime) -> RunId:
    fired = Fired(
        cause="webhook",
        name=str(due.trigger),
        values={PAYLOAD: together(due.payloads)},
        guard=Guard(
            take=webhook_triggers.take,
            done=webhook_triggers.fired,
            item=Take(window=due.window, at=now),
            key=due.window,
        ),
    )
    owner, what = of_user(due.owner, due.owner_name), TaskOrPlan(task=due.task, plan=due.plan)
    return await starts.fire(app, owner, what, Trigger(key=f"window {due.window}"), fired, now)

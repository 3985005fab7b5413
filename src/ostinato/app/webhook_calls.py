"""Calls of the addresses of webhook triggers: kept first, then started with, exactly once, alone or together.

Nobody is asked for a key here: whoever knows an address may call it, and signs the call if the trigger has a secret.
"""

import asyncio
from datetime import datetime, timedelta

import msgspec
import structlog

from ostinato.app import starts
from ostinato.app.application import App
from ostinato.app.fires import tell
from ostinato.app.starts import Fired, Guard, Trigger
from ostinato.app.webhook_triggers import UNSIGNED, unseal
from ostinato.core.access import of_user
from ostinato.core.credentials import digest_of
from ostinato.core.errors import Conflict, Forbidden, NotFound, TooMany, Unauthenticated
from ostinato.core.ids import RunId, WebhookCallId, WebhookWindowId
from ostinato.core.parameters import LONGEST_PAYLOAD, PAYLOAD
from ostinato.core.webhook_triggers import RATED, Payload, Sent, key_of, read, size, together, why_not_signed
from ostinato.store import webhook_triggers
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan
from ostinato.store.webhook_triggers import Called, CallToKeep, Due, Found, Outcome, Take, Window

log = structlog.get_logger()

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
    is missing or wrong, Invalid, TooLarge, TooMany above the rate, and Conflict if the trigger is not active. Nothing
    is locked before the call has turned out to be a good one.
    """
    async with app.db.reading() as tx:
        found = await webhook_triggers.find(tx, digest_of(token), now)
    if found is None:
        raise NotFound("Webhook trigger", "with this token")
    _require_signed(app, found, sent, now)
    key, payload = key_of(sent.headers), read(sent)

    async def work(tx: Tx) -> Taken:
        one = await webhook_triggers.called(tx, found.id)
        if one is None:
            raise NotFound("Webhook trigger", "with this token")
        if not one.active:
            raise Conflict("This address takes no calls at the moment")
        known = await webhook_triggers.repeated(tx, one.id, key) if key is not None else None
        if known is not None:
            return Taken(call=known.id, repeated=True, of=one.calls, outcome=await _look(tx, known.window))
        await _require_rate(tx, one, now)
        window = await _join(tx, one, payload, now)
        kept = CallToKeep(trigger=one.id, window=window.id, key=key, address=address, payload=payload)
        number = await webhook_triggers.keep(tx, kept, now)
        return Taken(call=number, repeated=False, of=one.calls, outcome=await _look(tx, window.id))

    taken = await app.db.run(work)
    if not taken.outcome.closed:
        if taken.outcome.calls == 1:
            app.fire.set()  # the loop learns when the window is due, and that the one before it may be
        return taken
    return msgspec.structs.replace(taken, outcome=await _fired(app, taken.outcome, now))


async def fire_due(app: App, now: datetime, only: WebhookWindowId | None = None) -> int:
    """Close the windows whose time has come, and start what they are for; how many were fired, by whatever server."""

    if only is None and ((first := await next_due(app)) is None or first > now):
        return 0

    async def close(tx: Tx) -> list[Due]:
        if only is None:
            await webhook_triggers.close_due(tx, now)
        return await webhook_triggers.due(tx, now, MOST_AT_ONCE, only)

    due = await app.db.run(close)
    fired = await asyncio.gather(*(_fire(app, one, now) for one in due), return_exceptions=True)
    return tell([{"webhook_trigger": one.trigger, "window": one.window} for one in due], fired)


async def next_due(app: App, after: datetime | None = None) -> datetime | None:
    """When the next window is, or the next after a time."""
    async with app.db.reading() as tx:
        return await webhook_triggers.next_due(tx, after)


async def forget(app: App, now: datetime) -> int:
    """Forget calls that started something long ago; how many windows of them."""

    async def work(tx: Tx) -> int:
        return await webhook_triggers.forget(tx, now - CALL_LIFE, MOST_FORGOTTEN)

    total = 0
    while forgotten := await app.db.run(work):
        total += forgotten
    return total


def _require_signed(app: App, one: Found, sent: Sent, now: datetime) -> None:
    if one.secret is None:
        if not app.unsigned_triggers:
            raise Forbidden(f"This address takes no calls: {UNSIGNED}")
        return
    try:
        keys = [unseal(app, one.id, "secret", sealed) for sealed in (one.secret, one.old_secret) if sealed]
    except Conflict as error:
        raise Conflict("This address takes no calls at the moment") from error
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


async def _fired(app: App, outcome: Outcome, now: datetime) -> Outcome:
    """What has become of a closed window after it was fired. The call is kept: what goes wrong now, the loop makes up
    for."""
    if outcome.run is not None:
        return outcome
    try:
        await fire_due(app, now, outcome.window)
        async with app.db.reading() as tx:
            return await _look(tx, outcome.window)
    except Exception as error:
        log.warning("webhook_trigger.fires_later", window=outcome.window, why=str(error))
        app.fire.set()
        return outcome


async def _look(tx: Tx, window: WebhookWindowId) -> Outcome:
    found = await webhook_triggers.outcome(tx, window)
    if found is None:
        raise NotFound("Webhook trigger", "with this token")
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

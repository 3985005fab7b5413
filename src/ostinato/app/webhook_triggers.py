"""Webhook triggers: made, seen, changed, given another address or secret, removed.

Whoever has EXECUTE where one starts something may change it and see its address, and it starts runs on behalf of
whoever did so last.
"""

from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlencode

import msgspec

from ostinato.app import audit, members, schedule_links
from ostinato.app.application import App
from ostinato.app.holding import hold_target
from ostinato.core.access import Actor
from ostinato.core.credentials import digest_of
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import WebhookTriggerId
from ostinato.core.webhook_triggers import HIGHEST_RATE, LONGEST_WINDOW, MOST_CALLS, new_token
from ostinato.core.webhooks import new_secret
from ostinato.core.wording import name_problems, text_problems
from ostinato.store import webhook_triggers
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan
from ostinato.store.webhook_triggers import About, NewWebhookTrigger, SeenCall, SeenWebhookTrigger, Token, Wanted

PATH = "/hooks"
LONGEST_DESCRIPTION = 10_000
LONGEST_OVERLAP = timedelta(days=30)
UNSIGNED = "calls have to be signed on this server (OSTINATO_UNSIGNED_WEBHOOK_TRIGGERS is off)"
ONE = "The task or plan has a webhook trigger already: change that one, or remove it first"


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be otherwise; what is UNSET stays. `signed`: False takes the secret away."""

    title: str | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    signed: Literal[False] | msgspec.UnsetType = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET
    calls: int | msgspec.UnsetType = msgspec.UNSET
    window_ms: int | msgspec.UnsetType = msgspec.UNSET
    per_minute: int | msgspec.UnsetType = msgspec.UNSET


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook trigger, its address for whoever may start it, and its secret if it has just been made. An address
    whose key is gone is not shown, and works."""

    trigger: SeenWebhookTrigger
    url: str | None
    secret: str | None = None


async def list_triggers(app: App, actor: Actor, wanted: Wanted) -> list[Shown]:
    """The newest first."""
    async with app.db.reading() as tx:
        found = await webhook_triggers.list_triggers(tx, actor.subject, wanted)
    return [_shown(app, one) for one in found]


async def get(app: App, actor: Actor, trigger: int) -> Shown:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return _shown(app, await _seen(tx, actor, trigger))


async def find(app: App, actor: Actor, what: TaskOrPlan) -> Shown | None:
    """That of a task or plan."""
    found = await list_triggers(app, actor, Wanted(task=what.task, plan=what.plan))
    return found[0] if found else None


async def create(app: App, actor: Actor, what: TaskOrPlan, about: About, now: datetime, *, signed: bool) -> Shown:
    """Raises Invalid, NotFound, Forbidden, and Conflict if the task or plan has one."""
    check(app, about, signed=signed)

    async def work(tx: Tx) -> Shown:
        return await create_in(app, tx, actor, what, about, now, signed=signed)

    return await app.db.run(work)


async def create_in(
    app: App, tx: Tx, actor: Actor, what: TaskOrPlan, about: About, now: datetime, *, signed: bool
) -> Shown:
    """The same within a transaction, of what was checked."""
    place = await schedule_links.executable(tx, actor, what)
    number = await webhook_triggers.next_id(tx)
    secret = new_secret() if signed else None
    new = NewWebhookTrigger(
        id=number,
        environment=place.environment,
        what=what,
        token=_token(app, number),
        secret=_seal(app, number, "secret", secret) if secret is not None else None,
    )
    await hold_target(tx, what)
    if not await webhook_triggers.make(tx, new, about, actor.user, now):
        raise Conflict(ONE)
    made = await _seen(tx, actor, number)
    await audit.record(tx, actor, now, _entry("create", made, after=_said(made)))
    return _shown(app, made, secret)


async def change(app: App, actor: Actor, trigger: int, wish: Change, now: datetime) -> Shown:
    """Raises Invalid, NotFound, Forbidden."""

    async def work(tx: Tx) -> Shown:
        before = await _hold(tx, actor, trigger)
        about = About(
            title=members.kept(wish.title, before.title),
            description=members.kept(wish.description, before.description),
            active=members.kept(wish.active, before.active),
            calls=members.kept(wish.calls, before.calls),
            window_ms=members.kept(wish.window_ms, before.window_ms),
            per_minute=members.kept(wish.per_minute, before.per_minute),
        )
        return await change_in(app, tx, actor, before, about, now, signed=members.kept(wish.signed, before.signed))

    return await app.db.run(work)


async def change_in(
    app: App, tx: Tx, actor: Actor, before: SeenWebhookTrigger, about: About, now: datetime, *, signed: bool
) -> Shown:
    """The same of one that is held."""
    check(app, about, signed=signed or not before.signed)
    await webhook_triggers.change(tx, before.id, about, actor.user, now, signed=signed)
    after = await _seen(tx, actor, before.id)
    await audit.record(tx, actor, now, _entry("change", after, before=_said(before), after=_said(after)))
    return _shown(app, after)


async def remove(app: App, actor: Actor, trigger: int, now: datetime) -> None:
    """Its address starts nothing any more; calls that wait are dropped. Raises NotFound, Forbidden."""

    async def work(tx: Tx) -> None:
        await remove_in(tx, actor, await _hold(tx, actor, trigger), now)

    await app.db.run(work)


async def remove_in(tx: Tx, actor: Actor, gone: SeenWebhookTrigger, now: datetime) -> None:
    """The same of one that is held."""
    await webhook_triggers.remove(tx, gone.id)
    await audit.record(tx, actor, now, _entry("delete", gone, before=_said(gone)))


async def rotate(
    app: App, actor: Actor, trigger: int, what: Literal["url", "secret"], overlap: timedelta, now: datetime
) -> Shown:
    """Another address or secret; the one before works as well for the overlap. Raises NotFound, Forbidden, Invalid, and
    Conflict while two work."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid(Problem(path="overlapSeconds", message=f"use 0 to {LONGEST_OVERLAP.total_seconds():.0f}"))

    async def work(tx: Tx) -> Shown:
        return await rotate_in(app, tx, actor, await _hold(tx, actor, trigger), what, now, now + overlap)

    return await app.db.run(work)


async def rotate_in(
    app: App,
    tx: Tx,
    actor: Actor,
    before: SeenWebhookTrigger,
    what: Literal["url", "secret"],
    now: datetime,
    until: datetime,
) -> Shown:
    """The same of one that is held; the one before works until then."""
    secret = new_secret() if what == "secret" else None
    if secret is not None:
        sealed = _seal(app, before.id, "secret", secret)
        done = await webhook_triggers.rotate_secret(tx, before.id, sealed, until, actor.user, now)
    else:
        done = await webhook_triggers.rotate_token(tx, before.id, _token(app, before.id), until, actor.user, now)
    if not done:
        raise Conflict(f"Two of them work already: wait until the older {what} has expired")
    after = await _seen(tx, actor, before.id)
    await audit.record(tx, actor, now, _entry(f"rotate {what}", after, after={"id": after.id}))
    return _shown(app, after, secret)


async def held_of(tx: Tx, actor: Actor, what: TaskOrPlan) -> SeenWebhookTrigger | None:
    """That of a task or plan, which nobody else changes meanwhile. Raises Forbidden."""
    found = await webhook_triggers.list_triggers(tx, actor.subject, Wanted(task=what.task, plan=what.plan))
    return await _hold(tx, actor, found[0].id) if found else None


async def calls(app: App, actor: Actor, trigger: int, *, before: int | None, limit: int) -> list[SeenCall]:
    """What came to its address lately, the newest first. Raises NotFound, Forbidden."""
    async with app.db.reading() as tx:
        one = _executable(await _seen(tx, actor, trigger))
        return await webhook_triggers.calls(tx, one.id, before=before, limit=limit)


async def call(app: App, actor: Actor, trigger: int, number: int) -> SeenCall:
    """A call, with what it brought. Raises NotFound, Forbidden."""
    async with app.db.reading() as tx:
        one = _executable(await _seen(tx, actor, trigger))
        found = await webhook_triggers.calls(tx, one.id, only=number)
    if not found:
        raise NotFound("Call", number)
    return found[0]


def unseal(app: App, trigger: WebhookTriggerId, what: str, sealed: str) -> str:
    """Raises Conflict if the key is not there any more."""
    return app.keyring.decrypt(sealed, "webhook trigger", trigger, what)


def check(app: App, about: About, *, signed: bool) -> None:
    """Raises Invalid."""
    problems = name_problems("name", about.title)
    if about.description is not None:
        problems += text_problems("description", about.description, LONGEST_DESCRIPTION)
    longest = int(LONGEST_WINDOW.total_seconds() * 1_000)
    for field, value, most in (
        ("calls", about.calls, MOST_CALLS),
        ("windowMs", about.window_ms, longest),
        ("perMinute", about.per_minute, HIGHEST_RATE),
    ):
        if not 1 <= value <= most:
            problems.append(Problem(path=field, message=f"use a whole number from 1 to {most:,}"))
    if not signed and not app.unsigned_triggers:
        problems.append(Problem(path="signed", message=UNSIGNED))
    if problems:
        raise Invalid(*problems)


async def _seen(tx: Tx, actor: Actor, trigger: int) -> SeenWebhookTrigger:
    found = await webhook_triggers.list_triggers(tx, actor.subject, Wanted(id=trigger))
    if not found:
        raise NotFound("Webhook trigger", trigger)
    return found[0]


async def _hold(tx: Tx, actor: Actor, trigger: int) -> SeenWebhookTrigger:
    await webhook_triggers.lock(tx, WebhookTriggerId(trigger))
    return _executable(await _seen(tx, actor, trigger))


def _executable(one: SeenWebhookTrigger) -> SeenWebhookTrigger:
    if not one.may_execute:
        raise Forbidden(f"This webhook trigger needs the permission EXECUTE in workspace {one.workspace!r}")
    return one


def _token(app: App, trigger: WebhookTriggerId) -> Token:
    token = new_token()
    return Token(sealed=_seal(app, trigger, "token", token), digest=digest_of(token))


def _seal(app: App, trigger: WebhookTriggerId, what: str, text: str) -> str:
    return app.keyring.encrypt(text, "webhook trigger", trigger, what)


def _shown(app: App, one: SeenWebhookTrigger, secret: str | None = None) -> Shown:
    try:
        token = None if one.token is None else unseal(app, one.id, "token", one.token)
    except Conflict:
        token = None
    url = None if token is None else f"{app.url.rstrip('/')}{PATH}?{urlencode({'token': token})}"
    return Shown(trigger=one, url=url, secret=secret)


def _said(one: SeenWebhookTrigger) -> dict[str, Any]:
    return {
        "name": one.title,
        "description": one.description,
        "starts": one.name,
        "active": one.active,
        "signed": one.signed,
        "calls": one.calls,
        "windowMs": one.window_ms,
        "perMinute": one.per_minute,
    }


def _entry(
    action: str,
    one: SeenWebhookTrigger,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> Entry:
    return Entry(
        action=action,
        kind="webhook trigger",
        target=str(one.id),
        environment=one.environment,
        workspace=one.workspace,
        before=before,
        after=after,
    )

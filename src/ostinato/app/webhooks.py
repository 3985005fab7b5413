"""Who is told of runs: webhooks made, changed and deleted, and what was delivered to them.

A webhook belongs to its workspace, not to whoever made it: it goes on when they are gone or lose their rights, for
those who depend on it are others. Whoever has MANAGE there sees it, and only they.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ostinato.app import audit, deliveries, members, messages
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import DeliveryId, WebhookId
from ostinato.core.outbound import read_url, shown
from ostinato.core.webhooks import DeliveryState, Event, new_secret
from ostinato.core.wording import LONGEST_NAME, name_problems, text_problems
from ostinato.store import environments, users, webhooks
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.webhooks import Delivery, NewWebhook, Webhook

LONGEST_DESCRIPTION = 500
MOST_NAMES = 100
MOST_WEBHOOKS = 100
"""Of one workspace, in all its environments together; and as many that are of all workspaces."""
LONGEST_OVERLAP = timedelta(days=30)


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a new webhook shall be; workspace None: all workspaces, environment None: all environments."""

    url: str
    events: Collection[str]
    workspace: str | None = None
    environment: str | None = None
    description: str | None = None
    names: Collection[str] | None = None
    tasks: bool = False
    active: bool = True


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be otherwise; what is UNSET stays."""

    url: str | msgspec.UnsetType = msgspec.UNSET
    events: Collection[str] | msgspec.UnsetType = msgspec.UNSET
    description: str | msgspec.UnsetType | None = msgspec.UNSET
    names: Collection[str] | msgspec.UnsetType | None = msgspec.UNSET
    tasks: bool | msgspec.UnsetType = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET


class Made(msgspec.Struct, frozen=True):
    """A webhook with its secret, the only time that it is seen."""

    webhook: Webhook
    secret: str


async def create(app: App, actor: Actor, wish: Wish, now: datetime) -> Made:
    """Raises Invalid, Forbidden, Conflict. The address is looked up, and has to lead to where it may lead."""
    problems = _problems(wish)
    if problems:
        raise Invalid(*problems)
    async with app.db.reading() as tx:
        await _require_manage(tx, actor, wish.workspace, wish.environment)
        await _place_is_known(tx, wish.workspace, wish.environment)
    await _check_url(app, wish.url)
    secret = new_secret()
    async with app.db.transaction() as tx:
        await _require_manage(tx, actor, wish.workspace, wish.environment)
        if await webhooks.count_beside(tx, wish.workspace) >= MOST_WEBHOOKS:
            raise Conflict(f"There are {MOST_WEBHOOKS} webhooks here already, which is the limit: delete one first")
        number = await webhooks.next_id(tx)
        await webhooks.create(tx, _new(app, number, wish, secret), actor.user, now)
        made = await _get(tx, actor, number)
        await audit.record(tx, actor, now, _entry("create", made, after=_about(made)))
    app.tell.set()
    return Made(made, secret)


async def list_webhooks(
    app: App, actor: Actor, *, workspace: str | None = None, after: int = 0, limit: int
) -> list[Webhook]:
    """Those that the actor manages, in the order they were made."""
    async with app.db.reading() as tx:
        return await webhooks.list_webhooks(tx, actor.subject, after=after, workspace=workspace, limit=limit)


async def get(app: App, actor: Actor, webhook: WebhookId) -> Webhook:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return await _get(tx, actor, webhook)


async def change(app: App, actor: Actor, webhook: WebhookId, wish: Change, now: datetime) -> Webhook:
    """Raises NotFound, Invalid."""
    problems = _problems(wish)
    if problems:
        raise Invalid(*problems)
    await get(app, actor, webhook)
    url: str | None = members.given(wish.url)
    if url is not None:
        await _check_url(app, url)
    async with app.db.transaction() as tx:
        before = await _lock(tx, actor, webhook)
        to = msgspec.structs.replace(
            before,
            shown_url=shown(url) if url is not None else before.shown_url,
            description=members.kept(wish.description, before.description),
            events=before.events if wish.events is msgspec.UNSET else _sorted(wish.events),
            names=before.names if wish.names is msgspec.UNSET else sorted(set(wish.names or ())) or None,
            tasks=members.kept(wish.tasks, before.tasks),
            active=members.kept(wish.active, before.active),
        )
        sealed = deliveries.seal(app, webhook, "url", url) if url is not None else None
        await webhooks.change(tx, to, sealed, now)
        after = await _get(tx, actor, webhook)
        await _record_change(tx, actor, now, before, after, new_url=url is not None)
    app.tell.set()
    return after


async def delete(app: App, actor: Actor, webhook: WebhookId, now: datetime) -> None:
    """With its queue and its log; raises NotFound."""

    async def work(tx: Tx) -> None:
        before = await _lock(tx, actor, webhook)
        await webhooks.delete(tx, webhook)
        await audit.record(tx, actor, now, _entry("delete", before, before=_about(before)))

    await app.db.run(work)


async def rotate(app: App, actor: Actor, webhook: WebhookId, overlap: timedelta, now: datetime) -> Made:
    """A new secret; the one before signs as well for the overlap. Raises NotFound, Invalid, Conflict while two sign."""
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise Invalid(Problem(path="overlapSeconds", message=f"use 0 to {LONGEST_OVERLAP.total_seconds():.0f}"))
    secret = new_secret()
    async with app.db.transaction() as tx:
        await _lock(tx, actor, webhook)
        sealed = deliveries.seal(app, webhook, "secret", secret)
        if not await webhooks.rotate(tx, webhook, sealed, now + overlap, now):
            raise Conflict("Two secrets of it sign already: wait until the older one has expired")
        after = await _get(tx, actor, webhook)
        await audit.record(tx, actor, now, _entry("rotate", after, after={"id": webhook}))
    return Made(after, secret)


async def ping(app: App, actor: Actor, webhook: WebhookId, now: datetime) -> Delivery:
    """Send a message that only shows that messages arrive. Raises NotFound, Conflict if the webhook is not active."""
    name = messages.new_name()
    async with app.db.transaction() as tx:
        hook = await _lock(tx, actor, webhook)
        _require_active(hook)
        number = await webhooks.ping(tx, webhook, name, messages.ping(app, name, webhook, now), now)
        [delivery] = await webhooks.deliveries(tx, webhook, now, only=number, limit=1)
        await audit.record(tx, actor, now, _entry("ping", hook, after={"id": webhook, "delivery": number}))
    app.tell.set()
    return delivery


async def list_deliveries(
    app: App,
    actor: Actor,
    webhook: WebhookId,
    now: datetime,
    *,
    before: int | None = None,
    state: DeliveryState | None = None,
    limit: int,
) -> list[Delivery]:
    """The newest first; raises NotFound."""
    async with app.db.reading() as tx:
        await _get(tx, actor, webhook)
        return await webhooks.deliveries(tx, webhook, now, before=before, state=state, limit=limit)


async def redeliver(app: App, actor: Actor, webhook: WebhookId, delivery: DeliveryId, now: datetime) -> Delivery:
    """Send a message that was taken, given up or dropped once more, under the same name. Raises NotFound, and Conflict
    if it waits to be sent, or the webhook is not active."""
    async with app.db.transaction() as tx:
        hook = await _lock(tx, actor, webhook)
        if not await webhooks.deliveries(tx, webhook, now, only=delivery, limit=1):
            raise NotFound("Delivery", delivery)
        _require_active(hook)
        if not await webhooks.redeliver(tx, webhook, delivery, now):
            raise Conflict("It waits to be sent: there is nothing to repeat yet")
        [after] = await webhooks.deliveries(tx, webhook, now, only=delivery, limit=1)
        await audit.record(tx, actor, now, _entry("redeliver", hook, after={"id": webhook, "delivery": delivery}))
    app.tell.set()
    return after


def _problems(wish: Wish | Change) -> list[Problem]:
    problems = []
    if isinstance(description := members.given(wish.description), str):
        problems += text_problems("description", description, LONGEST_DESCRIPTION)
    if (events := members.given(wish.events)) is not None:
        problems += _event_problems(events)
    names = members.given(wish.names) or ()
    if len(names) > MOST_NAMES:
        problems.append(Problem(path="names", message=f"name at most {MOST_NAMES}"))
    for number, name in enumerate(names):
        problems += name_problems(f"names[{number}]", name)
    return problems


def _event_problems(events: Collection[str]) -> list[Problem]:
    if not events:
        return [Problem(path="events", message="name at least one", allowed=tuple(Event))]
    known = set(Event)
    return [
        Problem(path=f"events[{number}]", message=f"{event[:LONGEST_NAME]!r} is no event", allowed=tuple(Event))
        for number, event in enumerate(events)
        if event not in known
    ]


async def _check_url(app: App, url: str) -> None:
    await app.outbound.check("url", read_url("url", url, allow_http=app.outbound.allow_http))


async def _require_manage(tx: Tx, actor: Actor, workspace: str | None, environment: str | None) -> None:
    if not await webhooks.may_manage(tx, actor.subject, workspace, environment):
        where = f"in the workspace {workspace[:LONGEST_NAME]!r}" if workspace is not None else "in every workspace"
        stages = "" if environment is not None else ", in all its environments" if workspace is not None else ""
        raise Forbidden(f"This needs the permission MANAGE {where}{stages}: ask an administrator")


async def _place_is_known(tx: Tx, workspace: str | None, environment: str | None) -> None:
    if workspace is not None and workspace not in await users.workspace_keys(tx):
        message = f"there is no workspace {workspace[:LONGEST_NAME]!r} in any environment: use the key of one"
        raise Invalid(Problem(path="workspace", message=message))
    names = await environments.names(tx)
    if environment is not None and environment not in names:
        message = f"there is no environment {environment[:LONGEST_NAME]!r}"
        raise Invalid(Problem(path="environment", message=message, allowed=tuple(names)))


async def _get(tx: Tx, actor: Actor, webhook: WebhookId) -> Webhook:
    found = await webhooks.get(tx, actor.subject, webhook)
    if found is None:
        raise NotFound("Webhook", webhook)
    return found


async def _lock(tx: Tx, actor: Actor, webhook: WebhookId) -> Webhook:
    if not await webhooks.lock(tx, actor.subject, webhook):
        raise NotFound("Webhook", webhook)
    return await _get(tx, actor, webhook)


def _require_active(webhook: Webhook) -> None:
    if not webhook.active:
        raise Conflict("The webhook is not active: activate it first")


def _new(app: App, number: WebhookId, wish: Wish, secret: str) -> NewWebhook:
    return NewWebhook(
        id=number,
        workspace=wish.workspace,
        environment=wish.environment,
        description=wish.description,
        url=deliveries.seal(app, number, "url", wish.url),
        shown_url=shown(wish.url),
        secret=deliveries.seal(app, number, "secret", secret),
        events=_sorted(wish.events),
        names=sorted(set(wish.names or ())) or None,
        tasks=wish.tasks,
        active=wish.active,
    )


def _sorted(events: Collection[str]) -> list[str]:
    """In the order in which they are documented, each once."""
    return [event.value for event in Event if event in set(events)]


def _about(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.shown_url,
        "description": webhook.description,
        "events": webhook.events,
        "names": webhook.names,
        "tasks": webhook.tasks,
        "active": webhook.active,
    }


async def _record_change(
    tx: Tx, actor: Actor, now: datetime, before: Webhook, after: Webhook, *, new_url: bool
) -> None:
    """What differs; a new address also if it looks like the old one, for what is not shown of it may differ."""
    was, became = _about(before), _about(after)
    differ = [field for field in became if was[field] != became[field] or (new_url and field == "url")]
    if differ:
        told = ({"id": after.id, **{field: about[field] for field in differ}} for about in (was, became))
        await audit.record(tx, actor, now, _entry("change", after, before=next(told), after=next(told)))


def _entry(
    action: str, webhook: Webhook, *, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> Entry:
    return Entry(
        action=action,
        kind="webhook",
        target=webhook.shown_url,
        environment=webhook.environment,
        workspace=webhook.workspace,
        before=before,
        after=after,
    )

"""Statements about webhooks, and about what is to be delivered to them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.core.ids import DeliveryId, RunId, SubjectId, UserId, WebhookId
from ostinato.core.webhooks import DeliveryState
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.runs import Seen


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook as those see it who manage it; `waiting` counts its queue."""

    id: WebhookId
    workspace: str | None
    environment: str | None
    description: str | None
    shown_url: str
    events: list[str]
    names: list[str] | None
    tasks: bool
    active: bool
    failing_since: datetime | None
    disabled_reason: str | None
    created_at: datetime
    created_by: str
    changed_at: datetime
    old_secret_until: datetime | None
    waiting: int


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """`url` and `secret` are sealed."""

    id: WebhookId
    workspace: str | None
    environment: str | None
    description: str | None
    url: str
    shown_url: str
    secret: str
    events: Sequence[str]
    names: Sequence[str] | None
    tasks: bool
    active: bool


class Wants(msgspec.Struct, frozen=True):
    """What the active webhooks together want to hear of."""

    starts: bool
    tasks: bool
    since: datetime


class Look(msgspec.Struct, frozen=True):
    """How far the runs have been looked at, and when all of them last were."""

    until_at: datetime
    swept_at: datetime


class Untold(msgspec.Struct, frozen=True):
    """Something that happened to a run, and a webhook that has to be told."""

    webhook: WebhookId
    run: RunId
    event: str
    at: datetime
    reached: datetime | None = None
    """When the run ended, where the ends are looked at in their order."""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What goes into the queue; `message` is what the receiver knows it by."""

    webhook: WebhookId
    message: str
    event: str
    run: RunId
    body: str


class Due(msgspec.Struct, frozen=True):
    """A delivery that was claimed for one attempt, with what its webhook has sealed."""

    id: DeliveryId
    webhook: WebhookId
    message: str
    body: str
    attempts: int
    failures: int
    url: str
    secret: str
    old_secret: str | None


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended."""

    delivery: DeliveryId
    attempt: int
    state: DeliveryState
    due_at: datetime | None = None
    status: int | None = None
    error: str | None = None
    answer: str | None = None


class AfterFailure(msgspec.Struct, frozen=True):
    """A webhook after it failed; `disabled`: because of that."""

    disabled: bool
    disabled_reason: str | None
    shown_url: str
    workspace: str | None
    environment: str | None


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the log of a webhook."""

    id: DeliveryId
    message: str
    event: str
    run: RunId | None
    state: DeliveryState
    attempts: int
    status: int | None
    error: str | None
    answer: str | None
    due_at: datetime | None
    sending: bool | None
    created_at: datetime
    tried_at: datetime | None
    ended_at: datetime | None


async def may_manage(tx: Tx, subject: SubjectId, workspace: str | None, environment: str | None) -> bool:
    return bool(await fetch_value(tx, "webhooks/may_manage", subject, workspace, environment))


async def count_beside(tx: Tx, workspace: str | None) -> int:
    return int(await fetch_value(tx, "webhooks/count_beside", workspace))


async def next_id(tx: Tx) -> WebhookId:
    return WebhookId(await fetch_value(tx, "webhooks/next_id"))


async def create(tx: Tx, new: NewWebhook, by: UserId, now: datetime) -> None:
    await execute(
        tx,
        "webhooks/create",
        new.id,
        new.workspace,
        new.environment,
        new.description,
        new.url,
        new.shown_url,
        new.secret,
        list(new.events),
        list(new.names) if new.names else None,
        new.tasks,
        new.active,
        now,
        by,
    )


async def list_webhooks(
    tx: Tx,
    viewer: SubjectId,
    *,
    after: int = 0,
    only: WebhookId | None = None,
    workspace: str | None = None,
    limit: int,
) -> list[Webhook]:
    return await fetch(tx, "webhooks/list", Webhook, viewer, after, only, workspace, limit)


async def get(tx: Tx, viewer: SubjectId, webhook: WebhookId) -> Webhook | None:
    found = await list_webhooks(tx, viewer, only=webhook, limit=1)
    return found[0] if found else None


async def lock(tx: Tx, viewer: SubjectId, webhook: WebhookId) -> bool:
    """Whether there is one that the viewer manages; it is locked."""
    return await fetch_value(tx, "webhooks/lock", viewer, webhook) is not None


async def change(tx: Tx, to: Webhook, url: str | None, now: datetime) -> None:
    """`url`: sealed, with `to.shown_url`; None: it stays."""
    await execute(
        tx,
        "webhooks/change",
        to.id,
        url,
        to.shown_url if url is not None else None,
        to.description,
        to.events,
        to.names or None,
        to.tasks,
        to.active,
        now,
    )


async def delete(tx: Tx, webhook: WebhookId) -> None:
    await execute(tx, "webhooks/delete", webhook)


async def rotate(tx: Tx, webhook: WebhookId, secret: str, old_until: datetime, now: datetime) -> bool:
    """False: two secrets sign already."""
    return await fetch_value(tx, "webhooks/rotate", webhook, secret, old_until, now) is not None


async def wants(tx: Tx) -> Wants | None:
    """None: no webhook is active."""
    return await fetch_one(tx, "webhooks/is_any_active", Wants)


async def lock_look(tx: Tx) -> Look | None:
    """None: another server looks."""
    return await fetch_one(tx, "webhooks/lock_look", Look)


async def looked(tx: Tx, until: datetime, *, swept: bool) -> None:
    await execute(tx, "webhooks/looked", until, swept)


async def untold_ends(tx: Tx, since: datetime, most: int) -> list[Untold]:
    return await fetch(tx, "webhooks/untold_ends", Untold, since, most)


async def untold_starts(tx: Tx, most: int) -> list[Untold]:
    return await fetch(tx, "webhooks/untold_starts", Untold, most)


async def untold_inside(tx: Tx, since: datetime, most: int) -> list[Untold]:
    return await fetch(tx, "webhooks/untold_inside", Untold, since, most)


async def untold_of_trees(tx: Tx, roots: Sequence[RunId]) -> list[Untold]:
    return await fetch(tx, "webhooks/untold_of_trees", Untold, list(roots))


async def runs(tx: Tx, wanted: Sequence[RunId]) -> list[Seen]:
    return await fetch(tx, "webhooks/runs", Seen, list(wanted))


async def queue(tx: Tx, messages: Sequence[Message], most_waiting: int, now: datetime) -> int:
    """How many were new; beyond `most_waiting` of a webhook they are dropped, and the log says so."""
    rows = await fetch(
        tx,
        "webhooks/queue",
        dict,
        [one.webhook for one in messages],
        [one.message for one in messages],
        [one.event for one in messages],
        [one.run for one in messages],
        [one.body for one in messages],
        now,
        most_waiting,
    )
    return len(rows)


async def claim(tx: Tx, now: datetime, until: datetime, most: int, most_of_one: int) -> list[Due]:
    return await fetch(tx, "webhooks/claim", Due, now, until, most, most_of_one)


async def settle(tx: Tx, end: Settled, now: datetime) -> WebhookId | None:
    """The webhook; None: the attempt does not count any more."""
    webhook: WebhookId | None = await fetch_value(
        tx,
        "webhooks/settle",
        end.delivery,
        end.attempt,
        end.state.value,
        end.due_at,
        end.status,
        end.error,
        end.answer,
        now,
    )
    return webhook


async def succeeded(tx: Tx, webhook: WebhookId) -> None:
    await execute(tx, "webhooks/succeeded", webhook)


async def failed(
    tx: Tx, webhook: WebhookId, now: datetime, *, gone: str | None, not_since: datetime, too_long: str
) -> AfterFailure | None:
    """`gone`: why it is disabled at once; `too_long`: why, if it has only failed since `not_since` or longer."""
    return await fetch_one(
        tx, "webhooks/failed", AfterFailure, webhook, now, gone is not None, not_since, gone, too_long
    )


async def deliveries(
    tx: Tx,
    webhook: WebhookId,
    now: datetime,
    *,
    before: int | None = None,
    only: DeliveryId | None = None,
    state: DeliveryState | None = None,
    limit: int,
) -> list[Delivery]:
    return await fetch(
        tx, "webhooks/deliveries", Delivery, webhook, before, only, state.value if state else None, limit, now
    )


async def redeliver(tx: Tx, webhook: WebhookId, delivery: DeliveryId, now: datetime) -> bool:
    """False: it waits anyway, or there is none."""
    return await fetch_value(tx, "webhooks/redeliver", webhook, delivery, now) is not None


async def ping(tx: Tx, webhook: WebhookId, message: str, body: str, now: datetime) -> DeliveryId:
    return DeliveryId(await fetch_value(tx, "webhooks/ping", webhook, message, body, now))


async def forget(tx: Tx, before: datetime, most: int) -> int:
    return int(await fetch_value(tx, "webhooks/forget", before, most))

"""Statements about webhook triggers, the calls of their addresses, and the windows in which calls are collected."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.core.ids import (
    EnvironmentId,
    PlanId,
    RunId,
    SubjectId,
    TaskId,
    UserId,
    WebhookCallId,
    WebhookTriggerId,
    WebhookWindowId,
)
from ostinato.core.webhook_triggers import Payload
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.runs import TaskOrPlan


class SeenWebhookTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook trigger as somebody sees it; `title` is its own name, `name` that of the task or plan. `total` counts
    all that fit."""

    id: WebhookTriggerId
    environment_id: EnvironmentId
    environment: str
    task_id: TaskId | None
    plan_id: PlanId | None
    name: str
    workspace: str
    title: str
    description: str | None
    active: bool
    token: str | None
    """Ciphertext; None: for whoever may not start it."""
    signed: bool
    old_token_until: datetime | None
    old_secret_until: datetime | None
    calls: int
    window_ms: int
    per_minute: int
    owner: str
    created_at: datetime
    changed_at: datetime
    called_at: datetime | None
    may_execute: bool
    total: int

    @property
    def what(self) -> TaskOrPlan:
        return TaskOrPlan(task=self.task_id, plan=self.plan_id)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which webhook triggers; what is None does not matter."""

    id: int | None = None
    environment: str | None = None
    task: int | None = None
    plan: int | None = None
    limit: int = 1
    offset: int = 0


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What can be changed of a webhook trigger."""

    title: str
    description: str | None = None
    active: bool = True
    calls: int
    window_ms: int
    per_minute: int


class Token(msgspec.Struct, frozen=True, kw_only=True):
    sealed: str
    digest: bytes


class NewWebhookTrigger(msgspec.Struct, frozen=True, kw_only=True):
    """What cannot be changed of a webhook trigger, or only by rotation; the secret is ciphertext."""

    id: WebhookTriggerId
    environment: EnvironmentId
    what: TaskOrPlan
    token: Token
    secret: str | None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The webhook trigger of an address; the secrets are ciphertext."""

    id: WebhookTriggerId
    secret: str | None
    old_secret: str | None


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook trigger that is called, and nobody else calls meanwhile."""

    id: WebhookTriggerId
    active: bool
    calls: int
    window_ms: int
    per_minute: int


class Repeated(msgspec.Struct, frozen=True, kw_only=True):
    id: WebhookCallId
    window: WebhookWindowId


class Lately(msgspec.Struct, frozen=True, kw_only=True):
    calls: int
    first_at: datetime | None


class Window(msgspec.Struct, frozen=True, kw_only=True):
    id: WebhookWindowId
    calls: int
    closed: bool
    due_at: datetime


class CallToKeep(msgspec.Struct, frozen=True, kw_only=True):
    trigger: WebhookTriggerId
    window: WebhookWindowId
    key: str | None
    address: str | None
    payload: Payload


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A window that is to fire."""

    window: WebhookWindowId
    due_at: datetime
    trigger: WebhookTriggerId
    title: str
    task: TaskId | None
    plan: PlanId | None
    owner: UserId
    owner_name: str
    payloads: list[Payload]


class Take(msgspec.Struct, frozen=True, kw_only=True):
    """A window that fires at a time."""

    window: WebhookWindowId
    at: datetime


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of a window; without a run nothing is known yet."""

    window: WebhookWindowId
    calls: int
    closed: bool
    due_at: datetime
    run: RunId | None
    misfired: bool


class SeenCall(msgspec.Struct, frozen=True, kw_only=True):
    id: WebhookCallId
    received_at: datetime
    key: str | None
    address: str | None
    type: str
    bytes: int
    data: str | None
    due_at: datetime
    fired_at: datetime | None
    run: RunId | None


async def list_triggers(tx: Tx, viewer: SubjectId, wanted: Wanted) -> list[SeenWebhookTrigger]:
    w = wanted
    sent = (w.id, w.environment, w.task, w.plan, w.limit, w.offset)
    return await fetch(tx, "webhook_triggers/list", SeenWebhookTrigger, viewer, *sent)


async def next_id(tx: Tx) -> WebhookTriggerId:
    return WebhookTriggerId(await fetch_value(tx, "webhook_triggers/next_id"))


async def lock(tx: Tx, trigger: WebhookTriggerId) -> None:
    """Nobody changes or calls it until the end of the transaction."""
    await execute(tx, "webhook_triggers/lock", trigger)


async def make(tx: Tx, new: NewWebhookTrigger, about: About, owner: UserId, now: datetime) -> bool:
    """False: the task or plan has one already."""
    a = about
    place = (new.id, new.environment, new.what.task, new.what.plan)
    sent = (a.title, a.description, a.active, new.token.sealed, new.token.digest, new.secret)
    more = (a.calls, a.window_ms, a.per_minute, owner, now)
    return await fetch_value(tx, "webhook_triggers/make", *place, *sent, *more) is not None


async def change(
    tx: Tx, trigger: WebhookTriggerId, about: About, owner: UserId, now: datetime, *, signed: bool
) -> None:
    a = about
    sent = (a.title, a.description, a.active, a.calls, a.window_ms, a.per_minute)
    await execute(tx, "webhook_triggers/change", trigger, *sent, owner, signed, now)


async def remove(tx: Tx, trigger: WebhookTriggerId) -> None:
    await execute(tx, "webhook_triggers/remove", trigger)


async def rotate_token(
    tx: Tx, trigger: WebhookTriggerId, token: Token, until: datetime, owner: UserId, now: datetime
) -> bool:
    """False: two work already."""
    sent = (token.sealed, token.digest, until, now, owner)
    return await fetch_value(tx, "webhook_triggers/rotate_token", trigger, *sent) is not None


async def rotate_secret(
    tx: Tx, trigger: WebhookTriggerId, secret: str, until: datetime, owner: UserId, now: datetime
) -> bool:
    """False: two are taken already."""
    sent = (secret, until, now, owner)
    return await fetch_value(tx, "webhook_triggers/rotate_secret", trigger, *sent) is not None


async def find(tx: Tx, digest: bytes, now: datetime) -> Found | None:
    """The trigger of an address."""
    return await fetch_one(tx, "webhook_triggers/find", Found, digest, now)


async def called(tx: Tx, trigger: WebhookTriggerId) -> Called | None:
    """The same, which calls come to one after the other until the end of the transaction; None: it is gone."""
    return await fetch_one(tx, "webhook_triggers/called", Called, trigger)


async def repeated(tx: Tx, trigger: WebhookTriggerId, key: str) -> Repeated | None:
    return await fetch_one(tx, "webhook_triggers/repeated", Repeated, trigger, key)


async def lately(tx: Tx, trigger: WebhookTriggerId, since: datetime) -> Lately:
    found = await fetch_one(tx, "webhook_triggers/lately", Lately, trigger, since)
    assert found is not None, "a count is always there"
    return found


async def join(tx: Tx, trigger: WebhookTriggerId, size: int, most: int, calls: int, now: datetime) -> Window | None:
    """The open window, with one call more; None: there is none, or it has no room."""
    return await fetch_one(tx, "webhook_triggers/join", Window, trigger, size, most, calls, now)


async def open_window(
    tx: Tx, trigger: WebhookTriggerId, size: int, now: datetime, due: datetime, *, closed: bool
) -> Window:
    """A new window; one that is still open closes, to fire at once."""
    await execute(tx, "webhook_triggers/close_open", trigger, now)
    made = await fetch_one(tx, "webhook_triggers/open", Window, trigger, now, due, size, closed)
    assert made is not None, "an insert answers its row"
    return made


async def keep(tx: Tx, call: CallToKeep, now: datetime) -> WebhookCallId:
    sent = (call.trigger, call.window, call.key, now, call.address, call.payload.type, call.payload.data)
    return WebhookCallId(await fetch_value(tx, "webhook_triggers/keep", *sent))


async def close_due(tx: Tx, now: datetime) -> None:
    """No call joins them any more."""
    await execute(tx, "webhook_triggers/close_due", now)


async def due(tx: Tx, now: datetime, most: int, only: WebhookWindowId | None = None) -> list[Due]:
    """Of those that are closed."""
    return await fetch(tx, "webhook_triggers/due", Due, now, most, only)


async def next_due(tx: Tx, after: datetime | None = None) -> datetime | None:
    found: datetime | None = await fetch_value(tx, "webhook_triggers/next_due", after)
    return found


async def take(tx: Tx, takes: Sequence[Take]) -> list[WebhookWindowId]:
    """Those that nobody else has fired."""
    rows = await fetch(tx, "webhook_triggers/take", dict, [t.window for t in takes], [t.at for t in takes])
    return [WebhookWindowId(row["id"]) for row in rows]


async def fired(tx: Tx, runs: Sequence[tuple[Take, RunId]]) -> None:
    """The runs that windows started, or that say why nothing was."""
    await execute(tx, "webhook_triggers/fired", [take.window for take, _ in runs], [run for _, run in runs])


async def outcome(tx: Tx, window: WebhookWindowId) -> Outcome | None:
    """None: it is there no more."""
    return await fetch_one(tx, "webhook_triggers/outcome", Outcome, window)


async def calls(
    tx: Tx, trigger: WebhookTriggerId, *, before: int | None = None, limit: int = 1, only: int | None = None
) -> list[SeenCall]:
    return await fetch(tx, "webhook_triggers/calls", SeenCall, trigger, before, limit, only)


async def forget(tx: Tx, before: datetime, most: int) -> int:
    """How many windows were forgotten."""
    return int(await fetch_value(tx, "webhook_triggers/forget", before, most))

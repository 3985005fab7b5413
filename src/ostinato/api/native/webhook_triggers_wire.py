"""What is sent and received about webhook triggers."""

from typing import Annotated, Literal

import msgspec

from ostinato.api.native.schedules_wire import Starts
from ostinato.api.native.wire import CLEAN, Instant, Name
from ostinato.app.webhook_calls import Taken
from ostinato.app.webhook_triggers import Shown
from ostinato.core.times import instant
from ostinato.core.webhook_triggers import (
    HIGHEST_RATE,
    LONGEST_WINDOW,
    MOST_CALLS,
    USUAL_RATE,
    USUAL_WINDOW,
)
from ostinato.store.webhook_triggers import SeenCall

Words = Annotated[str, msgspec.Meta(pattern=CLEAN, min_length=1, max_length=10_000)]
Calls = Annotated[
    int,
    msgspec.Meta(ge=1, le=MOST_CALLS, description="After so many calls a run starts, with what all of them brought."),
]
WindowMs = Annotated[
    int,
    msgspec.Meta(
        ge=1,
        le=int(LONGEST_WINDOW.total_seconds()) * 1_000,
        description="So many milliseconds after the first call a run starts anyway.",
    ),
]
PerMinute = Annotated[int, msgspec.Meta(ge=1, le=HIGHEST_RATE, description="Calls a minute; more get 429.")]
Overlap = Annotated[
    int, msgspec.Meta(ge=0, le=30 * 86_400, description="So many seconds the one before works as well.")
]


class WebhookTriggerWish(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A webhook trigger as it is to be."""

    environment: Name = "Production"
    starts: Starts
    name: Name
    description: Words | None = None
    signed: Annotated[
        bool, msgspec.Meta(description="Whether calls have to be signed; false: whoever knows the address may call.")
    ] = True
    active: bool = True
    calls: Calls = 1
    window_ms: WindowMs = int(USUAL_WINDOW.total_seconds() * 1_000)
    per_minute: PerMinute = USUAL_RATE


class WebhookTriggerChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be otherwise; what is left out stays."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    description: Words | msgspec.UnsetType | None = msgspec.UNSET
    signed: Annotated[
        Literal[False] | msgspec.UnsetType,
        msgspec.Meta(description="false: its secret goes, and calls need no signature."),
    ] = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET
    calls: Calls | msgspec.UnsetType = msgspec.UNSET
    window_ms: WindowMs | msgspec.UnsetType = msgspec.UNSET
    per_minute: PerMinute | msgspec.UnsetType = msgspec.UNSET


class WebhookTriggerRotation(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is to be another one."""

    what: Literal["url", "secret"]
    overlap_seconds: Overlap = 0


class WebhookTrigger(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    environment: str
    workspace: str
    kind: Annotated[Literal["task", "plan"], msgspec.Meta(description="What it starts.")]
    starts: Annotated[str, msgspec.Meta(description="Its name.")]
    name: str
    description: str | None
    active: bool
    signed: bool
    calls: int
    window_ms: int
    per_minute: int
    url: Annotated[str | None, msgspec.Meta(description="Its address; null for whoever may not start the same.")]
    old_url_until: Annotated[Instant | None, msgspec.Meta(description="Until when the address before works.")]
    old_secret_until: Annotated[Instant | None, msgspec.Meta(description="Until when the secret before does.")]
    called_at: Annotated[Instant | None, msgspec.Meta(description="The last call that is remembered.")]
    owner: Annotated[str, msgspec.Meta(description="On whose behalf runs are started: whoever changed it last.")]
    created_at: Instant
    changed_at: Instant


class MadeWebhookTrigger(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A webhook trigger with its secret, the only time that it is shown."""

    trigger: WebhookTrigger
    secret: Annotated[str | None, msgspec.Meta(description="null: calls need none, or it is the one from before.")]


class WebhookTriggerPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[WebhookTrigger]
    total: int


class Call(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A call of the address of a webhook trigger; kept for a day after it has started something."""

    id: int
    received_at: Instant
    key: str | None
    address: str | None
    type: str
    bytes: int
    state: Annotated[
        Literal["collecting", "started"], msgspec.Meta(description="Started: with the run, which can have misfired.")
    ]
    due_at: Annotated[Instant, msgspec.Meta(description="When a run starts with it, or did.")]
    run: int | None
    data: Annotated[str | msgspec.UnsetType, msgspec.Meta(description="What it brought; of one call only.")] = (
        msgspec.UNSET
    )


class CallPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Call]
    next: Annotated[int | None, msgspec.Meta(description="`before` of the next page; null: this is the last.")]


class TakenCall(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a call so far."""

    call: int
    repeated: Annotated[bool, msgspec.Meta(description="Whether it had been taken before, under the same key.")]
    state: Annotated[
        Literal["collecting", "starting", "started", "misfired"],
        msgspec.Meta(description="misfired: nothing started, and the run says why to whoever may see it."),
    ]
    calls: Annotated[int, msgspec.Meta(description="Calls that are collected for the run.")]
    of: Annotated[int, msgspec.Meta(description="Calls after which it starts.")]
    due_at: Annotated[Instant, msgspec.Meta(description="When it starts at the latest.")]
    run: int | None


def trigger(shown: Shown) -> WebhookTrigger:
    one = shown.trigger
    return WebhookTrigger(
        id=one.id,
        environment=one.environment,
        workspace=one.workspace,
        kind="task" if one.plan_id is None else "plan",
        starts=one.name,
        name=one.title,
        description=one.description,
        active=one.active,
        signed=one.signed,
        calls=one.calls,
        window_ms=one.window_ms,
        per_minute=one.per_minute,
        url=shown.url,
        old_url_until=instant(one.old_token_until) if one.old_token_until else None,
        old_secret_until=instant(one.old_secret_until) if one.old_secret_until else None,
        called_at=instant(one.called_at) if one.called_at else None,
        owner=one.owner,
        created_at=instant(one.created_at),
        changed_at=instant(one.changed_at),
    )


def made(shown: Shown) -> MadeWebhookTrigger:
    return MadeWebhookTrigger(trigger=trigger(shown), secret=shown.secret)


def call(one: SeenCall) -> Call:
    return Call(
        id=one.id,
        received_at=instant(one.received_at),
        key=one.key,
        address=one.address,
        type=one.type,
        bytes=one.bytes,
        state="collecting" if one.fired_at is None else "started",
        due_at=instant(one.due_at),
        run=one.run,
        data=msgspec.UNSET if one.data is None else one.data,
    )


def taken(one: Taken) -> TakenCall:
    outcome = one.outcome
    if outcome.run is not None:
        state: Literal["collecting", "starting", "started", "misfired"] = "misfired" if outcome.misfired else "started"
    else:
        state = "starting" if outcome.closed else "collecting"
    return TakenCall(
        call=one.call,
        repeated=one.repeated,
        state=state,
        calls=outcome.calls,
        of=one.of,
        due_at=instant(outcome.due_at),
        run=outcome.run,
    )

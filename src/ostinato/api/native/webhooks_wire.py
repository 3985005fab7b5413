"""What our own dialect sends and receives about webhooks."""

from collections.abc import Sequence
from typing import Annotated, TypeAlias

import msgspec

from ostinato.api.native.wire import CLEAN, Instant, Name
from ostinato.core.outbound import LONGEST_URL
from ostinato.core.webhooks import DeliveryState, Event

Left: TypeAlias = msgspec.UnsetType
"""A field that was left out."""
Url: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=CLEAN,
        min_length=1,
        max_length=LONGEST_URL,
        description="Where messages are sent to: https, and a machine that is public or allowed.",
    ),
]
Description: TypeAlias = Annotated[str, msgspec.Meta(pattern=CLEAN, min_length=1, max_length=500)]
Events: TypeAlias = Annotated[
    Sequence[Event],
    msgspec.Meta(
        min_length=1, max_length=20, description="What is told; run.started only of runs started by themselves."
    ),
]
Names: TypeAlias = Annotated[
    Sequence[Name], msgspec.Meta(max_length=100, description="Only tasks and plans of these names; null or none: all.")
]
Tasks: TypeAlias = Annotated[
    bool, msgspec.Meta(description="Whether the ends of tasks inside of plans are told as well.")
]


class NewWebhook(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Who is to be told of the runs of a workspace."""

    url: Url
    events: Events
    workspace: Annotated[
        Name | None, msgspec.Meta(description="Its key; null: of all workspaces, for those who have MANAGE everywhere.")
    ] = None
    environment: Annotated[Name | None, msgspec.Meta(description="null: in every environment.")] = None
    description: Description | None = None
    names: Names | None = None
    tasks: Tasks = False
    active: bool = True


class WebhookPatch(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is left out stays."""

    url: Url | Left = msgspec.UNSET
    events: Events | Left = msgspec.UNSET
    description: Description | Left | None = msgspec.UNSET
    names: Names | Left | None = msgspec.UNSET
    tasks: Tasks | Left = msgspec.UNSET
    active: bool | Left = msgspec.UNSET


class WebhookRotation(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    overlap_seconds: Annotated[
        int, msgspec.Meta(ge=0, le=30 * 86_400, description="For how long the secret before this one signs as well.")
    ] = 86_400


class Webhook(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    url: Annotated[str, msgspec.Meta(description="Without the values in its query, which may be secrets.")]
    description: str | None
    workspace: str | None
    environment: str | None
    events: Sequence[Event]
    names: Sequence[str] | None
    tasks: bool
    active: bool
    disabled_reason: Annotated[str | None, msgspec.Meta(description="Why the server disabled it.")]
    failing_since: Annotated[Instant | None, msgspec.Meta(description="The first failure after the last success.")]
    waiting: Annotated[int, msgspec.Meta(description="How many messages wait to be sent, or to be sent again.")]
    old_secret_until: Annotated[
        Instant | None, msgspec.Meta(description="Until when the secret before the newest signs as well.")
    ]
    created_at: Instant
    created_by: str
    changed_at: Instant


class WebhookPage(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[Webhook]
    next: Annotated[int | None, msgspec.Meta(description="`after` of the next page; null on the last page.")]


class MadeWebhook(msgspec.Struct, frozen=True, kw_only=True):
    webhook: Webhook
    secret: Annotated[str, msgspec.Meta(description="Shown once: what messages are signed with.")]


class Delivery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A message, and how far it is."""

    id: int
    message: Annotated[str, msgspec.Meta(description="The header webhook-id, the same at every attempt.")]
    event: str
    run: int | None
    state: DeliveryState
    sending: Annotated[bool, msgspec.Meta(description="An attempt is being made.")]
    attempts: int
    status: Annotated[int | None, msgspec.Meta(description="What the receiver answered last.")]
    error: Annotated[str | None, msgspec.Meta(description="Why it was not taken at the last attempt.")]
    answer: Annotated[str | None, msgspec.Meta(description="The beginning of the last answer.")]
    created_at: Instant
    tried_at: Instant | None
    next_try_at: Instant | None
    ended_at: Instant | None


class DeliveryPage(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[Delivery]
    next: Annotated[int | None, msgspec.Meta(description="`before` of the next page; null on the last page.")]

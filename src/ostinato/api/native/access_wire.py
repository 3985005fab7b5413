"""What our own dialect sends and receives about people, keys, rights and the record of changes."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from ostinato.api.native.wire import CLEAN, Instant, Name
from ostinato.core.access import Permission

Text: TypeAlias = Annotated[str, msgspec.Meta(pattern=CLEAN, max_length=1_000)]
Words: TypeAlias = Annotated[Sequence[Text], msgspec.Meta(max_length=100)]
Members: TypeAlias = Annotated[Sequence[Text], msgspec.Meta(max_length=10_000)]
UserKind: TypeAlias = Literal["person", "service_account"]
KeyKind: TypeAlias = Literal["api_key", "token", "client"]
Left: TypeAlias = msgspec.UnsetType
"""A field that was left out."""


class User(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    kind: UserKind
    full_name: str | None
    email: str | None
    active: bool
    roles: Annotated[Sequence[str], msgspec.Meta(description="Their own, without those of their groups.")]
    groups: Sequence[str]
    has_password: bool
    provider: Annotated[str | None, msgspec.Meta(description="The OpenID provider they sign in with.")]
    created_at: Instant
    signed_in_at: Instant | None


class UserPage(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[User]
    next: Annotated[int | None, msgspec.Meta(description="The offset of the next page; null: this is the last.")]


class NewUser(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A person, or a service account; without rights unless roles are given."""

    name: Name
    kind: UserKind = "person"
    full_name: Text | None = None
    email: Text | None = None
    roles: Words = ()
    password: Annotated[Text | None, msgspec.Meta(description="12 to 1,000 characters.")] = None


class UserPatch(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is left out stays."""

    full_name: Text | Left | None = msgspec.UNSET
    email: Text | Left | None = msgspec.UNSET
    active: bool | Left = msgspec.UNSET
    roles: Words | Left = msgspec.UNSET


class NewPassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    password: Annotated[Text | None, msgspec.Meta(description="12 to 1,000 characters; null takes it away.")]


class Group(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    description: str | None
    roles: Sequence[str]
    claim: Annotated[str | None, msgspec.Meta(description="What the OpenID provider calls this group.")]
    members: Sequence[str]
    created_at: Instant


class GroupPage(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[Group]
    next: int | None


class NewGroup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    description: Text | None = None
    roles: Words = ()
    claim: Text | None = None
    members: Members = ()


class GroupPatch(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is left out stays; members that a provider put there stay in any case."""

    description: Text | Left | None = msgspec.UNSET
    roles: Words | Left = msgspec.UNSET
    claim: Text | Left | None = msgspec.UNSET
    members: Members | Left = msgspec.UNSET


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a user or a group may do in a workspace."""

    user: str | None
    group: str | None
    workspace: str
    environment: Annotated[str | None, msgspec.Meta(description="null: in every environment.")]
    permissions: Sequence[Permission]


class GrantPage(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[Grant]
    next: int | None


class SetGrant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Replaces what was granted there before; no permissions take the grant away."""

    workspace: Name
    user: Name | None = None
    group: Name | None = None
    environment: Name | None = None
    permissions: Words | Left = msgspec.UNSET
    role: Annotated[
        Literal["Viewer", "Contributor", "Administrator"] | Left,
        msgspec.Meta(description="A named set, instead of permissions."),
    ] = msgspec.UNSET


class Grants(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[Grant]


class Key(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A credential that works; what opens it is never shown again."""

    id: int
    kind: KeyKind
    key: Annotated[str, msgspec.Meta(description="How it begins and ends.")]
    user: str
    full_name: str | None
    email: str | None
    description: str
    created_at: Instant
    last_used_at: Instant | None
    last_address: str | None
    expires_at: Instant | None
    scopes: Annotated[Sequence[str] | None, msgspec.Meta(description="null: whatever its owner may.")]
    workspaces: Annotated[Sequence[str] | None, msgspec.Meta(description="null: all of its owner's.")]
    old_secret_expires_at: Annotated[
        Instant | None, msgspec.Meta(description="Until when the secret before the last rotation works as well.")
    ]


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[Key]


class NewKey(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    description: Annotated[str, msgspec.Meta(pattern=CLEAN, min_length=1, max_length=100)]
    kind: KeyKind = "api_key"
    user: Annotated[Name | None, msgspec.Meta(description="A service account; yourself if it is left out.")] = None
    expires_at: Annotated[Text | None, msgspec.Meta(description="RFC 3339, with an offset.")] = None
    scopes: Annotated[
        Words | None, msgspec.Meta(description="VIEW, EXECUTE, AUTHOR, PUBLISH, MANAGE, PEOPLE, ENVIRONMENTS, AUDIT.")
    ] = None
    workspaces: Annotated[Words | None, msgspec.Meta(description="Keys of workspaces.")] = None


class MadeKey(msgspec.Struct, frozen=True, kw_only=True):
    """The only time that the whole key is shown."""

    id: int
    key: str


class Rotation(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    overlap_seconds: Annotated[
        int, msgspec.Meta(ge=0, le=30 * 86_400, description="How long the secret before goes on working.")
    ] = 86_400


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One change, as it was written down."""

    id: int
    at: Instant
    actor: str
    credential: int | None
    address: str | None
    trace: str | None
    action: str
    kind: str
    target: str
    environment: str | None
    workspace: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    seal: Annotated[int | None, msgspec.Meta(description="Its place in the chain; null: it is given in a moment.")]
    digest: Annotated[str | None, msgspec.Meta(description="Hexadecimal SHA-256 of the digest before and this record.")]


class RecordPage(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[Record]
    next: Annotated[int | None, msgspec.Meta(description="`before` for the next page.")]


class Chain(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Whether the record is as it was written."""

    intact: bool
    broken_at: Annotated[int | None, msgspec.Meta(description="The first place whose record is missing or changed.")]

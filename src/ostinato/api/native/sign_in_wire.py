"""What our own dialect sends and receives about signing in."""

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec

from ostinato.api.native.access_wire import UserKind
from ostinato.api.native.wire import CLEAN
from ostinato.core.access import Permission, Tenant

Password = Annotated[str, msgspec.Meta(pattern=CLEAN, max_length=1_000)]


class SignIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, msgspec.Meta(pattern=CLEAN, min_length=1, max_length=200)]
    password: Password


class SignOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    everywhere: Annotated[bool, msgspec.Meta(description="All sessions of the user, and not only this one.")] = False


class WaysIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How people can sign in."""

    password: bool
    open_id: Annotated[bool, msgspec.Meta(description="Through an OpenID provider: send the browser to /sign-in/oidc.")]


class ChangePassword(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    current: Password
    new: Annotated[Password, msgspec.Meta(description="12 to 1,000 characters.")]


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What the request came with."""

    id: int
    kind: Literal["api_key", "local", "token", "client", "access_token", "session"]
    scopes: Annotated[
        Sequence[str] | None, msgspec.Meta(description="What it is limited to; null: whatever its owner may.")
    ]
    workspaces: Annotated[
        Sequence[str] | None, msgspec.Meta(description="The keys of those it is limited to; null: all.")
    ]


class Me(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Who a credential belongs to."""

    name: str
    kind: UserKind
    full_name: str | None
    email: str | None
    roles: Annotated[Sequence[str], msgspec.Meta(description="Their own and those of their groups.")]
    groups: Sequence[str]
    permissions: Annotated[
        Sequence[Tenant], msgspec.Meta(description="In the whole installation, as far as the credential goes.")
    ]
    has_password: bool
    credential: Credential


class Place(msgspec.Struct, frozen=True, kw_only=True):
    environment: str
    workspace: Annotated[str, msgspec.Meta(description="Its key.")]
    name: str
    permissions: Sequence[Permission]


class PlacePage(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[Place]
    next: Annotated[int | None, msgspec.Meta(description="The offset of the next page; null: this is the last.")]


class Token(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """RFC 6749, section 5.1."""

    access_token: str
    token_type: str
    expires_in: Annotated[int, msgspec.Meta(description="Seconds.")]
    scope: Annotated[str | None, msgspec.Meta(description="What it is limited to; left out: not limited.")] = None


class OAuthError(msgspec.Struct, frozen=True, kw_only=True):
    """RFC 6749, section 5.2."""

    error: str
    error_description: str

"""What the permissions of users and service accounts in workspaces look like in the Talend API."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from ostinato.api.talend import wire
from ostinato.core import access

RightValue: TypeAlias = Literal["AUTHOR", "EXECUTE", "MANAGE", "PUBLISH", "VIEW"]
Rights: TypeAlias = list[RightValue]


class Permission(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a user or a service account may do in a workspace."""

    workspace_id: wire.Sent
    user_id: Annotated[wire.Sent, msgspec.Meta(description="Also of a service account; the name is taken as well.")]
    permissions: Rights


class PermissionId(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    workspace_id: str
    user_id: str


class PermissionResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why one of many permissions was refused."""

    status: int
    message: str
    permission: Permission


class PermissionDeleteResult(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why one of many permissions was not deleted."""

    status: int
    message: str
    permission_id: PermissionId


class TokenRequest(msgspec.Struct, frozen=True, kw_only=True):
    grant_type: Annotated[wire.Sent, msgspec.Meta(description="client_credentials")]
    audience: Annotated[wire.Words | None, msgspec.Meta(description="Taken, and of no effect.")] = None


class TokenResponse(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str
    token_type: str
    expires_in: Annotated[str, msgspec.Meta(description="Seconds.")]


def permissions(sent: Rights) -> list[access.Permission]:
    return [access.Permission(one) for one in sent]

"""Who may do what: permissions in a workspace, roles as named sets of them, and the actor behind a request."""

from enum import StrEnum

import msgspec

from ostinato.core.ids import CredentialId, UserId


class Permission(StrEnum):
    VIEW = "VIEW"
    EXECUTE = "EXECUTE"
    AUTHOR = "AUTHOR"
    PUBLISH = "PUBLISH"
    MANAGE = "MANAGE"


ROLES: dict[str, frozenset[Permission]] = {
    "Viewer": frozenset({Permission.VIEW}),
    "Contributor": frozenset({Permission.VIEW, Permission.EXECUTE, Permission.AUTHOR}),
    "Administrator": frozenset(Permission),
}


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever a request comes from; goes down to every statement that reads or changes something for them."""

    user: UserId
    name: str
    administrator: bool
    credential: CredentialId

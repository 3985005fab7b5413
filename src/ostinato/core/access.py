"""Who may do what: permissions in a workspace and in the whole installation, roles as named sets of them, and the actor
behind a request."""

from collections.abc import Collection
from enum import StrEnum
from typing import TypeAlias

import msgspec

from ostinato.core.errors import Forbidden
from ostinato.core.ids import CredentialId, SubjectId, UserId


class Permission(StrEnum):
    """What somebody may do in a workspace."""

    VIEW = "VIEW"
    EXECUTE = "EXECUTE"
    AUTHOR = "AUTHOR"
    PUBLISH = "PUBLISH"
    MANAGE = "MANAGE"


class Tenant(StrEnum):
    """What somebody may do in the whole installation."""

    PEOPLE = "PEOPLE"
    """Users, groups, service accounts, their roles, rights and keys."""
    ENVIRONMENTS = "ENVIRONMENTS"
    """Environments, workspaces and pools."""
    AUDIT = "AUDIT"
    """Read what everybody did."""


Scope: TypeAlias = Permission | Tenant
"""What a credential may be limited to."""

ROLES: dict[str, frozenset[Permission]] = {
    "Viewer": frozenset({Permission.VIEW}),
    "Contributor": frozenset({Permission.VIEW, Permission.EXECUTE, Permission.AUTHOR}),
    "Administrator": frozenset(Permission),
}
"""Roles in a workspace (TimeXtender Orchestration API, "Authorization")."""


class Role(msgspec.Struct, frozen=True):
    """A role in the whole installation: what it allows there, and in every workspace."""

    tenant: frozenset[Tenant]
    everywhere: frozenset[Permission]


TENANT_ROLES: dict[str, Role] = {
    "ADMINISTRATOR": Role(frozenset(Tenant), frozenset(Permission)),
    "SECURITY_ADMINISTRATOR": Role(frozenset({Tenant.PEOPLE, Tenant.AUDIT}), frozenset()),
    "ENVIRONMENT_MANAGER": Role(frozenset({Tenant.ENVIRONMENTS}), frozenset()),
    "OPERATOR": Role(frozenset(), frozenset({Permission.VIEW, Permission.EXECUTE})),
    "AUDITOR": Role(frozenset({Tenant.AUDIT}), frozenset({Permission.VIEW})),
}
"""The table tenant_role says the same."""

HOW_TO_GET = {
    Tenant.PEOPLE: "ask an administrator for the role SECURITY_ADMINISTRATOR",
    Tenant.ENVIRONMENTS: "ask an administrator for the role ENVIRONMENT_MANAGER",
    Tenant.AUDIT: "ask an administrator for the role AUDITOR",
}


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever a request comes from; goes down to every statement that reads or changes something for them."""

    user: UserId
    """Who it is; what they do is written down under this."""
    subject: SubjectId
    """Whose rights count: the user's own, or those of a credential that may less than its owner."""
    name: str
    tenant: frozenset[Tenant] = frozenset()
    scope: frozenset[Scope] | None = None
    """What the credential is limited to; None: it may whatever its owner may."""
    workspaces: tuple[str, ...] | None = None
    """The keys of the workspaces it is limited to; None: all."""
    credential: CredentialId
    kind: str = "api_key"
    """What kind of credential it is."""
    address: str | None = None
    """Where the request came from."""
    trace: str | None = None

    def may(self, tenant: Tenant) -> bool:
        return tenant in self.tenant

    @property
    def is_limited(self) -> bool:
        """Whether the credential may less than its owner."""
        return self.scope is not None or self.workspaces is not None

    def require(self, needed: Scope) -> None:
        """Raises Forbidden unless this may be done in the whole installation, or in a workspace for all that the
        credential says; the rights in the workspace itself are looked at with what is in it."""
        if isinstance(needed, Tenant):
            if needed not in self.tenant:
                raise Forbidden(f"This needs the permission {needed.value}: {HOW_TO_GET[needed]}")
        elif self.scope is not None and needed not in self.scope:
            raise Forbidden(f"This credential is not for {needed.value}: use one whose scopes have it")


def tenant_permissions(roles: Collection[str], scope: frozenset[Scope] | None) -> frozenset[Tenant]:
    """What these roles allow in the whole installation, within the scope."""
    held = frozenset(tenant for role in roles for tenant in TENANT_ROLES[role].tenant)
    return held if scope is None else frozenset(tenant for tenant in held if tenant in scope)


def to_scopes(names: Collection[str]) -> frozenset[Scope]:
    return frozenset(Permission(name) if name in Permission.__members__ else Tenant(name) for name in names)


def of_user(user: UserId, name: str, *, roles: Collection[str] = (), kind: str = "none") -> Actor:
    """The user themselves, without a credential: schedules that are theirs, and commands on the server's machine."""
    return Actor(
        user=user,
        subject=SubjectId(user),
        name=name,
        tenant=tenant_permissions(roles, None),
        credential=CredentialId(0),
        kind=kind,
    )

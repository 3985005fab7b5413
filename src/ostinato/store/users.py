"""Statements about users, groups and what they may do."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec

from ostinato.core.access import Permission
from ostinato.core.ids import CredentialId, GroupId, SubjectId, UserId
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A person or a service account; `roles` are their own, without those of their groups."""

    id: UserId
    name: str
    kind: str
    full_name: str | None
    email: str | None
    active: bool
    roles: list[str]
    has_password: bool
    issuer: str | None
    groups: list[str]
    created_at: datetime
    signed_in_at: datetime | None


class Group(msgspec.Struct, frozen=True, kw_only=True):
    id: GroupId
    name: str
    description: str | None
    roles: list[str]
    claim: str | None
    members: list[str]
    created_at: datetime


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """What a user or a group may do in the workspace of a key; environment None: in every one."""

    user: str | None
    group: str | None
    workspace: str
    environment: str | None
    permissions: list[Permission]


class Password(msgspec.Struct, frozen=True, kw_only=True):
    """What a sign-in is checked against."""

    user: UserId
    name: str
    active: bool
    password_hash: str | None


class Named(msgspec.Struct, frozen=True):
    name: str


class FoundUser(msgspec.Struct, frozen=True):
    id: UserId
    name: str
    kind: str


class FoundGroup(msgspec.Struct, frozen=True):
    id: GroupId
    name: str


async def ensure(tx: Tx, name: str, now: datetime) -> UserId:
    """The user of this name, made without rights if there is none."""
    user: UserId = await fetch_value(tx, "users/ensure", name, now)
    return user


async def make_administrator(tx: Tx, name: str, now: datetime) -> None:
    await execute(tx, "users/make_administrator", name, now)


async def create(
    tx: Tx, name: str, kind: str, full_name: str | None, email: str | None, roles: Sequence[str], now: datetime
) -> UserId | None:
    """None: the name is taken."""
    made: UserId | None = await fetch_value(tx, "users/create", name, kind, full_name, email, roles, now)
    return made


async def get(tx: Tx, name: str) -> User | None:
    found = await list_users(tx, name=name)
    return found[0] if found else None


async def find(tx: Tx, who: int | str, kind: str | None = None) -> FoundUser | None:
    """By number or by name, if it is of this kind."""
    number, name = (who, None) if isinstance(who, int) else (None, who)
    return await fetch_one(tx, "users/find", FoundUser, number, name, kind)


async def list_users(
    tx: Tx,
    *,
    name: str | None = None,
    kind: str | None = None,
    text: str | None = None,
    limit: int = 1,
    offset: int = 0,
) -> list[User]:
    return await fetch(tx, "users/list", User, name, kind, text, limit, offset)


async def change(
    tx: Tx, user: UserId, full_name: str | None, email: str | None, active: bool, roles: Sequence[str]
) -> None:
    await execute(tx, "users/change", user, full_name, email, active, roles)


async def lock(tx: Tx) -> None:
    """Nobody else changes who may do what until this transaction ends; taken before any row is locked."""
    await execute(tx, "users/lock")


async def count_administrators(tx: Tx) -> int:
    """Active ones, by themselves or through a group."""
    return int(await fetch_value(tx, "users/count_administrators"))


async def set_password(tx: Tx, user: UserId, password_hash: str | None) -> None:
    await execute(tx, "users/set_password", user, password_hash)


async def password_of(tx: Tx, name: str) -> Password | None:
    return await fetch_one(tx, "users/password_of", Password, name)


async def lock_password(tx: Tx, user: UserId) -> Password | None:
    """The same again, and nobody changes it until this transaction ends."""
    return await fetch_one(tx, "users/lock_password", Password, user)


async def signed_in(tx: Tx, user: UserId, now: datetime) -> None:
    await execute(tx, "users/signed_in", user, now)


async def end_sessions(tx: Tx, user: UserId, now: datetime, *, but: CredentialId | None = None) -> None:
    """Whoever signed in as this user has to do it again, but for one session."""
    await execute(tx, "users/end_sessions", user, now, but)


async def roles(tx: Tx, user: UserId) -> list[str]:
    """In the whole installation, their own and those of their groups."""
    held: list[str] = await fetch_value(tx, "users/roles", user)
    return held


async def workspace_keys(tx: Tx) -> list[str]:
    """The keys of the workspaces of all environments, each once."""
    keys: list[str] = await fetch_value(tx, "users/workspace_keys")
    return keys


async def create_group(
    tx: Tx, name: str, description: str | None, roles: Sequence[str], claim: str | None, now: datetime
) -> GroupId | None:
    """None: the name or the claim is taken."""
    made: GroupId | None = await fetch_value(tx, "groups/create", name, description, roles, claim, now)
    return made


async def list_groups(tx: Tx, name: str | None, limit: int = 1, offset: int = 0) -> list[Group]:
    return await fetch(tx, "groups/list", Group, name, limit, offset)


async def find_group(tx: Tx, which: int | str) -> FoundGroup | None:
    """By number or by name."""
    number, name = (which, None) if isinstance(which, int) else (None, which)
    return await fetch_one(tx, "groups/find", FoundGroup, number, name)


async def change_group(
    tx: Tx, group: GroupId, description: str | None, roles: Sequence[str], claim: str | None
) -> None:
    await execute(tx, "groups/change", group, description, roles, claim)


async def delete_group(tx: Tx, group: GroupId) -> None:
    await execute(tx, "groups/delete", group)


async def claimed_by(tx: Tx, claim: str) -> str | None:
    """The name of the group that has this claim."""
    name: str | None = await fetch_value(tx, "groups/claimed_by", claim)
    return name


async def set_members(tx: Tx, group: GroupId, members: Collection[str]) -> None:
    """These and no others, but for those that a provider put there."""
    await execute(tx, "groups/set_members", group, list(members))


async def set_claimed_groups(tx: Tx, user: UserId, claims: Collection[str]) -> None:
    """The groups a provider says a user is in, in any case; those that were given by hand stay."""
    await execute(tx, "groups/set_claimed", user, list(claims))


async def known_names(tx: Tx, names: Collection[str]) -> list[str]:
    """Those of the names that users have."""
    known: list[str] = await fetch_value(tx, "users/known_names", list(names))
    return known


async def grant(
    tx: Tx,
    who: UserId | GroupId,
    workspace_key: str,
    environment: str | None,
    permissions: Iterable[Permission],
    *,
    group: bool = False,
) -> None:
    """These permissions and only these; none takes the grant away."""
    wanted = sorted(permission.value for permission in permissions)
    place = (None if group else who, who if group else None, workspace_key, environment)
    if wanted:
        await execute(tx, "users/grant", *place, wanted)
    else:
        await execute(tx, "users/revoke", *place)


async def list_grants(
    tx: Tx, *, user: str | None = None, group: str | None = None, workspace: str | None = None, limit: int, offset: int
) -> list[Grant]:
    return await fetch(tx, "users/grants", Grant, user, group, workspace, limit, offset)


async def may_manage(tx: Tx, subject: SubjectId, workspace_key: str, environment: str | None) -> bool:
    """Whether somebody may say who may do what there."""
    return bool(await fetch_value(tx, "users/may_manage", subject, workspace_key, environment))


async def of_external(tx: Tx, issuer: str, external_id: str) -> User | None:
    """The user whom an OpenID provider knows by this id."""
    name: str | None = await fetch_value(tx, "users/of_external", issuer, external_id)
    return await get(tx, name) if name is not None else None


async def tie_to_external(tx: Tx, user: UserId, issuer: str, external_id: str) -> bool:
    """False: the user is tied to somebody else already, or has a password, or is no person."""
    return await fetch_value(tx, "users/tie_to_external", user, issuer, external_id) is not None


async def by_email(tx: Tx, email: str) -> list[str]:
    """The names of people with this address who have no way to sign in yet; two if there are more than one."""
    return [row.name for row in await fetch(tx, "users/by_email", Named, email)]


async def meet(tx: Tx, user: UserId, full_name: str | None, email: str | None) -> None:
    """What a provider tells of somebody."""
    await execute(tx, "users/meet", user, full_name, email)

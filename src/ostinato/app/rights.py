"""What users and groups may do in workspaces.

Whoever has MANAGE in a workspace says who may do what there, and so does whoever has the permission PEOPLE.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec

from ostinato.app import audit, members, places
from ostinato.app.application import App
from ostinato.core.access import ROLES, Actor, Permission, Tenant
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import GroupId, UserId
from ostinato.core.wording import LONGEST_NAME, name_problems
from ostinato.store import environments, rights, users
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.rights import Granted, RightsPlace
from ostinato.store.users import FoundUser, Grant

MOST_KEYS_NAMED = 10
MOST_GRANTS = 10_000
_NO_SAY = "This needs the permission MANAGE in a workspace, or the permission PEOPLE: ask an administrator"


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """A user or a group."""

    user: str | None = None
    group: str | None = None


async def grant(
    app: App,
    actor: Actor,
    holder: Holder,
    workspace: str,
    permissions: Collection[str],
    now: datetime,
    *,
    environment: str | None = None,
    make_user: bool = False,
) -> list[Grant]:
    """What a user or a group may do in a workspace, in one environment or at every stage of it; it replaces what was
    granted there before, and none takes it away. Raises Forbidden, Invalid, NotFound."""
    problems = _problems(holder, permissions)
    if problems:
        raise Invalid(*problems)
    wanted = {Permission(name) for name in permissions} | ({Permission.VIEW} if permissions else set())
    async with app.db.transaction() as tx:
        await users.lock(tx)
        if not actor.may(Tenant.PEOPLE):
            await _require_manage(tx, actor, workspace, environment)
        await _place_is_known(tx, workspace, environment)
        who = await _who(tx, holder, now, make_user=make_user)
        before = await _granted(tx, holder, workspace, environment)
        await users.grant(tx, who, workspace, environment, wanted, group=holder.group is not None)
        after = await _granted(tx, holder, workspace, environment)
        if before != after:
            entry = Entry(
                action="grant" if wanted else "revoke",
                kind="right",
                target=holder.user or holder.group or "",
                environment=environment,
                workspace=workspace,
                before={"permissions": before},
                after={"permissions": after},
            )
            await audit.record(tx, actor, now, entry)
        return await _of(tx, holder, workspace)


async def list_grants(
    app: App,
    actor: Actor,
    *,
    user: str | None = None,
    group: str | None = None,
    workspace: str | None = None,
    limit: int,
    offset: int,
) -> list[Grant]:
    """Everybody's with the permission PEOPLE, those of a workspace with MANAGE there. Raises Forbidden."""
    async with app.db.reading() as tx:
        if not actor.may(Tenant.PEOPLE):
            if workspace is None:
                actor.require(Tenant.PEOPLE)
            await _require_manage(tx, actor, workspace or "", None)
        return await users.list_grants(tx, user=user, group=group, workspace=workspace, limit=limit, offset=offset)


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """Which rights of users in single workspaces; None: any. Users are named, or numbers."""

    workspaces: Collection[int] | None = None
    environment: int | None = None
    users: Collection[int | str] | None = None


async def list_granted(app: App, actor: Actor, where: Where) -> list[Granted]:
    """What was granted to users in each workspace, itself or at every stage, as far as the actor has a say in it.
    Raises NotFound, Forbidden."""
    manages = actor.may(Tenant.PEOPLE)
    async with app.db.transaction() as tx:
        for one in where.workspaces or ():
            await _place(tx, actor, one)
        if not manages and not where.workspaces and not await rights.manages_any(tx, actor.subject):
            raise Forbidden(_NO_SAY)
        await places.require_visible(tx, actor, where.environment, manages=manages)
        found = None if where.users is None else [(await members.find(tx, one)).id for one in where.users]
        inside = None if where.workspaces is None else list(where.workspaces)
        return await rights.list_granted(
            tx, actor.subject, manages=manages, workspaces=inside, environment=where.environment, users=found
        )


async def get_granted(app: App, actor: Actor, workspace: int, who: int | str, kind: str) -> Granted:
    """What one user has in one workspace. Raises NotFound, Forbidden."""
    async with app.db.transaction() as tx:
        place, user = await _place(tx, actor, workspace), await members.find(tx, who, kind)
        return _there(await _held(tx, actor, place, user), user)


async def give(
    app: App,
    actor: Actor,
    workspace: int,
    who: int | str,
    permissions: Collection[Permission],
    now: datetime,
    kind: str | None = None,
) -> None:
    """To a user who has none in this workspace. Raises NotFound, Forbidden, Invalid, Conflict."""
    _require_some(permissions)
    async with app.db.transaction() as tx:
        await users.lock(tx)
        place, user = await _place(tx, actor, workspace), await members.find(tx, who, kind)
        if await _held(tx, actor, place, user) is not None:
            raise Conflict(f"{user.name!r} has permissions in this workspace already: replace them")
        await _set(tx, actor, place, user, (), permissions, now)


async def replace(
    app: App,
    actor: Actor,
    workspace: int,
    who: int | str,
    permissions: Collection[Permission],
    now: datetime,
    kind: str | None = None,
) -> None:
    """Of a user who has some in this workspace. Raises NotFound, Forbidden, Invalid, Conflict."""
    _require_some(permissions)
    async with app.db.transaction() as tx:
        await users.lock(tx)
        place, user = await _place(tx, actor, workspace), await members.find(tx, who, kind)
        before = _only_here(_there(await _held(tx, actor, place, user), user))
        await _set(tx, actor, place, user, before.permissions, permissions, now)


async def take(app: App, actor: Actor, workspace: int, who: int | str, now: datetime, kind: str | None = None) -> None:
    """All of them from a user who has some in this workspace. Raises NotFound, Forbidden, Conflict."""
    async with app.db.transaction() as tx:
        await users.lock(tx)
        place, user = await _place(tx, actor, workspace), await members.find(tx, who, kind)
        before = _only_here(_there(await _held(tx, actor, place, user), user))
        await _set(tx, actor, place, user, before.permissions, (), now)


def permissions_of(role: str) -> frozenset[Permission]:
    """What a role in a workspace allows; raises Invalid."""
    if role not in ROLES:
        raise Invalid(Problem(path="role", message=f"{role!r} is no role", allowed=tuple(ROLES)))
    return ROLES[role]


async def _require_manage(tx: Tx, actor: Actor, workspace: str, environment: str | None) -> None:
    if not await users.may_manage(tx, actor.subject, workspace, environment):
        raise Forbidden(
            f"This needs the permission MANAGE in the workspace {workspace[:LONGEST_NAME]!r}, or the permission"
            " PEOPLE: ask an administrator"
        )


async def _place_is_known(tx: Tx, workspace: str, environment: str | None) -> None:
    known = await users.workspace_keys(tx)
    if workspace not in known:
        raise Invalid(_unknown_workspace(workspace, known))
    names = await environments.names(tx)
    if environment is not None and environment not in names:
        message = f"there is no environment {environment[:LONGEST_NAME]!r}"
        raise Invalid(Problem(path="environment", message=message, allowed=tuple(names)))


def _unknown_workspace(key: str, known: list[str]) -> Problem:
    more = len(known) - MOST_KEYS_NAMED
    hint = "use the key of one that is there" if known else "apply one first, there is none yet"
    message = f"there is no workspace {key[:LONGEST_NAME]!r} in any environment: {hint}"
    allowed = (*known[:MOST_KEYS_NAMED], *([f"and {more} more"] if more > 0 else []))
    return Problem(path="workspace", message=message, allowed=allowed)


def _problems(holder: Holder, permissions: Collection[str]) -> list[Problem]:
    problems = []
    if (holder.user is None) == (holder.group is None):
        problems.append(Problem(path="user", message="name a user or a group, and not both"))
    for field, name in (("user", holder.user), ("group", holder.group)):
        problems += name_problems(field, name) if name is not None else []
    for number, name in enumerate(permissions):
        if name not in Permission.__members__:
            allowed = tuple(Permission.__members__)
            problems.append(
                Problem(path=f"permissions[{number}]", message=f"{name!r} is no permission", allowed=allowed)
            )
    return problems


async def _who(tx: Tx, holder: Holder, now: datetime, *, make_user: bool) -> UserId | GroupId:
    if holder.user is None:
        return (await members.group(tx, holder.group or "")).id
    return await users.ensure(tx, holder.user, now) if make_user else (await members.user(tx, holder.user)).id


async def _of(tx: Tx, holder: Holder, workspace: str) -> list[Grant]:
    return await users.list_grants(
        tx, user=holder.user, group=holder.group, workspace=workspace, limit=MOST_GRANTS, offset=0
    )


async def _granted(tx: Tx, holder: Holder, workspace: str, environment: str | None) -> list[str]:
    grants = await _of(tx, holder, workspace)
    return next((list(one.permissions) for one in grants if one.environment == environment), [])


async def _place(tx: Tx, actor: Actor, workspace: int) -> RightsPlace:
    """A workspace in which the actor says who may do what. Raises NotFound, Forbidden."""
    found = await rights.place(tx, actor.subject, workspace, manages=actor.may(Tenant.PEOPLE))
    if found is None:
        raise NotFound("Workspace", workspace)
    if not found.allowed:
        raise Forbidden(_NO_SAY)
    return found


async def _held(tx: Tx, actor: Actor, place: RightsPlace, user: FoundUser) -> Granted | None:
    found = await rights.list_granted(tx, actor.subject, manages=True, workspaces=[place.id], users=[user.id])
    return found[0] if found else None


def _there(held: Granted | None, user: FoundUser) -> Granted:
    if held is None:
        raise NotFound("Permission of", user.name)
    return held


def _only_here(held: Granted) -> Granted:
    """What was granted for every environment is not changed in one of them: it would go on to hold."""
    if held.everywhere:
        words = f"{held.name!r} has permissions in this workspace in every environment"
        raise Conflict(f"{words}: change them with PUT /api/v1/grants")
    return held


def _require_some(permissions: Collection[Permission]) -> None:
    if not permissions:
        message = "name at least one permission; to take all of them away, delete"
        raise Invalid(Problem(path="permissions", message=message, allowed=tuple(Permission.__members__)))


async def _set(
    tx: Tx,
    actor: Actor,
    place: RightsPlace,
    user: FoundUser,
    before: Collection[Permission],
    permissions: Collection[Permission],
    now: datetime,
) -> None:
    wanted = {*permissions, Permission.VIEW} if permissions else set()
    await users.grant(tx, user.id, place.key, place.environment, wanted)
    if wanted != set(before):
        entry = Entry(
            action="grant" if wanted else "revoke",
            kind="right",
            target=user.name,
            environment=place.environment,
            workspace=place.key,
            before={"permissions": sorted(before)},
            after={"permissions": sorted(wanted)},
        )
        await audit.record(tx, actor, now, entry)

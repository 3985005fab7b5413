"""What users and groups may do in workspaces.

Whoever has MANAGE in a workspace says who may do what there, and so does whoever has the permission PEOPLE.
"""

from collections.abc import Collection
from datetime import datetime

import msgspec

from ostinato.app import audit, members
from ostinato.app.application import App
from ostinato.app.wording import LONGEST_NAME, name_problems
from ostinato.core.access import ROLES, Actor, Permission, Tenant
from ostinato.core.errors import Forbidden, Invalid, Problem
from ostinato.core.ids import GroupId, UserId
from ostinato.store import environments, users
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.users import Grant

MOST_KEYS_NAMED = 10
MOST_GRANTS = 10_000


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

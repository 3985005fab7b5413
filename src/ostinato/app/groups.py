"""Groups of users, and their roles in the whole installation."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from ostinato.app import audit, members
from ostinato.app.application import App
from ostinato.core.access import Actor, Tenant
from ostinato.core.errors import Conflict, Invalid, Problem
from ostinato.core.ids import GroupId
from ostinato.core.wording import name_problems, text_problems
from ostinato.store import users
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.users import Group

MOST_MEMBERS = 10_000
LONGEST_DESCRIPTION = 1_000


class GroupChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; what is UNSET stays."""

    description: str | msgspec.UnsetType | None = msgspec.UNSET
    roles: Collection[str] | msgspec.UnsetType = msgspec.UNSET
    claim: str | msgspec.UnsetType | None = msgspec.UNSET
    members: Collection[str] | msgspec.UnsetType = msgspec.UNSET


async def list_groups(app: App, actor: Actor, limit: int, offset: int) -> list[Group]:
    """Raises Forbidden."""
    actor.require(Tenant.PEOPLE)
    async with app.db.reading() as tx:
        return await users.list_groups(tx, None, limit, offset)


async def get_group(app: App, actor: Actor, name: str) -> Group:
    """Raises Forbidden, NotFound."""
    actor.require(Tenant.PEOPLE)
    async with app.db.reading() as tx:
        return await members.group(tx, name)


async def create_group(app: App, actor: Actor, name: str, wish: GroupChange, now: datetime) -> Group:
    """Raises Forbidden, Invalid, Conflict."""
    actor.require(Tenant.PEOPLE)
    problems = [*name_problems("name", name), *_group_problems(wish)]
    if problems:
        raise Invalid(*problems)
    async with app.db.transaction() as tx:
        await users.lock(tx)
        claim = members.given(wish.claim)
        await _claim_is_free(tx, name, claim)
        made = await users.create_group(
            tx, name, members.given(wish.description), sorted(members.given(wish.roles) or ()), claim, now
        )
        if made is None:
            raise Conflict(f"There is a group {name!r} already: choose another name")
        await _set_members(tx, made, wish)
        group = await members.group(tx, name)
        await audit.record(tx, actor, now, Entry(action="create", kind="group", target=name, after=_about_group(group)))
    app.known_keys.forget()
    return group


async def change_group(app: App, actor: Actor, name: str, wish: GroupChange, now: datetime) -> Group:
    """Raises Forbidden, Invalid, NotFound, Conflict."""
    actor.require(Tenant.PEOPLE)
    problems = _group_problems(wish)
    if problems:
        raise Invalid(*problems)
    async with app.db.transaction() as tx:
        await users.lock(tx)
        before = await members.group(tx, name)
        claim = members.kept(wish.claim, before.claim)
        await _claim_is_free(tx, name, claim)
        description = members.kept(wish.description, before.description)
        await users.change_group(tx, before.id, description, sorted(members.kept(wish.roles, before.roles)), claim)
        await _set_members(tx, before.id, wish)
        after = await members.group(tx, name)
        await members.keep_one(tx)
        await members.record_change(tx, actor, now, "group", name, _about_group(before), _about_group(after))
    app.known_keys.forget()
    return after


async def delete_group(app: App, actor: Actor, name: str, now: datetime) -> None:
    """Its members stay; what was granted to it is gone. Raises Forbidden, NotFound, Conflict."""
    actor.require(Tenant.PEOPLE)
    async with app.db.transaction() as tx:
        await users.lock(tx)
        group = await members.group(tx, name)
        await users.delete_group(tx, group.id)
        await members.keep_one(tx)
        entry = Entry(action="delete", kind="group", target=name, before=_about_group(group))
        await audit.record(tx, actor, now, entry)
    app.known_keys.forget()


async def _set_members(tx: Tx, group: GroupId, wish: GroupChange) -> None:
    wanted = members.given(wish.members)
    if wanted is None:
        return
    unknown = sorted(set(wanted) - set(await users.known_names(tx, wanted)))
    if unknown:
        raise Invalid(Problem(path="members", message=f"there is no user {unknown[0]!r}: create it first"))
    await users.set_members(tx, group, wanted)


async def _claim_is_free(tx: Tx, group: str, claim: str | None) -> None:
    taken = await users.claimed_by(tx, claim) if claim is not None else None
    if taken not in (None, group):
        raise Conflict(f"The claim {claim!r} belongs to the group {taken!r}: one claim makes members of one group")


def _group_problems(wish: GroupChange) -> list[Problem]:
    problems = members.role_problems(members.given(wish.roles))
    if (description := members.given(wish.description)) is not None:
        problems += text_problems("description", description, LONGEST_DESCRIPTION)
    if (claim := members.given(wish.claim)) is not None:
        problems += name_problems("claim", claim)
    if len(members.given(wish.members) or ()) > MOST_MEMBERS:
        problems.append(Problem(path="members", message=f"name at most {MOST_MEMBERS:,}"))
    return problems


def _about_group(group: Group) -> dict[str, Any]:
    return {
        "description": group.description,
        "roles": group.roles,
        "claim": group.claim,
        "members": group.members,
    }

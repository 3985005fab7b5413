"""Users: people and service accounts, and their roles in the whole installation.

Whoever has the permission PEOPLE may change all of it, and so can give themselves anything.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from ostinato.app import audit, members, passwords
from ostinato.app.application import App
from ostinato.core.access import Actor, Tenant
from ostinato.core.errors import Conflict, Invalid, Problem
from ostinato.core.wording import name_problems
from ostinato.store import users
from ostinato.store.audit import Entry
from ostinato.store.users import User

KINDS = ("person", "service_account")
_NO_PASSWORD = Problem(path="password", message="a service account has none: give it keys")


class UserChange(msgspec.Struct, frozen=True, kw_only=True):
    """What to change; what is UNSET stays."""

    full_name: str | msgspec.UnsetType | None = msgspec.UNSET
    email: str | msgspec.UnsetType | None = msgspec.UNSET
    active: bool | msgspec.UnsetType = msgspec.UNSET
    roles: Collection[str] | msgspec.UnsetType = msgspec.UNSET


async def list_users(
    app: App, actor: Actor, *, kind: str | None, text: str | None, limit: int, offset: int
) -> list[User]:
    """Raises Forbidden."""
    actor.require(Tenant.PEOPLE)
    async with app.db.reading() as tx:
        return await users.list_users(tx, kind=kind, text=text, limit=limit, offset=offset)


async def get_user(app: App, actor: Actor, name: str) -> User:
    """Oneself, or anybody with the permission PEOPLE; raises Forbidden, NotFound."""
    if name != actor.name:
        actor.require(Tenant.PEOPLE)
    async with app.db.reading() as tx:
        return await members.user(tx, name)


async def create_user(
    app: App,
    actor: Actor,
    name: str,
    now: datetime,
    *,
    kind: str = "person",
    about: UserChange | None = None,
    password: str | None = None,
) -> User:
    """A person or a service account, without rights unless it is given roles. Raises Forbidden, Invalid, Conflict."""
    actor.require(Tenant.PEOPLE)
    wish = about or UserChange()
    problems = [*name_problems("name", name), *_about_problems(wish)]
    if kind not in KINDS:
        problems.append(Problem(path="kind", message=f"{kind!r} is no kind of user", allowed=KINDS))
    if password is not None:
        problems += passwords.problems(password) if kind == "person" else [_NO_PASSWORD]
    if problems:
        raise Invalid(*problems)
    hashed = await passwords.hashed(password) if password is not None else None
    full_name, email, roles = (members.given(value) for value in (wish.full_name, wish.email, wish.roles))
    async with app.db.transaction() as tx:
        await users.lock(tx)
        made = await users.create(tx, name, kind, full_name, email, sorted(roles or ()), now)
        if made is None:
            raise Conflict(f"There is a user {name!r} already: choose another name")
        if hashed is not None:
            await users.set_password(tx, made, hashed)
        user = await members.user(tx, name)
        await audit.record(tx, actor, now, Entry(action="create", kind="user", target=name, after=_about(user)))
    return user


async def change_user(app: App, actor: Actor, name: str, wish: UserChange, now: datetime) -> User:
    """Deactivated users are refused from the next request on. Raises Forbidden, Invalid, NotFound, Conflict."""
    actor.require(Tenant.PEOPLE)
    problems = _about_problems(wish)
    if problems:
        raise Invalid(*problems)
    async with app.db.transaction() as tx:
        await users.lock(tx)
        before = await members.user(tx, name)
        await users.change(
            tx,
            before.id,
            members.kept(wish.full_name, before.full_name),
            members.kept(wish.email, before.email),
            members.kept(wish.active, before.active),
            sorted(members.kept(wish.roles, before.roles)),
        )
        after = await members.user(tx, name)
        if not after.active:
            await users.end_sessions(tx, after.id, now)
        await members.keep_one(tx)
        await members.record_change(tx, actor, now, "user", name, _about(before), _about(after))
    app.known_keys.forget()
    return after


async def set_password(app: App, actor: Actor, name: str, password: str | None, now: datetime) -> None:
    """Of another person, with the permission PEOPLE; None takes it away. All their sessions end."""
    actor.require(Tenant.PEOPLE)
    problems = passwords.problems(password) if password is not None else []
    if problems:
        raise Invalid(*problems)
    hashed = await passwords.hashed(password) if password is not None else None
    async with app.db.transaction() as tx:
        user = await members.user(tx, name)
        if user.kind != "person":
            raise Invalid(_NO_PASSWORD)
        await users.set_password(tx, user.id, hashed)
        await users.end_sessions(tx, user.id, now)
        await audit.record(tx, actor, now, Entry(action="set password", kind="user", target=name))
    app.known_keys.forget()


def _about_problems(wish: UserChange) -> list[Problem]:
    problems = members.role_problems(members.given(wish.roles))
    if (full_name := members.given(wish.full_name)) is not None:
        problems += name_problems("fullName", full_name)
    if (email := members.given(wish.email)) is not None:
        problems += name_problems("email", email)
        if "@" not in email:
            problems.append(Problem(path="email", message="it has no @: write it like ada@example.org"))
    return problems


def _about(user: User) -> dict[str, Any]:
    return {
        "kind": user.kind,
        "fullName": user.full_name,
        "email": user.email,
        "active": user.active,
        "roles": user.roles,
    }

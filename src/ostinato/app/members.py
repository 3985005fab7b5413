"""What users and groups have in common."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import msgspec

from ostinato.app import audit
from ostinato.core.access import TENANT_ROLES, Actor
from ostinato.core.errors import Conflict, NotFound, Problem
from ostinato.core.wording import LONGEST_NAME
from ostinato.store import users
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.users import FoundGroup, FoundUser, Group, User

KEEP_ONE = "Somebody must be able to manage the installation: make another active ADMINISTRATOR first"


async def user(tx: Tx, name: str) -> User:
    """Raises NotFound."""
    found = await users.get(tx, name)
    if found is None:
        raise NotFound("User", name[:LONGEST_NAME])
    return found


async def group(tx: Tx, name: str) -> Group:
    """Raises NotFound."""
    found = await users.list_groups(tx, name)
    if not found:
        raise NotFound("Group", name[:LONGEST_NAME])
    return found[0]


async def keep_one(tx: Tx) -> None:
    """Raises Conflict if nobody would be left who may do everything."""
    if not await users.count_administrators(tx):
        raise Conflict(KEEP_ONE)


async def find(tx: Tx, who: int | str, kind: str | None = None) -> FoundUser:
    """By number or by name; raises NotFound."""
    found = await users.find(tx, who, kind) if _is_storable(who) else None
    if found is None:
        raise NotFound("Service account" if kind == "service_account" else "User", _shown(who))
    return found


async def find_group(tx: Tx, which: int | str) -> FoundGroup:
    """By number or by name; raises NotFound."""
    found = await users.find_group(tx, which) if _is_storable(which) else None
    if found is None:
        raise NotFound("Group", _shown(which))
    return found


def role_problems(roles: Collection[str] | None) -> list[Problem]:
    return [
        Problem(path=f"roles[{number}]", message=f"{role!r} is no role", allowed=tuple(TENANT_ROLES))
        for number, role in enumerate(roles or ())
        if role not in TENANT_ROLES
    ]


def given(value: Any) -> Any:
    """None if it was left out."""
    return None if value is msgspec.UNSET else value


def kept(value: Any, before: Any) -> Any:
    """As it was if it was left out."""
    return before if value is msgspec.UNSET else value


async def record_change(
    tx: Tx, actor: Actor, now: datetime, kind: str, name: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Only what differs; nothing when nothing does."""
    differ = [field for field in after if before[field] != after[field]]
    if differ:
        entry = Entry(
            action="change",
            kind=kind,
            target=name,
            before={field: before[field] for field in differ},
            after={field: after[field] for field in differ},
        )
        await audit.record(tx, actor, now, entry)


def _is_storable(who: int | str) -> bool:
    """Whether the database can be asked for it."""
    return isinstance(who, int) or "\x00" not in who


def _shown(who: int | str) -> int | str:
    return who if isinstance(who, int) else who[:LONGEST_NAME]

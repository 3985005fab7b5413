"""Statements about users and what they may do."""

from collections.abc import Iterable
from datetime import datetime

from ostinato.core.access import Permission
from ostinato.core.ids import UserId
from ostinato.store.db import Tx, execute, fetch_value


async def ensure(tx: Tx, name: str, now: datetime) -> UserId:
    """The user of this name, made without rights if there is none."""
    user: UserId = await fetch_value(tx, "users/ensure", name, now)
    return user


async def make_administrator(tx: Tx, name: str, now: datetime) -> None:
    await execute(tx, "users/make_administrator", name, now)


async def workspace_keys(tx: Tx) -> list[str]:
    """The keys of the workspaces of all environments, each once."""
    keys: list[str] = await fetch_value(tx, "users/workspace_keys")
    return keys


async def grant(tx: Tx, user: UserId, workspace_key: str, permissions: Iterable[Permission]) -> None:
    await execute(tx, "users/grant", user, workspace_key, sorted(permission.value for permission in permissions))

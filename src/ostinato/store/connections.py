"""Statements about connections."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ostinato.core.access import Permission
from ostinato.core.ids import ConnectionId, EnvironmentId, SubjectId, WorkspaceId
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.workspaces import DescribedWorkspace


class Sealed(msgspec.Struct, frozen=True):
    """A connection with its secrets still encrypted."""

    workspace: WorkspaceId
    name: str
    type: str
    config: dict[str, Any]
    secrets: dict[str, str]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which connections; None: any. `part` is one of the name, in whatever case."""

    id: int | None = None
    part: str | None = None
    workspace: int | None = None
    environment: int | None = None
    name: str | None = None
    key: str | None = None
    """Of the workspace."""
    environment_name: str | None = None
    limit: int = 1
    offset: int = 0


class DescribedConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection as it is told of; of its secrets the names."""

    id: ConnectionId
    name: str
    type: str
    config: dict[str, Any]
    secrets: list[str]
    created_at: datetime
    changed_at: datetime
    workspace: DescribedWorkspace


class Page(msgspec.Struct, frozen=True, kw_only=True):
    items: list[DescribedConnection]
    total: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A connection that nobody else changes until the end of the transaction, its secrets still encrypted."""

    id: ConnectionId
    name: str
    type: str
    description: str | None
    config: dict[str, Any]
    secrets: dict[str, str]
    workspace: WorkspaceId
    key: str
    environment: EnvironmentId
    environment_name: str
    permissions: list[Permission]


async def for_launch(tx: Tx, wanted: Sequence[tuple[WorkspaceId, str]]) -> list[Sealed]:
    return await fetch(tx, "connections/for_launch", Sealed, [w for w, _ in wanted], [name for _, name in wanted])


async def page(tx: Tx, viewer: SubjectId, wanted: Wanted) -> Page:
    w = wanted
    filters = (w.id, w.part, w.workspace, w.environment, w.name, w.key, w.environment_name)
    found = await fetch_one(tx, "connections/page", Page, viewer, *filters, w.limit, w.offset)
    assert found is not None, "it is one row"
    return found


async def hold(tx: Tx, viewer: SubjectId, connection: int) -> Held | None:
    return await fetch_one(tx, "connections/hold", Held, viewer, connection)


async def id_of(tx: Tx, workspace: WorkspaceId, name: str) -> ConnectionId | None:
    found: ConnectionId | None = await fetch_value(tx, "connections/id_of", workspace, name)
    return found


async def user_of(tx: Tx, workspace: WorkspaceId, name: str) -> str | None:
    """The name of a task that uses it."""
    found: str | None = await fetch_value(tx, "connections/user_of", workspace, name)
    return found


async def move(
    tx: Tx, connection: ConnectionId, workspace: WorkspaceId, name: str, secrets: dict[str, str], now: datetime
) -> bool:
    """False if another one has the name there."""
    return await fetch_value(tx, "connections/move", connection, workspace, name, secrets, now) is not None


async def delete(tx: Tx, connection: ConnectionId) -> None:
    await execute(tx, "connections/delete", connection)

"""Statements about what succeeded last, however long ago."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

import msgspec

from ostinato.core.ids import RunId, SubjectId
from ostinato.store.db import Tx, fetch
from ostinato.store.workspaces import Page


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Of which tasks or connections; None: of all. `connection`: only tasks that use one of this name."""

    workspace: str | None = None
    environment: str | None = None
    name: str | None = None
    connection: str | None = None


class OfTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task with its last success; without `run` it never succeeded. The run may have been dropped from history."""

    name: str
    type: str
    number: int
    workspace: str
    environment: str
    run: RunId | None
    started_at: datetime | None
    ended_at: datetime | None
    rows: int | None
    total: int
    """How many there are on all pages."""


class OfConnection(msgspec.Struct, frozen=True, kw_only=True):
    """A connection, how many tasks use it, and the last success of one of them; without `run` none ever succeeded."""

    name: str
    type: str
    workspace: str
    environment: str
    tasks: int
    task: str | None
    task_type: str | None
    task_number: int | None
    run: RunId | None
    started_at: datetime | None
    ended_at: datetime | None
    rows: int | None
    total: int
    """How many there are on all pages."""


async def of_tasks(tx: Tx, viewer: SubjectId, wanted: Wanted, page: Page) -> tuple[list[OfTask], int]:
    """A page of tasks, and how many there are."""

    async def ask(limit: int, offset: int) -> list[OfTask]:
        places = wanted.workspace, wanted.environment
        return await fetch(
            tx, "successes/of_tasks", OfTask, viewer, *places, wanted.name, wanted.connection, limit, offset
        )

    return await _with_total(ask, page)


async def of_connections(tx: Tx, viewer: SubjectId, wanted: Wanted, page: Page) -> tuple[list[OfConnection], int]:
    """A page of connections, and how many there are."""

    async def ask(limit: int, offset: int) -> list[OfConnection]:
        places = wanted.workspace, wanted.environment
        return await fetch(tx, "successes/of_connections", OfConnection, viewer, *places, wanted.name, limit, offset)

    return await _with_total(ask, page)


class _Counted(Protocol):
    @property
    def total(self) -> int: ...


Row = TypeVar("Row", bound=_Counted)


async def _with_total(ask: Callable[[int, int], Awaitable[list[Row]]], page: Page) -> tuple[list[Row], int]:
    """Rows know how many there are; behind the last one, the first one is asked."""
    rows = await ask(page.limit, page.offset)
    counted: Sequence[Row] = rows if rows or not page.offset else await ask(1, 0)
    return rows, counted[0].total if counted else 0

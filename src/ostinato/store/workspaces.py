"""Statements about workspaces."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

from ostinato.core.access import Permission
from ostinato.core.ids import EnvironmentId, RunId, SubjectId, UserId, WorkspaceId
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.environments import DescribedEnvironment

Stage: TypeAlias = Literal["production", "test", "development"]
"""The stages by which tools that know only three environments name ours."""


class Workspace(msgspec.Struct, frozen=True):
    key: str
    name: str
    description: str | None


class NameAndKey(msgspec.Struct, frozen=True):
    key: str
    name: str


class Permitted(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace in an environment, and what somebody may do there."""

    environment: str
    key: str
    name: str
    permissions: list[Permission]


class DescribedWorkspace(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace as it is described to whoever may see it."""

    id: WorkspaceId
    key: str
    name: str
    description: str | None
    kind: Literal["custom", "shared", "personal"]
    owner: str | None
    owner_full_name: str | None
    protected: bool
    created_at: datetime
    changed_at: datetime
    environment: DescribedEnvironment


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace that something is put into, and what somebody may do there."""

    workspace: WorkspaceId
    key: str
    environment: EnvironmentId
    environment_name: str
    permissions: list[Permission]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace at a stage; without a workspace every one, without a stage any."""

    stage: Stage | None
    workspace: str | None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    limit: int
    offset: int


async def list_workspaces(tx: Tx, viewer: SubjectId, page: Page) -> list[Workspace]:
    return await fetch(tx, "workspaces/list", Workspace, viewer, page.limit, page.offset)


async def described(tx: Tx, viewer: SubjectId, *, manages: bool, id: int | None = None) -> list[DescribedWorkspace]:
    return await fetch(tx, "workspaces/described", DescribedWorkspace, viewer, manages, id)


async def target(tx: Tx, viewer: SubjectId, where: int | tuple[str, str]) -> Target | None:
    """By its id, or by an environment and its key there. None: there is no such workspace that they may see."""
    found = (where, None, None) if isinstance(where, int) else (None, *where)
    return await fetch_one(tx, "workspaces/target", Target, viewer, *found)


async def names_in(tx: Tx, environment: EnvironmentId) -> list[NameAndKey]:
    return await fetch(tx, "workspaces/names_in", NameAndKey, environment)


async def set_about(
    tx: Tx,
    workspace: WorkspaceId,
    name: str,
    description: str | None,
    owner: UserId | None,
    protected: bool,
    now: datetime,
) -> None:
    await execute(tx, "workspaces/set_about", workspace, name, description, owner, protected, now)


async def hold(tx: Tx, workspaces: Sequence[WorkspaceId]) -> None:
    """Nobody changes them, and no run is made anywhere, until the end of the transaction."""
    await execute(tx, "workspaces/hold", workspaces)
    await execute(tx, "workspaces/hold_runs")


async def used_elsewhere(tx: Tx, workspaces: Sequence[WorkspaceId]) -> str | None:
    """What of another workspace uses something of these, in words."""
    found: str | None = await fetch_value(tx, "workspaces/used_elsewhere", workspaces)
    return found


async def live_run(tx: Tx, workspaces: Sequence[WorkspaceId]) -> RunId | None:
    found: RunId | None = await fetch_value(tx, "workspaces/live_run", workspaces)
    return found


async def remove(tx: Tx, workspaces: Sequence[WorkspaceId]) -> list[str]:
    """With everything in them; the digests of what they had in the object store."""
    return [row["digest"] for row in await fetch(tx, "workspaces/remove", dict, workspaces)]


async def is_known(tx: Tx, viewer: SubjectId, place: Place) -> bool:
    return bool(await fetch_value(tx, "workspaces/is_known", viewer, place.stage, place.workspace))


async def permissions(tx: Tx, subject: SubjectId, page: Page) -> list[Permitted]:
    """Where somebody may do something, and what."""
    return await fetch(tx, "workspaces/permissions", Permitted, subject, page.limit, page.offset)

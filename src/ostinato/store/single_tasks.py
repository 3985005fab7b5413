"""Statements about tasks that programs list, make and change one at a time."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ostinato.core.artifacts import ArtifactParameter
from ostinato.core.definitions import Overlap
from ostinato.core.ids import (
    ArtifactId,
    ArtifactVersionId,
    ConnectionId,
    EnvironmentId,
    ResourceId,
    RunId,
    SubjectId,
    TaskId,
    WorkspaceId,
)
from ostinato.core.parameters import Parameter
from ostinato.core.retries import RetryPolicy
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.pauses import Pause
from ostinato.store.workspaces import DescribedWorkspace, Page


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which tasks; None: any. `type`: of those that are no artifact; `tags`: all of them."""

    environment: EnvironmentId | None = None
    workspace: WorkspaceId | None = None
    name: str | None = None
    artifact: ArtifactId | None = None
    type: str | None = None
    tags: tuple[str, ...] | None = None
    scheduled: tuple[str, ...] | None = None
    """By a trigger of one of these kinds of their own; `linked`: by a schedule; `none`: not at all."""


class ListedTask(msgspec.Struct, frozen=True):
    id: TaskId
    name: str
    type: str
    artifact: ArtifactId | None
    workspace: DescribedWorkspace
    pause: Pause | None


class Found(msgspec.Struct, frozen=True):
    """A page, and how many there are in all."""

    total: int
    items: list[ListedTask]


class UsedArtifact(msgspec.Struct, frozen=True):
    """What a task is made from; `version` is the newest one if the task takes whichever that is."""

    id: ArtifactId
    name: str
    type: str
    version: str
    newest: str


class UsedConnection(msgspec.Struct, frozen=True):
    id: ConnectionId
    type: str


class DescribedTask(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is defined of a task, and what somebody may do with it."""

    id: TaskId
    name: str
    description: str | None
    type: str
    version: int
    tags: tuple[str, ...]
    config: dict[str, Any]
    parameters: dict[str, Parameter]
    timeout_s: float | None
    run_timeout_s: float | None
    retries: RetryPolicy
    overlap: Overlap
    priority: int
    pool: str | None
    disabled: bool
    created_at: datetime
    workspace: DescribedWorkspace
    pause: Pause | None
    artifact: UsedArtifact | None
    connections: dict[str, UsedConnection]
    """By name."""
    resources: dict[str, ResourceId]
    """By name."""
    may_author: bool
    may_execute: bool


class PublishedVersion(msgspec.Struct, frozen=True):
    id: ArtifactVersionId
    version: str
    parameters: list[ArtifactParameter]


class OfferedArtifact(msgspec.Struct, frozen=True):
    """An artifact that tasks may be made from, with the version that was asked for if there is one of this name."""

    id: ArtifactId
    name: str
    type: str
    workspace: WorkspaceId
    key: str
    environment: EnvironmentId
    newest: str
    version: PublishedVersion | None


class Follower(msgspec.Struct, frozen=True):
    """A task that may move on to another version of its artifact."""

    id: TaskId
    name: str
    version: int
    config: dict[str, Any]
    parameters: dict[str, Parameter]
    workspace: str
    environment: str


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a task that moves on; it moves only if it still has this version."""

    id: TaskId
    version: int
    config: dict[str, Any]
    parameters: dict[str, Parameter]


async def list_tasks(tx: Tx, viewer: SubjectId, wanted: Wanted, page: Page) -> Found:
    found = await fetch_one(
        tx,
        "single_tasks/list",
        Found,
        viewer,
        wanted.environment,
        wanted.workspace,
        wanted.name,
        wanted.artifact,
        wanted.type,
        wanted.tags,
        wanted.scheduled,
        page.limit,
        page.offset,
    )
    assert found is not None, "a count is always there"
    return found


async def get(tx: Tx, viewer: SubjectId, task: int) -> DescribedTask | None:
    return await fetch_one(tx, "single_tasks/get", DescribedTask, task, viewer)


async def place(tx: Tx, viewer: SubjectId, workspace: int) -> DescribedWorkspace | None:
    return await fetch_one(tx, "single_tasks/place", DescribedWorkspace, viewer, workspace)


async def artifact(tx: Tx, viewer: SubjectId, artifact: int, version: str | None = None) -> OfferedArtifact | None:
    """With the newest version if none is named."""
    return await fetch_one(tx, "single_tasks/artifact", OfferedArtifact, viewer, artifact, version)


async def is_taken(tx: Tx, workspace: WorkspaceId, name: str) -> bool:
    return bool(await fetch_value(tx, "single_tasks/is_taken", workspace, name))


async def connections(tx: Tx, workspace: WorkspaceId, ids: Sequence[int]) -> dict[int, str]:
    """Names by id."""
    return {row["id"]: row["name"] for row in await fetch(tx, "single_tasks/connections", dict, workspace, ids)}


async def resources(tx: Tx, workspace: WorkspaceId, ids: Sequence[int]) -> dict[int, str]:
    """Names by id."""
    return {row["id"]: row["name"] for row in await fetch(tx, "single_tasks/resources", dict, workspace, ids)}


async def rename(tx: Tx, task: TaskId, old: str, new: str, now: datetime, *, new_version: bool) -> bool:
    """False: it is called otherwise already."""
    return await fetch_one(tx, "single_tasks/rename", dict, task, old, new, new_version, now) is not None


async def set_run_config(
    tx: Tx,
    task: TaskId,
    version: int,
    overlap: Overlap,
    timeout_s: float | None,
    config: dict[str, Any],
    now: datetime,
) -> bool:
    """False: it has changed."""
    found = await fetch_one(tx, "single_tasks/set_run_config", dict, task, version, overlap, timeout_s, config, now)
    return found is not None


async def hold(tx: Tx, task: TaskId) -> None:
    await execute(tx, "single_tasks/hold", task)


async def user_of(tx: Tx, task: TaskId) -> str | None:
    """What runs a task, in words."""
    found: str | None = await fetch_value(tx, "single_tasks/user_of", task)
    return found


async def live_run(tx: Tx, task: TaskId) -> RunId | None:
    found: RunId | None = await fetch_value(tx, "single_tasks/live_run", task)
    return found


async def delete(tx: Tx, task: TaskId, now: datetime) -> bool:
    """False: it has gone already."""
    if await fetch_one(tx, "single_tasks/delete", dict, task, now) is None:
        return False
    await execute(tx, "single_tasks/forget_resources", task)
    return True


async def has_followers(tx: Tx, workspace: WorkspaceId, artifact: str) -> bool:
    return bool(await fetch_value(tx, "single_tasks/has_followers", workspace, artifact))


async def followers(tx: Tx, artifact: ArtifactId) -> list[Follower]:
    return await fetch(tx, "single_tasks/followers", Follower, artifact)


async def upgrade(tx: Tx, moved: Sequence[Moved], to: ArtifactVersionId, now: datetime) -> list[TaskId]:
    """The tasks that have moved on; those that changed in the meantime are missing."""
    rows = await fetch(
        tx,
        "single_tasks/upgrade",
        dict,
        [one.id for one in moved],
        [one.version for one in moved],
        [one.config for one in moved],
        [one.parameters for one in moved],
        now,
    )
    done = [TaskId(row["id"]) for row in rows]
    await execute(tx, "single_tasks/use_version", done, to)
    return done

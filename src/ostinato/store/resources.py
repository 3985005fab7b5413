"""Statements about resources: files and folders that tasks get."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.core.access import Permission
from ostinato.core.ids import EnvironmentId, ResourceId, SubjectId, TaskId, WorkspaceId
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value
from ostinato.store.workspaces import DescribedWorkspace


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which resources; None: any. `part` is one of the name, in whatever case."""

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


class DescribedResource(msgspec.Struct, frozen=True, kw_only=True):
    id: ResourceId
    name: str
    description: str | None
    is_file: bool
    file_name: str | None
    digest: str
    size: int
    created_at: datetime
    changed_at: datetime
    workspace: DescribedWorkspace


class Page(msgspec.Struct, frozen=True, kw_only=True):
    items: list[DescribedResource]
    total: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A resource that nobody else changes or starts something with until the end of the transaction."""

    id: ResourceId
    name: str
    description: str | None
    is_file: bool
    digest: str
    workspace: WorkspaceId
    key: str
    environment: EnvironmentId
    environment_name: str
    permissions: list[Permission]


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the object store; `file_name` is what it was called where it came from."""

    digest: str
    size: int
    file_name: str | None


class KnownResource(msgspec.Struct, frozen=True):
    workspace: WorkspaceId
    name: str
    id: ResourceId


class Use(msgspec.Struct, frozen=True, kw_only=True):
    task: TaskId
    parameter: str
    resource: ResourceId


class Launched(msgspec.Struct, frozen=True):
    """A resource that an attempt begins with."""

    workspace: WorkspaceId
    name: str
    digest: str
    is_file: bool
    file_name: str | None


async def page(tx: Tx, viewer: SubjectId, wanted: Wanted) -> Page:
    w = wanted
    filters = (w.id, w.part, w.workspace, w.environment, w.name, w.key, w.environment_name)
    found = await fetch_one(tx, "resources/page", Page, viewer, *filters, w.limit, w.offset)
    assert found is not None, "it is one row"
    return found


async def hold(tx: Tx, viewer: SubjectId, resource: int) -> Held | None:
    return await fetch_one(tx, "resources/hold", Held, viewer, resource)


async def make(
    tx: Tx, workspace: WorkspaceId, name: str, description: str | None, is_file: bool, content: Content, now: datetime
) -> ResourceId | None:
    """None if another one has the name there."""
    about = (workspace, name, description, is_file)
    made: ResourceId | None = await fetch_value(
        tx, "resources/make", *about, content.file_name, content.digest, content.size, now
    )
    return made


async def set_about(
    tx: Tx, resource: ResourceId, workspace: WorkspaceId, name: str, description: str | None, now: datetime
) -> bool:
    """False if another one has the name there."""
    return await fetch_value(tx, "resources/set_about", resource, workspace, name, description, now) is not None


async def set_content(tx: Tx, resource: ResourceId, content: Content, now: datetime) -> None:
    await execute(tx, "resources/set_content", resource, content.digest, content.size, content.file_name, now)


async def user_of(tx: Tx, resource: ResourceId) -> str | None:
    """The name of a task that gets it."""
    found: str | None = await fetch_value(tx, "resources/user_of", resource)
    return found


async def is_at_work(tx: Tx, resource: ResourceId) -> bool:
    return bool(await fetch_value(tx, "resources/is_at_work", resource))


async def delete(tx: Tx, resource: ResourceId) -> None:
    """One that no task gets which is still there."""
    await execute(tx, "resources/forget_users", resource)
    await execute(tx, "resources/delete", resource)


async def known(tx: Tx, wanted: Sequence[tuple[WorkspaceId, str]]) -> list[KnownResource]:
    return await fetch(tx, "resources/known", KnownResource, [w for w, _ in wanted], [name for _, name in wanted])


async def names(tx: Tx, workspace: WorkspaceId, most: int) -> list[str]:
    return [row["name"] for row in await fetch(tx, "resources/names", dict, workspace, most)]


async def set_uses(tx: Tx, tasks: Sequence[TaskId], uses: Sequence[Use]) -> None:
    """What these tasks get from now on."""
    await execute(tx, "resources/forget_uses", tasks)
    if uses:
        rows = ([u.task for u in uses], [u.parameter for u in uses], [u.resource for u in uses])
        await execute(tx, "resources/keep_uses", *rows)


async def for_launch(tx: Tx, wanted: Sequence[tuple[WorkspaceId, str]]) -> list[Launched]:
    return await fetch(tx, "resources/for_launch", Launched, [w for w, _ in wanted], [name for _, name in wanted])

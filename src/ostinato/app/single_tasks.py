"""Tasks that programs list, make, change and delete one at a time.

What is made here is made from an artifact. Of a task that was defined otherwise only the name, the description and the
tags may be changed: programs that know artifacts only would lose the rest.
"""

from datetime import datetime
from typing import Any

import msgspec

from ostinato import plugins
from ostinato.app import audit, definition_edits, task_definitions, upgrades
from ostinato.app.application import App
from ostinato.app.task_definitions import About
from ostinato.core.access import Actor, Tenant
from ostinato.core.definition_changes import Action
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import TaskId
from ostinato.store import artifacts, definitions, environments, single_tasks
from ostinato.store.audit import Entry
from ostinato.store.db import Raced, Tx
from ostinato.store.single_tasks import DescribedTask, Follower, Found, Wanted
from ostinato.store.workspaces import DescribedWorkspace, Page

__all__ = ["About", "create", "delete", "get", "list_tasks", "replace", "search", "type_names", "upgrade"]


def type_names() -> tuple[str, ...]:
    """The types that tasks may have."""
    return plugins.task_type_names()


async def list_tasks(app: App, actor: Actor, wanted: Wanted, page: Page) -> Found:
    """What is wanted of a place or an artifact that is not there, or may not be seen, is nothing."""
    async with app.db.reading() as tx:
        return await single_tasks.list_tasks(tx, actor.subject, wanted, page)


async def search(app: App, actor: Actor, wanted: Wanted, page: Page) -> Found:
    """The same, but raises NotFound for a place or an artifact that is not there, or may not be seen."""
    async with app.db.reading() as tx:
        found = await single_tasks.list_tasks(tx, actor.subject, wanted, page)
        if not found.total:
            await _require_known(tx, actor, wanted)
    return found


async def get(app: App, actor: Actor, task: int) -> DescribedTask:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return await described(tx, actor, task)


async def create(
    app: App, actor: Actor, workspace: int, environment: int, about: About, now: datetime
) -> DescribedTask:
    """Raises Invalid, Forbidden, and Conflict if the name is taken."""

    async def work(tx: Tx) -> DescribedTask:
        await definitions.lock(tx)
        place = await _place(tx, actor, workspace, environment)
        await _require_free(tx, place, about.name)
        task = await task_definitions.new(tx, actor, place, about)
        kept = await definition_edits.put(app, tx, actor, (place.environment.name, place.key), task, now)
        return await described(tx, actor, kept.rows.task_ids[task.name])

    return await app.db.run(work)


async def replace(app: App, actor: Actor, task: int, workspace: int, about: About, now: datetime) -> DescribedTask:
    """Everything that can be said here is as it is said; what cannot be said stays.

    Raises NotFound, Forbidden, Invalid, and Conflict if the name is taken or needed, or if it is no artifact and more
    than its words would change.
    """

    async def work(tx: Tx) -> DescribedTask:
        before = await _for_author(tx, actor, task)
        place = before.workspace
        if place.id != workspace:
            message = f"the task is in the workspace {place.name!r}, and stays there: send its id"
            raise Invalid(Problem(path="workspace", message=message))
        if about.name != before.name:
            await _require_free(tx, place, about.name)
            await _require_unnamed(tx, before)
        changed = await task_definitions.changed(tx, actor, before, about)
        kept = await definition_edits.put(app, tx, actor, (place.environment.name, place.key), changed, now)
        if about.name != before.name:
            await _rename(tx, actor, before, about.name, now, new_version=kept.action is Action.LEFT)
        return await described(tx, actor, before.id)

    return await app.db.run(work)


async def upgrade(app: App, actor: Actor, task: int, now: datetime, *, wanted: bool, force: bool) -> None:
    """Move a task on to the newest version of its artifact if that is `wanted`; without `force` only if it takes
    versions by itself.

    Raises NotFound, Forbidden, and Conflict if it is no artifact, or if the version needs what the task does not have.
    """

    async def work(tx: Tx) -> None:
        before = await _for_author(tx, actor, task)
        if not wanted:
            return
        if before.artifact is None:
            raise Conflict(f"{before.name!r} is a task of type {before.type}, not an artifact: it has no versions")
        if before.artifact.version == before.artifact.newest or not (force or before.config.get("auto_upgrade")):
            return
        offered = await single_tasks.artifact(tx, actor.subject, before.artifact.id)
        if offered is None or offered.version is None:
            raise Forbidden(f"Upgrading {before.name!r} needs the permission VIEW in the workspace of its artifact")
        refused = await upgrades.upgrade(tx, actor, [_follower(before)], offered.version, now)
        if before.id in refused:
            message = f"{before.name!r} cannot take version {offered.version.version}: {refused[before.id]}"
            raise Conflict(message)

    await app.db.run(work)


async def delete(app: App, actor: Actor, task: int, now: datetime) -> None:
    """Its runs are still told of. Raises NotFound, Forbidden, and Conflict while something runs it."""

    async def work(tx: Tx) -> None:
        gone = await _for_author(tx, actor, task)
        await single_tasks.hold(tx, gone.id)
        if (user := await single_tasks.user_of(tx, gone.id)) is not None:
            raise Conflict(f"The task {gone.name!r} is used by {user}: take it out there first")
        if (run := await single_tasks.live_run(tx, gone.id)) is not None:
            raise Conflict(f"Run {run} of the task {gone.name!r} has not ended: wait for it, or cancel it")
        await artifacts.set_uses(tx, [gone.id], [])
        if not await single_tasks.delete(tx, gone.id, now):
            raise Raced
        before = {"type": gone.type, "description": gone.description, "version": gone.version}
        await audit.record(tx, actor, now, entry(gone, "delete", before=before))

    await app.db.run(work)


async def described(tx: Tx, actor: Actor, task: int) -> DescribedTask:
    """Raises NotFound."""
    found = await single_tasks.get(tx, actor.subject, task)
    if found is None:
        raise NotFound("Task", task)
    return found


def entry(task: DescribedTask, action: str, **more: dict[str, Any]) -> Entry:
    """What is recorded of a change."""
    place = task.workspace
    return Entry(
        action=action,
        kind="task",
        target=task.name,
        environment=place.environment.name,
        workspace=place.key,
        **more,
    )


async def _for_author(tx: Tx, actor: Actor, task: int) -> DescribedTask:
    """A task to be changed, while nobody else changes definitions. Raises NotFound, Forbidden."""
    await definitions.lock(tx)
    found = await described(tx, actor, task)
    if not found.may_author:
        raise Forbidden(f"Changing the task {found.name!r} needs the permission AUTHOR in its workspace")
    return found


async def _place(tx: Tx, actor: Actor, workspace: int, environment: int) -> DescribedWorkspace:
    place = await single_tasks.place(tx, actor.subject, workspace)
    if place is None:
        raise Invalid(Problem(path="workspace", message="there is no such workspace, or you may not see it"))
    if place.environment.id != environment:
        message = f"the workspace {place.name!r} is in another environment: send the id of its own"
        raise Invalid(Problem(path="environment", message=message))
    return place


async def _require_free(tx: Tx, place: DescribedWorkspace, name: str) -> None:
    if await single_tasks.is_taken(tx, place.id, name):
        raise Conflict(f"There is a task {name!r} in the workspace {place.name!r} already: choose another name")


async def _require_unnamed(tx: Tx, task: DescribedTask) -> None:
    """The config of a task that consists of others has their names."""
    user = await single_tasks.user_of(tx, task.id)
    if user is not None and user.startswith("the task"):
        raise Conflict(f"The task {task.name!r} is named by {user}: it keeps its name")


async def _require_known(tx: Tx, actor: Actor, wanted: Wanted) -> None:
    viewer = actor.subject
    if wanted.environment is not None and not await environments.described(
        tx, viewer, manages=actor.may(Tenant.ENVIRONMENTS), id=wanted.environment
    ):
        raise NotFound("Environment", wanted.environment)
    if wanted.workspace is not None and await single_tasks.place(tx, viewer, wanted.workspace) is None:
        raise NotFound("Workspace", wanted.workspace)
    if wanted.artifact is not None and await single_tasks.artifact(tx, viewer, wanted.artifact) is None:
        raise NotFound("Artifact", wanted.artifact)


async def _rename(tx: Tx, actor: Actor, task: DescribedTask, name: str, now: datetime, *, new_version: bool) -> None:
    if not await single_tasks.rename(tx, task.id, task.name, name, now, new_version=new_version):
        raise Raced
    renamed = msgspec.structs.replace(task, name=name)
    await audit.record(tx, actor, now, entry(renamed, "rename", before={"name": task.name}, after={"name": name}))


def _follower(task: DescribedTask) -> Follower:
    return Follower(
        id=TaskId(task.id),
        name=task.name,
        version=task.version,
        config=task.config,
        parameters=task.parameters,
        workspace=task.workspace.key,
        environment=task.workspace.environment.name,
    )

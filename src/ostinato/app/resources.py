"""Resources: files, and folders that come as zips, which the runs of tasks get copies of.

Their content is in the object store under its digest, put there and taken out as that of artifacts (see `artifacts`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from ostinato import archives
from ostinato.app import artifacts, audit, objects, targets
from ostinato.app.application import App
from ostinato.core.access import Actor, Permission
from ostinato.core.definitions import Place
from ostinato.core.errors import Conflict, Invalid, NotFound, Problem
from ostinato.core.resources import file_name as usable_name
from ostinato.core.wording import name_problems
from ostinato.store import artifacts as contents
from ostinato.store import definitions, resources
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.objects import Incoming
from ostinato.store.resources import Content, DescribedResource, Held, Page, Wanted
from ostinato.store.workspaces import Target

LONGEST_DESCRIPTION = 10_000


Done = TypeVar("Done")


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be added; `is_file` False: a folder, which comes as a zip."""

    workspace: int | Place
    name: str
    description: str | None = None
    is_file: bool = True
    file_name: str | None = None


async def list_resources(app: App, actor: Actor, wanted: Wanted) -> Page:
    """Raises NotFound for a workspace or an environment that the actor may not see."""
    async with app.db.reading() as tx:
        page = await resources.page(tx, actor.subject, wanted)
        if not page.total:
            await targets.require_visible(tx, actor, wanted.workspace, wanted.environment)
    return page


async def get(app: App, actor: Actor, resource: int) -> DescribedResource:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return await _get(tx, actor, resource)


def receiving(app: App) -> AbstractContextManager[Incoming]:
    """A place for content that comes in."""
    return objects.store_of(app).incoming()


async def require_may_add(app: App, actor: Actor, wish: Wish) -> None:
    """Asked before anything large is taken in, if it is known by then. Raises Invalid, NotFound, Forbidden."""
    _check(wish.name, wish.description)
    async with app.db.reading() as tx:
        await _target(tx, actor, wish.workspace)


async def require_may_replace(app: App, actor: Actor, resource: int) -> None:
    """The same of new content. Raises NotFound, Forbidden."""
    async with app.db.transaction() as tx:
        await _hold(tx, actor, resource, "Replacing a resource")


async def add(app: App, actor: Actor, incoming: Incoming, wish: Wish, now: datetime) -> DescribedResource:
    """Raises Invalid, NotFound (of the workspace), Forbidden, Conflict."""
    _check(wish.name, wish.description)
    await _complete(incoming, wish.is_file)
    content = _content(incoming, wish.file_name)

    async def work(tx: Tx) -> DescribedResource:
        target = await _target(tx, actor, wish.workspace)
        await contents.lock_content(tx, content.digest)
        made = await resources.make(tx, target.workspace, wish.name, wish.description, wish.is_file, content, now)
        if made is None:
            raise _taken(wish.name)
        await asyncio.to_thread(objects.store_of(app).keep, incoming)  # again, if it was removed meanwhile
        after = {"description": wish.description, "file": wish.is_file, **_said(content)}
        await audit.record(tx, actor, now, _entry("create", wish.name, target, after=after))
        return await _get(tx, actor, made)

    return await _kept(app, incoming, work)


async def change(
    app: App, actor: Actor, resource: int, name: str | None, description: str | None, now: datetime
) -> None:
    """What is None stays. Raises Invalid, NotFound, Forbidden, Conflict."""
    _check(name or "name", description)

    async def work(tx: Tx) -> None:
        held = await _hold(tx, actor, resource, "Changing a resource")
        new_name = held.name if name is None else name
        new_description = held.description if description is None else description
        if new_name != held.name:
            await _require_unused(tx, held, "give it no other name")
        if (new_name, new_description) == (held.name, held.description):
            return
        if not await resources.set_about(tx, held.id, held.workspace, new_name, new_description, now):
            raise _taken(new_name)
        before = {"name": held.name, "description": held.description}
        after = {"name": new_name, "description": new_description}
        await audit.record(tx, actor, now, _entry("change", held.name, held, before=before, after=after))

    await app.db.run(work)


async def replace(
    app: App, actor: Actor, resource: int, incoming: Incoming, file_name: str | None, now: datetime
) -> None:
    """Other content: runs that begin from now on get it. Raises Invalid, NotFound, Forbidden."""
    async with app.db.reading() as tx:
        is_file = (await _get(tx, actor, resource)).is_file
    await _complete(incoming, is_file)
    content = _content(incoming, file_name)

    async def work(tx: Tx) -> list[str]:
        held = await _hold(tx, actor, resource, "Replacing a resource")
        await contents.lock_content(tx, content.digest)
        await resources.set_content(tx, held.id, content, now)
        await asyncio.to_thread(objects.store_of(app).keep, incoming)  # again, if it was removed meanwhile
        before, after = {"sha256": held.digest}, _said(content)
        await audit.record(tx, actor, now, _entry("replace", held.name, held, before=before, after=after))
        # A run that has just begun still needs what was there before; a later sweep takes that out.
        return [] if await resources.is_at_work(tx, held.id) else [held.digest]

    await artifacts.drop_unused(app, await _kept(app, incoming, work))


async def move(app: App, actor: Actor, resource: int, workspace: int, now: datetime) -> DescribedResource:
    """Into another workspace of the same environment. Raises Invalid, NotFound, Forbidden, Conflict."""

    async def work(tx: Tx) -> DescribedResource:
        held = await _hold(tx, actor, resource, "Moving a resource")
        needed = Permission.AUTHOR
        target = await targets.find_beside(tx, actor, workspace, held.environment, needed, "Moving a resource")
        if target.workspace != held.workspace:
            await _require_unused(tx, held, "it cannot be moved")
            if not await resources.set_about(tx, held.id, target.workspace, held.name, held.description, now):
                raise _taken(held.name)
            before, after = {"workspace": held.key}, {"workspace": target.key}
            await audit.record(tx, actor, now, _entry("move", held.name, held, before=before, after=after))
        return await _get(tx, actor, held.id)

    return await app.db.run(work)


async def delete(app: App, actor: Actor, resource: int, now: datetime) -> None:
    """Raises NotFound, Forbidden, and Conflict while a task uses it."""

    async def work(tx: Tx) -> list[str]:
        held = await _hold(tx, actor, resource, "Deleting a resource")
        await _require_unused(tx, held, "it cannot be deleted")
        await resources.delete(tx, held.id)
        await audit.record(tx, actor, now, _entry("delete", held.name, held, before={"sha256": held.digest}))
        return [held.digest]

    await artifacts.drop_unused(app, await app.db.run(work))


async def _kept(app: App, incoming: Incoming, work: Callable[[Tx], Awaitable[Done]]) -> Done:
    """Do the work that says that something has this content; if it fails, nothing is left of that."""
    try:
        await objects.keep(app, incoming)  # before the transaction, which would have to wait for a store that is far
        return await app.db.run(work)
    except Exception:
        await artifacts.drop_unused(app, [incoming.digest])
        raise


async def _complete(incoming: Incoming, is_file: bool) -> None:
    """Nothing more comes; a folder is looked through. Raises Invalid."""

    def look_through() -> None:
        incoming.complete()
        if not is_file:
            with incoming.path.open("rb") as file, archives.opened(file) as archive:
                archive.verify()

    await asyncio.to_thread(look_through)


def _content(incoming: Incoming, file_name: str | None) -> Content:
    return Content(digest=incoming.digest, size=incoming.size, file_name=usable_name(file_name))


def _check(name: str, description: str | None) -> None:
    problems = name_problems("name", name)
    if description is not None and (len(description) > LONGEST_DESCRIPTION or "\x00" in description):
        message = f"write at most {LONGEST_DESCRIPTION:,} characters, without NUL"
        problems.append(Problem(path="description", message=message))
    if problems:
        raise Invalid(*problems)


async def _target(tx: Tx, actor: Actor, where: int | Place) -> Target:
    return await targets.find(tx, actor, where, Permission.AUTHOR, "Adding a resource")


async def _hold(tx: Tx, actor: Actor, resource: int, what: str) -> Held:
    """No task begins or stops getting it until the end of the transaction. Raises NotFound, Forbidden."""
    await definitions.lock(tx)
    held = await resources.hold(tx, actor.subject, resource)
    if held is None:
        raise NotFound("Resource", resource)
    targets.require(held.permissions, Permission.AUTHOR, held.key, what)
    return held


async def _require_unused(tx: Tx, held: Held, otherwise: str) -> None:
    if (task := await resources.user_of(tx, held.id)) is not None:
        raise Conflict(f"The resource {held.name!r} is used by the task {task!r}: {otherwise}")


async def _get(tx: Tx, actor: Actor, resource: int) -> DescribedResource:
    page = await resources.page(tx, actor.subject, Wanted(id=resource))
    if not page.items:
        raise NotFound("Resource", resource)
    return page.items[0]


def _said(content: Content) -> dict[str, Any]:
    return {"sha256": content.digest, "size": content.size, "file_name": content.file_name}


def _entry(action: str, name: str, where: Held | Target, **more: dict[str, Any]) -> Entry:
    return Entry(
        action=action,
        kind="resource",
        target=name,
        environment=where.environment_name,
        workspace=where.key,
        **more,
    )


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a resource {name!r} in this workspace already: choose another name")

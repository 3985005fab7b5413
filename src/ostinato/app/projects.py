"""Projects: where the sources of artifacts are kept, and who may work on them.

Whoever has the permission PEOPLE or ENVIRONMENTS makes projects and sees all of them. The owner of a project changes it
and says who may work on it; those who may, themselves or through a group, see it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from ostinato.app import audit, members
from ostinato.app.application import App
from ostinato.core.access import Actor, Tenant
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import GroupId, UserId
from ostinato.core.projects import label_of, wrong_with_url
from ostinato.core.wording import name_problems
from ostinato.store import projects, users
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.projects import NewProject, Project, ProjectPage, Viewer, WantedProjects
from ostinato.store.users import FoundGroup, FoundUser

T = TypeVar("T")
NOT_YOURS = "Only its owner changes a project, or somebody with the permission PEOPLE or ENVIRONMENTS"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a project; what is None stays. `owner` is the name of a user."""

    description: str | None = None
    url: str | None = None
    owner: str | None = None


async def list_projects(app: App, actor: Actor, wanted: WantedProjects) -> ProjectPage:
    async with app.db.reading() as tx:
        return await projects.page(tx, _viewer(actor), wanted)


async def get(app: App, actor: Actor, project: int) -> Project:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return await _get(tx, actor, project)


async def create(app: App, actor: Actor, name: str, about: About, now: datetime) -> Project:
    """Raises Forbidden, Invalid, Conflict."""
    if not _manages(actor):
        raise Forbidden("Making a project needs the permission PEOPLE or ENVIRONMENTS: ask an administrator")
    if problems := [*name_problems("name", name), *_problems(about)]:
        raise Invalid(*problems)
    async with app.db.transaction() as tx:
        new = NewProject(
            name=name,
            label=label_of(name),
            description=about.description,
            url=about.url or "",
            owner=await _owner(tx, about.owner or actor.name),
            author=actor.user,
        )
        made = await projects.make(tx, new, now)
        if made is None:
            raise Conflict(
                f"There is a project {name!r} or one with the label {new.label} already: choose another name"
            )
        project = await _get(tx, actor, made)
        await audit.record(tx, actor, now, _entry("create", project, after=_said(project)))
        return project


async def change(app: App, actor: Actor, project: int, about: About, now: datetime) -> Project:
    """Raises Forbidden, Invalid, NotFound."""
    if problems := _problems(about):
        raise Invalid(*problems)

    async def work(tx: Tx, before: Project) -> Project:
        owner = await _owner(tx, about.owner) if about.owner is not None else None
        await projects.change(tx, before.id, about.description, about.url, owner, now)
        found = await projects.page(tx, Viewer(user=None, manages=True), WantedProjects(id=before.id))
        await members.record_change(tx, actor, now, "project", before.name, _said(before), _said(found.items[0]))
        return found.items[0]

    return await _changing(app, actor, project, work)


async def remove(app: App, actor: Actor, project: int, now: datetime) -> None:
    """Raises Forbidden, NotFound."""

    async def work(tx: Tx, before: Project) -> None:
        await projects.remove(tx, before.id)
        await audit.record(tx, actor, now, _entry("delete", before, before=_said(before)))

    await _changing(app, actor, project, work)


async def list_users(app: App, actor: Actor, project: int) -> list[UserId]:
    """Who may work on it by themselves; raises NotFound."""
    async with app.db.transaction() as tx:
        return await projects.users(tx, (await _get(tx, actor, project)).id)


async def list_groups(app: App, actor: Actor, project: int) -> list[GroupId]:
    """Whose members may work on it; raises NotFound."""
    async with app.db.transaction() as tx:
        return await projects.groups(tx, (await _get(tx, actor, project)).id)


async def add_user(app: App, actor: Actor, project: int, who: int | str, now: datetime) -> None:
    """Raises Forbidden, NotFound, Conflict."""

    async def work(tx: Tx, held: Project) -> None:
        user = await members.find(tx, who)
        if not await projects.add_user(tx, held.id, user.id):
            raise Conflict(f"Authorization already exists: {user.name!r} may work on {held.name!r}")
        await audit.record(tx, actor, now, _entry("authorise", held, after={"user": user.name}))

    await _changing(app, actor, project, work)


async def add_group(app: App, actor: Actor, project: int, which: int | str, now: datetime) -> None:
    """Raises Forbidden, NotFound, Conflict."""

    async def work(tx: Tx, held: Project) -> None:
        group = await members.find_group(tx, which)
        if not await projects.add_group(tx, held.id, group.id):
            raise Conflict(f"Authorization already exists: the group {group.name!r} may work on {held.name!r}")
        await audit.record(tx, actor, now, _entry("authorise", held, after={"group": group.name}))

    await _changing(app, actor, project, work)


async def remove_user(app: App, actor: Actor, project: int, who: int | str, now: datetime) -> None:
    """Raises Forbidden, and NotFound also if there is no such authorisation."""

    async def work(tx: Tx, held: Project) -> None:
        user: FoundUser = await members.find(tx, who)
        if not await projects.remove_user(tx, held.id, user.id):
            raise NotFound("Authorization of", user.name)
        await audit.record(tx, actor, now, _entry("revoke", held, before={"user": user.name}))

    await _changing(app, actor, project, work)


async def remove_group(app: App, actor: Actor, project: int, which: int | str, now: datetime) -> None:
    """Raises Forbidden, and NotFound also if there is no such authorisation."""

    async def work(tx: Tx, held: Project) -> None:
        group: FoundGroup = await members.find_group(tx, which)
        if not await projects.remove_group(tx, held.id, group.id):
            raise NotFound("Authorization of the group", group.name)
        await audit.record(tx, actor, now, _entry("revoke", held, before={"group": group.name}))

    await _changing(app, actor, project, work)


async def _changing(app: App, actor: Actor, project: int, work: Callable[[Tx, Project], Awaitable[T]]) -> T:
    """Work on a project that the actor may change, and that nobody else changes meanwhile."""

    async def held(tx: Tx) -> T:
        await projects.hold(tx, project)
        found = await _get(tx, actor, project)
        # A limited credential may not do what somebody may as an owner: its scopes say nothing of projects.
        if not _manages(actor) and (actor.user != found.owner_id or actor.is_limited):
            raise Forbidden(NOT_YOURS)
        return await work(tx, found)

    return await app.db.run(held)


async def _get(tx: Tx, actor: Actor, project: int) -> Project:
    found = await projects.page(tx, _viewer(actor), WantedProjects(id=project))
    if not found.items:
        raise NotFound("Project", project)
    return found.items[0]


def _viewer(actor: Actor) -> Viewer:
    """A credential for single workspaces sees no projects, which are in none."""
    return Viewer(user=None if actor.workspaces is not None else actor.user, manages=_manages(actor))


def _manages(actor: Actor) -> bool:
    return actor.may(Tenant.PEOPLE) or actor.may(Tenant.ENVIRONMENTS)


async def _owner(tx: Tx, name: str) -> UserId:
    owner = await users.find(tx, name)
    if owner is None:
        raise Invalid(Problem(path="owner", message=f"there is no user {name!r}: write the name they sign in with"))
    return owner.id


def _problems(about: About) -> list[Problem]:
    wrong = wrong_with_url(about.url) if about.url is not None else None
    return [Problem(path="url", message=wrong)] if wrong is not None else []


def _said(project: Project) -> dict[str, Any]:
    return {"description": project.description, "url": project.url, "owner": project.owner}


def _entry(
    action: str, project: Project, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> Entry:
    return Entry(action=action, kind="project", target=project.name, before=before, after=after)

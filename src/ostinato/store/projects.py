"""Statements about projects, and who may work on them."""

from datetime import datetime

import msgspec

from ostinato.core.ids import GroupId, ProjectId, UserId
from ostinato.store.db import Tx, fetch_one, fetch_value


class Viewer(msgspec.Struct, frozen=True, kw_only=True):
    """Who looks for projects: a user, who sees those that are theirs, or somebody who sees all of them."""

    user: UserId | None
    manages: bool


class WantedProjects(msgspec.Struct, frozen=True, kw_only=True):
    """Which projects; None: any. `name` is a part of it, in any case."""

    id: int | None = None
    name: str | None = None
    limit: int = 1
    offset: int = 0


class Project(msgspec.Struct, frozen=True, kw_only=True):
    id: ProjectId
    name: str
    label: str
    description: str | None
    url: str
    author: str
    owner: str
    owner_id: UserId
    created_at: datetime
    changed_at: datetime


class ProjectPage(msgspec.Struct, frozen=True):
    """`total` counts what there is beside this page as well."""

    total: int
    items: list[Project]


class NewProject(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    label: str
    description: str | None
    url: str
    owner: UserId
    author: UserId


async def page(tx: Tx, viewer: Viewer, wanted: WantedProjects) -> ProjectPage:
    w = wanted
    found = await fetch_one(
        tx, "projects/page", ProjectPage, viewer.user, viewer.manages, w.id, w.name, w.limit, w.offset
    )
    assert found is not None, "one row, whatever there is"
    return found


async def hold(tx: Tx, project: int) -> None:
    """Nobody changes it until the end of the transaction."""
    await fetch_value(tx, "projects/hold", project)


async def make(tx: Tx, new: NewProject, now: datetime) -> ProjectId | None:
    """None: the name or the label is taken."""
    sent = (new.name, new.label, new.description, new.url, new.owner, new.author)
    made: ProjectId | None = await fetch_value(tx, "projects/make", *sent, now)
    return made


async def change(
    tx: Tx, project: ProjectId, description: str | None, url: str | None, owner: UserId | None, now: datetime
) -> None:
    """What is None stays."""
    await fetch_value(tx, "projects/change", project, description, url, owner, now)


async def remove(tx: Tx, project: ProjectId) -> None:
    await fetch_value(tx, "projects/remove", project)


async def users(tx: Tx, project: ProjectId) -> list[UserId]:
    found: list[UserId] = await fetch_value(tx, "projects/users", project)
    return found


async def groups(tx: Tx, project: ProjectId) -> list[GroupId]:
    found: list[GroupId] = await fetch_value(tx, "projects/groups", project)
    return found


async def add_user(tx: Tx, project: ProjectId, user: UserId) -> bool:
    """False: they may work on it already."""
    return await fetch_value(tx, "projects/add_user", project, user) is not None


async def add_group(tx: Tx, project: ProjectId, group: GroupId) -> bool:
    """False: its members may work on it already."""
    return await fetch_value(tx, "projects/add_group", project, group) is not None


async def remove_user(tx: Tx, project: ProjectId, user: UserId) -> bool:
    """False: they had no authorisation."""
    return await fetch_value(tx, "projects/remove_user", project, user) is not None


async def remove_group(tx: Tx, project: ProjectId, group: GroupId) -> bool:
    """False: it had no authorisation."""
    return await fetch_value(tx, "projects/remove_group", project, group) is not None

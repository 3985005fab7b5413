"""Workspaces: who may look into which; described, made, changed, removed with everything in them."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import msgspec

from ostinato.app import artifacts, audit
from ostinato.app.application import App
from ostinato.core.access import Actor, Permission, Tenant
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import EnvironmentId, RunId, UserId, WorkspaceId
from ostinato.core.wording import name_problems
from ostinato.store import definitions, environments, users, workspaces
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.workspaces import DescribedWorkspace, Page, Place, Workspace

LONGEST_KEY = 63
PLAIN_KEY = "workspace"
"""Of a name without any letter or digit of the alphabet that keys are made of."""
RESERVED = "all"
Said: TypeAlias = dict[str, str | bool | None]


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a workspace; `owner` is the name of a user."""

    name: str
    description: str | None = None
    owner: str | None = None
    protected: bool = False


async def list_workspaces(app: App, actor: Actor, page: Page) -> list[Workspace]:
    """The workspaces the actor may see at any of the three stages, each key once."""
    async with app.db.reading() as tx:
        return await workspaces.list_workspaces(tx, actor.subject, page)


async def list_described(app: App, actor: Actor) -> list[DescribedWorkspace]:
    """Those of every environment: all for whoever manages environments, for others those that they may see."""
    async with app.db.reading() as tx:
        return await workspaces.described(tx, actor.subject, manages=actor.may(Tenant.ENVIRONMENTS))


async def create(app: App, actor: Actor, environment: int, about: About, now: datetime) -> DescribedWorkspace:
    """Its owner, the actor if none is named, may do everything there. Raises Forbidden, Invalid, NotFound, Conflict."""
    actor.require(Tenant.ENVIRONMENTS)
    if wrong := problems(about, "name"):
        raise Invalid(*wrong)

    async def work(tx: Tx) -> DescribedWorkspace:
        await users.lock(tx)
        await definitions.lock(tx)
        found = await environments.described(tx, actor.subject, manages=True, id=environment)
        if not found:
            raise NotFound("Environment", environment)
        made = await make(tx, actor, found[0].id, found[0].name, about, now)
        return await _get(tx, actor, made)

    return await app.db.run(work)


async def make(
    tx: Tx, actor: Actor, environment: EnvironmentId, environment_name: str, about: About, now: datetime
) -> WorkspaceId:
    """A workspace in an environment that is held, with the rights of its owner. Raises Invalid, Conflict."""
    owner, owner_name = await _owner(tx, about.owner or actor.name)
    taken = await workspaces.names_in(tx, environment)
    if any(one.name == about.name for one in taken):
        raise _taken(about)
    key = key_for(about.name, {one.key for one in taken})
    made = await definitions.make_workspace(tx, environment, key, about.name, about.description, owner, now)
    await users.grant(tx, owner, key, environment_name, list(Permission))
    after: Said = {"name": about.name, "description": about.description, "owner": owner_name}
    await audit.record(tx, actor, now, _entry("create", environment_name, key, after=after))
    return made


async def change(app: App, actor: Actor, workspace: int, about: About, now: datetime) -> None:
    """What is left out of description and owner stays. Raises Forbidden, Invalid, NotFound, Conflict."""
    actor.require(Tenant.ENVIRONMENTS)
    if wrong := problems(about, "name"):
        raise Invalid(*wrong)

    async def work(tx: Tx) -> None:
        await users.lock(tx)
        await definitions.lock(tx)
        before = await _get(tx, actor, workspace)
        if any(one.name == about.name and one.key != before.key for one in await _names(tx, before)):
            raise _taken(about)
        name = about.owner or before.owner
        owner = (await _owner(tx, name))[0] if name is not None else None
        description = before.description if about.description is None else about.description
        await workspaces.set_about(tx, before.id, about.name, description, owner, about.protected, now)
        if owner is not None and name != before.owner:
            await users.grant(tx, owner, before.key, before.environment.name, list(Permission))
        said = {"name": about.name, "description": description, "owner": name, "protected": about.protected}
        await audit.record(tx, actor, now, _entry("change", before.environment.name, before.key, _said(before), said))

    await app.db.run(work)


async def remove(app: App, actor: Actor, workspace: int, now: datetime) -> None:
    """With everything in it and the rights there. Raises Forbidden, NotFound, and Conflict if something needs it."""
    actor.require(Tenant.ENVIRONMENTS)

    async def work(tx: Tx) -> Sequence[str]:
        await users.lock(tx)
        await definitions.lock(tx)
        gone = await _get(tx, actor, workspace)
        if gone.kind != "custom":
            raise Conflict(f"The workspace {gone.name!r} is {gone.kind}: only custom workspaces can be removed")
        if (user := await workspaces.used_elsewhere(tx, [gone.id])) is not None:
            raise Conflict(f"The workspace {gone.name!r} is in use: {user}")
        if (run := await live_run(tx, [gone.id])) is not None:
            raise Conflict(f"Run {run} of this workspace has not ended: wait for it, or cancel it")
        digests = await remove_all(tx, [gone.id])
        await audit.record(tx, actor, now, _entry("delete", gone.environment.name, gone.key, before=_said(gone)))
        return digests

    await artifacts.drop_unused(app, await app.db.run(work))


async def live_run(tx: Tx, inside: Sequence[WorkspaceId]) -> RunId | None:
    """A run in these workspaces that has not ended; none is started from here on until the end of the transaction."""
    await workspaces.hold(tx, inside)
    return await workspaces.live_run(tx, inside)


async def remove_all(tx: Tx, gone: Sequence[WorkspaceId]) -> Sequence[str]:
    """The digests of what they had in the object store."""
    return await workspaces.remove(tx, gone)


async def require_known(tx: Tx, actor: Actor, place: Place) -> None:
    """Raise Forbidden unless the actor may look into this place.

    The words are the same whether the workspace is somebody else's or does not exist. Asked only when nothing was
    found, so that an answer that has something in it costs one statement.
    """
    if place.workspace is not None and not await workspaces.is_known(tx, actor.subject, place):
        raise no_access(place.workspace)


def no_access(workspace: str) -> Forbidden:
    return Forbidden(f"You have no access to a workspace {workspace!r} in this environment")


def problems(about: About, field: str) -> list[Problem]:
    """What is wrong with what is said of a workspace; `field` is where its name was sent."""
    return name_problems(field, about.name)


def key_for(name: str, taken: set[str]) -> str:
    """A key made of a name: small letters, digits and dashes, with a number if another workspace has it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: LONGEST_KEY - 8].rstrip("-") or PLAIN_KEY
    key, number = base, 1
    while key in taken or key == RESERVED:
        number += 1
        key = f"{base}-{number}"
    return key


async def _get(tx: Tx, actor: Actor, workspace: int) -> DescribedWorkspace:
    found = await workspaces.described(tx, actor.subject, manages=actor.may(Tenant.ENVIRONMENTS), id=workspace)
    if not found:
        raise NotFound("Workspace", workspace)
    return found[0]


async def _names(tx: Tx, workspace: DescribedWorkspace) -> list[workspaces.NameAndKey]:
    return await workspaces.names_in(tx, workspace.environment.id)


async def _owner(tx: Tx, name: str) -> tuple[UserId, str]:
    owner = await users.get(tx, name)
    if owner is None:
        raise Invalid(Problem(path="owner", message=f"there is no user {name!r}: write the name they sign in with"))
    return owner.id, owner.name


def _taken(about: About) -> Conflict:
    return Conflict(f"There is a workspace {about.name!r} in this environment already: choose another name")


def _said(workspace: DescribedWorkspace) -> Said:
    return {
        "name": workspace.name,
        "description": workspace.description,
        "owner": workspace.owner,
        "protected": workspace.protected,
    }


def _entry(
    action: str,
    environment: str,
    key: str,
    before: Said | None = None,
    after: Said | None = None,
) -> Entry:
    return Entry(
        action=action,
        kind="workspace",
        target=key,
        environment=environment,
        workspace=key,
        before=before,
        after=after,
    )

"""Environments: described, made with a first workspace, changed, removed with everything in them."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.app import artifacts, audit, workspaces
from ostinato.app.application import App
from ostinato.core.access import Actor, Tenant
from ostinato.core.errors import Conflict, Invalid, NotFound, Problem
from ostinato.core.ids import EnvironmentId
from ostinato.core.wording import name_problems
from ostinato.store import definitions, environments, users
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.environments import DescribedEnvironment

MOST_CLOUD_ENGINES = 1_000_000


class InUse(Conflict):
    """Something else needs the environment."""


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an environment."""

    name: str
    description: str | None = None
    max_cloud_engines: int = 0


async def list_environments(app: App, actor: Actor) -> list[DescribedEnvironment]:
    """All of them for whoever manages environments; for others those in which they may see a workspace."""
    async with app.db.reading() as tx:
        return await environments.described(tx, actor.subject, manages=actor.may(Tenant.ENVIRONMENTS))


async def create(
    app: App, actor: Actor, about: About, workspace: workspaces.About, now: datetime
) -> DescribedEnvironment:
    """With a workspace in it, whose owner may do everything there. Raises Forbidden, Invalid, Conflict."""
    actor.require(Tenant.ENVIRONMENTS)
    _check(about, *workspaces.problems(workspace, "workspaceName"))

    async def work(tx: Tx) -> DescribedEnvironment:
        await users.lock(tx)
        await definitions.lock(tx)
        made = await environments.make(tx, about.name, about.description, about.max_cloud_engines, now)
        if made is None:
            raise _taken(about)
        await audit.record(tx, actor, now, _entry("create", about.name, after=about))
        await workspaces.make(tx, actor, made, about.name, workspace, now)
        return await _get(tx, actor, made)

    return await app.db.run(work)


async def change(app: App, actor: Actor, environment: int, about: About, now: datetime) -> None:
    """Raises Forbidden, Invalid, NotFound, Conflict."""
    actor.require(Tenant.ENVIRONMENTS)
    _check(about)

    async def work(tx: Tx) -> None:
        await definitions.lock(tx)
        before = await _get(tx, actor, environment)
        if not await environments.set_about(tx, before.id, about.name, about.description, about.max_cloud_engines):
            raise _taken(about)
        await audit.record(tx, actor, now, _entry("change", before.name, before=_about(before), after=about))

    await app.db.run(work)


async def remove(app: App, actor: Actor, environment: int, now: datetime) -> None:
    """With all workspaces in it and everything in these. Raises Forbidden, NotFound, InUse."""
    actor.require(Tenant.ENVIRONMENTS)

    async def work(tx: Tx) -> Sequence[str]:
        await users.lock(tx)
        await definitions.lock(tx)
        gone = await _get(tx, actor, environment)
        if (promotion := await environments.promotion_of(tx, gone.id)) is not None:
            raise InUse(f"Cannot delete environment: it is used in promotions(s): {promotion!r}")
        inside = await environments.workspaces(tx, gone.id)
        if (run := await workspaces.live_run(tx, inside)) is not None:
            raise InUse(f"Cannot delete environment: run {run} has not ended: wait for it, or cancel it")
        digests = await workspaces.remove_all(tx, inside)
        await environments.remove(tx, gone.id)
        await audit.record(tx, actor, now, _entry("delete", gone.name, before=_about(gone)))
        return digests

    await artifacts.drop_unused(app, await app.db.run(work))


async def _get(tx: Tx, actor: Actor, environment: int) -> DescribedEnvironment:
    found = await environments.described(
        tx, actor.subject, manages=actor.may(Tenant.ENVIRONMENTS), id=EnvironmentId(environment)
    )
    if not found:
        raise NotFound("Environment", environment)
    return found[0]


def _check(about: About, *more: Problem) -> None:
    problems = [*name_problems("name", about.name), *more]
    if not 0 <= about.max_cloud_engines <= MOST_CLOUD_ENGINES:
        message = f"use a whole number from 0 to {MOST_CLOUD_ENGINES:,}"
        problems.append(Problem(path="maxCloudContainers", message=message))
    if problems:
        raise Invalid(*problems)


def _taken(about: About) -> Conflict:
    return Conflict(f"There is an environment {about.name!r} already: environment name should be unique")


def _about(environment: DescribedEnvironment) -> About:
    return About(
        name=environment.name,
        description=environment.description,
        max_cloud_engines=environment.max_cloud_engines,
    )


def _entry(action: str, name: str, before: About | None = None, after: About | None = None) -> Entry:
    return Entry(
        action=action,
        kind="environment",
        target=name,
        environment=name,
        before=None if before is None else msgspec.structs.asdict(before),
        after=None if after is None else msgspec.structs.asdict(after),
    )

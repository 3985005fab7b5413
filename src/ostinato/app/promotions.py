"""Promotions: ways on which definitions go from one environment to another, and who may carry them out.

Whoever manages environments makes them and assigns people to them; those see the ones they are assigned to.
"""

from datetime import datetime
from typing import Any

from ostinato.app import audit, members
from ostinato.app.application import App
from ostinato.core.access import Actor, Tenant
from ostinato.core.errors import Conflict, Invalid, NotFound, Problem
from ostinato.store import definitions, environments, promotions
from ostinato.store.audit import Entry
from ostinato.store.db import Tx
from ostinato.store.environments import DescribedEnvironment
from ostinato.store.promotions import Promotion
from ostinato.store.users import FoundUser


async def list_promotions(app: App, actor: Actor) -> list[Promotion]:
    async with app.db.reading() as tx:
        return await _seen(tx, actor)


async def get(app: App, actor: Actor, promotion: int) -> Promotion:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return await _get(tx, actor, promotion)


async def create(app: App, actor: Actor, source: int, target: int, description: str | None, now: datetime) -> Promotion:
    """Raises Forbidden, Invalid, NotFound, Conflict."""
    actor.require(Tenant.ENVIRONMENTS)
    if source == target:
        raise Invalid(Problem(message="source and target are the same environment: name two"))

    async def work(tx: Tx) -> Promotion:
        await definitions.lock(tx)
        here, there = await _environment(tx, actor, source), await _environment(tx, actor, target)
        made = await promotions.make(tx, here.id, there.id, description, actor.user, now)
        if made is None:
            raise Conflict(f"There is a promotion from {here.name!r} to {there.name!r} already: use that one")
        promotion = await _get(tx, actor, made)
        await audit.record(tx, actor, now, _entry("create", promotion, after={"description": description}))
        return promotion

    return await app.db.run(work)


async def describe(app: App, actor: Actor, promotion: int, description: str, now: datetime) -> None:
    """Raises Forbidden, NotFound."""
    actor.require(Tenant.ENVIRONMENTS)
    async with app.db.transaction() as tx:
        before = await _hold(tx, actor, promotion)
        await promotions.describe(tx, before.id, description, now)
        said = {"description": before.description}
        await members.record_change(tx, actor, now, "promotion", before.name, said, {"description": description})


async def remove(app: App, actor: Actor, promotion: int, now: datetime) -> None:
    """Raises Forbidden, NotFound."""
    actor.require(Tenant.ENVIRONMENTS)
    async with app.db.transaction() as tx:
        gone = await _hold(tx, actor, promotion)
        await promotions.remove(tx, gone.id)
        await audit.record(tx, actor, now, _entry("delete", gone, before={"description": gone.description}))


async def list_assigned(app: App, actor: Actor, promotion: int) -> list[FoundUser]:
    """Raises NotFound."""
    async with app.db.transaction() as tx:
        return await promotions.assigned(tx, (await _get(tx, actor, promotion)).id)


async def assign(app: App, actor: Actor, promotion: int, who: int | str, kind: str, now: datetime) -> bool:
    """False: they are assigned already. Raises Forbidden, NotFound."""
    actor.require(Tenant.ENVIRONMENTS)
    async with app.db.transaction() as tx:
        held, user = await _hold(tx, actor, promotion), await members.find(tx, who, kind)
        if not await promotions.assign(tx, held.id, user.id):
            return False
        await audit.record(tx, actor, now, _entry("assign", held, after={"user": user.name}))
        return True


async def unassign(app: App, actor: Actor, promotion: int, who: int | str, kind: str, now: datetime) -> None:
    """Raises Forbidden, and NotFound also if they are not assigned."""
    actor.require(Tenant.ENVIRONMENTS)
    async with app.db.transaction() as tx:
        held, user = await _hold(tx, actor, promotion), await members.find(tx, who, kind)
        if not await promotions.unassign(tx, held.id, user.id):
            raise NotFound("Assignment of", user.name)
        await audit.record(tx, actor, now, _entry("unassign", held, before={"user": user.name}))


async def _hold(tx: Tx, actor: Actor, promotion: int) -> Promotion:
    await promotions.hold(tx, promotion)
    return await _get(tx, actor, promotion)


async def _get(tx: Tx, actor: Actor, promotion: int) -> Promotion:
    found = await _seen(tx, actor, promotion)
    if not found:
        raise NotFound("Promotion", promotion)
    return found[0]


async def _seen(tx: Tx, actor: Actor, promotion: int | None = None) -> list[Promotion]:
    """A credential for single workspaces sees no promotions, which are in none."""
    user = None if actor.workspaces is not None else actor.user
    return await promotions.list_promotions(tx, user, manages=actor.may(Tenant.ENVIRONMENTS), id=promotion)


async def _environment(tx: Tx, actor: Actor, environment: int) -> DescribedEnvironment:
    found = await environments.described(tx, actor.subject, manages=True, id=environment)
    if not found:
        raise NotFound("Environment", environment)
    return found[0]


def _entry(
    action: str, promotion: Promotion, before: dict[str, Any] | None = None, after: dict[str, Any] | None = None
) -> Entry:
    return Entry(
        action=action,
        kind="promotion",
        target=promotion.name,
        environment=promotion.source.name,
        before=before,
        after=after,
    )

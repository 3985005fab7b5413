"""Statements about promotions, and who may carry them out."""

from datetime import datetime

import msgspec

from ostinato.core.ids import EnvironmentId, PromotionId, UserId
from ostinato.store.db import Tx, fetch, fetch_value
from ostinato.store.environments import DescribedEnvironment
from ostinato.store.users import FoundUser


class Promotion(msgspec.Struct, frozen=True, kw_only=True):
    """A way on which definitions go from one environment to another."""

    id: PromotionId
    name: str
    description: str | None
    source: DescribedEnvironment
    target: DescribedEnvironment


async def list_promotions(tx: Tx, user: UserId | None, *, manages: bool, id: int | None = None) -> list[Promotion]:
    """Those that a user is assigned to, or all of them."""
    return await fetch(tx, "promotions/list", Promotion, user, manages, id)


async def hold(tx: Tx, promotion: int) -> None:
    """Nobody changes it until the end of the transaction."""
    await fetch_value(tx, "promotions/hold", promotion)


async def make(
    tx: Tx, source: EnvironmentId, target: EnvironmentId, description: str | None, by: UserId, now: datetime
) -> PromotionId | None:
    """None: there is one from here to there."""
    made: PromotionId | None = await fetch_value(tx, "promotions/make", source, target, description, by, now)
    return made


async def describe(tx: Tx, promotion: PromotionId, description: str, now: datetime) -> None:
    await fetch_value(tx, "promotions/describe", promotion, description, now)


async def remove(tx: Tx, promotion: PromotionId) -> None:
    await fetch_value(tx, "promotions/remove", promotion)


async def assigned(tx: Tx, promotion: PromotionId) -> list[FoundUser]:
    return await fetch(tx, "promotions/assigned", FoundUser, promotion)


async def assign(tx: Tx, promotion: PromotionId, user: UserId) -> bool:
    """False: they are assigned already."""
    return await fetch_value(tx, "promotions/assign", promotion, user) is not None


async def unassign(tx: Tx, promotion: PromotionId, user: UserId) -> bool:
    """False: they were not assigned."""
    return await fetch_value(tx, "promotions/unassign", promotion, user) is not None

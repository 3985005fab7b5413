"""Statements about environments."""

from datetime import datetime

import msgspec

from ostinato.core.ids import EnvironmentId, SubjectId, WorkspaceId
from ostinato.store.db import Tx, execute, fetch, fetch_value


class DescribedEnvironment(msgspec.Struct, frozen=True, kw_only=True):
    """An environment as it is described to whoever may see it."""

    id: EnvironmentId
    name: str
    description: str | None
    stage: str | None
    max_cloud_engines: int
    is_default: bool


async def ensure(tx: Tx, name: str, stage: str | None, now: datetime) -> None:
    """An environment of this name, made if neither the name nor the stage is taken."""
    await execute(tx, "environments/ensure", name, stage, now)


async def names(tx: Tx) -> list[str]:
    found: list[str] = await fetch_value(tx, "environments/names")
    return found


async def described(tx: Tx, viewer: SubjectId, *, manages: bool, id: int | None = None) -> list[DescribedEnvironment]:
    return await fetch(tx, "environments/described", DescribedEnvironment, viewer, manages, id)


async def make(
    tx: Tx, name: str, description: str | None, max_cloud_engines: int, now: datetime
) -> EnvironmentId | None:
    """None if there is one of this name."""
    made: EnvironmentId | None = await fetch_value(tx, "environments/make", name, description, max_cloud_engines, now)
    return made


async def set_about(
    tx: Tx, environment: EnvironmentId, name: str, description: str | None, max_cloud_engines: int
) -> bool:
    """False if another one has the name."""
    sent = (environment, name, description, max_cloud_engines)
    return await fetch_value(tx, "environments/set_about", *sent) is not None


async def promotion_of(tx: Tx, environment: EnvironmentId) -> str | None:
    """What a promotion is called that has to do with it."""
    found: str | None = await fetch_value(tx, "environments/promotion_of", environment)
    return found


async def workspaces(tx: Tx, environment: EnvironmentId) -> list[WorkspaceId]:
    found: list[WorkspaceId] = await fetch_value(tx, "environments/workspaces", environment)
    return found


async def remove(tx: Tx, environment: EnvironmentId) -> None:
    """One without workspaces."""
    await execute(tx, "environments/remove", environment)

"""Statements about environments."""

from datetime import datetime

from ostinato.store.db import Tx, execute, fetch_value


async def ensure(tx: Tx, name: str, stage: str | None, now: datetime) -> None:
    """An environment of this name, made if neither the name nor the stage is taken."""
    await execute(tx, "environments/ensure", name, stage, now)


async def names(tx: Tx) -> list[str]:
    found: list[str] = await fetch_value(tx, "environments/names")
    return found

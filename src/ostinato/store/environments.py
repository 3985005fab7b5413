"""Statements about environments."""

from datetime import datetime

from ostinato.store.db import Tx, execute


async def ensure(tx: Tx, name: str, stage: str | None, now: datetime) -> None:
    """An environment of this name, made if neither the name nor the stage is taken."""
    await execute(tx, "environments/ensure", name, stage, now)

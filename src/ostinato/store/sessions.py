"""Statements about the lives of servers."""

from datetime import datetime, timedelta

from ostinato.core.ids import SessionId
from ostinato.store.db import Tx, execute, fetch_value


async def begin(tx: Tx, host: str, pid: int, slots: int, now: datetime, life: timedelta) -> SessionId:
    session: SessionId = await fetch_value(tx, "sessions/begin", host, pid, slots, now, life)
    return session


async def renew(tx: Tx, session: SessionId, life: timedelta, slots: int) -> int | None:
    """How many other servers live. None: this session was given up, and its attempts are no longer ours."""
    others: int | None = await fetch_value(tx, "sessions/renew", session, life, slots)
    return others


async def end(tx: Tx, session: SessionId) -> None:
    await execute(tx, "sessions/end", session)


async def end_all(tx: Tx) -> None:
    await execute(tx, "sessions/end_all")

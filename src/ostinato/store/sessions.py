"""Statements about the lives of servers."""

from datetime import datetime

from ostinato.core.ids import SessionId
from ostinato.store.db import Tx, execute, fetch_value


async def begin(tx: Tx, host: str, pid: int, now: datetime, alive_until: datetime) -> SessionId:
    session: SessionId = await fetch_value(tx, "sessions/begin", host, pid, now, alive_until)
    return session


async def renew(tx: Tx, session: SessionId, alive_until: datetime) -> bool:
    """False: others were told that this session is dead, and its attempts are no longer ours."""
    return await fetch_value(tx, "sessions/renew", session, alive_until) is not None


async def end(tx: Tx, session: SessionId) -> None:
    await execute(tx, "sessions/end", session)


async def end_all(tx: Tx) -> None:
    await execute(tx, "sessions/end_all")

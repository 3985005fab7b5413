"""Statements about the lives of servers."""

from datetime import datetime, timedelta

import msgspec

from ostinato.core.ids import SessionId
from ostinato.store.db import Tx, execute, fetch_one


class Life(msgspec.Struct, frozen=True):
    """A server's session as the database sees it: what time it is there, and how many other servers live."""

    session: SessionId
    now: datetime
    others: int


async def begin(tx: Tx, host: str, pid: int, slots: int, now: datetime, life: timedelta) -> Life:
    begun = await fetch_one(tx, "sessions/begin", Life, host, pid, slots, now, life)
    assert begun is not None, "an insert returns its row"
    return begun


async def renew(tx: Tx, session: SessionId, life: timedelta, slots: int) -> Life | None:
    """None: this session was given up, and its attempts are no longer ours."""
    return await fetch_one(tx, "sessions/renew", Life, session, life, slots)


async def end(tx: Tx, session: SessionId) -> None:
    await execute(tx, "sessions/end", session)


async def end_all(tx: Tx) -> None:
    await execute(tx, "sessions/end_all")


async def forget(tx: Tx, before: datetime) -> None:
    """Forget servers that ended long ago."""
    await execute(tx, "sessions/forget", before)

"""The statement about whether work moves."""

from datetime import datetime

import msgspec

from ostinato.store.db import Tx, fetch_one


class Movement(msgspec.Struct, frozen=True):
    """Ready work that has been waiting since before a moment, and how many claims all servers have made."""

    ready_since: datetime | None
    plan_ready_since: datetime | None
    claims: int


async def movement(tx: Tx, before: datetime) -> Movement:
    found = await fetch_one(tx, "health/movement", Movement, before)
    assert found is not None, "a question about everything always has an answer"
    return found

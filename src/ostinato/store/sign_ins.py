"""Statements about people who are on their way to an OpenID provider and back."""

from datetime import datetime

import msgspec

from ostinato.store.db import Tx, execute, fetch_one


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """What has to fit to the answer of the provider, and where to go then."""

    nonce: str
    verifier: str
    return_to: str


async def begin(
    tx: Tx, state_digest: bytes, browser_digest: bytes, pending: Pending, expires_at: datetime, now: datetime
) -> None:
    await execute(
        tx,
        "sign_ins/begin",
        state_digest,
        browser_digest,
        pending.nonce,
        pending.verifier,
        pending.return_to,
        expires_at,
        now,
    )


async def take(tx: Tx, state_digest: bytes, browser_digest: bytes, now: datetime) -> Pending | None:
    """None: it was never begun, not by this browser, too long ago, or it has been answered."""
    return await fetch_one(tx, "sign_ins/take", Pending, state_digest, browser_digest, now)


async def forget(tx: Tx, now: datetime) -> None:
    await execute(tx, "sign_ins/forget", now)

"""Statements about credentials; only digests are stored."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from ostinato.core.ids import CredentialId, UserId
from ostinato.store.db import Tx, execute, fetch, fetch_value


class Found(msgspec.Struct, frozen=True):
    prefix: str
    credential: CredentialId
    digest: bytes
    user: UserId
    name: str
    administrator: bool
    active: bool


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A key that works, without anything that opens it."""

    credential: CredentialId
    user: str
    suffix: str
    description: str
    created_at: datetime
    last_used_at: datetime | None


class NewCredential(msgspec.Struct, frozen=True, kw_only=True):
    user: UserId
    kind: str
    prefix: str
    suffix: str
    digest: bytes
    description: str


async def create(tx: Tx, new: NewCredential, now: datetime) -> CredentialId:
    created: CredentialId = await fetch_value(
        tx, "credentials/create", new.user, new.kind, new.prefix, new.suffix, new.digest, new.description, now
    )
    return created


async def count_active(tx: Tx, user: UserId, kind: str) -> int:
    return int(await fetch_value(tx, "credentials/count_active", user, kind))


async def find(tx: Tx, prefixes: Collection[str]) -> list[Found]:
    return await fetch(tx, "credentials/find", Found, list(prefixes))


async def list_keys(tx: Tx, user: str | None) -> list[Listed]:
    """Of one user, or of all."""
    return await fetch(tx, "credentials/list", Listed, user)


async def delete(tx: Tx, credential: CredentialId, now: datetime) -> bool:
    """Whether there was such a key."""
    return await fetch_value(tx, "credentials/delete", credential, now) is not None


async def delete_local(tx: Tx, user: UserId, digest: bytes, now: datetime) -> None:
    await execute(tx, "credentials/delete_local", user, digest, now)


async def used(tx: Tx, credentials: Collection[CredentialId], now: datetime) -> None:
    await execute(tx, "credentials/used", list(credentials), now)

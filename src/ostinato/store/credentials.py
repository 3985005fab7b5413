"""Statements about credentials; only digests are stored."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from ostinato.core.credentials import Kind
from ostinato.core.ids import CredentialId, SubjectId, UserId
from ostinato.store.db import Tx, execute, fetch, fetch_one, fetch_value


class Found(msgspec.Struct, frozen=True):
    """A secret, and what it opens."""

    prefix: str
    digest: bytes
    secret_expires_at: datetime | None
    credential: CredentialId
    kind: str
    expires_at: datetime | None
    scopes: list[str] | None
    workspaces: list[str] | None
    subject: SubjectId
    user: UserId
    name: str
    active: bool
    roles: list[str]

    def works(self, now: datetime) -> bool:
        return self.active and all(end is None or now < end for end in (self.expires_at, self.secret_expires_at))


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A credential that works, without anything that opens it."""

    credential: CredentialId
    kind: Kind
    user: str
    full_name: str | None
    email: str | None
    suffix: str
    description: str
    created_at: datetime
    last_used_at: datetime | None
    last_address: str | None
    expires_at: datetime | None
    scopes: list[str] | None
    workspaces: list[str] | None
    old_secret_expires_at: datetime | None
    """Until when the secret before the last rotation works as well."""


class Secret(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of a secret."""

    prefix: str
    suffix: str
    digest: bytes


class NewCredential(msgspec.Struct, frozen=True, kw_only=True):
    user: UserId
    kind: Kind
    secret: Secret
    description: str
    expires_at: datetime | None = None
    scopes: Sequence[str] | None = None
    workspaces: Sequence[str] | None = None
    issued_by: CredentialId | None = None


class Owned(msgspec.Struct, frozen=True, kw_only=True):
    """A live credential and whose it is."""

    credential: CredentialId
    kind: Kind
    user: UserId
    name: str
    description: str
    live_secrets: int


async def create(tx: Tx, new: NewCredential, now: datetime) -> CredentialId:
    created: CredentialId = await fetch_value(
        tx,
        "credentials/create",
        new.user,
        new.kind.value,
        new.secret.prefix,
        new.secret.suffix,
        new.secret.digest,
        new.description,
        new.expires_at,
        new.scopes,
        new.workspaces,
        new.issued_by,
        now,
    )
    return created


async def count_active(tx: Tx, user: UserId, kind: Kind, now: datetime) -> int:
    return int(await fetch_value(tx, "credentials/count_active", user, kind.value, now))


async def find(tx: Tx, prefixes: Collection[str]) -> list[Found]:
    return await fetch(tx, "credentials/find", Found, list(prefixes))


async def list_credentials(tx: Tx, kinds: Collection[Kind], user: str | None, now: datetime) -> list[Listed]:
    """Of one user, or of all."""
    return await fetch(tx, "credentials/list", Listed, [kind.value for kind in kinds], user, now)


async def lock(tx: Tx, credential: CredentialId, now: datetime) -> Owned | None:
    """Lock one that works."""
    return await fetch_one(tx, "credentials/lock", Owned, credential, now)


async def add_secret(tx: Tx, credential: CredentialId, secret: Secret, old_until: datetime, now: datetime) -> None:
    """A new secret; the one before works until then."""
    await execute(tx, "credentials/add_secret", credential, secret.digest, secret.prefix, secret.suffix, old_until, now)


async def delete(tx: Tx, credential: CredentialId, now: datetime) -> bool:
    """Whether there was such a credential, not deleted before."""
    return await fetch_value(tx, "credentials/delete", credential, now) is not None


async def are_too_many(tx: Tx, user: UserId, kind: Kind, most: int, now: datetime) -> bool:
    """Whether a user has more than so many of a kind that has an end."""
    return bool(await fetch_value(tx, "credentials/are_too_many", user, kind.value, most, now))


async def end_oldest(tx: Tx, user: UserId, kind: Kind, keep: int, now: datetime) -> None:
    """All but the newest `keep` of a kind that has an end stop working."""
    await execute(tx, "credentials/end_oldest", user, kind.value, keep, now)


async def forget(tx: Tx, ended_before: datetime, most: int) -> int:
    """Forget sessions and access tokens; how many."""
    return int(await fetch_value(tx, "credentials/forget", ended_before, most))


async def delete_local(tx: Tx, user: UserId, digest: bytes, now: datetime) -> None:
    await execute(tx, "credentials/delete_local", user, digest, now)


async def used(tx: Tx, credentials: Mapping[CredentialId, str | None], now: datetime) -> None:
    """When they were last used, and from where."""
    await execute(tx, "credentials/used", list(credentials), list(credentials.values()), now)

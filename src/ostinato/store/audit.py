"""Statements about the record of what was changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ostinato.core.ids import CredentialId, UserId
from ostinato.store.db import Tx, execute, fetch, fetch_value


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One change; `before` and `after` have what differs, without secrets."""

    action: str
    """What was done, such as `create` or `delete`."""
    kind: str
    """What to, such as `api key` or `task`."""
    target: str
    """Its name."""
    environment: str | None = None
    workspace: str | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


class By(msgspec.Struct, frozen=True, kw_only=True):
    """Whoever made a change, and how."""

    actor: str
    user: UserId | None
    credential: CredentialId | None
    address: str | None
    trace: str | None


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """A record as it is read; `text` is what its digest is taken of, once it has its place in the chain."""

    id: int
    at: datetime
    actor: str
    credential_id: int | None
    address: str | None
    trace: str | None
    action: str
    kind: str
    target: str
    environment: str | None
    workspace: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    seal: int | None
    digest: bytes | None
    text: str


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which records: the newest first, before an id; or the oldest first, after one."""

    before: int | None = None
    after: int | None = None
    limit: int
    actor: str | None = None
    kind: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def write(tx: Tx, by: By, entries: Sequence[Entry], now: datetime) -> None:
    """In the transaction of the change."""
    await execute(
        tx,
        "audit/write",
        now,
        by.actor,
        by.user,
        by.credential,
        by.address,
        by.trace,
        [entry.action for entry in entries],
        [entry.kind for entry in entries],
        [entry.target for entry in entries],
        [entry.environment for entry in entries],
        [entry.workspace for entry in entries],
        [entry.before for entry in entries],
        [entry.after for entry in entries],
    )


async def seal(tx: Tx, most: int) -> int:
    """Put what is new into the chain, at most so many records; how many that were."""
    return int(await fetch_value(tx, "audit/seal", most))


async def unsealed(tx: Tx) -> bool:
    return bool(await fetch_value(tx, "audit/unsealed"))


async def broken_seal(tx: Tx) -> int | None:
    """The first place in the chain whose record is missing or was changed."""
    place: int | None = await fetch_value(tx, "audit/broken_seal")
    return place


async def list_records(tx: Tx, wanted: Wanted) -> list[Recorded]:
    return await fetch(
        tx,
        "audit/list",
        Recorded,
        wanted.before,
        wanted.after,
        wanted.actor,
        wanted.kind,
        wanted.target,
        wanted.since,
        wanted.until,
        wanted.limit,
    )

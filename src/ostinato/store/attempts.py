"""Statements about attempts: runs that servers hold under leases."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ostinato.core.ids import Lease, RunId, SessionId, WorkspaceId
from ostinato.core.parameters import Parameter
from ostinato.core.retries import RetryPolicy
from ostinato.core.states import Reason, State
from ostinato.store.db import Tx, execute, fetch
from ostinato.store.runs import Moved


class Claimed(msgspec.Struct, frozen=True):
    """A run that this server may start now, with what its task says."""

    run: RunId
    attempt: int
    lease: Lease
    losses: int
    workspace: WorkspaceId
    task_type: str
    task_name: str
    config: dict[str, Any]
    uses: list[str]
    timeout_s: float | None
    retries: RetryPolicy
    parameters: dict[str, Any] | None
    """What the trigger and the plans around it gave."""
    declared: dict[str, Parameter]
    surroundings: dict[str, Any]
    """What the environment gives."""


class Unusable(msgspec.Struct, frozen=True, kw_only=True):
    """A run whose task is stored in a way that cannot be read: it fails by itself, and holds nobody up."""

    run: RunId
    lease: Lease
    why: str


class HeldRow(msgspec.Struct, frozen=True):
    """An attempt that a server holds according to the database."""

    run: RunId
    lease: Lease
    cancelling: bool = False


class StartReport(msgspec.Struct, frozen=True, kw_only=True):
    run: RunId
    lease: Lease
    at: datetime


class EndReport(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended and what that makes of its run: ended, or queued again for `due_at`."""

    run: RunId
    lease: Lease
    target: State
    reason: Reason | None
    message: str
    row_count: int | None
    counts: dict[str, int]
    started_at: datetime | None
    at: datetime
    due_at: datetime | None


async def claim(tx: Tx, session: SessionId, most: int) -> tuple[list[Claimed], list[Unusable], int]:
    """Take at most `most` runs; also those of them that cannot be run, and how many candidates were held instead."""
    rows: list[dict[str, Any]] = await fetch(tx, "runs/claim", dict, session, most)
    taken, unusable, held_instead = [], [], 0
    for row in rows:
        if row["lease"] is None:
            held_instead += 1
            continue
        try:
            taken.append(msgspec.convert(row, Claimed))
        except msgspec.ValidationError as error:
            unusable.append(Unusable(run=row["run"], lease=row["lease"], why=str(error)))
    return taken, unusable, held_instead


async def started(tx: Tx, reports: Sequence[StartReport]) -> None:
    ordered = sorted(reports, key=lambda report: report.run)
    await execute(tx, "runs/started", [r.run for r in ordered], [r.lease for r in ordered], [r.at for r in ordered])


async def finish(tx: Tx, reports: Sequence[EndReport], now: datetime) -> list[Moved]:
    ordered = sorted(reports, key=lambda report: report.run)
    return await fetch(
        tx,
        "runs/finish",
        Moved,
        [r.run for r in ordered],
        [r.lease for r in ordered],
        [r.target.value for r in ordered],
        [r.reason.value if r.reason else None for r in ordered],
        [r.message or None for r in ordered],
        [r.row_count for r in ordered],
        [r.counts or None for r in ordered],
        [r.started_at for r in ordered],
        [r.at for r in ordered],
        [r.due_at for r in ordered],
        now,
    )


async def rescue(tx: Tx, now: datetime, most_losses: int) -> list[Moved]:
    return await fetch(tx, "runs/rescue", Moved, now, most_losses)


async def release(tx: Tx, session: SessionId, now: datetime) -> list[Moved]:
    return await fetch(tx, "runs/release", Moved, session, now)


async def held(tx: Tx, session: SessionId) -> list[HeldRow]:
    return await fetch(tx, "runs/held", HeldRow, session)


async def give_back(tx: Tx, rows: Sequence[HeldRow], now: datetime) -> list[Moved]:
    return await fetch(tx, "runs/give_back", Moved, [r.run for r in rows], [r.lease for r in rows], now)

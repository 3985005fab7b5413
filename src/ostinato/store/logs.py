"""Statements about log lines."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.core.ids import Lease, RunId, SubjectId
from ostinato.store.db import Tx, execute, fetch


class Line(msgspec.Struct, frozen=True, kw_only=True):
    run: RunId
    lease: Lease
    at: datetime
    text: str
    number: int
    """Counts from 1 within the attempt."""


class Late(msgspec.Struct, frozen=True, kw_only=True):
    """A report of an end that no attempt holds the lease of."""

    run: RunId
    lease: Lease
    attempt: int
    text: str


class Written(msgspec.Struct, frozen=True):
    """A line as it is read; `seq` grows within a run and is where the next page begins."""

    seq: int
    attempt: int
    at: datetime
    text: str


async def read(tx: Tx, run: RunId, viewer: SubjectId, after: int, most: int) -> list[Written]:
    return await fetch(tx, "logs/read", Written, run, after, most, viewer)


async def append(tx: Tx, lines: Sequence[Line]) -> None:
    """Keep lines that attempts wrote; those of an attempt that lost its lease are dropped."""
    await execute(
        tx,
        "logs/append",
        [line.run for line in lines],
        [line.lease for line in lines],
        [line.at for line in lines],
        [line.text for line in lines],
        [line.number for line in lines],
    )


async def note_late(tx: Tx, reports: Sequence[Late], now: datetime) -> None:
    """Keep that reports came too late."""
    await execute(
        tx,
        "logs/note_late",
        [late.run for late in reports],
        [late.lease for late in reports],
        [late.attempt for late in reports],
        [late.text for late in reports],
        now,
    )


async def note(tx: Tx, notes: Sequence[tuple[RunId, str]], now: datetime) -> None:
    """Keep what the engine itself has to say about runs."""
    await execute(tx, "logs/note", [run for run, _ in notes], now, [text for _, text in notes])

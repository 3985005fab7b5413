"""Statements about history: what ended long ago, in partitions by environment and week."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from ostinato.core.ids import EnvironmentId, RunId, SubjectId
from ostinato.store.db import Tx, execute, fetch, fetch_value
from ostinato.store.sql import statement

PATIENCE = 600
"""Seconds that moving trees may take: a tree is moved whole, however large it is."""


class Ripe(msgspec.Struct, frozen=True):
    """The outermost run of a tree that is to become history, and the day under which the tree is kept."""

    run: RunId
    environment: EnvironmentId
    kept_on: date


class OldWeek(msgspec.Struct, frozen=True):
    """A week of which everything (`runs`), the logs or the findings are kept for longer than they should be."""

    environment: EnvironmentId
    monday: date
    runs: bool
    logs: bool
    findings: bool


class Retention(msgspec.Struct, frozen=True):
    """For how many days an environment keeps what (None: for ever), and the first day of its history."""

    environment: str
    runs_days: int | None
    logs_days: int | None
    findings_days: int | None
    oldest: date | None


async def ripe(tx: Tx, ended_before: datetime, most_trees: int, most_rows: int) -> list[Ripe]:
    """Lock trees that have ended, the oldest first; a tree larger than `most_rows` is alone."""
    return await fetch(tx, "history/ripe", Ripe, ended_before, most_trees, most_rows)


async def make_weeks(tx: Tx, environments: Sequence[EnvironmentId], days: Sequence[date]) -> None:
    """Make the partitions that these days fall into, each in its environment, unless they are there."""
    await execute(tx, "history/make_weeks", environments, days)


async def keep(tx: Tx, trees: Sequence[Ripe]) -> int:
    """Move trees that this transaction has locked into history; how many runs there were."""
    days = [tree.kept_on for tree in trees]
    await make_weeks(tx, [tree.environment for tree in trees], days)
    moved = await tx.fetchval(statement("history/keep"), [tree.run for tree in trees], days, timeout=PATIENCE)
    return int(moved)


async def old_weeks(tx: Tx, now: datetime) -> list[OldWeek]:
    return await fetch(tx, "history/old_weeks", OldWeek, now)


async def drop_week(tx: Tx, week: OldWeek) -> bool:
    """False: somebody is busy there, try again later."""
    return bool(
        await fetch_value(tx, "history/drop_week", week.environment, week.monday, week.runs, week.logs, week.findings)
    )


async def forget_keys(tx: Tx, before: datetime, most: int) -> int:
    """Forget keys made before then, of runs that are not live; how many there were."""
    return int(await fetch_value(tx, "history/forget_keys", before, most))


async def retention(tx: Tx, viewer: SubjectId, manages: bool) -> list[Retention]:
    return await fetch(tx, "history/retention", Retention, viewer, manages)

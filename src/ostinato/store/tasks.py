"""Statements about tasks and what became of their runs."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from ostinato.core.ids import RunId, SubjectId, TaskId
from ostinato.core.states import State
from ostinato.store.db import Tx, fetch, fetch_one, fetch_value
from ostinato.store.workspaces import Page, Place


class Standing(StrEnum):
    """How a task stands, all its runs considered."""

    DISABLED = "disabled"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    """The last run succeeded, and since it began nothing happened that outdates it."""
    FAILED = "failed"
    """The last run failed or was cancelled."""
    OUTDATED = "outdated"
    """It never ran; or it succeeded, but since that run began it was changed, or something in a step right before its
    own, in a plan it is in, succeeded."""


class TaskKey(msgspec.Struct, frozen=True):
    """How a task is known outside."""

    type: str
    number: int

    def __str__(self) -> str:
        return f"{self.type} {self.number}"


class Listed(msgspec.Struct, frozen=True):
    """A task with the newest run that has begun, and (`last_...`) the newest that has ended."""

    type: str
    number: int
    name: str
    plan_number: int | None
    plan_name: str | None
    standing: Standing
    started_at: datetime | None
    ended_at: datetime | None
    last_started_at: datetime | None
    last_ended_at: datetime | None


class Past(msgspec.Struct, frozen=True):
    """A run of a task that has begun."""

    run: RunId
    state: State
    started_at: datetime
    ended_at: datetime | None


async def list_tasks(tx: Tx, viewer: SubjectId, place: Place, types: Sequence[str], page: Page) -> list[Listed]:
    return await fetch(tx, "tasks/list", Listed, viewer, place.stage, place.workspace, types, page.limit, page.offset)


async def list_of_plan(
    tx: Tx, viewer: SubjectId, place: Place, types: Sequence[str], plan: int, page: Page
) -> list[Listed]:
    return await fetch(
        tx, "plans/tasks", Listed, viewer, place.stage, place.workspace, types, plan, page.limit, page.offset
    )


async def get(tx: Tx, viewer: SubjectId, place: Place, key: TaskKey) -> Listed | None:
    return await fetch_one(tx, "tasks/get", Listed, viewer, place.stage, place.workspace, key.type, key.number)


async def find(tx: Tx, viewer: SubjectId, place: Place, key: TaskKey) -> TaskId | None:
    found: TaskId | None = await fetch_value(
        tx, "tasks/find", viewer, place.stage, place.workspace, key.type, key.number
    )
    return found


async def history(tx: Tx, viewer: SubjectId, place: Place, key: TaskKey, page: Page) -> list[Past]:
    return await fetch(
        tx,
        "tasks/history",
        Past,
        viewer,
        place.stage,
        place.workspace,
        key.type,
        key.number,
        page.limit,
        page.offset,
    )


async def has_run(tx: Tx, viewer: SubjectId, place: Place, key: TaskKey, run: RunId) -> bool:
    """Whether a run is one of this task; without a stage in `place`, at any stage."""
    found = await fetch_value(tx, "tasks/find_run", viewer, place.stage, place.workspace, key.type, key.number, run)
    return found is not None


async def count_findings(tx: Tx, viewer: SubjectId, run: RunId) -> int | None:
    """How many rows were kept of what a check found; None if the run may not be seen."""
    found: int | None = await fetch_value(tx, "tasks/count_findings", viewer, run)
    return found

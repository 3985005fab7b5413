"""Statements about plans and how their tasks stand."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.core.ids import PlanId, SubjectId
from ostinato.store.db import Tx, fetch, fetch_value
from ostinato.store.workspaces import Page, Place


class Listed(msgspec.Struct, frozen=True):
    """A plan with the number of its tasks by standing; outdated ones are in none of the counts."""

    number: int
    name: str
    workspace: str
    last_started_at: datetime | None
    succeeded: int
    failed: int
    running: int
    queued: int
    disabled: int


async def list_plans(tx: Tx, viewer: SubjectId, place: Place, types: Sequence[str], page: Page) -> list[Listed]:
    """`types`: only tasks of these types are counted."""
    return await fetch(tx, "plans/list", Listed, viewer, place.stage, place.workspace, types, page.limit, page.offset)


async def find(tx: Tx, viewer: SubjectId, place: Place, number: int) -> PlanId | None:
    found: PlanId | None = await fetch_value(tx, "plans/find", viewer, place.stage, place.workspace, number)
    return found

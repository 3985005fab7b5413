"""Statements about workspaces."""

from typing import Literal, TypeAlias

import msgspec

from ostinato.core.access import Permission
from ostinato.core.ids import SubjectId
from ostinato.store.db import Tx, fetch, fetch_value

Stage: TypeAlias = Literal["production", "test", "development"]
"""The stages by which tools that know only three environments name ours."""


class Workspace(msgspec.Struct, frozen=True):
    key: str
    name: str
    description: str | None


class Permitted(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace in an environment, and what somebody may do there."""

    environment: str
    key: str
    name: str
    permissions: list[Permission]


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """A workspace at a stage; without a workspace every one, without a stage any."""

    stage: Stage | None
    workspace: str | None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    limit: int
    offset: int


async def list_workspaces(tx: Tx, viewer: SubjectId, page: Page) -> list[Workspace]:
    return await fetch(tx, "workspaces/list", Workspace, viewer, page.limit, page.offset)


async def is_known(tx: Tx, viewer: SubjectId, place: Place) -> bool:
    return bool(await fetch_value(tx, "workspaces/is_known", viewer, place.stage, place.workspace))


async def permissions(tx: Tx, subject: SubjectId, page: Page) -> list[Permitted]:
    """Where somebody may do something, and what."""
    return await fetch(tx, "workspaces/permissions", Permitted, subject, page.limit, page.offset)

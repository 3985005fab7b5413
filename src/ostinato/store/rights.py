"""Statements about what was granted to users in single workspaces."""

from collections.abc import Sequence

import msgspec

from ostinato.core.access import Permission
from ostinato.core.ids import SubjectId, UserId, WorkspaceId
from ostinato.store.db import Tx, fetch, fetch_one, fetch_value


class RightsPlace(msgspec.Struct, frozen=True):
    """A workspace in an environment; `allowed`: somebody may say who may do what there."""

    id: WorkspaceId
    key: str
    environment: str
    allowed: bool


class Granted(msgspec.Struct, frozen=True, kw_only=True):
    """What was granted to a user in a workspace; `everywhere`: some of it at every stage of the workspace."""

    workspace: WorkspaceId
    user: UserId
    name: str
    permissions: list[Permission]
    everywhere: bool


async def place(tx: Tx, viewer: SubjectId, workspace: int, *, manages: bool) -> RightsPlace | None:
    return await fetch_one(tx, "rights/place", RightsPlace, viewer, workspace, manages)


async def list_granted(
    tx: Tx,
    viewer: SubjectId,
    *,
    manages: bool,
    workspaces: Sequence[int] | None = None,
    environment: int | None = None,
    users: Sequence[int] | None = None,
) -> list[Granted]:
    """None: any."""
    return await fetch(tx, "rights/list", Granted, viewer, manages, workspaces, environment, users)


async def manages_any(tx: Tx, viewer: SubjectId) -> bool:
    return bool(await fetch_value(tx, "rights/manages_any", viewer))

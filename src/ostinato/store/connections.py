"""Statements about connections."""

from collections.abc import Sequence
from typing import Any

import msgspec

from ostinato.core.ids import WorkspaceId
from ostinato.store.db import Tx, fetch


class Sealed(msgspec.Struct, frozen=True):
    """A connection with its secrets still encrypted."""

    workspace: WorkspaceId
    name: str
    type: str
    config: dict[str, Any]
    secrets: dict[str, str]


async def for_launch(tx: Tx, wanted: Sequence[tuple[WorkspaceId, str]]) -> list[Sealed]:
    return await fetch(tx, "connections/for_launch", Sealed, [w for w, _ in wanted], [name for _, name in wanted])

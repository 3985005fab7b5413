"""Statements about the rows that data-quality checks found."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from ostinato.core.contracts import Finding
from ostinato.core.ids import RunId, SubjectId
from ostinato.store.db import Tx, execute, fetch


async def keep(tx: Tx, findings: Mapping[RunId, Sequence[Finding]]) -> None:
    """Replace the findings of these runs."""
    await execute(tx, "findings/forget", list(findings))
    rows = [(run, position, f) for run, found in findings.items() for position, f in enumerate(found)]
    await execute(
        tx,
        "findings/keep",
        [run for run, _, _ in rows],
        [position for _, position, _ in rows],
        [finding.kind for _, _, finding in rows],
        [dict(finding.row) for _, _, finding in rows],
    )


async def list_findings(tx: Tx, run: RunId, viewer: SubjectId, offset: int, most: int) -> list[Finding]:
    rows = await fetch(tx, "findings/list", _Row, run, offset, most, viewer)
    return [Finding(kind=row.kind, row=row.row) for row in rows]


class _Row(msgspec.Struct, frozen=True):
    kind: str
    row: dict[str, Any]

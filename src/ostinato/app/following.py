"""Following a run until it has ended: what changed of it, of everything below it and of its log since the last look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from ostinato.app.application import App
from ostinato.app.graphs import graph_of
from ostinato.app.waiting import WAITING, explain
from ostinato.core.access import Actor
from ostinato.core.errors import NotFound
from ostinato.core.ids import RunId
from ostinato.core.plans import Graph
from ostinato.core.states import ENDED
from ostinato.store import logs, runs
from ostinato.store.db import Tx
from ostinato.store.logs import Written
from ostinato.store.runs import Seen, Standings

MOST_CHANGES = 200
MOST_LINES = 500
"""In one look; what there is more is told by the next one, which comes at once."""
ALL_BITS = 2**64 - 1


@dataclass(slots=True)
class Following:
    """How far somebody has been told."""

    run: RunId
    line: int | None = None
    """The last line of the log that was told; None: lines are not wanted."""
    digest: int | None = None
    """Of everything that was told of states; None: nothing was."""
    marks: dict[RunId, int] = field(default_factory=dict)
    graphs: dict[RunId, Graph] = field(default_factory=dict)
    """The steps of the plan runs that were told of."""


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What is new: lines of the log, and after them runs that moved, the run that is followed behind those below it."""

    lines: Sequence[Written]
    moved: Sequence[Seen]
    waits: Mapping[RunId, str]
    more: bool
    """There is more to tell at once."""
    end: Seen | None = None
    """The run as it ended, if this is all there was to tell."""


async def look(app: App, actor: Actor, following: Following) -> News:
    """What is new since the last look, which is remembered as told; raises NotFound."""
    async with app.db.reading() as tx:
        standings = await runs.standings(tx, following.run, actor.subject)
        if standings is None:
            raise NotFound("Run", following.run)
        # States are read before lines: a run that had ended then writes none after them.
        lines = await _lines(tx, actor, following)
        if lines:
            following.line = lines[-1].seq
        if len(lines) == MOST_LINES:
            return News(lines=lines, moved=(), waits={}, more=True)
        changed = _changed(following, standings)
        moved = await runs.get(tx, list(changed)[:MOST_CHANGES], actor.subject) if changed else []
        for seen in moved:
            if seen.graph is not None and seen.run not in following.graphs:
                following.graphs[seen.run] = await graph_of(app, tx, seen.graph)
        over = standings.state in ENDED and len(changed) <= MOST_CHANGES
        end = await runs.get(tx, [following.run], actor.subject) if over else []
    following.marks |= {seen.run: changed[seen.run] for seen in moved}
    more = len(changed) > MOST_CHANGES
    following.digest = None if more else digest(following.marks)
    return News(
        lines=lines,
        moved=sorted(moved, key=lambda seen: (seen.run == following.run, seen.run)),
        waits=await explain(app, actor, [seen.run for seen in moved if seen.state in WAITING], app.now()),
        more=more,
        end=end[0] if end else None,
    )


async def _lines(tx: Tx, actor: Actor, following: Following) -> list[Written]:
    if following.line is None:
        return []
    return await logs.read(tx, following.run, actor.subject, following.line, MOST_LINES)


def digest(marks: Mapping[RunId, int]) -> int:
    """Stands for how everything stands, whatever the order."""
    return sum(marks.values()) & ALL_BITS


def _changed(following: Following, standings: Standings) -> dict[RunId, int]:
    """The marks of the runs that are to be told of, the one that is followed last. Somebody who was told before, and
    comes back to find everything as it was, is told nothing."""
    inside = {following.run}
    now: dict[RunId, int] = {}
    for run, parent, mark in zip(standings.runs, standings.parents, standings.marks, strict=True):
        if run == following.run or parent in inside:
            inside.add(run)
            now[run] = mark
    if not following.marks and following.digest == digest(now):
        following.marks = now
    changed = {run: mark for run, mark in now.items() if following.marks.get(run) != mark}
    if following.run in changed:
        changed[following.run] = changed.pop(following.run)
    return changed

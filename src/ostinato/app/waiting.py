"""Runs together with what they wait for: a sentence for every one that is not at work."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from ostinato.app import runs
from ostinato.app.application import App
from ostinato.app.runs import Tree
from ostinato.core.access import Actor
from ostinato.core.ids import RunId
from ostinato.core.states import ENDED, State
from ostinato.core.waiting import StepFacts, why_run, why_steps
from ostinato.store import waiting
from ostinato.store.runs import Page, Seen, Wanted

WAITING = frozenset({State.QUEUED, State.CLAIMED})
"""The states in which a run is neither at work nor at its end."""
JUST_MOVED = "was moved at this moment: look again"


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A run, and what it waits for."""

    run: Seen
    waits: str | None


class ToldTree(msgspec.Struct, frozen=True, kw_only=True):
    """A run with everything below it, what each of these runs waits for, and what each step does, by position."""

    tree: Tree
    waits: Mapping[RunId, str]
    step_waits: Sequence[str | None]


class ToldPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of runs, and what those of them wait for that wait."""

    page: Page
    waits: Mapping[RunId, str]


async def get(app: App, actor: Actor, run: RunId, now: datetime) -> Told:
    """One run; raises NotFound."""
    seen = await runs.get(app, actor, run)
    if seen.state not in WAITING:
        return Told(run=seen, waits=None)
    group = ("waits", actor.subject)
    return Told(run=seen, waits=await app.gathering.ask(group, run, lambda wanted: explain(app, actor, wanted, now)))


async def get_tree(app: App, actor: Actor, run: RunId, now: datetime) -> ToldTree:
    """A run with everything below it; raises NotFound."""
    tree = await runs.get_tree(app, actor, run)
    waits = await explain(app, actor, _waiting([tree.run, *tree.below]), now)
    return ToldTree(tree=tree, waits=waits, step_waits=await _step_waits(app, tree))


async def list_runs(app: App, actor: Actor, wanted: Wanted, now: datetime) -> ToldPage:
    """The newest runs that were started by themselves, a page at a time."""
    page = await runs.list_runs(app, actor, wanted)
    numbers = [run for run, state in zip(page.live, page.states, strict=True) if state in WAITING]
    return ToldPage(page=page, waits=await explain(app, actor, numbers, now))


async def explain(app: App, actor: Actor, numbers: Sequence[RunId], now: datetime) -> Mapping[RunId, str]:
    """What these runs wait for, which were seen not to be at work a moment ago."""
    if not numbers:
        return {}
    async with app.db.reading() as tx:
        found = await waiting.facts(tx, actor.subject, numbers)
    told = {facts.run: why_run(facts, now) for facts in found}
    return {run: told.get(run) or JUST_MOVED for run in numbers}


def _waiting(seen: Sequence[Seen]) -> list[RunId]:
    return [run.run for run in seen if run.state in WAITING]


async def _step_waits(app: App, tree: Tree) -> Sequence[str | None]:
    if tree.graph is None:
        return []
    if tree.run.state in ENDED:
        return [None] * len(tree.graph.steps)
    async with app.db.reading() as tx:
        found = await waiting.remaining(tx, tree.run.run)
    unmade = {(row.step, row.handler): row.remaining for row in found}
    standings = [
        StepFacts(step=s.step, handler=s.handler, state=s.state, remaining=unmade.get((s.step, s.handler), 0))
        for s in tree.steps
    ]
    cancelling = tree.run.cancel_requested_at is not None
    return why_steps(tree.graph, standings, tree.run.state, cancelling=cancelling)

"""Moves plans forward: ended runs are counted into their steps, ended steps open others, ended plans end in turn."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from ostinato.app.application import App
from ostinato.core.ids import GraphId, RunId
from ostinato.core.plans import Condition, Graph
from ostinato.core.progress import EndedStep, StepState, following
from ostinato.core.states import ENDED, State
from ostinato.store import graphs, runs, steps
from ostinato.store.db import Tx

MOST_GRAPHS = 10_000


class ToOpen(msgspec.Struct, frozen=True, kw_only=True):
    """A step (or its failure handler) whose runs are to be made now."""

    run: RunId
    graph: GraphId
    step: int
    handler: bool = False


async def begin(app: App, tx: Tx, begun: Iterable[runs.Begun], now: datetime) -> None:
    """Open the first steps of runs that were just made."""
    openings = [opening for run in begun for opening in await _roots(app, tx, run.run, run.graph)]
    await _follow(app, tx, openings, [], now)


async def advance(app: App, tx: Tx, moved: Iterable[runs.Moved], now: datetime) -> None:
    """Let everything follow that follows from runs that were just moved; runs that did not end set nothing going."""
    await _follow(app, tx, [], _tally(moved), now)


async def graph_of(app: App, tx: Tx, graph: GraphId) -> Graph:
    """A graph from memory, or from the database the first time."""
    if graph not in app.graphs:
        if len(app.graphs) >= MOST_GRAPHS:
            app.graphs.clear()
        app.graphs[graph] = await graphs.get(tx, graph)
    return app.graphs[graph]


async def _follow(app: App, tx: Tx, openings: Sequence[ToOpen], endings: Sequence[steps.Ending], now: datetime) -> None:
    """Open, count and end until nothing follows. Counts of a plan are applied last, so that it ends only when nothing
    of it was opened in the same breath."""
    counts: dict[RunId, runs.StepCount] = {}
    while openings or endings or counts:
        if openings:
            openings, endings = await _open(app, tx, openings, endings, counts, now)
        elif endings:
            openings = await _end(app, tx, endings, counts)
            endings = []
        else:
            ended = await runs.count_steps(tx, list(counts.values()), now)
            counts = {}
            endings = _tally(ended)


async def _open(
    app: App,
    tx: Tx,
    openings: Sequence[ToOpen],
    endings: Sequence[steps.Ending],
    counts: dict[RunId, runs.StepCount],
    now: datetime,
) -> tuple[list[ToOpen], list[steps.Ending]]:
    """Make the runs of these steps. Returns the first steps of plans among them, and the steps found to be empty."""
    wanted = []
    for opening in openings:
        step = (await graph_of(app, tx, opening.graph)).steps[opening.step]
        refs = step.on_failure if opening.handler else step.runs
        wanted += [
            runs.ChildToQueue(parent=opening.run, step=opening.step, handler=opening.handler, ref=ref) for ref in refs
        ]
    children = await runs.queue_children(tx, wanted, now)
    size: dict[tuple[RunId, int, bool], int] = {}
    for child in children:
        place = (child.parent, child.step, child.handler)
        size[place] = size.get(place, 0) + 1
    begun, empty = [], list(endings)
    for opening in openings:
        graph = await graph_of(app, tx, opening.graph)
        open_runs = size.get((opening.run, opening.step, opening.handler), 0)
        begun.append(_opening(graph, opening, open_runs))
        _count(counts, opening.run).opened += 1
        if not open_runs:
            empty.append(steps.Ending(run=opening.run, step=opening.step, handler=opening.handler))
    await steps.open_steps(tx, begun)
    inner = [opening for child in children for opening in await _roots(app, tx, child.run, child.graph)]
    return inner, empty


async def _end(app: App, tx: Tx, endings: Sequence[steps.Ending], counts: dict[RunId, runs.StepCount]) -> list[ToOpen]:
    """Count ended runs into their steps; returns the steps that are ready because of it."""
    openings: list[ToOpen] = []
    downs: dict[tuple[RunId, int], steps.CountDown] = {}
    graph_by_run: dict[RunId, GraphId] = {}
    for counted in await steps.count_runs(tx, endings):
        if counted.state is StepState.RUNNING:
            continue
        graph = await graph_of(app, tx, counted.graph)
        graph_by_run[counted.run] = counted.graph
        ended = EndedStep(run=counted.run, step=counted.step, handler=counted.handler, state=counted.state)
        follows = following(graph, ended, cancelling=counted.cancelling)
        count = _count(counts, counted.run)
        count.ended += 1
        count.failed += follows.failed
        if follows.handler:
            openings.append(ToOpen(run=counted.run, graph=counted.graph, step=counted.step, handler=True))
        for follower in follows.followers:
            place = (counted.run, follower)
            before = downs[place].ended if place in downs else 0
            step = graph.steps[follower]
            if len(step.after) == 1:
                openings.append(ToOpen(run=counted.run, graph=counted.graph, step=follower))
                continue
            downs[place] = steps.CountDown(
                run=counted.run,
                step=follower,
                condition=step.condition,
                needed=len(step.after),
                ended=before + 1,
            )
    if downs:
        for waiting in await steps.count_down(tx, list(downs.values())):
            if waiting.pending == 0:
                openings.append(ToOpen(run=waiting.run, graph=graph_by_run[waiting.run], step=waiting.step))
    return openings


async def _roots(app: App, tx: Tx, run: RunId, graph: GraphId | None) -> list[ToOpen]:
    if graph is None:
        return []
    return [ToOpen(run=run, graph=graph, step=step) for step in (await graph_of(app, tx, graph)).roots()]


def _opening(graph: Graph, opening: ToOpen, open_runs: int) -> steps.Opening:
    step = graph.steps[opening.step]
    return steps.Opening(
        run=opening.run,
        step=opening.step,
        handler=opening.handler,
        condition=Condition.ALL_SUCCEEDED if opening.handler else step.condition,
        needed=len(step.after),
        open=open_runs,
    )


def _tally(moved: Iterable[runs.Moved]) -> list[steps.Ending]:
    """How many runs ended in each step, by outcome; runs without a plan around them count nowhere."""
    tally: dict[tuple[RunId, int, bool], steps.Ending] = {}
    for run in moved:
        if run.state not in ENDED or run.parent is None or run.step is None:
            continue
        place = (run.parent, run.step, run.handler)
        ending = tally.setdefault(place, steps.Ending(run=run.parent, step=run.step, handler=run.handler))
        ending.succeeded += run.state is State.SUCCEEDED
        ending.failed += run.state is State.FAILED
        ending.cancelled += run.state is State.CANCELLED
    return list(tally.values())


def _count(counts: dict[RunId, runs.StepCount], run: RunId) -> runs.StepCount:
    return counts.setdefault(run, runs.StepCount(run=run))

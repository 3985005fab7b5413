"""Moves plans forward: ended runs are counted into their steps, ended steps open others, ended plans end in turn, and
what waited for a run, a plan or a slot that is free now is let go."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from ostinato.app import beginnings
from ostinato.app.application import App
from ostinato.app.beginnings import Begin, ToOpen
from ostinato.app.graphs import graph_of
from ostinato.core.ids import GraphId, PlanId, PoolId, RunId, TaskId
from ostinato.core.plans import Condition
from ostinato.core.progress import EndedStep, StepState, fill, following, plan_end
from ostinato.core.reruns import CannotRerun
from ostinato.core.retries import policy_of
from ostinato.core.states import ENDED, State
from ostinato.store import data_triggers, holds, logs, runs, steps
from ostinato.store.db import Tx

MOST_BEGINNINGS = 100
"""Plans that begin in one go; the others begin in the next turn."""


class _Flow(msgspec.Struct, kw_only=True):
    """What is to follow, in the order in which it is worked off. Counts of a plan are applied after everything else, so
    that it ends only when nothing of it was opened in the same breath."""

    openings: list[ToOpen] = []
    endings: list[steps.Ending] = []
    fills: dict[RunId, GraphId] = {}
    counts: dict[RunId, runs.StepCount] = {}
    tasks: set[TaskId] = set()
    plans: set[PlanId] = set()
    pools: dict[PoolId, int] = {}
    succeeded: list[RunId] = []
    """Runs of sources of data triggers, written down before anything that follows is made."""
    begin: bool = False


async def begin(app: App, tx: Tx, begun: Sequence[Begin], now: datetime) -> None:
    """Open the first steps of runs that were just made."""
    flow = _Flow()
    await _begin(app, tx, flow, begun, now)
    await _follow(app, tx, flow, now)


async def advance(app: App, tx: Tx, moved: Sequence[runs.Moved], now: datetime) -> None:
    """Let everything follow that follows from runs that were just moved; runs that did not end set nothing going."""
    flow = _Flow()
    _note(app, flow, moved)
    await _follow(app, tx, flow, now)


async def cancelled(app: App, tx: Tx, moved: Sequence[runs.Moved], now: datetime) -> None:
    """Let everything follow from runs that were asked to end. A step of which nothing is live, because a limit held
    back all that is left of it, ends here: nobody else would end it."""
    flow = _Flow()
    _note(app, flow, moved)
    plans = [run.run for run in moved if run.state is State.RUNNING]
    for row in await steps.at_work(tx, plans) if plans else ():
        if not row.open:
            flow.endings.append(steps.Ending(run=RunId(row.run), step=row.step, handler=row.handler))
    await _follow(app, tx, flow, now)


async def let_go(app: App, tx: Tx, free: Sequence[holds.LetGo], now: datetime) -> None:
    """Begin the plans among runs that nothing holds any more."""
    flow = _Flow(begin=any(run.graph is not None for run in free))
    await _follow(app, tx, flow, now)


async def begin_ready(app: App, tx: Tx, now: datetime) -> None:
    """Begin every plan run that is queued and that nothing holds."""
    await _follow(app, tx, _Flow(begin=True), now)


async def _follow(app: App, tx: Tx, flow: _Flow, now: datetime) -> None:
    """Open, count, end and let go until nothing follows."""
    while True:
        if flow.succeeded:
            succeeded, flow.succeeded = flow.succeeded, []
            await data_triggers.note(tx, succeeded)
        elif flow.openings:
            await _open(app, tx, flow, now)
        elif flow.endings:
            await _end(app, tx, flow)
        elif flow.fills:
            await _fill(app, tx, flow)
        elif flow.counts:
            await _count(app, tx, flow, now)
        elif flow.tasks or flow.plans or flow.pools:
            await _let_go(tx, flow)
        elif flow.begin:
            await _begin_queued(app, tx, flow, now)
        else:
            return


async def _begin(app: App, tx: Tx, flow: _Flow, begun: Sequence[Begin], now: datetime) -> None:
    for run in begun:
        count = _counted(flow, run.run)
        count.begun = True
        try:
            flow.openings += await beginnings.first_steps(app, tx, run)
        except CannotRerun as error:  # nothing of it has been written, and without an active step it ends as failed
            count.failed += 1
            await logs.note(tx, [(run.run, f"It cannot begin: {error}")], now)


async def _begin_queued(app: App, tx: Tx, flow: _Flow, now: datetime) -> None:
    flow.begin = False
    rows = await holds.begin(tx, now, MOST_BEGINNINGS)
    begun = [row for row in rows if row.state is State.RUNNING]
    again = [row.run for row in begun if row.attempt > 1]
    if again:
        await steps.forget(tx, again)
    await _begin(app, tx, flow, [beginnings.of_row(row) for row in begun], now)
    if len(rows) == MOST_BEGINNINGS:
        app.expect(now)
        app.wake.set()


async def _open(app: App, tx: Tx, flow: _Flow, now: datetime) -> None:
    """Make the runs of these steps. The first steps of plans among them follow, and steps that are found to be empty.
    Where a limit has a say, the step opens without runs, and is filled."""
    openings, flow.openings = flow.openings, []
    rows, children = [], []
    for opening in openings:
        graph = await graph_of(app, tx, opening.graph)
        step = graph.steps[opening.step]
        limited = (graph.limit is not None or step.limit is not None) and not opening.goes_on
        if limited:
            flow.fills[opening.run] = opening.graph
        rows.append(
            steps.Opening(
                run=opening.run,
                step=opening.step,
                handler=opening.handler,
                condition=Condition.ALL_SUCCEEDED if opening.handler else step.condition,
                needed=len(step.after),
                remaining=len(opening.refs) if limited else opening.remaining,
                succeeded=opening.taken_over,
            )
        )
        children += [] if limited else beginnings.children_of(opening)
        if not opening.goes_on:
            _counted(flow, opening.run).opened += 1
    inner = []
    limited_places = {(row.run, row.step, row.handler) for row in rows if row.remaining}
    for made in await steps.open_steps(tx, rows, children, now):
        if made.graph is not None and made.run is not None:
            inner.append(beginnings.of_child(made))
        elif not made.open and (made.parent, made.step, made.handler) not in limited_places:
            flow.endings.append(steps.Ending(run=made.parent, step=made.step, handler=made.handler))
    await _begin(app, tx, flow, inner, now)
    for opening in openings:
        if opening.goes_on and opening.remaining:
            flow.fills.setdefault(opening.run, opening.graph)


async def _fill(app: App, tx: Tx, flow: _Flow) -> None:
    """Let steps go on as far as the limits allow now."""
    wanted, flow.fills = flow.fills, {}
    at_work = await steps.at_work(tx, list(wanted))
    for run, graph_id in wanted.items():
        graph = await graph_of(app, tx, graph_id)
        mine = [row for row in at_work if row.run == run]
        for row, count in fill(graph, mine):
            refs = await beginnings.refs_of(app, tx, run, graph_id, row.step, handler=row.handler)
            first = len(refs.refs) - row.remaining
            flow.openings.append(
                ToOpen(
                    run=run,
                    graph=graph_id,
                    step=row.step,
                    handler=row.handler,
                    refs=refs.refs[first : first + count],
                    within=refs.within,
                    goes_on=True,
                    remaining=row.remaining - count,
                )
            )


async def _end(app: App, tx: Tx, flow: _Flow) -> None:
    """Count ended runs into their steps; the steps that are ready because of it are to be opened."""
    endings, flow.endings = flow.endings, []
    downs: dict[tuple[RunId, int], steps.CountDown] = {}
    graph_by_run: dict[RunId, GraphId] = {}
    for counted in await steps.count_runs(tx, endings):
        graph = await graph_of(app, tx, counted.graph)
        if not counted.cancelling and (graph.limit is not None or counted.remaining):
            flow.fills[counted.run] = counted.graph
        if counted.state is StepState.RUNNING:
            continue
        graph_by_run[counted.run] = counted.graph
        ended = EndedStep(run=counted.run, step=counted.step, handler=counted.handler, state=counted.state)
        follows = following(graph, ended, cancelling=counted.cancelling)
        count = _counted(flow, counted.run)
        count.ended += 1
        count.failed += follows.failed
        if follows.handler:
            flow.openings.append(beginnings.whole_step(graph, counted.run, counted.graph, counted.step, handler=True))
        for follower in follows.followers:
            step = graph.steps[follower]
            if len(step.after) == 1:
                flow.openings.append(beginnings.whole_step(graph, counted.run, counted.graph, follower))
                continue
            place = (counted.run, follower)
            downs[place] = steps.CountDown(
                run=counted.run,
                step=follower,
                condition=step.condition,
                needed=len(step.after),
                ended=(downs[place].ended if place in downs else 0) + 1,
            )
    for waiting in await steps.count_down(tx, list(downs.values())) if downs else ():
        if waiting.pending == 0:
            graph_id = graph_by_run[waiting.run]
            graph = await graph_of(app, tx, graph_id)
            flow.openings.append(beginnings.whole_step(graph, waiting.run, graph_id, waiting.step))


async def _count(app: App, tx: Tx, flow: _Flow, now: datetime) -> None:
    """Count opened and ended steps into their plans, and end the plans that have no active step any more."""
    counts, flow.counts = flow.counts, {}
    changed = [c for c in counts.values() if c.opened != c.ended or c.failed or c.begun]
    ends = [
        (
            row.run,
            plan_end(
                failed_steps=row.failed_steps,
                cancel_reason=row.cancel_reason,
                retries=policy_of(row.retries),
                attempt=row.attempt,
                now=now,
            ),
        )
        for row in (await runs.count_steps(tx, changed) if changed else ())
        if not row.active_steps
    ]
    if ends:
        moved = await runs.end_plans(tx, ends, now)
        _note(app, flow, moved)
        for _, end in ends:
            if end.due_at is not None:
                app.expect(end.due_at)


async def _let_go(tx: Tx, flow: _Flow) -> None:
    tasks, plans, pools = sorted(flow.tasks), sorted(flow.plans), flow.pools
    flow.tasks, flow.plans, flow.pools = set(), set(), {}
    free = await holds.let_go(tx, tasks, plans, pools)
    flow.begin = flow.begin or any(run.graph is not None for run in free)


def _note(app: App, flow: _Flow, moved: Iterable[runs.Moved]) -> None:
    """How many runs ended in each step, by outcome, and what their ends leave free."""
    tally: dict[tuple[RunId, int, bool], steps.Ending] = {}
    for run in moved:
        if run.awaited and run.state in (*ENDED, State.QUEUED):
            _free(flow, run)
        if run.state not in ENDED:
            continue
        if run.heard:
            app.heard = True
            flow.succeeded += [run.run] if run.state is State.SUCCEEDED else []
        if run.parent is None or run.step is None:
            app.ended.add(run.run)
            continue
        place = (run.parent, run.step, run.handler)
        ending = tally.setdefault(place, steps.Ending(run=run.parent, step=run.step, handler=run.handler))
        ending.succeeded += run.state is State.SUCCEEDED
        ending.failed += run.state is State.FAILED
        ending.cancelled += run.state is State.CANCELLED
    flow.endings += tally.values()


def _free(flow: _Flow, run: runs.Moved) -> None:
    if run.task is not None:
        flow.tasks.add(run.task)
    if run.plan is not None:
        flow.plans.add(run.plan)
    if run.pool is not None:
        flow.pools[run.pool] = flow.pools.get(run.pool, 0) + 1


def _counted(flow: _Flow, run: RunId) -> runs.StepCount:
    return flow.counts.setdefault(run, runs.StepCount(run=run))

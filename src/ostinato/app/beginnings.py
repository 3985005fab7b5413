"""How plan runs begin: with their first steps, or, if they are re-runs, with what is to be run again."""

from collections.abc import Mapping, Sequence

import msgspec

from ostinato.app.application import App
from ostinato.app.graphs import graph_of
from ostinato.core.ids import GraphId, RunId
from ostinato.core.plans import Graph, Ref
from ostinato.core.progress import StepState
from ostinato.core.reruns import Again, Beginning, Part, beginning, fresh
from ostinato.store import holds, starts, steps
from ostinato.store.db import Tx


class Begin(msgspec.Struct, frozen=True, kw_only=True):
    """A plan run that begins; `rerun_of`, `part` and `step` say what it takes over."""

    run: RunId
    graph: GraphId
    rerun_of: RunId | None = None
    part: Part = Part.ALL
    step: str | None = None


class ToOpen(msgspec.Struct, frozen=True, kw_only=True):
    """A step (or its failure handler) whose runs are to be made now; `goes_on`: further runs of an open step, after
    which `remaining` are not made yet."""

    run: RunId
    graph: GraphId
    step: int
    refs: Sequence[Ref]
    handler: bool = False
    taken_over: int = 0
    within: Mapping[Ref, RunId] = {}
    goes_on: bool = False
    remaining: int = 0


def of_row(row: holds.Beginning) -> Begin:
    part = Part(row.rerun_part) if row.rerun_part else Part.ALL
    return Begin(run=row.run, graph=row.graph, rerun_of=row.rerun_of, part=part, step=row.rerun_step)


def of_child(made: steps.Opened) -> Begin:
    """A plan inside a plan; in a re-run of what failed, it takes over what succeeded inside."""
    assert made.run is not None
    assert made.graph is not None, "only what consists of steps begins"
    part = Part.FAILED if made.rerun_of is not None else Part.ALL
    return Begin(run=made.run, graph=made.graph, rerun_of=made.rerun_of, part=part)


def whole_step(graph: Graph, run: RunId, graph_id: GraphId, step: int, *, handler: bool = False) -> ToOpen:
    refs = graph.steps[step].refs(handler=handler)
    return ToOpen(run=run, graph=graph_id, step=step, refs=refs, handler=handler)


def children_of(opening: ToOpen) -> list[steps.ChildToMake]:
    return [
        steps.ChildToMake(
            parent=opening.run,
            step=opening.step,
            handler=opening.handler,
            ref=ref,
            rerun_of=opening.within.get(ref),
        )
        for ref in opening.refs
    ]


async def first_steps(app: App, tx: Tx, run: Begin) -> list[ToOpen]:
    """The steps that a plan run begins with; what it takes over is written down."""
    graph = await graph_of(app, tx, run.graph)
    begun = await _beginning(app, tx, run)
    taken = [
        steps.TakenOver(
            run=run.run,
            step=number,
            state=StepState.SUCCEEDED if pending == 0 else StepState.WAITING,
            condition=graph.steps[number].condition,
            needed=len(graph.steps[number].after),
            pending=pending,
        )
        for number, pending in (*((done, 0) for done in begun.done), *begun.waiting.items())
    ]
    if taken:
        await steps.take_over(tx, taken)
    return [
        ToOpen(
            run=run.run,
            graph=run.graph,
            step=again.step,
            refs=again.refs,
            taken_over=again.taken_over,
            within=again.within,
        )
        for again in begun.open
    ]


async def refs_of(app: App, tx: Tx, run: RunId, graph_id: GraphId, step: int, *, handler: bool) -> Again:
    """What a step of a plan run runs, in the order it is made; less than the graph says if it is a re-run."""
    graph = await graph_of(app, tx, graph_id)
    whole = Again(step=step, refs=graph.steps[step].refs(handler=handler))
    if handler:
        return whole
    row = await starts.rerun_info(tx, run)
    if row is None or row.rerun_of is None:
        return whole
    begun = await _beginning(app, tx, of_row(row))
    return next((again for again in begun.open if again.step == step), whole)


async def _beginning(app: App, tx: Tx, run: Begin) -> Beginning:
    graph = await graph_of(app, tx, run.graph)
    if run.rerun_of is None or run.part is Part.ALL:
        return fresh(graph)
    return await look_back(app, tx, run, graph)


async def look_back(app: App, tx: Tx, run: Begin, graph: Graph) -> Beginning:
    """What a re-run takes over from the run before it: nothing, if history has dropped that. Raises CannotRerun."""
    assert run.rerun_of is not None, "a re-run points to the run before it"
    before = await starts.graph_of_run(tx, run.rerun_of)
    if before is None:
        return fresh(graph)
    standings = await steps.of_run(tx, run.rerun_of)
    succeeded = [one.step for one in standings if one.state is StepState.SUCCEEDED and not one.handler]
    children = await starts.children(tx, run.rerun_of)
    return beginning(graph, await graph_of(app, tx, before), run.part, run.step, succeeded, children)

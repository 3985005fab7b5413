"""Running again what has ended: all of it, from a step on, or what failed; as it was then, or as it is now."""

from datetime import datetime

from ostinato.app import beginnings, starts
from ostinato.app.application import App
from ostinato.app.beginnings import Begin
from ostinato.app.graphs import graph_of
from ostinato.app.starts import Again, Trigger
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict, Invalid, NotFound, Problem
from ostinato.core.ids import GraphId, RunId
from ostinato.core.reruns import CannotRerun, Part
from ostinato.core.states import ENDED, State
from ostinato.store import starts as statements
from ostinato.store.db import Tx
from ostinato.store.runs import TaskOrPlan


async def rerun(
    app: App,
    actor: Actor,
    run: RunId,
    part: Part,
    now: datetime,
    *,
    step: str | None = None,
    newest: bool = False,
    key: str | None = None,
) -> RunId:
    """Start a new run that points to `run`, with its parameters and priority. Raises NotFound, Forbidden, Invalid,
    Conflict.

    `newest`: on the newest version of the plan, with steps known by their names; else on the version it ran with.
    """
    if (part is Part.FROM_STEP) != (step is not None):
        message = "name the step to begin with" if step is None else "leave it out, or use part from_step"
        raise Invalid(Problem(path="step", message=message))
    async with app.db.reading() as tx:
        found = await statements.rerunnable(tx, run, actor.subject)
        if found is None:
            raise NotFound("Run", run)
        if found.state not in ENDED:
            raise Conflict(f"Run {run} has not ended: wait until it has, or cancel it")
        graph = found.newest_graph if newest else found.graph
        if part is not Part.ALL:
            await _check_part(app, tx, found, graph, part, step)
    again = Again(
        of=run,
        part=part,
        step=step,
        graph=graph,
        version=found.newest_version if newest else found.version,
        parameters=found.parameters,
    )
    trigger = Trigger(priority=found.priority, key=key)
    return await starts.start(app, actor, TaskOrPlan(found.task, found.plan), trigger, now, again=again)


async def _check_part(
    app: App, tx: Tx, found: statements.Rerunnable, graph: GraphId | None, part: Part, step: str | None
) -> None:
    """Refuse parts that there are not."""
    nothing = Conflict(f"Nothing of run {found.run} failed: run all of it again, or from a step")
    if graph is None or found.graph is None:
        if part is Part.FROM_STEP:
            raise Conflict(f"Run {found.run} has no steps: run all of it again")
        if found.state is State.SUCCEEDED:
            raise nothing
        return
    begin = Begin(run=found.run, graph=graph, rerun_of=found.run, part=part, step=step)
    try:
        begun = await beginnings.look_back(app, tx, begin, await graph_of(app, tx, graph))
    except CannotRerun as error:
        raise Conflict(f"Run {found.run} cannot be run again like this: {error}") from error
    if not begun.open:
        raise nothing

"""Starting, cancelling and looking at runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from ostinato.app import audit, starts
from ostinato.app.application import App
from ostinato.app.cancelling import ask, end_held
from ostinato.app.graphs import graph_of
from ostinato.app.starts import Trigger
from ostinato.core.access import Actor
from ostinato.core.contracts import Finding
from ostinato.core.errors import Conflict, Forbidden, NotFound
from ostinato.core.ids import PlanId, RunId, TaskId
from ostinato.core.plans import Graph
from ostinato.core.progress import StepState
from ostinato.core.states import Reason, State
from ostinato.store import findings, logs, runs, steps
from ostinato.store.audit import Entry
from ostinato.store.db import Tx

MOST_COUNTED = 10_000


class Tree(msgspec.Struct, frozen=True, kw_only=True):
    """A run with everything below it, and how far its steps are."""

    run: runs.Seen
    below: Sequence[runs.Seen]
    graph: Graph | None
    steps: Sequence[steps.Standing]


async def start_task(app: App, actor: Actor, task: TaskId, now: datetime, *, key: str | None = None) -> RunId:
    """Start a task by itself, without anything else to say; see `starts.start`."""
    return await starts.start(app, actor, runs.TaskOrPlan(task=task), Trigger(key=key), now)


async def start_plan(app: App, actor: Actor, plan: PlanId, now: datetime, *, key: str | None = None) -> RunId:
    """Start a plan in its current version, without anything else to say; see `starts.start`."""
    return await starts.start(app, actor, runs.TaskOrPlan(plan=plan), Trigger(key=key), now)


async def find_runnable(
    app: App,
    actor: Actor,
    name: str,
    environment: str,
    workspace: str | None,
    kind: Literal["task", "plan"] | None = None,
) -> runs.Runnable:
    """The task or plan of this name; a plan goes before a task, unless the kind is said. Raises NotFound, and Conflict
    if it is ambiguous."""
    named = runs.Named(name, environment, workspace)
    found = await app.gathering.ask(("runnable", actor.subject), named, lambda wanted: _find(app, actor, wanted)) or []
    found = [runnable for runnable in found if kind in (None, runnable.kind)]
    plans = [runnable for runnable in found if runnable.kind == "plan"] or found
    if not plans:
        raise NotFound("Task or plan", name)
    if len(plans) > 1:
        places = ", ".join(sorted(runnable.workspace for runnable in plans))
        raise Conflict(f"{name!r} is in several workspaces ({places}): name one with --workspace")
    return plans[0]


async def cancel(app: App, actor: Actor, run: RunId, now: datetime) -> None:
    """Ask a run and everything below it to end; asking again changes nothing. Raises NotFound, Forbidden."""

    async def work(tx: Tx) -> list[runs.Moved]:
        rights = await runs.rights(tx, run, actor.subject)
        if rights is None:
            raise NotFound("Run", run)
        if not rights.may_execute:
            raise Forbidden("Ending a run needs the permission EXECUTE in its workspace")
        moved = await ask(app, tx, [run], Reason.CANCEL_REQUESTED, now)
        if moved:
            entry = Entry(
                action="cancel",
                kind=rights.kind,
                target=rights.name,
                environment=rights.environment,
                workspace=rights.workspace,
                after={"run": run},
            )
            await audit.record(tx, actor, now, entry)
        return moved

    end_held(app, await app.db.run(work))


async def get(app: App, actor: Actor, run: RunId) -> runs.Seen:
    """One run; raises NotFound."""
    seen = await app.gathering.ask(("run", actor.subject), run, lambda wanted: _look(app, actor, wanted))
    if seen is None:
        raise NotFound("Run", run)
    return seen


async def get_tree(app: App, actor: Actor, run: RunId) -> Tree:
    """A run with everything below it; raises NotFound."""
    async with app.db.reading() as tx:
        seen = await _seen(tx, actor, run)
        everything = await runs.tree(tx, run, actor.subject)
        graph = await graph_of(app, tx, seen.graph) if seen.graph is not None else None
        standings = await steps.of_run(tx, run) if graph is not None else []
    inside = {run}
    below = []
    for other in everything:
        if other.parent in inside:
            inside.add(other.run)
            below.append(other)
    return Tree(run=seen, below=below, graph=graph, steps=standings)


async def list_runs(app: App, actor: Actor, wanted: runs.Wanted) -> runs.Page:
    """The newest runs that were started by themselves, a page at a time."""
    async with app.db.reading() as tx:
        return await runs.list_runs(tx, actor.subject, wanted)


async def search(app: App, actor: Actor, wanted: runs.Wanted) -> list[runs.Seen]:
    """Like `list_runs`, by what no index has: it may read all of history, so a server makes few at a time."""
    async with app.searching, app.db.reading() as tx:
        return await runs.search(tx, actor.subject, wanted)


async def count(app: App, actor: Actor, wanted: runs.Wanted) -> int:
    """How many runs match on all pages together; MOST_COUNTED + 1 if there are more than MOST_COUNTED."""
    async with app.searching, app.db.reading() as tx:
        return await runs.count(tx, actor.subject, wanted, MOST_COUNTED + 1)


async def read_log(app: App, actor: Actor, run: RunId, after: int, most: int) -> list[logs.Written]:
    """Log lines after line `after` (0: from the beginning); raises NotFound."""
    async with app.db.reading() as tx:
        await _seen(tx, actor, run)
        return await logs.read(tx, run, actor.subject, after, most)


async def list_findings(app: App, actor: Actor, run: RunId, offset: int, most: int) -> list[Finding]:
    """The rows a check found, as many as were kept; raises NotFound."""
    async with app.db.reading() as tx:
        await _seen(tx, actor, run)
        return await findings.list_findings(tx, run, actor.subject, offset, most)


async def count_work(app: App, actor: Actor) -> runs.Work:
    """How much work there is that the actor may see."""
    async with app.db.reading() as tx:
        return await runs.count_work(tx, actor.subject)


def skipped_steps(tree: Tree) -> list[str]:
    """The steps of an ended plan run that never started, because a step before them did not succeed."""
    if tree.graph is None or tree.run.state in (State.QUEUED, State.CLAIMED, State.RUNNING):
        return []
    begun = {standing.step for standing in tree.steps if standing.state is not StepState.WAITING}
    return [step.name for number, step in enumerate(tree.graph.steps) if number not in begun]


async def _seen(tx: Tx, actor: Actor, run: RunId) -> runs.Seen:
    found = await runs.get(tx, [run], actor.subject)
    if not found:
        raise NotFound("Run", run)
    return found[0]


async def _look(app: App, actor: Actor, wanted: Sequence[RunId]) -> Mapping[RunId, runs.Seen]:
    async with app.db.reading() as tx:
        return {seen.run: seen for seen in await runs.get(tx, wanted, actor.subject)}


async def _find(app: App, actor: Actor, wanted: Sequence[runs.Named]) -> Mapping[runs.Named, list[runs.Runnable]]:
    found: dict[runs.Named, list[runs.Runnable]] = {}
    async with app.db.reading() as tx:
        for runnable in await runs.find_runnable(tx, actor.subject, wanted):
            found.setdefault(wanted[runnable.position - 1], []).append(runnable)
    return found

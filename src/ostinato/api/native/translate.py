"""From the core's words to our own dialect's."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from litestar import Response

from ostinato.api.native import wire
from ostinato.api.responses import WrittenJson
from ostinato.app.application import App
from ostinato.app.definitions import Bundle, Change, File
from ostinato.app.runs import MOST_COUNTED, Tree, skipped_steps
from ostinato.app.waiting import Told, ToldPage, ToldSearch, ToldTree
from ostinato.core.contracts import Finding
from ostinato.core.ids import RunId
from ostinato.core.plans import Graph
from ostinato.core.progress import StepState
from ostinato.core.states import ENDED, State
from ostinato.core.times import instant
from ostinato.store.history import Retention
from ostinato.store.logs import Written
from ostinato.store.runs import Runnable, Seen
from ostinato.store.steps import Standing

STEP_STATES: dict[StepState, wire.StepName] = {
    StepState.WAITING: "waiting",
    StepState.RUNNING: "running",
    StepState.SUCCEEDED: "succeeded",
    StepState.FAILED: "failed",
    StepState.CANCELLED: "cancelled",
}


LEFT_OPEN = b'"progress":null,"waiting":"?"}'
"""How `runs/list` writes a run's end if it has not ended. Inside of texts quotes look different: it is nowhere else."""


def probe(reason: str | None) -> Response[wire.Probe]:
    told = wire.Probe(status="ok" if reason is None else "failing", reason=reason)
    return Response(told, status_code=200 if reason is None else 503)


def run(app: App, told: Told) -> wire.Run:
    """One run, with the values it was started with."""
    return msgspec.structs.replace(_run(app, told.run, told.waits), parameters=told.run.parameters)


def run_page(app: App, told: ToldPage, limit: int, total: int | None = None) -> WrittenJson:
    """The runs as the database wrote them, and of those that have not ended what it left open."""
    page = told.page
    first, *parts = page.items.split(LEFT_OPEN, len(page.live))
    said = (_left_open(app, run, told.waits.get(run)) for run in page.live)
    items = first + b"".join(more + part for more, part in zip(said, parts, strict=True))
    following = page.last if page.number == limit else None
    around = wire.RunPage(items=(), next=following)
    frame = msgspec.json.encode(around if total is None else _counted(around, total))
    return WrittenJson(b'{"items":[' + items + frame.removeprefix(b'{"items":['))


def search_page(app: App, told: ToldSearch, limit: int, total: int | None = None) -> WrittenJson:
    """The same page, of runs that were found by a filter."""
    page = wire.RunPage(
        items=[_run(app, seen, told.waits.get(seen.run)) for seen in told.found],
        next=told.found[-1].run if len(told.found) == limit else None,
    )
    return WrittenJson(msgspec.json.encode(page if total is None else _counted(page, total)))


def part_of(app: App, seen: Seen, waits: Mapping[RunId, str], graphs: Mapping[RunId, Graph]) -> wire.Run:
    """A run of a tree; `graphs` are those of the plan runs in it."""
    return _run(app, seen, waits.get(seen.run), _step_name(seen, graphs))


def run_detail(app: App, told: ToldTree) -> wire.RunDetail:
    tree, waits = told.tree, told.waits
    graphs = _graphs(app, tree)
    return wire.RunDetail(
        run=run(app, Told(run=tree.run, waits=waits.get(tree.run.run))),
        children=[_run(app, seen, waits.get(seen.run), _step_name(seen, graphs)) for seen in tree.below],
        steps=_steps(tree, told.step_waits),
        skipped_steps=skipped_steps(tree),
    )


def paused(found: Runnable, *, paused: bool, changed: bool) -> wire.Paused:
    return wire.Paused(
        kind=found.kind,
        name=found.name,
        workspace=found.workspace,
        environment=found.environment,
        paused=paused,
        changed=changed,
    )


def log_page(lines: Sequence[Written], after: int, limit: int, state: State) -> wire.LogPage:
    """`state` is what the run's state was before the lines were read: once it has ended there are no new ones."""
    return wire.LogPage(
        lines=[log_line(line) for line in lines],
        next=lines[-1].seq if lines else after,
        ended=state in ENDED and len(lines) < limit,
    )


def log_line(line: Written) -> wire.LogLine:
    return wire.LogLine(seq=line.seq, attempt=line.attempt, at=instant(line.at), text=line.text)


def finding_page(found: Sequence[Finding], total: int) -> wire.FindingPage:
    return wire.FindingPage(items=[wire.FindingItem(kind=f.kind, row=f.row) for f in found], total=total)


def retention(found: Sequence[Retention]) -> wire.Retention:
    items = [
        wire.EnvironmentRetention(
            environment=one.environment,
            runs_days=one.runs_days,
            logs_days=one.logs_days,
            findings_days=one.findings_days,
            oldest_day=one.oldest.isoformat() if one.oldest else None,
        )
        for one in found
    ]
    return wire.Retention(items=items)


def bundle(sent: wire.Bundle) -> Bundle:
    return Bundle(
        files=[File(name=file.name, text=file.text) for file in sent.files],
        variables=dict(sent.variables),
        environment=sent.environment,
    )


def changes(made: Sequence[Change]) -> wire.Changes:
    counts = {action: sum(change.action == action for change in made) for action in ("created", "changed", "left")}
    items = [
        wire.ChangeItem(
            action=change.action,
            kind=change.kind,
            name=change.name,
            workspace=change.workspace,
            environment=change.environment,
            fields=change.fields,
        )
        for change in made
    ]
    return wire.Changes(changes=items, **counts)


def definition_files(files: Sequence[File]) -> wire.DefinitionFiles:
    return wire.DefinitionFiles(files=[wire.DefinitionFile(name=file.name, text=file.text) for file in files])


def _run(app: App, seen: Seen, waits: str | None, step: str | None = None) -> wire.Run:
    """`step` is the name of the step it is part of, where that is known."""
    return wire.Run(
        id=seen.run,
        kind=seen.kind,
        name=seen.name,
        number=seen.number,
        task_type=seen.task_type,
        workspace=seen.workspace,
        environment=seen.environment,
        state=seen.state,
        reason=seen.reason,
        message=seen.message,
        attempt=seen.attempt,
        queued_at=instant(seen.queued_at),
        started_at=instant(seen.started_at) if seen.started_at else None,
        ended_at=instant(seen.ended_at) if seen.ended_at else None,
        duration_seconds=_seconds(seen.started_at, seen.ended_at),
        due_at=instant(seen.due_at),
        parent=seen.parent,
        root=seen.root,
        step=step,
        handler=seen.handler,
        rows=seen.row_count,
        counts=seen.counts,
        cancel_requested=seen.cancel_requested_at is not None,
        plan_version=seen.plan_version,
        priority=seen.priority,
        deadline_at=instant(seen.deadline_at) if seen.deadline_at else None,
        cause=seen.cause,
        rerun_of=seen.rerun_of,
        progress=progress(app, seen.run),
        waiting=waits,
    )


def _counted(page: wire.RunPage, total: int) -> wire.RunPage:
    return msgspec.structs.replace(page, total=min(total, MOST_COUNTED), total_is_exact=total <= MOST_COUNTED)


def _left_open(app: App, number: RunId, waits: str | None) -> bytes:
    return msgspec.json.encode({"progress": progress(app, number), "waiting": waits})[1:]


def progress(app: App, number: RunId) -> wire.Progress | None:
    held = app.held.get(number)
    return wire.Progress(rows=held.rows, total=held.total) if held and held.rows is not None else None


def _seconds(began: datetime | None, ended: datetime | None) -> float | None:
    return round((ended - began).total_seconds(), 3) if began and ended else None


def _graphs(app: App, tree: Tree) -> Mapping[RunId, Graph]:
    """The graphs of the plan runs in the tree, as far as this server remembers them."""
    graphs = {seen.run: app.graphs[seen.graph] for seen in tree.below if seen.graph in app.graphs}
    return {**graphs, tree.run.run: tree.graph} if tree.graph else graphs


def _step_name(seen: Seen, graphs: Mapping[RunId, Graph]) -> str | None:
    graph = graphs.get(seen.parent) if seen.parent is not None else None
    return graph.steps[seen.step].name if graph and seen.step is not None else None


def _steps(tree: Tree, waits: Sequence[str | None]) -> list[wire.Step]:
    if tree.graph is None:
        return []
    standings = {(standing.step, standing.handler): standing for standing in tree.steps}
    return [
        wire.Step(
            name=step.name,
            state=_step_state(standings.get((number, False)), tree.run.state),
            after=[tree.graph.steps[before].name for before in step.after],
            condition=step.condition,
            handler_state=standings[number, True].state if (number, True) in standings else None,
            waiting=waits[number],
        )
        for number, step in enumerate(tree.graph.steps)
    ]


def _step_state(standing: Standing | None, run_state: State) -> wire.StepName:
    if standing is not None and standing.state is not StepState.WAITING:
        return STEP_STATES[standing.state]
    return "skipped" if run_state in ENDED else "waiting"

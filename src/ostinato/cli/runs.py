"""`ostinato run`, `status`, `logs`, `cancel`: what runs, and what it says."""

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from ostinato.cli import following, options, text
from ostinato.cli.errors import INTERRUPTED, NotReachable, Refused, WrongUsage
from ostinato.cli.telling import cells, in_order, label, outcome, run_table, task_table
from ostinato.cli.wire import LogPage, Run, RunDetail, RunPage, Status

if TYPE_CHECKING:
    from ostinato.cli.client import Server

LATEST = 10
LIVE_STATES = ("QUEUED", "CLAIMED", "RUNNING")
MOST_LIVE = 100
MOST_WAITING = 50
LINES_PER_REQUEST = 1000
FOLLOW_SECONDS = 10.0
PLAN_SECONDS = 0.5

RunNumber = Annotated[int, typer.Argument(metavar="RUN", min=1, help="The number of the run.")]


def run(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a plan or a task.")],
    environment: options.Environment = "Production",
    workspace: options.Workspace = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
    priority: Annotated[
        int | None, typer.Option("--priority", min=-1000, max=1000, help="Instead of the one it is defined with.")
    ] = None,
    key: options.Key = None,
    wait: options.Wait = False,
    json: options.Json = False,
) -> None:
    """Start a plan or a task."""
    parameters = options.named_values(parameter or [])
    body: dict[str, Any] = {"name": name, "environment": environment, "workspace": workspace, "parameters": parameters}
    body |= {"priority": priority} if priority is not None else {}
    with options.server_of(context) as server:
        begun = _start(server, body, key)
        _tell_of(server, begun, wait=wait, json=json)


def rerun(
    context: typer.Context,
    number: RunNumber,
    failed: Annotated[bool, typer.Option("--failed", help="Only what did not succeed.")] = False,
    step: Annotated[
        str | None, typer.Option("--from-step", metavar="STEP", help="Only this step and what comes after it.")
    ] = None,
    newest: Annotated[bool, typer.Option("--newest", help="On the newest version, not the one it ran with.")] = False,
    key: options.Key = None,
    wait: options.Wait = False,
    json: options.Json = False,
) -> None:
    """Run again what has ended.

    All of it, or a part; a new run that points to the old one.
    """
    if failed and step is not None:
        raise WrongUsage("--failed and --from-step exclude one another: use one of them")
    part = "failed" if failed else "from_step" if step is not None else "all"
    body = {"part": part, "step": step, "version": "newest" if newest else "same"}
    with options.server_of(context) as server:
        begun = once(server, f"/api/v1/runs/{number}/rerun", body, key)
        _tell_of(server, begun, wait=wait, json=json)


def pause(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a plan or a task.")],
    environment: options.Environment = "Production",
    workspace: options.Workspace = None,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why, for those who wait.")] = None,
    json: options.Json = False,
) -> None:
    """Let a plan or task start no more.

    What is at work finishes; what is queued waits until it is resumed.
    """
    _set_paused(context, {"name": name, "environment": environment, "workspace": workspace, "note": note}, True, json)


def resume(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a plan or a task.")],
    environment: options.Environment = "Production",
    workspace: options.Workspace = None,
    json: options.Json = False,
) -> None:
    """Let a paused plan or task start again."""
    _set_paused(context, {"name": name, "environment": environment, "workspace": workspace}, False, json)


def _set_paused(context: typer.Context, body: dict[str, Any], paused: bool, json: bool) -> None:
    with options.server_of(context) as server:
        told = server.post_json("/api/v1/pauses", body | {"paused": paused})
    if json:
        typer.echo(msgspec.json.encode(told))
        return
    how = "paused" if paused else "resumed" if told["changed"] else "not paused"
    already = " already" if paused and not told["changed"] else ""
    typer.echo(f"{told['kind'].capitalize()} {text.plain(told['name'])} is{already} {how}")


def _tell_of(server: "Server", begun: Any, *, wait: bool, json: bool) -> None:
    """Say what has been started, and show how it goes if that is wanted."""
    started = msgspec.convert(begun, Run)
    if not wait:
        typer.echo(msgspec.json.encode(begun) if json else _begun(started))
        return
    detail = _watch(server, started, json)
    if json:
        typer.echo(msgspec.json.encode(server.get_json(f"/api/v1/runs/{started.id}")))
    else:
        typer.echo("\n".join(["", *task_table(detail), "", *outcome(detail)]))
    if not detail.run.succeeded:
        raise typer.Exit(1)


def status(
    context: typer.Context,
    number: Annotated[
        int | None,
        typer.Argument(metavar="[RUN]", min=1, help="A run, to see everything below it.", show_default=False),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show work, latest runs, what waits.

    With a run: that run and everything below it.
    """
    with options.server_of(context) as server:
        if number is not None:
            found = server.get_json(f"/api/v1/runs/{number}")
            lines = _run_lines(msgspec.convert(found, RunDetail))
        else:
            found = server.get_json("/api/v1/status")
            lines, found["runs"] = _overview(server, found)
        typer.echo(msgspec.json.encode(found) if json else "\n".join(lines))


def logs(
    context: typer.Context,
    number: RunNumber,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run has ended.")] = False,
    json: options.Json = False,
) -> None:
    """Print the log of a run.

    Of a plan: the logs of all its tasks.
    """
    with options.server_of(context) as server:
        pages: dict[int, LogPage] = {}
        while True:
            detail = server.get_patiently(f"/api/v1/runs/{number}", RunDetail)
            whole = [detail.run, *(child for _, child in in_order(detail) if child.started_at or child.ended)]
            for part in whole:
                mark = f"{text.plain(part.name)} | " if detail.run.kind == "plan" else ""
                for line in _new_lines(server, part, pages):
                    typer.echo(msgspec.json.encode(line) if json else f"{mark}{_log_line(line)}")
            if detail.run.ended or not follow:
                return
            # A plan writes no log of its own, so the wait is for its tasks.
            seconds = PLAN_SECONDS if detail.children else FOLLOW_SECONDS
            server.get_patiently(f"/api/v1/runs/{number}/logs", LogPage, after=pages[number].next, wait=seconds)


def cancel(context: typer.Context, number: RunNumber, json: options.Json = False) -> None:
    """End a run and everything below it."""
    with options.server_of(context) as server:
        asked = server.post_json(f"/api/v1/runs/{number}/cancellation")
    found = msgspec.convert(asked, Run)
    if json:
        typer.echo(msgspec.json.encode(asked))
    elif found.ended:
        typer.echo(f"Run {number} has ended: {found.state}")
    else:
        typer.echo(f"Run {number} is asked to end; `ostinato status {number}` shows when it has")


def once(server: "Server", path: str, body: dict[str, Any], key: str | None) -> Any:
    """Start it once, even if the first answer is lost on the way."""
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    try:
        return server.post_json(path, body, headers)
    except NotReachable:
        return server.post_json(path, body, headers)


def _start(server: "Server", body: dict[str, Any], key: str | None) -> Any:
    try:
        return once(server, "/api/v1/runs", body, key)
    except Refused as refusal:
        if refusal.status == 404:
            _require_environment(server, body)
        raise


def _require_environment(server: "Server", body: dict[str, Any]) -> None:
    """Raises Refused if the environment is what does not exist; its export says so before it looks for a workspace."""
    try:
        server.get_json(
            "/api/v1/definitions/export", environment=body["environment"], workspace=body["workspace"] or "-"
        )
    except Refused as refusal:
        if str(refusal).startswith("Environment "):
            raise


def _begun(run: Run) -> str:
    return (
        f"Run {run.id} of {run.kind} {text.plain(run.name)} has been started; see `ostinato status {run.id}`"
        f" and `ostinato logs {run.id} -f`"
    )


def _watch(server: "Server", started: Run, json: bool) -> RunDetail:
    try:
        return following.follow(server, started.id, following.stream_for(json))
    except KeyboardInterrupt:
        typer.echo(
            f"Run {started.id} goes on: look with `ostinato status {started.id}`,"
            f" end it with `ostinato cancel {started.id}`",
            err=True,
        )
        raise typer.Exit(INTERRUPTED) from None


def _overview(server: "Server", found: Any) -> tuple[list[str], Any]:
    """The lines for people, and the latest runs as they came."""
    standing = msgspec.convert(found, Status)
    page = server.get_json("/api/v1/runs", limit=LATEST)
    latest = msgspec.convert(page, RunPage).items
    lines = [
        f"Ostinato {standing.version} at {server.url}",
        f"tasks: {standing.work.running} running, {standing.work.queued} waiting; plans: {standing.work.plans} running",
    ]
    if latest:
        lines += ["", *run_table(latest)]
    waits = list(_waiting(server))
    if waits:
        lines += ["", "Waiting:", *waits[:MOST_WAITING]]
        lines += [f"  and {len(waits) - MOST_WAITING:,} more"] if len(waits) > MOST_WAITING else []
    return lines, page["items"]


def _waiting(server: "Server") -> Iterator[str]:
    """A line for every run that waits, also below those that are running."""
    for run in server.get("/api/v1/runs", RunPage, state=list(LIVE_STATES), limit=MOST_LIVE).items:
        below = server.get(f"/api/v1/runs/{run.id}", RunDetail).children if run.state == "RUNNING" else []
        for one in (run, *below):
            if one.waiting:
                yield f"  run {one.id}, {text.plain(one.name)}: {text.plain(one.waiting)}"


def _run_lines(detail: RunDetail) -> list[str]:
    run = detail.run
    lines = [
        *outcome(detail),
        f"in {run.environment}/{run.workspace}, queued {text.local_time(run.queued_at)}"
        + (f", started {text.local_time(run.started_at)}" if run.started_at else "")
        + (f", ended {text.local_time(run.ended_at)}" if run.ended_at else ""),
    ]
    if run.waiting:
        lines.append(f"Waiting: {text.plain(run.waiting)}")
    if run.cancel_requested and not run.ended:
        lines.append("It has been asked to end")
    if detail.children:
        lines += ["", *_child_table(detail)]
    waits = [f"  {text.plain(s.name)}: {text.plain(s.waiting)}" for s in detail.steps if s.waiting]
    return [*lines, "", "Steps:", *waits] if waits else lines


def _child_table(detail: RunDetail) -> list[str]:
    rows = [
        (str(child.id), "  " * depth + label(child), child.step or "", *cells(child))
        for depth, child in in_order(detail)
    ]
    heads = ("RUN", "TASK", "STEP", "STATE", "DURATION", "ROWS", "NOTE")
    return text.columns(heads, rows, right=frozenset({"RUN", "DURATION", "ROWS"}))


def _new_lines(server: "Server", run: Run, pages: dict[int, LogPage]) -> Iterator[dict[str, Any]]:
    """The lines of a run that were not read yet; `pages` has the last page of each run, and is kept up."""
    last = pages.get(run.id)
    while last is None or not last.ended:
        after = last.next if last else 0
        last = server.get_patiently(f"/api/v1/runs/{run.id}/logs", LogPage, after=after, limit=LINES_PER_REQUEST)
        pages[run.id] = last
        for line in last.lines:
            yield {"run": run.id, "name": run.name, **msgspec.to_builtins(line)}
        if len(last.lines) < LINES_PER_REQUEST:
            return


def _log_line(line: dict[str, Any]) -> str:
    return f"{text.local_time(line['at'])}  {text.plain(line['text'])}"

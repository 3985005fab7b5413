"""`ostinato backfill`: a task or plan once for each past time of a window."""

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TextIO

import msgspec
import typer

from ostinato.cli import following, options, schedules, text
from ostinato.cli.errors import INTERRUPTED, WrongUsage
from ostinato.cli.listing import moment
from ostinato.cli.runs import once

if TYPE_CHECKING:
    from ostinato.cli.client import Server

PATH = "/api/v1/backfills"
LOOK_SECONDS = 0.4
LONGEST_VERSION = 10
MOST_FIRES = 1_000
MOST_SHOWN = 20

BackfillNumber = Annotated[int, typer.Argument(metavar="BACKFILL", min=1, help="The number of the backfill.")]


class _Counts(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    not_started: int
    live: int
    succeeded: int
    failed: int
    cancelled: int

    @property
    def done(self) -> int:
        return self.succeeded + self.failed + self.cancelled


class _Backfill(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    state: str
    waiting: str | None = None
    stopped: str | None = None
    environment: str
    workspace: str
    kind: str
    name: str
    begin: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    total: int
    counts: _Counts
    owner: str
    created_at: str
    ended_at: str | None = None


class _Backfills(msgspec.Struct, frozen=True, kw_only=True):
    items: list[_Backfill]
    total: int


class _Fire(msgspec.Struct, frozen=True, kw_only=True):
    at: str
    run: int | None = None
    state: str | None = None


class _Fires(msgspec.Struct, frozen=True, kw_only=True):
    items: list[_Fire]
    total: int


class _Preview(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    kind: str
    name: str
    workspace: str
    environment: str
    total: int
    times: list[str]
    version: int | str | None = None
    estimated_seconds: float | None = None


class _Display(Protocol):
    def show(self, words: str, done: int, total: int) -> None: ...

    def close(self) -> None: ...


def start(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of a plan or a task.")],
    since: Annotated[
        str,
        typer.Option("--from", metavar="ISO", help="The first time that may be in it; without an offset, local time."),
    ],
    until: Annotated[str, typer.Option("--to", metavar="ISO", help="Times before this; not later than now.")],
    environment: options.Environment = "Production",
    workspace: options.Workspace = None,
    cron: schedules.Expression = None,
    dialect: schedules.Dialect = "unix",
    zone: schedules.Zone = None,
    trigger: schedules.File = None,
    names: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="TRIGGER", help="Only this trigger of its schedule; may be repeated."),
    ] = None,
    concurrency: Annotated[
        int, typer.Option("--concurrency", metavar="N", min=1, max=100, help="How many runs may be live at once.")
    ] = 1,
    version: Annotated[
        str, typer.Option("--version", metavar="VERSION", help="Of a plan: newest, current, or a number.")
    ] = "newest",
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Begin with the last time.")] = False,
    stop_on_failure: Annotated[
        bool, typer.Option("--stop-on-failure", help="Start nothing more after a run failed.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would run.")] = False,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
    priority: Annotated[
        int | None, typer.Option("--priority", min=-1000, max=1000, help="Instead of the one it is defined with.")
    ] = None,
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")] = None,
    key: options.Key = None,
    wait: options.Wait = False,
    json: options.Json = False,
) -> None:
    """Run a plan or task once for each past time of a window.

    The times are those of its schedule, or of a trigger that is named here.
    """
    body = {
        "starts": {"name": name, "workspace": workspace},
        "environment": environment,
        "from": moment("--from", since),
        "to": moment("--to", until),
        "names": names,
        "concurrency": concurrency,
        "version": _version(version),
        "newestFirst": newest_first,
        "stopOnFailure": stop_on_failure,
        "dryRun": dry_run,
        "parameters": options.named_values(parameter or []),
        "priority": priority,
        "description": description,
    }
    if cron is not None or trigger is not None:
        body["trigger"] = msgspec.to_builtins(schedules.trigger_of(cron, dialect, zone, trigger))
    with options.server_of(context) as server:
        begun = once(server, PATH, body, key)
        if dry_run:
            typer.echo(msgspec.json.encode(begun) if json else "\n".join(_preview_lines(begun)))
            return
        _tell_of(server, begun, wait=wait, json=json)


def list_backfills(
    context: typer.Context,
    environment: options.OfEnvironment = None,
    workspace: options.Workspace = None,
    limit: options.Most = 100,
    json: options.Json = False,
) -> None:
    """List the backfills that you may see, the newest first."""
    with options.server_of(context) as server:
        found = server.get_json(PATH, environment=environment, workspace=workspace, limit=limit)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    told = msgspec.convert(found, _Backfills)
    heads = ("ID", "NAME", "WORKSPACE", "FROM", "TO", "STATE", "DONE", "FAILED", "NOTE")
    rows = [
        (
            str(one.id),
            one.name,
            f"{one.environment}/{one.workspace}",
            text.local_time(one.begin),
            text.local_time(one.end),
            one.state,
            f"{one.counts.done} of {one.total}",
            str(one.counts.failed),
            one.stopped or one.waiting or "",
        )
        for one in told.items
    ]
    typer.echo("\n".join(text.columns(heads, rows, right=frozenset({"ID", "DONE", "FAILED"}))))
    options.tell_of_more(len(told.items), told.total)


def show(context: typer.Context, number: BackfillNumber, json: options.Json = False) -> None:
    """Show how a backfill stands, with its times and their runs."""
    with options.server_of(context) as server:
        found = server.get_json(f"{PATH}/{number}")
        fires = server.get_json(f"{PATH}/{number}/fires", limit=MOST_FIRES)
    if json:
        typer.echo(msgspec.json.encode({**found, "fires": fires["items"]}))
        return
    one, told = msgspec.convert(found, _Backfill), msgspec.convert(fires, _Fires)
    rows = [(fire.at, str(fire.run or ""), fire.state or "not started") for fire in told.items]
    lines = [*_outcome(one), "", *text.columns(("TIME", "RUN", "STATE"), rows, right=frozenset({"RUN"}))]
    more = told.total - len(told.items)
    typer.echo("\n".join([*lines, *([f"and {more:,} more"] if more else [])]))


def cancel(context: typer.Context, number: BackfillNumber, json: options.Json = False) -> None:
    """End a backfill: nothing of it starts any more, what is live is cancelled."""
    with options.server_of(context) as server:
        asked = server.post_json(f"{PATH}/{number}/cancellation")
    typer.echo(msgspec.json.encode(asked) if json else "\n".join(_outcome(msgspec.convert(asked, _Backfill))))


def _version(given: str) -> str | int:
    if given in ("newest", "current"):
        return given
    if not (given.isascii() and given.isdecimal() and len(given) <= LONGEST_VERSION):
        raise WrongUsage(f"--version is {given!r}: write newest, current, or the number of a version")
    return int(given)


def _preview_lines(found: Any) -> list[str]:
    told = msgspec.convert(found, _Preview)
    version = f", version {told.version}" if told.version is not None else ""
    usual = told.estimated_seconds
    takes = f", about {text.duration(usual)} in all" if usual is not None else ""
    place = f"{told.environment}/{told.workspace}"
    lines = [f"{told.total:,} runs of {told.kind} {text.plain(told.name)} in {text.plain(place)}{version}{takes}:"]
    lines += [f"  {at}" for at in told.times[:MOST_SHOWN]]
    return [*lines, f"  and {told.total - MOST_SHOWN:,} more"] if told.total > MOST_SHOWN else lines


def _tell_of(server: "Server", begun: Any, *, wait: bool, json: bool) -> None:
    """Say what has been made, and show how it goes if that is wanted."""
    made = msgspec.convert(begun, _Backfill)
    if not wait:
        said = f"Backfill {made.id} of {made.kind} {text.plain(made.name)} has {made.total:,} times"
        typer.echo(msgspec.json.encode(begun) if json else f"{said}; see `ostinato backfill show {made.id}`")
        return
    try:
        ended = _follow(server, made.id, following.stream_for(json))
    except KeyboardInterrupt:
        how = f"look with `ostinato backfill show {made.id}`, end it with `ostinato backfill cancel {made.id}`"
        typer.echo(f"Backfill {made.id} goes on: {how}", err=True)
        raise typer.Exit(INTERRUPTED) from None
    typer.echo(msgspec.json.encode(server.get_json(f"{PATH}/{made.id}")) if json else "\n".join(_outcome(ended)))
    if ended.state != "succeeded":
        raise typer.Exit(1)


def _follow(server: "Server", number: int, stream: TextIO) -> _Backfill:
    """Show how much is done until it has ended; a server that is being restarted is waited for."""
    display = _display(stream)
    try:
        while True:
            one = server.get_patiently(f"{PATH}/{number}", _Backfill)
            counts = one.counts
            words = ", ".join(
                [f"{counts.live} live", f"{counts.failed} failed", *([one.waiting] if one.waiting else [])]
            )
            display.show(words, counts.done, one.total)
            if one.ended_at is not None:
                return one
            time.sleep(LOOK_SECONDS)
    finally:
        display.close()


class _Lines:
    """For files, pipes and the logs of other programs: a line whenever something is different."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._said = stream, ""

    def show(self, words: str, done: int, total: int) -> None:
        said = f"{done:,} of {total:,} done, {text.plain(words)}"
        if said != self._said:
            self._said = said
            print(f"{datetime.now(UTC).astimezone():%H:%M:%S}  {said}", file=self._stream, flush=True)

    def close(self) -> None:
        pass


def _display(stream: TextIO) -> _Display:
    if not stream.isatty():
        return _Lines(stream)
    # Drawing takes longer to load than most commands take to run, and only terminals need it.
    from ostinato.cli.live import LiveBar

    return LiveBar(stream)


def _outcome(one: _Backfill) -> list[str]:
    counts = one.counts
    told = {
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "live": counts.live,
        "not started": counts.not_started,
    }
    said = ", ".join(f"{number:,} {word}" for word, number in told.items() if number)
    lines = [f"Backfill {one.id}, {one.kind} {text.plain(one.name)}: {one.state}; of {one.total:,} times {said}"]
    lines += [f"Waiting: {text.plain(one.waiting)}"] if one.waiting else []
    return [*lines, f"Stopped: {text.plain(one.stopped)}"] if one.stopped else lines

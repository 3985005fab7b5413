"""`ostinato schedule`: what is scheduled, why it starts or not; and, without a server, when triggers fire."""

import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import msgspec
import typer

from ostinato.cli import options
from ostinato.cli.errors import WrongUsage
from ostinato.cli.text import columns, plain

if TYPE_CHECKING:
    from ostinato.core.triggers import HolidayList, Trigger

STDIN = "-"
LONGEST_LINE = 100_000
LONGEST_FILE = 10_000_000

Expression = Annotated[
    str | None, typer.Option("--cron", metavar="EXPR", help="A cron expression.", show_default=False)
]
Dialect = Annotated[
    Literal["unix", "quartz"],
    typer.Option(
        "--dialect", metavar="NAME", help="How to read --cron: unix, or quartz as Talend has it, without seconds."
    ),
]
Zone = Annotated[
    str | None, typer.Option("--zone", metavar="ZONE", help="The time zone of --cron. [UTC]", show_default=False)
]
File = Annotated[
    str | None,
    typer.Option(
        "--trigger",
        metavar="FILE",
        help="Any trigger, as JSON, ours or as Talend has it; -: what comes on stdin.",
        show_default=False,
    ),
]
After = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="ISO",
        show_default=False,
        help="Fires later than this; without an offset, on its clock. [now]",
    ),
]
Count = Annotated[
    int, typer.Option("--count", metavar="N", min=1, max=10_000, help="How many fires. [5]", show_default=False)
]
Holidays = Annotated[
    list[str] | None,
    typer.Option(
        "--holidays", metavar="NAME=FILE", help="A holiday list that the trigger names, as an iCalendar file."
    ),
]
Known = Annotated[
    str | None,
    typer.Option(
        "--key",
        metavar="TEXT",
        help="What the trigger is known by: it chooses the delays of a jitter.",
        show_default=False,
    ),
]


class _Trigger(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    name: str
    description: str
    planned_at: str | None = None


class _Schedule(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    environment: str
    kind: str | None = None
    name: str | None = None
    workspace: str | None = None
    owner: str
    triggers: list[_Trigger]


class _Schedules(msgspec.Struct, frozen=True, kw_only=True):
    items: list[_Schedule]
    total: int


class _Explained(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    next: str | None
    never: list[str]
    fires: bool | None
    reasons: list[str]
    became: str | None


class _LastFire(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    trigger: str
    planned_at: str
    run: int | None
    state: str | None
    message: str | None


class _Explanation(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    kind: str | None
    name: str | None
    workspace: str | None
    obstacles: list[str]
    triggers: list[_Explained]
    last_fires: list[_LastFire]


def list_schedules(
    context: typer.Context,
    environment: options.OfEnvironment = None,
    limit: options.Most = 100,
    json: options.Json = False,
) -> None:
    """List the schedules that you may see, with what each trigger means and when it fires next."""
    with options.server_of(context) as server:
        found = server.get_json("/api/v1/schedules", environment=environment, limit=limit)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    told = msgspec.convert(found, _Schedules)
    heads = ("ID", "STARTS", "WORKSPACE", "ENVIRONMENT", "TRIGGER", "NEXT", "WHEN")
    rows = []
    for one in told.items:
        starts = f"{one.name} ({one.kind})" if one.name else "nothing"
        place = (str(one.id), starts, one.workspace or "", one.environment)
        rows += [(*place, it.name, it.planned_at or "", it.description) for it in one.triggers] or [
            (*place, "", "", "no trigger")
        ]
    typer.echo("\n".join(columns(heads, rows, right=frozenset({"ID"}))))
    options.tell_of_more(len(told.items), told.total)


def preview(
    cron: Expression = None,
    dialect: Dialect = "unix",
    zone: Zone = None,
    trigger: File = None,
    batch: Annotated[
        str | None,
        typer.Option(
            "--batch",
            metavar="FILE",
            show_default=False,
            help="JSON lines {expression, dialect, timeZone, from, count}; -: what comes on stdin.",
        ),
    ] = None,
    after: After = None,
    count: Count = 5,
    holidays: Holidays = None,
    key: Known = None,
    json: options.Json = False,
) -> None:
    """Show when a trigger fires next.

    With --batch every line is answered by a line, {"next": [instants]} or {"error": "why"}, as soon as it comes.
    """
    if batch is not None:
        if cron is not None or trigger is not None:
            raise WrongUsage("--batch stands alone: leave out --cron and --trigger")
        _answer_batch(batch)
        return
    # Only these commands know triggers, and every other command starts without them.
    from ostinato.core.triggers import describe, previews, why_never

    found, lists = trigger_of(cron, dialect, zone, trigger), _read_lists(holidays or ())
    since = datetime.now(UTC) if after is None else previews.read_instant(after, found.time_zone)
    fires = previews.fires(found, since, count, lists=lists, key=key or "")
    never = [] if fires else why_never(found, since, lists)
    if json:
        said = {"next": fires, "description": describe(found), **({"never": never} if never else {})}
        typer.echo(msgspec.json.encode(said))
        return
    typer.echo(plain(describe(found)))
    for line in _table(fires, found.time_zone) if fires else [_none_after(since, never)]:
        typer.echo(line)


def explain(
    context: typer.Context,
    schedule: Annotated[
        int | None,
        typer.Argument(metavar="[ID]", help="A schedule of the server; without it, no server is needed."),
    ] = None,
    cron: Expression = None,
    dialect: Dialect = "unix",
    zone: Zone = None,
    trigger: File = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="ISO",
            help="Why it fires in this minute, or why not; of a schedule, with an offset.",
            show_default=False,
        ),
    ] = None,
    after: After = None,
    holidays: Holidays = None,
    json: options.Json = False,
) -> None:
    """Say in words when a trigger fires, and with --at why it fires at a time or why not.

    Of a schedule by its ID also what keeps it from starting anything, and what became of its fires.
    """
    if schedule is not None:
        _require_alone(context)
        _explain_stored(context, schedule, at, json=json)
        return
    if cron is None and trigger is None:
        raise WrongUsage("name a schedule by its ID, or one trigger: --cron EXPR, or --trigger FILE")
    # Only these commands know triggers, and every other command starts without them.
    from ostinato.core.triggers import describe, previews, why_at, why_never

    found, lists = trigger_of(cron, dialect, zone, trigger), _read_lists(holidays or ())
    since = datetime.now(UTC) if after is None else previews.read_instant(after, found.time_zone)
    moment = None if at is None else previews.read_instant(at, found.time_zone, "at")
    if moment is not None:
        since = moment if after is None else since
    fires = previews.fires(found, since, 1, lists=lists)
    never = [] if fires else why_never(found, since, lists)
    told = None if moment is None else why_at(found, moment, lists)
    if json:
        said = {"description": describe(found), "next": fires[0] if fires else None, "never": never}
        at_moment = {} if told is None else {"fires": told[0], "reasons": told[1]}
        typer.echo(msgspec.json.encode({**said, **at_moment}))
        return
    typer.echo(plain(describe(found)))
    if told is not None:
        typer.echo(f"{'It fires' if told[0] else 'It does not fire'} then: {plain('; '.join(told[1]))}")
    typer.echo(f"Next: {_table(fires, found.time_zone)[0]}" if fires else _none_after(since, never))


def _require_alone(context: typer.Context) -> None:
    """Raises WrongUsage if a trigger is described beside the id of a schedule, which has its own."""
    described = {"cron": "--cron", "trigger": "--trigger", "dialect": "--dialect", "zone": "--zone"}
    described |= {"after": "--from", "holidays": "--holidays"}
    source = {name: context.get_parameter_source(name) for name in described}
    given = [described[name] for name, where in source.items() if where is not None and where.name == "COMMANDLINE"]
    if given:
        raise WrongUsage(f"the schedule has its own triggers: leave out {', '.join(given)}, or its ID")


def _explain_stored(context: typer.Context, schedule: int, at: str | None, *, json: bool) -> None:
    """What the server says, one thing a line."""
    with options.server_of(context) as server:
        found = server.get_json(f"/api/v1/schedules/{schedule}/explanation", at=at)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    told = msgspec.convert(found, _Explanation)
    what = f"starts {told.kind} {told.name!r} in {told.workspace}" if told.name else "starts nothing"
    lines = [f"Schedule {told.id} {what}."]
    lines += [f"Obstacle: {one}" for one in told.obstacles] or ["Nothing keeps it from starting something now."]
    for one in told.triggers:
        lines.append(f"Trigger {one.name}: {one.description}")
        if one.fires is not None:
            lines.append(f"  {'It fires' if one.fires else 'It does not fire'} then: {'; '.join(one.reasons)}")
        lines += [f"  What became of it: {one.became}"] if one.became else []
        lines.append(f"  Next: {one.next}" if one.next else f"  It never fires again: {'; '.join(one.never)}")
    for fire in told.last_fires:
        run = f"run {fire.run} {fire.state}" if fire.run is not None else "a run that is not kept, or not to be seen"
        lines.append(f"Fired: {fire.planned_at} by {fire.trigger}: {run}{f', {fire.message}' if fire.message else ''}")
    typer.echo("\n".join(map(plain, lines)))


def trigger_of(cron: str | None, dialect: Literal["unix", "quartz"], zone: str | None, file: str | None) -> "Trigger":
    """The trigger that was named; raises WrongUsage, Invalid."""
    from ostinato.core.triggers import Cron, Trigger, check  # as above

    if (cron is None) == (file is None):
        raise WrongUsage("name one trigger: --cron EXPR, or --trigger FILE")
    if file is not None:
        if zone is not None:
            raise WrongUsage("--zone is for --cron: the trigger in the file has its own timeZone")
        with _opened(file) as stream:
            return _trigger_in(_whole(stream, file))
    found = Trigger(when=Cron(expression=cron or "", dialect=dialect), time_zone=zone or "UTC")
    check(found)
    return found


def _trigger_in(text: bytes) -> "Trigger":
    """Ours, or one as clients of the Talend API send it, which has a `type` at its top."""
    from ostinato.core.triggers.reading import parse_json, read_trigger  # as above

    data = parse_json(text)
    if not isinstance(data, dict) or "type" not in data or "when" in data:
        return read_trigger(data)
    from ostinato.api.talend.triggers import parse  # takes longer to load than all the rest

    return parse(data)


def _read_lists(named: Sequence[str]) -> tuple["HolidayList", ...]:
    from ostinato.core.triggers import read_holidays  # as above

    lists = []
    for text in named:
        name, equals, file = text.partition("=")
        if not equals or not name or not file:
            raise WrongUsage(f"--holidays {text!r} is not NAME=FILE")
        with _opened(file) as stream:
            lists.append(read_holidays(name, _whole(stream, file).decode("utf-8-sig", errors="replace")))
    return tuple(lists)


def _answer_batch(file: str) -> None:
    from ostinato.core.triggers import previews  # as above

    with _opened(file) as stream:
        for line in _lines(stream):
            answer = previews.answer(line, datetime.now(UTC)) if line is not None else _TOO_LONG
            sys.stdout.buffer.write(answer + b"\n")
            sys.stdout.buffer.flush()


_TOO_LONG = msgspec.json.encode({"error": f"a line has at most {LONGEST_LINE} bytes"})


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """The lines; None for one that is too long."""
    while line := stream.readline(LONGEST_LINE):
        complete = line.endswith(b"\n") or len(line) < LONGEST_LINE
        yield line if complete else None
        while not complete:
            rest = stream.readline(LONGEST_LINE)
            complete = rest.endswith(b"\n") or not rest


def _opened(file: str) -> BinaryIO:
    if file == STDIN:
        return open(sys.stdin.fileno(), "rb", closefd=False)
    try:
        return Path(file).open("rb")
    except (OSError, ValueError) as error:
        raise WrongUsage(f"{plain(file)} cannot be read: {getattr(error, 'strerror', None) or error}") from error


def _whole(stream: BinaryIO, file: str) -> bytes:
    text = stream.read(LONGEST_FILE + 1)
    if len(text) > LONGEST_FILE:
        raise WrongUsage(f"{plain(file)} has more than {LONGEST_FILE} bytes")
    return text


def _table(fires: Sequence[str], zone: str) -> list[str]:
    """Each fire in UTC, and on the clock of the trigger."""
    from ostinato.core.triggers.clocks import zone_of  # as above

    there = zone_of(zone)
    return [f"{fire}  {datetime.fromisoformat(fire).astimezone(there):%a %Y-%m-%d %H:%M:%S %Z}" for fire in fires]


def _none_after(since: datetime, never: Sequence[str]) -> str:
    return f"It never fires after {since:%Y-%m-%d %H:%M} UTC: {plain('; '.join(never))}"

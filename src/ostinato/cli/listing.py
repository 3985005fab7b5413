"""`ostinato runs list`: which runs there were, by when, what, why and by whom."""

from datetime import datetime
from typing import Annotated, Any

import msgspec
import typer

from ostinato.cli import options
from ostinato.cli.errors import WrongUsage
from ostinato.cli.telling import run_table
from ostinato.cli.wire import RunPage


def list_runs(
    context: typer.Context,
    state: Annotated[
        list[str] | None, typer.Option("--state", "-s", metavar="STATE", help="The state; may be repeated.")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="The environment; none: any.")
    ] = None,
    workspace: options.Workspace = None,
    since: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="Queued at or after: RFC 3339; without an offset, local time."),
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Queued before.")] = None,
    type: Annotated[
        list[str] | None, typer.Option("--type", "-t", metavar="TYPE", help="A task type, or plan; may be repeated.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", metavar="NAME", help="The whole name.")] = None,
    text: Annotated[
        str | None, typer.Option("--text", metavar="TEXT", help="In the name or the message, in any case.")
    ] = None,
    cause: Annotated[
        str | None,
        typer.Option("--cause", metavar="CAUSE", help="Started by api, manual, schedule, webhook, data or backfill."),
    ] = None,
    user: Annotated[str | None, typer.Option("--user", metavar="NAME", help="Who asked for it.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many at most.")] = 50,
    before: Annotated[
        int | None, typer.Option("--before", metavar="RUN", min=1, help="Only runs older than this one.")
    ] = None,
    total: Annotated[bool, typer.Option("--total", help="Say how many match, on all pages together.")] = False,
    json: options.Json = False,
) -> None:
    """List the runs started by themselves, the newest first.

    Everything that is given has to hold.
    """
    wanted: dict[str, Any] = {"state": state, "environment": environment, "workspace": workspace, "type": type}
    wanted |= {"from": moment("--from", since), "to": moment("--to", until), "name": name, "text": text}
    wanted |= {"cause": cause, "requestedBy": user, "limit": limit, "before": before, "total": total or None}
    with options.server_of(context) as server:
        found = server.get_json("/api/v1/runs", **wanted)
    page = msgspec.convert(found, RunPage)
    typer.echo(msgspec.json.encode(found) if json else "\n".join(_lines(page)))


def _lines(page: RunPage) -> list[str]:
    lines = run_table(page.items) if page.items else ["No run matches"]
    if page.total is not None:
        lines += ["", f"{page.total:,} match" if page.total_is_exact else f"More than {page.total:,} match"]
    if page.next is not None:
        lines += ["", f"There may be more: add --before {page.next}"]
    return lines


def moment(flag: str, given: str | None) -> str | None:
    """A time as the server reads it; without an offset it is on the clock of this machine."""
    if given is None:
        return None
    try:
        return datetime.fromisoformat(given).astimezone().isoformat()
    except (ValueError, OverflowError, OSError) as error:
        raise WrongUsage(
            f"{flag} is {given!r}: write a day or a time, such as 2026-03-01 or 2026-03-01T12:00:00+01:00"
        ) from error

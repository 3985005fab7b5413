"""`ostinato webhook-trigger`: addresses that start a task or plan when they are called."""

from typing import Annotated, Any, Literal

import msgspec
import typer

from ostinato.cli import options, text

PATH = "/api/v1/webhook-triggers"
MOST = 1_000

Number = Annotated[int, typer.Argument(metavar="TRIGGER", min=1, help="The number of the webhook trigger.")]


class Trigger(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    environment: str
    workspace: str
    kind: str
    starts: str
    name: str
    active: bool
    signed: bool
    calls: int
    window_ms: int
    url: str | None = None
    called_at: str | None = None


class Made(msgspec.Struct, frozen=True, kw_only=True):
    trigger: Trigger
    secret: str | None = None


class Triggers(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Trigger]
    total: int


class Call(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    received_at: str
    address: str | None = None
    type: str
    bytes: int
    state: str
    run: int | None = None


class Calls(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Call]


def list_triggers(
    context: typer.Context,
    environment: options.OfEnvironment = None,
    limit: options.Most = 100,
    json: options.Json = False,
) -> None:
    """List the webhook triggers that you may see, with the addresses of those that you may use."""
    with options.server_of(context) as server:
        found = server.get_json(PATH, environment=environment, limit=limit)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    told = msgspec.convert(found, Triggers)
    heads = ("ID", "NAME", "STARTS", "WORKSPACE", "ENVIRONMENT", "STATE", "AFTER", "LAST CALL", "URL")
    rows = [
        (
            str(one.id),
            one.name,
            f"{one.starts} ({one.kind})",
            one.workspace,
            one.environment,
            _standing(one),
            _after(one),
            text.local_time(one.called_at) if one.called_at else "",
            one.url or "",
        )
        for one in told.items
    ]
    typer.echo("\n".join(text.columns(heads, rows, right=frozenset({"ID"}))))
    options.tell_of_more(len(told.items), told.total)


def create(
    context: typer.Context,
    starts: Annotated[str, typer.Argument(metavar="NAME", help="The task or plan that calls start.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What the trigger is called.")],
    workspace: options.Workspace = None,
    environment: options.Environment = "Production",
    calls: Annotated[
        int, typer.Option("--calls", metavar="N", min=1, max=1_000, help="Start after so many calls. [1]")
    ] = 1,
    window: Annotated[
        float, typer.Option("--window", metavar="SECONDS", min=0.001, max=86_400, help="Or so long after the first.")
    ] = 30.0,
    per_minute: Annotated[
        int, typer.Option("--per-minute", metavar="N", min=1, max=6_000, help="Calls a minute that are taken. [60]")
    ] = 60,
    unsigned: Annotated[
        bool, typer.Option("--unsigned", help="Whoever knows the address may call it, without a signature.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Make an address that starts a task or plan, and print it; and the secret that calls are signed with.

    The secret cannot be shown again.
    """
    body: dict[str, Any] = {
        "environment": environment,
        "starts": {"name": starts, **({"workspace": workspace} if workspace else {})},
        "name": name,
        "calls": calls,
        "windowMs": round(window * 1_000),
        "perMinute": per_minute,
        "signed": not unsigned,
    }
    with options.server_of(context) as server:
        _print_made(server.post_json(PATH, body), json=json)


def rotate(
    context: typer.Context,
    number: Number,
    what: Annotated[Literal["url", "secret"], typer.Argument(metavar="url|secret", help="What is to be another one.")],
    overlap: Annotated[
        int, typer.Option("--overlap", metavar="SECONDS", min=0, max=30 * 86_400, help="So long both work. [0]")
    ] = 0,
    json: options.Json = False,
) -> None:
    """Give a webhook trigger another address or secret, and print it."""
    body = {"what": what, "overlapSeconds": overlap}
    with options.server_of(context) as server:
        _print_made(server.post_json(f"{PATH}/{number}/rotation", body), json=json)


def delete(context: typer.Context, number: Number) -> None:
    """Delete a webhook trigger: its address starts nothing any more."""
    with options.server_of(context) as server:
        server.delete(f"{PATH}/{number}")
    typer.echo(f"Webhook trigger {number} is deleted")


def calls(
    context: typer.Context,
    number: Number,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="How many at most.")] = 20,
    json: options.Json = False,
) -> None:
    """Show the calls of the last day, the newest first, and what each of them started."""
    with options.server_of(context) as server:
        found = server.get_json(f"{PATH}/{number}/calls", limit=limit)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    rows = [
        (
            str(one.id),
            text.local_time(one.received_at),
            one.address or "",
            one.type,
            str(one.bytes),
            one.state,
            "" if one.run is None else str(one.run),
        )
        for one in msgspec.convert(found, Calls).items
    ]
    heads = ("ID", "CAME", "FROM", "TYPE", "BYTES", "STATE", "RUN")
    typer.echo("\n".join(text.columns(heads, rows, right=frozenset({"ID", "BYTES", "RUN"}))))


def _print_made(answer: Any, *, json: bool) -> None:
    if json:
        typer.echo(msgspec.json.encode(answer))
        return
    made = msgspec.convert(answer, Made)
    typer.echo(text.plain(made.trigger.url or ""))
    if made.secret is not None:
        typer.echo(made.secret)


def _standing(one: Trigger) -> str:
    return "off" if not one.active else "signed" if one.signed else "unsigned"


def _after(one: Trigger) -> str:
    return "each call" if one.calls == 1 else f"{one.calls} calls or {one.window_ms / 1_000:g} s"

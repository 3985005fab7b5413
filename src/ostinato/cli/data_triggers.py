"""`ostinato data-trigger`: what starts by itself when tasks and plans have succeeded."""

from typing import Annotated, Any, Literal

import msgspec
import typer

from ostinato.cli import options, text

MOST = 1_000
PATH = "/api/v1/data-triggers"

TriggerNumber = Annotated[int, typer.Argument(metavar="TRIGGER", min=1, help="The number of the data trigger.")]


class _Source(msgspec.Struct, frozen=True, kw_only=True):
    name: str | None = None
    satisfied: bool = False


class _LastFire(msgspec.Struct, frozen=True, kw_only=True):
    at: str


class _DataTrigger(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    environment: str
    kind: str
    name: str
    workspace: str
    when: str
    sources: list[_Source]
    waiting_for: str
    last_fire: _LastFire | None = None


class _DataTriggers(msgspec.Struct, frozen=True, kw_only=True):
    items: list[_DataTrigger]
    total: int


def list_data_triggers(
    context: typer.Context,
    environment: options.OfEnvironment = None,
    limit: options.Most = 100,
    json: options.Json = False,
) -> None:
    """List the data triggers that you may see, with what each of them waits for."""
    with options.server_of(context) as server:
        found = server.get_json(PATH, environment=environment, limit=limit)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    told = msgspec.convert(found, _DataTriggers)
    heads = ("ID", "STARTS", "WORKSPACE", "ENVIRONMENT", "WHEN", "LAST FIRE", "WAITS FOR")
    rows = [
        (
            str(one.id),
            f"{one.name} ({one.kind})",
            one.workspace,
            one.environment,
            _when(one),
            text.local_time(one.last_fire.at if one.last_fire is not None else None),
            one.waiting_for,
        )
        for one in told.items
    ]
    typer.echo("\n".join(text.columns(heads, rows, right=frozenset({"ID"}))))
    options.tell_of_more(len(told.items), told.total)


def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The task or plan to start.")],
    source: Annotated[
        list[str],
        typer.Option(
            "--source",
            metavar="NAME[@WORKSPACE]",
            help="A task or plan that has to succeed; may be repeated. What follows the last @ is its workspace.",
        ),
    ],
    when: Annotated[
        Literal["all", "any"], typer.Option("--when", help="Whether all sources have to succeed, or one of them.")
    ] = "all",
    workspace: Annotated[
        str | None, typer.Option("--workspace", "-w", metavar="KEY", help="Where NAME is, if it is in several.")
    ] = None,
    environment: Annotated[
        str, typer.Option("--environment", "-e", metavar="NAME", help="The environment.")
    ] = "Production",
    json: options.Json = False,
) -> None:
    """Make a data trigger: NAME starts when its sources have succeeded since its last start."""
    body: dict[str, Any] = {
        "environment": environment,
        "starts": {"name": name, "workspace": workspace},
        "when": when,
        "sources": [_source(one) for one in source],
    }
    with options.server_of(context) as server:
        answer = server.post_json(PATH, body)
    made = msgspec.convert(answer, _DataTrigger)
    typer.echo(
        msgspec.json.encode(answer) if json else f"Data trigger {made.id} is made; it waits for {made.waiting_for}"
    )


def delete(context: typer.Context, number: TriggerNumber) -> None:
    """Delete a data trigger; runs that it started go on."""
    with options.server_of(context) as server:
        server.delete(f"{PATH}/{number}")
    typer.echo(f"Data trigger {number} is deleted")


def _source(said: str) -> dict[str, str]:
    name, _, workspace = said.rpartition("@")
    return {"name": name, "workspace": workspace} if name else {"name": said}


def _when(one: _DataTrigger) -> str:
    hidden = sum(source.name is None for source in one.sources)
    names = [source.name for source in one.sources if source.name is not None]
    return f"{one.when} of {', '.join([*names, *([f'{hidden} hidden'] if hidden else [])])}"

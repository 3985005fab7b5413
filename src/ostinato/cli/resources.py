"""`ostinato resource`: add, list and delete files and folders that tasks get copies of."""

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ostinato.cli import options, text, wire
from ostinato.cli.artifacts import InWorkspace
from ostinato.cli.errors import Failure
from ostinato.cli.packing import opened, watched
from ostinato.core.resources import MOST_BYTES

PATH = "/api/v1/resources"
PAGE = 1_000


def add(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file; or a folder, which is zipped on the way.", exists=True)
    ],
    workspace: InWorkspace,
    environment: options.Environment = "Production",
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Its name; left out: that of the file.")
    ] = None,
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")] = None,
    folder: Annotated[bool, typer.Option("--folder", help="The file is a zip, and runs get the folder in it.")] = False,
    json: options.Json = False,
) -> None:
    """Add a file or a folder that tasks may name, and of which their runs get copies."""
    given = {
        "workspace": workspace,
        "environment": environment,
        "name": name or file.resolve().name,
        "description": description,
        "folder": str(folder or file.is_dir()).lower(),
    }
    fields = {field: value for field, value in given.items() if value is not None}
    sent_as = f"{file.resolve().name}.zip" if file.is_dir() else file.name
    with opened(file, MOST_BYTES) as content, options.server_of(context) as server, watched(content, "Adding") as sent:
        answer: Any = server.upload(PATH, dict, fields, sent_as, sent)
    if json:
        typer.echo(msgspec.json.encode(answer))
        return
    added = msgspec.convert(answer, wire.Resource)
    typer.echo(f"{text.plain(added.name)} is added (sha256 {added.sha256})")


def list_resources(
    context: typer.Context,
    workspace: options.Workspace = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="The environment; none: all.")
    ] = None,
    json: options.Json = False,
) -> None:
    """List resources, the newest first."""
    found: list[wire.Resource] = []
    with options.server_of(context) as server:
        offset: int | None = 0
        while offset is not None:
            page = server.get(
                PATH, wire.ResourcePage, workspace=workspace, environment=environment, limit=PAGE, offset=offset
            )
            found += page.items
            offset = page.next
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    rows = [
        (one.name, "folder" if one.folder else "file", one.workspace, one.environment, f"{one.size:,}") for one in found
    ]
    heads = ("NAME", "KIND", "WORKSPACE", "ENVIRONMENT", "BYTES")
    typer.echo("\n".join(text.columns(heads, rows, right=frozenset({"BYTES"}))))


def delete(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The resource.")],
    workspace: InWorkspace,
    environment: options.Environment = "Production",
) -> None:
    """Delete a resource, if no task uses it."""
    with options.server_of(context) as server:
        found = server.get(PATH, wire.ResourcePage, workspace=workspace, environment=environment, name=name).items
        if not found:
            raise Failure(f"There is no resource {text.plain(name)!r} in this workspace that you may see")
        server.delete(f"{PATH}/{found[0].id}")
    typer.echo(f"{text.plain(name)} is deleted")

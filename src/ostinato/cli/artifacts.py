"""`ostinato artifact`: publish, list and delete what tasks run packed."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer

from ostinato.cli import options, text, wire
from ostinato.cli.errors import Failure
from ostinato.cli.packing import opened, watched
from ostinato.core.artifacts import MOST_BYTES

PATH = "/api/v1/artifacts"
PAGE = 1_000
InWorkspace = Annotated[str, typer.Option("--workspace", "-w", metavar="KEY", help="The workspace.")]


def publish(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A zip; or a folder, which is zipped on the way.", exists=True)
    ],
    workspace: InWorkspace,
    environment: options.Environment = "Production",
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="Its name; left out: the one in the zip.")
    ] = None,
    version: Annotated[
        str | None, typer.Option("--version", metavar="VERSION", help="Its version; left out: the one in the zip.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Publish a version of an artifact, which is made if it is not there."""
    given = {"workspace": workspace, "environment": environment, "name": name, "version": version}
    fields = {field: value for field, value in given.items() if value is not None}
    with (
        opened(file, MOST_BYTES) as content,
        options.server_of(context) as server,
        watched(content, "Publishing") as sent,
    ):
        answer: Any = server.upload(PATH, dict, fields, f"{file.stem or 'artifact'}.zip", sent)
    if json:
        typer.echo(msgspec.json.encode(answer))
        return
    published = msgspec.convert(answer, wire.Published)
    version_of = published.version
    typer.echo(f"{text.plain(published.artifact.name)} {version_of.version} is published (sha256 {version_of.sha256})")


def list_artifacts(
    context: typer.Context,
    workspace: options.Workspace = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="The environment; none: all.")
    ] = None,
    json: options.Json = False,
) -> None:
    """List artifacts with their newest versions."""
    found: list[wire.Artifact] = []
    with options.server_of(context) as server:
        offset: int | None = 0
        while offset is not None:
            page = server.get(
                PATH, wire.ArtifactPage, workspace=workspace, environment=environment, limit=PAGE, offset=offset
            )
            found += page.items
            offset = page.next
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    rows = [
        (one.name, one.type, one.workspace, one.environment, next(iter(one.versions), "-"), str(len(one.versions)))
        for one in found
    ]
    heads = ("NAME", "TYPE", "WORKSPACE", "ENVIRONMENT", "NEWEST", "VERSIONS")
    typer.echo("\n".join(text.columns(heads, rows, right=frozenset({"VERSIONS"}))))


def delete(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The artifact.")],
    workspace: InWorkspace,
    environment: options.Environment = "Production",
    version: Annotated[
        str | None, typer.Option("--version", metavar="VERSION", help="This version only; left out: all of it.")
    ] = None,
) -> None:
    """Delete an artifact, or one of its versions, if nothing uses it."""
    with options.server_of(context) as server:
        found = server.get(PATH, wire.ArtifactPage, workspace=workspace, environment=environment, name=name).items
        if not found:
            raise Failure(f"There is no artifact {text.plain(name)!r} in this workspace that you may see")
        path = f"{PATH}/{found[0].id}"
        server.delete(path if version is None else f"{path}/versions/{quote(version, safe='')}")
    typer.echo(f"{text.plain(name)}{'' if version is None else f' {text.plain(version)}'} is deleted")

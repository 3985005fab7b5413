"""`ostinato artifact`: publish, list and delete what tasks run packed."""

import os
import stat
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from urllib.parse import quote

import msgspec
import typer

from ostinato.cli import options, text, wire
from ostinato.cli.errors import Failure, WrongUsage
from ostinato.core.artifacts import MOST_BYTES

PATH = "/api/v1/artifacts"
PAGE = 1_000
LEFT_OUT = frozenset({"__pycache__", ".git"})
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip can tell: the same files make the same zip, whenever it is made."""
READ_BYTES = 1 << 20
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
    with _opened(file) as content, options.server_of(context) as server, _watched(content) as watched:
        answer: Any = server.upload(PATH, dict, fields, f"{file.stem or 'artifact'}.zip", watched)
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


@contextmanager
def _opened(file: Path) -> Iterator[BinaryIO]:
    """The zip, or that of the folder; raises WrongUsage if it is too large to be taken."""
    if file.is_dir():
        with tempfile.TemporaryFile() as content:
            _zip(file, content)
            _check_size(content)
            yield content
        return
    with file.open("rb") as content:
        _check_size(content)
        yield content


def _check_size(content: BinaryIO) -> None:
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    if size > MOST_BYTES:
        raise WrongUsage(f"The zip has {size:,} bytes: a server takes at most {MOST_BYTES:,}")


def _zip(folder: Path, content: BinaryIO) -> None:
    """The files below a folder, always in the same order and with the same times."""
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).parts):
            inside = path.relative_to(folder)
            if LEFT_OUT.intersection(inside.parts) or (path.is_dir() and not path.is_symlink()):
                continue
            if path.is_symlink() or not path.is_file():
                raise WrongUsage(f"{path} is a link or no file: an artifact holds files only")
            info = zipfile.ZipInfo(inside.as_posix(), LONG_AGO)
            executable = path.stat().st_mode & stat.S_IXUSR
            info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as file, packed.open(info, "w") as entry:
                while block := file.read(READ_BYTES):
                    entry.write(block)


@contextmanager
def _watched(content: BinaryIO) -> Iterator[BinaryIO]:
    """The content, with a bar on a terminal that grows as it is read."""
    if not sys.stderr.isatty():
        yield content
        return
    # Takes longer to load than a command without a terminal takes to run.
    from rich.console import Console
    from rich.progress import wrap_file

    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    with wrap_file(content, size, description="Publishing", console=Console(stderr=True), transient=True) as watched:
        yield watched

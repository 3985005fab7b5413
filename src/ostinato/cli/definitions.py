"""`ostinato apply`, `diff`, `export`, `schema`: definitions as files."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import msgspec
import typer

from ostinato.cli import options, wire
from ostinato.cli.errors import Failure, WrongUsage
from ostinato.cli.text import plain

STDIN = Path("-")
ENDINGS = frozenset({".yaml", ".yml"})
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?=\}|:-)")

Source = Annotated[
    Path,
    typer.Argument(
        metavar="PATH", help="A YAML file, or a folder: all *.yaml and *.yml in it and below. `-`: what comes on stdin."
    ),
]
InsteadOf = Annotated[
    str | None,
    typer.Option("--environment", "-e", metavar="NAME", help="The environment, instead of what the files say."),
]


def apply(context: typer.Context, path: Source, environment: InsteadOf = None, json: options.Json = False) -> None:
    """Make the server as the files say.

    All of it, or nothing if anything is wrong. What no file mentions is left alone.
    Variables in the files, such as ${PASSWORD}, get their values from the environment of this command.
    """
    made = _send(context, "apply", path, environment)
    if json:
        typer.echo(msgspec.json.encode(made))
        return
    changes = msgspec.convert(made, wire.Changes)
    for change in changes.changes:
        if change.action != "left":
            typer.echo(_line(change.action, change))
    typer.echo(f"{changes.created} created, {changes.changed} changed, {changes.left} left as they were")


def diff(context: typer.Context, path: Source, environment: InsteadOf = None, json: options.Json = False) -> None:
    """Show what `apply` would change; nothing is changed."""
    found = _send(context, "diff", path, environment)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    words = {"created": "create", "changed": "change"}
    changes = msgspec.convert(found, wire.Changes)
    for change in changes.changes:
        if change.action in words:
            typer.echo(_line(words[change.action], change))
    typer.echo(f"{changes.created} to create, {changes.changed} to change, {changes.left} as they are")


def export(
    context: typer.Context,
    environment: options.Environment = "Production",
    workspace: options.Workspace = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FOLDER", help="Write the files there; none: print them.")
    ] = None,
) -> None:
    """Write the definitions as YAML.

    It is what `apply` takes; secrets are left out. Without --to, several files are printed as one YAML text with a
    document for each, which `apply -` reads.
    """
    with options.server_of(context) as server:
        files = server.get(
            "/api/v1/definitions/export", wire.DefinitionFiles, environment=environment, workspace=workspace
        ).files
    if to is None:
        typer.echo("\n".join(f"--- # {plain(file.name)}\n{file.text.removeprefix('---').strip()}" for file in files))
        return
    for file in files:
        target = _inside(to, file.name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.text)
        except OSError as error:
            raise Failure(f"{target} cannot be written: {error.strerror}") from error
        typer.echo(str(target))


def schema(context: typer.Context) -> None:
    """Print the JSON Schema of the files.

    Editors complete and check definition files with it.
    """
    with options.server_of(context) as server:
        found = server.get_json("/api/v1/definitions/schema")
    typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))


def read_files(path: Path) -> list[wire.DefinitionFile]:
    """The definition files at a path, or on stdin; raises WrongUsage if there is none, Failure if one is no text."""
    if path == STDIN:
        return [wire.DefinitionFile(name="<stdin>", text=_decoded("<stdin>", sys.stdin.buffer.read()))]
    found = [path] if path.is_file() else _yaml_files(path)
    if not found:
        missing = "holds no *.yaml or *.yml file" if path.is_dir() else "does not exist"
        raise WrongUsage(f"{path} {missing}: name a YAML file or a folder of them")
    try:
        return [wire.DefinitionFile(name=str(file), text=_decoded(str(file), file.read_bytes())) for file in found]
    except OSError as error:
        raise WrongUsage(f"{error.filename} cannot be read: {error.strerror}") from error


def apply_files(
    files: Sequence[wire.DefinitionFile], variables: dict[str, str], environment: str | None = None
) -> dict[str, Any]:
    """The body of a request to apply these files, with those of the variables that occur in them."""
    named = {name for file in files for name in VARIABLE.findall(file.text)}
    return {
        "files": [{"name": file.name, "text": file.text} for file in files],
        "variables": {name: value for name, value in variables.items() if name in named},
        "environment": environment,
    }


def _send(context: typer.Context, verb: str, path: Path, environment: str | None) -> Any:
    body = apply_files(read_files(path), dict(os.environ), environment)
    with options.server_of(context) as server:
        return server.post_json(f"/api/v1/definitions/{verb}", body)


def _decoded(name: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Failure(f"{plain(name)}:{line}: the file is not UTF-8 text: save it as UTF-8") from error


def _yaml_files(folder: Path) -> list[Path]:
    files = (file for file in folder.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())
    return sorted(file for file in files if not any(part.startswith(".") for part in file.relative_to(folder).parts))


def _line(action: str, change: wire.Change) -> str:
    place = "/".join(part for part in (change.environment, change.workspace) if part)
    what = f"{action:<8} {change.kind:<12} {plain(change.name)}" + (f" ({plain(place)})" if place else "")
    return f"{what}: {', '.join(map(plain, change.fields))}" if change.action == "changed" and change.fields else what


def _inside(folder: Path, name: str) -> Path:
    """Where an exported file goes; a name from elsewhere never leads out of the folder."""
    relative = PurePosixPath(name)
    if relative.is_absolute() or ".." in relative.parts or not relative.parts or "\\" in name:
        raise Failure(f"The server names a file {plain(name)!r}, which is outside of {folder}: nothing was written")
    return folder / relative

"""What comes packed: a published artifact of the workspace, run with the parameters of the task.

A Python function is called in a process of its own, by the interpreter of the worker; a program and a Talend job run in
a copy of the content, which is theirs; a script of SQL runs on the connection that the task names. The first line of
the log says which version it is.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from ostinato import archives
from ostinato.core.artifacts import (
    LATEST,
    ArtifactRef,
    CommandEntry,
    PythonEntry,
    SqlEntry,
    TalendEntry,
)
from ostinato.core.connection_parameters import values_of
from ostinato.core.contracts import Context, Example, Outcome, Unpacked
from ostinato.core.names import Key, Name
from ostinato.core.parameter_references import as_sql, as_text, plain
from ostinato.core.parameters import ParameterName
from ostinato.core.states import Reason
from ostinato.core.talend_jobs import arguments as talend_arguments
from ostinato.core.talend_jobs import connection_variables
from ostinato.tasks.package.command import run_program

BOOTSTRAP = Path(__file__).parent / "bootstrap.py"
CONNECTION = "OSTINATO_CONNECTION_"
LARGEST_RESULT = 1_000_000
LONGEST_MESSAGE = 10_000
ITS_COPY = "artifact"
"""The folder within that of the attempt."""
TEMPORARY = "resource_flow_temp_folder"
"""The variable by which Talend jobs find a folder for what they need only while they run; and that folder."""
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Artifact(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="artifact"):
    """A published artifact of the workspace; its parameters are those that the task declares, and its own defaults."""

    artifact: Annotated[Name, msgspec.Meta(description="Name of the artifact")]
    version: Annotated[
        str,
        msgspec.Meta(
            description="One of its versions; latest: the newest when a run starts", min_length=1, max_length=100
        ),
    ] = LATEST
    workspace: Annotated[
        Key | None,
        msgspec.Meta(description="Key of the workspace of the same environment it is in; left out: that of the task"),
    ] = None
    auto_upgrade: Annotated[
        bool, msgspec.Meta(description="Whether the task takes each version that is published from now on")
    ] = False
    reset_parameters: Annotated[
        bool, msgspec.Meta(description="Whether it then takes the defaults of the new version for its parameters")
    ] = False
    log_level: Annotated[
        Literal["OFF", "ERROR", "WARN", "INFO"] | None,
        msgspec.Meta(description="Of Talend jobs: how much they write; left out: as they were built"),
    ] = None
    connection: Annotated[
        Name | None, msgspec.Meta(description="Of an artifact of type sql: the connection to run the script on")
    ] = None
    connections: Annotated[
        dict[ParameterName, Name],
        msgspec.Meta(
            description="Of the other types: connections it is given, each as the variable OSTINATO_CONNECTION_NAME"
            ' with JSON `{"type": ..., "config": {...}}`, secrets in clear; Talend jobs get context variables'
            " connection_NAME_PARAMETER besides"
        ),
    ] = msgspec.field(default_factory=dict)

    resources: Annotated[
        dict[ParameterName, Name],
        msgspec.Meta(
            description="Resources of the workspace it is given: each run gets the path of a copy as this parameter"
        ),
    ] = msgspec.field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.auto_upgrade and self.version == LATEST:
            raise ValueError("auto_upgrade goes from version to version: name one, or leave it out with latest")
        if self.connection is not None and self.connections:
            raise ValueError("connection is for artifacts of type sql, connections for the others: name one of them")


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """What came back of a Python function."""

    rows: Count | None = None
    counts: dict[str, Count] = {}
    message: Annotated[str, msgspec.Meta(max_length=LONGEST_MESSAGE)] = ""
    error: str | None = None


examples = (
    Example(
        title="The newest version of an artifact",
        config={"kind": "artifact", "artifact": "hello"},
    ),
    Example(
        title="One version, which is given a connection",
        config={
            "kind": "artifact",
            "artifact": "hello",
            "version": "1.2.0",
            "connections": {"warehouse": "warehouse"},
        },
    ),
)


def names(config: Artifact) -> ArtifactRef:
    version = None if config.version == LATEST else config.version
    return ArtifactRef(
        name=config.artifact,
        version=version,
        workspace=config.workspace,
        resources=config.resources,
        wants_connection=config.connection is not None,
    )


def connections(config: Artifact) -> frozenset[str]:
    return frozenset(config.connections.values()) | ({config.connection} if config.connection else set())


def run(config: Artifact, context: Context) -> Outcome:
    with context.artifact() as unpacked:
        order = unpacked.order
        context.log(f"Artifact {order.name!r}, version {order.version}, sha256 {order.digest}")
        match order.entry:
            case PythonEntry() as entry:
                return _run_python(entry, unpacked, config, context)
            case SqlEntry() as entry:
                return _run_sql(entry, unpacked, config, context)
            case CommandEntry(command=command):
                command = [as_text(argument, context.parameters) for argument in command]
                return _run_copy(command, unpacked, config, context)
            case TalendEntry() as entry:
                return _run_talend(entry, unpacked, config, context)


def _run_python(entry: PythonEntry, unpacked: Unpacked, config: Artifact, context: Context) -> Outcome:
    work = {"folder": unpacked.folder, "entry_point": entry.entry_point, "parameters": dict(context.parameters)}
    with _memory("order", json.dumps(work).encode()) as order, _memory("result") as result:
        outcome = run_program(
            [sys.executable, "-P", "-B", "-u", str(BOOTSTRAP), str(order), str(result)],
            context,
            folder=None,
            environment=_variables(config, context),
            descriptors=(order, result),
        )
        said = os.pread(result, LARGEST_RESULT + 1, 0)
    try:
        returned = msgspec.json.decode(said, type=Returned) if said else Returned()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"what the function returned cannot be used: {error}"
        return Outcome(succeeded=False, message=message, reason=Reason.ERROR) if outcome.succeeded else outcome
    if outcome.succeeded:
        return Outcome(succeeded=True, rows=returned.rows, counts=returned.counts, message=returned.message)
    if returned.error is not None:
        return Outcome(succeeded=False, message=returned.error, reason=Reason.ERROR)
    return outcome


def _run_sql(entry: SqlEntry, unpacked: Unpacked, config: Artifact, context: Context) -> Outcome:
    if config.connection is None:
        message = "the artifact is a script of SQL: name the connection to run it on"
        return Outcome(succeeded=False, message=message, reason=Reason.INVALID)
    script = (Path(unpacked.folder) / entry.script).read_text("utf-8-sig")
    connection = context.connect(config.connection)
    rows = connection.execute(as_sql(script, context.parameters, standard=connection.standard_literals))
    context.log("the script has run" if rows is None else f"the script changed {rows:,} rows")
    return Outcome(succeeded=True, rows=rows)


def _run_talend(entry: TalendEntry, unpacked: Unpacked, config: Artifact, context: Context) -> Outcome:
    if shutil.which("java") is None:
        message = "a Talend job needs Java, and there is no `java` on the PATH of the worker: install a Java runtime"
        return Outcome(succeeded=False, message=message, reason=Reason.INVALID)
    temporary = Path(context.folder) / TEMPORARY
    temporary.mkdir(mode=0o700)
    values = {name: plain(value) for name, value in context.parameters.items()}
    values |= {TEMPORARY: str(temporary)}
    for app, connection in config.connections.items():
        settings = context.settings_of(connection)
        values |= connection_variables(app, values_of(settings.type, settings.config))
    level = [] if config.log_level is None else [f"--log4jLevel={config.log_level.lower()}"]
    return _run_copy(["/bin/sh", entry.launcher, *talend_arguments(values), *level], unpacked, config, context)


def _run_copy(command: list[str], unpacked: Unpacked, config: Artifact, context: Context) -> Outcome:
    copy = Path(context.folder) / ITS_COPY
    archives.copy(Path(unpacked.folder), copy)
    if "/" in command[0] and not command[0].startswith("/"):
        command = [str(copy / command[0]), *command[1:]]
    return run_program(command, context, folder=str(copy), environment=_variables(config, context))


def _variables(config: Artifact, context: Context) -> Mapping[str, str]:
    """The connections, each as JSON."""
    variables = {}
    for name, connection in config.connections.items():
        settings = context.settings_of(connection)
        given = {"type": settings.type, "config": settings.config}
        variables[CONNECTION + name] = msgspec.json.encode(given).decode()
    return variables


@contextmanager
def _memory(name: str, content: bytes = b"") -> Iterator[int]:
    """A file without a place, for what is nobody else's business."""
    descriptor = os.memfd_create(name)
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(content)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)

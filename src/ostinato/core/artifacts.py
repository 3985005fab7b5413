"""Artifacts: work that comes packed in a zip, in versions, and is run by tasks.

A zip says what it is in a file `artifact.yaml` at its root; one that Talend Studio built, in `jobInfo.properties`.
Content is known by the SHA-256 digest of the zip.
"""

import sys
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from ostinato.core.errors import Problem
from ostinato.core.names import Description, Name
from ostinato.core.parameter_references import references
from ostinato.core.parameters import (
    MOST_PARAMETERS,
    Parameter,
    ParameterName,
    ParameterType,
    Resolved,
    Value,
    problems_of,
    resolve,
)

MANIFEST = "artifact.yaml"
MOST_BYTES = 400_000_000
"""Of the zip."""
LATEST = "latest"
"""In place of a version: the one that was published last."""

ArtifactType: TypeAlias = Literal["python", "command", "sql", "talend_job"]

Version: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern="^(?!latest$)[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$",
        extra={
            "words": "a version of 1 to 100 letters, digits, '.', '_', '+' and '-', beginning with a letter or digit,"
            " not 'latest'"
        },
    ),
]
EntryPoint: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$",
        extra={"words": "a module and a function in it, such as package.module:function"},
    ),
]


class ArtifactParameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is declared of one parameter."""

    name: ParameterName
    type: Annotated[ParameterType, msgspec.Meta(description="What its values are.")] = "string"
    default: Annotated[Value | None, msgspec.Meta(description="The value if nothing else gives one.")] = None
    required: Annotated[bool, msgspec.Meta(description="Whether a run without a value fails.")] = False
    comment: Annotated[str | None, msgspec.Meta(description="What it is for, in words.")] = None


class PythonEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="python"):
    """A function to be called with the parameters."""

    entry_point: str


class CommandEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="command"):
    """A program to be started in a copy of the content."""

    command: list[str]


class SqlEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="sql"):
    """A file with statements to be run on the connection that the task names."""

    script: str


class TalendEntry(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="talend_job"):
    """A job as Talend Studio builds it: `launcher` is a path in the zip."""

    launcher: str
    job: str


Entry: TypeAlias = PythonEntry | CommandEntry | SqlEntry | TalendEntry
"""What is run of an artifact."""


class _Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name | None = None
    version: Version | None = None
    description: Description = None
    parameters: Annotated[tuple[ArtifactParameter, ...], msgspec.Meta(max_length=MOST_PARAMETERS)] = ()


class PythonManifest(_Manifest, frozen=True, kw_only=True, tag_field="kind", tag="python"):
    entry_point: EntryPoint


class CommandManifest(_Manifest, frozen=True, kw_only=True, tag_field="kind", tag="command"):
    command: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1_000)]


class SqlManifest(_Manifest, frozen=True, kw_only=True, tag_field="kind", tag="sql"):
    script: Annotated[str, msgspec.Meta(min_length=1)]


Manifest: TypeAlias = PythonManifest | CommandManifest | SqlManifest
"""What `artifact.yaml` says."""


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """What a zip says of itself."""

    entry: Entry
    parameters: tuple[ArtifactParameter, ...] = ()
    name: str | None = None
    version: str | None = None
    description: str | None = None

    @property
    def type(self) -> str:
        return str(self.entry.__struct_config__.tag)


class ArtifactRef(msgspec.Struct, frozen=True, kw_only=True):
    """How the config of a task names an artifact; no version: the newest at the start of a run."""

    name: str
    version: str | None = None
    workspace: str | None = None
    """The key of the workspace it is in; None: that of the task."""
    resources: Mapping[str, str] = msgspec.field(default_factory=dict)
    """Names of resources by the parameters that runs get them as."""
    wants_connection: bool = False
    """The task names a connection for the script of the artifact."""


def place_of(digest: str) -> str:
    """Where the content of a digest (hexadecimal) is in an object store: `ab/cdef...`."""
    return f"{digest[:2]}/{digest[2:]}"


def described(manifest: Manifest) -> Described:
    entry: Entry
    match manifest:
        case PythonManifest(entry_point=entry_point):
            entry = PythonEntry(entry_point=entry_point)
        case CommandManifest(command=command):
            entry = CommandEntry(command=command)
        case SqlManifest(script=script):
            entry = SqlEntry(script=script)
    return Described(
        entry=entry,
        parameters=manifest.parameters,
        name=manifest.name,
        version=manifest.version,
        description=manifest.description,
    )


def problems_with(described: Described, files: Iterable[str], script: str | None) -> list[Problem]:
    """What is wrong between what a zip says of itself and what is in it; `script`: the text of its script."""
    names = [parameter.name for parameter in described.parameters]
    problems = [
        Problem(path=f"parameters[{number}].name", message=f"{name!r} is declared twice")
        for number, name in enumerate(names)
        if name in names[:number]
    ]
    problems += problems_of(declared(described.parameters))
    match described.entry:
        case PythonEntry(entry_point=entry_point):
            problems += _module_problems(entry_point, frozenset(files))
        case CommandEntry(command=command):
            problems += _command_problems(command)
            problems += _undeclared("command", " ".join(command), names)
        case SqlEntry() if script is not None:
            problems += _undeclared("script", script, names)
    return problems


def declared(parameters: Iterable[ArtifactParameter]) -> dict[str, Parameter]:
    return {
        one.name: Parameter(type=one.type, default=one.default, required=one.required, description=one.comment)
        for one in parameters
    }


def values_for(
    artifact: Mapping[str, Parameter], task: Mapping[str, Parameter], layers: Iterable[Mapping[str, Any]]
) -> Resolved:
    """What a run of a task gives its artifact: the defaults of the task go before those of the artifact."""
    wanted = {
        name: msgspec.structs.replace(
            own,
            default=task[name].default if name in task and task[name].default is not None else own.default,
            required=own.required or (name in task and task[name].required),
        )
        for name, own in artifact.items()
    }
    resolved = resolve(wanted, list(layers))
    unknown = tuple(
        Problem(path=f"parameters.{name}", message="this version of the artifact has no such parameter")
        for name in task
        if name not in artifact
    )
    return msgspec.structs.replace(resolved, problems=(*resolved.problems, *unknown))


def _module_problems(entry_point: str, files: frozenset[str]) -> list[Problem]:
    module = entry_point.partition(":")[0]
    if (first := module.partition(".")[0]) in sys.stdlib_module_names:
        message = f"Python has a module {first!r} of its own, which would be taken instead: use another name"
        return [Problem(path="entry_point", message=message)]
    path = module.replace(".", "/")
    if f"{path}.py" in files or f"{path}/__init__.py" in files:
        return []
    message = f"there is no {path}.py and no {path}/__init__.py in the zip: name a module of the artifact"
    return [Problem(path="entry_point", message=message)]


def _command_problems(command: list[str]) -> list[Problem]:
    if not command[0].strip():
        return [Problem(path="command", message="it must name a program")]
    if any("\x00" in part for part in command):
        return [Problem(path="command", message="an argument has a NUL character")]
    return []


def _undeclared(path: str, text: str, names: list[str]) -> list[Problem]:
    return [
        Problem(
            path=path,
            message=f"there is no parameter {name!r}: declare it under 'parameters'",
            allowed=tuple(sorted(names)),
        )
        for name in dict.fromkeys(references(text))
        if name not in names
    ]

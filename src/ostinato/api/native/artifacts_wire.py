"""What our own dialect sends of artifacts."""

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

import msgspec

from ostinato.api.native.wire import Instant
from ostinato.core import artifacts as core
from ostinato.core.parameters import ParameterType, Value
from ostinato.core.times import instant
from ostinato.store import artifacts as store

Kind: TypeAlias = Literal["python", "command", "sql", "talend_job"]


class Artifact(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    name: str
    type: Kind
    workspace: str
    environment: str
    created_at: Instant
    versions: Annotated[Sequence[str], msgspec.Meta(description="The newest first.")]


class ArtifactPage(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[Artifact]
    next: Annotated[int | None, msgspec.Meta(description="The offset of the next page; null: this is the last.")]


class ArtifactParameter(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    type: ParameterType
    default: Value | None
    required: bool
    comment: str | None


class ArtifactVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    version: str
    kind: Kind
    entry: Annotated[
        str | Sequence[str],
        msgspec.Meta(description="What is run: a module and function, a command, or the path of a script."),
    ]
    parameters: Sequence[ArtifactParameter]
    description: str | None
    sha256: str
    size: Annotated[int, msgspec.Meta(description="Bytes of the zip.")]
    published_by: str
    published_at: Instant


class ArtifactDetail(msgspec.Struct, frozen=True, kw_only=True):
    artifact: Artifact
    versions: Annotated[Sequence[ArtifactVersion], msgspec.Meta(description="The newest first.")]


class Published(msgspec.Struct, frozen=True, kw_only=True):
    """The version that was published, and the artifact it belongs to."""

    artifact: Artifact
    version: ArtifactVersion


def artifact(found: store.Artifact) -> Artifact:
    return Artifact(
        id=found.id,
        name=found.name,
        type=found.type,  # type: ignore[arg-type]  # a CHECK holds it
        workspace=found.workspace,
        environment=found.environment,
        created_at=instant(found.created_at),
        versions=found.versions,
    )


def version(found: store.Version) -> ArtifactVersion:
    return ArtifactVersion(
        version=found.version,
        kind=found.entry.__struct_config__.tag,  # type: ignore[arg-type]
        entry=_entry(found.entry),
        parameters=[
            ArtifactParameter(name=p.name, type=p.type, default=p.default, required=p.required, comment=p.comment)
            for p in found.parameters
        ],
        description=found.description,
        sha256=found.digest,
        size=found.size,
        published_by=found.published_by,
        published_at=instant(found.published_at),
    )


def _entry(entry: core.Entry) -> str | Sequence[str]:
    match entry:
        case core.PythonEntry(entry_point=entry_point):
            return entry_point
        case core.CommandEntry(command=command):
            return command
        case core.SqlEntry(script=script):
            return script
        case core.TalendEntry(launcher=launcher):
            return launcher

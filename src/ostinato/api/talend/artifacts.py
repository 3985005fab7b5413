"""Artifacts and their versions."""

from typing import Annotated, Literal, TypeAlias, get_args

import msgspec
from litestar import Router, delete, get
from litestar.params import PathParameter, QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.talend import translate, wire
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import Id, InEnvironment, InWorkspace, Limit, NamePart, Offset, refusals
from ostinato.app import artifacts
from ostinato.core.access import Permission
from ostinato.core.artifacts import ArtifactParameter as Declared
from ostinato.core.artifacts import ArtifactType
from ostinato.core.errors import Invalid, Problem
from ostinato.core.object_ids import Kind
from ostinato.store.artifacts import Chosen, DescribedArtifact, DescribedVersion

STANDARD = "standard"
OTHERS = ("big_data_streaming", "big_data_batch", "route", "data_service", "pipeline", "data_fabric")
"""Types of which there is nothing here."""
OURS: tuple[str, ...] = get_args(ArtifactType)
PARAMETER_TYPES = {"string": "String", "integer": "Integer", "number": "Double", "boolean": "Boolean"}
Version: TypeAlias = Annotated[str, PathParameter(max_length=100, pattern="^[^\x00]*$")]
Types: TypeAlias = Annotated[
    list[str] | None,
    QueryParameter(
        description="Repeated, or with commas. All are of the type standard; python, command, sql and talend_job say "
        "what is in the zip",
    ),
]


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    type: Annotated[str, msgspec.Meta(description="standard")]
    versions: Annotated[list[str], msgspec.Meta(description="The newest first.")]
    workspace: wire.WorkspaceInfo


class PageArtifact(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Artifact]
    limit: int
    offset: int
    total: int


class ArtifactParameter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    name: str
    value: str | None = None
    type: Annotated[str, msgspec.Meta(description="String, Integer, Double or Boolean.")]
    required: bool
    comment: str | None = None


class ArtifactVersion(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: Annotated[str, msgspec.Meta(description="Of the artifact.")]
    name: str
    version: str
    type: Annotated[str, msgspec.Meta(description="standard")]
    publisher: str
    publisher_type: Literal["HUMAN", "SERVICE"]
    marketplace_product: Annotated[str, msgspec.Meta(description="Empty.")]
    parameters: list[ArtifactParameter]
    workspace: wire.WorkspaceInfo
    description: str | None = None
    create_date: wire.Time


@get(
    "/",
    needs=Permission.VIEW,
    operation_id="listArtifacts",
    summary="List artifacts",
    responses=refusals(404),
)
async def list_artifacts(  # noqa: PLR0913  # one for each parameter of the operation
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    environment_id: InEnvironment = None,
    workspace_id: InWorkspace = None,
    name: NamePart = None,
    types: Types = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PageArtifact:
    """Those of the workspaces that you may see, the newest first."""
    chosen = Chosen(
        environment=None if environment_id is None else ids.number(Kind.ENVIRONMENT, environment_id),
        workspace=None if workspace_id is None else ids.number(Kind.WORKSPACE, workspace_id),
        name=name,
        types=_types(types),
        limit=limit,
        offset=offset,
    )
    found = await artifacts.page(app, actor, chosen)
    items = [_artifact(one, ids) for one in found.items]
    return PageArtifact(items=items, limit=limit, offset=offset, total=found.total)


@get(
    "/{artifactId:str}",
    needs=Permission.VIEW,
    operation_id="getArtifact",
    summary="Get an artifact",
    responses=refusals(404),
)
async def get_artifact(app: TheApp, actor: TheActor, ids: TheIds, artifactId: Id) -> Artifact:
    return _artifact(await artifacts.describe(app, actor, ids.number(Kind.ARTIFACT, artifactId)), ids)


@delete(
    "/{artifactId:str}",
    needs=Permission.PUBLISH,
    operation_id="deleteArtifact",
    summary="Delete an artifact with all versions",
    responses=refusals(404, 409),
)
async def delete_artifact(app: TheApp, actor: TheActor, ids: TheIds, artifactId: Id) -> None:
    """409 while a task, or a run that has not ended, uses it."""
    await artifacts.delete(app, actor, ids.number(Kind.ARTIFACT, artifactId), app.now())


@get(
    "/{artifactId:str}/versions/{version:str}",
    needs=Permission.VIEW,
    operation_id="getArtifactVersion",
    summary="Get a version of an artifact",
    responses=refusals(404),
)
async def get_version(app: TheApp, actor: TheActor, ids: TheIds, artifactId: Id, version: Version) -> ArtifactVersion:
    number = ids.number(Kind.ARTIFACT, artifactId)
    return _version(await artifacts.describe_version(app, actor, number, version), ids)


@delete(
    "/{artifactId:str}/versions/{version:str}",
    needs=Permission.PUBLISH,
    operation_id="deleteArtifactVersion",
    summary="Delete a version of an artifact",
    responses=refusals(404, 409),
)
async def delete_version(app: TheApp, actor: TheActor, ids: TheIds, artifactId: Id, version: Version) -> None:
    """409 while a task, or a run that has not ended, uses it."""
    await artifacts.delete_version(app, actor, ids.number(Kind.ARTIFACT, artifactId), version, app.now())


def _types(sent: list[str] | None) -> list[str] | None:
    """Our types among those that are asked for; None: all. Raises Invalid."""
    wanted = {one for part in sent or () for one in part.split(",") if one}
    known = (STANDARD, *OTHERS, *OURS)
    if unknown := sorted(wanted.difference(known)):
        raise Invalid(Problem(path="types", message=f"{unknown[0][:60]!r} is no type of artifact", allowed=known))
    return None if not wanted or STANDARD in wanted else [one for one in OURS if one in wanted]


def _artifact(one: DescribedArtifact, ids: Ids) -> Artifact:
    return Artifact(
        id=ids.of(Kind.ARTIFACT, one.id),
        name=one.name,
        type=STANDARD,
        versions=one.versions,
        workspace=translate.workspace(one.workspace, ids),
    )


def _version(one: DescribedVersion, ids: Ids) -> ArtifactVersion:
    return ArtifactVersion(
        id=ids.of(Kind.ARTIFACT, one.id),
        name=one.name,
        version=one.version,
        type=STANDARD,
        publisher=one.publisher,
        publisher_type="SERVICE" if one.publisher_kind == "service_account" else "HUMAN",
        marketplace_product="",
        parameters=[_parameter(parameter) for parameter in one.parameters],
        workspace=translate.workspace(one.workspace, ids),
        description=one.description,
        create_date=translate.time(one.published_at),
    )


def _parameter(one: Declared) -> ArtifactParameter:
    value = str(one.default).lower() if isinstance(one.default, bool) else one.default
    return ArtifactParameter(
        name=one.name,
        value=None if value is None else str(value),
        type=PARAMETER_TYPES[one.type],
        required=one.required,
        comment=one.comment,
    )


ARTIFACTS = Router(
    "/artifacts",
    route_handlers=[list_artifacts, get_artifact, delete_artifact, get_version, delete_version],
    tags=["Artifacts"],
)

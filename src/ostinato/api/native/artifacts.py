"""Artifacts and their versions: published, listed, fetched and deleted."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from litestar import Request, Router, delete, get, post
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import PathParameter
from litestar.response import Stream

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import artifacts_wire as wire
from ostinato.api.native.parameters import Filter, Limit, Offset, possible, refusals
from ostinato.api.uploads import OVERHEAD_BYTES, PIECE_BYTES, Form
from ostinato.app import artifacts
from ostinato.core.access import Permission
from ostinato.core.artifacts import MOST_BYTES
from ostinato.core.definitions import DEFAULT_ENVIRONMENT
from ostinato.core.errors import Invalid, NotFound, OstinatoError, Problem
from ostinato.store.artifacts import Wanted

FIELDS = {
    "workspace": "The key of the workspace.",
    "environment": f"The environment; left out: {DEFAULT_ENVIRONMENT}.",
    "name": "The name of the artifact; left out: the one in the zip.",
    "version": "The version; left out: the one in the zip.",
}
ZIP = "application/zip"
CONTENT = ResponseSpec(data_container=bytes, description="The zip.", media_type=ZIP, generate_examples=False)
Number: TypeAlias = Annotated[int, PathParameter(description="The id of the artifact.")]
VersionName: TypeAlias = Annotated[str, PathParameter(description="The version.")]


@dataclass
class Upload(Operation):
    """The operation with its form, which the framework does not read and so does not know."""

    def __post_init__(self) -> None:
        parts = {name: Schema(type=OpenAPIType.STRING, description=words) for name, words in FIELDS.items()}
        parts["file"] = Schema(type=OpenAPIType.STRING, format="binary", description="The zip; the last part.")  # type: ignore[arg-type]
        form = Schema(type=OpenAPIType.OBJECT, properties=dict(parts), required=["workspace", "file"])
        content = {"multipart/form-data": OpenAPIMediaType(schema=form)}
        self.request_body = RequestBody(content=content, required=True)


@post(
    "/artifacts",
    needs=Permission.PUBLISH,
    operation_id="publishArtifact",
    operation_class=Upload,
    summary="Publish a version of an artifact",
    request_max_body_size=MOST_BYTES + OVERHEAD_BYTES,
    responses=refusals(400, 401, 403, 404, 409, 413, 422, 503),
)
async def publish(app: TheApp, actor: TheActor, request: Request[Any, Any, Any]) -> wire.Published:
    """A form: the fields first, the zip last. At most 400 MB."""
    form = Form(request, MOST_BYTES)
    try:
        wish = _wish(await form.fields(FIELDS))
        await artifacts.require_may_publish(app, actor, wish)
        with artifacts.receiving(app) as incoming:
            async for piece in form.pieces():
                await asyncio.to_thread(incoming.write, piece)
            artifact, version = await artifacts.publish(app, actor, incoming, wish, app.now())
    except OstinatoError:
        await form.drain()
        raise
    return wire.Published(artifact=wire.artifact(artifact), version=wire.version(version))


@get(
    "/artifacts",
    needs=Permission.VIEW,
    operation_id="listArtifacts",
    summary="Artifacts by environment, workspace and name",
    responses=refusals(401, 422),
)
async def list_artifacts(
    app: TheApp,
    actor: TheActor,
    workspace: Filter = None,
    environment: Filter = None,
    name: Filter = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> wire.ArtifactPage:
    wanted = Wanted(workspace=workspace, environment=environment, name=name, limit=limit + 1, offset=offset)
    found = await artifacts.list_artifacts(app, actor, wanted)
    following = offset + limit if len(found) > limit else None
    return wire.ArtifactPage(items=[wire.artifact(one) for one in found[:limit]], next=following)


@get(
    "/artifacts/{artifact_id:int}",
    needs=Permission.VIEW,
    operation_id="getArtifact",
    summary="An artifact with its versions, the newest first",
    responses=refusals(401, 404),
)
async def get_artifact(app: TheApp, actor: TheActor, artifact_id: Number) -> wire.ArtifactDetail:
    artifact, versions = await artifacts.get(app, actor, _known(artifact_id))
    return wire.ArtifactDetail(artifact=wire.artifact(artifact), versions=[wire.version(one) for one in versions])


@delete(
    "/artifacts/{artifact_id:int}",
    needs=Permission.PUBLISH,
    operation_id="deleteArtifact",
    summary="Delete an artifact with all its versions",
    responses=refusals(401, 403, 404, 409),
)
async def delete_artifact(app: TheApp, actor: TheActor, artifact_id: Number) -> None:
    """Not while a task names it, or a run that has not ended has it."""
    await artifacts.delete(app, actor, _known(artifact_id), app.now())


@get(
    "/artifacts/{artifact_id:int}/versions/{version:str}",
    needs=Permission.VIEW,
    operation_id="getArtifactVersion",
    summary="A version of an artifact with its parameters",
    responses=refusals(401, 404),
)
async def get_version(app: TheApp, actor: TheActor, artifact_id: Number, version: VersionName) -> wire.ArtifactVersion:
    return wire.version(await artifacts.get_version(app, actor, _known(artifact_id), _clean(version)))


@delete(
    "/artifacts/{artifact_id:int}/versions/{version:str}",
    needs=Permission.PUBLISH,
    operation_id="deleteArtifactVersion",
    summary="Delete a version of an artifact",
    responses=refusals(401, 403, 404, 409),
)
async def delete_version(app: TheApp, actor: TheActor, artifact_id: Number, version: VersionName) -> None:
    """Not while a task names it, or needs it because it is the only one; nor while a run that has not ended has it."""
    await artifacts.delete_version(app, actor, _known(artifact_id), _clean(version), app.now())


@get(
    "/artifacts/{artifact_id:int}/versions/{version:str}/content",
    needs=Permission.AUTHOR,
    operation_id="getArtifactContent",
    summary="The zip of a version",
    media_type=ZIP,
    responses={200: CONTENT, **refusals(401, 403, 404)},
)
async def get_content(app: TheApp, actor: TheActor, artifact_id: Number, version: VersionName) -> Stream:
    found, file = await artifacts.content(app, actor, _known(artifact_id), _clean(version))
    headers = {"content-length": str(found.size), "etag": f'"{found.digest}"'}
    return Stream(_pieces(file), media_type=ZIP, headers=headers)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
            yield piece


def _wish(fields: dict[str, str]) -> artifacts.Wish:
    """What is empty was left out."""
    given = {name: value for name, value in fields.items() if value}
    if "workspace" not in given:
        raise Invalid(Problem(path="workspace", message="say before the file into which workspace it goes"))
    return artifacts.Wish(**{"environment": DEFAULT_ENVIRONMENT, **given})


def _known(artifact: int) -> int:
    """Numbers that no artifact can have are not asked for."""
    return possible("Artifact", artifact)


def _clean(version: str) -> str:
    if not version.isprintable():
        raise NotFound("Version", ascii(version))
    return version


ARTIFACTS = Router(
    "/",
    route_handlers=[
        publish,
        list_artifacts,
        get_artifact,
        delete_artifact,
        get_version,
        delete_version,
        get_content,
    ],
)

"""Resources: added, listed, deleted."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, delete, get, post
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import PathParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native.parameters import Filter, Limit, Offset, possible, refusals
from ostinato.api.native.wire import Instant
from ostinato.api.uploads import OVERHEAD_BYTES, Form
from ostinato.app import resources
from ostinato.core.access import Permission
from ostinato.core.definitions import DEFAULT_ENVIRONMENT
from ostinato.core.errors import Invalid, OstinatoError, Problem
from ostinato.core.resources import MOST_BYTES
from ostinato.core.times import instant
from ostinato.store.resources import DescribedResource, Wanted

FIELDS = {
    "workspace": "The key of the workspace.",
    "environment": f"The environment; left out: {DEFAULT_ENVIRONMENT}.",
    "name": "The name of the resource; left out: that of the file.",
    "description": "What it is for.",
    "folder": "true: the file is a zip, and runs get the folder in it; left out: false.",
}


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    name: str
    description: str | None
    workspace: str
    environment: str
    folder: Annotated[bool, msgspec.Meta(description="Whether runs get a folder, which came as a zip.")]
    size: Annotated[int, msgspec.Meta(description="In bytes, as it came.")]
    sha256: str
    created_at: Instant
    changed_at: Instant


class ResourcePage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Resource]
    next: Annotated[int | None, msgspec.Meta(description="The offset of the next page; null: this is the last.")]


@dataclass
class Upload(Operation):
    """The operation with its form, which the framework does not read and so does not know."""

    def __post_init__(self) -> None:
        parts = {name: Schema(type=OpenAPIType.STRING, description=words) for name, words in FIELDS.items()}
        parts["file"] = Schema(type=OpenAPIType.STRING, format="binary", description="The content; the last part.")  # type: ignore[arg-type]
        form = Schema(type=OpenAPIType.OBJECT, properties=dict(parts), required=["workspace", "file"])
        content = {"multipart/form-data": OpenAPIMediaType(schema=form)}
        self.request_body = RequestBody(content=content, required=True)


@post(
    "/resources",
    needs=Permission.AUTHOR,
    operation_id="addResource",
    operation_class=Upload,
    summary="Add a file, or a folder as a zip, that tasks may name",
    request_max_body_size=MOST_BYTES + OVERHEAD_BYTES,
    responses=refusals(400, 401, 403, 404, 409, 413, 422, 503),
)
async def add(app: TheApp, actor: TheActor, request: Request[Any, Any, Any]) -> Resource:
    """A form: the fields first, the file last. At most 100 MiB."""
    form = Form(request, MOST_BYTES, longest_field=50_000)
    try:
        wish = _wish(await form.fields(FIELDS), form.file_name)
        await resources.require_may_add(app, actor, wish)
        with resources.receiving(app) as incoming:
            async for piece in form.pieces():
                await asyncio.to_thread(incoming.write, piece)
            return _resource(await resources.add(app, actor, incoming, wish, app.now()))
    except OstinatoError:
        await form.drain()
        raise


@get(
    "/resources",
    needs=Permission.VIEW,
    operation_id="listResources",
    summary="Resources by environment, workspace and name",
    responses=refusals(401, 422),
)
async def list_resources(
    app: TheApp,
    actor: TheActor,
    workspace: Filter = None,
    environment: Filter = None,
    name: Filter = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> ResourcePage:
    """The newest first."""
    wanted = Wanted(key=workspace, environment_name=environment, name=name, limit=limit, offset=offset)
    page = await resources.list_resources(app, actor, wanted)
    following = offset + limit if page.total > offset + limit else None
    return ResourcePage(items=[_resource(one) for one in page.items], next=following)


@delete(
    "/resources/{resource_id:int}",
    needs=Permission.AUTHOR,
    operation_id="deleteResource",
    summary="Delete a resource",
    responses=refusals(401, 403, 404, 409),
)
async def delete_resource(
    app: TheApp,
    actor: TheActor,
    resource_id: Annotated[int, PathParameter(description="The id of the resource.")],
) -> None:
    """Not while a task names it."""
    await resources.delete(app, actor, possible("Resource", resource_id), app.now())


def _wish(fields: dict[str, str], file_name: str | None) -> resources.Wish:
    """What is empty was left out."""
    given = {name: value for name, value in fields.items() if value}
    name = given.get("name") or file_name
    problems = [
        Problem(path=field, message=message)
        for field, message, missing in (
            ("workspace", "say before the file into which workspace it goes", "workspace" not in given),
            ("name", "say before the file what it is called", not name),
            ("folder", "write true or false", given.get("folder", "false") not in ("true", "false")),
        )
        if missing
    ]
    if problems:
        raise Invalid(*problems)
    return resources.Wish(
        workspace=(given.get("environment", DEFAULT_ENVIRONMENT), given["workspace"]),
        name=name or "",
        description=given.get("description"),
        is_file=given.get("folder") != "true",
        file_name=file_name,
    )


def _resource(one: DescribedResource) -> Resource:
    return Resource(
        id=one.id,
        name=one.name,
        description=one.description,
        workspace=one.workspace.key,
        environment=one.workspace.environment.name,
        folder=not one.is_file,
        size=one.size,
        sha256=one.digest,
        created_at=instant(one.created_at),
        changed_at=instant(one.changed_at),
    )


RESOURCES = Router("/", route_handlers=[add, list_resources, delete_resource])

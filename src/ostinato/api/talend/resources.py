"""Resources."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from litestar import Request, Router, delete, get, patch, post, put
from litestar.openapi.spec import OpenAPIMediaType, OpenAPIType, Operation, RequestBody, Schema
from litestar.params import JSONBody, PathParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.talend import translate, wire
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import Id, InEnvironment, InWorkspace, Limit, Offset, Text, refusals
from ostinato.api.uploads import FILE, OVERHEAD_BYTES, Form
from ostinato.app import resources
from ostinato.core.access import Permission
from ostinato.core.errors import Invalid, OstinatoError, Problem
from ostinato.core.object_ids import Kind
from ostinato.core.resources import MOST_BYTES
from ostinato.store.objects import Incoming
from ostinato.store.resources import DescribedResource, Wanted

ABOUT = "resource"
"""The part of the form that says what the file is."""
LONGEST_ABOUT = 50_000


class CreateResourceRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: wire.Name
    description: wire.Words | None = None
    workspace_id: wire.Sent
    file: bool = True


class UpdateResourceRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is left out stays."""

    name: wire.Name | None = None
    description: wire.Words | None = None


class Resource(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    name: str
    description: str | None = None
    workspace_info: wire.WorkspaceInfo
    file: Annotated[bool, msgspec.Meta(description="false: a folder, which came as a zip.")]


class PageResource(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    items: list[Resource]
    limit: int
    offset: int
    total: int


@dataclass
class Upload(Operation):
    """An operation with a form, which the framework does not read and so does not know."""

    def __post_init__(self) -> None:
        binary = Schema(type=OpenAPIType.STRING, format="binary", description="The content, at most 100 MiB.")  # type: ignore[arg-type]
        parts = {**self.more_parts(), FILE: binary}
        form = Schema(type=OpenAPIType.OBJECT, properties=dict(parts), required=list(parts))
        content = {"multipart/form-data": OpenAPIMediaType(schema=form)}
        self.request_body = RequestBody(content=content, required=True)

    def more_parts(self) -> dict[str, Schema]:
        return {}


@dataclass
class Creation(Upload):
    def more_parts(self) -> dict[str, Schema]:
        words = "JSON: name, description, workspaceId, and file: false for a folder that comes as a zip."
        return {ABOUT: Schema(type=OpenAPIType.STRING, description=words)}


@get(
    "/",
    needs=Permission.VIEW,
    operation_id="listResources",
    summary="List resources",
    responses=refusals(404),
)
async def list_resources(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    name: Text = None,
    environment_id: InEnvironment = None,
    workspace_id: InWorkspace = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PageResource:
    """Those that you may see, the newest first; `name` is a part of the name, in whatever case."""
    wanted = Wanted(
        part=name,
        environment=None if environment_id is None else ids.number(Kind.ENVIRONMENT, environment_id),
        workspace=None if workspace_id is None else ids.number(Kind.WORKSPACE, workspace_id),
        limit=limit,
        offset=offset,
    )
    page = await resources.list_resources(app, actor, wanted)
    return PageResource(items=[_resource(one, ids) for one in page.items], limit=limit, offset=offset, total=page.total)


@post(
    "/",
    needs=Permission.AUTHOR,
    operation_id="createResource",
    operation_class=Creation,
    summary="Create a resource",
    request_max_body_size=MOST_BYTES + OVERHEAD_BYTES,
    responses=refusals(404, 409, 413),
)
async def create_resource(app: TheApp, actor: TheActor, ids: TheIds, request: Request[Any, Any, Any]) -> Resource:
    """A form: what the resource is, and its content, in any order."""
    form = Form(request, MOST_BYTES, LONGEST_ABOUT)
    try:
        early = await form.fields((ABOUT,))
        if ABOUT in early:
            await resources.require_may_add(app, actor, _wish(early, form, ids))
        with resources.receiving(app) as incoming:
            await _receive(form, incoming)
            wish = _wish(await form.fields_after((ABOUT,), early), form, ids)
            return _resource(await resources.add(app, actor, incoming, wish, app.now()), ids)
    except OstinatoError:
        await form.drain()
        raise


@get(
    "/{id:str}",
    needs=Permission.VIEW,
    operation_id="getResource",
    summary="A resource",
    responses=refusals(404),
)
async def get_resource(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> Resource:
    return _resource(await resources.get(app, actor, ids.number(Kind.RESOURCE, id)), ids)


@patch(
    "/{id:str}",
    needs=Permission.AUTHOR,
    operation_id="updateResource",
    summary="Change the name or the description of a resource",
    status_code=204,
    responses=refusals(404, 409),
)
async def update_resource(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[UpdateResourceRequest]
) -> None:
    """409 if the name is taken, or if it changes while a task uses the resource."""
    number = ids.number(Kind.RESOURCE, id)
    await resources.change(app, actor, number, data.name, data.description, app.now())


@delete(
    "/{id:str}",
    needs=Permission.AUTHOR,
    operation_id="deleteResource",
    summary="Delete a resource",
    responses=refusals(404, 409),
)
async def delete_resource(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """409 while a task uses it."""
    await resources.delete(app, actor, ids.number(Kind.RESOURCE, id), app.now())


@put(
    "/{id:str}/upload",
    needs=Permission.AUTHOR,
    operation_id="uploadResourceFile",
    operation_class=Upload,
    summary="Replace the content of a resource",
    status_code=204,
    request_max_body_size=MOST_BYTES + OVERHEAD_BYTES,
    responses=refusals(404, 413),
)
async def upload_resource_file(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, request: Request[Any, Any, Any]
) -> None:
    """Runs that begin from now on get it."""
    form = Form(request, MOST_BYTES, LONGEST_ABOUT)
    try:
        number = ids.number(Kind.RESOURCE, id)
        await resources.require_may_replace(app, actor, number)
        await form.fields(())
        with resources.receiving(app) as incoming:
            await _receive(form, incoming)
            await form.fields_after((), {})
            await resources.replace(app, actor, number, incoming, form.file_name, app.now())
    except OstinatoError:
        await form.drain()
        raise


@put(
    "/{id:str}/move/{target:str}",
    needs=Permission.AUTHOR,
    operation_id="moveResource",
    summary="Move a resource to another workspace of the same environment",
    responses=refusals(404, 409),
)
async def move_resource(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    id: Id,
    target: Annotated[str, PathParameter(max_length=100, description="The workspace.")],
) -> Resource:
    """409 if its name is taken there, or while a task uses it."""
    resource, workspace = ids.number(Kind.RESOURCE, id), ids.number(Kind.WORKSPACE, target)
    return _resource(await resources.move(app, actor, resource, workspace, app.now()), ids)


async def _receive(form: Form, incoming: Incoming) -> None:
    async for piece in form.pieces(last=False):
        await asyncio.to_thread(incoming.write, piece)


def _wish(fields: dict[str, str], form: Form, ids: Ids) -> resources.Wish:
    """What is said of the file; raises Invalid, and NotFound for a workspace that cannot be there."""
    if ABOUT not in fields:
        raise Invalid(Problem(path=ABOUT, message="say what it is: JSON with name, workspaceId, description, file"))
    try:
        said = msgspec.json.decode(fields[ABOUT], type=CreateResourceRequest, strict=False)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Invalid(Problem(path=ABOUT, message=f"{str(error) or 'it is nested too deeply'}")) from error
    return resources.Wish(
        workspace=ids.number(Kind.WORKSPACE, said.workspace_id),
        name=said.name,
        description=said.description,
        is_file=said.file,
        file_name=form.file_name,
    )


def _resource(one: DescribedResource, ids: Ids) -> Resource:
    return Resource(
        id=ids.of(Kind.RESOURCE, one.id),
        name=one.name,
        description=one.description,
        workspace_info=translate.workspace(one.workspace, ids),
        file=one.is_file,
    )


RESOURCES = Router(
    "/resources",
    route_handlers=[
        list_resources,
        create_resource,
        get_resource,
        update_resource,
        delete_resource,
        upload_resource_file,
        move_resource,
    ],
    tags=["Resources"],
)

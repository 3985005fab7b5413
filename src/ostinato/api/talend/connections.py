"""Connections."""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import JSONBody, PathParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.talend import translate, wire
from ostinato.api.talend.ids import Ids, TheIds, missing
from ostinato.api.talend.parameters import Id, InEnvironment, InWorkspace, Limit, Offset, Text, refusals
from ostinato.app import single_connections
from ostinato.core.access import Permission
from ostinato.core.connection_parameters import APPLICATION, Parameter, parameters_of
from ostinato.core.errors import NotFound
from ostinato.core.object_ids import Kind
from ostinato.core.parameter_references import plain
from ostinato.store.connections import DescribedConnection, Wanted

MOST_PARAMETERS = 200


class ConnectionParameter(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: wire.Name
    value: Annotated[
        wire.Words | bool | int | float | None, msgspec.Meta(description="Left out: an encrypted one stays as it is.")
    ] = None
    encrypted: Annotated[bool | None, msgspec.Meta(description="Whether it is never shown again.")] = None


Parameters = Annotated[list[ConnectionParameter], msgspec.Meta(max_length=MOST_PARAMETERS)]


class CreateConnectionRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: wire.Name
    workspace_id: wire.Sent
    app: Annotated[
        wire.Name, msgspec.Meta(description="A connection type such as postgresql, in whatever case, or anything else.")
    ]
    parameters: Parameters


class UpdateConnectionRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is left out stays; parameters are given as a whole."""

    name: wire.Name | None = None
    parameters: Parameters | None = None


class ShownParameter(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A parameter; an encrypted one has no value here."""

    name: str
    value: str | None = None
    encrypted: bool


class ConnectionDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    name: str
    app: str
    create_date: wire.Time
    update_date: wire.Time
    parameters: list[ShownParameter]
    workspace: wire.WorkspaceInfo


class PageConnection(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    items: list[ConnectionDetails]
    limit: int
    offset: int
    total: int


@get(
    "/",
    needs=Permission.VIEW,
    operation_id="listConnections",
    summary="List connections",
    responses=refusals(404),
)
async def list_connections(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    name: Text = None,
    environment_id: InEnvironment = None,
    workspace_id: InWorkspace = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PageConnection:
    """Those that you may see, the newest first; `name` is a part of the name, in whatever case."""
    wanted = Wanted(
        part=name,
        environment=None if environment_id is None else ids.number(Kind.ENVIRONMENT, environment_id),
        workspace=None if workspace_id is None else ids.number(Kind.WORKSPACE, workspace_id),
        limit=limit,
        offset=offset,
    )
    page = await single_connections.list_connections(app, actor, wanted)
    items = [_details(one, ids) for one in page.items]
    return PageConnection(items=items, limit=limit, offset=offset, total=page.total)


@post(
    "/",
    needs=Permission.AUTHOR,
    operation_id="createConnection",
    summary="Create a connection",
    responses=refusals(403, 409),
)
async def create_connection(
    app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[CreateConnectionRequest]
) -> ConnectionDetails:
    wish = single_connections.Wish(
        workspace=ids.number(Kind.WORKSPACE, data.workspace_id, "workspaceId"),
        name=data.name,
        application=data.app,
        parameters=_parameters(data.parameters),
    )
    try:
        return _details(await single_connections.create(app, actor, wish, app.now()), ids)
    except NotFound as error:
        raise missing(Kind.WORKSPACE, data.workspace_id, "workspaceId") from error


@get(
    "/{id:str}",
    needs=Permission.VIEW,
    operation_id="getConnection",
    summary="A connection",
    responses=refusals(404),
)
async def get_connection(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> ConnectionDetails:
    return _details(await single_connections.get(app, actor, ids.number(Kind.CONNECTION, id)), ids)


@put(
    "/{id:str}",
    needs=Permission.AUTHOR,
    operation_id="updateConnection",
    summary="Change a connection",
    responses=refusals(403, 404, 409),
)
async def update_connection(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[UpdateConnectionRequest]
) -> ConnectionDetails:
    """409 if the name is taken, or if it changes while a task uses the connection."""
    parameters = None if data.parameters is None else _parameters(data.parameters)
    change = single_connections.Change(name=data.name, parameters=parameters)
    changed = await single_connections.change(app, actor, ids.number(Kind.CONNECTION, id), change, app.now())
    return _details(changed, ids)


@delete(
    "/{id:str}",
    needs=Permission.AUTHOR,
    operation_id="deleteConnection",
    summary="Delete a connection",
    responses=refusals(403, 404, 409),
)
async def delete_connection(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """409 while a task uses it."""
    await single_connections.delete(app, actor, ids.number(Kind.CONNECTION, id), app.now())


@put(
    "/{id:str}/move/{target:str}",
    needs=Permission.AUTHOR,
    operation_id="moveConnection",
    summary="Move a connection to another workspace of the same environment",
    responses=refusals(403, 404, 409),
)
async def move_connection(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    id: Id,
    target: Annotated[str, PathParameter(max_length=100, description="The workspace.")],
) -> ConnectionDetails:
    """409 if its name is taken there, or while a task uses it."""
    connection, workspace = ids.number(Kind.CONNECTION, id), ids.number(Kind.WORKSPACE, target)
    return _details(await single_connections.move(app, actor, connection, workspace, app.now()), ids)


def _parameters(sent: list[ConnectionParameter]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(name=one.name, value=None if one.value is None else plain(one.value), secret=one.encrypted)
        for one in sent
    )


def _details(one: DescribedConnection, ids: Ids) -> ConnectionDetails:
    return ConnectionDetails(
        id=ids.of(Kind.CONNECTION, one.id),
        name=one.name,
        app=one.config["application"] if one.type == APPLICATION else one.type,
        create_date=translate.time(one.created_at),
        update_date=translate.time(one.changed_at),
        parameters=[
            ShownParameter(name=parameter.name, value=parameter.value, encrypted=bool(parameter.secret))
            for parameter in parameters_of(one.type, one.config, one.secrets)
        ],
        workspace=translate.workspace(one.workspace, ids),
    )


CONNECTIONS = Router(
    "/connections",
    route_handlers=[
        list_connections,
        create_connection,
        get_connection,
        update_connection,
        delete_connection,
        move_connection,
    ],
    tags=["Connections"],
)

"""Connections: listed, and tried."""

from typing import Annotated

import msgspec
from litestar import Router, get, post
from litestar.params import PathParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native.parameters import Filter, Limit, Offset, possible, refusals
from ostinato.api.native.wire import Instant
from ostinato.app import connection_probes, single_connections
from ostinato.core.access import Permission
from ostinato.core.times import instant
from ostinato.store.connections import DescribedConnection, Wanted


class Connection(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A connection; what its config holds is told to whoever exports it."""

    id: int
    name: str
    type: str
    workspace: str
    environment: str
    created_at: Instant
    changed_at: Instant


class ConnectionPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Connection]
    next: Annotated[int | None, msgspec.Meta(description="The offset of the next page; null: this is the last.")]


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """How it went when a connection was opened."""

    ok: bool
    message: Annotated[str, msgspec.Meta(description="Why it cannot be opened, if it cannot.")]
    seconds: Annotated[float, msgspec.Meta(description="How long it took.")]


@get(
    "/connections",
    needs=Permission.VIEW,
    operation_id="listConnections",
    summary="Connections by environment, workspace and name",
    responses=refusals(401, 422),
)
async def list_connections(
    app: TheApp,
    actor: TheActor,
    workspace: Filter = None,
    environment: Filter = None,
    name: Filter = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> ConnectionPage:
    """The newest first."""
    wanted = Wanted(key=workspace, environment_name=environment, name=name, limit=limit, offset=offset)
    page = await single_connections.list_connections(app, actor, wanted)
    following = offset + limit if page.total > offset + limit else None
    return ConnectionPage(items=[_connection(one) for one in page.items], next=following)


@post(
    "/connections/{connection_id:int}/test",
    needs=Permission.EXECUTE,
    operation_id="testConnection",
    summary="Open a connection and close it again",
    status_code=200,
    responses=refusals(401, 403, 404),
)
async def test_connection(
    app: TheApp,
    actor: TheActor,
    connection_id: Annotated[int, PathParameter(description="The id of the connection.")],
) -> Tested:
    """In a process of its own, which has 20 s for it; that it cannot be opened is an answer, not a refusal."""
    opened = await connection_probes.probe(app, actor, possible("Connection", connection_id))
    return Tested(ok=opened.ok, message=opened.message, seconds=opened.seconds)


def _connection(one: DescribedConnection) -> Connection:
    return Connection(
        id=one.id,
        name=one.name,
        type=one.type,
        workspace=one.workspace.key,
        environment=one.workspace.environment.name,
        created_at=instant(one.created_at),
        changed_at=instant(one.changed_at),
    )


CONNECTIONS = Router("/", route_handlers=[list_connections, test_connection])

"""Last successes: of tasks, and of connections through the tasks that use them."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Router, get
from litestar.params import QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import wire
from ostinato.api.native.parameters import Limit, Offset, refusals
from ostinato.app import successes
from ostinato.core.access import Permission
from ostinato.core.times import instant
from ostinato.store.successes import OfConnection, OfTask, Wanted
from ostinato.store.workspaces import Page

Filter = Annotated[str | None, QueryParameter(pattern=wire.CLEAN, max_length=wire.LONGEST_NAME)]
ConnectionName = Annotated[
    str | None,
    QueryParameter(
        pattern=wire.CLEAN, max_length=wire.LONGEST_NAME, description="Only tasks that use a connection of this name."
    ),
]


class Success(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A run that succeeded; it may have been dropped from history since."""

    run: int
    started_at: wire.Instant | None
    ended_at: wire.Instant
    rows: int | None


class TaskSuccess(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A task, and its run that succeeded and ended last."""

    task: str
    type: str
    number: Annotated[int, msgspec.Meta(description="How it is known outside, within its type.")]
    workspace: str
    environment: str
    last_success: Annotated[Success | None, msgspec.Meta(description="null: it never succeeded.")]


class TaskSuccessPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[TaskSuccess]
    total: Annotated[int, msgspec.Meta(description="How many there are on all pages.")]


class SuccessOfUser(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A run that succeeded, and the task it was a run of."""

    task: str
    type: str
    number: int
    run: int
    started_at: wire.Instant | None
    ended_at: wire.Instant
    rows: int | None


class ConnectionSuccess(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A connection, and the success that ended last among those of the tasks that use it."""

    connection: str
    type: str
    workspace: str
    environment: str
    tasks: Annotated[int, msgspec.Meta(description="How many tasks use it.")]
    last_success: Annotated[SuccessOfUser | None, msgspec.Meta(description="null: none of them ever succeeded.")]


class ConnectionSuccessPage(msgspec.Struct, frozen=True, kw_only=True):
    items: list[ConnectionSuccess]
    total: Annotated[int, msgspec.Meta(description="How many there are on all pages.")]


@get(
    "/tasks/last-success",
    needs=Permission.VIEW,
    operation_id="listTaskSuccesses",
    summary="When each task succeeded last",
    responses=refusals(401, 422),
)
async def list_task_successes(
    app: TheApp,
    actor: TheActor,
    limit: Limit = 100,
    offset: Offset = 0,
    workspace: Filter = None,
    environment: Filter = None,
    name: Filter = None,
    connection: ConnectionName = None,
) -> TaskSuccessPage:
    """By environment, workspace and name; those that never succeeded as well. History may have been dropped since."""
    wanted = Wanted(workspace=workspace, environment=environment, name=name, connection=connection)
    found, total = await successes.of_tasks(app, actor, wanted, Page(limit=limit, offset=offset))
    return TaskSuccessPage(items=[_of_task(one) for one in found], total=total)


@get(
    "/connections/last-success",
    needs=Permission.VIEW,
    operation_id="listConnectionSuccesses",
    summary="When each connection was last used with success",
    responses=refusals(401, 422),
)
async def list_connection_successes(
    app: TheApp,
    actor: TheActor,
    limit: Limit = 100,
    offset: Offset = 0,
    workspace: Filter = None,
    environment: Filter = None,
    name: Filter = None,
) -> ConnectionSuccessPage:
    """By environment, workspace and name: the last successful load of each source and target."""
    wanted = Wanted(workspace=workspace, environment=environment, name=name)
    found, total = await successes.of_connections(app, actor, wanted, Page(limit=limit, offset=offset))
    return ConnectionSuccessPage(items=[_of_connection(one) for one in found], total=total)


def _of_task(one: OfTask) -> TaskSuccess:
    success = None
    if one.run is not None and one.ended_at is not None:
        success = Success(run=one.run, started_at=_when(one.started_at), ended_at=instant(one.ended_at), rows=one.rows)
    return TaskSuccess(
        task=one.name,
        type=one.type,
        number=one.number,
        workspace=one.workspace,
        environment=one.environment,
        last_success=success,
    )


def _of_connection(one: OfConnection) -> ConnectionSuccess:
    success = None
    if one.run is not None and one.ended_at is not None:
        success = SuccessOfUser(
            task=one.task or "",
            type=one.task_type or "",
            number=one.task_number or 0,
            run=one.run,
            started_at=_when(one.started_at),
            ended_at=instant(one.ended_at),
            rows=one.rows,
        )
    return ConnectionSuccess(
        connection=one.name,
        type=one.type,
        workspace=one.workspace,
        environment=one.environment,
        tasks=one.tasks,
        last_success=success,
    )


def _when(at: datetime | None) -> str | None:
    return instant(at) if at else None


LAST_SUCCESS = Router("/", route_handlers=[list_task_successes, list_connection_successes])

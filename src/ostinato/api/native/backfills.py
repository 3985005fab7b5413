"""Backfills: a task or plan once for each past time of a window."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import backfills_wire as wire
from ostinato.api.native.parameters import Filter, Key, Limit, Offset, moment, possible, refusals
from ostinato.app import backfills, runs
from ostinato.app.application import App
from ostinato.app.backfills import Wish
from ostinato.core.access import Actor, Permission
from ostinato.store.backfills import Wanted

Number = Annotated[int, PathParameter(description="The id of the backfill.")]
MADE = {
    200: ResponseSpec(
        data_container=wire.BackfillPreview, description="With `dryRun`: what it would run.", generate_examples=False
    )
}


@post(
    "/backfills",
    needs=Permission.EXECUTE,
    operation_id="createBackfill",
    summary="Run a plan or task once for each past time of a window",
    responses={**MADE, **refusals(400, 401, 403, 404, 409, 413, 422)},
)
async def create_backfill(
    app: TheApp, actor: TheActor, data: JSONBody[wire.BackfillWish], key: Key = None
) -> Response[wire.Backfill | wire.BackfillPreview]:
    """At most 10,000 times, each once. Runs are started on behalf of whoever makes it."""
    wish = await _wish(app, actor, data, key)
    if data.dry_run:
        return Response(wire.preview(await backfills.preview(app, actor, wish, app.now())), status_code=200)
    return Response(wire.backfill(await backfills.create(app, actor, wish, app.now())))


@get(
    "/backfills",
    needs=Permission.VIEW,
    operation_id="listBackfills",
    summary="Backfills, the newest first",
    responses=refusals(401, 422),
)
async def list_backfills(
    app: TheApp,
    actor: TheActor,
    environment: Filter = None,
    workspace: Filter = None,
    ended: Annotated[bool | None, QueryParameter(description="Only those that have ended, or have not.")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> wire.BackfillPage:
    """Of tasks and plans that may be seen."""
    wanted = Wanted(environment=environment, workspace=workspace, ended=ended, limit=limit, offset=offset)
    found = await backfills.list_backfills(app, actor, wanted)
    return wire.BackfillPage(items=[wire.backfill(one) for one in found], total=found[0].total if found else 0)


@get(
    "/backfills/{backfill_id:int}",
    needs=Permission.VIEW,
    operation_id="getBackfill",
    summary="A backfill with how many of its runs stand how",
    responses=refusals(401, 404),
)
async def get_backfill(app: TheApp, actor: TheActor, backfill_id: Number) -> wire.Backfill:
    return wire.backfill(await backfills.get(app, actor, possible("Backfill", backfill_id)))


@get(
    "/backfills/{backfill_id:int}/fires",
    needs=Permission.VIEW,
    operation_id="listBackfillFires",
    summary="The times of a backfill, with their runs",
    responses=refusals(401, 404, 422),
)
async def list_backfill_fires(
    app: TheApp, actor: TheActor, backfill_id: Number, limit: Limit = 100, offset: Offset = 0
) -> wire.BackfillFires:
    """In the order in which they start."""
    backfill = possible("Backfill", backfill_id)
    return wire.fires(await backfills.list_fires(app, actor, backfill, limit, offset))


@post(
    "/backfills/{backfill_id:int}/cancellation",
    needs=Permission.EXECUTE,
    operation_id="cancelBackfill",
    summary="End a backfill: what has not started never starts, what is live is cancelled",
    status_code=202,
    responses=refusals(401, 403, 404),
)
async def cancel_backfill(app: TheApp, actor: TheActor, backfill_id: Number) -> wire.Backfill:
    """Asking again changes nothing."""
    return wire.backfill(await backfills.cancel(app, actor, possible("Backfill", backfill_id), app.now()))


async def _wish(app: App, actor: Actor, data: wire.BackfillWish, key: str | None) -> Wish:
    found = await runs.find_runnable(app, actor, data.starts.name, data.environment, data.starts.workspace)
    return Wish(
        what=found.what,
        begin=moment("from", data.begin),
        end=moment("to", data.end),
        description=data.description,
        trigger=data.trigger,
        names=data.names,
        parameters=data.parameters,
        priority=data.priority,
        concurrency=data.concurrency,
        version=data.version,
        newest_first=data.newest_first,
        stop_on_failure=data.stop_on_failure,
        key=key,
    )


BACKFILLS = Router(
    "/", route_handlers=[create_backfill, list_backfills, get_backfill, list_backfill_fires, cancel_backfill]
)

"""Data triggers: what starts by itself when tasks and plans have succeeded."""

import asyncio
from typing import Annotated

from litestar import Router, delete, get, post, put
from litestar.params import JSONBody, PathParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import data_triggers_wire as wire
from ostinato.api.native.parameters import Filter, Limit, Offset, possible, refusals
from ostinato.app import data_triggers, runs
from ostinato.app.application import App
from ostinato.app.data_triggers import About
from ostinato.core.access import Actor, Permission
from ostinato.store.data_triggers import Wanted

Number = Annotated[int, PathParameter(description="The id of the data trigger.")]


@get(
    "/data-triggers",
    needs=Permission.VIEW,
    operation_id="listDataTriggers",
    summary="Data triggers, the newest first",
    responses=refusals(401, 422),
)
async def list_data_triggers(
    app: TheApp, actor: TheActor, environment: Filter = None, limit: Limit = 100, offset: Offset = 0
) -> wire.DataTriggerPage:
    """Those of tasks and plans that may be seen."""
    wanted = Wanted(environment=environment, limit=limit, offset=offset)
    found = await data_triggers.list_data_triggers(app, actor, wanted)
    return wire.DataTriggerPage(
        items=[wire.data_trigger(one) for one in found], total=found[0].seen.total if found else 0
    )


@post(
    "/data-triggers",
    needs=Permission.EXECUTE,
    operation_id="createDataTrigger",
    summary="Make a data trigger",
    responses=refusals(400, 401, 403, 404, 409, 422),
)
async def create_data_trigger(app: TheApp, actor: TheActor, data: JSONBody[wire.DataTriggerWish]) -> wire.DataTrigger:
    """What succeeds from now on counts, also inside of plans. A task or plan has one data trigger; what it starts may
    not lead to its own sources."""
    about = await _about(app, actor, data, data.environment)
    return wire.data_trigger(await data_triggers.create(app, actor, data.environment, about, app.now()))


@get(
    "/data-triggers/{trigger_id:int}",
    needs=Permission.VIEW,
    operation_id="getDataTrigger",
    summary="A data trigger, and what it waits for",
    responses=refusals(401, 404),
)
async def get_data_trigger(app: TheApp, actor: TheActor, trigger_id: Number) -> wire.DataTrigger:
    return wire.data_trigger(await data_triggers.get(app, actor, possible("Data trigger", trigger_id)))


@put(
    "/data-triggers/{trigger_id:int}",
    needs=Permission.EXECUTE,
    operation_id="changeDataTrigger",
    summary="Make a data trigger what is given",
    responses=refusals(400, 401, 403, 404, 409, 422),
)
async def change_data_trigger(
    app: TheApp, actor: TheActor, trigger_id: Number, data: JSONBody[wire.DataTriggerWish]
) -> wire.DataTrigger:
    """It starts runs on behalf of whoever did this last. Its environment stays what it is; sources that stay keep what
    they have succeeded with."""
    trigger = possible("Data trigger", trigger_id)
    shown = await data_triggers.get(app, actor, trigger)
    about = await _about(app, actor, data, shown.seen.environment)
    return wire.data_trigger(await data_triggers.change(app, actor, trigger, about, app.now()))


@delete(
    "/data-triggers/{trigger_id:int}",
    needs=Permission.EXECUTE,
    operation_id="deleteDataTrigger",
    summary="Delete a data trigger",
    responses=refusals(401, 403, 404),
)
async def delete_data_trigger(app: TheApp, actor: TheActor, trigger_id: Number) -> None:
    """Nothing is started by it any more; runs that it started go on."""
    await data_triggers.remove(app, actor, possible("Data trigger", trigger_id), app.now())


async def _about(app: App, actor: Actor, wish: wire.DataTriggerWish, environment: str) -> About:
    found = await asyncio.gather(
        *(
            runs.find_runnable(app, actor, one.name, environment, one.workspace, one.kind)
            for one in (wish.starts, *wish.sources)
        )
    )
    what, *sources = (one.what for one in found)
    return About(what=what, condition=wish.when, sources=tuple(sources), active=wish.active)


DATA_TRIGGERS = Router(
    "/",
    route_handlers=[
        list_data_triggers,
        create_data_trigger,
        get_data_trigger,
        change_data_trigger,
        delete_data_trigger,
    ],
)

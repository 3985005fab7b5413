"""Which schedule starts a task or plan, and when everything starts that does so by itself."""

from typing import Annotated, Literal

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.responses import without_body
from ostinato.api.talend import translate, wire
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import Id, Limit, Offset, refusals
from ostinato.api.talend.run_config_wire import Runtime
from ostinato.api.talend.schedules import DONE, MOST_MILLISECONDS, From, Milliseconds, Schedule, shown, window
from ostinato.app import schedule_links, schedules
from ostinato.app.application import App
from ostinato.app.schedules import MOST_EVENTS, Event
from ostinato.core.access import Actor, Permission
from ostinato.core.errors import Conflict, Invalid, NotFound, Problem
from ostinato.core.ids import PlanId, TaskId
from ostinato.core.object_ids import Kind
from ostinato.store.runs import TaskOrPlan
from ostinato.store.schedules import Wanted

MOST_SCHEDULES = 100_000
Moment = Annotated[int, msgspec.Meta(ge=0, le=MOST_MILLISECONDS)]


class LinkSchedule(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    schedule_id: wire.Sent


class PageEvents(msgspec.Struct, frozen=True, kw_only=True):
    items: list[wire.Time]
    limit: int
    offset: int
    total: int


class ScheduledEventsRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    environment_id: wire.Sent
    to: Annotated[Moment, msgspec.Meta(description="Epoch milliseconds.")]
    since: Annotated[Moment | None, msgspec.Meta(description="Epoch milliseconds; left out: now.")] = msgspec.field(
        default=None, name="from"
    )
    workspace_ids: Annotated[
        tuple[wire.Sent, ...] | None, msgspec.Meta(description="Left out or empty: all of the environment.")
    ] = None
    tags: Annotated[tuple[wire.Sent, ...] | None, msgspec.Meta(description="All of them must be there.")] = None
    runtime: Runtime | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 100
    offset: Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)] = 0


class ScheduledEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    source_trigger_name: str | None = None
    date: wire.Time
    type: Literal["TASK", "PLAN"]


class PageScheduledEvents(msgspec.Struct, frozen=True, kw_only=True):
    items: list[ScheduledEvent]
    limit: int
    offset: int
    total: int


@get(
    "/tasks/{id:str}/schedule",
    needs=Permission.VIEW,
    operation_id="getTaskSchedule",
    summary="Get the schedule of a task",
    responses=refusals(404),
)
async def get_task_schedule(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> Schedule:
    """404 without one."""
    return await _linked(app, actor, ids, _task(ids, id), id)


@put(
    "/tasks/{id:str}/schedule",
    needs=Permission.EXECUTE,
    operation_id="linkTaskSchedule",
    summary="Link a schedule to a task",
    responses={**DONE, **refusals(404)},
)
async def link_task_schedule(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[LinkSchedule]
) -> ASGIResponse:
    """It takes the place of a trigger of the run configuration at once. 403 if it is linked to something else."""
    return await _link(app, actor, ids, _task(ids, id), data)


@delete(
    "/tasks/{id:str}/schedule",
    needs=Permission.EXECUTE,
    operation_id="unlinkTaskSchedule",
    summary="Unlink the schedule of a task",
    responses=refusals(404),
)
async def unlink_task_schedule(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    await schedule_links.unlink(app, actor, _task(ids, id), app.now())


@get(
    "/plans/{id:str}/schedule",
    needs=Permission.VIEW,
    operation_id="getPlanSchedule",
    summary="Get the schedule of a plan",
    responses=refusals(404),
)
async def get_plan_schedule(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> Schedule:
    """404 without one."""
    return await _linked(app, actor, ids, _plan(ids, id), id)


@put(
    "/plans/{id:str}/schedule",
    needs=Permission.EXECUTE,
    operation_id="linkPlanSchedule",
    summary="Link a schedule to a plan",
    responses={**DONE, **refusals(404)},
)
async def link_plan_schedule(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[LinkSchedule]
) -> ASGIResponse:
    """It takes the place of a trigger of the run configuration at once. 403 if it is linked to something else."""
    return await _link(app, actor, ids, _plan(ids, id), data)


@delete(
    "/plans/{id:str}/schedule",
    needs=Permission.EXECUTE,
    operation_id="unlinkPlanSchedule",
    summary="Unlink the schedule of a plan",
    responses=refusals(404),
)
async def unlink_plan_schedule(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    await schedule_links.unlink(app, actor, _plan(ids, id), app.now())


@get(
    "/tasks/{id:str}/run-config/events",
    needs=Permission.VIEW,
    operation_id="listTaskRunConfigEvents",
    summary="When a task starts by itself",
    responses=refusals(404),
)
async def list_task_events(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    id: Id,
    to: Milliseconds,
    since: From = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PageEvents:
    """By the trigger of its run configuration, or by the schedule that is linked to it."""
    return await _events(app, actor, _task(ids, id), (since, to), limit, offset)


@get(
    "/plans/{id:str}/run-config/events",
    needs=Permission.VIEW,
    operation_id="listPlanRunConfigEvents",
    summary="When a plan starts by itself",
    responses=refusals(404),
)
async def list_plan_events(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    id: Id,
    to: Milliseconds,
    since: From = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PageEvents:
    """By the trigger of its run configuration, or by the schedule that is linked to it."""
    return await _events(app, actor, _plan(ids, id), (since, to), limit, offset)


@post(
    "/events/search",
    needs=Permission.VIEW,
    operation_id="searchScheduledEvents",
    summary="When tasks and plans start by themselves",
    status_code=200,
    responses=refusals(404),
)
async def search_events(
    app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[ScheduledEventsRequest]
) -> PageScheduledEvents:
    """Those of an environment that may be seen, in order. 404 for an environment that may not."""
    environment = ids.number(Kind.ENVIRONMENT, data.environment_id)
    if data.runtime is not None and data.runtime.type not in (None, "CLOUD"):
        return PageScheduledEvents(items=[], limit=data.limit, offset=data.offset, total=0)
    begin, end = window(app, data.since, data.to)
    wanted = Wanted(
        environment_id=environment,
        workspaces=tuple(ids.number(Kind.WORKSPACE, one, "workspaceIds") for one in data.workspace_ids or ()) or None,
        tags=data.tags or None,
        bound=True,
        own=None,
        limit=MOST_SCHEDULES,
    )
    found = await schedules.events_in(app, actor, wanted, begin, end)
    page = found[data.offset : data.offset + data.limit]
    items = [_scheduled(event, ids) for event in page]
    return PageScheduledEvents(items=items, limit=data.limit, offset=data.offset, total=len(found))


async def _linked(app: App, actor: Actor, ids: Ids, what: TaskOrPlan, id: str) -> Schedule:
    found = await schedule_links.find(app, actor, what)
    if found is None or found.own:
        raise NotFound("Schedule", id)
    return shown(found, ids)


async def _link(app: App, actor: Actor, ids: Ids, what: TaskOrPlan, sent: LinkSchedule) -> ASGIResponse:
    try:
        await schedule_links.link(app, actor, what, ids.number(Kind.SCHEDULE, sent.schedule_id), app.now())
    except Conflict as refusal:  # no 409 is listed here
        raise Invalid(Problem(path="scheduleId", message=str(refusal))) from refusal
    return without_body(200)


async def _events(
    app: App, actor: Actor, what: TaskOrPlan, when: tuple[int | None, int], limit: int, offset: int
) -> PageEvents:
    await schedule_links.find(app, actor, what)
    begin, end = window(app, *when)
    found = await schedules.events(app, actor, schedules.of(what), begin, end, MOST_EVENTS)
    items = [translate.time(event.at) for event in found[offset : offset + limit]]
    return PageEvents(items=items, limit=limit, offset=offset, total=len(found))


def _scheduled(event: Event, ids: Ids) -> ScheduledEvent:
    one = event.schedule
    return ScheduledEvent(
        id=ids.of(Kind.TASK, one.task_id) if one.task_id is not None else ids.plan(one.plan_id or 0),
        source_trigger_name=None if one.own else event.trigger,
        date=translate.time(event.at),
        type="TASK" if one.plan_id is None else "PLAN",
    )


def _task(ids: Ids, id: str) -> TaskOrPlan:
    return TaskOrPlan(task=TaskId(ids.number(Kind.TASK, id)))


def _plan(ids: Ids, id: str) -> TaskOrPlan:
    return TaskOrPlan(plan=PlanId(ids.plan_number(id)))


SCHEDULE_LINKS = Router(
    "/executables",
    route_handlers=[
        get_task_schedule,
        link_task_schedule,
        unlink_task_schedule,
        get_plan_schedule,
        link_plan_schedule,
        unlink_plan_schedule,
        list_task_events,
        list_plan_events,
        search_events,
    ],
    tags=["Schedules"],
)

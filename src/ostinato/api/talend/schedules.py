"""Schedules: several triggers for one task or plan, as Talend clients keep and link them."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter
from litestar.response.base import ASGIResponse

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.responses import without_body
from ostinato.api.talend import translate, wire
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import Id, Limit, Offset, refusals
from ostinato.api.talend.triggers import ScheduleTrigger, of_schedule, read
from ostinato.app import environments, schedules
from ostinato.app.application import App
from ostinato.app.schedules import About, about_of
from ostinato.core.access import Actor, Permission
from ostinato.core.errors import Invalid, NotFound, Problem
from ostinato.core.object_ids import Kind
from ostinato.core.schedules import NamedTrigger
from ostinato.store.schedules import SeenSchedule, Wanted

DONE = {200: ResponseSpec(data_container=None, description="Done.", generate_examples=False)}
LONGEST_PATTERN = 200
MOST_MILLISECONDS = 32_000_000_000_000
"""Past the year 2900."""
LONGEST_WINDOW = timedelta(days=5 * 366)
Milliseconds = Annotated[int, QueryParameter(ge=0, le=MOST_MILLISECONDS, description="Epoch milliseconds")]
From = Annotated[
    int | None,
    QueryParameter(name="from", ge=0, le=MOST_MILLISECONDS, description="Epoch milliseconds; left out: now"),
]


class CreateSchedule(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    environment_id: wire.Sent
    trigger: ScheduleTrigger
    description: wire.Words | None = None


class Description(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    description: wire.Words | None = None


class Identifier(msgspec.Struct, frozen=True, kw_only=True):
    id: str


class Schedule(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    environment_id: str
    description: str | None = None
    triggers: list[ScheduleTrigger]
    executable_id: Annotated[str, msgspec.Meta(description="Of the linked task or plan; empty: it is not linked.")]
    executable_type: Literal["TASK", "PLAN"] | None = None


class PageSchedule(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Schedule]
    limit: int
    offset: int
    total: int


class ScheduleEvent(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    datetime: wire.Time
    source_trigger_name: str


@get("/", needs=Permission.VIEW, operation_id="listSchedules", summary="List schedules", responses=refusals())
async def list_schedules(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    environment_id: Annotated[str | None, QueryParameter(name="environmentId", max_length=100)] = None,
    description_filter: Annotated[
        str | None,
        QueryParameter(
            name="descriptionFilter", max_length=LONGEST_PATTERN, description="A regular expression on the description"
        ),
    ] = None,
    only_bound: Annotated[bool, QueryParameter(name="onlyBound", description="Only linked ones")] = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PageSchedule:
    """The newest first; those that may be seen."""
    environment = None if environment_id is None else ids.number(Kind.ENVIRONMENT, environment_id, "environmentId")
    wanted = Wanted(
        environment_id=environment,
        bound=True if only_bound else None,
        described=description_filter,
        limit=limit,
        offset=offset,
    )
    found = await schedules.list_schedules(app, actor, wanted)
    items = [shown(one, ids) for one in found]
    total = found[0].total if found else 0
    return PageSchedule(items=items, limit=limit, offset=offset, total=total)


@post("/", needs=Permission.EXECUTE, operation_id="createSchedule", summary="Create a schedule", responses=refusals())
async def create_schedule(app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[CreateSchedule]) -> Identifier:
    """With one trigger; it is linked to nothing."""
    number = ids.number(Kind.ENVIRONMENT, data.environment_id, "environmentId")
    name = await _environment_name(app, actor, number, data.environment_id)
    about = About(description=data.description, triggers=(_named(data.trigger, "trigger"),))
    return await _create(app, actor, ids, name, about)


@get(
    "/{id:str}",
    needs=Permission.VIEW,
    operation_id="getSchedule",
    summary="Get a schedule",
    responses=refusals(404),
)
async def get_schedule(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> Schedule:
    return shown(await _get(app, actor, ids, id), ids)


@post(
    "/{id:str}",
    needs=Permission.EXECUTE,
    operation_id="cloneSchedule",
    summary="Copy a schedule",
    responses=refusals(404),
)
async def clone_schedule(app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[Description]) -> Identifier:
    """All triggers are copied, the link is not. 400 if they do not go together any more, because holidays changed."""
    seen = await _get(app, actor, ids, id)
    description = data.description if data.description is not None else f"copy of {seen.description or id}"
    about = msgspec.structs.replace(about_of(seen), what=None, description=description)
    return await _create(app, actor, ids, seen.environment, about)


@patch(
    "/{id:str}",
    needs=Permission.EXECUTE,
    operation_id="updateSchedule",
    summary="Change the description of a schedule",
    status_code=204,
    responses=refusals(404, 409),
)
async def update_schedule(app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[Description]) -> None:
    seen = await _get(app, actor, ids, id)
    about = msgspec.structs.replace(about_of(seen), description=data.description)
    await schedules.change(app, actor, seen.id, about, app.now())


@delete(
    "/{id:str}",
    needs=Permission.EXECUTE,
    operation_id="deleteSchedule",
    summary="Delete a schedule",
    responses=refusals(404, 409),
)
async def delete_schedule(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """409 while it is linked to a task or plan."""
    await schedules.remove(app, actor, ids.number(Kind.SCHEDULE, id), app.now(), bound=False)


@post(
    "/{id:str}/triggers",
    needs=Permission.EXECUTE,
    operation_id="addScheduleTrigger",
    summary="Add a trigger",
    status_code=200,
    responses={**DONE, **refusals(404, 409)},
)
async def add_trigger(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[ScheduleTrigger]
) -> ASGIResponse:
    """At most 15, each with a name of its own, and no two starts less than five minutes apart."""
    seen = await _get(app, actor, ids, id)
    about = about_of(seen)
    about = msgspec.structs.replace(about, triggers=(*about.triggers, _named(data, "")))
    await schedules.change(app, actor, seen.id, about, app.now())
    return without_body(200)


@put(
    "/{id:str}/triggers",
    needs=Permission.EXECUTE,
    operation_id="updateScheduleTrigger",
    summary="Replace a trigger",
    responses={**DONE, **refusals(404, 409)},
)
async def update_trigger(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[ScheduleTrigger]
) -> ASGIResponse:
    """The one of its name."""
    seen = await _get(app, actor, ids, id)
    about = about_of(seen)
    if data.name not in {one.name for one in about.triggers}:
        raise NotFound("Trigger", data.name)
    changed = tuple(_named(data, "", one) if one.name == data.name else one for one in about.triggers)
    about = msgspec.structs.replace(about, triggers=changed)
    await schedules.change(app, actor, seen.id, about, app.now())
    return without_body(200)


@delete(
    "/{id:str}/triggers",
    needs=Permission.EXECUTE,
    operation_id="deleteScheduleTrigger",
    summary="Remove a trigger",
    responses=refusals(404, 409),
)
async def delete_trigger(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    id: Id,
    name: Annotated[str, QueryParameter(max_length=200, description="Name of the trigger")],
) -> None:
    """A schedule may have none. 409 if those that are left do not go together any more, because holidays changed."""
    seen = await _get(app, actor, ids, id)
    about = about_of(seen)
    left = tuple(one for one in about.triggers if one.name != name)
    if len(left) == len(about.triggers):
        raise NotFound("Trigger", name)
    await schedules.change(app, actor, seen.id, msgspec.structs.replace(about, triggers=left), app.now())


@get(
    "/{id:str}/events",
    needs=Permission.VIEW,
    operation_id="listScheduleEvents",
    summary="When a schedule starts something",
    responses=refusals(404),
)
async def list_events(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    id: Id,
    to: Milliseconds,
    since: From = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[ScheduleEvent]:
    """A bare array; `to` is at most five years after `from`."""
    seen = await _get(app, actor, ids, id)
    begin, end = window(app, since, to)
    found = await schedules.events(app, actor, Wanted(id=seen.id), begin, end, limit, offset)
    return [ScheduleEvent(datetime=translate.time(one.at), source_trigger_name=one.trigger) for one in found]


def window(app: App, since: int | None, until: int) -> tuple[datetime, datetime]:
    """Both ends as moments; raises Invalid."""
    begin = app.now() if since is None else datetime.fromtimestamp(since / 1_000, UTC)
    end = datetime.fromtimestamp(until / 1_000, UTC)
    if not begin <= end <= begin + LONGEST_WINDOW:
        message = "a time after `from`, at most five years later, in milliseconds since 1970"
        raise Invalid(Problem(path="to", message=message))
    return begin, end


def shown(one: SeenSchedule, ids: Ids) -> Schedule:
    executable = ""
    if one.name is not None:
        executable = ids.of(Kind.TASK, one.task_id) if one.task_id is not None else ids.plan(one.plan_id or 0)
    return Schedule(
        id=ids.of(Kind.SCHEDULE, one.id),
        environment_id=ids.of(Kind.ENVIRONMENT, one.environment_id),
        description=one.description,
        triggers=[of_schedule(trigger.name, trigger.definition) for trigger in one.triggers],
        executable_id=executable,
        executable_type=None if not executable else "TASK" if one.plan_id is None else "PLAN",
    )


async def _get(app: App, actor: Actor, ids: Ids, id: str) -> SeenSchedule:
    """One that is not the own one of a task or plan."""
    seen = await schedules.get(app, actor, ids.number(Kind.SCHEDULE, id))
    if seen.own:
        raise NotFound("Schedule", id)
    return seen


async def _create(app: App, actor: Actor, ids: Ids, environment: str, about: About) -> Identifier:
    try:
        made = await schedules.create(app, actor, environment, about, app.now())
    except schedules.Clash as clash:  # no 409 is listed at creations
        raise Invalid(*clash.problems) from clash
    return Identifier(id=ids.of(Kind.SCHEDULE, made.id))


async def _environment_name(app: App, actor: Actor, number: int, sent: str) -> str:
    for one in await environments.list_environments(app, actor):
        if one.id == number:
            return one.name
    message = f"there is no environment {sent!r}, or you may not see it"
    raise Invalid(Problem(path="environmentId", message=message))


def _named(sent: ScheduleTrigger, path: str, before: NamedTrigger | None = None) -> NamedTrigger:
    """What Talend does not know of a trigger stays as it was."""
    trigger = read(sent, path)
    if before is None:
        return NamedTrigger(name=sent.name, trigger=trigger)
    kept = msgspec.structs.replace(
        trigger,
        calendar=before.trigger.calendar,
        end_date=trigger.end_date or before.trigger.end_date,
        end_time=before.trigger.end_time if trigger.end_date is None else None,
        jitter_seconds=before.trigger.jitter_seconds,
    )
    return msgspec.structs.replace(before, trigger=kept)


SCHEDULES = Router(
    "/schedules",
    route_handlers=[
        list_schedules,
        create_schedule,
        get_schedule,
        clone_schedule,
        update_schedule,
        delete_schedule,
        add_trigger,
        update_trigger,
        delete_trigger,
        list_events,
    ],
    tags=["Schedules"],
)

"""Schedules: what starts by itself and when, the calendar of all of them, and holidays."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

from litestar import Response, Router, delete, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, PathParameter, QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import schedules_wire as wire
from ostinato.api.native.parameters import Filter, Limit, Offset, moment, possible, refusals
from ostinato.api.native.wire import CLEAN
from ostinato.app import holidays, runs, schedule_explaining, schedules
from ostinato.app.application import App
from ostinato.app.schedules import About, Event
from ostinato.core.access import Actor, Permission, Tenant
from ostinato.core.errors import Invalid, Problem
from ostinato.core.triggers import read_holidays
from ostinato.core.triggers.feeds import Entry, feed
from ostinato.core.triggers.kinds import HolidayList
from ostinato.store.schedules import Wanted

MOST_SCHEDULES = 10_000
"""Of which one calendar tells."""
LONGEST_WINDOW = timedelta(days=366)
USUAL_WINDOW = timedelta(days=7)
MOST_IN_FEED = 5_000
LARGEST_HOLIDAYS = 6_000_000
ICALENDAR = "text/calendar"

Number = Annotated[int, PathParameter(description="The id of the schedule.")]
Place = Annotated[str, QueryParameter(max_length=200, pattern=CLEAN, description="The environment.")]
Since = Annotated[
    str | None, QueryParameter(name="from", max_length=40, description="From here on, RFC 3339; left out: now.")
]
Until = Annotated[
    str | None, QueryParameter(name="to", max_length=40, description="Before this; left out: a week after `from`.")
]
Moment = Annotated[
    str | None, QueryParameter(max_length=40, description="A time within the minute that is asked about, RFC 3339.")
]
MostFires = Annotated[int, QueryParameter(ge=1, le=10_000, description="How many fires at most.")]
ListName = Annotated[str, PathParameter(description="The name of the list.")]


@get(
    "/schedules",
    needs=Permission.VIEW,
    operation_id="listSchedules",
    summary="Schedules, the newest first",
    responses=refusals(401, 422),
)
async def list_schedules(
    app: TheApp,
    actor: TheActor,
    environment: Filter = None,
    bound: Annotated[bool | None, QueryParameter(description="Only those that start something, or nothing.")] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> wire.SchedulePage:
    """Those of tasks and plans that may be seen; of an environment in which anything may be seen, also those that start
    nothing yet."""
    wanted = Wanted(environment=environment, bound=bound, own=None, limit=limit, offset=offset)
    found = await schedules.list_schedules(app, actor, wanted)
    return wire.SchedulePage(items=[wire.schedule(one) for one in found], total=found[0].total if found else 0)


@post(
    "/schedules",
    needs=Permission.EXECUTE,
    operation_id="createSchedule",
    summary="Make a schedule",
    responses=refusals(400, 401, 403, 404, 409, 422),
)
async def create_schedule(app: TheApp, actor: TheActor, data: JSONBody[wire.ScheduleWish]) -> wire.Schedule:
    """At most 15 triggers, whose starts are at least five minutes apart. A task or plan has one schedule."""
    about = await _about(app, actor, data, data.environment)
    return wire.schedule(await schedules.create(app, actor, data.environment, about, app.now()))


@get(
    "/schedules/{schedule_id:int}",
    needs=Permission.VIEW,
    operation_id="getSchedule",
    summary="A schedule",
    responses=refusals(401, 404),
)
async def get_schedule(app: TheApp, actor: TheActor, schedule_id: Number) -> wire.Schedule:
    return wire.schedule(await schedules.get(app, actor, possible("Schedule", schedule_id)))


@put(
    "/schedules/{schedule_id:int}",
    needs=Permission.EXECUTE,
    operation_id="changeSchedule",
    summary="Make a schedule what is given",
    responses=refusals(400, 401, 403, 404, 409, 422),
)
async def change_schedule(
    app: TheApp, actor: TheActor, schedule_id: Number, data: JSONBody[wire.ScheduleWish]
) -> wire.Schedule:
    """It starts runs on behalf of whoever did this last. Its environment stays what it is."""
    schedule = possible("Schedule", schedule_id)
    seen = await schedules.get(app, actor, schedule)
    about = await _about(app, actor, data, seen.environment)
    return wire.schedule(await schedules.change(app, actor, schedule, about, app.now()))


@delete(
    "/schedules/{schedule_id:int}",
    needs=Permission.EXECUTE,
    operation_id="deleteSchedule",
    summary="Delete a schedule",
    responses=refusals(401, 403, 404),
)
async def delete_schedule(app: TheApp, actor: TheActor, schedule_id: Number) -> None:
    """Nothing is started by it any more; runs that it started go on."""
    await schedules.remove(app, actor, possible("Schedule", schedule_id), app.now())


@get(
    "/schedules/{schedule_id:int}/fires",
    needs=Permission.VIEW,
    operation_id="listFires",
    summary="When a schedule starts something",
    responses=refusals(401, 404, 422),
)
async def list_fires(
    app: TheApp,
    actor: TheActor,
    schedule_id: Number,
    since: Since = None,
    until: Until = None,
    limit: MostFires = 100,
) -> wire.Fires:
    """Whether it is bound to something or not."""
    schedule = possible("Schedule", schedule_id)
    await schedules.get(app, actor, schedule)
    begin, end = _window(app, since, until)
    wanted = Wanted(id=schedule, own=None)
    return wire.calendar(await schedules.events(app, actor, wanted, begin, end, limit + 1), limit)


@get(
    "/schedules/{schedule_id:int}/explanation",
    needs=Permission.VIEW,
    operation_id="explainSchedule",
    summary="Why a schedule starts something, or does not",
    responses=refusals(401, 404, 422),
)
async def explain_schedule(
    app: TheApp, actor: TheActor, schedule_id: Number, at: Moment = None
) -> wire.ScheduleExplanation:
    """What keeps it from starting something now; when each trigger fires next; what its last fires came to. With `at`,
    whether it fires in that minute, why, and what became of that fire."""
    minute = None if at is None else moment("at", at).replace(second=0, microsecond=0)
    schedule = possible("Schedule", schedule_id)
    return wire.explanation(await schedule_explaining.explain(app, actor, schedule, minute, app.now()))


@get(
    "/calendar",
    needs=Permission.VIEW,
    operation_id="getCalendar",
    summary="Everything that is to start in a window, and how much in each hour",
    responses=refusals(401, 422),
)
async def get_calendar(
    app: TheApp,
    actor: TheActor,
    environment: Filter = None,
    since: Since = None,
    until: Until = None,
    limit: MostFires = 1_000,
) -> wire.Fires:
    return wire.calendar(await _fires(app, actor, environment, since, until, limit + 1), limit)


@get(
    "/calendar.ics",
    needs=Permission.VIEW,
    operation_id="getCalendarFeed",
    summary="The same as an iCalendar feed",
    media_type=ICALENDAR,
    responses={
        200: ResponseSpec(data_container=str, description="iCalendar", media_type=ICALENDAR, generate_examples=False),
        **refusals(401, 422),
    },
)
async def get_calendar_feed(
    app: TheApp, actor: TheActor, environment: Filter = None, since: Since = None, until: Until = None
) -> Response[bytes]:
    """At most 5,000 entries."""
    events = await _fires(app, actor, environment, since, until, MOST_IN_FEED)
    entries = [
        Entry(
            uid=f"{event.schedule.id}-{event.trigger}-{event.at:%Y%m%dT%H%M%S}@ostinato",
            at=event.at,
            summary=event.schedule.name or "",
            description=f"Trigger {event.trigger} of schedule {event.schedule.id}",
        )
        for event in events
    ]
    return Response(feed(environment or "Ostinato", entries, app.now()), media_type=ICALENDAR)


@get(
    "/holidays",
    needs=Permission.VIEW,
    operation_id="listHolidays",
    summary="The lists of holidays of an environment",
    responses=refusals(401, 404, 422),
)
async def list_holidays(app: TheApp, actor: TheActor, environment: Place = "Production") -> wire.HolidayLists:
    found = await holidays.list_holidays(app, actor, environment)
    return wire.HolidayLists(items=[wire.holidays(one) for one in found])


@put(
    "/holidays/{name:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="keepHolidays",
    summary="Keep a list of holidays",
    status_code=204,
    request_max_body_size=LARGEST_HOLIDAYS,
    responses=refusals(400, 401, 403, 404, 413, 422),
)
async def keep_holidays(
    app: TheApp, actor: TheActor, name: ListName, data: JSONBody[wire.Holidays], environment: Place = "Production"
) -> None:
    """From days, or from an iCalendar text with whole-day events. Triggers that name it follow it at once."""
    if (data.days is None) == (data.icalendar is None):
        raise Invalid(Problem(path="days", message="give the days, or an iCalendar text, and not both"))
    if data.icalendar is not None:
        wanted = await asyncio.to_thread(read_holidays, name, data.icalendar)
    else:
        wanted = HolidayList(name=name, days=data.days or ())
    await holidays.keep(app, actor, environment, wanted, app.now())


@delete(
    "/holidays/{name:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="deleteHolidays",
    summary="Delete a list of holidays",
    responses=refusals(401, 403, 404, 409, 422),
)
async def delete_holidays(app: TheApp, actor: TheActor, name: ListName, environment: Place = "Production") -> None:
    """Not while a trigger names it."""
    await holidays.remove(app, actor, environment, name, app.now())


async def _about(app: App, actor: Actor, wish: wire.ScheduleWish, environment: str) -> About:
    what = None
    if wish.starts is not None:
        found = await runs.find_runnable(app, actor, wish.starts.name, environment, wish.starts.workspace)
        what = found.what
    return About(description=wish.description, what=what, triggers=wish.triggers)


async def _fires(
    app: App, actor: Actor, environment: str | None, since: str | None, until: str | None, most: int
) -> list[Event]:
    begin, end = _window(app, since, until)
    wanted = Wanted(environment=environment, bound=True, own=None, limit=MOST_SCHEDULES)
    return await schedules.events(app, actor, wanted, begin, end, most)


def _window(app: App, since: str | None, until: str | None) -> tuple[datetime, datetime]:
    begin = app.now() if since is None else moment("from", since)
    end = begin + USUAL_WINDOW if until is None else moment("to", until)
    if not begin < end <= begin + LONGEST_WINDOW:
        raise Invalid(Problem(path="to", message=f"a time after `from`, at most {LONGEST_WINDOW.days} days later"))
    return begin, end


SCHEDULES = Router(
    "/",
    route_handlers=[
        list_schedules,
        create_schedule,
        get_schedule,
        change_schedule,
        delete_schedule,
        list_fires,
        explain_schedule,
        get_calendar,
        get_calendar_feed,
        list_holidays,
        keep_holidays,
        delete_holidays,
    ],
)

"""The trigger in the run configuration of a task or plan: its own schedule, or the one that is linked to it."""

from datetime import UTC, datetime

from ostinato.api.talend.run_config_wire import Trigger
from ostinato.api.talend.triggers import of_run_config, read
from ostinato.app import schedule_links
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict, Invalid, Problem
from ostinato.core.schedules import NamedTrigger
from ostinato.store.runs import TaskOrPlan

MANUAL, SEVERAL = "MANUAL", "MULTIPLE"
KINDS: dict[str, tuple[str, ...]] = {
    MANUAL: ("none",),
    SEVERAL: ("linked",),
    "ONCE": ("once",),
    "DAILY": ("daily", "interval"),
    "WEEKLY": ("weekly",),
    "MONTHLY": ("monthly",),
    "CRON": ("cron",),
    "WEBHOOK": (),
}
"""What tasks are scheduled by, in the words of the store."""


async def shown(app: App, actor: Actor, what: TaskOrPlan, made: datetime) -> Trigger:
    """Clients expect a day and a time zone in each trigger: without a better one, the day when the thing was made."""
    found = await schedule_links.find(app, actor, what)
    since = made.astimezone(UTC).date().isoformat()
    if found is None:
        return Trigger(type="MANUAL", start_date=since, time_zone="UTC")
    if not found.own:
        return Trigger(type="MULTIPLE", start_date=since, time_zone="UTC")
    return of_run_config(found.triggers[0].definition, since)


async def change(app: App, actor: Actor, what: TaskOrPlan, sent: Trigger) -> None:
    """MANUAL takes off what starts it by itself; MULTIPLE, which clients send back as they read it, leaves the schedule
    that is linked. Raises Invalid, NotFound, Forbidden."""
    now = app.now()
    if sent.type == SEVERAL:
        found = await schedule_links.find(app, actor, what)
        if found is None or found.own:
            message = "no schedule is linked: link one (PUT .../schedule), or use another type"
            raise Invalid(Problem(path="trigger.type", message=message))
        return
    if sent.type == MANUAL:
        await schedule_links.unlink(app, actor, what, now)
        return
    trigger = NamedTrigger(name=schedule_links.OWN, trigger=read(sent, "trigger"))
    try:
        await schedule_links.set_own(app, actor, what, trigger, now)
    except Conflict as refusal:  # no 409 is listed here
        raise Invalid(Problem(path="trigger.type", message=str(refusal))) from refusal
    except Invalid as refusal:
        raise Invalid(*(Problem(path="trigger", message=one.message) for one in refusal.problems)) from refusal


async def stop(app: App, actor: Actor, what: TaskOrPlan) -> None:
    """Nothing starts it by itself any more. Raises NotFound, Forbidden."""
    await schedule_links.unlink(app, actor, what, app.now())

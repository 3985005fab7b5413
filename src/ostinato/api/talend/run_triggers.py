"""The trigger in the run configuration of a task or plan: its own schedule, the one that is linked to it, or calls."""

from datetime import UTC, datetime

from ostinato.api.talend.run_config_wire import Trigger, Webhook
from ostinato.api.talend.triggers import of_run_config, read
from ostinato.app import run_config_triggers, schedule_links, webhook_triggers
from ostinato.app.application import App
from ostinato.app.webhook_triggers import Shown
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict, Invalid, Problem
from ostinato.core.schedules import NamedTrigger
from ostinato.core.webhook_triggers import HIGHEST_RATE, USUAL_RATE, USUAL_WINDOW
from ostinato.store.runs import TaskOrPlan
from ostinato.store.webhook_triggers import About

MANUAL, SEVERAL, CALLED = "MANUAL", "MULTIPLE", "WEBHOOK"
KINDS: dict[str, tuple[str, ...]] = {
    MANUAL: ("none",),
    SEVERAL: ("linked",),
    "ONCE": ("once",),
    "DAILY": ("daily", "interval"),
    "WEEKLY": ("weekly",),
    "MONTHLY": ("monthly",),
    "CRON": ("cron",),
    CALLED: ("webhook",),
}
"""What tasks are scheduled by, in the words of the store."""
_MEMBERS = {"name": "name", "description": "description", "calls": "triggerCalls", "windowMs": "triggerTimeout"}
_USUAL_MS = int(USUAL_WINDOW.total_seconds() * 1_000)
"""Talend, "Webhook": 30000."""


async def shown(app: App, actor: Actor, what: TaskOrPlan, made: datetime) -> Trigger:
    """Clients expect a day and a time zone in each trigger: without a better one, the day when the thing was made."""
    found = await schedule_links.find(app, actor, what)
    since = made.astimezone(UTC).date().isoformat()
    called = await webhook_triggers.find(app, actor, what) if found is None else None
    if called is not None:
        return Trigger(type="WEBHOOK", start_date=since, time_zone="UTC", webhook=_shown(called))
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
        await stop(app, actor, what)
        return
    if sent.type == CALLED:
        await _set_webhook(app, actor, what, sent.webhook)
        return
    trigger = NamedTrigger(name=schedule_links.OWN, trigger=read(sent, "trigger"))
    try:
        await run_config_triggers.set_times(app, actor, what, trigger, now)
    except Conflict as refusal:  # no 409 is listed here
        raise Invalid(Problem(path="trigger.type", message=str(refusal))) from refusal
    except Invalid as refusal:
        raise Invalid(*(Problem(path="trigger", message=one.message) for one in refusal.problems)) from refusal


async def stop(app: App, actor: Actor, what: TaskOrPlan) -> None:
    """Nothing starts it by itself any more, and no call. Raises NotFound, Forbidden."""
    await run_config_triggers.stop(app, actor, what, app.now())


async def _set_webhook(app: App, actor: Actor, what: TaskOrPlan, sent: Webhook | None) -> None:
    if sent is None:
        message = "it is required for WEBHOOK, such as {'name': 'orders came'}"
        raise Invalid(Problem(path="trigger.webhook", message=message))
    known = await webhook_triggers.find(app, actor, what)
    _require_possible(actor, sent, known)
    calls = 1 if sent.trigger_calls is None else sent.trigger_calls
    about = About(
        title=sent.name,
        description=sent.description or None,
        calls=calls,
        window_ms=_USUAL_MS if sent.trigger_timeout is None else sent.trigger_timeout,
        per_minute=min(max(USUAL_RATE, calls), HIGHEST_RATE),
    )
    try:
        await run_config_triggers.set_webhook(app, actor, what, about, app.now(), new_url=bool(sent.new_url))
    except Conflict as refusal:  # no 409 is listed here
        raise Invalid(Problem(path="trigger.type", message=str(refusal))) from refusal
    except Invalid as refusal:
        raise Invalid(*map(_renamed, refusal.problems)) from refusal


def _require_possible(actor: Actor, sent: Webhook, known: Shown | None) -> None:
    """Raise Invalid for what is not as it is here; clients send back what they read."""
    if sent.run_as_user and sent.run_as_user not in (actor.name, known and known.trigger.owner):
        message = "runs are started on behalf of whoever sets this: leave it out, or use your own name"
        raise Invalid(Problem(path="trigger.webhook.runAsUser", message=message))
    if sent.execution_timeout is not None:
        message = "a trigger has no timeout of its own here: set that of the task (run-config)"
        raise Invalid(Problem(path="trigger.webhook.executionTimeout", message=message))
    if sent.url and sent.url != (known and known.url):
        message = "addresses are made here: leave it out, or send newUrl for another one"
        raise Invalid(Problem(path="trigger.webhook.url", message=message))


def _renamed(problem: Problem) -> Problem:
    member = _MEMBERS.get(problem.path)
    path = f"trigger.webhook.{member}" if member is not None else "trigger.type"
    return Problem(path=path, message=problem.message, allowed=problem.allowed)


def _shown(called: Shown) -> Webhook:
    one = called.trigger
    return Webhook(
        name=one.title,
        description=one.description,
        trigger_calls=one.calls,
        trigger_timeout=one.window_ms,
        run_as_user=one.owner,
        url=called.url,
    )

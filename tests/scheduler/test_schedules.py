"""Schedules that fire by themselves: on time, once whatever the number of servers, and never in silence."""

import asyncio
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from ostinato.app import firing, holidays, runs, schedule_links, schedules, workspaces
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.app.schedules import About
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound
from ostinato.core.schedules import NamedTrigger
from ostinato.core.states import Reason, State
from ostinato.core.triggers import read_trigger
from ostinato.core.triggers.kinds import Holiday, HolidayList
from ostinato.store.db import Database
from ostinato.store.schedules import SeenSchedule, Wanted
from tests.scheduler.conftest import Lab, make_engine, until
from tests.scheduler.test_policies import target
from tests.taps import Barrier

TASKS = """tasks:
- {name: t, type: Probe, config: {mark: %s/mark}, overlap: parallel}
- {name: other, type: Probe, config: {}}
"""
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOURLY = {"type": "interval", "everyMinutes": 60}


def at_times(name: str = "hourly", missed: str = "once", **when: object) -> NamedTrigger:
    return NamedTrigger(name=name, trigger=read_trigger({"when": when or HOURLY}), missed=missed)  # type: ignore[arg-type]


async def scheduled(lab: Lab, *triggers: NamedTrigger, now: datetime = NOW, task: str = "t") -> SeenSchedule:
    await lab.define(TASKS % lab.folder)
    about = About(what=await target(lab, task), triggers=triggers or (at_times(),))
    return await schedules.create(lab.app, lab.admin, "Production", about, now)


async def listed(lab: Lab) -> list[tuple[State, Reason | None, str | None]]:
    async with lab.app.db.reading() as tx:
        rows = await tx.fetch("SELECT state, reason, message FROM run ORDER BY id")
    return [(State(row["state"]), row["reason"] and Reason(row["reason"]), row["message"]) for row in rows]


async def test_what_is_due_starts_and_what_is_not_waits(lab: Lab) -> None:
    made = await scheduled(lab)
    [trigger] = made.triggers
    assert trigger.planned_at == trigger.due_at == NOW + timedelta(hours=1)
    assert await firing.fire_due(lab.app, NOW + timedelta(minutes=59)) == 0
    assert await firing.fire_due(lab.app, NOW + timedelta(hours=1)) == 1
    assert await firing.fire_due(lab.app, NOW + timedelta(hours=1)) == 0
    assert await firing.next_due(lab.app) == NOW + timedelta(hours=2)
    [run] = (await runs.list_runs(lab.app, lab.admin, runs.runs.Wanted())).live
    seen = await lab.get(run)
    assert (seen.name, seen.cause, seen.state) == ("t", "schedule", State.QUEUED)
    assert seen.parameters == {"scheduled_at": "2026-03-01T13:00:00.000Z"}


async def test_five_servers_fire_together_and_each_fire_starts_once(lab: Lab, database_url: str) -> None:
    await scheduled(lab, *(at_times(f"n{i}", type="daily", at=f"13:{i * 5:02}") for i in range(12)))
    others = [App(db=Database(database_url), keyring=Keyring({"test": bytes(32)})) for _ in range(4)]
    for one in others:
        await one.db.open()
    skewed = [NOW + timedelta(hours=3, seconds=n) for n in range(5)]
    for _ in range(3):
        await asyncio.gather(*(firing.fire_due(app, now) for app, now in zip((lab.app, *others), skewed, strict=True)))
    for one in others:
        await one.db.close()
    assert len(await listed(lab)) == 12
    async with lab.app.db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM trigger_key WHERE scope LIKE 'schedule:%'") == 12


@pytest.mark.parametrize(("missed", "started", "recorded"), [("skip", 0, 1), ("once", 1, 1), ("all", 3, 0)])
async def test_fires_that_nobody_was_there_for_follow_the_policy_and_are_told_of(
    lab: Lab, missed: str, started: int, recorded: int
) -> None:
    await scheduled(lab, at_times(missed=missed))
    later = NOW + timedelta(hours=3, minutes=30)
    while await firing.fire_due(lab.app, later):
        pass
    found = await listed(lab)
    assert [state for state, _, _ in found].count(State.QUEUED) == started
    misfired = [message for state, reason, message in found if reason is Reason.MISFIRED]
    assert len(misfired) == recorded
    for message in misfired:
        assert message is not None
        assert f"were missed by more than 60 s, and the policy is '{missed}'" in message
    assert await firing.next_due(lab.app) == NOW + timedelta(hours=4)


async def test_a_start_that_is_refused_is_a_misfired_run_and_the_schedule_goes_on(lab: Lab) -> None:
    await scheduled(lab, task="other")
    for hours in (1, 2):
        await firing.fire_due(lab.app, NOW + timedelta(hours=hours))
    first, second = await listed(lab)
    assert first[0] is State.QUEUED
    assert second[:2] == (State.FAILED, Reason.MISFIRED)
    assert second[2] is not None
    assert "'other' is already running or queued" in second[2]
    assert await firing.next_due(lab.app) == NOW + timedelta(hours=3)


async def test_whoever_lost_the_right_to_start_it_starts_nothing_and_it_is_told(lab: Lab) -> None:
    made = await scheduled(lab)
    contributor = await lab.user("carla", "Contributor")
    await schedules.change(lab.app, contributor, made.id, schedules.about_of(made), NOW)
    async with lab.app.db.transaction() as tx:
        await tx.execute("DELETE FROM workspace_grant")
    await firing.fire_due(lab.app, NOW + timedelta(hours=1))
    [(state, reason, message)] = await listed(lab)
    assert (state, reason) == (State.FAILED, Reason.MISFIRED)
    assert message is not None
    assert "you may not see it" in message


async def test_a_running_server_fires_when_it_is_due(live: Lab) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=1)
    trigger = NamedTrigger(
        name="once", trigger=read_trigger({"when": {"type": "once", "at": f"{soon:%Y-%m-%dT%H:%M:%S}Z"}})
    )
    await scheduled(live, trigger, now=datetime.now(UTC) - timedelta(seconds=2))

    async def has_run() -> bool:
        return bool(live.marks())

    await until(has_run)
    assert await firing.next_due(live.app) is None


async def test_a_schedule_that_is_bound_to_nothing_fires_nothing_until_it_is(lab: Lab) -> None:
    await lab.define(TASKS % lab.folder)
    made = await schedules.create(lab.app, lab.admin, "Production", About(triggers=(at_times(),)), NOW)
    assert made.triggers[0].planned_at is None
    assert await firing.fire_due(lab.app, NOW + timedelta(days=1)) == 0
    about = About(what=await target(lab, "t"), triggers=(at_times(),))
    bound = await schedules.change(lab.app, lab.admin, made.id, about, NOW + timedelta(days=1))
    assert bound.triggers[0].planned_at == NOW + timedelta(days=1, hours=1)
    assert bound.triggers[0].id == made.triggers[0].id


async def test_a_task_has_one_schedule_and_what_does_not_fit_is_refused(lab: Lab) -> None:
    made = await scheduled(lab)
    about = schedules.about_of(made)
    with pytest.raises(Conflict, match="has a schedule already"):
        await schedules.create(lab.app, lab.admin, "Production", about, NOW)
    with pytest.raises(Invalid, match="is in environment 'Production'"):
        await schedules.create(lab.app, lab.admin, "Test", about, NOW)
    near = About(triggers=(at_times("a", type="daily", at="01:00"), at_times("b", type="daily", at="01:01")))
    with pytest.raises(Invalid, match="at least 5 minutes apart"):
        await schedules.create(lab.app, lab.admin, "Production", near, NOW)
    lists = read_trigger({"when": HOURLY, "calendar": {"lists": ["none"]}})
    with pytest.raises(Invalid, match="no list of holidays 'none'"):
        await schedules.create(
            lab.app, lab.admin, "Production", About(triggers=(NamedTrigger(name="n", trigger=lists),)), NOW
        )


async def test_schedules_are_seen_and_changed_by_whoever_may(lab: Lab) -> None:
    made = await scheduled(lab)
    viewer, stranger = await lab.user("vera", "Viewer"), await lab.user("sam", "Viewer")
    async with lab.app.db.transaction() as tx:
        await tx.execute("DELETE FROM workspace_grant WHERE user_id = $1", stranger.user)
    assert [one.id for one in await schedules.list_schedules(lab.app, viewer, Wanted(limit=10))] == [made.id]
    assert await schedules.list_schedules(lab.app, stranger, Wanted(limit=10)) == []

    async def refusal(actor: Actor) -> type[Exception]:
        try:
            await schedules.remove(lab.app, actor, made.id, NOW)
        except (NotFound, Forbidden) as error:
            return type(error)
        return type(None)  # type: ignore[return-value]

    assert (await refusal(stranger), await refusal(viewer)) == (NotFound, Forbidden)
    await schedules.remove(lab.app, lab.admin, made.id, NOW)
    assert await schedules.list_schedules(lab.app, lab.admin, Wanted(limit=10)) == []
    assert await firing.next_due(lab.app) is None


async def test_what_is_deleted_is_scheduled_no_more(lab: Lab) -> None:
    made = await scheduled(lab)
    async with lab.app.db.transaction() as tx:
        await tx.execute("UPDATE task SET deleted_at = $1 WHERE name = 't'", NOW)
    seen = await schedules.get(lab.app, lab.admin, made.id)
    assert (seen.name, seen.task_id, seen.triggers[0].planned_at) == (None, None, None)


async def test_the_fires_of_a_window_are_told_in_order(lab: Lab) -> None:
    await scheduled(lab, at_times("early", type="daily", at="06:00"), at_times("late", type="daily", at="18:00"))
    found = await schedules.events(
        lab.app, lab.admin, Wanted(environment="Production", limit=10), NOW, NOW + timedelta(days=2), 10
    )
    assert [(event.trigger, event.at.day, event.schedule.name) for event in found] == [
        ("late", 1, "t"),
        ("early", 2, "t"),
        ("late", 2, "t"),
        ("early", 3, "t"),
    ]
    last = await schedules.events(lab.app, lab.admin, Wanted(limit=10), NOW, NOW + timedelta(days=2), 2, offset=3)
    assert [event.trigger for event in last] == ["early"]


GROUP = """tasks:
- {name: a, type: Probe, config: {mark: %s/mark}}
- {name: b, type: Probe, config: {mark: %s/mark}}
- {name: group, type: ScheduleGroup, config: {tasks: [a], plans: [p]}}
plans:
- {name: p, steps: [{name: one, tasks: [b]}]}
"""


async def test_a_schedule_group_starts_everything_in_it_at_once(live: Lab) -> None:
    await live.define(GROUP % (live.folder, live.folder))
    soon = datetime.now(UTC) + timedelta(seconds=1)
    once = at_times("once", type="once", at=f"{soon:%Y-%m-%dT%H:%M:%S}Z")
    about = About(what=await target(live, "group"), triggers=(once,))
    await schedules.create(live.app, live.admin, "Production", about, soon - timedelta(seconds=5))

    async def has_run() -> bool:
        return len(live.marks()) == 2

    await until(has_run)
    async with live.app.db.reading() as tx:
        run = await tx.fetchval("SELECT id FROM run WHERE cause = 'schedule' AND parent_run_id IS NULL")
    seen = await live.ended(run)
    assert (seen.name, seen.state) == ("group", State.SUCCEEDED)
    assert await live.children(run) == {"a": State.SUCCEEDED, "p": State.SUCCEEDED, "b": State.SUCCEEDED}


@pytest.mark.parametrize(("config", "said"), [("{}", "at least one"), ("{tasks: [a, a]}", "twice among the tasks")])
async def test_a_schedule_group_that_starts_nothing_or_something_twice_is_refused(
    lab: Lab, config: str, said: str
) -> None:
    with pytest.raises(Invalid, match=said):
        await lab.define(
            f"tasks: [{{name: a, type: Probe, config: {{}}}}, {{name: g, type: ScheduleGroup, config: {config}}}]"
        )


async def test_what_becomes_due_while_the_loop_looks_is_not_left_for_a_second(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loop may wake a hair too early: then nothing is due when it looks, and something is when it asks for how long
    it may sleep."""
    await scheduled(lab)
    due = NOW + timedelta(hours=1)
    monkeypatch.setattr("ostinato.scheduler.engine.LONGEST_SLEEP", 3_600.0)
    times = iter([due - timedelta(milliseconds=1)])
    engine = make_engine(lab.app)
    monkeypatch.setattr(engine, "_now", lambda: next(times, due + timedelta(milliseconds=1)))
    loop = asyncio.create_task(engine._fire())

    async def has_fired() -> bool:
        return len(await listed(lab)) == 1

    await until(has_fired)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)


async def test_a_schedule_outlives_the_workspace_of_what_it_started(lab: Lab) -> None:
    made = await scheduled(lab)
    async with lab.app.db.reading() as tx:
        workspace = await tx.fetchval("SELECT id FROM workspace")
    await workspaces.remove(lab.app, lab.admin, workspace, NOW)
    async with lab.app.db.reading() as tx:
        row = await tx.fetchrow(
            "SELECT task_id, planned_at FROM schedule JOIN schedule_trigger ON schedule_id = schedule.id"
        )
    assert (row["task_id"], row["planned_at"]) == (None, None), made.id


POISON = """
CREATE FUNCTION refuse_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'odd'; END $$;
CREATE TRIGGER refuse_it BEFORE INSERT ON run FOR EACH ROW WHEN (NEW.task_id = %d) EXECUTE FUNCTION refuse_it();
"""
"""Something that nobody has foreseen happens to every run of one task."""


async def test_what_cannot_be_fired_for_an_unforeseen_reason_holds_up_nothing_and_is_not_lost(lab: Lab) -> None:
    await scheduled(lab)
    await scheduled(lab, task="other")
    poisoned = (await target(lab, "t")).task
    async with lab.app.db.transaction() as tx:
        await tx.execute(POISON % poisoned)
    at = NOW + timedelta(hours=1)
    assert await firing.fire_due(lab.app, at) == 1
    assert await firing.fire_due(lab.app, at) == 0
    [(state, reason, _)] = await listed(lab)
    assert (state, reason) == (State.QUEUED, None)
    async with lab.app.db.transaction() as tx:
        await tx.execute("DROP TRIGGER refuse_it ON run")
    assert await firing.fire_due(lab.app, at + timedelta(seconds=5)) == 1
    assert len(await listed(lab)) == 2


async def planned(lab: Lab) -> list[datetime | None]:
    async with lab.app.db.reading() as tx:
        return [row["planned_at"] for row in await tx.fetch("SELECT planned_at FROM schedule_trigger ORDER BY id")]


async def test_what_is_locked_or_cannot_be_fired_is_in_no_other_ones_way(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing, "MOST_AT_ONCE", 1)
    first = await scheduled(lab)
    await scheduled(lab, at_times(type="interval", everyMinutes=90), task="other")
    at = NOW + timedelta(hours=2)
    async with lab.app.db.transaction() as tx:
        await tx.execute("SELECT FROM schedule_trigger WHERE schedule_id = $1 FOR UPDATE", first.id)
        assert await firing.fire_due(lab.app, at) == 1
        assert await firing.fire_due(lab.app, at) == 0
    assert await firing.next_due(lab.app, at) == NOW + timedelta(hours=3)
    assert await firing.fire_due(lab.app, at) == 1


async def test_a_fire_whose_time_has_come_is_made_whatever_is_said_again(lab: Lab) -> None:
    calendar = {"lists": ["bank"]}
    when = {"when": {"type": "daily", "at": "13:00"}, "jitterSeconds": 3_600, "calendar": calendar}
    bank = HolidayList(name="bank", days=())
    await holidays.keep(lab.app, lab.admin, "Production", bank, NOW)
    named = NamedTrigger(name="own", trigger=read_trigger(when))
    made = await scheduled(lab, named)
    later = NOW + timedelta(hours=1, seconds=1)
    closed = HolidayList(name="bank", days=(Holiday(date=date(2026, 3, 2)),))
    await holidays.keep(lab.app, lab.admin, "Production", closed, later)
    assert await planned(lab) == [NOW + timedelta(hours=1)]
    what = await target(lab, "t")
    await schedule_links.link(lab.app, lab.admin, what, made.id, later)
    await schedules.change(lab.app, lab.admin, made.id, schedules.about_of(made), later)
    assert await planned(lab) == [NOW + timedelta(hours=1)]
    assert await firing.fire_due(lab.app, NOW + timedelta(hours=2, seconds=1)) == 1
    assert await planned(lab) == [datetime(2026, 3, 3, 13, tzinfo=UTC)]
    await schedules.remove(lab.app, lab.admin, made.id, later)
    for at in (later, datetime(2026, 3, 3, 13, 1, tzinfo=UTC)):
        await lab.app.db.run(lambda tx, at=at: schedule_links.set_own_in(tx, lab.admin, what, named, at))
    assert await planned(lab) == [datetime(2026, 3, 3, 13, tzinfo=UTC)]


async def test_a_list_that_changes_while_a_schedule_is_unbound_plans_nothing_for_it(lab: Lab) -> None:
    await holidays.keep(lab.app, lab.admin, "Production", HolidayList(name="bank", days=()), NOW)
    when = {"when": {"type": "daily", "at": "13:00"}, "calendar": {"lists": ["bank"]}}
    made = await scheduled(lab, NamedTrigger(name="n", trigger=read_trigger(when)))
    barrier = Barrier("commit")
    lab.app.db._tap = barrier
    unbound = msgspec.structs.replace(schedules.about_of(made), what=None)
    unbinding = asyncio.create_task(schedules.change(lab.app, lab.admin, made.id, unbound, NOW))
    await barrier.reached.wait()
    closed = HolidayList(name="bank", days=(Holiday(date=date(2026, 3, 2)),))
    changing = asyncio.create_task(holidays.keep(lab.app, lab.admin, "Production", closed, NOW))
    await asyncio.wait([changing], timeout=0.2)
    barrier.release()
    await unbinding
    await changing
    assert await planned(lab) == [None]

"""Files that are applied while things fire, start and are changed by others: nothing is lost, doubled or held up."""

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ostinato.app import data_triggers, definitions, firing, holidays, schedules, starts
from ostinato.app.definitions import Action
from ostinato.core.access import Actor, of_user
from ostinato.core.errors import Forbidden, Invalid
from ostinato.core.triggers.kinds import HolidayList
from ostinato.store import users
from ostinato.store.data_triggers import Wanted
from ostinato.store.runs import TaskOrPlan
from tests.app.flights import bundle
from tests.app.test_definitions import only
from tests.people import give
from tests.taps import Barrier

TASK = "type: Package, overlap: parallel, config: {kind: command, command: 'true'}"
TEXT = f"""\
workspace: w
workspaces: [{{key: w}}]
tasks:
- {{name: a, {TASK}}}
- {{name: b, {TASK}}}
- {{name: c, {TASK}}}
schedules:
- {{task: a, triggers: [{{name: n, trigger: {{when: {{type: daily, at: '13:00'}}}}}}]}}
data_triggers:
- {{task: b, sources: [{{task: a}}]}}
"""
LISTED = TEXT.replace("at: '13:00'}", "at: '13:00'}, calendar: {lists: [closed]}")
DUE = timedelta(hours=1, seconds=1)
"""Fixtures begin at 12:00."""
LONGEST_SECONDS = 20


async def planned(app) -> dict[str, datetime | None]:
    async with app.db.reading() as tx:
        return {
            row["name"]: row["planned_at"] for row in await tx.fetch("SELECT name, planned_at FROM schedule_trigger")
        }


async def scheduled_runs(app) -> list[str]:
    async with app.db.reading() as tx:
        rows = await tx.fetch("SELECT parameters FROM run WHERE cause = 'schedule' AND state = 'QUEUED'")
    return [row["parameters"]["scheduled_at"] for row in rows]


async def task(app, name: str) -> TaskOrPlan:
    async with app.db.reading() as tx:
        return TaskOrPlan(task=await tx.fetchval("SELECT id FROM task WHERE name = $1", name))


async def held(app, point: str, work) -> tuple[Barrier, asyncio.Task]:
    """Work that has come as far as this point, and waits."""
    barrier = Barrier(point)
    app.db._tap = barrier
    going = asyncio.create_task(work)
    async with asyncio.timeout(LONGEST_SECONDS):
        await barrier.reached.wait()
    return barrier, going


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("old", "new", "following"),
    [("'13:00'", "['13:00', '15:00']", at(1, 15)), ("['13:00', '15:00']", "'13:00'", at(2, 13))],
)
async def test_a_fire_that_crosses_an_apply_goes_by_the_new_trigger(app, admin, now, old, new, following):
    await definitions.apply(app, admin, bundle(TEXT.replace("'13:00'", old)), now)
    barrier, applying = await held(
        app, "commit", definitions.apply(app, admin, bundle(TEXT.replace("'13:00'", new)), now)
    )
    assert await firing.fire_due(app, now + DUE) == 0, "it is not fired while it changes, and nobody waits"
    barrier.release()
    await applying
    assert await firing.fire_due(app, now + DUE) == 1
    assert await planned(app) == {"n": following}
    assert await scheduled_runs(app) == ["2026-03-01T13:00:00.000Z"]


async def test_a_fire_that_was_read_before_an_apply_is_not_made_by_the_old_trigger(app, admin, now):
    await definitions.apply(app, admin, bundle(TEXT), now)
    barrier, fired = await held(app, "schedules/move", firing.fire_due(app, now + DUE))
    await definitions.apply(app, admin, bundle(TEXT.replace("'13:00'", "['13:00', '15:00']")), now)
    barrier.release()
    assert await fired == 0
    assert await firing.fire_due(app, now + DUE) == 1
    assert await planned(app) == {"n": at(1, 15)}


async def test_a_fire_that_crosses_a_change_of_holidays_goes_by_the_new_list(app, admin, now):
    await definitions.apply(app, admin, bundle(f"holidays: [{{name: closed, days: []}}]\n{LISTED}"), now)
    closed = bundle("holidays: [{name: closed, days: [{date: 2026-03-02}]}]")
    barrier, applying = await held(app, "commit", definitions.apply(app, admin, closed, now))
    assert await firing.fire_due(app, now + DUE) == 0
    barrier.release()
    await applying
    assert await firing.fire_due(app, now + DUE) == 1
    assert await planned(app) == {"n": at(3, 13)}


async def test_a_trigger_that_is_renamed_after_its_fire_does_not_fire_again(app, admin, now):
    await definitions.apply(app, admin, bundle(TEXT), now)
    renamed = bundle(TEXT.replace("name: n,", "name: renamed,"))
    late = now + timedelta(hours=1) - timedelta(microseconds=1)
    """The request comes before the fire, and is carried out after it."""
    barrier, applying = await held(app, "definitions/lock", definitions.apply(app, admin, renamed, late))
    assert await firing.fire_due(app, now + DUE) == 1
    barrier.release()
    await applying
    assert await planned(app) == {"renamed": at(2, 13)}
    assert await firing.fire_due(app, now + DUE) == 0
    assert len(await scheduled_runs(app)) == 1


@pytest.mark.parametrize("verb", [definitions.apply, definitions.diff])
async def test_while_it_is_worked_out_what_a_file_changes_other_things_fire_and_start(app, admin, now, verb):
    other = "- {task: c, triggers: [{name: o, trigger: {when: {type: daily, at: '13:00'}}}]}\n"
    text = TEXT.replace("data_triggers:", f"{other}data_triggers:")
    await definitions.apply(app, admin, bundle(text), now)
    changed = text.replace("'13:00'", "['13:00', '15:00']", 1).replace("sources: [{task: a}]", "sources: [{task: c}]")
    barrier, applying = await held(app, "data_triggers/leads_to", verb(app, admin, bundle(changed), now))
    async with asyncio.timeout(LONGEST_SECONDS):
        assert await firing.fire_due(app, now + DUE) == 1
        await starts.start(app, admin, await task(app, "c"), starts.Trigger(), now + DUE)
    barrier.release()
    await applying
    assert await firing.fire_due(app, now + DUE) == 1


async def test_a_file_that_changes_a_task_and_its_schedule_is_in_no_fires_way(app, admin, now):
    await definitions.apply(app, admin, bundle(TEXT), now)
    changed = TEXT.replace("'13:00'", "['13:00', '15:00']").replace("{name: a,", "{name: a, description: new,")
    barrier, applying = await held(app, "schedules/keep_triggers", definitions.apply(app, admin, bundle(changed), now))
    async with asyncio.timeout(LONGEST_SECONDS):
        assert await firing.fire_due(app, now + DUE) == 0
    barrier.release()
    await applying
    assert await firing.fire_due(app, now + DUE) == 1


@pytest.mark.parametrize("gone", ["schedule", "data_trigger"])
async def test_what_somebody_removes_meanwhile_is_made_anew(app, admin, now, gone):
    await definitions.apply(app, admin, bundle(TEXT), now)
    changed = TEXT.replace("'13:00'", "'14:00'").replace("sources: [{task: a}]", "sources: [{task: c}]")
    point = "schedules/lock"
    barrier, applying = await held(app, point, definitions.apply(app, admin, bundle(changed), now))
    async with app.db.transaction() as tx:
        await tx.execute(f"DELETE FROM {gone}")
    barrier.release()
    changes = await applying

    kind = "schedule" if gone == "schedule" else "data trigger"
    assert [change.action for change in changes if change.kind == kind] == [Action.CREATED]
    assert await planned(app) == {"n": at(1, 14)}


async def test_a_schedule_that_somebody_binds_to_something_else_meanwhile_stays_there(app, admin, now):
    await definitions.apply(app, admin, bundle(TEXT), now)
    changed = bundle(TEXT.replace("'13:00'", "'14:00'"))
    barrier, applying = await held(app, "schedules/lock", definitions.apply(app, admin, changed, now))
    [one] = await schedules.list_schedules(app, admin, schedules.Wanted(own=None, limit=9))
    async with app.db.transaction() as tx:
        await tx.execute("UPDATE schedule SET task_id = $1", (await task(app, "c")).task)
    barrier.release()
    await applying

    found = await schedules.list_schedules(app, admin, schedules.Wanted(own=None, limit=9))
    assert {each.name: each.id == one.id for each in found} == {"a": False, "c": True}


async def test_another_description_leaves_fires_that_are_due(app, admin, now):
    missed = TEXT.replace("{name: n,", "{name: n, missed: all,")
    await definitions.apply(app, admin, bundle(missed), now)
    later = now + timedelta(days=3)
    described = missed.replace("- {task: a, triggers", "- {task: a, description: new, triggers")
    await definitions.apply(app, admin, bundle(described), later)
    assert await planned(app) == {"n": at(1, 13)}
    while await firing.fire_due(app, later):
        pass
    assert len(await scheduled_runs(app)) == 3


async def someone(app, now, role: str | None) -> Actor:
    if role:
        await give(app, "someone", "w", role, now)
    async with app.db.transaction() as tx:
        user = await users.ensure(tx, "someone", now)
    return of_user(user, "someone")


async def test_whoever_may_not_schedule_makes_nobody_work_out_anything(app, admin, now):
    await definitions.apply(app, admin, bundle(TEXT), now)
    near = TEXT.replace("'13:00'", "['13:00', '13:01']")

    with pytest.raises(Invalid, match="5 minutes apart"):
        await definitions.diff(app, admin, bundle(near), now)
    with pytest.raises(Forbidden):
        await definitions.diff(app, await someone(app, now, "Viewer"), bundle(near), now)


async def test_lists_of_holidays_are_shown_to_those_who_see_a_workspace_of_the_environment(app, admin, now):
    await definitions.apply(app, admin, bundle(f"holidays: [{{name: closed, days: []}}]\n{TEXT}"), now)

    stranger = await someone(app, now, None)
    assert all("closed" not in file.text for file in await definitions.export(app, stranger, "Production", None))
    viewer = await someone(app, now, "Viewer")
    assert any("closed" in file.text for file in await definitions.export(app, viewer, "Production", None))


async def test_a_source_that_was_deleted_goes_when_the_file_names_it_no_more(app, admin, now):
    both = TEXT.replace("sources: [{task: a}]", "sources: [{task: a}, {task: c}]")
    await definitions.apply(app, admin, bundle(both), now)
    async with app.db.transaction() as tx:
        await tx.execute("UPDATE task_ever SET deleted_at = now() WHERE name = 'c'")
    without = TEXT.replace(f"- {{name: c, {TASK}}}\n", "")

    for verb in (definitions.diff, definitions.apply):
        assert only(await verb(app, admin, bundle(without), now)) == [("data trigger", "task b", ("sources",))]
    assert {change.action for change in await definitions.apply(app, admin, bundle(without), now)} == {Action.LEFT}
    [shown] = await data_triggers.list_data_triggers(app, admin, Wanted())
    assert [source.name for source in shown.seen.sources] == ["a"]


async def test_a_name_that_could_be_given_once_stops_neither_exports_nor_applies(app, admin, now):
    await definitions.apply(app, admin, bundle(TEXT), now)
    async with app.db.transaction() as tx:
        await tx.execute("UPDATE schedule_trigger SET name = E'a\\tb'")

    files = await definitions.export(app, admin, "Production", None)

    with pytest.raises(Invalid, match=r"schedules\[0\].triggers\[0\].name: expected a name"):
        await definitions.apply(app, admin, definitions.Bundle(files=files), now)
    assert only(await definitions.apply(app, admin, bundle(TEXT), now)) == [("schedule", "task a", ("triggers",))]


async def test_a_ring_from_before_it_was_refused_is_not_in_the_way_of_other_changes_and_can_be_switched_off(
    app, admin, now
):
    plan = "plans:\n- {name: p, steps: [{name: one, tasks: [b]}]}\n"
    text = TEXT.replace("data_triggers:", f"{plan}data_triggers:")
    await definitions.apply(app, admin, bundle(text), now)
    async with app.db.transaction() as tx:
        await tx.execute("UPDATE data_trigger SET task_id = NULL, plan_id = (SELECT id FROM plan)")
        await tx.execute("UPDATE data_trigger_source SET task_id = (SELECT id FROM task WHERE name = 'b')")
    ring = text.replace("- {task: b, sources: [{task: a}]}", "- {plan: p, sources: [{task: b}]}")
    noted = ring.replace("{name: one, tasks: [b]}", "{name: one, tasks: [b], note: why not}")

    assert only(await definitions.apply(app, admin, bundle(noted), now)) == [("plan", "p", ("steps",))]
    inactive = noted.replace("[{task: b}]}", "[{task: b}], active: false}")
    assert only(await definitions.apply(app, admin, bundle(inactive), now)) == [("data trigger", "plan p", ("active",))]
    with pytest.raises(Invalid, match="'p' leads to 'b' leads to 'p'"):
        await definitions.apply(app, admin, bundle(noted), now)


async def test_a_list_of_holidays_is_as_a_file_may_have_it_whoever_keeps_it(app, admin, now):
    for wrong, said in (("twice", r"days\[1\].date: 2026-12-25 is here twice"), ("\t", "name: ")):
        day = {"date": "2026-12-25"}
        days = [day, day] if wrong == "twice" else [day]
        listed = msgspec.convert({"name": wrong, "days": days}, HolidayList)
        with pytest.raises(Invalid, match=said):
            await holidays.keep(app, admin, "Production", listed, now)

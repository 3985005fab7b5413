"""Schedules and lists of holidays in files: kept, told apart, refused with their place, and exported again."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from ostinato.app import definitions, schedule_links, schedules
from ostinato.app.definitions import Action, Bundle
from ostinato.app.schedules import About
from ostinato.app.yaml_files import dump, parse
from ostinato.core.access import Actor, of_user
from ostinato.core.errors import Forbidden, Invalid
from ostinato.core.schedules import NamedTrigger, problems_of
from ostinato.core.triggers import parse_trigger
from ostinato.store import users
from ostinato.store.runs import TaskOrPlan
from ostinato.store.schedules import SeenSchedule, Wanted
from tests.app.flights import bundle
from tests.app.test_definitions import only
from tests.core.triggers.strategies import triggers
from tests.people import give

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SCHEDULED = """\
holidays:
  - name: Germany
    days:
      - date: '2026-12-25'
        name: Christmas
      - date: '2026-12-26'
workspace: lab
workspaces: [{key: lab}]
tasks:
  - name: load
    type: Package
    config: {kind: command, command: 'true'}
plans:
  - name: load
    steps: [{name: one, tasks: [load]}]
schedules:
  - task: load
    triggers:
      - name: noon
        trigger: {when: {type: cron, expression: 0 12 * * MON-FRI}, startDate: 2026-01-01}
        missed: all
        mostMissed: 5
  - plan: load
    description: every night
    triggers:
      - name: night
        trigger:
          when: {type: daily, at: 02:00}
          timeZone: Europe/Berlin
          calendar: {lists: [Germany], closed: next}
      - name: end of month
        trigger: {when: {type: monthly, on: last, at: ['18:00', '20:00']}}
"""
EXPORTED = """\
schedules:
  - task: load
    triggers:
      - name: noon
        trigger:
          when:
            type: cron
            expression: 0 12 * * MON-FRI
          startDate: '2026-01-01'
        missed: all
        mostMissed: 5
  - plan: load
    description: every night
    triggers:
      - name: night
        trigger:
          when:
            type: daily
            at: 02:00
          timeZone: Europe/Berlin
          calendar:
            lists:
              - Germany
            closed: next
      - name: end of month
        trigger:
          when:
            type: monthly
            'on': last
            at:
              - '18:00'
              - '20:00'
"""
MADE = [("holidays", "Germany", ()), ("schedule", "task load", ()), ("schedule", "plan load", ())]


@pytest.fixture
async def applied(app, admin):
    return await definitions.apply(app, admin, bundle(SCHEDULED), NOW)


async def someone(app, role: str) -> Actor:
    await give(app, "someone", "lab", role, NOW)
    async with app.db.transaction() as tx:
        user = await users.ensure(tx, "someone", NOW)
    return of_user(user, "someone")


async def found(app, admin) -> dict[str, SeenSchedule]:
    """The schedules by what they start."""
    listed = await schedules.list_schedules(app, admin, Wanted(own=None, limit=100))
    return {"task" if one.task_id is not None else "plan" if one.plan_id is not None else "": one for one in listed}


async def test_schedules_are_made_and_fire_from_now_on(app, admin, applied):
    assert only(applied, Action.CREATED)[1] == MADE[0]
    assert only(applied, Action.CREATED)[-2:] == MADE[1:]
    made = await found(app, admin)
    assert [one.planned_at for one in made["task"].triggers] == [datetime(2026, 3, 2, 12, tzinfo=UTC)]
    assert (made["task"].triggers[0].missed, made["task"].triggers[0].most_missed) == ("all", 5)
    assert {one.name: one.planned_at for one in made["plan"].triggers} == {
        "night": datetime(2026, 3, 2, 1, tzinfo=UTC),
        "end of month": datetime(2026, 3, 31, 18, tzinfo=UTC),
    }
    assert (made["plan"].owner, made["plan"].own, made["plan"].description) == ("admin", False, "every night")


async def test_what_is_exported_is_as_people_write_it_and_changes_nothing(app, admin, applied):
    before = await found(app, admin)
    environment, lab = await definitions.export(app, admin, "Production", None)

    assert environment.text.endswith(SCHEDULED.partition("workspace:")[0])
    assert lab.text[lab.text.index("schedules:") :] == EXPORTED
    changes = await definitions.apply(app, admin, Bundle(files=[environment, lab]), NOW + timedelta(days=1))
    assert {change.action for change in changes} == {Action.LEFT}
    assert await found(app, admin) == before


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("at: 02:00", "at: 03:00", ("schedule", "plan load", ("triggers",))),
        ("description: every night", "", ("schedule", "plan load", ("description",))),
        ("missed: all", "missed: skip", ("schedule", "task load", ("triggers",))),
        ("'2026-12-26'", "'2026-12-24'", ("holidays", "Germany", ("days",))),
        ("name: Christmas", "", ("holidays", "Germany", ("days",))),
    ],
)
async def test_a_difference_names_the_field_and_is_applied(app, admin, applied, old, new, expected):
    assert SCHEDULED.count(old) == 1
    changed = bundle(SCHEDULED.replace(old, new))

    assert only(await definitions.diff(app, admin, changed, NOW)) == [expected]
    assert only(await definitions.apply(app, admin, changed, NOW)) == [expected]
    assert {change.action for change in await definitions.apply(app, admin, changed, NOW)} == {Action.LEFT}


async def test_the_order_of_triggers_and_days_does_not_matter(app, admin, applied):
    first, night, second = SCHEDULED.partition("      - name: night\n")
    inner, month, last = second.partition("      - name: end of month\n")
    turned = f"{first}{month}{last}{night}{inner}"
    day = "      - date: '2026-12-26'\n"
    turned = turned.replace(day, "").replace("    days:\n", f"    days:\n{day}")

    assert {change.action for change in await definitions.apply(app, admin, bundle(turned), NOW)} == {Action.LEFT}


async def test_a_changed_trigger_fires_anew_and_a_schedule_without_triggers_never(app, admin, applied):
    later = SCHEDULED.replace("at: 02:00", "at: 14:30")
    await definitions.apply(app, admin, bundle(later), NOW)
    night = next(one for one in (await found(app, admin))["plan"].triggers if one.name == "night")
    assert night.planned_at == datetime(2026, 3, 1, 13, 30, tzinfo=UTC)

    text = "workspace: lab\nschedules: [{plan: load}]"
    assert only(await definitions.apply(app, admin, bundle(text), NOW)) == [
        ("schedule", "plan load", ("description", "triggers"))
    ]
    assert (await found(app, admin))["plan"].triggers == []


async def test_a_list_of_holidays_that_changes_moves_the_fires_of_triggers_that_name_it(app, admin, applied):
    text = "holidays: [{name: Germany, days: [{date: 2026-03-02}]}]"

    await definitions.apply(app, admin, bundle(text), NOW)

    night = next(one for one in (await found(app, admin))["plan"].triggers if one.name == "night")
    assert night.planned_at == datetime(2026, 3, 3, 1, tzinfo=UTC)


async def test_a_schedule_that_was_made_otherwise_is_known_and_changed_in_place(app, admin):
    head = SCHEDULED.partition("schedules:")[0]
    await definitions.apply(app, admin, bundle(head), NOW)
    async with app.db.reading() as tx:
        plan = await tx.fetchval("SELECT id FROM plan")
    trigger = NamedTrigger(name="own", trigger=parse_trigger('{"when": {"type": "daily", "at": "05:00"}}'))
    await app.db.run(lambda tx: schedule_links.set_own_in(tx, admin, TaskOrPlan(plan=plan), trigger, NOW))
    before = (await found(app, admin))["plan"]

    _, file = await definitions.export(app, admin, "Production", None)
    assert "  - plan: load\n    triggers:\n      - name: own\n" in file.text
    changes = await definitions.apply(app, admin, bundle(SCHEDULED), NOW)

    assert only(changes) == [("schedule", "plan load", ("description", "triggers"))]
    after = (await found(app, admin))["plan"]
    assert (after.id, len(after.triggers)) == (before.id, 2)


async def test_a_schedule_that_starts_nothing_is_not_in_files(app, admin, applied):
    await schedules.create(app, admin, "Production", About(description="for nothing"), NOW)

    files = await definitions.export(app, admin, "Production", None)

    assert "for nothing" not in "".join(file.text for file in files)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "- task: load\n",
            "- description: nothing\n",
            "a.yaml:17: schedules[0]: name what it starts: either a task or a plan",
        ),
        (
            "- task: load\n",
            "- task: load\n    plan: load\n",
            "a.yaml:17: schedules[0]: name what it starts: either a task or a plan",
        ),
        (
            "- task: load",
            "- task: laod",
            "a.yaml:17: schedules[0].task: there is no task 'laod' in workspace 'lab': did you mean 'load'?",
        ),
        (
            "- task: load",
            "- plan: load",
            "a.yaml:23: schedules[1].plan: 'plan load' has two schedules, the first in a.yaml:17 (schedules[0].plan):"
            " make them one",
        ),
        (
            "lists: [Germany]",
            "lists: [Grmany]",
            "a.yaml:30: schedules[1].triggers[0].trigger.calendar.lists:"
            " there is no list of holidays 'Grmany' in this environment",
        ),
        (
            "0 12 * * MON-FRI",
            "0 12 * * MONTAG",
            "a.yaml:20: schedules[0].triggers[0].trigger.when.expression:",
        ),
        (
            "when: {type: daily, at: 02:00}",
            "when: {type: dayly, at: 02:00}",
            "a.yaml:28: schedules[1].triggers[0].trigger.when.type: 'dayly' is not allowed: did you mean 'daily'?",
        ),
        ("timeZone: Europe/Berlin", "timeZone: Europe/Bärlin", "a.yaml:29: schedules[1].triggers[0].trigger.timeZone:"),
        (
            "startDate: 2026-01-01",
            "startDate: 2026-01-32",
            "a.yaml:20: schedules[0].triggers[0].trigger.startDate: expected a date such as 2026-03-01",
        ),
        (
            "name: end of month\n        trigger: {when: {type: monthly, on: last, at: ['18:00', '20:00']}}",
            "name: night\n        trigger: {when: {type: daily, at: '07:00'}}",
            "a.yaml:31: schedules[1].triggers[1].name: 'night' is here twice",
        ),
        (
            "['18:00', '20:00']",
            "['18:00', '18:04']",
            "a.yaml:32: schedules[1].triggers[1].trigger: 'end of month' starts at 2026-03-31T18:00:00Z and"
            " 'end of month' at 2026-03-31T18:04:00Z: starts of a schedule are at least 5 minutes apart",
        ),
        ("date: '2026-12-26'", "date: '2026-12-25'", "a.yaml:6: holidays[0].days[1].date: 2026-12-25 is here twice"),
        ("date: '2026-12-26'", "date: 26.12.2026", "a.yaml:6: holidays[0].days[1].date: expected a date such as"),
        ("name: Germany", "name: ''", "a.yaml:2: holidays[0].name: expected a name of 1 to 100 characters"),
    ],
)
async def test_what_is_wrong_is_refused_with_its_place_and_nothing_is_written(app, admin, old, new, expected):
    assert SCHEDULED.count(old) == 1
    text = SCHEDULED.replace(old, new)
    for verb in (definitions.diff, definitions.apply):
        with pytest.raises(Invalid) as refusal:
            await verb(app, admin, bundle(text), NOW)
        assert expected in str(refusal.value)
    assert await found(app, admin) == {}


async def test_a_list_that_is_broken_makes_no_schedule_wrong(app, admin):
    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, bundle(SCHEDULED.replace("name: Christmas", "nam: Christmas")), NOW)

    assert len(refusal.value.problems) == 1


async def test_whoever_may_start_a_plan_may_schedule_it_and_starts_it_on_their_own_behalf(app, admin, applied):
    contributor = await someone(app, "Contributor")
    text = SCHEDULED.replace("at: 02:00", "at: 03:00")

    assert only(await definitions.apply(app, contributor, bundle(text), NOW)) == [
        ("schedule", "plan load", ("triggers",))
    ]

    made = await found(app, admin)
    assert (made["plan"].owner, made["task"].owner) == ("someone", "admin")


@pytest.mark.parametrize("verb", [definitions.apply, definitions.diff])
async def test_whoever_may_only_look_schedules_nothing(app, admin, applied, verb):
    viewer = await someone(app, "Viewer")

    assert {change.action for change in await verb(app, viewer, bundle(SCHEDULED), NOW)} == {Action.LEFT}
    with pytest.raises(Forbidden, match=r"The schedule 'plan load' would be changed, which needs the permission EXEC"):
        await verb(app, viewer, bundle(SCHEDULED.replace("at: 02:00", "at: 03:00")), NOW)


async def test_only_an_administrator_changes_lists_of_holidays(app, admin, applied):
    author = await someone(app, "Administrator")

    with pytest.raises(Forbidden, match="The list of holidays 'Germany' would be changed, which needs the perm"):
        await definitions.apply(app, author, bundle(SCHEDULED.replace("2026-12-26", "2026-12-24")), NOW)


async def test_schedules_and_holidays_are_in_the_record_of_changes(app, admin, applied):
    await definitions.apply(app, admin, bundle(SCHEDULED.replace("at: 02:00", "at: 03:00")), NOW)

    async with app.db.reading() as tx:
        rows = await tx.fetch(
            "SELECT kind, action, before, after FROM audit WHERE kind IN ('schedule', 'holidays') ORDER BY id"
        )
    assert sorted((row["kind"], row["action"]) for row in rows) == [
        ("holidays", "create"), ("schedule", "change"), ("schedule", "create"), ("schedule", "create")
    ]  # fmt: skip
    [changed] = [row for row in rows if row["action"] == "change"]
    assert changed["before"]["triggers"] != changed["after"]["triggers"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(when=triggers(), missed=st.sampled_from(["skip", "once", "all"]), grace=st.integers(0, 86_400))
async def test_whatever_trigger_is_applied_is_left_when_its_export_is(app, admin, when, missed, grace):
    async with app.db.transaction() as tx:
        await tx.execute("TRUNCATE workspace, task_ever, plan_ever, schedule CASCADE")
    wanted = NamedTrigger(name="one", trigger=when, missed=missed, grace_seconds=grace)
    assume(not problems_of([wanted], NOW))
    head = parse("head", SCHEDULED.partition("schedules:")[0])[0].data
    text = dump(head | {"schedules": [{"task": "load", "triggers": [msgspec.to_builtins(wanted)]}]})
    await definitions.apply(app, admin, bundle(text), NOW)
    stored = (await found(app, admin))["task"].triggers[0]
    assert schedules.named(stored) == wanted

    files = await definitions.export(app, admin, "Production", None)

    assert {change.action for change in await definitions.apply(app, admin, Bundle(files=files), NOW)} == {Action.LEFT}

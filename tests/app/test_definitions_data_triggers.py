"""Data triggers in files: kept, told apart, refused with their place, and exported again; and rings of all kinds."""

from datetime import timedelta

import pytest

from ostinato.app import data_triggers, definitions
from ostinato.app.definitions import Action, Bundle
from ostinato.core.access import Actor, of_user
from ostinato.core.errors import Forbidden, Invalid
from ostinato.store import users
from ostinato.store.data_triggers import SeenDataTrigger, Wanted
from tests.app.flights import bundle, rows
from tests.app.test_definitions import only
from tests.people import give

TASK = "type: Package, config: {kind: command, command: 'true'}"
SOURCES = f"""\
workspace: raw
workspaces: [{{key: raw}}]
tasks:
  - {{name: load, {TASK}}}
plans:
  - {{name: orders, steps: [{{name: one, tasks: [load]}}]}}
"""
TRIGGERED = f"""\
workspace: marts
workspaces: [{{key: marts}}]
tasks:
  - {{name: refresh, {TASK}}}
  - {{name: check, {TASK}}}
  - {{name: tell, {TASK}}}
plans:
  - name: report
    steps: [{{name: one, tasks: [check]}}]
data_triggers:
  - plan: report
    sources:
      - plan: orders
        workspace: raw
      - task: refresh
  - task: tell
    when: any
    sources:
      - plan: report
    active: false
"""
EXPORTED = """\
data_triggers:
  - task: tell
    when: any
    sources:
      - plan: report
    active: false
  - plan: report
    sources:
      - plan: orders
        workspace: raw
      - task: refresh
"""


@pytest.fixture
async def applied(app, admin, now):
    return await definitions.apply(app, admin, bundle(SOURCES, TRIGGERED), now)


async def someone(app, now, **roles: str) -> Actor:
    for workspace, role in roles.items():
        await give(app, "someone", workspace, role, now)
    async with app.db.transaction() as tx:
        user = await users.ensure(tx, "someone", now)
    return of_user(user, "someone")


async def found(app, actor) -> dict[str, SeenDataTrigger]:
    listed = await data_triggers.list_data_triggers(app, actor, Wanted(limit=100))
    return {one.seen.name: one.seen for one in listed}


def sources(one: SeenDataTrigger) -> list[tuple[str | None, str | None]]:
    return [(source.workspace, source.name) for source in one.sources]


async def test_data_triggers_are_made_with_sources_of_other_workspaces(app, admin, applied):
    assert only(applied, Action.CREATED)[-2:] == [
        ("data trigger", "plan report", ()),
        ("data trigger", "task tell", ()),
    ]
    made = await found(app, admin)
    assert sources(made["report"]) == [("raw", "orders"), ("marts", "refresh")]
    assert (made["report"].condition, made["report"].active, made["report"].owner) == ("all", True, "admin")
    assert (made["tell"].condition, made["tell"].active) == ("any", False)


async def test_what_is_exported_is_as_people_write_it_and_changes_nothing(app, admin, now, applied):
    before = await found(app, admin)
    files = await definitions.export(app, admin, "Production", None)

    marts = next(file.text for file in files if file.name == "marts.yaml")
    assert marts[marts.index("data_triggers:") :] == EXPORTED
    changes = await definitions.apply(app, admin, Bundle(files=files), now + timedelta(days=1))
    assert {change.action for change in changes} == {Action.LEFT}
    assert await found(app, admin) == before


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("when: any", "", ("data trigger", "task tell", ("when",))),
        ("active: false", "", ("data trigger", "task tell", ("active",))),
        ("      - task: refresh\n", "", ("data trigger", "plan report", ("sources",))),
        ("      - task: refresh\n", "      - task: check\n", ("data trigger", "plan report", ("sources",))),
    ],
)
async def test_a_difference_names_the_field_and_is_applied(app, admin, now, applied, old, new, expected):
    assert TRIGGERED.count(old) == 1
    if "check" in new:  # which the report runs: it would be a ring
        old, new = "plan: report\n    active", "task: refresh\n    active"
        expected = ("data trigger", "task tell", ("sources",))
    changed = bundle(TRIGGERED.replace(old, new))

    before = await rows(app)
    assert only(await definitions.diff(app, admin, changed, now)) == [expected]
    assert await rows(app) == before
    assert only(await definitions.apply(app, admin, changed, now)) == [expected]
    assert {change.action for change in await definitions.apply(app, admin, changed, now)} == {Action.LEFT}


async def test_the_order_of_sources_and_whether_the_own_workspace_is_said_do_not_matter(app, admin, now, applied):
    one, other = "      - plan: orders\n        workspace: raw\n", "      - task: refresh\n"
    assert one + other in TRIGGERED
    turned = TRIGGERED.replace(one + other, other + "        workspace: marts\n" + one)

    assert {change.action for change in await definitions.apply(app, admin, bundle(turned), now)} == {Action.LEFT}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "plan: orders\n        workspace: raw",
            "plan: orders",
            "a.yaml:13: data_triggers[0].sources[0].plan: there is no plan 'orders' in workspace 'marts'",
        ),
        (
            "workspace: raw",
            "workspace: rwa",
            "a.yaml:14: data_triggers[0].sources[0].workspace: there is no workspace 'rwa' in environment 'Production':"
            " did you mean 'raw'?",
        ),
        (
            "- plan: report\n    sources",
            "- plan: repot\n    sources",
            "a.yaml:11: data_triggers[0].plan: there is no plan 'repot' in workspace 'marts': did you mean 'report'?",
        ),
        (
            "task: tell\n    when",
            "plan: report\n    when",
            "a.yaml:16: data_triggers[1].plan: 'plan report' has two data triggers, the first in a.yaml:11"
            " (data_triggers[0].plan): make them one",
        ),
        (
            "task: refresh\n",
            "plan: orders\n        workspace: raw\n",
            "a.yaml:15: data_triggers[0].sources[1]: 'plan orders' is among the sources twice: leave one out",
        ),
        ("task: refresh\n", "{}\n", "a.yaml:15: data_triggers[0].sources[1]: name either a task or a plan"),
        ("when: any", "when: some", "a.yaml:17: data_triggers[1].when: 'some' is not allowed"),
        (
            "      - plan: report\n",
            "",
            "a.yaml:18: data_triggers[1].sources: expected a list of 1 to 100, not nothing",
        ),
        (
            "      - plan: report\n    active: false\n",
            "      - task: tell\n",
            "a.yaml:19: data_triggers[1].sources: 'tell' would start itself for ever: name sources that it does not"
            " start",
        ),
        (
            "task: refresh\n",
            "task: check\n",
            "a.yaml:13: data_triggers[0].sources: it would start itself for ever: 'report' leads to 'check' leads to"
            " 'report'",
        ),
        (
            "tasks: [check]",
            "tasks: [check, refresh]",
            "it would start itself for ever: 'report' leads to 'refresh' leads to 'report'",
        ),
    ],
)
async def test_what_is_wrong_is_refused_with_its_place_and_nothing_is_written(app, admin, now, old, new, expected):
    assert TRIGGERED.count(old) == 1
    await definitions.apply(app, admin, bundle(SOURCES), now)
    before = await rows(app)
    for verb in (definitions.diff, definitions.apply):
        with pytest.raises(Invalid) as refusal:
            await verb(app, admin, bundle(TRIGGERED.replace(old, new)), now)
        assert expected in str(refusal.value)
    assert await found(app, admin) == {}
    assert await rows(app) == before


async def test_steps_that_change_so_that_a_plan_would_start_itself_for_ever_are_refused(app, admin, now, applied):
    text = "workspace: marts\nplans: [{name: report, steps: [{name: one, tasks: [check, refresh]}]}]"
    for verb in (definitions.diff, definitions.apply):
        with pytest.raises(Invalid) as refusal:
            await verb(app, admin, bundle(text), now)
        assert str(refusal.value) == (
            "a.yaml:2: plans[0].steps: it would start itself for ever: 'report' leads to 'refresh' leads to 'report'"
        )


async def test_a_composite_task_that_changes_so_is_refused_too(app, admin, now, applied):
    group = "workspace: marts\ntasks: [{name: all of it, type: ScheduleGroup, config: {tasks: [%s]}}]"
    after = "data_triggers: [{task: all of it, sources: [{task: tell}]}]"
    await definitions.apply(app, admin, bundle(f"{group % 'check'}\n{after}"), now)

    with pytest.raises(Invalid, match="'all of it' leads to 'tell' leads to 'all of it'"):
        await definitions.apply(app, admin, bundle(group % "check, tell"), now)


async def test_a_ring_over_several_data_triggers_of_one_file_is_refused(app, admin, now):
    ring = "".join(f"  - {{task: {one}, sources: [{{task: {other}}}]}}\n" for one, other in ("ab", "bc", "ca"))
    tasks = "".join(f"  - {{name: {name}, {TASK}}}\n" for name in "abc")
    text = f"workspace: w\nworkspaces: [{{key: w}}]\ntasks:\n{tasks}data_triggers:\n{ring}"

    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, bundle(text), now)

    assert [problem.line for problem in refusal.value.problems] == [8, 9, 10]


async def test_a_source_that_may_not_be_seen_is_not_there_and_a_trigger_with_one_is_not_exported(
    app, admin, now, applied
):
    author = await someone(app, now, marts="Contributor")

    (file,) = await definitions.export(app, author, "Production", "marts")
    assert "plan: report\n" in file.text
    assert "orders" not in file.text
    with pytest.raises(Invalid, match="there is no workspace 'raw'"):
        await definitions.apply(app, author, bundle(TRIGGERED), now)
    text = "workspace: marts\ndata_triggers: [{plan: report, sources: [{task: refresh}]}]"
    assert only(await definitions.apply(app, author, bundle(text), now)) == [
        ("data trigger", "plan report", ("sources",))
    ]
    assert sources((await found(app, admin))["report"]) == [("marts", "refresh")]
    assert {change.action for change in await definitions.apply(app, author, bundle(text), now)} == {Action.LEFT}


@pytest.mark.parametrize("verb", [definitions.apply, definitions.diff])
async def test_whoever_may_only_look_changes_none(app, admin, now, applied, verb):
    viewer = await someone(app, now, marts="Viewer", raw="Viewer")

    assert {change.action for change in await verb(app, viewer, bundle(TRIGGERED), now)} == {Action.LEFT}
    with pytest.raises(Forbidden, match="data trigger 'task tell' would be changed, which needs the permission EX"):
        await verb(app, viewer, bundle(TRIGGERED.replace("when: any", "")), now)


async def test_a_source_that_was_deleted_and_made_again_is_taken_up_by_applying_the_same_file(app, admin, now, applied):
    async with app.db.transaction() as tx:
        await tx.execute("UPDATE task_ever SET deleted_at = now() WHERE name = 'refresh'")

    assert only(await definitions.apply(app, admin, bundle(TRIGGERED), now)) == [
        ("data trigger", "plan report", ("sources",))
    ]

    assert [source.deleted for source in (await found(app, admin))["report"].sources] == [False, False]

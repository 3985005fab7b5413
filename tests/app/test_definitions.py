"""Applying files: what is made, what is changed, what is left, and what is refused as a whole."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from ostinato.app import attempts, definitions, runs, sessions
from ostinato.app.definitions import Action, Change
from ostinato.core.errors import Invalid
from ostinato.core.ids import PlanId, TaskId
from tests.app.flights import FLIGHTS, VARIABLES, bundle, rows


def only(changes, action=Action.CHANGED):
    return [(change.kind.value, change.name, change.fields) for change in changes if change.action is action]


async def test_everything_a_file_defines_is_made(app, admin, now):
    changes = await definitions.apply(app, admin, bundle(FLIGHTS), now)

    assert {change.action for change in changes} == {Action.CREATED}
    assert [(change.kind, change.name) for change in changes] == [
        ("workspace", "flights"),
        ("connection", "warehouse"),
        ("connection", "exports"),
        ("task", "load"),
        ("task", "check"),
        ("task", "whole day"),
        ("plan", "day"),
        ("plan", "week"),
    ]
    assert msgspec.structs.replace(changes[1], after=None) == Change(
        action=Action.CREATED, kind="connection", name="warehouse", workspace="flights", environment="Production"
    )
    assert "canary" not in repr(changes)


async def test_applying_the_same_files_twice_changes_nothing(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)
    before = await rows(app)

    changes = await definitions.apply(app, admin, bundle(FLIGHTS), now + timedelta(days=1))

    assert {change.action for change in changes} == {Action.LEFT}
    assert await rows(app) == before


async def test_a_difference_is_told_and_nothing_is_written(app, admin, now):
    before = await rows(app)

    changes = await definitions.diff(app, admin, bundle(FLIGHTS), now)

    assert only(changes, Action.CREATED)
    assert await rows(app) == before
    assert changes == await definitions.apply(app, admin, bundle(FLIGHTS), now)


async def test_nothing_is_written_when_anything_is_wrong(app, admin, now):
    before = await rows(app)

    with pytest.raises(Invalid):
        await definitions.apply(app, admin, bundle(FLIGHTS, "workspace: flights\ntasks:\n  - name: a\n"), now)

    assert await rows(app) == before


async def test_tasks_are_stored_as_the_scheduler_reads_them(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    tasks = {task["name"]: task for task in (await rows(app))["task"]}
    plans = {plan["name"]: plan for plan in (await rows(app))["plan"]}
    graphs = {graph["id"]: graph["body"] for graph in (await rows(app))["graph"]}
    assert tasks["check"]["uses"] == ["warehouse"]
    assert tasks["check"]["graph_id"] is None
    assert (tasks["load"]["timeout_s"], tasks["load"]["retries"]) == (600, {"attempts": 3, "on": ["error"]})
    assert graphs[tasks["whole day"]["graph_id"]]["steps"] == [{"name": "day", "runs": [{"plan": plans["day"]["id"]}]}]
    assert graphs[plans["day"]["graph_id"]]["steps"][1] == {
        "name": "check",
        "runs": [{"task": tasks["check"]["id"]}],
        "after": [0],
        "condition": "always_proceed",
        "on_failure": [{"task": tasks["load"]["id"]}],
        "note": "every morning",
    }
    assert [row["task_id"] for row in (await rows(app))["plan_member"] if row["plan_id"] == plans["day"]["id"]] == [
        tasks["load"]["id"],
        tasks["check"]["id"],
    ]


async def test_secrets_are_encrypted_for_their_place_and_nowhere_else(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    stored = await rows(app)
    warehouse = next(row for row in stored["connection"] if row["name"] == "warehouse")
    assert warehouse["config"] == {"host": "db.example.org", "port": 5433, "database": "flights", "user": "loader"}
    assert list(warehouse["secrets"]) == ["password"]
    place = (warehouse["workspace_id"], "warehouse", "password")
    assert app.keyring.decrypt(warehouse["secrets"]["password"], *place) == VARIABLES["PASSWORD"]
    assert VARIABLES["PASSWORD"] not in str(stored)


async def test_a_new_password_is_a_change_of_the_config(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    new = bundle(FLIGHTS, variables=VARIABLES | {"PASSWORD": "another"})
    changes = await definitions.apply(app, admin, new, now + timedelta(days=1))

    assert only(changes) == [("connection", "warehouse", ("config",))]
    warehouse = next(row for row in (await rows(app))["connection"] if row["name"] == "warehouse")
    assert app.keyring.decrypt(
        warehouse["secrets"]["password"], warehouse["workspace_id"], "warehouse", "password"
    ) == ("another")


async def test_only_what_changed_gets_a_new_time(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    later = now + timedelta(days=1)
    changes = await definitions.apply(app, admin, bundle(FLIGHTS.replace("timeout: 600", "timeout: 601")), later)

    assert only(changes) == [("task", "load", ("timeout",))]
    times = {task["name"]: task["changed_at"] for task in (await rows(app))["task"]}
    assert times == {"load": later, "check": now, "whole day": now}


async def test_changed_steps_make_a_new_version_and_leave_the_old_one(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)
    before = (await rows(app))["plan_version"]

    changes = await definitions.apply(app, admin, bundle(FLIGHTS.replace("note: every morning", "note: daily")), now)

    after = (await rows(app))["plan_version"]
    assert only(changes) == [("plan", "day", ("steps",))]
    assert [row for row in after if row in before] == before
    assert [row["version"] for row in after if row not in before] == [2]
    assert {row["created_by"] for row in after} == {admin.user}


async def test_a_plan_that_changes_otherwise_keeps_its_version(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    disabled = FLIGHTS.replace("  - name: week\n", "  - name: week\n    disabled: yes\n")
    changes = await definitions.apply(app, admin, bundle(disabled), now)

    assert only(changes) == [("plan", "week", ("disabled",))]
    assert [row["version"] for row in (await rows(app))["plan"]] == [1, 1]


async def test_what_a_file_leaves_out_has_its_default_again(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    without = FLIGHTS.replace("    timeout: 600\n    retries:\n      attempts: 3\n      on: [error]\n", "")
    changes = await definitions.apply(app, admin, bundle(without), now)

    assert only(changes) == [("task", "load", ("timeout", "retries"))]


async def test_what_no_file_mentions_is_left_alone(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)
    before = await rows(app)

    more = "workspace: flights\nplans:\n  - name: new\n    steps:\n      - {name: one, tasks: [load], plans: [week]}\n"
    changes = await definitions.apply(app, admin, bundle(more), now)

    assert only(changes, Action.CREATED) == [("plan", "new", ())]
    assert [row for row in (await rows(app))["plan"] if row["name"] != "new"] == before["plan"]


async def test_the_same_task_has_the_same_number_in_every_environment(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS, environment="Test"), now)
    extra = FLIGHTS + "  - name: first\n    steps:\n      - {name: one, tasks: [load]}\n"
    await definitions.apply(app, admin, bundle(extra), now)

    stored = await rows(app)
    numbers = {}
    for row in (*stored["task"], *stored["plan"]):
        numbers.setdefault((row.get("type"), row["name"]), set()).add(row["number"])
    assert all(len(found) == 1 for found in numbers.values())
    assert numbers[None, "first"] == {3}


async def test_each_type_of_task_counts_for_itself(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    assert {(row["type"], row["number"]) for row in (await rows(app))["task"]} == {
        ("Package", 1),
        ("Query", 1),
        ("OrchestrationMap", 1),
    }


async def test_a_request_puts_all_files_into_another_environment(app, admin, now):
    changes = await definitions.apply(
        app, admin, bundle("environment: Test\n" + FLIGHTS, environment="Development"), now
    )

    assert {change.environment for change in changes} == {"Development"}


async def test_documents_of_a_file_go_on_with_its_environment_and_workspace(app, admin, now):
    text = "environment: Test\n" + FLIGHTS.replace("plans:\n  - name: day", "---\nplans:\n  - name: day")

    changes = await definitions.apply(app, admin, bundle(text), now)

    assert {change.environment for change in changes} == {"Test"}


async def test_files_may_refer_to_one_another_in_any_order(app, admin, now):
    start = FLIGHTS.index("plans:\n")

    changes = await definitions.apply(
        app, admin, bundle("workspace: flights\n" + FLIGHTS[start:], FLIGHTS[:start]), now
    )

    assert {change.action for change in changes} == {Action.CREATED}


async def test_environments_are_made_and_a_stage_that_is_left_out_is_kept(app, admin, now):
    changes = await definitions.apply(app, admin, bundle("environments: [{name: Staging}, {name: Test}]"), now)

    assert only(changes, Action.CREATED) == [("environment", "Staging", ())]
    assert only(changes, Action.LEFT) == [("environment", "Test", ())]
    assert {row["name"]: row["stage"] for row in (await rows(app))["environment"]}["Test"] == "test"


async def test_two_environments_can_swap_their_stages(app, admin, now):
    swapped = "environments: [{name: Test, stage: development}, {name: Development, stage: test}]"

    changes = await definitions.apply(app, admin, bundle(swapped), now)

    assert only(changes) == [("environment", "Test", ("stage",)), ("environment", "Development", ("stage",))]
    assert {row["name"]: row["stage"] for row in (await rows(app))["environment"]} == {
        "Production": "production",
        "Test": "development",
        "Development": "test",
    }


async def test_a_new_environment_can_be_used_in_the_same_file(app, admin, now):
    changes = await definitions.apply(
        app, admin, bundle("environment: Staging\nenvironments: [{name: Staging}]\n" + FLIGHTS), now
    )

    assert {change.action for change in changes} == {Action.CREATED}


async def test_a_workspace_is_renamed(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)

    changes = await definitions.apply(app, admin, bundle("workspaces: [{key: flights, description: ours}]"), now)

    assert only(changes) == [("workspace", "flights", ("name", "description"))]
    assert [(row["name"], row["description"]) for row in (await rows(app))["workspace"]] == [("flights", "ours")]


async def test_many_definitions_are_applied_in_a_moment(app, admin, now):
    tasks = "".join(
        f"  - {{name: t{n}, type: Package, config: {{kind: command, command: ls}}}}\n" for n in range(2_000)
    )
    steps = "".join(f"      - {{name: s{n}, tasks: [t{n}]}}\n" for n in range(2_000))
    text = f"workspace: w\nworkspaces: [{{key: w}}]\ntasks:\n{tasks}plans:\n  - name: p\n    steps:\n{steps}"

    changes = await definitions.apply(app, admin, bundle(text), now)

    assert len(changes) == 2_002
    assert {change.action for change in await definitions.apply(app, admin, bundle(text), now)} == {Action.LEFT}


async def test_an_applied_plan_can_be_started(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)
    week = await runs.find_runnable(app, admin, "week", "Production", "flights")

    tree = await runs.get_tree(app, admin, await runs.start_plan(app, admin, PlanId(week.id), now))

    assert sorted((run.kind, run.name, run.state) for run in tree.below) == [
        ("plan", "day", "QUEUED"),
        ("plan", "day", "RUNNING"),
        ("task", "load", "QUEUED"),
        ("task", "whole day", "RUNNING"),
    ]


async def test_the_secrets_of_an_applied_connection_reach_the_worker(app, admin, now):
    await definitions.apply(app, admin, bundle(FLIGHTS), now)
    await sessions.begin(app, now, alone=True)
    check = await runs.find_runnable(app, admin, "check", "Production", "flights")
    run = await runs.start_task(app, admin, TaskId(check.id), now)

    await attempts.take_turn(app, [], 1, now)

    opened = app.held[run].order.connections["warehouse"]
    assert (opened.config["password"], opened.config["port"]) == (VARIABLES["PASSWORD"], 5433)


async def test_two_requests_at_once_do_not_make_things_twice(app, admin, now):
    first, second = await asyncio.gather(
        definitions.apply(app, admin, bundle(FLIGHTS), now), definitions.apply(app, admin, bundle(FLIGHTS), now)
    )

    assert {frozenset(c.action for c in changes) for changes in (first, second)} == {
        frozenset({Action.CREATED}),
        frozenset({Action.LEFT}),
    }


async def test_empty_files_define_nothing(app, admin, now):
    assert await definitions.apply(app, admin, bundle("", "# nothing\n", "---\n---\n", "tasks:\n"), now) == []

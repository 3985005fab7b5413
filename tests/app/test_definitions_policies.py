"""Pools, parameters, priorities, limits, retries and retention in files: kept, told apart, and exported again."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostinato.app import definitions
from ostinato.app.definitions import Action, Bundle, File
from ostinato.app.yaml_files import dump
from ostinato.core.access import Actor, of_user
from ostinato.core.errors import Forbidden, Invalid
from ostinato.store import users
from tests.app.flights import FLIGHTS, bundle, rows
from tests.app.test_definitions import only
from tests.people import give

POLICIES = """\
environment: Test
environments:
  - name: Test
    stage: test
    parameters:
      schema: staging
      sample: 0.5
      threads: 4
      verbose: true
    keep:
      runs: 90
      logs: 30
pools:
  - name: warehouse
    slots: 4
    description: what the warehouse bears
workspace: sales
workspaces: [{key: sales}]
tasks:
  - name: load
    type: Package
    config:
      kind: command
      command: [load, '${parameter:day}']
    parameters:
      day: {required: true, description: which day}
      sample: {type: number, default: 0.25}
      full: {type: boolean, default: false}
    run_timeout: 3600
    overlap: queue
    priority: 10
    pool: warehouse
plans:
  - name: nightly
    parameters:
      day: {default: yesterday}
    run_timeout: 7200
    retries: {attempts: 2}
    overlap: queue
    priority: -5
    limit: 8
    steps:
      - name: load
        tasks: [load]
        limit: 2
"""

EXPORTED_ENVIRONMENT = """\
environment: Test
environments:
  - name: Test
    stage: test
    parameters:
      sample: 0.5
      schema: staging
      threads: 4
      verbose: true
    keep:
      runs: 90
      logs: 30
pools:
  - name: warehouse
    slots: 4
    description: what the warehouse bears
"""

EXPORTED_SALES = """\
environment: Test
workspace: sales
workspaces:
  - key: sales
tasks:
  - name: load
    type: Package
    config:
      kind: command
      command:
        - load
        - ${parameter:day}
    parameters:
      day:
        required: true
        description: which day
      full:
        type: boolean
        default: false
      sample:
        type: number
        default: 0.25
    run_timeout: 3600
    overlap: queue
    priority: 10
    pool: warehouse
plans:
  - name: nightly
    parameters:
      day:
        default: yesterday
    run_timeout: 7200
    retries:
      attempts: 2
    overlap: queue
    priority: -5
    limit: 8
    steps:
      - name: load
        tasks:
          - load
        limit: 2
"""

NAMES = st.from_regex("[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
NUMBERS = st.integers(-(10**18) + 1, 10**18 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = TEXTS | NUMBERS | st.booleans() | st.sampled_from(["yes", "1e5", "08", "null", "${A}", "${parameter:x}"])


@pytest.fixture
async def applied(app, admin, now):
    return await definitions.apply(app, admin, bundle(POLICIES), now)


async def someone(app, now, role: str | None) -> Actor:
    if role:
        await give(app, "someone", "sales", role, now)
    async with app.db.transaction() as tx:
        user = await users.ensure(tx, "someone", now)
    return of_user(user, "someone")


async def test_policies_are_stored_as_the_engine_reads_them(app, applied):
    stored = await rows(app)
    environment = next(row for row in stored["environment"] if row["name"] == "Test")
    (pool,), (task,), (plan,), (graph,) = (stored[table] for table in ("pool", "task", "plan", "graph"))

    assert environment["parameters"] == {"schema": "staging", "sample": 0.5, "threads": 4, "verbose": True}
    keep = ("keep_runs_days", "keep_logs_days", "keep_findings_days")
    assert [environment[column] for column in keep] == [90, 30, None]
    assert (pool["environment_id"], pool["name"], pool["slots"]) == (environment["id"], "warehouse", 4)
    assert task["parameters"] == {
        "day": {"required": True, "description": "which day"},
        "sample": {"type": "number", "default": 0.25},
        "full": {"type": "boolean", "default": False},
    }
    columns = ("run_timeout_s", "overlap", "priority", "pool_id")
    assert [task[column] for column in columns] == [3600, "queue", 10, pool["id"]]
    columns = ("parameters", "run_timeout_s", "retries", "overlap", "priority")
    assert [plan[column] for column in columns] == [
        {"day": {"default": "yesterday"}}, 7200, {"attempts": 2}, "queue", -5
    ]  # fmt: skip
    assert graph["body"] == {"steps": [{"name": "load", "runs": [{"task": task["id"]}], "limit": 2}], "limit": 8}


async def test_policies_are_exported_as_people_write_them_and_applying_that_changes_nothing(app, admin, now, applied):
    before = await rows(app)
    files = await definitions.export(app, admin, "Test", None)

    changes = await definitions.apply(app, admin, Bundle(files=files), now + timedelta(days=1))

    assert [file.text for file in files] == [EXPORTED_ENVIRONMENT, EXPORTED_SALES]
    assert {change.action for change in changes} == {Action.LEFT}
    assert await rows(app) == before


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("schema: staging", "schema: other", ("environment", "Test", ("parameters",))),
        ("threads: 4", "threads: '4'", ("environment", "Test", ("parameters",))),
        ("verbose: true", "verbose: 1", ("environment", "Test", ("parameters",))),
        ("runs: 90", "runs: 91", ("environment", "Test", ("keep",))),
        ("slots: 4", "slots: 0", ("pool", "warehouse", ("slots",))),
        ("description: what the warehouse bears", "", ("pool", "warehouse", ("description",))),
        ("default: false", "default: true", ("task", "load", ("parameters",))),
        ("run_timeout: 3600", "run_timeout: 3601", ("task", "load", ("run_timeout",))),
        ("priority: 10", "", ("task", "load", ("priority",))),
        ("pool: warehouse", "", ("task", "load", ("pool",))),
        ("default: yesterday", "required: yes", ("plan", "nightly", ("parameters",))),
        ("run_timeout: 7200", "", ("plan", "nightly", ("run_timeout",))),
        ("retries: {attempts: 2}", "retries: {attempts: 3}", ("plan", "nightly", ("retries",))),
        ("priority: -5", "priority: 0", ("plan", "nightly", ("priority",))),
        ("limit: 8", "limit: 9", ("plan", "nightly", ("limit",))),
        ("limit: 2", "", ("plan", "nightly", ("steps",))),
    ],
)
async def test_a_difference_names_the_field_and_is_applied(app, admin, now, applied, old, new, expected):
    assert POLICIES.count(old) == 1
    changed = bundle(POLICIES.replace(old, new))

    assert only(await definitions.diff(app, admin, changed, now)) == [expected]
    assert only(await definitions.apply(app, admin, changed, now)) == [expected]
    assert {change.action for change in await definitions.apply(app, admin, changed, now)} == {Action.LEFT}


@pytest.mark.parametrize(
    ("old", "new", "version"), [("limit: 8", "", 2), ("limit: 2", "limit: 3", 2), ("priority: -5", "", 1)]
)
async def test_a_limit_belongs_to_the_version_of_a_plan_and_a_priority_does_not(
    app, admin, now, applied, old, new, version
):
    await definitions.apply(app, admin, bundle(POLICIES.replace(old, new)), now)

    assert [row["version"] for row in (await rows(app))["plan"]] == [version]


async def test_what_an_environment_leaves_out_has_its_default_again_but_for_the_stage(app, admin, now, applied):
    changes = await definitions.apply(app, admin, bundle("environments: [{name: Test}]"), now)

    assert only(changes) == [("environment", "Test", ("parameters", "keep"))]
    environment = next(row for row in (await rows(app))["environment"] if row["name"] == "Test")
    assert (environment["stage"], environment["parameters"], environment["keep_runs_days"]) == ("test", {}, None)


async def test_a_pool_that_is_stored_may_be_named_in_every_workspace_of_its_environment(app, admin, now, applied):
    task = "tasks: [{name: a, type: Package, config: {kind: command, command: ls}, pool: warehouse}]\n"
    other = f"workspace: other\nworkspaces: [{{key: other}}]\n{task}"

    changes = await definitions.apply(app, admin, bundle(f"environment: Test\n{other}"), now)
    with pytest.raises(Invalid, match="there is no pool 'warehouse' in environment 'Production'; an administrator"):
        await definitions.apply(app, admin, bundle(other), now)
    with pytest.raises(Invalid, match="there is no pool 'warehhouse' in environment 'Test': did you mean 'warehouse'"):
        await definitions.apply(
            app, admin, bundle(f"environment: Test\n{other.replace('pool: ware', 'pool: wareh')}"), now
        )

    assert {change.action for change in changes} == {Action.CREATED}
    assert len({row["pool_id"] for row in (await rows(app))["task"]}) == 1


async def test_the_same_pool_is_another_one_in_another_environment(app, admin, now, applied):
    await definitions.apply(app, admin, bundle(POLICIES, environment="Development"), now)

    stored = await rows(app)
    assert {row["environment_id"]: row["id"] for row in stored["pool"]} == {
        row["environment_id"]: row["pool_id"] for row in stored["task"]
    }
    assert len(stored["pool"]) == 2


@pytest.mark.parametrize("text", ["pools: [{name: new, slots: 1}]", "pools: [{name: warehouse, slots: 5}]"])
async def test_only_an_administrator_makes_and_changes_pools(app, applied, now, text):
    author = await someone(app, now, "Administrator")
    same = "environment: Test\npools: [{name: warehouse, slots: 4, description: what the warehouse bears}]"

    with pytest.raises(Forbidden, match="which needs the permission ENVIRONMENTS"):
        await definitions.apply(app, author, bundle(f"environment: Test\n{text}"), now)
    assert only(await definitions.apply(app, author, bundle(same), now), Action.LEFT) == [("pool", "warehouse", ())]


async def test_whoever_sees_no_workspace_of_an_environment_sees_neither_its_pools_nor_its_parameters(app, applied, now):
    stranger = await someone(app, now, None)

    (file,) = await definitions.export(app, stranger, "Test", None)

    assert "staging" not in file.text
    assert "warehouse" not in file.text


async def test_a_task_cannot_take_another_type_of_parameter_than_a_stored_plan_around_it(app, admin, now, applied):
    start, end = POLICIES.index("tasks:"), POLICIES.index("plans:")
    task = "environment: Test\nworkspace: sales\n" + POLICIES[start:end].replace(
        "day: {req", "day: {type: integer, req"
    )

    with pytest.raises(Invalid) as refusal:
        await definitions.apply(app, admin, bundle(task), now)

    assert str(refusal.value) == (
        "a.yaml:10: tasks[0].parameters.day.type:"
        " it is integer here and string in the plan 'nightly', which runs the task"
    )


async def test_references_to_parameters_are_no_variables(app, admin, now):
    text = FLIGHTS.replace("[load, --all]", "[load, '${parameter:PASSWORD}']\n    parameters: {PASSWORD: {}}", 1)

    await definitions.apply(app, admin, bundle(text), now)

    task = next(row for row in (await rows(app))["task"] if row["name"] == "load")
    assert task["config"]["command"] == ["load", "${parameter:PASSWORD}"]
    (file,) = await definitions.export(app, admin, "Production", "flights")
    assert "- ${parameter:PASSWORD}\n" in file.text


def declared(value):
    kinds = {str: "string", int: "integer", float: "number", bool: "boolean"}
    return {"type": kinds[type(value)], "default": value}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.dictionaries(NAMES, VALUES, max_size=5), seconds=st.floats(0.001, 1e7), text=TEXTS)
async def test_whatever_values_are_applied_are_left_when_their_export_is(app, admin, now, values, seconds, text):
    async with app.db.transaction() as tx:
        await tx.execute(
            "TRUNCATE workspace, task_ever, plan_ever, plan_version, plan_member, plan_part, plan_order, graph, pool"
            " CASCADE"
        )
    parameters = {name: declared(value) | {"description": text} for name, value in values.items()}
    steps = [{"name": "one", "tasks": ["t"]}]
    data = {
        "environments": [{"name": "Production", "parameters": values}],
        "pools": [{"name": "p", "slots": 1, "description": text}],
        "workspace": "w",
        "workspaces": [{"key": "w"}],
        "tasks": [{"name": "t", "type": "OrchestrationMap", "config": {"plan": "q"}, "parameters": parameters}],
        "plans": [
            {"name": "p", "parameters": parameters, "run_timeout": seconds, "steps": steps},
            {"name": "q", "retries": {"delay": seconds / 1e4}, "steps": [{"name": "one", "plans": ["r"]}]},
            {"name": "r", "steps": [{"name": "one", "tasks": ["u"]}]},
        ],
    }
    data["tasks"].append({"name": "u", "type": "Package", "config": {"kind": "command", "command": "ls"}, "pool": "p"})
    await definitions.apply(app, admin, Bundle(files=[File(name="w.yaml", text=dump(data))]), now)

    exported = await definitions.export(app, admin, "Production", None)
    changes = await definitions.apply(app, admin, Bundle(files=exported), now)

    assert [change for change in changes if change.action is not Action.LEFT] == []

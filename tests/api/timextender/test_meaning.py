"""What the answers mean: statuses, counts, order, pages, environments, rights."""

import pytest

from ostinato.api.timextender.translate import duration
from ostinato.core.ids import TaskId
from tests.api.conftest import Call
from tests.api.factories import World, at

BASE = "/api/v0/orchestration"
Past = tuple[str, str | None, str | None]

OK: Past = ("SUCCEEDED", "2026-03-10T10:00:00", "2026-03-10T10:01:00")
BAD: Past = ("FAILED", "2026-03-11T10:00:00", "2026-03-11T10:00:05")
STOPPED: Past = ("CANCELLED", "2026-03-12T10:00:00", "2026-03-12T10:00:05")
NEVER_BEGAN: Past = ("CANCELLED", None, "2026-03-12T10:00:05")
BUSY: Past = ("RUNNING", "2026-03-13T10:00:00", None)
CLAIMED: Past = ("CLAIMED", None, None)
QUEUED: Past = ("QUEUED", None, None)
AGAIN: Past = ("QUEUED", "2026-03-14T10:00:00", None)


@pytest.fixture
async def key(world: World) -> str:
    return await world.key("ada", finance="Contributor")


@pytest.mark.parametrize(
    ("past", "disabled", "changed", "status", "start", "end", "duration"),
    [
        ([], False, None, "Outdated", None, None, ""),
        ([OK], False, None, "Finished", "2026-03-10T10:00:00", "2026-03-10T10:01:00", "01m 00s"),
        ([OK], False, "2026-03-10T11:00:00", "Outdated", "2026-03-10T10:00:00", "2026-03-10T10:01:00", "01m 00s"),
        ([OK], False, "2026-03-10T10:00:30", "Outdated", "2026-03-10T10:00:00", "2026-03-10T10:01:00", "01m 00s"),
        ([OK, BAD], False, None, "Failed", "2026-03-11T10:00:00", "2026-03-11T10:00:05", "05s"),
        ([BAD, OK], False, None, "Finished", "2026-03-10T10:00:00", "2026-03-10T10:01:00", "01m 00s"),
        ([OK, STOPPED], False, None, "Failed", "2026-03-12T10:00:00", "2026-03-12T10:00:05", "05s"),
        ([OK, NEVER_BEGAN], False, None, "Failed", None, "2026-03-12T10:00:05", ""),
        ([BAD, BUSY], False, None, "Running", "2026-03-13T10:00:00", None, "05s"),
        ([OK, CLAIMED], False, None, "Running", "2026-03-01T12:00:00", None, "01m 00s"),
        ([OK, QUEUED], False, None, "Queued", "2026-03-10T10:00:00", "2026-03-10T10:01:00", "01m 00s"),
        ([QUEUED], False, None, "Queued", None, None, ""),
        ([OK, AGAIN], False, None, "Queued", "2026-03-14T10:00:00", None, "01m 00s"),
        ([BUSY, OK, QUEUED], False, None, "Running", "2026-03-13T10:00:00", None, "01m 00s"),
        ([OK], True, None, "Disabled", "2026-03-10T10:00:00", "2026-03-10T10:01:00", "01m 00s"),
        ([BUSY], True, None, "Disabled", "2026-03-13T10:00:00", None, ""),
    ],
)
async def test_a_status_follows_from_the_runs_of_a_task_and_counts_in_its_map(
    call: Call,
    world: World,
    key: str,
    past: list[Past],
    disabled: bool,
    changed: str | None,
    status: str,
    start: str | None,
    end: str | None,
    duration: str,
) -> None:
    finance = await world.workspace("finance")
    more = {"changed_at": at(changed)} if changed else {}
    task = await world.task(finance, "Package", 1, "Load", disabled=disabled, **more)  # type: ignore[arg-type]
    await world.plan(finance, 1, "Daily", [task])
    for state, began, ended in past:
        await world.run(task, state, began, ended)
    [latest] = (await call("GET", f"{BASE}/finance/executions", key)).json()
    [listed] = (await call("GET", f"{BASE}/finance/tasks", key)).json()
    [member] = (await call("GET", f"{BASE}/finance/process-maps/1/tasks", key)).json()
    assert member == listed == (await call("GET", f"{BASE}/finance/tasks/Package/1", key)).json()
    assert [latest[name] for name in ("status", "lastStartTime", "lastEndTime", "duration")] == [
        status,
        start,
        end,
        duration,
    ]
    assert [listed[name] for name in ("status", "lastExecutionStartTime", "lastExecutionEndTime")] == [
        status,
        start,
        end,
    ]
    [plan] = (await call("GET", f"{BASE}/finance/process-maps", key)).json()
    counts = {"Finished": "successful", "Failed": "failed", "Running": "running", "Queued": "queued"}
    for shown, name in {**counts, "Disabled": "disabled"}.items():
        assert plan[f"{name}Tasks"] == (1 if status == shown else 0)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "00s"),
        (3, "03s"),
        (59, "59s"),
        (60, "01m 00s"),
        (87, "01m 27s"),
        (3_599, "59m 59s"),
        (3_600, "1h 00m 00s"),
        (3_735, "1h 02m 15s"),
        (90_000, "25h 00m 00s"),
    ],
)
def test_durations_leave_out_leading_zero_units(seconds: int | None, text: str) -> None:
    assert duration(seconds) == text


async def test_durations_agree_with_the_times_as_they_are_shown(call: Call, world: World, key: str) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "Load")
    await world.run(task, "SUCCEEDED", "2026-03-10T10:00:00.900", "2026-03-10T10:00:02.100")
    [entry] = (await call("GET", f"{BASE}/finance/tasks/Package/1/executions", key)).json()
    assert (entry["startTime"], entry["endTime"]) == ("2026-03-10T10:00:00", "2026-03-10T10:00:02")
    assert entry["durationSeconds"] == 2


async def test_the_history_has_only_what_began_and_calls_cancelled_runs_failed(
    call: Call, world: World, key: str
) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "Load")
    for state, began, ended in (OK, BAD, STOPPED, NEVER_BEGAN, QUEUED, AGAIN):
        await world.run(task, state, began, ended)
    history = (await call("GET", f"{BASE}/finance/tasks/Package/1/executions", key)).json()
    assert [(entry["startTime"][5:10], entry["status"]) for entry in history] == [
        ("03-14", "Running"),
        ("03-12", "Failed"),
        ("03-11", "Failed"),
        ("03-10", "Finished"),
    ]


async def test_a_task_of_several_maps_is_listed_once_with_the_lowest_one_but_under_each_with_that_one(
    call: Call, world: World, key: str
) -> None:
    finance = await world.workspace("finance")
    shared = await world.task(finance, "Package", 9, "Shared")
    await world.plan(finance, 7, "Later", [shared])
    await world.plan(finance, 5, "Earlier", [shared])
    [listed] = (await call("GET", f"{BASE}/finance/tasks", key)).json()
    assert (listed["processMapId"], listed["processMapName"]) == (5, "Earlier")
    [member] = (await call("GET", f"{BASE}/finance/process-maps/7/tasks", key)).json()
    assert (member["processMapId"], member["processMapName"]) == (7, "Later")


async def test_tasks_come_map_by_map_in_the_order_of_the_steps_and_the_rest_by_type_and_number(
    call: Call, world: World, key: str
) -> None:
    finance = await world.workspace("finance")
    tasks: dict[int, TaskId] = {}
    for kind, number in (("Rule", 1), ("Package", 2), ("Package", 3), ("Query", 4), ("Package", 5), ("Link", 6)):
        tasks[number] = await world.task(finance, kind, number, f"Task {number}")
    await world.plan(finance, 2, "Second", [tasks[4]])
    await world.plan(finance, 1, "First", [tasks[5], tasks[1]])
    everything = (await call("GET", f"{BASE}/finance/tasks", key)).json()
    assert [task["taskId"] for task in everything] == [5, 1, 4, 6, 2, 3]
    assert [task["processMapId"] for task in everything] == [1, 1, 2, None, None, None]
    pages = [(await call("GET", f"{BASE}/finance/tasks?limit=2&offset={n}", key)).json() for n in (0, 2, 4, 6)]
    assert [len(page) for page in pages] == [2, 2, 2, 0]
    assert [task for page in pages for task in page] == everything


async def test_lists_that_document_no_pages_are_complete_and_take_them_all_the_same(
    call: Call, world: World, key: str
) -> None:
    finance = await world.workspace("finance")
    tasks = [await world.task(finance, "Package", number, f"Load {number}") for number in range(1, 121)]
    await world.plan(finance, 1, "Big", tasks)
    path = f"{BASE}/finance/process-maps/1/tasks"
    assert len((await call("GET", path, key)).json()) == 120
    assert [task["taskId"] for task in (await call("GET", f"{path}?limit=2&offset=3", key)).json()] == [4, 5]
    assert len((await call("GET", f"{BASE}/finance/tasks", key)).json()) == 100
    assert (await call("GET", f"{BASE}/workspaces?offset=1", key)).json() == []


async def test_task_types_the_vendor_does_not_know_are_left_out(call: Call, world: World, key: str) -> None:
    finance = await world.workspace("finance")
    known = await world.task(finance, "Package", 1, "Known")
    ours = await world.task(finance, "PythonModel", 2, "Ours")
    await world.run(ours, *BAD)
    await world.plan(finance, 1, "Mixed", [known, ours])
    assert [task["taskId"] for task in (await call("GET", f"{BASE}/finance/tasks", key)).json()] == [1]
    assert len((await call("GET", f"{BASE}/finance/process-maps/1/tasks", key)).json()) == 1
    assert (await call("GET", f"{BASE}/finance/process-maps", key)).json()[0]["failedTasks"] == 0


@pytest.mark.parametrize(
    ("uat", "name"),
    [
        ("", "Live"),
        ("?uat=Production", "Live"),
        ("?uat=PROD", "Live"),
        ("?uat=prod", "Live"),
        ("?uat=Development", "Draft"),
        ("?uat=DEV", "Draft"),
        ("?uat=Test", "Trial"),
        ("?uat=TEST", "Trial"),
        ("?uat=tEsT", "Trial"),
    ],
)
async def test_uat_chooses_the_environment(call: Call, world: World, key: str, uat: str, name: str) -> None:
    for environment, task in (("Production", "Live"), ("Development", "Draft"), ("Test", "Trial")):
        await world.task(await world.workspace("finance", environment=environment), "Package", 1, task)
    assert (await call("GET", f"{BASE}/finance/tasks/Package/1{uat}", key)).json()["taskName"] == name
    assert [t["taskName"] for t in (await call("GET", f"{BASE}/all/tasks{uat}", key)).json()] == [name]


async def test_a_trigger_takes_its_environment_from_the_body_or_the_query_but_not_two(
    call: Call, world: World, key: str
) -> None:
    for environment in ("Production", "Development", "Test"):
        workspace = await world.workspace("finance", environment=environment)
        await world.task(workspace, "Package", 1, f"In {environment}")
    path = f"{BASE}/finance/tasks/Package/1/trigger"
    assert (await call("POST", path, key, json={"uat": "DEV", "more": 1})).status_code == 202
    assert (await call("POST", f"{path}?uat=Test", key)).status_code == 202
    assert (await call("POST", f"{path}?uat=Test", key, json={"uat": "PROD"})).status_code == 400
    assert (await call("POST", f"{path}?uat=Production", key, json={"uat": "PROD"})).status_code == 202
    started = await world.fetch("SELECT e.name FROM run JOIN environment AS e ON e.id = run.environment_id ORDER BY 1")
    assert [row["name"] for row in started] == ["Development", "Production", "Test"]


async def test_the_log_of_an_execution_is_found_at_any_stage_unless_one_is_named(
    call: Call, world: World, key: str
) -> None:
    await world.workspace("finance")
    trial = await world.task(await world.workspace("finance", environment="Test"), "Package", 1, "Trial")
    run = await world.run(trial, *OK)
    await world.log(run, ("2026-03-10T10:00:00", "Hello"))
    path = f"{BASE}/finance/tasks/Package/1/executions/{run}/log"
    for uat in ("", "?uat=TEST"):
        log = [line["log"] for line in (await call("GET", path + uat, key)).json()]
        assert log == ["Starting package execution: Trial", "Hello", "Finished package execution: Trial"]
    assert (await call("GET", path + "?uat=PROD", key)).status_code == 404
    assert (await call("GET", path + "?uat=NONE", key)).status_code == 400


async def test_an_execution_of_another_task_is_not_found(call: Call, world: World, key: str) -> None:
    finance = await world.workspace("finance")
    await world.task(finance, "Package", 1, "Load")
    other = await world.run(await world.task(finance, "Package", 2, "Other"), *OK)
    assert (await call("GET", f"{BASE}/finance/tasks/Package/1/executions/{other}/log", key)).status_code == 404


async def test_what_is_disabled_cannot_be_triggered(call: Call, world: World, key: str) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "Load", disabled=True)
    await world.plan(finance, 1, "Daily", [task], disabled=True)
    for target in ("tasks/Package/1", "process-maps/1"):
        refused = await call("POST", f"{BASE}/finance/{target}/trigger", key)
        assert refused.status_code == 409
        assert "disabled" in refused.json()["detail"]


@pytest.mark.parametrize("state", ["QUEUED", "CLAIMED", "RUNNING"])
async def test_a_task_that_runs_as_part_of_something_else_cannot_be_triggered_either(
    call: Call, world: World, key: str, state: str
) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "Load")
    await world.run(task, state)
    assert (await call("POST", f"{BASE}/finance/tasks/Package/1/trigger", key)).status_code == 409


READS = (
    "process-maps",
    "process-maps/1/tasks",
    "tasks",
    "tasks/Package/1",
    "executions",
    "tasks/Package/1/executions",
    "tasks/Package/1/executions/{run}/log",
)
TRIGGERS = ("tasks/Package/1/trigger", "process-maps/1/trigger")


async def test_who_may_read_and_who_may_trigger(call: Call, world: World) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "Load")
    await world.plan(finance, 1, "Daily", [task])
    run = await world.run(task, *OK)
    stranger, viewer = await world.key("eve", sales="Contributor"), await world.key("vera", finance="Viewer")
    contributor = await world.key("carl", finance="Contributor")
    reads = [f"{BASE}/finance/{path.format(run=run)}" for path in READS]
    for path in reads:
        assert (await call("GET", path)).status_code == 401
        assert (await call("GET", path, "txk_" + "x" * 32)).status_code == 401
        assert (await call("GET", path, stranger)).status_code == 403
        assert (await call("GET", path, viewer)).status_code == 200
        assert (await call("GET", path, contributor)).status_code == 200
    for trigger in TRIGGERS:
        path = f"{BASE}/finance/{trigger}"
        assert (await call("POST", path)).status_code == 401
        assert (await call("POST", path, stranger)).status_code == 403
        assert (await call("POST", path, viewer)).status_code == 403
        assert await world.fetch("SELECT FROM run WHERE state = 'QUEUED'") == []
    assert (await call("POST", f"{BASE}/finance/{TRIGGERS[0]}", contributor)).status_code == 202


async def test_a_stranger_cannot_tell_a_workspace_that_exists_from_one_that_does_not(call: Call, world: World) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "Load")
    run = await world.run(task, *OK)
    stranger = await world.key("eve")
    for path in (p.format(run=run) for p in READS):
        there = await call("GET", f"{BASE}/finance/{path}", stranger)
        nowhere = await call("GET", f"{BASE}/nowhere/{path}", stranger)
        assert there.status_code == nowhere.status_code == 403
        assert there.json()["detail"].replace("finance", "nowhere") == nowhere.json()["detail"]
    assert (await call("GET", f"{BASE}/workspaces", stranger)).json() == []
    assert (await call("GET", f"{BASE}/all/tasks", stranger)).json() == []
    assert (await call("GET", f"{BASE}/all/process-maps", stranger)).json() == []


async def test_all_shows_what_the_user_may_see_and_nothing_else(call: Call, world: World, key: str) -> None:
    for number, workspace in enumerate(("finance", "secret"), start=1):
        made = await world.workspace(workspace)
        task = await world.task(made, "Package", number, workspace)
        await world.plan(made, number, workspace, [task])
    assert [task["taskName"] for task in (await call("GET", f"{BASE}/all/tasks", key)).json()] == ["finance"]
    assert [m["workspace"] for m in (await call("GET", f"{BASE}/all/process-maps", key)).json()] == ["finance"]
    for path in ("executions", "tasks/Package/1", "process-maps/1/tasks"):
        assert (await call("GET", f"{BASE}/all/{path}", key)).status_code == 403


async def test_a_map_or_task_of_another_workspace_is_not_found(call: Call, world: World, key: str) -> None:
    await world.workspace("finance")
    secret = await world.workspace("secret")
    task = await world.task(secret, "Package", 1, "Secret")
    await world.plan(secret, 1, "Secret", [task])
    for path in ("process-maps/1/tasks", "tasks/Package/1", "tasks/Package/1/executions"):
        assert (await call("GET", f"{BASE}/finance/{path}", key)).status_code == 404
    for trigger in TRIGGERS:
        assert (await call("POST", f"{BASE}/finance/{trigger}", key)).status_code == 404


async def test_a_workspace_that_is_not_there_yet_at_a_stage_is_empty_for_its_people_only(
    call: Call, world: World, key: str
) -> None:
    await world.workspace("finance")
    only_here = await world.key("vera", finance="Viewer")
    await world.execute(
        """UPDATE workspace_grant SET environment_id = (SELECT id FROM environment WHERE stage = 'production')
            WHERE user_id = (SELECT id FROM app_user WHERE name = 'vera')"""
    )
    empty = await call("GET", f"{BASE}/finance/tasks?uat=Test", key)
    assert (empty.status_code, empty.json()) == (200, [])
    assert (await call("GET", f"{BASE}/finance/tasks/Package/1?uat=Test", key)).status_code == 404
    assert (await call("GET", f"{BASE}/finance/tasks", only_here)).status_code == 200
    assert (await call("GET", f"{BASE}/finance/tasks?uat=Test", only_here)).status_code == 403


async def test_the_use_of_a_key_is_noted(call: Call, world: World, key: str) -> None:
    await call("GET", f"{BASE}/workspaces", key)
    [credential] = await world.fetch("SELECT id FROM credential")
    assert world.app.used == {credential["id"]: "127.0.0.1"}

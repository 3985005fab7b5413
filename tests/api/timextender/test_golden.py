"""Every example of the vendor's document, as a conversation: the rows behind it, the request, the exact answer.

The folder `golden` holds the examples word for word.
"""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from ostinato.api.asgi import make_asgi
from ostinato.api.timextender.examples import EXAMPLES
from ostinato.app.application import App
from ostinato.config import Settings
from tests.api.conftest import Call
from tests.api.factories import World

BASE = "/api/v0/orchestration"
GOLDEN = Path(__file__).parent / "golden"
FIELDS: dict[str, dict[str, tuple[type, ...]]] = {
    "Workspace": {"key": (str,), "name": (str,), "description": (str, type(None))},
    "ProcessMap": {
        "processMapId": (int,),
        "name": (str,),
        "workspace": (str,),
        "lastExecutionDate": (str, type(None)),
        "successfulTasks": (int,),
        "failedTasks": (int,),
        "runningTasks": (int,),
        "queuedTasks": (int,),
        "disabledTasks": (int,),
    },
    "Task": {
        "taskId": (int,),
        "taskName": (str,),
        "taskType": (str,),
        "status": (str,),
        "processMapId": (int, type(None)),
        "processMapName": (str, type(None)),
        "lastExecutionStartTime": (str, type(None)),
        "lastExecutionEndTime": (str, type(None)),
    },
    "LatestExecution": {
        "taskId": (int, type(None)),
        "taskName": (str,),
        "taskType": (str,),
        "status": (str,),
        "lastStartTime": (str, type(None)),
        "lastEndTime": (str, type(None)),
        "duration": (str,),
    },
    "TaskExecution": {
        "executionId": (int,),
        "startTime": (str,),
        "endTime": (str, type(None)),
        "status": (str,),
        "durationSeconds": (int, type(None)),
    },
    "LogEntry": {"logTime": (str,), "log": (str,)},
    "Problem": {"type": (str,), "title": (str,), "status": (int,), "traceId": (str,)},
}
"""The field tables of the vendor's document, typed once more by hand."""


def golden(name: str) -> Any:
    """An example of the document."""
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def has_fields(kind: str, sent: dict[str, Any], *, open_ended: bool = False) -> None:
    """Exactly the documented fields, in the documented order, each of a documented type."""
    wanted = FIELDS[kind]
    assert open_ended or list(sent) == list(wanted)
    for name, kinds in wanted.items():
        assert isinstance(sent[name], kinds), f"{kind}.{name} is {sent[name]!r}"


@pytest.fixture
async def key(world: World) -> str:
    return await world.key("ada", finance="Contributor", sales="Viewer")


async def load_customers(world: World) -> None:
    """Workspaces finance and sales; in finance the map 42 with the task Package 1005, which ran twice."""
    finance = await world.workspace("finance", "Finance", "Finance data governance workspace")
    await world.workspace("sales", "Sales")
    package = await world.task(finance, "Package", 1005, "Load Customer Dim")
    plan = await world.plan(finance, 42, "Daily Finance Load", [package])
    failed = await world.run(
        package,
        "FAILED",
        "2026-03-13T22:00:07",
        "2026-03-13T22:00:09",
        id=97105,
        reason="error",
        message="Connection timeout after 30s. The remote server did not respond.",
    )
    await world.run(package, "SUCCEEDED", "2026-03-14T22:00:05", "2026-03-14T22:01:32", id=98231)
    await world.run(plan=plan, state="SUCCEEDED", started="2026-03-14T22:00:00", ended="2026-03-14T22:05:00")
    await world.log(failed, ("2026-03-13T22:00:08", "Connecting to source: dw-prod.database.windows.net"))


async def test_the_workspaces_are_those_of_the_document(call: Call, world: World, key: str) -> None:
    await load_customers(world)
    answer = await call("GET", f"{BASE}/workspaces", key)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == golden("workspaces")
    for workspace in answer.json():
        has_fields("Workspace", workspace)


async def test_the_process_map_counts_its_tasks_like_the_document(call: Call, world: World, key: str) -> None:
    finance = await world.workspace("finance")
    tasks = []
    for number in range(20):
        task = await world.task(finance, "Package", 1000 + number, f"Load {number}", disabled=number >= 18)
        await world.run(task, "SUCCEEDED", "2026-03-14T22:00:05", "2026-03-14T22:01:32")
        tasks.append(task)
    plan = await world.plan(finance, 42, "Daily Finance Load", tasks)
    await world.run(plan=plan, state="SUCCEEDED", started="2026-03-13T22:00:00", ended="2026-03-13T22:05:00")
    await world.run(plan=plan, state="SUCCEEDED", started="2026-03-14T22:00:00", ended="2026-03-14T22:05:00")
    answer = await call("GET", f"{BASE}/finance/process-maps", key)
    assert answer.json() == golden("process_maps")
    has_fields("ProcessMap", answer.json()[0])
    assert (await call("GET", f"{BASE}/all/process-maps", key)).json() == answer.json()


async def test_the_task_object_is_the_same_in_all_four_places(call: Call, world: World, key: str) -> None:
    await load_customers(world)
    task = golden("task")
    assert (await call("GET", f"{BASE}/finance/process-maps/42/tasks", key)).json() == [task]
    assert (await call("GET", f"{BASE}/finance/tasks", key)).json() == [task]
    assert (await call("GET", f"{BASE}/all/tasks", key)).json() == [task]
    single = await call("GET", f"{BASE}/finance/tasks/Package/1005", key)
    assert single.json() == task
    has_fields("Task", single.json())


async def test_the_latest_executions_are_those_of_the_document(call: Call, world: World, key: str) -> None:
    finance = await world.workspace("finance")
    package = await world.task(finance, "Package", 1005, "Load Customer Dim")
    query = await world.task(finance, "Query", 2010, "Validate Customer Count")
    mail = await world.task(finance, "EmailSummary", 3001, "Send Summary Email")
    await world.plan(finance, 42, "Daily Finance Load", [package, query, mail])
    await world.run(package, "SUCCEEDED", "2026-03-14T22:00:05", "2026-03-14T22:01:32")
    await world.run(query, "FAILED", "2026-03-14T22:02:00", "2026-03-14T22:02:03")
    await world.run(mail, "RUNNING", "2026-03-15T08:30:00")
    answer = await call("GET", f"{BASE}/finance/executions", key)
    assert answer.json() == golden("latest_executions")
    for entry in answer.json():
        has_fields("LatestExecution", entry)


async def test_the_history_is_that_of_the_document_with_the_newest_start_first(
    call: Call, world: World, key: str
) -> None:
    await load_customers(world)
    [task] = await world.fetch("SELECT id FROM task WHERE number = 1005")
    await world.run(task["id"], "RUNNING", "2026-03-15T08:30:00", id=97210)
    answer = await call("GET", f"{BASE}/finance/tasks/Package/1005/executions?limit=10", key)
    newest_first = sorted(golden("task_executions"), key=lambda entry: str(entry["startTime"]), reverse=True)
    assert [entry["executionId"] for entry in newest_first] == [97210, 98231, 97105]
    assert answer.json() == newest_first
    for entry in answer.json():
        has_fields("TaskExecution", entry)


async def test_the_log_is_that_of_the_document(call: Call, world: World, key: str) -> None:
    await load_customers(world)
    answer = await call("GET", f"{BASE}/finance/tasks/Package/1005/executions/97105/log", key)
    assert answer.json() == golden("execution_log")
    for line in answer.json():
        has_fields("LogEntry", line)


@pytest.mark.parametrize("task_type", ["Query", "CompareQuery"])
async def test_checks_have_no_log_but_their_executions_must_exist(
    call: Call, world: World, key: str, task_type: str
) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, task_type, 7, "Check")
    run = await world.run(task, "FAILED", "2026-03-13T22:00:07", "2026-03-13T22:00:09")
    await world.log(run, ("2026-03-13T22:00:07", "is not shown"))
    there = await call("GET", f"{BASE}/finance/tasks/{task_type}/7/executions/{run}/log", key)
    assert (there.status_code, there.json()) == (200, golden("empty_log"))
    assert (await call("GET", f"{BASE}/finance/tasks/{task_type}/7/executions/{run + 1}/log", key)).status_code == 404


@pytest.mark.parametrize("target", ["tasks/Package/1005", "process-maps/42"])
async def test_a_trigger_answers_202_with_nothing_and_the_second_one_409(
    call: Call, world: World, key: str, target: str
) -> None:
    await load_customers(world)
    accepted = await call("POST", f"{BASE}/finance/{target}/trigger", key, json=golden("trigger_request"))
    assert (accepted.status_code, accepted.content) == (202, b"")
    assert "content-type" not in accepted.headers
    [run] = await world.fetch("SELECT state FROM run WHERE cause = 'plan' OR id < 1000 AND state = 'QUEUED'")
    assert run["state"] == "QUEUED"
    again = await call("POST", f"{BASE}/finance/{target}/trigger", key, json=golden("trigger_request"))
    assert again.status_code == 409
    assert again.json()["title"] == "Conflict"
    has_fields("Problem", again.json(), open_ended=True)


async def test_the_quick_start_of_the_document_runs_from_its_first_line_to_its_last(
    call: Call, world: World, key: str
) -> None:
    await load_customers(world)
    spaces = await call("GET", f"{BASE}/workspaces", key)
    workspace = spaces.json()[0]["key"]
    tasks = await call("GET", f"{BASE}/{workspace}/tasks?limit=50", key)
    task = tasks.json()[0]
    path = f"{BASE}/{workspace}/tasks/{task['taskType']}/{task['taskId']}"
    assert (await call("GET", f"{BASE}/{workspace}/executions", key)).json()[0]["status"] == "Finished"
    history = (await call("GET", f"{path}/executions?limit=10", key)).json()
    failed = next(entry for entry in history if entry["status"] == "Failed")
    log = await call("GET", f"{path}/executions/{failed['executionId']}/log", key)
    assert log.json()[-1]["log"].startswith("ERROR: Connection timeout")
    started = await call(
        "POST", f"{path}/trigger", key, content='{"uat": "Production"}', headers={"Content-Type": "application/json"}
    )
    assert started.status_code == 202
    assert (await call("GET", path, key)).json()["status"] == "Queued"
    plan = await call("POST", f"{BASE}/{workspace}/process-maps/{task['processMapId']}/trigger", key)
    assert plan.status_code == 202
    pages = [(await call("GET", f"{BASE}/{workspace}/tasks?limit=25&offset={n}", key)).json() for n in (0, 25, 50)]
    assert [len(page) for page in pages] == [1, 0, 0]


async def test_404_and_the_unknown_task_type_are_those_of_the_document(call: Call, world: World, key: str) -> None:
    await load_customers(world)
    missing = await call("GET", f"{BASE}/finance/tasks/Package/1", key)
    assert missing.headers["content-type"] == "application/problem+json"
    body = missing.json()
    has_fields("Problem", body, open_ended=True)
    example = golden("not_found")
    assert list(body)[: len(example)] == list(example)
    assert {**body, "traceId": None} == {**example, "traceId": None, "detail": body["detail"]}
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", body["traceId"])
    for method, path in (("GET", ""), ("GET", "/executions"), ("GET", "/executions/1/log"), ("POST", "/trigger")):
        unknown = await call(method, f"{BASE}/finance/tasks/Pkg/1005{path}", key)
        assert unknown.status_code == 400
        assert unknown.headers["content-type"] == "text/plain; charset=utf-8"
        assert unknown.text == (GOLDEN / "unknown_task_type.txt").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """The quick start of the document: the arguments of each call of curl."""
    text = (GOLDEN / "quick_start.sh").read_text(encoding="utf-8").replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines()]


async def test_the_quick_start_of_the_document_works_as_it_is_printed(
    client: httpx.AsyncClient, world: World, key: str
) -> None:
    """But for the host and the key, which are the reader's own."""
    await load_customers(world)
    statuses = []
    for curl, *arguments in commands():
        assert curl == "curl"
        method, headers, body, url = "GET", {}, None, ""
        while arguments:
            match arguments.pop(0):
                case "-X":
                    method = arguments.pop(0)
                case "-H":
                    name, _, value = arguments.pop(0).partition(": ")
                    headers[name] = value.replace("txk_your_key_here", key)
                case "-d":
                    body = arguments.pop(0)
                case target:
                    url = target.replace("https://acme.odq.timextender.com", "http://ostinato.test")
        answer = await client.request(method, url, headers=headers, content=body)
        statuses.append((method, answer.status_code))
        assert answer.content == b"" if method == "POST" else answer.json() or "offset=" in url
    assert statuses == [("GET", 200)] * 5 + [("POST", 202)] * 2 + [("GET", 200)] * 3


OPERATIONS = {
    ("get", "/workspaces"): {"limit": 10_000, "offset": 0},
    ("get", "/{workspace}/process-maps"): {"uat": None, "limit": 100, "offset": 0},
    ("get", "/{workspace}/process-maps/{processMapId}/tasks"): {"uat": None, "limit": 10_000, "offset": 0},
    ("post", "/{workspace}/process-maps/{processMapId}/trigger"): {"uat": None},
    ("get", "/{workspace}/tasks"): {"uat": None, "limit": 100, "offset": 0},
    ("get", "/{workspace}/tasks/{taskType}/{taskId}"): {"uat": None},
    ("post", "/{workspace}/tasks/{taskType}/{taskId}/trigger"): {"uat": None},
    ("get", "/{workspace}/executions"): {"uat": None, "limit": 100, "offset": 0},
    ("get", "/{workspace}/tasks/{taskType}/{taskId}/executions"): {"uat": None, "limit": 50, "offset": 0},
    ("get", "/{workspace}/tasks/{taskType}/{taskId}/executions/{execId}/log"): {"uat": None},
}
"""The ten operations of the document, with the defaults of their query parameters."""


async def test_swagger_has_the_ten_operations_with_their_parameters_and_errors(client: httpx.AsyncClient) -> None:
    document = (await client.get("/swagger/timextender.json")).json()
    published = {(m, p.removeprefix(BASE)): o for p, methods in document["paths"].items() for m, o in methods.items()}
    assert published.keys() == OPERATIONS.keys()
    for (method, path), operation in published.items():
        query = {p["name"]: p["schema"].get("default") for p in operation["parameters"] if p["in"] == "query"}
        assert query == OPERATIONS[method, path], path
        assert {p["name"] for p in operation["parameters"] if p["in"] == "path"} == set(re.findall(r"{(\w+)}", path))
        assert operation["operationId"]
        assert operation["summary"]
        wanted = {"202", "409"} if method == "post" else {"200"}
        wanted |= {"400", "401"} | ({"403"} if "{workspace}" in path else set())
        wanted |= {"404"} if "Id}" in path else set()
        assert wanted <= operation["responses"].keys(), path
        if method == "post":
            assert operation["requestBody"]["required"] is False
            assert "content" not in operation["responses"]["202"]


def test_the_published_examples_are_those_of_the_document() -> None:
    lists = {
        "Workspace": "workspaces",
        "ProcessMap": "process_maps",
        "LatestExecution": "latest_executions",
        "Execution": "task_executions",
        "LogEntry": "execution_log",
    }
    first = {kind: golden(name)[0] for kind, name in lists.items()}
    assert {**first, "Task": golden("task"), "Trigger": golden("trigger_request")} == EXAMPLES


async def test_times_are_those_of_the_zone_of_the_server(app: App, settings: Settings, world: World, key: str) -> None:
    await load_customers(world)
    berlin = make_asgi(app, msgspec.structs.replace(settings, timezone="Europe/Berlin"), lambda: True)
    transport = httpx.ASGITransport(berlin)
    async with httpx.AsyncClient(transport=transport, base_url="http://ostinato.test") as client:
        answer = await client.get(f"{BASE}/finance/tasks/Package/1005", headers={"X-API-Key": key})
    assert answer.json()["lastExecutionStartTime"] == "2026-03-14T23:00:05"

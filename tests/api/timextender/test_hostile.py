"""Broken and hostile requests: each has the answer it deserves, and none is an error of the server."""

from typing import Any

import pytest

from tests.api.conftest import Call
from tests.api.factories import World

BASE = "/api/v0/orchestration"
TASK = f"{BASE}/finance/tasks/Package/1"
MAP = f"{BASE}/finance/process-maps/1"
BIG = "9" * 30
Broken = tuple[str, str, dict[str, Any], int, str]

NUMBERS: list[Broken] = [
    ("GET", f"{BASE}/finance/tasks?limit=0", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?limit=-1", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?limit=10001", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?limit={BIG}", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?limit=ten", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?limit=", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?limit=1.5", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?limit=0x10", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?limit=%00", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?limit=1;DROP TABLE task", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("GET", f"{BASE}/finance/tasks?offset=-1", {}, 400, "offset: write a whole number from 0 to 9223372036854775807"),
    (
        "GET",
        f"{BASE}/finance/tasks?offset={BIG}",
        {},
        400,
        "offset: write a whole number from 0 to 9223372036854775807",
    ),
    ("GET", f"{BASE}/finance/tasks?offset=null", {}, 400, "offset: write a whole number from 0 to 9223372036854775807"),
    ("GET", f"{BASE}/finance/tasks?offset=9223372036854775807", {}, 200, ""),
    ("GET", f"{BASE}/finance/process-maps?limit=0", {}, 400, "limit"),
    ("GET", f"{BASE}/finance/executions?limit=0", {}, 400, "limit"),
    ("GET", f"{BASE}/workspaces?limit=0", {}, 400, "limit"),
    ("GET", f"{MAP}/tasks?offset=-5", {}, 400, "offset"),
    ("GET", f"{TASK}/executions?limit=0", {}, 400, "limit"),
    ("GET", f"{TASK}/executions?offset=x", {}, 400, "offset"),
    ("GET", f"{BASE}/finance/tasks/Package/abc", {}, 400, "taskId: write a whole number"),
    ("GET", f"{BASE}/finance/tasks/Package/1e400", {}, 400, "taskId"),
    ("GET", f"{BASE}/finance/tasks/Package/%D9%A1", {}, 400, "taskId"),
    ("GET", f"{BASE}/finance/process-maps/x/tasks", {}, 400, "processMapId: write a whole number"),
    ("GET", f"{TASK}/executions/x/log", {}, 400, "execId: write a whole number"),
    ("GET", f"{BASE}/finance/tasks/Package/0", {}, 404, "Task 'Package 0' does not exist"),
    ("GET", f"{BASE}/finance/tasks/Package/-1", {}, 404, "Task 'Package -1' does not exist"),
    ("GET", f"{BASE}/finance/tasks/Package/2147483648", {}, 404, "Task 'Package 2147483648' does not exist"),
    ("GET", f"{BASE}/finance/tasks/Package/{BIG}", {}, 404, f"Task 'Package {BIG}' does not exist"),
    ("GET", f"{BASE}/finance/tasks/Package/{'9' * 5000}", {}, 400, "taskId"),
    ("GET", f"{BASE}/finance/process-maps/{BIG}/tasks", {}, 404, f"Process map {BIG} does not exist"),
    ("POST", f"{BASE}/finance/process-maps/{BIG}/trigger", {}, 404, "does not exist"),
    ("POST", f"{BASE}/finance/tasks/Package/{BIG}/trigger", {}, 404, "does not exist"),
    ("GET", f"{TASK}/executions/{BIG}/log", {}, 404, f"Execution {BIG} does not"),
    ("GET", f"{TASK}/executions/0/log", {}, 404, "Execution 0 does not exist"),
]
NAMES: list[Broken] = [
    ("GET", f"{BASE}/finance/tasks?uat=Staging", {}, 400, "'Staging' is no environment: use one of Production, PROD"),
    ("GET", f"{BASE}/finance/tasks?uat=", {}, 400, "'' is no environment"),
    ("GET", f"{BASE}/finance/tasks?uat=%00", {}, 400, "is no environment"),
    ("GET", f"{BASE}/finance/tasks?uat={'x' * 5000}", {}, 400, "is no environment"),
    ("GET", f"{BASE}/finance/tasks?uat=%FF%FE", {}, 400, "is no environment"),
    ("GET", f"{BASE}/FINANCE/tasks", {}, 403, "no access to a workspace 'FINANCE'"),
    ("GET", f"{BASE}/fin%00ance/tasks", {}, 403, "no access"),
    ("GET", f"{BASE}/%FF/tasks", {}, 403, "no access"),
    ("GET", f"{BASE}/finance'--/tasks", {}, 403, "no access"),
    ("GET", f"{BASE}/{'f' * 5000}/tasks", {}, 403, "no access"),
    ("GET", f"{BASE}/%2e%2e%5cfinance/tasks", {}, 403, "no access"),
    ("GET", f"{BASE}/ALL/tasks", {}, 403, "no access"),
    ("GET", f"{BASE}/all/executions", {}, 403, "no access to a workspace 'all'"),
    ("GET", f"{BASE}/finance/tasks/package/1", {}, 400, "Unknown taskType 'package'. Valid values: Query,"),
    ("GET", f"{BASE}/finance/tasks/%00/1", {}, 400, "Unknown taskType '\ufffd'."),
    ("GET", f"{BASE}/finance/tasks/a%0D%0AX-Evil:1/1", {}, 400, "Unknown taskType 'a\ufffd\ufffdX-Evil:1'."),
    ("GET", f"{BASE}/finance/tasks/{'P' * 5000}/1", {}, 400, f"Unknown taskType '{'P' * 100}'."),
    ("GET", f"{BASE}/finance/tasks/<script>/1", {}, 400, "Unknown taskType '<script>'."),
    ("GET", f"{BASE}/finance/tasks/Pkg/abc", {}, 400, "Unknown taskType 'Pkg'."),
    ("GET", f"{BASE}/finance/tasks/Pkg/abc/executions/x/log", {}, 400, "Unknown taskType 'Pkg'."),
    ("GET", f"{BASE}/finance/tasks?uat=TEST&uat=PROD", {}, 400, "uat: it is here more than once"),
    ("GET", f"{BASE}/finance/tasks?UAT=TEST&uat=PROD", {}, 400, "uat: it is here more than once"),
    ("GET", f"{BASE}/finance/tasks?limit=1&Limit=2", {}, 400, "limit: it is here more than once"),
    ("GET", f"{BASE}/finance/tasks?LIMIT=0", {}, 400, "limit: write a whole number from 1 to 10000"),
    ("POST", f"{MAP}/trigger?uat=TEST&UAT=PROD", {}, 400, "uat: it is here more than once"),
    ("GET", f"{BASE}/finance/nothing", {}, 404, "There is nothing at this path"),
    ("GET", f"{BASE}/workspaces/finance", {}, 404, "There is nothing at this path"),
    ("GET", "/api/v0/nothing", {}, 404, "There is nothing at this path"),
    ("DELETE", f"{BASE}/workspaces", {}, 405, "This path allows"),
    ("GET", f"{TASK}/trigger", {}, 405, "This path allows"),
    ("PUT", TASK, {"json": {}}, 405, "This path allows"),
]
BODIES: list[Broken] = [
    ("POST", f"{MAP}/trigger", {"content": b"{"}, 400, "The body cannot be read"),
    ("POST", f"{MAP}/trigger", {"content": b"\xff"}, 400, "The body cannot be read"),
    ("POST", f"{MAP}/trigger", {"content": b"uat=Production"}, 400, "The body cannot be read"),
    ("POST", f"{MAP}/trigger", {"content": b" "}, 400, "The body cannot be read"),
    ("POST", f"{MAP}/trigger", {"content": b'{"uat": "\\ud800"}'}, 400, "The body cannot be read"),
    ("POST", f"{MAP}/trigger", {"content": b"[" * 100}, 400, "The body cannot be read"),
    ("POST", f"{MAP}/trigger", {"content": b'{"x":' * 5_000}, 400, "The body cannot be read"),
    ("POST", f"{MAP}/trigger", {"content": b'{"uat": "PROD"} {}'}, 400, "The body cannot be read"),
    ("POST", f"{MAP}/trigger", {"content": b"[" * 60_000}, 400, "nested too deeply"),
    ("POST", f"{MAP}/trigger", {"content": b"null"}, 400, "Expected `object`, got `null`"),
    ("POST", f"{MAP}/trigger", {"content": b"[]"}, 400, "Expected `object`, got `array`"),
    ("POST", f"{MAP}/trigger", {"content": b'"PROD"'}, 400, "Expected `object`, got `str`"),
    ("POST", f"{MAP}/trigger", {"json": {"uat": None}}, 400, "uat: Expected `str`, got `null`"),
    ("POST", f"{MAP}/trigger", {"json": {"uat": 1}}, 400, "uat: Expected `str`, got `int`"),
    ("POST", f"{MAP}/trigger", {"json": {"uat": ["PROD"]}}, 400, "uat: Expected `str`, got `array`"),
    ("POST", f"{MAP}/trigger", {"json": {"uat": ""}}, 400, "'' is no environment"),
    ("POST", f"{MAP}/trigger", {"json": {"uat": "Staging"}}, 400, "'Staging' is no environment"),
    ("POST", f"{MAP}/trigger", {"json": {"uat": "\x00"}}, 400, "is no environment"),
    ("POST", f"{MAP}/trigger", {"content": b'{"uat": "' + b"x" * 70_000 + b'"}'}, 413, "at most 64,000 bytes"),
    (
        "POST",
        f"{MAP}/trigger",
        {"content": b'{"uat":"Test","uat":"Production"}'},
        400,
        "uat: it is here more than once",
    ),
    ("POST", f"{MAP}/trigger", {"content": b'{"uat":"Test","UAT":"PROD"}'}, 400, "uat: it is here more than once"),
    ("POST", f"{MAP}/trigger", {"content": b'{"uat":"1","Uat":1}'}, 400, "uat: it is here more than once"),
    ("POST", f"{MAP}/trigger", {"json": {"UAT": None}}, 400, "uat: Expected `str`, got `null`"),
    ("POST", f"{MAP}/trigger?UAT=Test", {"json": {"Uat": "PROD"}}, 400, "uat: the query and the body name different"),
    ("POST", f"{MAP}/trigger", {"content": b'{"uat": "x", "n": ' + b"9" * 4_000 + b"}"}, 400, "'x' is no environment"),
    ("POST", f"{MAP}/trigger", {"content": b"\xef\xbb\xbf{"}, 400, "The body cannot be read"),
    ("POST", f"{TASK}/trigger", {"json": {"uat": 1}}, 400, "uat: Expected `str`, got `int`"),
    ("POST", f"{TASK}/trigger", {"content": b"{"}, 400, "The body cannot be read"),
    ("POST", f"{BASE}/finance/tasks/Pkg/1/trigger", {}, 400, "Unknown taskType 'Pkg'."),
]


@pytest.mark.parametrize("table", [NUMBERS, NAMES, BODIES], ids=["numbers", "names", "bodies"])
async def test_a_broken_request_has_the_answer_it_deserves(
    call: Call, world: World, subtests: pytest.Subtests, table: list[Broken]
) -> None:
    key = await world.key("ada", finance="Contributor")
    finance = await world.workspace("finance")
    await world.plan(finance, 1, "Daily", [await world.task(finance, "Package", 1, "Load")])
    for method, path, more, status, words in table:
        with subtests.test(method=method, path=path[:200], more=str(more)[:200]):
            answer = await call(method, path, key, **more)
            assert answer.status_code == status, answer.text
            if status == 200:
                assert answer.json() == []
            elif answer.headers["content-type"].startswith("text/plain"):
                assert answer.text.startswith(words)
                assert len(answer.text) < 300
            else:
                problem = answer.json()
                assert words in problem["detail"]
                assert problem["status"] == status
                assert problem["traceId"].startswith("00-")
                assert all(error.keys() == {"path", "message", "allowed"} for error in problem.get("errors", []))
                assert len(answer.text) < 1_000
    assert await world.fetch("SELECT FROM run") == []


def test_there_are_many_broken_requests() -> None:
    assert len([*NUMBERS, *NAMES, *BODIES]) >= 80


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/json"])
async def test_a_body_is_read_as_json_whatever_it_calls_itself(
    call: Call, world: World, content_type: str | None
) -> None:
    key = await world.key("ada", finance="Contributor")
    finance = await world.workspace("finance", environment="Test")
    await world.task(finance, "Package", 1, "Load")
    headers = {"Content-Type": content_type} if content_type else {}
    answer = await call("POST", f"{TASK}/trigger", key, content=b'{"uat": "TEST"}', headers=headers)
    assert answer.status_code == 202


@pytest.mark.parametrize(
    ("query", "content", "environment"),
    [
        ("?UAT=Test", b"", "Test"),
        ("?Uat=TEST&uat=TEST", b"", "Test"),
        ("", b'{"UAT": "Test"}', "Test"),
        ("", b'{"uat": "Test", "Uat": "Test", "note": {"uat": "PROD"}}', "Test"),
        ("?uAT=Test", b'{"uaT": "TEST"}', "Test"),
        ("", b'\xef\xbb\xbf{"uat": "Test"}', "Test"),
        ("", b"\xef\xbb\xbf", "Production"),
    ],
)
async def test_the_name_of_the_environment_is_understood_in_any_case(
    call: Call, world: World, query: str, content: bytes, environment: str
) -> None:
    key = await world.key("ada", finance="Contributor")
    for place in ("Production", "Test"):
        await world.task(await world.workspace("finance", environment=place), "Package", 1, "Load")
    assert (await call("POST", f"{TASK}/trigger{query}", key, content=content)).status_code == 202
    [started] = await world.fetch("SELECT name FROM environment WHERE id = (SELECT environment_id FROM run)")
    assert started["name"] == environment


async def test_pages_are_understood_in_any_case(call: Call, world: World) -> None:
    key = await world.key("ada", finance="Viewer")
    finance = await world.workspace("finance")
    for number in (1, 2, 3):
        await world.task(finance, "Package", number, f"Load {number}")
    page = (await call("GET", f"{BASE}/finance/tasks?Limit=1&OFFSET=1", key)).json()
    assert [task["taskId"] for task in page] == [2]

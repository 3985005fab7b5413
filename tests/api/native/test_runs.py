"""Our own dialect: runs are started, watched, ended and read."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ostinato import __version__
from ostinato.app.application import App, Held
from ostinato.core.contracts import Launch, WorkOrder
from ostinato.core.ids import Lease, RunId
from ostinato.core.retries import RetryPolicy
from tests.api.conftest import Call
from tests.api.factories import World

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
async def key(world: World) -> str:
    return await world.key("ada", finance="Contributor")


async def test_the_status_has_the_version_and_the_work(call: Call, world: World, key: str) -> None:
    finance = await world.workspace("finance")
    await world.run(await world.task(finance, "Query", 1, "Check"), "QUEUED")
    answer = await call("GET", "/api/v1/status", key)
    assert answer.json() == {"version": __version__, "work": {"queued": 1, "running": 0, "plans": 0}}
    assert (await call("GET", "/health")).json() == {"status": "ok", "version": __version__}


async def test_a_started_task_is_a_queued_run_that_says_what_it_waits_for(call: Call, world: World, key: str) -> None:
    task = await world.task(await world.workspace("finance"), "Package", 7, "Load")
    answer = await call("POST", "/api/v1/runs", key, json={"name": "Load"})
    assert answer.status_code == 201
    run = answer.json()
    shown = {"kind": "task", "name": "Load", "number": 7, "taskType": "Package", "workspace": "finance"}
    shown |= {"environment": "Production", "state": "QUEUED", "attempt": 0, "startedAt": None, "parent": None}
    assert {name: run[name] for name in shown} == shown
    assert run["waiting"] == "is ready, but no server is alive: starts when one is"
    assert INSTANT.fullmatch(run["queuedAt"])
    assert await world.fetch("SELECT task_id FROM run") == [{"task_id": task}]


async def test_a_plan_goes_before_a_task_of_the_same_name(call: Call, world: World, key: str) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 7, "Daily")
    await world.plan(finance, 1, "Daily", [task])
    run = (await call("POST", "/api/v1/runs", key, json={"name": "Daily"})).json()
    assert (run["kind"], run["state"], run["planVersion"], run["waiting"]) == ("plan", "RUNNING", 1, None)
    detail = (await call("GET", f"/api/v1/runs/{run['id']}", key)).json()
    assert [(child["name"], child["step"], child["parent"]) for child in detail["children"]] == [
        ("Daily", "step 0", run["id"])
    ]
    assert detail["steps"] == [
        {
            "name": "step 0",
            "state": "running",
            "after": [],
            "condition": "all_succeeded",
            "handlerState": None,
            "waiting": None,
        }
    ]
    assert detail["skippedSteps"] == []


async def test_the_same_idempotency_key_gives_the_same_run(call: Call, world: World, key: str) -> None:
    await world.task(await world.workspace("finance"), "Package", 7, "Load")
    first, second = [
        (await call("POST", "/api/v1/runs", key, json={"name": "Load"}, headers={"Idempotency-Key": "once"})).json()
        for _ in range(2)
    ]
    assert first["id"] == second["id"]
    assert (await call("POST", "/api/v1/runs", key, json={"name": "Load"})).status_code == 409


STARTS: list[tuple[dict[str, Any], int, str]] = [
    ({"json": {"name": "Nothing"}}, 404, "does not exist"),
    ({"json": {"name": "Load", "environment": "Nowhere"}}, 404, "does not exist"),
    ({"json": {"name": "Load", "workspace": "nowhere"}}, 404, "does not exist"),
    ({"json": {"name": "Twice"}}, 409, "several workspaces"),
    ({"json": {"name": "Off"}}, 409, "disabled"),
    ({"json": {}}, 422, "missing required field `name`"),
    ({"json": {"name": ""}}, 422, "name"),
    ({"json": {"name": 5}}, 422, "name: Expected `str`, got `int`"),
    ({"json": {"name": "x" * 1_001}}, 422, "name"),
    ({"json": {"name": "a\x00b"}}, 422, "name"),
    ({"json": {"name": "Load", "environment": None}}, 422, "environment"),
    ({"json": {"name": "Load", "nam": 1}}, 422, "unknown field `nam`"),
    ({"json": []}, 422, "Expected `object`"),
    ({"content": b"null"}, 422, "Expected `object`"),
    ({}, 422, "body"),
    ({"content": b"{"}, 400, "The body cannot be read"),
    ({"content": b"\xff\xfe"}, 400, "The body cannot be read"),
    ({"content": b"[" * 60_000}, 400, "nested too deeply"),
    ({"content": b"x" * 64_001}, 413, "larger than this path allows"),
    ({"json": {"name": "Load"}, "headers": {"Idempotency-Key": ""}}, 422, "Idempotency-Key"),
    ({"json": {"name": "Load"}, "headers": {"Idempotency-Key": "x" * 201}}, 422, "Idempotency-Key"),
]


async def test_a_start_that_cannot_be_is_refused_in_words(call: Call, world: World, subtests: pytest.Subtests) -> None:
    finance, sales = await world.workspace("finance"), await world.workspace("sales")
    key = await world.key("both", finance="Contributor", sales="Contributor")
    await world.task(finance, "Package", 1, "Load")
    await world.task(finance, "Package", 2, "Twice")
    await world.task(sales, "Package", 3, "Twice")
    await world.task(finance, "Package", 4, "Off", disabled=True)
    for more, status, words in STARTS:
        with subtests.test(more=str(more)[:200]):
            answer = await call("POST", "/api/v1/runs", key, **more)
            assert answer.status_code == status, answer.text
            assert words in answer.json()["detail"]
    assert await world.fetch("SELECT FROM run") == []


NOWHERE = (
    "/api/v1/runs/0",
    "/api/v1/runs/-1",
    "/api/v1/runs/999",
    f"/api/v1/runs/{'9' * 30}",
    f"/api/v1/runs/{'9' * 5000}",
    "/api/v1/runs/abc",
    "/api/v1/runs/999/logs",
    "/api/v1/runs/999/findings",
    "/api/v1/nothing",
)
WRONG_PARAMETERS = (
    ("runs?limit=0", "limit"),
    ("runs?limit=1001", "limit"),
    ("runs?limit=x", "limit"),
    ("runs?before=0", "before"),
    (f"runs?before={'9' * 30}", "before"),
    ("runs?state=DONE", "state"),
    ("runs?workspace=%00", "workspace"),
    ("runs/1?wait=31", "wait"),
    ("runs/1?wait=-1", "wait"),
    ("runs/1?wait=nan", "wait"),
    ("runs/1/logs?after=-1", "after"),
    ("runs/1/logs?limit=10001", "limit"),
    ("runs/1/findings?offset=-1", "offset"),
    ("runs/1/findings?offset=2147483648", "offset"),
    ("definitions/export?environment=%00", "environment"),
)


async def test_what_is_not_there_is_404(call: Call, key: str, subtests: pytest.Subtests) -> None:
    for path in NOWHERE:
        with subtests.test(path=path[:200]):
            answer = await call("GET", path, key)
            assert (answer.status_code, answer.json()["title"]) == (404, "Not Found")


async def test_a_parameter_that_cannot_be_is_named(call: Call, key: str, subtests: pytest.Subtests) -> None:
    for path, name in WRONG_PARAMETERS:
        with subtests.test(path=path):
            answer = await call("GET", f"/api/v1/{path}", key)
            assert answer.status_code == 422, answer.text
            assert [error["path"] for error in answer.json()["errors"]] == [name]


async def test_runs_are_listed_newest_first_page_by_page(call: Call, world: World, key: str) -> None:
    task = await world.task(await world.workspace("finance"), "Package", 1, "Load")
    made = [await world.run(task, "SUCCEEDED", "2026-03-10T10:00:00", "2026-03-10T10:00:01.5") for _ in range(5)]
    await world.run(task, "FAILED", "2026-03-10T10:00:00", "2026-03-10T10:01:00", reason="error")
    first = (await call("GET", "/api/v1/runs?limit=3&state=SUCCEEDED", key)).json()
    second = (await call("GET", f"/api/v1/runs?limit=3&state=SUCCEEDED&before={first['next']}", key)).json()
    assert [run["id"] for page in (first, second) for run in page["items"]] == made[::-1]
    assert second["next"] is None
    assert first["items"][0]["durationSeconds"] == 1.5
    both = (await call("GET", "/api/v1/runs?state=SUCCEEDED&state=FAILED&environment=Production", key)).json()
    assert len(both["items"]) == 6
    assert (await call("GET", "/api/v1/runs?workspace=sales", key)).json() == {"items": [], "next": None}


async def test_a_run_looks_the_same_in_a_list_and_by_itself(call: Call, world: World, app: App, key: str) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, 'Lo"ad \\ \u00e4\u4e16\U0001f600\u2028\n')
    plan = await world.plan(finance, 1, "Daily", [task])
    made = [
        await world.run(task, "SUCCEEDED", "2026-03-10T10:00:00.001", "2026-03-10T10:00:01.5009"),
        await world.run(task, "CANCELLED", ended="2026-03-10T10:00:00"),
        await world.run(task, "RUNNING", "2026-03-10T10:00:00.999999"),
        await world.run(task, "QUEUED", due="2999-01-01T00:00:00", attempt=1, hold="due"),
        await world.run(plan=plan, state="FAILED", started="2026-03-10T10:00:00", ended="2026-03-11T11:00:00"),
    ]
    await world.execute(
        """UPDATE run SET reason = 'error', message = E'no \\u0001 "good"\\n', row_count = 7,
                          counts = '{"left rows": 3}', priority = -5, rerun_of = $2, cancel_reason = 'timeout',
                          parameters = '{"day": "monday"}',
                          cancel_requested_at = now(), deadline_at = '2026-03-10T10:00:09.0006Z'
            WHERE id = $1""",
        made[0],
        made[1],
    )
    hold(app, made[2], rows=5, total=None)
    listed = (await call("GET", "/api/v1/runs", key)).json()["items"]
    alone = [(await call("GET", f"/api/v1/runs/{run}", key)).json()["run"] for run in reversed(made)]
    assert alone[-1]["parameters"] == {"day": "monday"}
    assert listed == [{name: value for name, value in run.items() if name != "parameters"} for run in alone]
    assert (await call("GET", f"/api/v1/runs?limit=1&before={made[1]}", key)).json() == {
        "items": [listed[-1]],
        "next": made[0],
    }


async def test_strangers_see_and_end_nothing_and_viewers_end_nothing(call: Call, world: World, key: str) -> None:
    task = await world.task(await world.workspace("finance"), "Package", 1, "Load")
    run = await world.run(task, "QUEUED")
    stranger, viewer = await world.key("eve"), await world.key("vera", finance="Viewer")
    assert (await call("GET", "/api/v1/runs", stranger)).json()["items"] == []
    for path in ("", "/logs", "/findings"):
        assert (await call("GET", f"/api/v1/runs/{run}{path}", stranger)).status_code == 404
        assert (await call("GET", f"/api/v1/runs/{run}{path}", viewer)).status_code == 200
    assert (await call("POST", f"/api/v1/runs/{run}/cancellation", stranger)).status_code == 404
    assert (await call("POST", f"/api/v1/runs/{run}/cancellation", viewer)).status_code == 403
    assert (await call("POST", "/api/v1/runs", stranger, json={"name": "Load"})).status_code == 404
    assert (await call("POST", "/api/v1/runs", viewer, json={"name": "Load"})).status_code == 403


async def test_ending_a_run_twice_is_the_same_as_once(call: Call, world: World, key: str) -> None:
    run = await world.run(await world.task(await world.workspace("finance"), "Package", 1, "Load"), "QUEUED")
    for _ in range(2):
        answer = await call("POST", f"/api/v1/runs/{run}/cancellation", key)
        assert answer.status_code == 202
        assert (answer.json()["state"], answer.json()["cancelRequested"]) == ("CANCELLED", True)


async def test_the_progress_of_an_attempt_on_this_server_is_shown(call: Call, world: World, app: App, key: str) -> None:
    run = await world.run(await world.task(await world.workspace("finance"), "Package", 1, "Load"), "RUNNING")
    hold(app, run, rows=5, total=10)
    assert (await call("GET", f"/api/v1/runs/{run}", key)).json()["run"]["progress"] == {"rows": 5, "total": 10}


def hold(app: App, run: RunId, rows: int, total: int | None) -> None:
    """Let this server hold the attempt of a run."""
    launch = Launch(run=run, attempt=1, lease=Lease(1), engine="local", timeout_s=None)
    order = WorkOrder(run=run, attempt=1, lease=Lease(1), task_type="Package", task_name="x", config={}, connections={})
    app.held[run] = Held(launch=launch, losses=0, retries=RetryPolicy(), order=order, rows=rows, total=total)


async def finish(world: World, run: RunId) -> None:
    await world.log(run, ("2026-03-10T10:00:00", "The end"))
    await world.execute("UPDATE run SET state = 'SUCCEEDED', ended_at = now(), lease = NULL WHERE id = $1", run)


async def test_waiting_for_a_run_ends_with_the_run(call: Call, world: World, key: str) -> None:
    run = await world.run(await world.task(await world.workspace("finance"), "Package", 1, "Load"), "RUNNING")
    began = datetime.now(UTC)
    waiting = asyncio.create_task(call("GET", f"/api/v1/runs/{run}?wait=20", key))
    log = asyncio.create_task(call("GET", f"/api/v1/runs/{run}/logs?wait=20", key))
    while not world.app.used:
        await asyncio.sleep(0)
    await finish(world, run)
    assert (await waiting).json()["run"]["state"] == "SUCCEEDED"
    assert [line["text"] for line in (await log).json()["lines"]] == ["The end"]
    assert datetime.now(UTC) - began < timedelta(seconds=10)


async def test_waiting_ends_when_the_patience_does(call: Call, world: World, key: str) -> None:
    run = await world.run(await world.task(await world.workspace("finance"), "Package", 1, "Load"), "RUNNING")
    assert (await call("GET", f"/api/v1/runs/{run}?wait=0.05", key)).json()["run"]["state"] == "RUNNING"
    empty = (await call("GET", f"/api/v1/runs/{run}/logs?wait=0.05", key)).json()
    assert empty == {"lines": [], "next": 0, "ended": False}


async def test_a_log_is_read_page_by_page_to_its_end(call: Call, world: World, key: str) -> None:
    run = await world.run(
        await world.task(await world.workspace("finance"), "Package", 1, "Load"),
        "SUCCEEDED",
        "2026-03-10T10:00:00",
        "2026-03-10T10:01:00",
    )
    await world.log(run, *[("2026-03-10T10:00:00.1234", f"line {n}") for n in range(5)])
    after, lines, pages = 0, [], 0
    while True:
        page = (await call("GET", f"/api/v1/runs/{run}/logs?limit=2&after={after}", key)).json()
        lines, after, pages = lines + page["lines"], page["next"], pages + 1
        if page["ended"]:
            break
    assert [line["text"] for line in lines] == [f"line {n}" for n in range(5)]
    assert lines[0]["at"] == "2026-03-10T10:00:00.123Z"
    assert pages == 3


async def test_findings_are_read_page_by_page(call: Call, world: World, key: str) -> None:
    run = await world.run(await world.task(await world.workspace("finance"), "Query", 1, "Check"), "QUEUED")
    for position in range(3):
        await world.finding(run, position, "row", {"id": position})
    page = (await call("GET", f"/api/v1/runs/{run}/findings?offset=1&limit=1", key)).json()
    assert page == {"items": [{"kind": "row", "row": {"id": 1}}], "total": 3}

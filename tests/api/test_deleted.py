"""Runs of tasks and plans that were deleted are told of as before, under their names, live or kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ostinato.api.talend.ids import Ids
from ostinato.app import installation
from ostinato.app.application import App
from ostinato.scheduler import prune
from tests.api.asking import ask_everything
from tests.api.conftest import Call
from tests.api.factories import World

MOMENT = "2026-03-01T10:00:00"
PRUNED = datetime(2026, 3, 3, tzinfo=UTC)
V0 = "/api/v0/orchestration/finance"
CHECK = f"{V0}/tasks/Package/1"


@pytest.fixture
async def key(world: World) -> str:
    """Of somebody who may run what there was: run 1 of the plan, run 2 of its task, run 3 of the task alone."""
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "load")
    plan = await world.plan(finance, 7, "night", [task])
    root = await world.run(plan=plan, state="FAILED", started=MOMENT, ended=MOMENT)
    child = await world.run(task, "FAILED", MOMENT, MOMENT, parent=root, message="it broke")
    await world.run(task, "SUCCEEDED", MOMENT, MOMENT, rows=3)
    await world.log(child, (MOMENT, "loads"), (MOMENT, "it broke"))
    await world.finding(child, 0, "row", {"a": 1})
    return await world.key("boss", finance="Contributor")


async def told(call: Call, key: str, job: str) -> dict[str, Any]:
    """What every route that reads says of the runs."""
    runs = [
        f"/api/v1/runs{query}" for query in ("", "?name=night", "?name=load", "?text=nigh", "?text=broke", "?type=plan")
    ]
    runs += [f"/api/v1/runs/{run}{more}" for run in (1, 2, 3) for more in ("", "/logs", "/findings", "/events")]
    executions = [f"{CHECK}/executions", f"{CHECK}/executions/2/log", f"{CHECK}/executions/3/log"]
    jobs = [f"/public/jobs/{job}/logs", f"/public/jobs/{job}/logs?details=true"]
    found = {}
    for path in (*runs, *executions, *jobs):
        answer = await call("GET", path, key)
        assert answer.status_code == 200, (path, answer.text)
        found[path] = answer.text
    return found


@pytest.mark.parametrize("kept", [False, True])
async def test_runs_of_a_deleted_task_and_plan_are_told_of_as_before(
    app: App, call: Call, world: World, key: str, kept: bool
) -> None:
    ids = Ids(await installation.number(app))
    job = ids.plan(1)
    if kept:
        assert await prune.tick(app, PRUNED) == 3
    before = await told(call, key, job)
    assert '"night"' in before["/api/v1/runs?name=night"]
    assert "it broke" in before[f"/public/jobs/{job}/logs"]
    plan = f"/orchestration/executables/plans/{job}"
    task = f"/orchestration/executables/tasks/{ids.task(1)}"
    for path in (plan, task):
        gone = await call("DELETE", path, headers={"Authorization": f"Bearer {key}"})
        assert gone.status_code == 204, gone.text
    assert await told(call, key, job) == before
    await ask_everything(call, key, ids)
    for path in (CHECK, f"{V0}/process-maps/7/tasks", f"/public/jobs/{job}/status"):
        assert (await call("GET", path, key)).status_code == 404, path
    for path in ("/api/v1/tasks/last-success", "/api/v1/calendar", "/api/v1/schedules"):
        assert (await call("GET", path, key)).status_code == 200, path
    for path in (f"{V0}/tasks", f"{V0}/process-maps", f"{V0}/executions", "/public/jobs", "/public/jobs/status"):
        assert (await call("GET", path, key)).json() == [], path
    for run in (1, 3):
        assert (await call("POST", f"/api/v1/runs/{run}/cancellation", key)).status_code == 202
        for body in ({}, {"part": "failed"}, {"version": "newest"}):
            again = await call("POST", f"/api/v1/runs/{run}/rerun", key, json=body)
            assert again.status_code in (404, 409), (run, body, again.text)


async def test_a_number_that_is_taken_again_stands_for_the_task_that_has_it_now(
    call: Call, world: World, key: str
) -> None:
    await world.execute("UPDATE task SET deleted_at = now()")
    [place] = await world.fetch("SELECT id FROM workspace")
    newer = await world.task(place["id"], "Package", 1, "load again")
    run = await world.run(newer, "SUCCEEDED", MOMENT, MOMENT)
    listed = (await call("GET", f"{CHECK}/executions", key)).json()
    assert [one["executionId"] for one in listed] == [run]
    assert (await call("GET", f"{CHECK}/executions/2/log", key)).status_code == 200


async def test_a_webhook_for_a_name_is_told_of_the_last_run_of_a_plan_that_was_deleted(world: World, key: str) -> None:
    await world.execute(
        """INSERT INTO webhook (workspace_key, url, shown_url, secret, events, names, since, created_by, created_at,
                                changed_at)
           SELECT 'finance', 'x', 'x', 'x', '{run.failed}', '{night}', $1, id, $1, $1 FROM app_user LIMIT 1""",
        PRUNED - timedelta(days=30),
    )
    await world.execute("UPDATE plan SET deleted_at = now()")
    found = await world.fetch("SELECT told.run, told.event FROM run CROSS JOIN LATERAL untold(run) AS told")
    assert found == [{"run": 1, "event": "run.failed"}]

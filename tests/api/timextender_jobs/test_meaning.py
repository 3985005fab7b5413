"""What statuses, states and severities mean, from the situations that they stand for."""

from typing import Any

import httpx
import msgspec
import pytest

from ostinato.api.asgi import make_asgi
from ostinato.app.application import App
from ostinato.config import Settings
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.timextender_jobs.conftest import BASE, Finance


def messages(execution: dict[str, Any]) -> list[str]:
    return [line["Message"] for line in execution["JobExecutionLogs"]]


async def test_a_job_is_pending_until_a_worker_has_been_given_a_task_of_it(finance: Finance) -> None:
    run = await finance.ran("RUNNING")
    await finance.did(run, finance.load, "QUEUED")
    assert ((await finance.status())["Status"], (await finance.logs())[0]["State"]) == (1, 0)
    await finance.did(run, finance.check, "CLAIMED")
    assert ((await finance.status())["Status"], (await finance.logs())[0]["State"]) == (2, 1)


async def test_a_job_whose_tasks_all_wait_for_their_next_try_goes_on_running(finance: Finance) -> None:
    run = await finance.ran("RUNNING")
    task = await finance.did(run, finance.load, "QUEUED", hold="due")
    await finance.world.execute("UPDATE run SET started_at = queued_at WHERE id = $1", task)
    assert await finance.status() == {"JobId": finance.job(), "Status": 2, "Message": "The job is running"}


async def test_a_pending_job_says_what_it_waits_for(finance: Finance) -> None:
    first = await finance.ran("RUNNING")
    await finance.world.run(plan=finance.plan, state="QUEUED", hold="plan")
    await finance.did(first, finance.load, "QUEUED")
    waits = "waits for its first task to start"
    assert (await finance.status())["Message"] == f"The job is pending: it {waits}"
    await finance.world.execute("UPDATE run SET state = 'CANCELLED', ended_at = now() WHERE id = $1", first)
    assert (await finance.status())["Message"].startswith("The job is pending: it ")
    assert "of the same plan" in (await finance.status())["Message"]


async def test_an_idle_job_says_why_it_cannot_be_executed(call: Call, finance: Finance) -> None:
    assert (await finance.status())["Message"] == "The job is idle"
    await finance.world.execute("UPDATE plan SET paused_at = '2026-03-01T12:00:00Z', paused_by = 'bob'")
    assert (await finance.status())["Message"] == "The job is idle, and paused since 2026-03-01T12:00:00.000Z by bob"
    await finance.world.execute("UPDATE plan SET disabled = true")
    assert await finance.status() == {"JobId": finance.job(), "Status": 0, "Message": "The job is idle, and disabled"}
    refused = await call("POST", f"{BASE}/{finance.job()}/execute", finance.key)
    assert (refused.status_code, refused.json()["detail"]) == (409, "'Nightly' is disabled: enable it first")


async def test_a_job_that_is_a_part_of_another_is_running_and_its_lines_are_in_the_others_logs(
    call: Call, finance: Finance
) -> None:
    outer = await finance.world.plan(finance.workspace, 2, "Everything")
    run = await finance.world.run(plan=outer, state="RUNNING", started="2026-03-14T22:00:00")
    inner = await finance.world.run(plan=finance.plan, state="RUNNING", started="2026-03-14T22:00:01", parent=run)
    await finance.did(inner, finance.load, "RUNNING")
    assert (await finance.status())["Status"] == 2
    assert (await call("POST", f"{BASE}/{finance.job()}/execute", finance.key)).status_code == 409
    assert await finance.logs() == []
    [execution] = (await call("GET", f"{BASE}/{finance.job(outer)}/logs", finance.key)).json()
    assert messages(execution) == [
        "Job 'Everything' started",
        "Process map 'Nightly' started",
        "Task 'Load Customer Dim' started",
    ]


async def test_a_job_at_work_is_not_executed_again_unless_the_same_key_asks(call: Call, finance: Finance) -> None:
    path = f"{BASE}/{finance.job()}/execute"
    first = await call("POST", path, finance.key, headers={"Idempotency-Key": "night"})
    again = await call("POST", path, finance.key, headers={"Idempotency-Key": "night"})
    assert first.json() == again.json()
    refused = await call("POST", path, finance.key)
    assert refused.status_code == 409
    assert refused.json()["detail"] == "'Nightly' is already running or queued: wait until it ends, or cancel it"
    assert len(await finance.logs()) == 1


@pytest.mark.parametrize(
    ("job", "below", "state"),
    [
        ("SUCCEEDED", ("SUCCEEDED", "SUCCEEDED"), 2),
        ("FAILED", ("FAILED", "SUCCEEDED"), 3),
        ("CANCELLED", ("CANCELLED", "CANCELLED"), 3),
        ("SUCCEEDED", ("FAILED", "SUCCEEDED"), 4),
        ("SUCCEEDED", ("SUCCEEDED", "CANCELLED"), 4),
    ],
)
async def test_an_execution_has_the_state_that_its_tasks_make(
    finance: Finance, job: str, below: tuple[str, str], state: int
) -> None:
    run = await finance.ran(job)
    await finance.did(run, finance.load, below[0])
    await finance.did(run, finance.check, below[1])
    [execution] = await finance.logs()
    assert execution["State"] == state
    assert execution["EndTime"] == "2026-03-14T22:05:00.000"
    assert max(line["Severity"] for line in execution["JobExecutionLogs"]) == (0 if state == 2 else 2)


@pytest.mark.parametrize("line", ["WARNING: slow", "Attempt 1 failed (error): no; another will follow", "ERROR: late"])
async def test_an_execution_in_which_a_task_warned_is_completed_with_warnings(finance: Finance, line: str) -> None:
    run = await finance.ran()
    task = await finance.did(run, finance.load)
    await finance.world.log(task, ("2026-03-14T22:00:06", "fine"))
    assert [one["State"] for one in await finance.logs()] == [2]
    await finance.world.log(task, ("2026-03-14T22:00:07", line))
    assert [one["State"] for one in await finance.logs()] == [5]


async def test_a_check_that_found_rows_and_did_not_fail_is_a_warning(finance: Finance) -> None:
    run = await finance.ran()
    check = await finance.did(run, finance.check)
    await finance.world.finding(check, 0, "row", {"id": 1})
    [execution] = await finance.logs()
    assert execution["State"] == 5
    [warning] = [line for line in execution["JobExecutionLogs"] if line["Severity"] == 1]
    assert warning["Message"] == "Task 'Validate Count' completed, and found rows"


async def test_a_schedule_that_could_not_start_the_job_leaves_a_failed_execution(finance: Finance) -> None:
    run = await finance.world.run(
        plan=finance.plan,
        state="FAILED",
        ended="2026-03-14T22:00:00",
        reason="misfired",
        cause="schedule",
        message="Schedule nightly fired, and nothing started: it is disabled",
    )
    [execution] = await finance.logs()
    assert (execution["State"], execution["TriggerId"]) == (3, finance.trigger(run))
    assert messages(execution) == [
        "Job 'Nightly' failed (misfired): Schedule nightly fired, and nothing started: it is disabled"
    ]


async def test_what_the_engine_wrote_at_the_end_of_a_task_is_not_told_twice(finance: Finance) -> None:
    run = await finance.ran("FAILED")
    task = await finance.did(run, finance.load, "FAILED", reason="error", message="no such table")
    await finance.world.log(task, ("2026-03-14T22:01:32", "Failed (error): no such table"))
    [execution] = await finance.logs()
    assert messages(execution)[-2:] == [
        "Task 'Load Customer Dim' failed (error): no such table",
        "Job 'Nightly' failed",
    ]


async def test_times_are_local_to_the_servers_zone(
    app: App, world: World, finance: Finance, settings: Settings
) -> None:
    await finance.ran()
    berlin = make_asgi(app, msgspec.structs.replace(settings, timezone="Europe/Berlin"), lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(berlin), base_url="http://ostinato.test") as client:
        path, headers = f"{BASE}/{finance.job()}/logs", {"ApiKey": finance.key}
        [execution] = (await client.get(path, headers=headers)).json()
        assert execution["CreateTime"] == "2026-03-14T23:00:00.000"
        assert execution["JobExecutionLogs"][0]["TimeStamp"] == "2026-03-14T23:00:00.000"
        for query, number in (
            ("from=2026-03-14T23:00:00.000", 1),
            ("from=2026-03-14T23:00:00.001", 0),
            ("to=2026-03-14T23:00:00.000", 0),
            ("from=2026-03-14T22:00:00Z&to=2026-03-14T22:00:00.001Z", 1),
            ("from=2026-03-14T23:00:00%2B01:00", 1),
            ("from=2026-03-14T23:00:00+01:00", 1),
            ("from=2026-03-15", 0),
        ):
            found = (await client.get(f"{path}?{query}", headers=headers)).json()
            assert len(found) == number, query


async def test_names_are_in_camel_case_where_the_setting_says_so(
    app: App, finance: Finance, settings: Settings
) -> None:
    await finance.ran()
    camel = make_asgi(app, msgspec.structs.replace(settings, jobs_case="camel"), lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(camel), base_url="http://ostinato.test") as client:
        headers = {"ApiKey": finance.key}
        assert (await client.get(BASE, headers=headers)).json() == [{"id": finance.job(), "name": "Nightly"}]
        [status] = (await client.get(f"{BASE}/status", headers=headers)).json()
        assert list(status) == ["jobId", "status", "message"]
        [execution] = (await client.get(f"{BASE}/{finance.job()}/logs?details=true", headers=headers)).json()
        assert list(execution) == ["id", "jobId", "state", "createTime", "endTime", "triggerId", "jobExecutionLogs"]
        assert list(execution["jobExecutionLogs"][0]) == [
            "id",
            "jobExecutionId",
            "timeStamp",
            "severity",
            "message",
            "taskName",
            "taskType",
            "connectionNames",
        ]
        triggered = (await client.post(f"{BASE}/{finance.job()}/execute", headers=headers)).json()
        assert list(triggered) == ["jobId", "message", "triggerId"]
        published = (await client.get("/swagger/timextender-jobs.json")).json()["components"]["schemas"]
        assert list(published["Job"]["properties"]) == published["Job"]["required"] == ["id", "name"]
        assert "traceId" in published["ProblemDetails"]["properties"]


async def test_another_environment_can_be_the_one_of_the_jobs(
    app: App, finance: Finance, settings: Settings, world: World
) -> None:
    test = await world.workspace("finance", environment="Test")
    plan = await world.plan(test, 1, "Nightly in Test")
    other = make_asgi(app, msgspec.structs.replace(settings, jobs_environment="Test"), lambda: True)
    headers = {"ApiKey": finance.key}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(other), base_url="http://ostinato.test") as client:
        assert (await client.get(BASE, headers=headers)).json() == [
            {"Id": finance.job(plan), "Name": "Nightly in Test"}
        ]
        assert (await client.get(f"{BASE}/{finance.job()}/status", headers=headers)).status_code == 404
    nowhere = make_asgi(app, msgspec.structs.replace(settings, jobs_environment="Nowhere"), lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(nowhere), base_url="http://ostinato.test") as client:
        assert (await client.get(BASE, headers=headers)).json() == []

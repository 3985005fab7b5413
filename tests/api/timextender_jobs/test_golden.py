"""Every operation and every property of the vendor's document, as a conversation."""

import re
from typing import Any

import pytest

from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.timextender_jobs.conftest import BASE, EMPTY, Finance

GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
PROPERTIES: dict[str, dict[str, type]] = {
    "Job": {"Id": str, "Name": str},
    "ExecuteJobResult": {"JobId": str, "Message": str, "TriggerId": str},
    "JobStatus": {"JobId": str, "Status": int, "Message": str},
    "JobExecution": {
        "Id": str,
        "JobId": str,
        "State": int,
        "CreateTime": str,
        "EndTime": str,
        "TriggerId": str,
        "JobExecutionLogs": list,
    },
    "JobExecutionLog": {"Id": str, "JobExecutionId": str, "TimeStamp": str, "Severity": int, "Message": str},
}
"""The lists of properties of the vendor's document, typed once more by hand."""


def has_properties(kind: str, sent: dict[str, Any]) -> None:
    """Exactly the documented properties, in the documented order, each of the documented type."""
    assert list(sent) == list(PROPERTIES[kind])
    for name, wanted in PROPERTIES[kind].items():
        assert isinstance(sent[name], wanted), f"{kind}.{name} is {sent[name]!r}"
        if name.endswith("Id"):
            assert GUID.fullmatch(sent[name]), f"{kind}.{name} is {sent[name]!r}"


async def test_the_jobs_are_the_plans_of_the_environment(call: Call, finance: Finance) -> None:
    other = await finance.world.plan(finance.workspace, 2, "Weekly")
    answer = await call("GET", BASE, finance.key)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == [
        {"Id": finance.job(), "Name": "Nightly"},
        {"Id": finance.job(other), "Name": "Weekly"},
    ]
    for job in answer.json():
        has_properties("Job", job)


async def test_a_job_is_executed_watched_and_its_logs_are_found_by_the_trigger(call: Call, finance: Finance) -> None:
    assert (await finance.status())["Status"] == 0
    assert await finance.logs() == []

    answer = await call("POST", f"{BASE}/{finance.job()}/execute", finance.key)
    assert answer.status_code == 200
    queued = answer.json()
    has_properties("ExecuteJobResult", queued)
    assert queued["JobId"] == finance.job()
    assert queued["Message"] == "The job 'Nightly' has been queued and will be started"

    status = await finance.status()
    has_properties("JobStatus", status)
    assert status == {
        "JobId": finance.job(),
        "Status": 1,
        "Message": "The job is pending: it waits for its first task to start",
    }
    everybody = await call("GET", f"{BASE}/status", finance.key)
    assert (everybody.status_code, everybody.json()) == (200, [status])

    found = (await call("GET", f"{BASE}/{finance.job()}/logs/{queued['TriggerId']}", finance.key)).json()
    assert found == await finance.logs()
    assert [(one["State"], one["EndTime"], one["TriggerId"]) for one in found] == [(0, None, queued["TriggerId"])]

    await finance.world.execute(
        "UPDATE run SET state = 'RUNNING', lease = 1, started_at = now() WHERE task_id IS NOT NULL"
    )
    assert (await finance.status())["Status"] == 2
    assert [one["State"] for one in await finance.logs()] == [1]

    await finance.world.execute("UPDATE run SET state = 'FAILED', lease = NULL, ended_at = now()")
    assert (await finance.status())["Status"] == 0
    assert [one["State"] for one in await finance.logs()] == [3]


async def test_an_execution_has_the_documented_properties_and_its_log_from_the_beginning(finance: Finance) -> None:
    run = await finance.ran("FAILED", reason="step_failed", message="1 of 2 steps did not succeed")
    load = await finance.did(run, finance.load)
    await finance.did(run, finance.check, "FAILED", reason="check_failed", message="3 rows break the rule")
    await finance.world.log(
        load,
        ("2026-03-14T22:00:06", "Connecting to source"),
        ("2026-03-14T22:00:07", "WARNING: 2 rows without a key"),
        ("2026-03-14T22:00:08", "ERROR: the first try timed out"),
    )
    [execution] = await finance.logs()
    has_properties("JobExecution", execution)
    for line in execution["JobExecutionLogs"]:
        has_properties("JobExecutionLog", line)
        assert line["JobExecutionId"] == execution["Id"]
    assert len({line["Id"] for line in execution["JobExecutionLogs"]}) == 9
    assert {name: value for name, value in execution.items() if name != "JobExecutionLogs"} == {
        "Id": finance.execution(run),
        "JobId": finance.job(),
        "State": 3,
        "CreateTime": "2026-03-14T22:00:00.000",
        "EndTime": "2026-03-14T22:05:00.000",
        "TriggerId": finance.trigger(run),
    }
    assert [
        (line["TimeStamp"][11:19], line["Severity"], line["Message"]) for line in execution["JobExecutionLogs"]
    ] == [
        ("22:00:00", 0, "Job 'Nightly' started"),
        ("22:00:05", 0, "Task 'Load Customer Dim' started"),
        ("22:00:05", 0, "Task 'Validate Count' started"),
        ("22:00:06", 0, "Task 'Load Customer Dim': Connecting to source"),
        ("22:00:07", 1, "Task 'Load Customer Dim': WARNING: 2 rows without a key"),
        ("22:00:08", 2, "Task 'Load Customer Dim': ERROR: the first try timed out"),
        ("22:01:32", 0, "Task 'Load Customer Dim' completed"),
        ("22:01:32", 2, "Task 'Validate Count' failed (check_failed): 3 rows break the rule"),
        ("22:05:00", 2, "Job 'Nightly' failed (step_failed): 1 of 2 steps did not succeed"),
    ]


@pytest.mark.parametrize("cause", ["api", "schedule", "manual"])
async def test_only_what_was_started_in_our_own_application_has_the_empty_trigger(
    call: Call, finance: Finance, cause: str
) -> None:
    run = await finance.ran(cause=cause)
    trigger = EMPTY if cause == "manual" else finance.trigger(run)
    everything = await finance.logs()
    assert [one["TriggerId"] for one in everything] == [trigger]
    found = await call("GET", f"{BASE}/{finance.job()}/logs/{trigger}", finance.key)
    assert found.json() == everything
    other = await call("GET", f"{BASE}/{finance.job()}/logs/{EMPTY}", finance.key)
    assert other.json() == (everything if cause == "manual" else [])


async def test_every_header_that_clients_use_for_the_key_is_read(call: Call, finance: Finance) -> None:
    for header in ("ApiKey", "apiKey", "X-API-Key", "Api-Key"):
        assert (await call("GET", BASE, headers={header: finance.key})).status_code == 200
    refused = await call("GET", BASE, headers={"ApiKey": "txk_" + "a" * 32})
    assert refused.status_code == 401
    assert refused.json()["type"] == "https://tools.ietf.org/html/rfc9110#section-15.5.2"


async def test_a_body_of_an_execute_request_is_ignored(call: Call, finance: Finance, world: World) -> None:
    for body in (b"", b"{}", b"not json", b"\x00\xff"):
        await world.execute("DELETE FROM run")
        answer = await call("POST", f"{BASE}/{finance.job()}/execute", finance.key, content=body)
        assert answer.status_code == 200

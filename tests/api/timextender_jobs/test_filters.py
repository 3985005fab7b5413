"""What its users asked for: pages, filters for incremental loading, details of each line, retention."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from ostinato.app import history
from tests.api.conftest import Call
from tests.api.timextender_jobs.conftest import BASE, EMPTY, Finance

DAYS = range(10, 18)
LATER = datetime(2026, 3, 20, tzinfo=UTC)


async def eight(finance: Finance) -> None:
    """An execution on each of eight days, one in every state but pending, of three causes."""
    for day in DAYS:
        match day % 6:
            case 0:
                run = await finance.ran("FAILED", day, reason="step_failed")
                await finance.did(run, finance.load, "FAILED", day)
            case 1:
                run = await finance.ran("SUCCEEDED", day, cause="schedule")
                await finance.did(run, finance.load, "FAILED", day)
            case 2:
                run = await finance.ran("SUCCEEDED", day, cause="manual")
                task = await finance.did(run, finance.load, "SUCCEEDED", day)
                await finance.world.log(task, (f"2026-03-{day}T22:00:06", "WARNING: slow"))
            case 3:
                run = await finance.ran("CANCELLED", day)
            case 4:
                run = await finance.ran("SUCCEEDED", day)
                await finance.did(run, finance.load, "SUCCEEDED", day)
            case _:
                run = await finance.ran("RUNNING", day)
                await finance.did(run, finance.load, "RUNNING", day)


@pytest.fixture(params=["live", "kept", "some kept"])
async def past(request: pytest.FixtureRequest, finance: Finance) -> Finance:
    """The eight executions in the live tables, in history, or in both."""
    await eight(finance)
    if request.param != "live":
        moment = LATER if request.param == "kept" else datetime(2026, 3, 14, tzinfo=UTC)
        assert await history.archive(finance.world.app, moment) > 0
        assert await finance.world.fetch("SELECT FROM kept_run") != []
    return finance


async def test_an_execution_is_the_same_before_and_after_it_became_history(finance: Finance) -> None:
    await eight(finance)
    live = await finance.logs("?details=true")
    assert len(live) == len(DAYS)
    for moment in (datetime(2026, 3, 13, tzinfo=UTC), LATER):
        assert await history.archive(finance.world.app, moment) > 0
        assert await finance.logs("?details=true") == live
    for one in live:
        assert await finance.logs(f"/{one['TriggerId']}?details=true") == [
            other for other in live if other["TriggerId"] == one["TriggerId"]
        ]


async def test_executions_come_newest_first_with_all_their_states(past: Finance) -> None:
    found = await past.logs()
    assert [one["CreateTime"][:10] for one in found] == [f"2026-03-{day}" for day in reversed(DAYS)]
    assert [one["State"] for one in found] == [1, 2, 3, 5, 4, 3, 1, 2]


@pytest.mark.parametrize("query", ["", "state=2,5", "state=1", "from=2026-03-12", "to=2026-03-16T22:00:00"])
async def test_pages_are_parts_of_the_whole_list(past: Finance, query: str) -> None:
    whole = await past.logs(f"?{query}")
    assert whole
    for limit, offset in product((1, 2, 3, 8), (0, 1, 4, 9)):
        page = await past.logs(f"?{query}&limit={limit}&offset={offset}")
        assert page == whole[offset : offset + limit], (limit, offset)


@pytest.mark.parametrize("query", ["", "state=2&state=5", "from=2026-03-12T22:00:00Z&severity=1&details=true"])
async def test_the_next_page_is_where_the_link_says(call: Call, past: Finance, query: str) -> None:
    whole = await past.logs(f"?{query}")
    found: list[dict[str, Any]] = []
    path: str | None = f"{BASE}/{past.job()}/logs?{query}&limit=2"
    pages = 0
    while path is not None:
        answer = await call("GET", path, past.key)
        assert len(answer.json()) <= 2
        found += answer.json()
        path = answer.links["next"]["url"] if "next" in answer.links else None
        pages += 1
    assert found == whole
    assert pages == (len(whole) + 1) // 2


def matches(one: dict[str, Any], states: set[int], since: str, until: str) -> bool:
    return (not states or one["State"] in states) and since <= one["CreateTime"] < until


async def test_filters_leave_what_they_say(past: Finance) -> None:
    whole = await past.logs()
    states: list[set[int]] = [set(), {2}, {4}, {5}, {2, 4, 5}, {3}, {0}, {1}, {0, 1}, {1, 3, 5}, {-1}]
    for wanted, since, until in product(
        states, ("2026", "2026-03-12T22:00:00.000"), ("2027", "2026-03-16T22:00:00.000")
    ):
        query = "&".join(f"state={code}" for code in wanted)
        query += f"&from={since}" if len(since) > 4 else ""
        query += f"&to={until}" if len(until) > 4 else ""
        assert await past.logs(f"?{query}") == [one for one in whole if matches(one, wanted, since, until)], query


async def test_the_severity_is_one_of_lines_and_leaves_the_executions(past: Finance) -> None:
    whole = await past.logs()
    for query, severities in (("severity=0", {0}), ("severity=1,2", {1, 2}), ("severity=2&severity=0", {0, 2})):
        for one, filtered in zip(whole, await past.logs(f"?{query}"), strict=True):
            wanted = [line for line in one["JobExecutionLogs"] if line["Severity"] in severities]
            assert filtered == {**one, "JobExecutionLogs": wanted}


async def test_filters_work_on_a_trigger_as_well(call: Call, past: Finance) -> None:
    by_hand = [one for one in await past.logs() if one["TriggerId"] == EMPTY]
    assert await past.logs(f"/{EMPTY}") == by_hand
    [failed] = [one for one in await past.logs() if one["State"] == 3][:1]
    path = f"/{failed['TriggerId']}"
    assert await past.logs(path) == await past.logs(f"{path}?state=3") == [failed]
    assert await past.logs(f"{path}?state=2") == await past.logs(f"{path}?offset=1") == []
    answer = await call("GET", f"{BASE}/{past.job()}/logs{path}", past.key)
    assert "next" not in answer.links


async def test_details_name_the_task_its_type_and_its_connections(finance: Finance) -> None:
    run = await finance.ran()
    await finance.did(run, finance.load)
    await finance.did(run, finance.check)
    assert "TaskName" not in str(await finance.logs("?details=false"))
    [execution] = await finance.logs("?details=true")
    told = {
        line["Message"]: (line["TaskName"], line["TaskType"], line["ConnectionNames"])
        for line in execution["JobExecutionLogs"]
    }
    assert told["Job 'Nightly' started"] == (None, None, [])
    assert told["Task 'Load Customer Dim' completed"] == ("Load Customer Dim", "Package", ["warehouse", "crm"])
    assert told["Task 'Validate Count' completed"] == ("Validate Count", "Query", [])


async def test_answers_about_logs_say_how_long_they_are_kept(call: Call, finance: Finance) -> None:
    for runs, logs, told in (
        (None, None, ("unlimited", "unlimited")),
        (90, None, ("90", "90")),
        (90, 30, ("90", "30")),
        (None, 30, ("unlimited", "30")),
        (30, 90, ("30", "30")),
    ):
        await finance.world.execute("UPDATE environment SET keep_runs_days = $1, keep_logs_days = $2", runs, logs)
        for path in ("logs", f"logs/{EMPTY}"):
            headers = (await call("GET", f"{BASE}/{finance.job()}/{path}", finance.key)).headers
            assert (headers["x-retention-days"], headers["x-log-retention-days"]) == told
            assert headers["link"] == '</api/v1/retention>; rel="describedby"'


async def test_lists_of_jobs_have_pages(call: Call, finance: Finance) -> None:
    for number in range(2, 6):
        await finance.world.plan(finance.workspace, number, f"Job {number}")
    for path in (BASE, f"{BASE}/status"):
        whole = (await call("GET", path, finance.key)).json()
        assert len(whole) == 5
        for limit, offset in product((1, 2, 5), (0, 3, 7)):
            page = await call("GET", f"{path}?limit={limit}&offset={offset}", finance.key)
            assert page.json() == whole[offset : offset + limit]


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("limit=0", "limit: write a whole number from 1 to 1000"),
        ("limit=1001", "limit: write a whole number from 1 to 1000"),
        ("limit=ten", "limit: write a whole number from 1 to 1000"),
        ("offset=-1", "offset: write a whole number from 0 to 100000"),
        ("offset=100001", "offset: write a whole number from 0 to 100000"),
        ("state=6", "state: '6' is none: use one or more of -1, 0, 1, 2, 3, 4, 5"),
        ("state=", "state: '' is none"),
        ("state=2,,3", "state: '' is none"),
        ("state=failed", "state: 'failed' is none"),
        ("state=2&state=%00", "state: '\\x00' is none"),
        ("state=%D9%A2", "state: '٢' is none"),
        ("severity=3", "severity: '3' is none: use one or more of 0, 1, 2"),
        ("severity=-1", "severity: '-1' is none"),
        (f"severity={'9' * 5000}", "severity: '9999"),
        ("from=yesterday", "from: write a time such as 2026-03-14T22:00:05.123"),
        ("from=", "from: write a time such as"),
        ("to=2026-02-30", "to: write a time such as"),
        ("to=%00", "to: write a time such as"),
        ("to=1e400", "to: write a time such as"),
        (f"to={'2' * 5000}", "to: write a time such as"),
        ("details=maybe", "details"),
    ],
)
async def test_a_filter_that_cannot_be_used_is_refused_by_name(
    call: Call, finance: Finance, query: str, says: str
) -> None:
    for path in ("logs", f"logs/{EMPTY}"):
        refused = await call("GET", f"{BASE}/{finance.job()}/{path}?{query}", finance.key)
        assert refused.status_code == 400
        assert refused.json()["detail"].startswith(says), refused.text
        assert len(refused.text) < 1_000


@pytest.mark.parametrize(
    "query",
    [
        "from=0001-01-01",
        "from=0001-01-01T00:00:00%2B14:00",
        "to=9999-12-31T23:59:59-14:00",
        "from=2026-03-14T22:00:00.1234567Z",
        "to=9999-12-31T23:59:59",
        "from=2026-W11-6",
        "from=20260314T220005",
        "offset=100000",
        "limit=1000",
        "limit=1.0",
        "state=-1",
        "unknown=1",
        "from=2027-01-01&to=2026-01-01",
    ],
)
async def test_a_filter_at_its_bounds_is_answered(call: Call, finance: Finance, query: str) -> None:
    await finance.ran()
    assert (await call("GET", f"{BASE}/{finance.job()}/logs?{query}", finance.key)).status_code == 200


async def test_a_reader_sees_one_moment_while_executions_become_history(finance: Finance) -> None:
    """Nothing is missing and nothing is there twice, however the move and the reading meet."""
    await eight(finance)
    before = await finance.logs()
    app = finance.world.app

    async def move() -> None:
        for hours in range(24 * 10):
            await history.archive(app, LATER - timedelta(hours=24 * 10 - hours))

    moving = asyncio.create_task(move())
    readings = 0
    while not moving.done():
        assert await finance.logs() == before
        readings += 1
    await moving
    assert readings > 1
    assert await finance.world.fetch("SELECT FROM kept_run") != []

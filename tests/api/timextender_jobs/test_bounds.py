"""An answer is bounded, whatever was run: in lines, in runs, in characters, and so in time and memory."""

import time
from typing import Any

from ostinato.app.plan_runs import MOST
from tests.api.conftest import Call
from tests.api.timextender_jobs.conftest import BASE, Finance

TASKS = 10_000
SECONDS = 20
"""For what takes about one: the machine may have other things to do."""


async def many_tasks(finance: Finance, below: int, number: int) -> None:
    """So many runs of one task below a run of the plan, two log lines each."""
    await finance.world.execute(
        """INSERT INTO run (environment_id, workspace_id, task_id, parent_run_id, root_run_id, step, state, due_at,
                            queued_at, started_at, ended_at, cause)
           SELECT environment_id, workspace_id, $1, id, id, n, 'SUCCEEDED', queued_at, queued_at,
                  queued_at + interval '1 s', queued_at + interval '4 s', 'plan'
             FROM run, generate_series(1, $3) AS n
            WHERE id = $2""",
        finance.load,
        below,
        number,
    )
    await many_lines(finance, f"SELECT id FROM run WHERE parent_run_id = {below}", 2, "one of many")


async def many_lines(finance: Finance, runs: str, number: int, text: str) -> None:
    await finance.world.execute(
        f"""INSERT INTO run_log (run_id, seq, attempt, at, line)
           SELECT run.id, n * 4, 1, run.queued_at + interval '2 s', $2
             FROM generate_series(1, $1) AS n, run
            WHERE run.id IN ({runs})""",
        number,
        text,
    )


async def ask(call: Call, finance: Finance, query: str = "") -> tuple[list[dict[str, Any]], str | None]:
    """The executions, and where the next ones are; in time."""
    begun = time.monotonic()
    answer = await call("GET", f"{BASE}/{finance.job()}/logs{query}", finance.key)
    assert time.monotonic() - begun < SECONDS
    assert answer.status_code == 200
    return answer.json(), answer.links.get("next", {}).get("url")


async def test_a_job_of_ten_thousand_tasks_is_told_completely(call: Call, finance: Finance) -> None:
    run = await finance.ran()
    await many_tasks(finance, run, TASKS)
    [execution], following = await ask(call, finance)
    assert following is None
    assert execution["State"] == 2
    assert len(execution["JobExecutionLogs"]) == 2 + 4 * TASKS
    times = [line["TimeStamp"] for line in execution["JobExecutionLogs"]]
    assert times == sorted(times)
    assert len({line["Id"] for line in execution["JobExecutionLogs"]}) == len(times)


async def test_a_pending_job_of_ten_thousand_tasks_has_a_status_at_once(call: Call, finance: Finance) -> None:
    run = await finance.ran("RUNNING")
    await many_tasks(finance, run, TASKS)
    await finance.world.execute(
        "UPDATE run SET state = 'QUEUED', started_at = NULL, ended_at = NULL WHERE parent_run_id = $1", run
    )
    begun = time.monotonic()
    assert (await finance.status())["Status"] == 1
    assert time.monotonic() - begun < SECONDS / 10


async def test_a_log_that_is_longer_than_an_answer_ends_with_a_line_that_says_so(call: Call, finance: Finance) -> None:
    earlier = await finance.ran(day=13)
    run = await finance.ran()
    task = await finance.did(run, finance.load)
    await many_lines(finance, str(task), MOST.lines + 10, "chatty")
    [execution], following = await ask(call, finance)
    assert execution["Id"] == finance.execution(run)
    lines = execution["JobExecutionLogs"]
    assert len([line for line in lines if line["Message"].endswith(": chatty")]) == MOST.lines + 1
    assert lines[-1]["Severity"] == 1
    assert lines[-1]["Message"] == (
        f"The log is longer than one answer holds, and ends here: /api/v1/runs/{run} names every run, each with its log"
    )
    assert following == f"{BASE}/{finance.job()}/logs?limit=1000&before={finance.execution(run)}"
    [other], following = await ask(call, finance, following.removeprefix(f"{BASE}/{finance.job()}/logs"))
    assert (other["Id"], following) == (finance.execution(earlier), None)


async def test_executions_for_whose_lines_there_is_no_room_are_on_the_next_page(call: Call, finance: Finance) -> None:
    third = MOST.lines // 3 + 10
    for day in range(10, 15):
        task = await finance.did(await finance.ran(day=day), finance.load, day=day)
        await many_lines(finance, str(task), third, "chatty")
    query: str | None = ""
    pages, found = [], []
    while query is not None:
        page, following = await ask(call, finance, query)
        pages.append(len(page))
        found += [one["CreateTime"][8:10] for one in page]
        assert all(len(one["JobExecutionLogs"]) == third + 4 for one in page)
        query = None if following is None else following.removeprefix(f"{BASE}/{finance.job()}/logs")
    assert pages == [2, 2, 1]
    assert found == ["14", "13", "12", "11", "10"]


async def test_a_filter_that_fits_nothing_looks_at_so_much_and_says_where_to_go_on(
    call: Call, finance: Finance
) -> None:
    for day in range(10, 15):
        task = await finance.did(await finance.ran(day=day), finance.load, day=day)
        await many_lines(finance, str(task), MOST.lines // 2 + 10, "chatty")
    query: str | None = "?state=5"
    pages = 0
    while query is not None:
        page, following = await ask(call, finance, query)
        assert page == []
        query = None if following is None else following.removeprefix(f"{BASE}/{finance.job()}/logs")
        pages += 1
    assert pages == 5


async def test_endless_lines_are_cut_and_do_not_fill_the_memory(call: Call, finance: Finance) -> None:
    run = await finance.ran()
    task = await finance.did(run, finance.load)
    number = 2 * MOST.characters // MOST.longest_line
    await many_lines(finance, str(task), number, "x" * 16_384)
    [execution], _ = await ask(call, finance)
    long = [line for line in execution["JobExecutionLogs"] if line["Message"].endswith("x" * 100)]
    assert {len(line["Message"]) for line in long} == {len("Task 'Load Customer Dim': ") + MOST.longest_line}
    assert number // 2 <= len(long) <= number // 2 + 2
    assert "longer than one answer holds" in execution["JobExecutionLogs"][-1]["Message"]


async def test_a_list_of_executions_ends_after_a_thousand(call: Call, finance: Finance) -> None:
    await finance.world.execute(
        """INSERT INTO run (environment_id, workspace_id, plan_id, plan_version, graph_id, state, due_at, queued_at,
                            started_at, ended_at, cause)
           SELECT environment_id, workspace_id, id, 1, graph_id, 'SUCCEEDED', at, at, at, at, 'schedule'
             FROM plan, generate_series('2026-03-01'::timestamptz, '2026-03-02', '1 minute') AS at""",
    )
    newest, following = await ask(call, finance)
    assert len(newest) == 1_000
    assert following is not None
    rest, following = await ask(call, finance, following.removeprefix(f"{BASE}/{finance.job()}/logs"))
    assert (len(rest), following) == (441, None)
    assert len({one["Id"] for one in newest + rest}) == 1_441
    assert (await ask(call, finance, "?offset=1000"))[0] == rest
    assert (await ask(call, finance, "?state=4"))[0] == []

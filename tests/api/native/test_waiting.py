"""Every run that is not running says in `waiting` what it waits for, and nobody learns of runs they may not see."""

from collections.abc import Sequence
from typing import Any

import pytest

from ostinato.core.ids import RunId, TaskId, WorkspaceId
from tests.api.conftest import Call
from tests.api.factories import World


@pytest.fixture
async def key(world: World) -> str:
    return await world.key("ada", finance="Contributor")


@pytest.fixture
async def finance(world: World) -> WorkspaceId:
    return await world.workspace("finance")


@pytest.fixture
async def task(world: World, finance: WorkspaceId) -> TaskId:
    return await world.task(finance, "Package", 1, "Load")


async def said(call: Call, key: str, runs: Sequence[RunId]) -> list[Any]:
    """What the runs wait for, which a list and the run by itself say in the same words."""
    page = (await call("GET", "/api/v1/runs", key)).json()["items"]
    listed = {run["id"]: run["waiting"] for run in page}
    alone = [(await call("GET", f"/api/v1/runs/{run}", key)).json()["run"]["waiting"] for run in runs]
    assert [listed.get(run) for run in runs] == alone
    return alone


async def test_a_run_that_waits_for_its_next_try_says_when(call: Call, world: World, task: TaskId, key: str) -> None:
    again = await world.run(task, "QUEUED", due="2999-01-01T00:00:00", attempt=1, hold="due")
    later = await world.run(task, "QUEUED", due="2999-01-01T00:00:00", attempt=0, hold="due")
    claimed = await world.run(task, "CLAIMED")
    assert await said(call, key, [again, later, claimed]) == [
        "will be tried again at 2999-01-01T00:00:00.000Z",
        "will start at 2999-01-01T00:00:00.000Z",
        "has a worker slot and is being started",
    ]


async def test_a_run_that_works_or_has_ended_waits_for_nothing(
    call: Call, world: World, task: TaskId, key: str
) -> None:
    working = await world.run(task, "RUNNING", "2026-03-10T10:00:00")
    ended = await world.run(task, "CANCELLED", ended="2026-03-10T10:00:00")
    assert await said(call, key, [working, ended]) == [None, None]


async def test_a_ready_run_says_whether_a_worker_slot_is_free(call: Call, world: World, task: TaskId, key: str) -> None:
    first, second = [await world.run(task, "QUEUED") for _ in range(2)]
    dead = await world.server(8, alive=False)
    await world.execute("UPDATE run SET session_id = $1 WHERE id = $2", dead, first)
    assert await said(call, key, [first]) == ["is ready, but no server is alive: starts when one is"]
    session = await world.server(2)
    assert await said(call, key, [first]) == ["is ready: a free worker slot takes it within a second"]
    young, old = [await world.run(task, "RUNNING", "2026-03-10T10:00:00", lease=lease) for lease in (6, 5)]
    await world.execute("UPDATE run SET session_id = $1 WHERE id = ANY($2)", session, [young, old])
    busy = "is ready: all 2 worker slots of 1 server are busy"
    assert await said(call, key, [first, second]) == [
        f"{busy}; starts when one of their attempts ends (the oldest is run {old})",
        f"{busy} and 1 run goes first; starts when one of their attempts ends (the oldest is run {old})",
    ]


async def test_a_run_that_must_not_overlap_names_the_run_it_waits_for(
    call: Call, world: World, task: TaskId, key: str
) -> None:
    working = await world.run(task, "RUNNING", "2026-03-10T10:00:00")
    low, high = await world.run(task, "QUEUED", hold="task"), await world.run(task, "QUEUED", hold="task")
    await world.execute("UPDATE run SET priority = 5 WHERE id = $1", high)
    assert await said(call, key, [low, high]) == [
        f"waits for run {working} of the same task to end, and for 1 run that goes first",
        f"waits for run {working} of the same task to end",
    ]


async def test_a_plan_that_must_not_overlap_names_the_run_it_waits_for(
    call: Call, world: World, finance: WorkspaceId, task: TaskId, key: str
) -> None:
    plan = await world.plan(finance, 1, "Daily", [task])
    working = await world.run(plan=plan, state="RUNNING", started="2026-03-10T10:00:00")
    queued = await world.run(plan=plan, state="QUEUED", hold="plan")
    assert await said(call, key, [queued]) == [f"waits for run {working} of the same plan to end"]
    detail = (await call("GET", f"/api/v1/runs/{queued}", key)).json()
    assert [step["waiting"] for step in detail["steps"]] == ["waits for the run to begin"]


async def test_a_run_of_a_pool_says_who_has_its_slots(call: Call, world: World, task: TaskId, key: str) -> None:
    pool = await world.pool("warehouse", 2, task)
    young, old = [await world.run(task, "RUNNING", "2026-03-10T10:00:00", lease=lease) for lease in (6, 5)]
    for slot, run in enumerate((young, old)):
        await world.execute("UPDATE run SET pool_id = $1, pool_slot = $2 WHERE id = $3", pool, slot, run)
    waiting = await world.run(task, "QUEUED", hold="pool")
    await world.execute("UPDATE run SET pool_id = $1 WHERE id = $2", pool, waiting)
    assert await said(call, key, [waiting]) == [
        "waits for a slot of pool warehouse: 2 of 2 are taken, "
        f"the next is free when one of their runs ends (the oldest is run {old})"
    ]
    await world.execute("UPDATE pool SET slots = 0")
    assert await said(call, key, [waiting]) == [
        "waits for a slot of pool warehouse, which has none: starts when somebody gives it slots"
    ]


async def test_a_run_of_a_paused_task_says_who_paused_it(call: Call, world: World, task: TaskId, key: str) -> None:
    run = await world.run(task, "QUEUED", hold="paused")
    await world.execute(
        "UPDATE task SET paused_at = '2026-03-10T10:00:00Z', paused_by = 'anna', pause_note = 'new disks'"
    )
    assert await said(call, key, [run]) == [
        "is paused by anna since 2026-03-10T10:00:00.000Z (new disks): starts when somebody resumes it"
    ]


async def test_what_somebody_may_not_see_is_told_without_its_number(
    call: Call, world: World, task: TaskId, key: str
) -> None:
    """A plan of another workspace may run a task of ours; its runs are that workspace's."""
    theirs = await world.workspace("sales")
    pool, session = await world.pool("warehouse", 1, task), await world.server(1)
    working = await world.run(task, "RUNNING", "2026-03-10T10:00:00")
    await world.execute(
        "UPDATE run SET workspace_id = $1, pool_id = $2, pool_slot = 1, session_id = $3 WHERE id = $4",
        theirs,
        pool,
        session,
        working,
    )
    ready, held, pooled = [await world.run(task, "QUEUED", hold=hold) for hold in (None, "task", "pool")]
    await world.execute("UPDATE run SET pool_id = $1 WHERE id = $2", pool, pooled)
    assert await said(call, key, [ready, held, pooled]) == [
        "is ready: the only worker slot is busy; starts when that run ends",
        "waits for another run of the same task to end",
        "waits for a slot of pool warehouse: 1 of 1 is taken, the next is free when that run ends",
    ]
    both = await world.key("both", finance="Viewer", sales="Viewer")
    assert await said(call, both, [held]) == [f"waits for run {working} of the same task to end"]


async def test_the_steps_of_a_running_plan_say_what_they_wait_for(
    call: Call, world: World, finance: WorkspaceId, task: TaskId, key: str
) -> None:
    plan = await world.plan(finance, 1, "Daily", [task, await world.task(finance, "Package", 2, "Check")])
    await world.execute("UPDATE graph SET body = jsonb_set(body, '{steps,1,after}', '[0]')")
    run = await world.run(plan=plan, state="RUNNING", started="2026-03-10T10:00:00")
    await world.execute(
        """INSERT INTO step_run (run_id, step, state, condition, needed, pending, open, remaining)
           VALUES ($1, 0, 'running', 'all_succeeded', 0, 0, 1, 3)""",
        run,
    )
    steps = (await call("GET", f"/api/v1/runs/{run}", key)).json()["steps"]
    assert [step["waiting"] for step in steps] == [
        "3 of its runs are not made yet; the next follows when one ends",
        "waits for step step 0",
    ]
    await world.execute("UPDATE run SET state = 'FAILED', ended_at = now() WHERE id = $1", run)
    steps = (await call("GET", f"/api/v1/runs/{run}", key)).json()["steps"]
    assert [step["waiting"] for step in steps] == [None, None]

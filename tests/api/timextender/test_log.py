"""The log of an execution: the lines of the engine and those of the task."""

import pytest

from tests.api.conftest import Call
from tests.api.factories import World

BASE = "/api/v0/orchestration"
BEGAN, ENDED = "2026-03-13T22:00:07", "2026-03-13T22:00:09"


@pytest.fixture
async def key(world: World) -> str:
    return await world.key("ada", finance="Contributor")


async def log(call: Call, key: str, run: int, kind: str = "Package") -> list[tuple[str, str]]:
    answer = await call("GET", f"{BASE}/finance/tasks/{kind}/1/executions/{run}/log", key)
    assert answer.status_code == 200
    return [(line["logTime"], line["log"]) for line in answer.json()]


@pytest.mark.parametrize(
    ("state", "reason", "message", "rows", "end"),
    [
        ("SUCCEEDED", None, None, None, "Finished package execution: Load"),
        ("SUCCEEDED", None, None, 1, "Finished package execution: Load (1 row)"),
        ("SUCCEEDED", None, None, 336776, "Finished package execution: Load (336776 rows)"),
        ("FAILED", "error", "It broke", None, "ERROR: It broke"),
        ("FAILED", "lost", None, None, "ERROR: The execution failed: lost"),
        ("CANCELLED", "cancel_requested", None, None, "Cancelled package execution: Load"),
    ],
)
async def test_the_engine_tells_the_start_and_the_end(
    call: Call,
    world: World,
    key: str,
    state: str,
    reason: str | None,
    message: str | None,
    rows: int | None,
    end: str,
) -> None:
    task = await world.task(await world.workspace("finance"), "Package", 1, "Load")
    run = await world.run(task, state, BEGAN, ENDED, reason=reason, message=message, rows=rows)
    await world.log(run, ("2026-03-13T22:00:08", "Hello"))
    assert await log(call, key, run) == [
        (BEGAN, "Starting package execution: Load"),
        ("2026-03-13T22:00:08", "Hello"),
        (ENDED, end),
    ]


async def test_what_happened_between_stays_as_it_was_stored_and_the_end_is_told_once(
    call: Call, world: World, key: str
) -> None:
    task = await world.task(await world.workspace("finance"), "Package", 1, "Load")
    run = await world.run(task, "FAILED", BEGAN, ENDED, attempt=2, reason="exit_code", message="It ended with 3")
    await world.log(
        run,
        ("2026-03-13T22:00:07", "first try"),
        ("2026-03-13T22:00:07", "Attempt 1 failed (exit_code): It ended with 3; another will follow"),
        ("2026-03-13T22:00:08", "The server that ran this attempt is gone: queued"),
        ("2026-03-13T22:00:09", "Failed (exit_code): It ended with 3"),
    )
    assert [line for _, line in await log(call, key, run)] == [
        "Starting package execution: Load",
        "first try",
        "Attempt 1 failed (exit_code): It ended with 3; another will follow",
        "The server that ran this attempt is gone: queued",
        "ERROR: It ended with 3",
    ]


async def test_what_goes_on_has_a_start_and_no_end_and_what_never_began_has_neither(
    call: Call, world: World, key: str
) -> None:
    task = await world.task(await world.workspace("finance"), "OrchestrationMap", 1, "Load")
    waiting, busy = await world.run(task, "QUEUED"), await world.run(task, "RUNNING", BEGAN)
    never = await world.run(task, "CANCELLED", None, ENDED)
    assert await log(call, key, waiting, "OrchestrationMap") == []
    assert await log(call, key, busy, "OrchestrationMap") == [(BEGAN, "Starting orchestration map execution: Load")]
    assert await log(call, key, never, "OrchestrationMap") == [(ENDED, "Cancelled orchestration map execution: Load")]


async def test_the_start_is_never_told_after_the_first_line(call: Call, world: World, key: str) -> None:
    task = await world.task(await world.workspace("finance"), "Package", 1, "Load")
    run = await world.run(task, "RUNNING", BEGAN)
    await world.log(run, ("2026-03-13T22:00:06", "early"))
    assert (await log(call, key, run))[0] == ("2026-03-13T22:00:06", "Starting package execution: Load")

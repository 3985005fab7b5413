"""What succeeded last, by task and by connection."""

from typing import Any

import pytest

from ostinato.app import history
from tests.api.conftest import Call
from tests.api.factories import World, at

TASKS, CONNECTIONS = "/api/v1/tasks/last-success", "/api/v1/connections/last-success"


@pytest.fixture
async def key(world: World) -> str:
    """Of somebody who may see the workspaces finance and sales; in Test only finance has something."""
    finance, sales = await world.workspace("finance"), await world.workspace("sales")
    trial, secret = await world.workspace("finance", environment="Test"), await world.workspace("secret")
    for workspace in (finance, sales, trial, secret):
        await world.connection(workspace, "warehouse", "duckdb")
    await world.connection(finance, "unused")
    load = await world.task(finance, "Package", 1, "Load", uses=["erp", "warehouse"])
    check = await world.task(finance, "Query", 1, "Check", uses=["warehouse"])
    await world.connection(finance, "erp", "mysql")
    await world.task(sales, "Package", 2, "Never ran", uses=["warehouse"])
    hidden = await world.task(secret, "Package", 3, "Hidden", uses=["warehouse"])
    await world.task(trial, "Package", 1, "Load", uses=["warehouse"])
    await world.run(load, "SUCCEEDED", "2026-03-01T10:00:00", "2026-03-01T10:01:00", id=1_001, rows=7)
    await world.run(load, "SUCCEEDED", "2026-03-02T10:00:00", "2026-03-02T10:01:00", id=1_002, rows=8)
    await world.run(load, "FAILED", "2026-03-03T10:00:00", "2026-03-03T10:01:00", id=1_003)
    await world.run(check, "SUCCEEDED", "2026-03-02T11:00:00", "2026-03-02T11:01:00", id=1_004)
    await world.run(hidden, "SUCCEEDED", "2026-03-09T11:00:00", "2026-03-09T11:01:00", id=1_005)
    return await world.key("ada", finance="Viewer", sales="Viewer")


LOADED = {"run": 1_002, "startedAt": "2026-03-02T10:00:00.000Z", "endedAt": "2026-03-02T10:01:00.000Z", "rows": 8}
CHECKED = {"run": 1_004, "startedAt": "2026-03-02T11:00:00.000Z", "endedAt": "2026-03-02T11:01:00.000Z", "rows": None}


def names(answer: dict[str, Any], field: str) -> list[tuple[str, str, str]]:
    return [(item["environment"], item["workspace"], item[field]) for item in answer["items"]]


@pytest.mark.parametrize("kept", ["live", "kept", "dropped"])
async def test_the_last_success_of_a_task_is_known_whatever_became_of_its_runs(
    call: Call, world: World, key: str, kept: str
) -> None:
    if kept != "live":
        await history.archive(world.app, at("2027-01-01T00:00:00"))
    if kept == "dropped":
        await world.execute("SELECT drop_week(environment_id, week, true, true, true) FROM kept_week")
    answer = (await call("GET", TASKS, key)).json()
    assert answer["total"] == 4
    assert names(answer, "task") == [
        ("Production", "finance", "Check"),
        ("Production", "finance", "Load"),
        ("Production", "sales", "Never ran"),
        ("Test", "finance", "Load"),
    ]
    assert [item["lastSuccess"] for item in answer["items"]] == [CHECKED, LOADED, None, None]
    assert (answer["items"][1]["type"], answer["items"][1]["number"]) == ("Package", 1)


async def test_a_later_success_goes_before_the_kept_one(call: Call, world: World, key: str) -> None:
    await history.archive(world.app, at("2027-01-01T00:00:00"))
    [task] = await world.fetch("SELECT id FROM task WHERE name = 'Check'")
    await world.run(task["id"], "SUCCEEDED", "2026-04-01T10:00:00", "2026-04-01T10:01:00", id=2_000)
    answer = (await call("GET", f"{TASKS}?name=Check", key)).json()
    assert answer["items"][0]["lastSuccess"]["run"] == 2_000


@pytest.mark.parametrize(
    ("query", "found", "total"),
    [
        ("workspace=sales", ["Never ran"], 1),
        ("environment=Test", ["Load"], 1),
        ("name=Load", ["Load", "Load"], 2),
        ("connection=erp", ["Load"], 1),
        ("connection=warehouse&environment=Production", ["Check", "Load", "Never ran"], 3),
        ("connection=nothing", [], 0),
        ("workspace=secret", [], 0),
        ("limit=1&offset=1", ["Load"], 4),
        ("limit=1&offset=9", [], 4),
    ],
)
async def test_tasks_are_filtered_and_come_in_pages(
    call: Call, key: str, query: str, found: list[str], total: int
) -> None:
    answer = (await call("GET", f"{TASKS}?{query}", key)).json()
    assert ([item["task"] for item in answer["items"]], answer["total"]) == (found, total)


async def test_a_connection_tells_the_newest_success_of_whoever_uses_it(call: Call, key: str) -> None:
    answer = (await call("GET", CONNECTIONS, key)).json()
    assert names(answer, "connection") == [
        ("Production", "finance", "erp"),
        ("Production", "finance", "unused"),
        ("Production", "finance", "warehouse"),
        ("Production", "sales", "warehouse"),
        ("Test", "finance", "warehouse"),
    ]
    assert answer["total"] == 5
    assert [item["lastSuccess"] for item in answer["items"]] == [
        {"task": "Load", "type": "Package", "number": 1, **LOADED},
        None,
        {"task": "Check", "type": "Query", "number": 1, **CHECKED},
        None,
        None,
    ]
    assert [item["tasks"] for item in answer["items"]] == [1, 0, 2, 1, 1]
    assert [item["type"] for item in answer["items"][:3]] == ["mysql", "sqlite", "duckdb"]


@pytest.mark.parametrize(
    ("query", "found", "total"),
    [
        ("name=erp", ["erp"], 1),
        ("environment=Test", ["warehouse"], 1),
        ("workspace=finance&environment=Production&limit=1&offset=1", ["unused"], 3),
        ("workspace=secret", [], 0),
    ],
)
async def test_connections_are_filtered_and_come_in_pages(
    call: Call, key: str, query: str, found: list[str], total: int
) -> None:
    answer = (await call("GET", f"{CONNECTIONS}?{query}", key)).json()
    assert ([item["connection"] for item in answer["items"]], answer["total"]) == (found, total)


async def test_who_may_see_nothing_is_told_of_nothing(call: Call, world: World, key: str) -> None:
    stranger = await world.key("eve")
    for path in (TASKS, CONNECTIONS):
        assert (await call("GET", path, stranger)).json() == {"items": [], "total": 0}
        assert (await call("GET", path)).status_code == 401


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "offset=-1", "offset=2147483648", "name=%00"])
@pytest.mark.parametrize("path", [TASKS, CONNECTIONS])
async def test_what_cannot_be_asked_is_refused(call: Call, key: str, path: str, query: str) -> None:
    assert (await call("GET", f"{path}?{query}", key)).status_code == 422

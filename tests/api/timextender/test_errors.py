"""Every row of the error tables of the vendor's document, in its order."""

from typing import Any

import pytest

from tests.api.conftest import Call
from tests.api.factories import World

BASE = "/api/v0/orchestration"
NOBODY = "txk_" + "x" * 32
TITLES = {
    400: ("Bad Request", "15.5.1"),
    401: ("Unauthorized", "15.5.2"),
    403: ("Forbidden", "15.5.4"),
    404: ("Not Found", "15.5.5"),
    409: ("Conflict", "15.5.10"),
}
LISTS = (
    "/workspaces",
    "/finance/process-maps",
    "/finance/process-maps/42/tasks",
    "/finance/tasks",
    "/finance/executions",
    "/finance/tasks/Package/1005/executions",
)
READS = (*LISTS, "/finance/tasks/Package/1005", "/finance/tasks/Package/1005/executions/97105/log")
TRIGGERS = ("/finance/process-maps/42/trigger", "/finance/tasks/Package/1005/trigger")
WITH_TYPE = (
    ("GET", "/finance/tasks/Pkg/1005"),
    ("POST", "/finance/tasks/Pkg/1005/trigger"),
    ("GET", "/finance/tasks/Pkg/1005/executions"),
    ("GET", "/finance/tasks/Pkg/1005/executions/97105/log"),
)
Row = tuple[str, str, str, str, int]
"""Which table, whose key, method, path, status."""

TABLES: list[Row] = [
    *[("Authentication errors: key missing", "", "GET", path, 401) for path in READS],
    *[("Authentication errors: key missing", "", "POST", path, 401) for path in TRIGGERS],
    *[("Authentication errors: key not recognised", NOBODY, "GET", path, 401) for path in READS],
    *[("Authentication errors: key not recognised", NOBODY, "POST", path, 401) for path in TRIGGERS],
    *[("Authentication errors: user deactivated", "gone", "GET", path, 401) for path in READS],
    *[("Authentication errors: user deactivated", "gone", "POST", path, 401) for path in TRIGGERS],
    *[("Authentication errors: no access", "stranger", "GET", path, 403) for path in READS if path != "/workspaces"],
    *[("Authentication errors: no access", "stranger", "POST", path, 403) for path in TRIGGERS],
    *[("uat", "viewer", "GET", f"{path}?uat=UAT", 400) for path in READS if path != "/workspaces"],
    *[("uat", "contributor", "POST", f"{path}?uat=UAT", 400) for path in TRIGGERS],
    *[("limit", "viewer", "GET", f"{path}?limit=0", 400) for path in LISTS],
    *[("offset", "viewer", "GET", f"{path}?offset=-1", 400) for path in LISTS],
    ("Tasks of a process map: does not exist", "viewer", "GET", "/finance/process-maps/1/tasks", 404),
    ("Tasks of a process map: no access", "viewer", "GET", "/finance/process-maps/43/tasks", 404),
    ("Trigger of a process map: not Contributor", "viewer", "POST", "/finance/process-maps/42/trigger", 403),
    ("Trigger of a process map: does not exist", "contributor", "POST", "/finance/process-maps/1/trigger", 404),
    ("Trigger of a process map: no access", "contributor", "POST", "/finance/process-maps/43/trigger", 404),
    ("Trigger of a process map: running", "contributor", "POST", "/finance/process-maps/44/trigger", 409),
    *[("taskType is not a recognised value", "contributor", method, path, 400) for method, path in WITH_TYPE],
    ("Task: not found", "viewer", "GET", "/finance/tasks/Package/1", 404),
    ("Task: not in any accessible map", "viewer", "GET", "/finance/tasks/Package/1006", 404),
    ("Task: of another type", "viewer", "GET", "/finance/tasks/Query/1005", 404),
    ("Trigger of a task: not Contributor", "viewer", "POST", "/finance/tasks/Package/1005/trigger", 403),
    ("Trigger of a task: not found", "contributor", "POST", "/finance/tasks/Package/1/trigger", 404),
    ("Trigger of a task: not in any accessible map", "contributor", "POST", "/finance/tasks/Package/1006/trigger", 404),
    ("Trigger of a task: running", "contributor", "POST", "/finance/tasks/Package/1007/trigger", 409),
    ("Trigger of a task: queued", "contributor", "POST", "/finance/tasks/Package/1008/trigger", 409),
    ("Latest executions: no access", "stranger", "GET", "/finance/executions", 403),
    ("History: no access", "stranger", "GET", "/finance/tasks/Package/1005/executions", 403),
    ("History: not found", "viewer", "GET", "/finance/tasks/Package/1/executions", 404),
    ("History: not in any accessible map", "viewer", "GET", "/finance/tasks/Package/1006/executions", 404),
    ("Log: no access", "stranger", "GET", "/finance/tasks/Package/1005/executions/97105/log", 403),
]


async def keys(world: World) -> dict[str, str]:
    finance, secret = await world.workspace("finance"), await world.workspace("secret")
    load = await world.task(finance, "Package", 1005, "Load Customer Dim")
    hidden = await world.task(secret, "Package", 1006, "Hidden")
    running = await world.task(finance, "Package", 1007, "Running")
    queued = await world.task(finance, "Package", 1008, "Queued")
    await world.plan(finance, 42, "Daily Finance Load", [load])
    await world.plan(secret, 43, "Hidden", [hidden])
    busy = await world.plan(finance, 44, "Running", [running, queued])
    await world.run(load, "FAILED", "2026-03-13T22:00:07", "2026-03-13T22:00:09", id=97105)
    await world.run(plan=busy, state="RUNNING", started="2026-03-14T22:00:00")
    await world.run(running, "RUNNING", "2026-03-14T22:00:00")
    await world.run(queued, "QUEUED")
    made = {
        "viewer": await world.key("vera", finance="Viewer"),
        "contributor": await world.key("carl", finance="Contributor"),
        "stranger": await world.key("eve", sales="Contributor"),
        "gone": await world.key("bob", finance="Contributor"),
    }
    await world.execute("UPDATE app_user SET active = false WHERE name = 'bob'")
    return made


async def test_every_row_of_the_tables_is_answered_as_documented(
    call: Call, world: World, subtests: pytest.Subtests
) -> None:
    of = await keys(world)
    before = await world.fetch("SELECT id FROM run ORDER BY id")
    for table, who, method, path, status in TABLES:
        with subtests.test(table=table, method=method, path=path):
            answer = await call(method, BASE + path, of.get(who, who) or None)
            assert answer.status_code == status, answer.text
            if "/Pkg/" in path:
                assert answer.headers["content-type"].startswith("text/plain")
                assert answer.text.startswith("Unknown taskType 'Pkg'. Valid values: Query, CompareQuery, Package,")
            else:
                has_the_documented_form(answer.json(), status)
    assert await world.fetch("SELECT id FROM run ORDER BY id") == before


def has_the_documented_form(body: dict[str, Any], status: int) -> None:
    title, section = TITLES[status]
    assert list(body)[:4] == ["type", "title", "status", "traceId"]
    assert body["type"] == f"https://tools.ietf.org/html/rfc9110#section-{section}"
    assert (body["title"], body["status"]) == (title, status)
    assert body["traceId"].startswith("00-")


async def test_what_is_not_refused_is_200_or_202(call: Call, world: World) -> None:
    of = await keys(world)
    for path in READS:
        assert (await call("GET", BASE + path, of["viewer"])).status_code == 200
    assert (await call("POST", BASE + TRIGGERS[1], of["contributor"])).status_code == 202
    await world.execute("UPDATE run SET state = 'CANCELLED', ended_at = now() WHERE state = 'QUEUED'")
    assert (await call("POST", BASE + TRIGGERS[0], of["contributor"])).status_code == 202


async def test_a_stranger_has_no_workspaces_and_is_not_refused_for_that(call: Call, world: World) -> None:
    of = await keys(world)
    answer = await call("GET", f"{BASE}/workspaces", of["stranger"])
    assert (answer.status_code, answer.json()) == (200, [])

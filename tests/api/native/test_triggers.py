"""Our own dialect: what may be said at a start, running again, pausing and resuming."""

import pytest

from tests.api.conftest import Call
from tests.api.factories import World

DECLARED = {"rows": {"type": "integer"}, "where": {}}


@pytest.fixture
async def key(world: World) -> str:
    return await world.key("ada", finance="Contributor")


@pytest.fixture
async def load(world: World) -> int:
    task = await world.task(await world.workspace("finance"), "Package", 7, "Load")
    await world.execute("UPDATE task SET parameters = $2, overlap = 'parallel' WHERE id = $1", task, DECLARED)
    return task


async def test_a_start_may_give_parameters_and_a_priority(call: Call, world: World, key: str, load: int) -> None:
    body = {"name": "Load", "parameters": {"rows": "7", "where": "here"}, "priority": 5}
    run = (await call("POST", "/api/v1/runs", key, json=body)).json()
    assert (run["priority"], run["parameters"], run["cause"]) == (5, {"rows": 7, "where": "here"}, "api")
    page = (await call("GET", "/api/v1/runs", key)).json()
    assert "parameters" not in page["items"][0]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"parameters": {"rows": "many"}}, "parameters.rows"),
        ({"parameters": {"columns": 1}}, "parameters.columns"),
        ({"parameters": {"rows": [1]}}, "parameters"),
        ({"parameters": {f"p{n}": 1 for n in range(201)}}, "parameters"),
        ({"parameters": {"where": "a\x00b"}}, "parameters"),
        ({"parameters": {"rows": 2**64}}, "parameters"),
        ({"priority": 1_001}, "priority"),
        ({"priority": "high"}, "priority"),
    ],
)
async def test_a_start_that_does_not_fit_names_the_field_and_starts_nothing(
    call: Call, world: World, key: str, load: int, body: dict[str, object], path: str
) -> None:
    answer = await call("POST", "/api/v1/runs", key, json={"name": "Load", **body})
    assert answer.status_code == 422, answer.text
    assert path in answer.text
    assert await world.fetch("SELECT id FROM run") == []


async def test_an_ended_run_runs_again_once_for_a_key(call: Call, world: World, key: str, load: int) -> None:
    old = await world.run(load, "FAILED", started="2026-03-01T10:00:00", ended="2026-03-01T10:00:05", reason="error")
    path, once = f"/api/v1/runs/{old}/rerun", {"Idempotency-Key": "again"}
    answer = await call("POST", path, key, json={}, headers=once)
    assert answer.status_code == 201
    assert (answer.json()["rerunOf"], answer.json()["state"]) == (old, "QUEUED")
    assert (await call("POST", path, key, json={"part": "all"}, headers=once)).json()["id"] == answer.json()["id"]


async def test_a_rerun_that_cannot_be_is_refused_in_words(
    call: Call, world: World, key: str, load: int, subtests: pytest.Subtests
) -> None:
    good = await world.run(load, "SUCCEEDED", started="2026-03-01T10:00:00", ended="2026-03-01T10:00:05")
    live = await world.run(load, "QUEUED")
    for run, body, status, words in (
        (good, {"part": "failed"}, 409, "Nothing of run"),
        (good, {"part": "from_step"}, 422, "step"),
        (good, {"part": "from_step", "step": "a"}, 409, "has no steps"),
        (good, {"part": "half"}, 422, "part"),
        (good, {"version": "old"}, 422, "version"),
        (good, {"steps": "a"}, 422, "unknown field"),
        (live, {}, 409, "has not ended"),
        (10**6, {}, 404, "does not exist"),
        (2**63, {}, 404, "does not exist"),
    ):
        with subtests.test(body=body, run=run):
            answer = await call("POST", f"/api/v1/runs/{run}/rerun", key, json=body)
            assert (answer.status_code, words in answer.text) == (status, True), answer.text


async def test_pausing_and_resuming_say_what_changed(call: Call, world: World, key: str, load: int) -> None:
    told = {"kind": "task", "name": "Load", "workspace": "finance", "environment": "Production"}
    for paused, changed in ((False, False), (True, True), (True, False)):
        body = {"name": "Load", "paused": paused, "note": "maintenance"}
        answer = await call("POST", "/api/v1/pauses", key, json=body)
        assert answer.json() == told | {"paused": paused, "changed": changed}
    refused = await call("POST", "/api/v1/runs", key, json={"name": "Load"})
    assert refused.status_code == 409
    assert "paused since" in refused.json()["detail"]
    await call("POST", "/api/v1/pauses", key, json={"name": "Load", "paused": False})
    assert (await call("POST", "/api/v1/runs", key, json={"name": "Load"})).status_code == 201


async def test_who_may_only_look_may_neither_pause_nor_run_again(call: Call, world: World, key: str, load: int) -> None:
    viewer, stranger = await world.key("vera", finance="Viewer"), await world.key("otto")
    old = await world.run(load, "FAILED", started="2026-03-01T10:00:00", ended="2026-03-01T10:00:05")
    for who, status in ((viewer, 403), (stranger, 404)):
        pause = await call("POST", "/api/v1/pauses", who, json={"name": "Load", "paused": True})
        again = await call("POST", f"/api/v1/runs/{old}/rerun", who, json={})
        assert (pause.status_code, again.status_code) == (status, status)


async def test_a_key_makes_the_vendors_triggers_harmless_to_repeat(call: Call, world: World, key: str) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "Load")
    await world.plan(finance, 1, "Daily", [task])
    base = "/api/v0/orchestration/finance"
    for path in ("tasks/Package/1/trigger", "process-maps/1/trigger"):
        for _ in range(2):
            answer = await call("POST", f"{base}/{path}", key, headers={"Idempotency-Key": path})
            assert answer.status_code == 202
        await world.execute("UPDATE run SET state = 'CANCELLED', ended_at = now(), hold = NULL")
    assert len(await world.fetch("SELECT id FROM run WHERE parent_run_id IS NULL")) == 2

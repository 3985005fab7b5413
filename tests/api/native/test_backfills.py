"""Backfills in our own dialect."""

from typing import Any

import pytest

from ostinato.app import backfilling
from ostinato.app.application import App
from tests.api.conftest import Call
from tests.api.factories import World
from tests.conftest import NOW
from tests.people import new_key

HOURLY = {"when": {"type": "interval", "everyMinutes": 60}}
DAILY = {"when": {"type": "daily", "at": "06:00"}, "timeZone": "Europe/Berlin"}
WEEKLY = {"when": {"type": "weekly", "days": ["monday"], "at": "09:00"}}


@pytest.fixture
async def key(app: App, world: World) -> str:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "load")
    await world.execute("UPDATE task SET overlap = 'parallel', parameters = $2 WHERE id = $1", task, {"rows": {}})
    await world.plan(finance, 7, "night", [task])
    return await new_key(app, "admin", NOW)


def wish(**more: Any) -> dict[str, Any]:
    window = {"from": "2026-02-01T00:00:00Z", "to": "2026-02-01T06:00:00+01:00"}
    return {"starts": {"name": "load"}, "trigger": HOURLY, **window, **more}


async def backfills_of(call: Call, key: str) -> int:
    return int((await call("GET", "/api/v1/backfills", key)).json()["total"])


async def test_a_backfill_is_made_seen_and_cancelled(call: Call, app: App, key: str) -> None:
    asked = wish(description="the first of February", concurrency=2, parameters={"rows": "7"}, priority=3)
    made = await call("POST", "/api/v1/backfills", key, json=asked)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["from"], told["to"]) == ("2026-02-01T00:00:00.000Z", "2026-02-01T05:00:00.000Z")
    assert (told["state"], told["total"], told["version"], told["owner"]) == ("running", 5, None, "admin")
    assert told["triggers"] == [{"name": None, "trigger": {**HOURLY}}]
    assert (await call("GET", "/api/v1/backfills", key)).json() == {"items": [told], "total": 1}
    assert await backfilling.fire_due(app, app.now()) == 2
    path = f"/api/v1/backfills/{told['id']}"
    seen = (await call("GET", path, key)).json()
    assert seen["counts"] == {"notStarted": 3, "live": 2, "succeeded": 0, "failed": 0, "cancelled": 0}
    fires = (await call("GET", f"{path}/fires", key, params={"limit": 3})).json()
    assert fires["total"] == 5
    assert [fire["at"][11:16] for fire in fires["items"]] == ["00:00", "01:00", "02:00"]
    assert [fire["state"] for fire in fires["items"]] == ["QUEUED", "QUEUED", None]
    run = (await call("GET", f"/api/v1/runs/{fires['items'][0]['run']}", key)).json()["run"]
    assert (run["cause"], run["priority"]) == ("backfill", 3)
    assert run["parameters"] == {"rows": "7", "scheduled_at": "2026-02-01T00:00:00.000Z"}
    assert (await call("POST", f"{path}/cancellation", key)).status_code == 202
    await backfilling.fire_due(app, app.now())
    ended = (await call("GET", path, key)).json()
    assert (ended["state"], ended["stopped"]) == ("cancelled", "admin cancelled it")
    assert ended["counts"] == {"notStarted": 3, "live": 0, "succeeded": 0, "failed": 0, "cancelled": 2}
    assert (await call("POST", f"{path}/cancellation", key)).json() == ended
    assert (await call("GET", "/api/v1/backfills", key, params={"ended": False})).json()["total"] == 0
    assert (await call("GET", "/api/v1/backfills", key, params={"environment": "Test"})).json()["total"] == 0


async def test_times_come_from_the_schedule_from_all_its_triggers_or_those_that_are_named(call: Call, key: str) -> None:
    without = await call("POST", "/api/v1/backfills", key, json=wish(trigger=None))
    assert (without.status_code, "no schedule with triggers" in without.text) == (422, True)
    triggers = [{"name": "early", "trigger": DAILY}, {"name": "mondays", "trigger": WEEKLY}]
    schedule = {"starts": {"name": "night"}, "triggers": triggers}
    assert (await call("POST", "/api/v1/schedules", key, json=schedule)).status_code == 201
    window = {"from": "2026-02-01T00:00:00Z", "to": "2026-02-08T00:00:00Z"}
    asked = wish(trigger=None, starts={"name": "night"}, dryRun=True, **window)
    told = (await call("POST", "/api/v1/backfills", key, json=asked)).json()
    assert (told["total"], told["triggers"][0]["name"]) == (8, "early")
    mondays = (await call("POST", "/api/v1/backfills", key, json=asked | {"names": ["mondays"]})).json()
    assert mondays["times"] == ["2026-02-02T09:00:00.000Z"]
    assert mondays["triggers"] == [{"name": "mondays", "trigger": WEEKLY}]
    unknown = await call("POST", "/api/v1/backfills", key, json=asked | {"names": ["mondays", "late"]})
    [problem] = unknown.json()["errors"]
    assert (problem["path"], problem["allowed"]) == ("names[1]", ["early", "mondays"])


async def test_a_dry_run_tells_what_would_run_and_makes_nothing(call: Call, world: World, key: str) -> None:
    [task] = await world.fetch("SELECT id FROM task WHERE name = 'load'")
    for seconds in ("05", "10", "59"):
        ended = f"2026-02-28T10:00:{seconds}"
        await world.run(task["id"], "SUCCEEDED", started="2026-02-28T10:00:00", ended=ended)
    answer = await call(
        "POST", "/api/v1/backfills", key, json=wish(dryRun=True, newestFirst=True, concurrency=2),
        headers={"Idempotency-Key": "unused"},
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["total"], told["first"][11:16], told["last"][11:16]) == (5, "00:00", "04:00")
    assert [at[11:13] for at in told["times"]] == ["04", "03", "02", "01", "00"]
    assert (told["kind"], told["name"], told["version"], told["estimatedSeconds"]) == ("task", "load", None, 30.0)
    assert await backfills_of(call, key) == 0
    assert await world.fetch("SELECT id FROM audit WHERE kind = 'backfill'") == []
    plan = wish(starts={"name": "night"}, dryRun=True)
    versions = [plan | {"version": version} for version in ("newest", "current")]
    newest, current = [(await call("POST", "/api/v1/backfills", key, json=body)).json() for body in versions]
    assert (newest["version"], current["version"], newest["estimatedSeconds"]) == ("newest", 1, None)


async def test_the_same_key_makes_nothing_a_second_time(call: Call, key: str) -> None:
    once = {"Idempotency-Key": "once"}
    first, second = [await call("POST", "/api/v1/backfills", key, json=wish(), headers=once) for _ in range(2)]
    assert first.json()["id"] == second.json()["id"]
    assert await backfills_of(call, key) == 1
    other = await call("POST", "/api/v1/backfills", key, json=wish(starts={"name": "night"}), headers=once)
    assert (other.status_code, "Idempotency-Key" in other.text) == (409, True)


@pytest.mark.parametrize(
    ("more", "path"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-02-01T00:00:00"}, "to"),
        ({"to": "2026-01-01T00:00:00Z"}, "to"),
        ({"to": "2999-01-01T00:00:00Z"}, "to"),
        ({"from": "1990-01-01T00:00:00Z"}, "to"),
        ({"trigger": {**DAILY, "endDate": "2020-01-01"}}, "to"),
        ({"trigger": {"when": {"type": "daily", "at": "25:00"}}}, "trigger.when.at"),
        ({"trigger": {**DAILY, "calendar": {"lists": ["bank"]}}}, "trigger.calendar.lists"),
        ({"names": ["early"]}, "names"),
        ({"trigger": None, "names": []}, "names"),
        ({"parameters": {"columns": 1}}, "parameters.columns"),
        ({"parameters": {"scheduled_at": "now"}}, "parameters.scheduled_at"),
        ({"priority": 5_000}, "priority"),
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 101}, "concurrency"),
        ({"starts": {"name": "night"}, "concurrency": 2}, "concurrency"),
        ({"version": 1}, "version"),
        ({"starts": {"name": "night"}, "version": 9}, "version"),
        ({"starts": {"name": "night"}, "version": 0}, "version"),
        ({"starts": {"name": "night"}, "version": "old"}, "version"),
        ({"description": " "}, "description"),
        ({"description": "a\x00b"}, "description"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_place_and_makes_nothing(
    call: Call, key: str, more: dict[str, Any], path: str
) -> None:
    for dry_run in (True, False):
        answer = await call("POST", "/api/v1/backfills", key, json=wish(**more, dryRun=dry_run))
        assert answer.status_code == 422, answer.text
        assert path in answer.text
    assert await backfills_of(call, key) == 0


async def test_who_may_not_see_it_is_told_of_nothing_and_who_may_not_start_it_makes_none(
    call: Call, world: World, key: str
) -> None:
    viewer, stranger = await world.key("vera", finance="Viewer"), await world.key("sam")
    made = (await call("POST", "/api/v1/backfills", key, json=wish())).json()
    path = f"/api/v1/backfills/{made['id']}"
    assert (await call("GET", path, viewer)).json() == made
    assert (await call("POST", f"{path}/cancellation", viewer)).status_code == 403
    for dry_run in (True, False):
        assert (await call("POST", "/api/v1/backfills", viewer, json=wish(dryRun=dry_run))).status_code == 403
        assert (await call("POST", "/api/v1/backfills", stranger, json=wish(dryRun=dry_run))).status_code == 404
    for method, place in (("GET", path), ("GET", f"{path}/fires"), ("POST", f"{path}/cancellation")):
        assert (await call(method, place, stranger)).status_code == 404
    assert (await backfills_of(call, viewer), await backfills_of(call, stranger)) == (1, 0)
    assert (await call("GET", "/api/v1/backfills/9223372036854775808", key)).status_code == 404

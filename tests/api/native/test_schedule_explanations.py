"""Why a schedule starts something, or does not, and what became of its fires."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from ostinato.app import firing, history, runs, schedules
from ostinato.app.application import App
from ostinato.app.schedules import About
from ostinato.core.schedules import NamedTrigger
from ostinato.core.triggers import read_trigger
from tests.api.conftest import Call
from tests.api.factories import World
from tests.conftest import NOW, administrator
from tests.people import new_key

HOURLY = {"type": "interval", "everyMinutes": 60}
HOUR = timedelta(hours=1)


@pytest.fixture
async def admin_key(app: App, world: World) -> str:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "load", overlap="parallel")
    await world.plan(finance, 7, "night", [task])
    return await new_key(app, "admin", NOW)


async def explained(call: Call, key: str, schedule: int, at: datetime | None = None) -> Any:
    asked = {"at": f"{at:%Y-%m-%dT%H:%M:%SZ}"} if at is not None else {}
    answer = await call("GET", f"/api/v1/schedules/{schedule}/explanation", key, params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def scheduled(app: App, now: datetime, missed: str = "once", **trigger: Any) -> int:
    """`load` every hour, as somebody scheduled it then."""
    admin = await administrator(app, NOW)
    found = await runs.find_runnable(app, admin, "load", "Production", None)
    named = NamedTrigger(name="hourly", trigger=read_trigger({"when": HOURLY, **trigger}), missed=missed)  # type: ignore[arg-type]
    about = About(what=found.what, triggers=(named,))
    return (await schedules.create(app, admin, "Production", about, now)).id


async def test_everything_that_keeps_a_schedule_from_starting_is_told(
    app: App, call: Call, admin_key: str, world: World
) -> None:
    owner = await world.key("olga", finance="Contributor")
    daily = {"name": "early", "trigger": {"when": {"type": "daily", "at": "06:00"}}}
    body = {"starts": {"name": "night"}, "triggers": [daily]}
    made = (await call("POST", "/api/v1/schedules", owner, json=body)).json()
    free = await explained(call, admin_key, made["id"])
    assert (free["kind"], free["name"], free["workspace"], free["obstacles"]) == ("plan", "night", "finance", [])
    assert free["triggers"] == [
        {
            "name": "early",
            "description": "Every day at 06:00, on the clock of UTC.",
            "next": made["triggers"][0]["dueAt"],
            "never": [],
            "fires": None,
            "reasons": [],
            "became": None,
            "run": None,
        }
    ]
    [plan] = await world.fetch("SELECT id FROM plan")
    run = await world.run(plan=plan["id"], state="RUNNING", started="2026-03-01T10:00:00")
    await world.execute("UPDATE plan SET disabled = true, paused_at = '2026-03-01T10:00Z', paused_by = 'bob'")
    await world.execute("DELETE FROM workspace_grant")
    told = await explained(call, admin_key, made["id"])
    assert told["obstacles"] == [
        "plan 'night' is disabled: enable it in its definition",
        "plan 'night' is paused since 2026-03-01T10:00:00Z by bob: resume it",
        f"plan 'night' must not overlap, and run {run} of it is queued or at work: wait until that ends, cancel it, or"
        " give it the overlap policy queue",
        "its owner 'olga' has no permission EXECUTE in workspace 'finance': grant it, or save the schedule as"
        " somebody who has it",
    ]
    await world.execute("UPDATE app_user SET active = false WHERE name = 'olga'")
    assert "its owner 'olga' is deactivated" in (await explained(call, admin_key, made["id"]))["obstacles"][-1]


async def test_a_schedule_without_a_target_or_without_a_fire_to_come_says_so(call: Call, admin_key: str) -> None:
    once = {"name": "gone", "trigger": {"when": {"type": "once", "at": "2026-01-01T06:00:00Z"}}}
    made = (await call("POST", "/api/v1/schedules", admin_key, json={"triggers": [once]})).json()
    told = await explained(call, admin_key, made["id"])
    assert told["obstacles"] == [
        f"it is bound to nothing: say what it starts, with PUT /api/v1/schedules/{made['id']}",
        "all its triggers have ended: give it one that fires again",
    ]
    [trigger] = told["triggers"]
    assert (told["name"], trigger["next"], trigger["never"]) == (None, None, ["its last time has passed"])
    empty = (await call("POST", "/api/v1/schedules", admin_key, json={})).json()
    assert "it has no triggers: give it one" in (await explained(call, admin_key, empty["id"]))["obstacles"]


async def test_a_holiday_list_that_is_gone_is_an_obstacle(app: App, call: Call, admin_key: str, world: World) -> None:
    await call("PUT", "/api/v1/holidays/bank", admin_key, json={"days": []})
    made = await scheduled(app, app.now(), calendar={"lists": ["bank"]})
    assert (await explained(call, admin_key, made))["obstacles"] == []
    await world.execute("DELETE FROM holiday_list")
    told = await explained(call, admin_key, made, app.now())
    assert told["obstacles"] == [
        "there is no holiday list 'bank', which trigger 'hourly' names: keep one under this name, or take it out of the"
        " trigger"
    ]
    [trigger] = told["triggers"]
    assert (trigger["next"], trigger["fires"], trigger["never"]) == (None, False, ["there is no holiday list 'bank'"])


async def test_what_became_of_a_fire_is_told_of_what_started_what_did_not_and_what_was_missed(
    app: App, call: Call, admin_key: str, world: World
) -> None:
    first = app.now().replace(minute=0, second=0, microsecond=0) - 9 * HOUR
    made = await scheduled(app, first, missed="skip")
    await firing.fire_due(app, first + HOUR)
    await world.execute("UPDATE task SET disabled = true")
    await firing.fire_due(app, first + 2 * HOUR)
    await world.execute("UPDATE task SET disabled = false")
    await firing.fire_due(app, first + 6.5 * HOUR)
    found = {row["queued_at"]: row["id"] for row in await world.fetch("SELECT id, queued_at FROM run")}
    started, refused, left_out = (found[first + hours * HOUR] for hours in (1, 2, 6.5))

    async def became(hours: float) -> tuple[bool, str | None, int | None]:
        [trigger] = (await explained(call, admin_key, made, first + hours * HOUR))["triggers"]
        return trigger["fires"], trigger["became"], trigger["run"]

    written = [f"{first + hours * HOUR:%Y-%m-%dT%H:%M:%SZ}" for hours in range(9)]
    assert await became(1) == (True, f"it started run {started} for {written[1]}, which is QUEUED", started)
    assert await became(1.01) == (True, f"it started run {started} for {written[1]}, which is QUEUED", started)
    assert await became(1.5) == (False, None, None)
    fires, words, run = await became(2)
    assert (fires, run) == (True, refused)
    assert words is not None
    assert words.startswith(f"nothing started for {written[2]}, as run {refused} tells: ")
    assert words.endswith("'load' is disabled: enable it first")
    fires, words, run = await became(4)
    assert (fires, run) == (True, left_out)
    assert words is not None
    assert f"it was left out with others, as run {left_out} tells: " in words
    assert f"4 fires from {written[3]} to {written[6]} were missed" in words
    fires, words, run = await became(8)
    assert (fires, run) == (True, None)
    assert words == f"it has not been made yet: the fire of {written[7]} is next, and due at {written[7]}"
    assert (await became(1_000))[1] is None
    assert (await became(0))[1] == f"nothing is recorded of it, and the schedule was changed after it, at {written[0]}"
    told = await explained(call, admin_key, made)
    assert told["obstacles"] == [
        f"trigger 'hourly' is due since {written[7]} and was not fired: the logs of the servers say why"
    ]
    assert [(fire["run"], fire["state"]) for fire in told["lastFires"]] == [
        (left_out, "FAILED"),
        (refused, "FAILED"),
        (started, "QUEUED"),
    ]
    assert [fire["message"] is None for fire in told["lastFires"]] == [False, False, True]


async def test_fires_are_told_of_when_their_runs_are_history_and_when_these_are_gone_or_hidden(
    app: App, call: Call, admin_key: str, world: World
) -> None:
    first = app.now().replace(minute=0, second=0, microsecond=0) - 9 * HOUR
    made = await scheduled(app, first)
    for hours in (1, 2):
        await firing.fire_due(app, first + hours * HOUR)
    await world.execute("UPDATE run SET state = 'SUCCEEDED', ended_at = queued_at")
    while await history.archive(app, app.now()):
        pass
    assert await world.fetch("SELECT id FROM run") == []
    told = await explained(call, admin_key, made, first + HOUR)
    assert [fire["state"] for fire in told["lastFires"]] == ["SUCCEEDED", "SUCCEEDED"]
    assert "which is SUCCEEDED" in told["triggers"][0]["became"]
    other = await world.workspace("other")
    await world.execute("UPDATE kept_run SET workspace_id = $1", other)
    viewer = await world.key("vera", finance="Viewer")
    told = await explained(call, viewer, made, first + HOUR)
    assert [(fire["run"], fire["state"]) for fire in told["lastFires"]] == [(None, None), (None, None)]
    assert "not kept any more, or you may not see it" in told["triggers"][0]["became"]
    assert told["triggers"][0]["run"] is None


async def test_what_cannot_be_asked_is_refused(call: Call, admin_key: str, world: World, app: App) -> None:
    made = await scheduled(app, app.now())
    for wrong in ("yesterday", "2026-03-01", "2026-03-01T12:00:00", "0001-01-01T00:00:00Z"):
        answer = await call("GET", f"/api/v1/schedules/{made}/explanation", admin_key, params={"at": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "at")
    assert (await call("GET", "/api/v1/schedules/99999/explanation", admin_key)).status_code == 404
    stranger = await world.key("sam")
    assert (await call("GET", f"/api/v1/schedules/{made}/explanation", stranger)).status_code == 404
    far = await call("GET", f"/api/v1/schedules/{made}/explanation", admin_key, params={"at": "9998-12-31T23:59:00Z"})
    assert far.status_code == 200, far.text

"""How plans are run and paused, as Talend clients set it."""

from typing import Any

import pytest

from ostinato.app.application import App
from ostinato.core.access import Actor
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.api.talend.plan_making import TASKS, made
from tests.conftest import NOW
from tests.people import give, new_key

PLANS = "/executables/plans"
MANUAL = {"type": "MANUAL"}
QUEUE = "  - {name: queue, overlap: queue, steps: [{name: one, tasks: [load]}]}\n"


async def test_a_plan_is_paused_shown_as_paused_and_resumed(app: App, admin: Actor, world: World, talend: Talk) -> None:
    there = await made(app, admin)
    plan = f"{PLANS}/{there.plans['repair']}"
    robot = await new_key(app, "robot", NOW)
    await give(app, "robot", "sales", "Contributor", NOW)
    await world.execute("UPDATE app_user SET kind = 'service_account' WHERE name = 'robot'")

    async def pause(body: dict[str, Any], **who: str) -> int:
        return (await talend("PUT", f"{plan}/pause", body, **who)).status_code

    async def told() -> dict[str, Any]:
        return dict((await talend("GET", plan)).json()["planPauseDetails"])

    assert await pause({"pause": False}) == 204
    assert await told() == {"pause": False}
    sent = {"pause": "true", "pauseContext": "closing of the month", "user": "somebody", "pauseDate": "x"}
    assert await pause({**sent, "userType": "HUMAN"}, key=robot) == 202
    details = await told()
    assert details == {
        "pause": True,
        "pauseContext": "closing of the month",
        "user": "robot",
        "userType": "SERVICE",
        "pauseDate": details["pauseDate"],
    }
    assert await pause({"pause": True, "pauseContext": "another reason"}) == 204
    assert await told() == details
    night = (await talend("POST", PLANS, there.request())).json()
    chart = (await talend("GET", f"{PLANS}/{night['id']}")).json()["chart"]
    alarm, repair = chart["stepOnException"]["flows"]
    assert (alarm["pauseDetails"], repair["pauseDetails"]) == ({"pause": False}, details)
    assert await pause({"pause": False, "pauseContext": "it is over"}) == 202
    assert await told() == {"pause": False}
    for wrong in (
        {},
        {"pause": "perhaps"},
        {"pause": True, "paused": True},
        {"pause": True, "pauseContext": "c" * 501},
    ):
        assert await pause(wrong) == 400
    assert await told() == {"pause": False}


async def test_a_plan_runs_in_parallel_if_its_run_configuration_says_so(
    app: App, admin: Actor, world: World, talend: Talk
) -> None:
    there = await made(app, admin, TASKS + QUEUE)
    robot = await new_key(app, "robot", NOW)
    await give(app, "robot", "sales", "Viewer", NOW)
    await world.execute("UPDATE workspace_grant SET permissions = '{VIEW,EXECUTE}'")
    for name, kept in (("repair", "forbid"), ("queue", "queue")):
        config = f"{PLANS}/{there.plans[name]}/run-config"
        first = (await talend("GET", config)).json()
        assert first == {
            "trigger": {"type": "MANUAL", "startDate": first["trigger"]["startDate"], "timeZone": "UTC"},
            "runtime": {"type": "CLOUD"},
            "parallelExecutionAllowed": False,
        }
        assert (await talend("PUT", config, first, key=robot)).json() == first
        assert await _overlap(world, name) == kept
        changed = await talend("PUT", config, {"trigger": MANUAL, "parallelExecutionAllowed": "true"}, key=robot)
        assert (changed.status_code, changed.json()) == (200, {**first, "parallelExecutionAllowed": True})
        assert (await talend("DELETE", config, key=robot)).status_code == 204
        assert (await talend("GET", config)).json()["parallelExecutionAllowed"] is True
        assert (await talend("PUT", config, {"trigger": MANUAL})).json() == first
        assert await _overlap(world, name) == "forbid"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({}, "trigger"),
        ({"trigger": {"type": "SOMETIMES"}}, "trigger.type"),
        ({"trigger": {"type": "DAILY", "startDate": "2026-01-01", "timeZone": "UTC"}}, "trigger.atTimes"),
        ({"trigger": MANUAL, "runtime": {"type": "REMOTE_ENGINE", "id": "1"}}, "runtime"),
        ({"trigger": MANUAL, "timeout": 5}, "timeout"),
        ({"trigger": MANUAL, "parallelExecutionAllowed": "perhaps"}, "parallelExecutionAllowed"),
    ],
    ids=str,
)
async def test_what_cannot_be_configured_is_named(
    app: App, admin: Actor, talend: Talk, wrong: dict[str, Any], words: str
) -> None:
    there = await made(app, admin)
    answer = await talend("PUT", f"{PLANS}/{there.plans['repair']}/run-config", wrong)
    assert answer.status_code == 400
    assert words in answer.json()["message"]


async def _overlap(world: World, name: str) -> str:
    [row] = await world.fetch("SELECT overlap FROM plan WHERE name = $1", name)
    return str(row["overlap"])

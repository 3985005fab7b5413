"""How tasks are run, and their pauses, as Talend clients keep them."""

from typing import Any

import pytest

from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.object_ids import Kind
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.api.talend.furniture import Room, define, furnished, release
from tests.artifacts import zips
from tests.conftest import NOW
from tests.people import give, new_key

MANUAL = {"type": "MANUAL"}
SHOWN = {"type": "MANUAL", "startDate": "2026-03-01", "timeZone": "UTC"}
DEFAULTS = {"trigger": SHOWN, "parallelExecutionAllowed": False, "logLevel": "WARN"}


@pytest.fixture
async def room(app: App, admin: Actor) -> Room:
    return await furnished(app, admin)


@pytest.fixture
async def path(talend: Talk, room: Room) -> str:
    """Of the query."""
    [one] = (await talend("GET", "/executables/tasks", name="count")).json()["items"]
    return f"/executables/tasks/{one['executable']}"


async def test_a_run_configuration_is_set_read_and_stopped(talend: Talk, path: str, world: World) -> None:
    config = f"{path}/run-config"
    assert (await talend("GET", config)).json() == {**DEFAULTS, "runtime": {"type": "CLOUD"}}
    sent: dict[str, Any] = {
        "trigger": {**SHOWN, "startDate": "2019-09-25", "timeZone": "Europe/London"},
        "runtime": {"type": "CLOUD", "id": ""},
        "parallelExecutionAllowed": "true",
        "timeout": "5",
        "logLevel": "INFO",
        "lineage": False,
        "deploymentStrategy": "PARALLEL",
    }
    told = await talend("PUT", config, sent)
    assert told.status_code == 200, told.text
    wanted = {**DEFAULTS, "runtime": {"type": "CLOUD"}, "parallelExecutionAllowed": True, "timeout": 5}
    assert told.json() == wanted
    assert (await talend("GET", config)).json() == wanted
    [row] = await world.fetch("SELECT overlap, timeout_s, version FROM task WHERE name = 'count'")
    assert (row["overlap"], row["timeout_s"], row["version"]) == ("parallel", 300, 2)
    assert (await talend("DELETE", config)).status_code == 204
    assert (await talend("GET", config)).json() == wanted
    assert (await talend("PUT", config, wanted)).json() == wanted
    [record] = await world.fetch(
        "SELECT before, after FROM audit WHERE target = 'count' AND kind = 'task' ORDER BY id DESC LIMIT 1"
    )
    assert record["before"] == {"overlap": "forbid", "timeout": None, "log_level": None}
    assert record["after"] == {"overlap": "parallel", "timeout": 300, "log_level": None}
    bare = await talend("PUT", config, {"trigger": MANUAL})
    assert bare.json() == {**DEFAULTS, "runtime": {"type": "CLOUD"}}


async def test_that_of_dynamic_engines_is_the_same_one(talend: Talk, path: str) -> None:
    config = f"{path}/de-run-config"
    assert (await talend("GET", config)).json() == DEFAULTS
    told = await talend("PUT", config, {"trigger": MANUAL, "timeout": 2, "runProfileId": ""})
    assert told.json() == {**DEFAULTS, "timeout": 2}
    assert (await talend("GET", f"{path}/run-config")).json()["timeout"] == 2
    assert (await talend("DELETE", config)).status_code == 204
    refused = await talend("PUT", config, {"trigger": MANUAL, "runProfileId": "x"})
    assert (refused.status_code, refused.json()["message"][:13]) == (400, "runProfileId:")
    missing = await talend("PUT", config, {})
    assert missing.status_code == 400


async def test_what_a_file_says_to_the_second_stays(app: App, admin: Actor, talend: Talk, room: Room) -> None:
    await define(
        app,
        admin,
        "workspace: finance\ntasks: [{name: own, type: Query, config: {connection: shop, query: SELECT 1},"
        " timeout: 90, overlap: queue}]\n",
    )
    [one] = (await talend("GET", "/executables/tasks", name="own")).json()["items"]
    config = f"/executables/tasks/{one['executable']}/run-config"
    shown = (await talend("GET", config)).json()
    assert shown["timeout"] == 2
    await talend("PUT", config, shown)
    [row] = await World(app).fetch("SELECT overlap, timeout_s, version FROM task WHERE name = 'own'")
    assert (row["overlap"], row["timeout_s"], row["version"]) == ("queue", 90, 1)
    await talend("PUT", config, {"trigger": MANUAL, "parallelExecutionAllowed": True})
    await talend("PUT", config, {"trigger": MANUAL})
    [row] = await World(app).fetch("SELECT overlap, timeout_s, version FROM task WHERE name = 'own'")
    assert (row["overlap"], row["timeout_s"], row["version"]) == ("forbid", None, 3)


async def test_a_talend_job_is_told_how_much_to_log(app: App, admin: Actor, talend: Talk, room: Room) -> None:
    number = await release(app, admin, "1", name="job", content=zips.talend())
    made = await talend(
        "POST",
        "/executables/tasks",
        {
            "workspaceId": room.workspace,
            "environmentId": room.environment,
            "name": "job",
            "artifact": {"id": room.ids.of(Kind.ARTIFACT, number), "version": "1"},
            "parameters": {"parameter_batch": 50},
        },
    )
    assert made.json()["parameters"] == {"batch": "50"}
    config = f"/executables/tasks/{made.json()['id']}/run-config"
    assert (await talend("GET", config)).json()["logLevel"] == "WARN"
    assert (await talend("PUT", config, {"trigger": MANUAL, "logLevel": "ERROR"})).json()["logLevel"] == "ERROR"
    [row] = await World(app).fetch("SELECT config FROM task WHERE name = 'job'")
    assert row["config"]["log_level"] == "ERROR"
    assert (await talend("PUT", config, {"trigger": MANUAL})).json()["logLevel"] == "WARN"
    [row] = await World(app).fetch("SELECT config FROM task WHERE name = 'job'")
    assert "log_level" not in row["config"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"trigger": {"type": "DAILY", "interval": 1}}, "trigger.startDate: it is required for DAILY"),
    ({"trigger": {"type": "WEBHOOK"}}, "trigger.webhook: it is required for WEBHOOK"),
    ({"trigger": {"type": "MULTIPLE"}}, "trigger.type: no schedule is linked"),
    ({"trigger": {"type": "WEBHOOK", "webhook": {"name": ""}}}, "trigger.webhook.name"),
    ({"trigger": {"type": "WEBHOOK", "webhook": {"name": "w", "triggerCalls": 0}}}, "trigger.webhook.triggerCalls"),
    (
        {"trigger": {"type": "WEBHOOK", "webhook": {"name": "w", "triggerTimeout": -1}}},
        "trigger.webhook.triggerTimeout",
    ),
    ({"trigger": {"type": "WEBHOOK", "webhook": {"name": "w", "runAsUser": "eve"}}}, "trigger.webhook.runAsUser"),
    ({"trigger": {"type": "WEBHOOK", "webhook": {"name": "w", "executionTimeout": 5}}}, "executionTimeout"),
    ({"trigger": {"type": "WEBHOOK", "webhook": {"name": "w", "url": "https://a/b"}}}, "trigger.webhook.url"),
    ({"trigger": {"type": "NEVER"}}, "trigger.type"),
    ({"trigger": None}, "trigger"),
    ({"runtime": {"type": "REMOTE_ENGINE", "id": "0" * 24}}, "runtime.type: everything runs on this server"),
    ({"runtime": {"engineId": "0" * 24}}, "runtime: there are no engines"),
    ({"timeout": 0}, "timeout"),
    ({"timeout": 10**30}, "timeout"),
    ({"logLevel": "LOUD"}, "logLevel"),
    ({"lineage": True}, "lineage: lineage is not recorded here"),
    ({"remoteRunAsUser": "root"}, "remoteRunAsUser: tasks run as the user of the server"),
    ({"microservicePort": "8080"}, "microservicePort: there are no routes here"),
    ({"deploymentStrategy": "ROLLING"}, "deploymentStrategy: there are no clusters here"),
    ({"unknown": 1}, "unknown"),
]


@pytest.mark.parametrize(("more", "words"), WRONG)
async def test_what_cannot_be_is_refused_with_its_field(
    talend: Talk, path: str, more: dict[str, Any], words: str
) -> None:
    refused = await talend("PUT", f"{path}/run-config", {"trigger": MANUAL, **more})
    assert refused.status_code == 400
    assert words in refused.json()["message"]


async def test_a_task_is_paused_and_resumed(app: App, talend: Talk, call: Call, path: str) -> None:
    sent = {"pause": True, "pauseContext": "month end", "user": "me", "userType": "SERVICE", "pauseDate": "never"}
    assert (await talend("PUT", f"{path}/pause", sent)).status_code == 202
    assert (await talend("PUT", f"{path}/pause", {"pause": "true"})).status_code == 204
    paused = (await talend("GET", path)).json()["taskPauseDetails"]
    since = paused.pop("pauseDate")
    assert since.endswith("Z")
    assert paused == {"pause": True, "pauseContext": "month end", "user": "admin", "userType": "HUMAN"}
    [listed] = (await talend("GET", "/executables/tasks", name="count")).json()["items"]
    assert listed["taskPauseDetails"] == {**paused, "pauseDate": since}
    key = await new_key(app, "admin", NOW)
    started = await call("POST", "/api/v1/runs", key=key, json={"name": "count", "workspace": "finance"})
    assert started.status_code == 409
    assert (await talend("PUT", f"{path}/pause", {"pause": False})).status_code == 202
    assert (await talend("PUT", f"{path}/pause", {"pause": False})).status_code == 204
    assert (await talend("GET", path)).json()["taskPauseDetails"] == {"pause": False}


async def test_a_pause_that_cannot_be_is_refused(talend: Talk, path: str) -> None:
    for sent, words in (
        ({}, "pause"),
        ({"pause": "perhaps"}, "pause"),
        ({"pause": True, "pauseContext": "x" * 501}, "pauseContext: write at most 500 characters"),
        ({"pause": True, "pauseContext": "x\x00"}, "pauseContext"),
        ({"pause": True, "until": "tomorrow"}, "until"),
    ):
        refused = await talend("PUT", f"{path}/pause", sent)
        assert refused.status_code == 400, sent
        assert words in refused.json()["message"]


async def test_whoever_may_run_a_task_may_say_how(app: App, talend: Talk, room: Room, path: str) -> None:
    await give(app, "operator", "finance", "Contributor", NOW)
    await World(app).execute("UPDATE workspace_grant SET permissions = '{VIEW,EXECUTE}'")
    operator = await new_key(app, "operator", NOW)
    told = await talend("PUT", f"{path}/run-config", {"trigger": MANUAL, "timeout": 3}, key=operator)
    assert told.json()["timeout"] == 3
    assert (await talend("PUT", f"{path}/pause", {"pause": True}, key=operator)).status_code == 202
    refused = await talend("DELETE", path, key=operator)
    assert refused.status_code == 403


async def test_ids_of_another_form_are_refused(talend: Talk, path: str) -> None:
    for method, end, sent in (
        ("GET", "run-config", None),
        ("PUT", "run-config", {"trigger": MANUAL}),
        ("DELETE", "run-config", None),
        ("GET", "de-run-config", None),
        ("PUT", "de-run-config", {"trigger": MANUAL}),
        ("DELETE", "de-run-config", None),
        ("PUT", "pause", {"pause": True}),
    ):
        refused = await talend(method, f"/executables/tasks/5/{end}", sent)
        assert (refused.status_code, refused.json()["message"]) == (400, "Task ID is not valid id.")

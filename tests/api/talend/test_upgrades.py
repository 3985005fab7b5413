"""Tasks move on to new versions of their artifacts, and go."""

import asyncio
from typing import Any

import pytest

from ostinato.app import access, artifacts
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.object_ids import Kind
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.api.talend.furniture import Room, define, furnished, release
from tests.api.talend.test_tasks import TASKS, create, replacement
from tests.conftest import NOW
from tests.people import give, new_key

AUTO = {"autoUpgradable": True}
RESET = {"autoUpgradable": True, "overrideWithDefaultParameters": True}
RENAMED = [{"name": "whom", "default": "all"}, {"name": "times", "type": "integer", "default": 9}]
STRICT = [*RENAMED, {"name": "where", "required": True}]
AS_TEXT = [{"name": "times", "default": "once"}, {"name": "who", "type": "integer", "default": 1}]


@pytest.fixture
async def room(app: App, admin: Actor) -> Room:
    return await furnished(app, admin)


async def shown(talend: Talk, task: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    """Its version, that of its artifact, and its parameters."""
    one = (await talend("GET", f"{TASKS}/{task['id']}")).json()
    return one["version"], one["artifact"]["version"], one.get("parameters", {})


async def records(world: World) -> list[tuple[str, Any, Any]]:
    found = await world.fetch("SELECT target, before, after FROM audit WHERE action = 'upgrade' ORDER BY id")
    return [(one["target"], one["before"], one["after"]) for one in found]


async def test_a_new_version_is_taken_by_the_tasks_that_want_it(
    app: App, admin: Actor, talend: Talk, room: Room, world: World
) -> None:
    keeps = await create(talend, room, name="keeps", parameters={"times": 3, "who": "me"})
    takes = await create(talend, room, name="takes", parameters={"times": 3, "who": "me"}, autoUpgradeInfo=AUTO)
    resets = await create(talend, room, name="resets", parameters={"times": 3, "who": "me"}, autoUpgradeInfo=RESET)
    await release(app, admin, "2", parameters=RENAMED)
    assert await shown(talend, keeps) == ("1.0", "1", {"times": "3", "who": "me"})
    assert await shown(talend, takes) == ("2.0", "2", {"times": "3"})
    assert await shown(talend, resets) == ("2.0", "2", {"times": "9", "whom": "all"})
    moved = ({"version": "1"}, {"version": "2"})
    assert await records(world) == [("takes", *moved), ("resets", *moved)]
    uses = await world.fetch(
        """SELECT task.name, version.version FROM task_artifact
             JOIN task ON task.id = task_id JOIN artifact_version AS version ON version.id = version_id ORDER BY 1"""
    )
    assert [(one["name"], one["version"]) for one in uses] == [("keeps", "1"), ("resets", "2"), ("takes", "2")]


async def test_values_that_do_not_fit_are_left_behind(app: App, admin: Actor, talend: Talk, room: Room) -> None:
    takes = await create(talend, room, parameters={"times": 3, "who": "me"}, autoUpgradeInfo=AUTO)
    await release(app, admin, "2", parameters=AS_TEXT)
    assert await shown(talend, takes) == ("2.0", "2", {"times": "3"})


async def test_a_task_without_a_value_that_is_needed_stays_and_it_is_said_why(
    app: App, admin: Actor, talend: Talk, room: Room, world: World
) -> None:
    takes = await create(talend, room, autoUpgradeInfo=AUTO)
    await release(app, admin, "2", parameters=STRICT)
    assert await shown(talend, takes) == ("1.0", "1", {"times": "3"})
    [(name, before, after)] = await records(world)
    assert (name, before) == ("greet", {"version": "1"})
    assert after["refused"] == "2"
    assert after["because"].startswith("parameters.where: the version needs a value of it (string)")
    refused = await talend("PATCH", f"{TASKS}/{takes['id']}", {"latestArtifact": True})
    assert refused.status_code == 409
    assert "'greet' cannot take version 2: parameters.where" in refused.json()["message"]


async def test_a_protected_workspace_takes_versions_of_its_own_artifacts_only(
    app: App, admin: Actor, talend: Talk, room: Room, world: World
) -> None:
    number = await release(app, admin, "1", name="shared", workspace="sales")
    shared = {"artifact": {"id": room.ids.of(Kind.ARTIFACT, number), "version": "1"}}
    own = await create(talend, room, name="own", autoUpgradeInfo=AUTO)
    other = await create(talend, room, name="other", autoUpgradeInfo=AUTO, **shared)
    change = {"name": "Finance", "protectedArtifactUpdate": True}
    assert (await talend("PUT", f"/workspaces/{room.workspace}", change)).status_code == 204
    await release(app, admin, "2")
    await release(app, admin, "2", name="shared", workspace="sales")
    assert (await shown(talend, own))[1] == "2"
    assert (await shown(talend, other))[1] == "1"
    assert [name for name, _, _ in await records(world)] == ["own"]
    await talend("PUT", f"/workspaces/{room.workspace}", {**change, "protectedArtifactUpdate": False})
    await release(app, admin, "3", name="shared", workspace="sales")
    assert (await shown(talend, other))[1] == "3"


async def test_a_patch_moves_on_to_the_newest_version(app: App, admin: Actor, talend: Talk, room: Room) -> None:
    fixed = await create(talend, room, name="fixed")
    path = f"{TASKS}/{fixed['id']}"
    await release(app, admin, "2", parameters=RENAMED)
    for sent in ({}, {"latestArtifact": False, "forceUpdate": True}, {"latestArtifact": True}):
        assert (await talend("PATCH", path, sent)).status_code == 204
        assert (await shown(talend, fixed))[1] == "1"
    for _ in range(2):
        assert (await talend("PATCH", path, {"latestArtifact": "true", "forceUpdate": "true"})).status_code == 204
        assert await shown(talend, fixed) == ("2.0", "2", {"times": "3"})
    for sent in ({"artifact": {}}, {"latestArtifact": 7}, []):
        assert (await talend("PATCH", path, sent)).status_code == 400


async def test_who_publishes_needs_no_right_where_the_tasks_are(
    app: App, admin: Actor, talend: Talk, room: Room
) -> None:
    number = await release(app, admin, "1", name="shared", workspace="sales")
    shared = {"artifact": {"id": room.ids.of(Kind.ARTIFACT, number), "version": "1"}}
    other = await create(talend, room, autoUpgradeInfo=AUTO, **shared)
    await give(app, "publisher", "sales", "Administrator", NOW)
    publisher = await access.authenticate(app, await new_key(app, "publisher", NOW))
    await release(app, publisher, "2", name="shared", workspace="sales")
    assert (await shown(talend, other))[1] == "2"


async def test_tasks_that_are_made_while_versions_come_miss_none(
    app: App, admin: Actor, talend: Talk, room: Room
) -> None:
    async def make(number: int) -> None:
        await create(talend, room, name=f"task {number}", autoUpgradeInfo=AUTO)

    await asyncio.gather(*(make(n) for n in range(6)), *(release(app, admin, str(n)) for n in range(2, 6)))
    listed = (await talend("GET", TASKS, artifactId=room.artifact)).json()["items"]
    newest = {(await shown(talend, {"id": one["executable"]}))[1] for one in listed}
    detail = (await artifacts.get(app, admin, room.ids.number(Kind.ARTIFACT, room.artifact)))[0]
    assert len(listed) == 6
    assert newest <= set(detail.versions)


async def test_a_task_that_something_runs_is_not_deleted(
    app: App, admin: Actor, talend: Talk, room: Room, world: World
) -> None:
    made = {name: await create(talend, room, name=name) for name in ("step", "handler", "free")}
    plan = """
workspace: finance
plans:
- name: night
  steps:
  - {name: one, tasks: [STEP], on_failure: {tasks: [handler]}}
"""
    await define(app, admin, plan.replace("STEP", "step"))
    for name in ("step", "handler"):
        refused = await talend("DELETE", f"{TASKS}/{made[name]['id']}")
        assert refused.status_code == 409
        assert refused.json()["message"].startswith(f"The task '{name}' is used by the plan 'night'")
    await define(app, admin, plan.replace("STEP", "free"))
    assert (await talend("DELETE", f"{TASKS}/{made['step']['id']}")).status_code == 204
    assert (await talend("DELETE", f"{TASKS}/{made['free']['id']}")).status_code == 409


async def test_a_task_inside_a_composite_one_is_not_deleted_or_renamed(
    app: App, admin: Actor, talend: Talk, room: Room, world: World
) -> None:
    made = await create(talend, room)
    number = room.ids.number(Kind.TASK, made["id"])
    steps = {"steps": [{"name": "one", "runs": [{"task": number}]}]}
    await world.execute(
        """WITH made AS (INSERT INTO graph (digest, body) VALUES (decode('00', 'hex'), $1) RETURNING id)
           UPDATE task SET graph_id = (SELECT id FROM made) WHERE name = 'count'""",
        steps,
    )
    refused = await talend("DELETE", f"{TASKS}/{made['id']}")
    assert refused.status_code == 409
    assert "is used by the task 'count'" in refused.json()["message"]
    kept = await talend("PUT", f"{TASKS}/{made['id']}", replacement(room, name="hail"))
    assert kept.status_code == 409
    assert "is named by the task 'count'" in kept.json()["message"]


async def test_a_deleted_task_is_still_told_of(
    app: App, admin: Actor, talend: Talk, call: Call, room: Room, world: World
) -> None:
    made = await create(talend, room, resources={"resource_file_names": room.resource})
    number = room.ids.number(Kind.TASK, made["id"])
    key = await new_key(app, "admin", NOW)
    started = await call("POST", "/api/v1/runs", key=key, json={"name": "greet", "workspace": "finance"})
    run = started.json()["id"]
    refused = await talend("DELETE", f"{TASKS}/{made['id']}")
    assert refused.status_code == 409
    assert refused.json()["message"].startswith(f"Run {run} of the task 'greet' has not ended")
    await call("POST", f"/api/v1/runs/{run}/cancellation", key=key)
    assert (await talend("DELETE", f"{TASKS}/{made['id']}")).status_code == 204
    [listed] = (await call("GET", "/api/v1/runs", key=key)).json()["items"]
    assert (listed["id"], listed["name"]) == (run, "greet")
    one = await call("GET", f"/api/v1/runs/{run}", key=key)
    assert one.json()["run"]["name"] == "greet", one.text
    again = await call("POST", f"/api/v1/runs/{run}/rerun", key=key, json={})
    assert again.status_code == 404
    assert await world.fetch("SELECT FROM task_artifact WHERE task_id = $1", number) == []
    assert await world.fetch("SELECT FROM task_resource WHERE task_id = $1", number) == []
    [record] = await world.fetch("SELECT action, target, workspace FROM audit ORDER BY id DESC LIMIT 1")
    assert (record["action"], record["target"], record["workspace"]) == ("delete", "greet", "finance")
    new = await create(talend, room)
    assert new["id"] != made["id"]

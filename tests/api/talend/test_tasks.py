"""Tasks, as Talend clients keep them."""

from typing import Any

import pytest

from ostinato.app import definitions
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.object_ids import Kind
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.api.talend.furniture import Room, define, furnished, release
from tests.artifacts import zips
from tests.conftest import NOW
from tests.people import give, new_key

TASKS = "/executables/tasks"
NOWHERE = "0" * 24


@pytest.fixture
async def room(app: App, admin: Actor) -> Room:
    return await furnished(app, admin)


def body(room: Room, **more: Any) -> dict[str, Any]:
    """What creates a task."""
    return {
        "workspaceId": room.workspace,
        "environmentId": room.environment,
        "name": "greet",
        "artifact": {"id": room.artifact, "version": "1"},
        "parameters": {"times": 3},
        **more,
    }


def replacement(room: Room, **more: Any) -> dict[str, Any]:
    """What replaces it."""
    return {name: value for name, value in body(room, description="", **more).items() if name != "environmentId"}


async def create(talend: Talk, room: Room, **more: Any) -> dict[str, Any]:
    made = await talend("POST", TASKS, body(room, **more))
    assert made.status_code == 201, made.text
    told: dict[str, Any] = made.json()
    return told


async def test_a_task_is_made_listed_found_changed_and_deleted(talend: Talk, room: Room) -> None:
    more = {
        "description": "says hello",
        "tags": ["nightly", "greeting"],
        "connections": {"db": room.connections["shop"]},
        "parameters": {"parameter_who": "you", "times": "3"},
        "resources": {"resource_file_names": room.resource},
        "autoUpgradeInfo": {"autoUpgradable": "true"},
    }
    told = await create(talend, room, **more)
    home = {
        "id": room.environment,
        "name": "Production",
        "maxCloudContainers": 0,
        "default": True,
    }
    assert told == {
        "id": told["id"],
        "name": "greet",
        "description": "says hello",
        "workspace": {
            "id": room.workspace,
            "name": "Finance",
            "type": "custom",
            "environment": home,
            "protectedUpgrade": False,
            "protectedArtifactUpdate": False,
        },
        "version": "1.0",
        "artifact": {"id": room.artifact, "name": "hello", "version": "1"},
        "tags": ["nightly", "greeting"],
        "connections": {"db": room.connections["shop"]},
        "parameters": {"who": "you", "times": "3"},
        "resources": {"resource_file_names": room.resource},
        "autoUpgradeInfo": {"autoUpgradable": True, "overrideWithDefaultParameters": False},
        "taskPauseDetails": {"pause": False},
    }
    assert (await talend("GET", f"{TASKS}/{told['id']}")).json() == told

    listed = (await talend("GET", TASKS, name="REE")).json()
    short = {name: value for name, value in home.items() if name != "maxCloudContainers"}
    assert listed == {
        "items": [
            {
                "executable": told["id"],
                "name": "greet",
                "workspace": {"id": room.workspace, "name": "Finance", "type": "custom", "environment": short},
                "artifactId": room.artifact,
                "runtime": {"type": "CLOUD"},
                "taskPauseDetails": {"pause": False},
            }
        ],
        "limit": 100,
        "offset": 0,
        "total": 1,
    }

    new = replacement(room, name="say hello", tags=["weekly"], parameters={"times": 4})
    changed = await talend("PUT", f"{TASKS}/{told['id']}", new)
    assert changed.status_code == 200, changed.text
    left = ("description", "connections", "resources")
    assert changed.json() == {
        **{name: value for name, value in told.items() if name not in left},
        "name": "say hello",
        "version": "2.0",
        "tags": ["weekly"],
        "parameters": {"times": "4"},
        "autoUpgradeInfo": {"autoUpgradable": False, "overrideWithDefaultParameters": False},
    }

    assert (await talend("DELETE", f"{TASKS}/{told['id']}")).status_code == 204
    for method in ("GET", "DELETE"):
        gone = await talend(method, f"{TASKS}/{told['id']}")
        assert gone.status_code == 404
        assert gone.json()["message"].startswith("Task")
    assert (await talend("PUT", f"{TASKS}/{told['id']}", new)).status_code == 404
    assert (await talend("PATCH", f"{TASKS}/{told['id']}", {"latestArtifact": True})).status_code == 404
    await create(talend, room, name="say hello")


async def test_every_id_of_another_form_is_refused_in_the_same_words(talend: Talk, room: Room) -> None:
    for method, sent in (
        ("GET", None),
        ("PUT", replacement(room)),
        ("PATCH", {}),
        ("DELETE", None),
    ):
        refused = await talend(method, f"{TASKS}/5", sent)
        assert (refused.status_code, refused.json()["message"]) == (400, "Task ID is not valid id.")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"workspaceId": "5"}, "workspaceId: Workspace ID is not valid id."),
    ({"workspaceId": NOWHERE}, "workspaceId: there is no workspace"),
    ({"environmentId": "5"}, "environmentId: Environment ID is not valid id."),
    ({"environmentId": "test"}, "environmentId: the workspace 'Finance' is in another environment"),
    ({"name": ""}, "name"),
    ({"name": "a\x00b"}, "name"),
    ({"name": "a\nb"}, "name: a name has no control characters"),
    ({"name": " "}, "name: write 1 to 200 characters"),
    ({"name": 5}, "name"),
    ({"tags": [""]}, "tags[0]: "),
    ({"tags": "nightly"}, "tags"),
    ({"artifact": {"id": "5", "version": "1"}}, "artifact.id: Artifact ID is not valid id."),
    ({"artifact": {"id": NOWHERE, "version": "1"}}, "artifact.id: there is no artifact"),
    ({"artifact": {"id": "artifact", "version": "7"}}, "artifact.version: the artifact 'hello' has no version '7'"),
    ({"artifact": {"id": "type", "version": "1.0"}}, "artifact.id: there is no artifact for tasks of type Query"),
    ({"connections": {"db": NOWHERE}}, "connections.db: there is no connection"),
    ({"connections": {"db": "elsewhere"}}, "connections.db: there is none of this id in the workspace 'Finance'"),
    ({"connections": {"d-b": "shop"}}, "connections.d-b: 'd-b' cannot be a name here"),
    ({"resources": {"names": NOWHERE}}, "resources.names: there is no resource"),
    ({"parameters": {}}, "parameters.times: the artifact needs a value of it (integer): send one"),
    ({"parameters": {"times": "many"}}, "parameters.times: expected a whole number"),
    ({"parameters": {"times": 3, "whom": 1}}, "parameters.whom: this version of the artifact has no such parameter"),
    ({"parameters": {"times": 3, "parameter_times": 4}}, "parameters.parameter_times: it is another way to write"),
    ({"parameters": {"times": 10**30}}, "parameters.times: expected a whole number"),
    ({"parameters": {"times": [3]}}, "parameters"),
    ({"autoUpgradeInfo": {"autoUpgrade": True}}, "autoUpgrade"),
    ({"version": "1.0"}, "version"),
]


@pytest.mark.parametrize(("more", "words"), WRONG)
async def test_what_is_wrong_with_a_new_task_is_said_with_its_field(
    app: App, admin: Actor, talend: Talk, room: Room, more: dict[str, Any], words: str
) -> None:
    known = {"artifact": room.artifact, "type": room.type_of_query, "elsewhere": room.elsewhere, "test": room.test}
    known |= room.connections

    def filled(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: filled(inner) for name, inner in value.items()}
        return known.get(value, value) if isinstance(value, str) else value

    refused = await talend("POST", TASKS, body(room, **filled(more)))
    assert refused.status_code == 400, refused.text
    assert words in refused.json()["message"]


async def test_a_taken_name_is_a_conflict(talend: Talk, room: Room) -> None:
    told = await create(talend, room)
    again = await talend("POST", TASKS, body(room))
    assert again.status_code == 409
    assert again.json()["message"].startswith("There is a task 'greet' in the workspace 'Finance' already")
    taken = await talend("PUT", f"{TASKS}/{told['id']}", replacement(room, name="count"))
    assert taken.status_code == 409


async def test_a_task_stays_in_its_workspace(talend: Talk, room: Room) -> None:
    told = await create(talend, room)
    moved = await talend("PUT", f"{TASKS}/{told['id']}", replacement(room, workspaceId=room.other_workspace))
    assert moved.status_code == 400
    assert moved.json()["message"].startswith("workspaceId: the task is in the workspace 'Finance'")
    missing = await talend("PUT", f"{TASKS}/{told['id']}", {"name": "greet"})
    assert missing.status_code == 400


async def test_what_is_the_same_makes_no_version(talend: Talk, room: Room, world: World) -> None:
    told = await create(talend, room, tags=["a", "b", "a"])
    same = replacement(room, tags=["a", "b"])
    assert (await talend("PUT", f"{TASKS}/{told['id']}", same)).json()["version"] == "1.0"
    renamed = await talend("PUT", f"{TASKS}/{told['id']}", {**same, "name": "hail"})
    assert (renamed.json()["version"], renamed.json()["name"]) == ("2.0", "hail")
    records = await world.fetch("SELECT action, target FROM audit WHERE kind = 'task' ORDER BY id DESC LIMIT 2")
    assert [(one["action"], one["target"]) for one in records] == [("rename", "hail"), ("create", "greet")]


async def test_what_they_cannot_say_stays(app: App, admin: Actor, talend: Talk, room: Room) -> None:
    config = "{kind: artifact, artifact: hello, version: '1', connections: {db: shop}}"
    task = f"""
workspace: finance
tasks:
- name: own
  type: Package
  config: {config}
  parameters: {{times: {{type: integer, required: true}}, who: {{}}}}
  timeout: 90
  priority: 7
  overlap: queue
  retries: {{attempts: 3}}
"""
    await define(app, admin, task)
    [one] = (await talend("GET", TASKS, name="own")).json()["items"]
    shown = (await talend("GET", f"{TASKS}/{one['executable']}")).json()
    assert "parameters" not in shown
    sent = {name: shown[name] for name in ("name", "artifact", "connections", "autoUpgradeInfo")}
    sent["artifact"].pop("name")
    same = {**sent, "workspaceId": room.workspace, "description": "", "tags": ["x"]}
    assert (await talend("PUT", f"{TASKS}/{one['executable']}", same)).json()["version"] == "2.0"
    [file] = await definitions.export(app, admin, "Production", "finance")
    for kept in ("priority: 7", "timeout: 90", "overlap: queue", "attempts: 3", "required: true"):
        assert kept in file.text


async def test_a_task_that_takes_the_newest_version_is_sent_back_as_it_was_shown(
    app: App, admin: Actor, talend: Talk, room: Room
) -> None:
    await define(
        app,
        admin,
        "workspace: finance\ntasks: [{name: own, type: Package, config: {kind: artifact, artifact: hello},"
        " parameters: {times: {type: integer, default: 2}}}]\n",
    )
    [one] = (await talend("GET", TASKS, name="own")).json()["items"]
    shown = (await talend("GET", f"{TASKS}/{one['executable']}")).json()
    assert shown["artifact"]["version"] == "1"
    assert shown["autoUpgradeInfo"]["autoUpgradable"] is True
    again = replacement(room, name="own", parameters={"times": 2}, autoUpgradeInfo=shown["autoUpgradeInfo"])
    await talend("PUT", f"{TASKS}/{one['executable']}", again)
    await release(app, admin, "2")
    assert (await talend("GET", f"{TASKS}/{one['executable']}")).json()["artifact"]["version"] == "2"
    again["artifact"] = {"id": room.artifact, "version": "2"}
    fixed = await talend("PUT", f"{TASKS}/{one['executable']}", {**again, "autoUpgradeInfo": None})
    assert fixed.status_code == 200, fixed.text
    assert fixed.json()["autoUpgradeInfo"]["autoUpgradable"] is False


async def test_a_script_has_one_connection(app: App, admin: Actor, talend: Talk, room: Room) -> None:
    script = zips.zipped({"artifact.yaml": "{kind: sql, script: q.sql}", "q.sql": "SELECT 1"})
    number = await release(app, admin, "1", name="script", content=script)
    of_script = {"artifact": {"id": room.ids.of(Kind.ARTIFACT, number), "version": "1"}, "parameters": {}}
    for connections in ({}, {"a": room.connections["shop"], "b": room.connections["till"]}):
        refused = await talend("POST", TASKS, body(room, **of_script, connections=connections))
        assert refused.status_code == 400
        assert refused.json()["message"].startswith("connections: the artifact is a script of SQL")
    told = await create(talend, room, **of_script, connections={"anything": room.connections["till"]})
    assert told["connections"] == {"sqlite": room.connections["till"]}


async def test_a_task_that_is_no_artifact_is_shown_and_keeps_what_it_does(talend: Talk, room: Room) -> None:
    [one] = (await talend("GET", TASKS, artifactId=room.type_of_query, workspaceId=room.workspace)).json()["items"]
    assert (one["name"], one["artifactId"]) == ("count", room.type_of_query)
    path = f"{TASKS}/{one['executable']}"
    shown = (await talend("GET", path)).json()
    assert shown["artifact"] == {"id": room.type_of_query, "name": "Query", "version": "1.0"}
    assert shown["connections"] == {"shop": room.connections["shop"]}
    assert shown["parameters"] == {"day": "monday", "deep": "true"}
    same = {
        "workspaceId": room.workspace,
        "name": "count all",
        "description": "all of them",
        "tags": ["x"],
        "connections": shown["connections"],
        "parameters": {"parameter_day": "monday", "deep": True},
        "artifact": {"id": room.type_of_query, "version": "1.0"},
    }
    changed = await talend("PUT", path, same)
    assert changed.status_code == 200, changed.text
    told = changed.json()
    assert (told["name"], told["description"], told["tags"]) == ("count all", "all of them", ["x"])
    assert (told["connections"], told["parameters"]) == (shown["connections"], shown["parameters"])
    for field, value in (
        ("connections", {}),
        ("parameters", {"day": "sunday", "deep": "true"}),
        ("resources", {"x": room.resource}),
        ("artifact", {"id": room.artifact, "version": "1"}),
        ("autoUpgradeInfo", {"autoUpgradable": True}),
    ):
        refused = await talend("PUT", path, {**same, field: value})
        assert refused.status_code == 409, field
        assert "only its name, description and tags" in refused.json()["message"]
    assert (await talend("PATCH", path, {"latestArtifact": True})).status_code == 409
    assert (await talend("PATCH", path, {})).status_code == 204


async def test_an_artifact_of_another_workspace_needs_a_look_into_it(
    app: App, admin: Actor, talend: Talk, room: Room
) -> None:
    number = await release(app, admin, "1", name="shared", workspace="sales")
    shared = {"artifact": {"id": room.ids.of(Kind.ARTIFACT, number), "version": "1"}}
    await give(app, "author", "finance", "Contributor", NOW)
    author = await new_key(app, "author", NOW)
    refused = await talend("POST", TASKS, body(room, **shared), key=author)
    assert refused.status_code == 400
    assert refused.json()["message"].startswith("artifact.id: there is no such artifact")
    await give(app, "author", "sales", "Viewer", NOW)
    made = await talend("POST", TASKS, body(room, **shared), key=author)
    assert made.status_code == 201, made.text
    assert made.json()["artifact"] == {**shared["artifact"], "name": "shared"}

"""Lists of tasks as Talend clients narrow them down, and who sees and changes which."""

from typing import Any

import pytest

from ostinato.app import keys
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.object_ids import Kind
from tests.api.talend.conftest import Talk
from tests.api.talend.furniture import Room, furnished
from tests.api.talend.test_tasks import NOWHERE, TASKS, body, create, replacement
from tests.conftest import NOW
from tests.people import give, new_key


@pytest.fixture
async def room(app: App, admin: Actor) -> Room:
    return await furnished(app, admin)


async def test_lists_are_narrowed_down(talend: Talk, room: Room) -> None:
    for name, tags in (("a_b", ["x", "y"]), ("axb", ["x"]), ("A%", [])):
        await create(talend, room, name=name, tags=tags)

    async def found(**query: Any) -> list[str]:
        answer = await talend("GET", TASKS, **query)
        assert answer.status_code == 200, answer.text
        return [one["name"] for one in answer.json()["items"]]

    async def searched(**sent: Any) -> list[str]:
        answer = await talend("POST", f"{TASKS}/search", sent)
        assert answer.status_code == 200, answer.text
        return [one["name"] for one in answer.json()["items"]]

    everything = ["A%", "axb", "a_b", "till", "count"]
    for ask in (found, searched):
        assert await ask() == everything
        assert await ask(name="A_") == ["a_b"]
        assert await ask(name="%") == ["A%"]
        assert await ask(environmentId=room.environment) == everything
        assert await ask(environmentId=room.test) == []
        assert await ask(workspaceId=room.workspace, environmentId=room.environment) == [*everything[:3], "count"]
        assert await ask(workspaceId=room.other_workspace) == ["till"]
        assert await ask(artifactId=room.artifact) == everything[:3]
        assert await ask(runtimeType="CLOUD") == everything
        assert await ask(runtimeType="REMOTE_ENGINE") == []
        assert await ask(runtimeId=NOWHERE) == []
        assert await ask(runtimeType="CLOUD", runtimeRunProfileId=NOWHERE) == []
    assert await searched(tags=["x"]) == ["axb", "a_b"]
    assert await searched(tags=["x", "y"]) == ["a_b"]
    assert await searched(tags=["X"]) == []
    assert await searched(triggerType="manual") == everything
    assert await searched(triggerType="daily") == []
    page = (await talend("GET", TASKS, limit=2, offset=1)).json()
    assert ([one["name"] for one in page["items"]], page["limit"], page["offset"], page["total"]) == (
        ["axb", "a_b"],
        2,
        1,
        5,
    )
    beyond = (await talend("GET", TASKS, offset=1000)).json()
    assert (beyond["items"], beyond["total"]) == ([], 5)
    none = (await talend("POST", f"{TASKS}/search", {"limit": 0})).json()
    assert (none["items"], none["total"], none["limit"]) == ([], 5, 0)


async def test_filters_that_cannot_be_used_are_refused(talend: Talk, room: Room) -> None:
    for field, value in (
        ("workspaceId", "5"),
        ("environmentId", "x"),
        ("artifactId", "g" * 24),
        ("runtimeType", "MOON"),
        ("runtimeRunProfileId", NOWHERE),
        ("limit", 101),
        ("offset", -1),
        ("offset", 10**30),
        ("name", "a\x00"),
    ):
        assert (await talend("GET", TASKS, **{field: value})).status_code == 400, field
        refused = await talend("POST", f"{TASKS}/search", {field: value})
        assert refused.status_code == 400, field
    assert (await talend("GET", TASKS, limit=0)).status_code == 400
    for sent in ({"triggerType": "sometimes"}, {"unknown": 1}, {"tags": [1]}, []):
        assert (await talend("POST", f"{TASKS}/search", sent)).status_code == 400


async def test_a_search_says_what_is_not_there(talend: Talk, room: Room) -> None:
    for field in ("environmentId", "workspaceId", "artifactId"):
        assert (await talend("GET", TASKS, **{field: NOWHERE})).json()["total"] == 0
        gone = await talend("POST", f"{TASKS}/search", {field: NOWHERE})
        assert gone.status_code == 404, field
    for kind, field in (
        (Kind.ENVIRONMENT, "environmentId"),
        (Kind.WORKSPACE, "workspaceId"),
        (Kind.ARTIFACT, "artifactId"),
    ):
        unknown = room.ids.of(kind, 999)
        assert (await talend("GET", TASKS, **{field: unknown})).json()["total"] == 0
        assert (await talend("POST", f"{TASKS}/search", {field: unknown})).status_code == 404


async def test_strangers_learn_nothing_and_viewers_change_nothing(app: App, talend: Talk, room: Room) -> None:
    told = await create(talend, room)
    path = f"{TASKS}/{told['id']}"
    stranger = await new_key(app, "stranger", NOW)
    await give(app, "viewer", "finance", "Viewer", NOW)
    viewer = await new_key(app, "viewer", NOW)
    asks: list[tuple[str, str, Any]] = [
        ("GET", path, None),
        ("PUT", path, replacement(room)),
        ("PATCH", path, {"latestArtifact": True}),
        ("DELETE", path, None),
        ("GET", f"{path}/run-config", None),
        ("PUT", f"{path}/run-config", {"trigger": {"type": "MANUAL"}}),
        ("DELETE", f"{path}/run-config", None),
        ("GET", f"{path}/de-run-config", None),
        ("PUT", f"{path}/de-run-config", {"trigger": {"type": "MANUAL"}}),
        ("DELETE", f"{path}/de-run-config", None),
        ("PUT", f"{path}/pause", {"pause": True}),
    ]
    for method, where, sent in asks:
        hidden = await talend(method, where, sent, key=stranger)
        assert hidden.status_code == 404, (method, where)
        nobody = await talend(method, where, sent, key="txk_" + "a" * 32)
        assert nobody.status_code == 401
        gone = await talend(method, where.replace(told["id"], NOWHERE), sent, key=stranger)
        assert gone.status_code == 404
        seen = await talend(method, where, sent, key=viewer)
        assert seen.status_code == (200 if method == "GET" else 403), (method, where)
    assert (await talend("GET", TASKS, key=stranger)).json()["total"] == 0
    assert (await talend("GET", TASKS, key=viewer)).json()["total"] == 2
    for key, status in ((stranger, 400), (viewer, 403)):
        assert (await talend("POST", TASKS, body(room, name="new"), key=key)).status_code == status
    for who, method, where, sent in (
        ("txk_" + "a" * 32, "GET", TASKS, None),
        ("txk_" + "a" * 32, "POST", TASKS, body(room)),
        ("txk_" + "a" * 32, "POST", f"{TASKS}/search", {}),
    ):
        assert (await talend(method, where, sent, key=who)).status_code == 401


async def test_a_credential_for_something_else_is_refused(app: App, admin: Actor, talend: Talk, room: Room) -> None:
    told = await create(talend, room)
    limited = await keys.create(app, admin, None, keys.Wish(description="r", scopes=["AUDIT"]), NOW)
    for method, where, sent in (
        ("GET", TASKS, None),
        ("POST", f"{TASKS}/search", {}),
        ("POST", TASKS, body(room)),
        ("GET", f"{TASKS}/{told['id']}", None),
        ("GET", f"{TASKS}/{told['id']}/run-config", None),
        ("GET", f"{TASKS}/{told['id']}/de-run-config", None),
    ):
        refused = await talend(method, where, sent, key=limited.secret)
        assert refused.status_code == 403, where

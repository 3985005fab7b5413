"""Resources, as Talend clients keep them."""

import io
import json
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import httpx
import pytest

from ostinato.app import artifacts
from ostinato.app.application import App
from ostinato.core.resources import MOST_BYTES
from ostinato.store.objects import ObjectFolder
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.api.talend.test_connections import place
from tests.artifacts import zips
from tests.conftest import NOW
from tests.people import new_key

Add = Callable[..., Awaitable[httpx.Response]]
CONTENT = b"id;name\n1;Ada\n"


@pytest.fixture
async def finance(world: World) -> str:
    return await place(world, "finance")


@pytest.fixture
async def administrator(app: App) -> str:
    return await new_key(app, "admin", NOW)


@pytest.fixture
async def add(call: Call, finance: str, administrator: str) -> Add:
    """Adds a resource; a form as many clients send it, with a type of its own for each part."""

    async def ask(
        content: bytes = CONTENT, *, key: str = administrator, late: bool = False, raw: str | None = None, **said: Any
    ) -> httpx.Response:
        about = raw or json.dumps({"name": "customers", "workspaceId": finance, **said})
        parts = [
            ("resource", (None, about, "application/json")),
            ("file", ("../odd/customers.csv", content, "text/csv")),
        ]
        parts = parts[::-1] if late else parts
        headers = {"Authorization": f"Bearer {key}"}
        return await call("POST", "/orchestration/resources", headers=headers, files=parts)

    return ask


@pytest.fixture
def upload(call: Call, administrator: str) -> Add:
    async def ask(resource: str, content: bytes, *, key: str = administrator, part: str = "file") -> httpx.Response:
        headers = {"Authorization": f"Bearer {key}"}
        files = {part: ("new.csv", content)}
        return await call("PUT", f"/orchestration/resources/{resource}/upload", headers=headers, files=files)

    return ask


def objects(app: App) -> set[str]:
    assert isinstance(app.objects, ObjectFolder)
    assert not list((app.objects.folder / "incoming").glob("*"))
    return set(app.objects.digests())


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


async def test_a_resource_is_added_listed_found_changed_replaced_and_deleted(
    app: App, talend: Talk, add: Add, upload: Add, finance: str, world: World
) -> None:
    made = await add(description="who buys")
    assert made.status_code == 201, made.text
    told = made.json()
    workspace = {**told["workspaceInfo"], "id": finance, "name": "Finance", "type": "custom"}
    assert told == {
        "id": told["id"],
        "name": "customers",
        "description": "who buys",
        "workspaceInfo": workspace,
        "file": True,
    }
    path = f"/resources/{told['id']}"
    assert objects(app) == {digest(CONTENT)}
    assert (await talend("GET", path)).json() == told
    folder = (await add(zips.zipped({"a/b.txt": "x"}), name="Templates", file="false", late=True)).json()
    assert (folder["file"], "description" in folder) == (False, False)
    page = (await talend("GET", "/resources")).json()
    assert page == {"items": [folder, told], "limit": 100, "offset": 0, "total": 2}
    assert (await talend("GET", "/resources", name="TOM", limit="1")).json()["items"] == [told]
    narrow = {"workspaceId": finance, "environmentId": workspace["environment"]["id"], "offset": 1, "limit": 1}
    assert (await talend("GET", "/resources", **narrow)).json() == {
        "items": [told],
        "limit": 1,
        "offset": 1,
        "total": 2,
    }

    taken = await add(name="Templates")
    assert taken.status_code == 409
    assert "choose another name" in taken.json()["message"]
    assert (await talend("PATCH", path, {"name": "Templates"})).status_code == 409
    assert (await talend("PATCH", path, {"name": "buyers"})).status_code == 204
    assert (await talend("PATCH", path, {"description": "who bought"})).status_code == 204
    assert (await talend("PATCH", path, {})).status_code == 204
    assert (await talend("GET", path)).json() == {**told, "name": "buyers", "description": "who bought"}
    assert (await upload(told["id"], b"new")).status_code == 204
    assert objects(app) == {digest(b"new"), digest(zips.zipped({"a/b.txt": "x"}))}
    [row] = await world.fetch("SELECT size, file_name, is_file FROM resource WHERE name = 'buyers'")
    assert row == {"size": 3, "file_name": "new.csv", "is_file": True}

    for one in (told, folder):
        assert (await talend("DELETE", f"/resources/{one['id']}")).status_code == 204
    assert objects(app) == set()
    for method, where, body in (("DELETE", path, None), ("GET", path, None), ("PATCH", path, {"name": "x"})):
        gone = await talend(method, where, body)
        assert gone.status_code == 404
        assert gone.json()["message"].startswith("Resource")
    assert (await upload(told["id"], b"new")).status_code == 404
    records = await world.fetch("SELECT action, target FROM audit WHERE kind = 'resource' ORDER BY id")
    assert [(one["action"], one["target"]) for one in records] == [
        ("create", "customers"),
        ("create", "Templates"),
        ("change", "customers"),
        ("change", "buyers"),
        ("replace", "buyers"),
        ("delete", "buyers"),
        ("delete", "Templates"),
    ]


async def test_the_name_of_a_file_is_made_harmless(add: Add, world: World) -> None:
    await add()
    assert (await world.fetch("SELECT file_name FROM resource")) == [{"file_name": "customers.csv"}]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"workspaceId": "1"}, "Workspace ID is not valid id."),
        ({"name": ""}, "resource: "),
        ({"name": "a\tb"}, "name: a name has no control characters"),
        ({"file": "perhaps"}, "resource: "),
        ({"more": 1}, "resource: "),
        ({"raw": "{"}, "resource: "),
        ({"raw": "[" * 20_000}, "resource: "),
        ({"raw": '{"name": "x"}'}, "resource: "),
        ({"raw": "x" * 60_000}, "resource: it is longer than 50,000 bytes"),
        ({"file": False}, "file: it is not a zip"),
    ],
)
@pytest.mark.parametrize("late", [False, True])
async def test_what_is_wrong_with_a_new_one_is_said(
    app: App, add: Add, said: dict[str, Any], message: str, late: bool
) -> None:
    refused = await add(**said, late=late)
    assert refused.status_code == 400, refused.text
    assert message in refused.json()["message"]
    assert objects(app) == set()


async def test_a_form_has_both_parts_and_no_others(
    call: Call, finance: str, upload: Add, add: Add, administrator: str
) -> None:
    headers = {"Authorization": f"Bearer {administrator}"}
    about = json.dumps({"name": "x", "workspaceId": finance})
    for parts, message in (
        ({"resource": about}, "the form has no file"),
        ({"file": "x"}, "say what it is"),
        ({"resource": about, "file": "x", "more": "x"}, "more: there is no such field"),
        ({"more": "x", "file": "x"}, "more: there is no such field"),
    ):
        files = {name: (None, text) for name, text in parts.items()}
        refused = await call("POST", "/orchestration/resources", headers=headers, files=files)
        assert (refused.status_code, message in refused.text) == (400, True), refused.text
    refused = await call("POST", "/orchestration/resources", headers=headers, json={})
    assert (refused.status_code, "send a form" in refused.text) == (400, True)
    resource = (await add()).json()["id"]
    assert (await upload(resource, b"x", part="other")).status_code == 400
    assert (await upload("1", b"x")).status_code == 400
    zipped = (await add(zips.zipped({"a": "b"}), name="folder", file=False)).json()["id"]
    assert (await upload(zipped, b"no zip")).status_code == 400


async def test_a_large_file_is_refused_and_nothing_is_kept(app: App, add: Add, upload: Add) -> None:
    resource = (await add()).json()["id"]
    large = bytes(MOST_BYTES + 1)
    for answer in (await add(large, name="large"), await upload(resource, large)):
        assert answer.status_code == 413
        assert "104,857,600 bytes" in answer.json()["message"]
    assert objects(app) == {digest(CONTENT)}


async def test_lists_and_ids_that_lead_nowhere(talend: Talk, finance: str, add: Add) -> None:
    for path, query in (
        ("/resources/1", {}),
        ("/resources", {"workspaceId": "1"}),
        ("/resources", {"environmentId": "1"}),
        ("/resources", {"limit": 0}),
        ("/resources", {"offset": 10**30}),
    ):
        assert (await talend("GET", path, **query)).status_code == 400
    nowhere = "0" * 24
    for path, query in (
        (f"/resources/{nowhere}", {}),
        (f"/resources/{finance}", {}),
        ("/resources", {"workspaceId": nowhere}),
        ("/resources", {"environmentId": nowhere}),
    ):
        assert (await talend("GET", path, **query)).status_code == 404
    assert (await add(workspaceId=nowhere)).status_code == 404
    assert (await talend("PATCH", "/resources/1", {})).status_code == 400
    assert (await talend("PATCH", f"/resources/{nowhere}", {"more": 1})).status_code == 400
    assert (await talend("DELETE", "/resources/1")).status_code == 400


async def test_what_a_task_gets_keeps_its_name_and_place(talend: Talk, add: Add, upload: Add, world: World) -> None:
    told = (await add()).json()
    path, sales = f"/resources/{told['id']}", await place(world, "sales")
    [row] = await world.fetch("SELECT id, workspace_id FROM resource")
    task = await world.task(row["workspace_id"], "Package", 1, "load")
    await world.execute("INSERT INTO task_resource VALUES ($1, 'file', $2)", task, row["id"])
    for method, where, body in (
        ("DELETE", path, None),
        ("PATCH", path, {"name": "other"}),
        ("PUT", f"{path}/move/{sales}", None),
    ):
        refused = await talend(method, where, body)
        assert refused.status_code == 409, refused.text
        assert "is used by the task 'load'" in refused.json()["message"]
    assert (await talend("PATCH", path, {"name": "customers", "description": "x"})).status_code == 204
    await world.execute("UPDATE task_ever SET deleted_at = now()")
    assert (await talend("DELETE", path)).status_code == 204


async def test_what_a_run_has_begun_with_is_left_until_a_later_sweep(
    app: App, add: Add, upload: Add, world: World
) -> None:
    told = (await add()).json()
    [row] = await world.fetch("SELECT id, workspace_id FROM resource")
    task = await world.task(row["workspace_id"], "Package", 1, "load")
    await world.execute("INSERT INTO task_resource VALUES ($1, 'file', $2)", task, row["id"])
    run = await world.run(task, "RUNNING", "2026-02-01T10:00:00")
    await upload(told["id"], b"new")
    assert objects(app) == {digest(CONTENT), digest(b"new")}
    await world.execute(
        "UPDATE run SET state = 'SUCCEEDED', lease = NULL, alone = false, ended_at = now() WHERE id = $1", run
    )
    await artifacts.sweep(app, NOW)
    assert objects(app) == {digest(b"new")}


async def test_a_resource_moves_within_its_environment(talend: Talk, add: Add, world: World, finance: str) -> None:
    path = f"/resources/{(await add()).json()['id']}/move"
    sales, elsewhere = await place(world, "sales"), await place(world, "lab", environment="Test")
    other = await talend("PUT", f"{path}/{elsewhere}")
    assert other.status_code == 400
    assert other.json()["message"].startswith("targetWorkspaceId: it is in environment 'Test'")
    assert (await talend("PUT", f"{path}/{'0' * 24}")).status_code == 404
    assert (await talend("PUT", f"{path}/1")).status_code == 400
    moved = (await talend("PUT", f"{path}/{sales}")).json()
    assert moved["workspaceInfo"]["id"] == sales
    assert (await talend("PUT", f"{path}/{sales}")).json() == moved
    await add()
    assert (await talend("PUT", f"{path}/{finance}")).status_code == 409


async def test_strangers_see_nothing_and_viewers_change_nothing(
    talend: Talk, add: Add, upload: Add, world: World, finance: str
) -> None:
    told = (await add()).json()
    path, sales = f"/resources/{told['id']}", await place(world, "sales")
    asks: list[tuple[str, str, Any]] = [
        ("PATCH", path, {"name": "x"}),
        ("DELETE", path, None),
        ("PUT", f"{path}/move/{sales}", None),
    ]
    viewer, stranger = await world.key("viewer", finance="Viewer", sales="Administrator"), await world.key("stranger")
    assert (await talend("GET", path, key=viewer)).json() == told
    for method, where, body in asks:
        assert (await talend(method, where, body, key=viewer)).status_code == 403, where
        assert (await talend(method, where, body, key=stranger)).status_code == 404, where
    assert (await add(name="new", key=viewer)).status_code == 403
    assert (await add(name="new", key=stranger)).status_code == 404
    assert (await upload(told["id"], b"x", key=viewer)).status_code == 403
    assert (await upload(told["id"], b"x", key=stranger)).status_code == 404
    assert (await talend("GET", path, key=stranger)).status_code == 404
    assert (await talend("GET", "/resources", key=stranger)).json()["total"] == 0
    assert (await talend("GET", "/resources", key=stranger, workspaceId=finance)).status_code == 404
    assert (await talend("GET", path, key="txk_" + "a" * 32)).status_code == 401


async def test_content_that_an_artifact_has_as_well_outlives_the_resource(
    app: App, talend: Talk, add: Add, world: World, call: Call
) -> None:
    content = zips.python(name="hello", version="1")
    key = await new_key(app, "admin", NOW)
    published = await call(
        "POST", "/api/v1/artifacts", key, data={"workspace": "finance"}, files={"file": ("a.zip", io.BytesIO(content))}
    )
    resource = (await add(content, file=False)).json()["id"]
    assert (await call("DELETE", f"/api/v1/artifacts/{published.json()['artifact']['id']}", key)).status_code == 204
    await artifacts.sweep(app, NOW)
    assert objects(app) == {digest(content)}
    assert (await talend("DELETE", f"/resources/{resource}")).status_code == 204
    assert objects(app) == set()

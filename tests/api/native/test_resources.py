"""Our own dialect: resources, added, listed and deleted."""

from hashlib import sha256

import httpx
import pytest

from ostinato.app import access
from ostinato.core.resources import MOST_BYTES, file_name
from tests.api.conftest import Call
from tests.api.factories import LONG_AGO, World
from tests.artifacts import zips
from tests.people import new_key

PATH = "/api/v1/resources"


@pytest.fixture
async def key(world: World) -> str:
    await world.workspace("finance")
    return await new_key(world.app, access.ADMINISTRATOR, LONG_AGO)


async def add(call: Call, key: str, content: bytes = b"Ada", **fields: str) -> httpx.Response:
    files = {"file": ("c.csv", content)}
    return await call("POST", PATH, key, data={"workspace": "finance", **fields}, files=files)


async def test_the_life_of_a_resource(call: Call, key: str, world: World) -> None:
    answer = await add(call, key, description="who buys")
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert told == {
        "id": told["id"],
        "name": "c.csv",
        "description": "who buys",
        "workspace": "finance",
        "environment": "Production",
        "folder": False,
        "size": 3,
        "sha256": sha256(b"Ada").hexdigest(),
        "createdAt": told["createdAt"],
        "changedAt": told["createdAt"],
    }
    assert (await add(call, key)).status_code == 409
    folder = (await add(call, key, zips.zipped({"a": "b"}), name="tree", folder="true")).json()
    assert folder["folder"] is True
    assert (await call("GET", PATH, key)).json() == {"items": [folder, told], "next": None}
    assert (await call("GET", f"{PATH}?limit=1", key)).json() == {"items": [folder], "next": 1}
    query = "workspace=finance&environment=Production&name=c.csv"
    assert (await call("GET", f"{PATH}?{query}", key)).json()["items"] == [told]
    for nothing in ("name=c", "workspace=sales", "environment=Test"):
        assert (await call("GET", f"{PATH}?{nothing}", key)).json()["items"] == []
    task = await world.task(
        (await world.fetch("SELECT workspace_id AS id FROM resource"))[0]["id"], "Package", 1, "load"
    )
    await world.execute("INSERT INTO task_resource VALUES ($1, 'x', $2)", task, told["id"])
    refused = await call("DELETE", f"{PATH}/{told['id']}", key)
    assert (refused.status_code, "used by the task 'load'" in refused.text) == (409, True)
    assert (await call("DELETE", f"{PATH}/{folder['id']}", key)).status_code == 204
    for gone in (folder["id"], 2**70):
        assert (await call("DELETE", f"{PATH}/{gone}", key)).status_code == 404


async def test_what_cannot_be_added_is_refused(call: Call, key: str, world: World) -> None:
    for fields, status, words in (
        ({"workspace": ""}, 422, "say before the file into which workspace"),
        ({"folder": "yes"}, 422, "write true or false"),
        ({"folder": "true"}, 422, "it is not a zip"),
        ({"name": "a\tb"}, 422, "control characters"),
        ({"more": "x"}, 422, "there is no such field"),
        ({"workspace": "sales"}, 404, "Workspace 'sales'"),
        ({"environment": "Moon"}, 404, "Workspace 'finance'"),
    ):
        answer = await add(call, key, **fields)
        assert (answer.status_code, words in answer.text) == (status, True), answer.text
    assert (await add(call, key, bytes(MOST_BYTES + 1))).status_code == 413
    assert (await add(call, await world.key("viewer", finance="Viewer"))).status_code == 403
    assert (await add(call, await world.key("stranger"))).status_code == 404
    assert (await call("GET", PATH, key)).json()["items"] == []


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("a.csv", "a.csv"),
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a b.csv", "a b.csv"),
        ("..", None),
        ("a/", None),
        ("", None),
        (None, None),
        ("a\x00\nb", "ab"),
        ("é" * 300 + ".csv", "é" * 98 + ".csv"),
    ],
)
def test_names_of_files_from_elsewhere_are_made_usable(sent: str | None, name: str | None) -> None:
    assert file_name(sent) == name

"""Our own dialect: artifacts and their versions, from publication to deletion."""

import io
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from ostinato.app import access
from ostinato.core import artifacts as core
from tests.api.conftest import Call
from tests.api.factories import LONG_AGO, World
from tests.artifacts import zips
from tests.people import new_key

PATH = "/api/v1/artifacts"


@pytest.fixture
async def key(world: World) -> str:
    await world.workspace("finance")
    return await new_key(world.app, access.ADMINISTRATOR, LONG_AGO)


async def publish(call: Call, key: str, content: bytes, **fields: str) -> httpx.Response:
    return await call("POST", PATH, key, data={"workspace": "finance", **fields}, files={"file": ("a.zip", content)})


async def refused(call: Call, key: str, content: bytes, status: int = 422, **fields: str) -> str:
    answer = await publish(call, key, content, **fields)
    assert answer.status_code == status, answer.text
    return answer.text


def objects(world: World) -> list[str]:
    store = world.app.objects
    assert store is not None
    assert not list((store.folder / "incoming").glob("*"))
    return sorted(store.digests())


async def test_the_life_of_an_artifact(call: Call, key: str, world: World) -> None:
    first = zips.python(name="hello", version="1.0", description="Greets.")
    answer = await publish(call, key, first)
    assert answer.status_code == 201
    published = answer.json()
    artifact = published["artifact"]
    number = artifact["id"]
    assert artifact == {
        "id": number,
        "name": "hello",
        "type": "python",
        "workspace": "finance",
        "environment": "Production",
        "createdAt": artifact["createdAt"],
        "versions": ["1.0"],
    }
    digest = sha256(first).hexdigest()
    assert published["version"] == {
        "version": "1.0",
        "kind": "python",
        "entry": "hello:greet",
        "parameters": [
            {"name": "who", "type": "string", "default": "world", "required": False, "comment": "Who is greeted."},
            {"name": "times", "type": "integer", "default": None, "required": True, "comment": None},
        ],
        "description": "Greets.",
        "sha256": digest,
        "size": len(first),
        "publishedBy": "admin",
        "publishedAt": published["version"]["publishedAt"],
    }
    assert objects(world) == [digest]

    # What the request says goes before what the zip says; the same content is stored once.
    again = await publish(call, key, first, version="0.9-hotfix", name="hello", environment="Production")
    assert again.json()["artifact"]["versions"] == ["0.9-hotfix", "1.0"]
    assert objects(world) == [digest]

    assert "has a version 1.0 already" in await refused(call, key, first, 409)
    assert "is an artifact of type python" in await refused(call, key, zips.talend(), 409, name="hello", version="3")

    page = (await call("GET", PATH, key)).json()
    assert [one["name"] for one in page["items"]] == ["hello"]
    assert page["next"] is None
    detail = (await call("GET", f"{PATH}/{number}", key)).json()
    assert [one["version"] for one in detail["versions"]] == ["0.9-hotfix", "1.0"]
    assert (await call("GET", f"{PATH}/{number}/versions/1.0", key)).json() == published["version"]
    content = await call("GET", f"{PATH}/{number}/versions/1.0/content", key)
    assert (content.content, content.headers["content-type"]) == (first, "application/zip")
    assert content.headers["content-length"] == str(len(first))

    assert (await call("DELETE", f"{PATH}/{number}/versions/1.0", key)).status_code == 204
    assert objects(world) == [digest]
    assert (await call("GET", f"{PATH}/{number}/versions/1.0", key)).status_code == 404
    assert (await call("DELETE", f"{PATH}/{number}/versions/1.0", key)).status_code == 404
    assert (await call("DELETE", f"{PATH}/{number}", key)).status_code == 204
    assert objects(world) == []
    for path in (f"{PATH}/{number}", f"{PATH}/{number}/versions/0.9-hotfix/content", f"{PATH}/{2**62}"):
        assert (await call("GET", path, key)).status_code == 404
    assert (await call("DELETE", f"{PATH}/{number}", key)).status_code == 404
    records = (await call("GET", "/api/v1/audit?kind=artifact", key)).json()["items"]
    assert [record["action"] for record in records] == ["delete", "delete", "publish", "publish"]


async def test_lists_are_filtered_and_paged(call: Call, key: str, world: World) -> None:
    await world.workspace("sales")
    await world.workspace("finance", environment="Test")
    for name, place in (("a", {}), ("b", {}), ("a", {"workspace": "sales"}), ("a", {"environment": "Test"})):
        await publish(call, key, zips.python(), name=name, version="1", **place)

    async def names(query: str) -> list[tuple[str, str, str]]:
        items = (await call("GET", f"{PATH}{query}", key)).json()["items"]
        return [(one["environment"], one["workspace"], one["name"]) for one in items]

    everything = await names("")
    assert len(everything) == 4
    assert await names("?workspace=sales") == [("Production", "sales", "a")]
    assert await names("?environment=Test&name=a") == [("Test", "finance", "a")]
    assert await names("?limit=1&offset=1") == [everything[1]]
    assert await names("?name=nothing") == []
    assert (await call("GET", f"{PATH}?limit=2", key)).json()["next"] == 2


async def test_a_talend_job_is_recognised_and_described(call: Call, key: str) -> None:
    for prefix in ("", "Load_Customers_0.3/"):
        version = (await publish(call, key, zips.talend(prefix), version=f"0.3.{len(prefix)}")).json()["version"]
        assert version["kind"] == "talend_job"
        assert version["entry"] == f"{prefix}Load_Customers/Load_Customers_run.sh"
        assert [(one["name"], one["default"]) for one in version["parameters"]] == [
            ("url", "http://x.test/é"),
            ("batch", "100"),
            ("password", None),
        ]
    answer = (await publish(call, key, zips.talend())).json()
    assert (answer["artifact"]["name"], answer["version"]["version"]) == ("Load_Customers", "0.3")


def manifest(**said: Any) -> bytes:
    return zips.zipped({"artifact.yaml": json.dumps(said), "q.sql": "SELECT 'a${parameter:x}'", "hello.py": ""})


WRONG = [
    (zips.zipped({"a.txt": ""}), {}, "neither artifact.yaml at the root"),
    (zips.zipped({"artifact.yaml": "kind: [\n"}), {}, "artifact.yaml"),
    (zips.zipped({"artifact.yaml": "- a\n"}), {}, "expected a mapping"),
    (zips.zipped({"artifact.yaml": ""}), {}, "one document"),
    (zips.zipped({"artifact.yaml": b"\xff"}), {}, "not UTF-8"),
    (manifest(entry_point="a:b"), {}, "the field 'kind' is missing"),
    (manifest(kind="pyhton", entry_point="a:b"), {}, "did you mean 'python'"),
    (manifest(kind="python", entry_point="hello"), {}, "a module and a function"),
    (manifest(kind="python", entry_point="other:f"), {}, "there is no other.py"),
    (manifest(kind="python", entry_point="json:loads"), {}, "Python has a module 'json' of its own"),
    (manifest(kind="python", entry_point="hello:f", color=1), {}, "unknown field 'color'"),
    (manifest(kind="python", entry_point="hello:f", version="latest"), {}, "not 'latest'"),
    (manifest(kind="python", entry_point="hello:f", parameters=[{"name": "a b"}]), {}, "a name of 1 to 100"),
    (manifest(kind="python", entry_point="hello:f", parameters=[{"name": "a"}, {"name": "a"}]), {}, "declared twice"),
    (
        manifest(kind="python", entry_point="hello:f", parameters=[{"name": "a", "type": "integer", "default": "x"}]),
        {},
        "parameters.a.default: expected a whole number|expected a whole number",
    ),
    (manifest(kind="command", command=["sh", "${parameter:x}"]), {}, "there is no parameter 'x'"),
    (manifest(kind="command", command=[""]), {}, "must name a program"),
    (manifest(kind="sql", script="none.sql"), {}, "there is no file 'none.sql'"),
    (manifest(kind="sql", script="q.sql", parameters=[{"name": "x"}]), {}, "q.sql"),
    (zips.zipped({"jobInfo.properties": "x=1"}), {}, "it has no 'job'"),
    (zips.zipped({"jobInfo.properties": "job=A"}), {}, "no launcher 'A/A_run.sh'"),
    (zips.python(), {}, "give a name: the zip says none"),
    (zips.python(), {"name": "x"}, "give a version"),
    (zips.python(), {"name": "x", "version": "1/2"}, "a version of 1 to 100"),
    (zips.python(), {"name": "a\x07b", "version": "1"}, "without control characters"),
    (zips.python(), {"colour": "red"}, "there is no such field"),
    (zips.python(), {"workspace": ""}, "say before the file"),
    (b"no zip", {"name": "x", "version": "1"}, "not a zip"),
]


@pytest.mark.parametrize(("content", "fields", "words"), WRONG, ids=[words for _, _, words in WRONG])
async def test_what_is_wrong_is_said_and_nothing_is_kept(
    call: Call, key: str, world: World, content: bytes, fields: dict[str, str], words: str
) -> None:
    text = await refused(call, key, content, **fields)
    assert any(one in text.replace('\\"', '"') for one in words.split("|")), text
    assert objects(world) == []
    assert (await call("GET", PATH, key)).json()["items"] == []


BODIES = [
    (b"", "multipart/form-data; boundary=x", "cannot be read"),
    (b"--x\r\n", "multipart/form-data; boundary=x", "cannot be read"),
    (b"--x--\r\n", "multipart/form-data; boundary=x", "the form has no file"),
    (b"{}", "application/json", "send a form"),
    (b"--x--", "multipart/form-data", "send a form"),
    (b"--x--", "multipart/form-data; boundary=", "send a form"),
    (b"--x\r\nContent-Disposition: form-data; name=workspace\r\n\r\n\xff\r\n--x--", None, "not UTF-8"),
    (b"--x\r\nContent-Disposition: form-data; name=workspace\r\n\r\n\x00\r\n--x--", None, "NUL"),
    (b"--x\r\nContent-Disposition: form-data; name=name\r\n\r\n" + b"n" * 20_000 + b"\r\n--x--", None, "longer than"),
    (
        b"--x\r\nContent-Disposition: form-data; name=name\r\n\r\na\r\n"
        b"--x\r\nContent-Disposition: form-data; name=name\r\n\r\na\r\n--x--",
        None,
        "here twice",
    ),
    (
        b"--x\r\nContent-Disposition: form-data; name=workspace\r\n\r\nfinance\r\n"
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\na\r\n'
        b"--x\r\nContent-Disposition: form-data; name=name\r\n\r\na\r\n--x--",
        None,
        "the last part",
    ),
    (
        b"--x\r\nContent-Disposition: form-data; name=workspace\r\n\r\nfinance\r\n"
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nabc',
        None,
        "cannot be read",
    ),
]


@pytest.mark.parametrize(("body", "kind", "words"), BODIES)
async def test_a_form_that_is_none_is_refused(
    call: Call, key: str, world: World, body: bytes, kind: str | None, words: str
) -> None:
    headers = {"content-type": kind or "multipart/form-data; boundary=x"}
    answer = await call("POST", PATH, key, content=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert words in answer.text
    assert objects(world) == []


async def test_a_file_that_is_too_large_is_refused_with_the_limit(
    call: Call, key: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ostinato.api.native.artifacts.MOST_BYTES", 3_000_000)
    answer = await publish(call, key, bytes(3_000_001))
    assert answer.status_code == 413
    assert "larger than 3,000,000 bytes" in answer.text
    body = io.BytesIO(bytes(1))
    headers = {"content-type": "multipart/form-data; boundary=x", "content-length": str(core.MOST_BYTES * 2)}
    assert (await call("POST", PATH, key, content=body.read(), headers=headers)).status_code == 413
    assert objects(world) == []


async def test_rights_are_asked_for_before_the_file_is_taken(call: Call, key: str, world: World) -> None:
    viewer = await world.key("viewer", finance="Viewer")
    stranger = await world.key("stranger")
    assert "PUBLISH" in await refused(call, viewer, b"no zip", 403)
    assert "'finance' does not exist" in await refused(call, stranger, b"no zip", 404)
    assert "'finance' does not exist" in await refused(call, key, b"no zip", 404, environment="Nowhere")


async def test_what_is_used_is_not_deleted(call: Call, key: str, world: World) -> None:
    for version in ("1", "2"):
        number = (await publish(call, key, zips.python(name="hello", version=version))).json()["artifact"]["id"]
    yaml = """
workspace: finance
tasks:
- {name: fixed, type: Package, config: {kind: artifact, artifact: hello, version: "1"},
   parameters: {times: {type: integer}}}
- {name: newest, type: Package, config: {kind: artifact, artifact: hello}, parameters: {times: {type: integer}}}
"""
    files = {"files": [{"name": "a.yaml", "text": yaml}]}
    assert (await call("POST", "/api/v1/definitions/apply", key, json=files)).status_code == 200

    async def delete(path: str) -> tuple[int, str]:
        answer = await call("DELETE", f"{PATH}/{number}{path}", key)
        return answer.status_code, answer.text

    status, text = await delete("/versions/1")
    assert status == 409
    assert "task 'fixed'" in text
    assert (await delete(""))[0] == 409
    assert (await delete("/versions/2"))[0] == 204  # the newest is then 1
    publish_again = await publish(call, key, zips.python(name="hello", version="3"))
    assert publish_again.status_code == 201
    files["files"][0]["text"] = yaml.replace('version: "1"', 'version: "3"')
    assert (await call("POST", "/api/v1/definitions/apply", key, json=files)).status_code == 200
    assert (await delete("/versions/1"))[0] == 204
    status, text = await delete("/versions/3")
    assert status == 409
    assert "task 'fixed'" in text
    files["files"][0]["text"] = yaml.replace(', version: "1"', "")
    assert (await call("POST", "/api/v1/definitions/apply", key, json=files)).status_code == 200
    assert "the task 'fixed'" in (await delete("/versions/3"))[1]  # the only one is needed by all

    run = await world.run(await task_id(world, "fixed"), "QUEUED")
    await publish(call, key, zips.python(name="hello", version="4"))
    await world.execute("INSERT INTO run_artifact SELECT $1, id FROM artifact_version WHERE version = '3'", run)
    assert f"used by run {run}" in (await delete("/versions/3"))[1]
    await world.execute("UPDATE run SET state = 'FAILED', ended_at = $2 WHERE id = $1", run, LONG_AGO + timedelta(1))
    assert (await delete("/versions/3"))[0] == 204


async def task_id(world: World, name: str) -> Any:
    return (await world.fetch("SELECT id FROM task WHERE name = $1", name))[0]["id"]

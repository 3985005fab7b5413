"""Resources and connections on the way into runs, on a real server."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.artifacts import zips
from tests.cli.commands import Cli
from tests.e2e.servers import Server, free_port

JAVA = """#!/bin/sh
for argument in "$@"; do printf '%s\\n' "$argument"; done
for argument in "$@"; do case "$argument" in
    resource_file_*) cat "${argument#*=}" ;;
    resource_directory_*) cd "${argument#*=}" && ls -R . && echo more > made && cat sub/b.txt ;;
    resource_flow_temp_folder=*) echo kept > "${argument#*=}/file" && cat "${argument#*=}/file" ;;
esac; done
"""
LAUNCHER = 'cd `dirname $0`\njava sales.Job --context=Default "$@"\n'
FUNCTION = """
import json, os, pathlib

def use(data, folder, n):
    path = pathlib.Path(data)
    print(path.name, path.read_text(), n)
    path.write_text("mine alone")
    inside = pathlib.Path(folder)
    print(sorted(str(one.relative_to(inside)) for one in inside.rglob("*")))
    (inside / "sub" / "made").write_text("x")
    print(os.environ["OSTINATO_PARAMETER_data"] == data)
"""
SECRET = 'hush "back\\slash" hush'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("resources")
    (folder / "bin").mkdir()
    (folder / "bin" / "java").write_text(JAVA)
    (folder / "bin" / "java").chmod(0o755)
    server = Server(folder / "home", free_port(), PATH=f"{folder / 'bin'}:{os.environ['PATH']}")
    server.start()
    server.apply("workspaces: [{key: lab, name: Lab}]\n")
    yield server
    server.stop()


def talend(server: Server, method: str, path: str, **more: Any) -> Any:
    headers = {"Authorization": f"Bearer {server.key}"}
    answer = httpx.request(method, f"{server.url}/orchestration{path}", headers=headers, timeout=30, **more)
    assert answer.is_success, answer.text
    return answer.json() if answer.content else None


def add(server: Server, name: str, content: bytes, file_name: str, **said: Any) -> str:
    [workspace] = talend(server, "GET", "/workspaces")
    about = json.dumps({"name": name, "workspaceId": workspace["id"], **said})
    files = {"resource": (None, about), "file": (file_name, content)}
    return str(talend(server, "POST", "/resources", files=files)["id"])


def publish(server: Server, name: str, content: bytes) -> None:
    data = {"workspace": "lab", "name": name, "version": "1"}
    headers = {"X-API-Key": server.key}
    answer = httpx.post(f"{server.url}/api/v1/artifacts", data=data, files={"file": content}, headers=headers)
    assert answer.is_success, answer.text


def define(server: Server, name: str, config: dict[str, Any], **more: Any) -> str:
    definition = {"name": name, "type": "Package", "config": {"kind": "artifact", **config}, **more}
    return json.dumps({"workspace": "lab", "tasks": [definition]})


def run(server: Server, name: str) -> tuple[dict[str, Any], list[str]]:
    number = server.post("/api/v1/runs", {"name": name})["id"]
    ended = server.get(f"/api/v1/runs/{number}?wait=30")["run"]
    return ended, [line["text"] for line in server.get(f"/api/v1/runs/{number}/logs")["lines"]]


def test_a_function_gets_copies_of_its_own(server: Server) -> None:
    parameters = [{"name": name, "required": True} for name in ("data", "folder")] + [{"name": "n", "default": "7"}]
    said = {"kind": "python", "entry_point": "main:use", "parameters": parameters}
    publish(server, "use", zips.zipped({"artifact.yaml": json.dumps(said), "main.py": FUNCTION}))
    config = {"artifact": "use", "resources": {"data": "customers", "folder": "templates"}}
    refused = server.refused("/api/v1/definitions/apply", define(server, "use", config))
    assert "there is no resource 'customers' in workspace 'lab'; add it first" in refused
    resource = add(server, "customers", b"Ada", "../c.csv")
    folder = add(server, "templates", zips.zipped({"sub/b.txt": "b", "a.txt": "a"}), "t.zip", file=False)
    refused = server.refused("/api/v1/definitions/apply", define(server, "use", config, parameters={"data": {}}))
    assert "it is the path of a resource: leave it out of the parameters" in refused
    near = {**config, "resources": {"data": "customer", "folder": "templates"}}
    refused = server.refused("/api/v1/definitions/apply", define(server, "use", near))
    assert "did you mean 'customers'?" in refused
    server.apply(define(server, "use", config))
    for content in ("Ada", "Ada", "Grace"):  # what a run does to its copies is seen by no other
        if content == "Grace":
            talend(server, "PUT", f"/resources/{resource}/upload", files={"file": ("d.csv", b"Grace")})
        ended, lines = run(server, "use")
        assert ended["state"] == "SUCCEEDED", lines
        name = "c.csv" if content == "Ada" else "d.csv"
        assert lines[1:4] == [f"{name} {content} 7", "['a.txt', 'sub', 'sub/b.txt']", "True"]
    assert not [one for one in (server.home / "work").rglob("*") if one.is_file()]
    headers = {"Authorization": f"Bearer {server.key}"}
    for one in (resource, folder):
        answer = httpx.delete(f"{server.url}/orchestration/resources/{one}", headers=headers)
        assert (answer.status_code, "the task 'use'" in answer.text) == (409, True)
    server.apply(define(server, "use", {"artifact": "use"}, parameters={"data": {}, "folder": {}}))
    for one in (resource, folder):
        talend(server, "DELETE", f"/resources/{one}")


def test_content_that_was_damaged_fails_the_run_and_says_so(server: Server) -> None:
    add(server, "odd", b"odd", "o.csv")
    config = {"artifact": "use", "resources": {"data": "odd", "folder": "odd"}}
    server.apply(define(server, "odd", config))
    objects = server.home / "objects"
    [file] = [one for one in objects.rglob("*") if one.is_file() and one.read_bytes() == b"odd"]
    file.chmod(0o600)
    file.write_bytes(b"even")
    ended, _ = run(server, "odd")
    assert (ended["state"], ended["reason"]) == ("FAILED", "invalid")
    assert "resources.data: the content" in ended["message"]
    assert "is damaged" in ended["message"]


def test_a_talend_job_gets_connections_and_resources_as_context_variables(server: Server, tmp_path: Path) -> None:
    job = zips.talend("job/", LAUNCHER)
    publish(server, "customers", job)
    add(server, "list", b"Ada in the list\n", "list.txt")
    add(server, "tree", zips.zipped({"sub/b.txt": "in the tree\n"}), "tree.zip", file=False)
    [workspace] = talend(server, "GET", "/workspaces")
    parameters = [
        {"name": "region", "value": "eu ${X}"},
        {"name": "secret", "value": SECRET, "encrypted": True},
    ]
    connection = {"name": "store", "app": "aws", "workspaceId": workspace["id"], "parameters": parameters}
    talend(server, "POST", "/connections", json=connection)
    typed = {"name": "shop", "app": "SQLite", "workspaceId": workspace["id"]}
    path = [{"name": "path", "value": str(tmp_path / "shop.sqlite")}, {"name": "busy_timeout", "value": "5"}]
    talend(server, "POST", "/connections", json={**typed, "parameters": path})
    config = {
        "artifact": "customers",
        "connections": {"aws": "store", "sqlite": "shop"},
        "resources": {"resource_file_names": "list", "resource_directory_tree": "tree"},
    }
    server.apply(define(server, "job", config))
    ended, lines = run(server, "job")
    assert ended["state"] == "SUCCEEDED", lines
    for line in (
        "connection_aws_region=eu ${X}",
        "connection_aws_secret=•••",
        f"connection_sqlite_path={tmp_path / 'shop.sqlite'}",
        "connection_sqlite_busy_timeout=5",
        "Ada in the list",
        "in the tree",
        "kept",
    ):
        assert line in lines, (line, lines)
    assert "hush" not in str(lines)


def test_an_application_cannot_be_queried(server: Server) -> None:
    config = {"connection": "store", "query": "SELECT 1"}
    server.apply(json.dumps({"workspace": "lab", "tasks": [{"name": "ask", "type": "Query", "config": config}]}))
    ended, _ = run(server, "ask")
    assert ended["message"].startswith("'aws' is an application, which cannot be opened or queried")


def test_resources_come_and_go_on_the_command_line(server: Server, tmp_path: Path) -> None:
    cli = Cli(server.home, server.port)
    (tmp_path / "leaves" / "sub").mkdir(parents=True)
    (tmp_path / "leaves" / "sub" / "b.txt").write_text("b")
    (tmp_path / "prices.csv").write_text("1,2\n")
    said = cli("resource", "add", str(tmp_path / "leaves"), "--workspace", "lab", code=0).out
    assert said.startswith("leaves is added (sha256 ")
    cli("resource", "add", str(tmp_path / "prices.csv"), "-w", "lab", "--name", "prices", code=0)
    listed = [line.split() for line in cli("resource", "list", "-w", "lab", code=0).out.splitlines()]
    assert listed[:2] == [
        ["NAME", "KIND", "WORKSPACE", "ENVIRONMENT", "BYTES"],
        ["prices", "file", "lab", "Production", "4"],
    ]
    assert listed[2][:4] == ["leaves", "folder", "lab", "Production"]
    refused = cli("resource", "add", str(tmp_path / "prices.csv"), "-w", "lab", "--name", "prices", code=1)
    assert "There is a resource 'prices' in this workspace already" in refused.err
    assert (
        "it is not a zip" in cli("resource", "add", str(tmp_path / "prices.csv"), "-w", "lab", "--folder", code=1).err
    )
    for name in ("leaves", "prices"):
        assert cli("resource", "delete", name, "-w", "lab", code=0).out == f"{name} is deleted\n"
    assert "There is no resource 'leaves'" in cli("resource", "delete", "leaves", "-w", "lab", code=1).err


def test_a_tool_gives_a_task_a_resource_for_a_parameter_that_its_artifact_needs(server: Server) -> None:
    parameters = [{"name": name, "required": True} for name in ("data", "who")]
    said = {"kind": "python", "entry_point": "main:use", "parameters": parameters}
    source = "def use(data, who):\n    print(who, open(data).read())\n"
    publish(server, "needy", zips.zipped({"artifact.yaml": json.dumps(said), "main.py": source}))
    resource = add(server, "words", b"says hello", "w.txt")
    [workspace] = talend(server, "GET", "/workspaces")
    task = {
        "workspaceId": workspace["id"],
        "environmentId": workspace["environment"]["id"],
        "name": "needy",
        "artifact": {"id": artifact_id(server, "needy"), "version": "1"},
        "parameters": {"who": "Ada", "data": ""},
        "resources": {"data": resource},
    }
    made = talend(server, "POST", "/executables/tasks", json=task)
    assert made["resources"] == {"data": resource}
    ended, lines = run(server, "needy")
    assert ended["state"] == "SUCCEEDED", lines
    assert lines[1] == "Ada says hello"


def artifact_id(server: Server, name: str) -> str:
    """As tools know it: `needy` is made known by a task that a file made."""
    server.apply(
        define(server, f"{name} known", {"artifact": name, "resources": {"data": "words"}}, parameters={"who": {}})
    )
    found = talend(server, "GET", "/executables/tasks", params={"name": f"{name} known"})["items"]
    return str(talend(server, "GET", f"/executables/tasks/{found[0]['executable']}")["artifact"]["id"])

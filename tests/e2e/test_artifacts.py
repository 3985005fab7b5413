"""Artifacts from the command line to the log of a run, on a real server."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.artifacts import zips
from tests.cli.commands import Cli, wait_until
from tests.e2e.servers import Server, free_port

EXAMPLES = Path(__file__).parent.parent.parent / "examples" / "artifacts"
JAVA = """#!/bin/sh
printf 'java in %s: %s\\n' "$PWD" "$*"
"""
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("artifacts")
    (folder / "bin").mkdir()
    (folder / "bin" / "java").write_text(JAVA)
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    server = Server(folder / "home", free_port(), PATH=path)
    server.start()
    server.apply((EXAMPLES / "workspace.yaml").read_text())
    yield server
    server.stop()
    for kept in ("objects", "unpacked"):  # they are large
        shutil.rmtree(server.home / kept, ignore_errors=True)


@pytest.fixture(scope="module")
def cli(server: Server) -> Cli:
    return Cli(server.home, server.port)


def publish(cli: Cli, folder: Path, content: bytes, name: str, version: str = "1") -> None:
    file = folder / f"{name}.zip"
    file.write_bytes(content)
    cli("artifact", "publish", str(file), "-w", "greetings", "--name", name, "--version", version, code=0)


def task(server: Server, name: str, config: dict[str, Any], **more: Any) -> None:
    definition = {"name": name, "type": "Package", "config": {"kind": "artifact", **config}, **more}
    server.apply(json.dumps({"workspace": "greetings", "tasks": [definition]}))


def run(server: Server, name: str, **parameters: Any) -> tuple[dict[str, Any], list[str]]:
    """Run a task to its end; the run, and the lines of its log."""
    number = server.post("/api/v1/runs", {"name": name, "parameters": parameters})["id"]
    ended = server.get(f"/api/v1/runs/{number}?wait=30")["run"]
    return ended, [line["text"] for line in server.get(f"/api/v1/runs/{number}/logs")["lines"]]


def test_the_example_is_published_run_and_replaced(server: Server, cli: Cli, tmp_path: Path) -> None:
    said = cli("artifact", "publish", str(EXAMPLES / "hello"), "--workspace", "greetings", code=0).out
    assert said.startswith("hello 1.0.0 is published (sha256 ")
    cli("apply", str(EXAMPLES / "hello.yaml"), code=0)
    listed = cli("artifact", "list", "--workspace", "greetings", code=0).out
    assert listed.splitlines()[1].split() == ["hello", "python", "greetings", "Production", "1.0.0", "1"]

    ended, lines = run(server, "greet", who="Ada")
    assert (ended["state"], ended["rows"], ended["message"]) == ("SUCCEEDED", 2, "greeted Ada")
    assert lines[0].startswith("Artifact 'hello', version 1.0.0, sha256 ")
    assert lines[1:3] == ["1: hello Ada", "2: hello Ada"]

    ended, lines = run(server, "greet", times=-1)
    assert (ended["state"], ended["reason"]) == ("FAILED", "error")
    assert "ValueError: -1 greetings are too few" in ended["message"]
    text = "\n".join(lines)
    assert "Traceback (most recent call last):" in text
    assert 'hello.py", line 6, in greet' in text
    assert "bootstrap" not in text

    newer = tmp_path / "hello"
    shutil.copytree(EXAMPLES / "hello", newer)
    (newer / "hello.py").write_text("def greet(who, times):\n    print('good day', who)\n")
    cli("artifact", "publish", str(newer), "-w", "greetings", "--version", "2.0.0", code=0)
    assert "good day everybody" in run(server, "greet")[1]
    assert "1: hello world" in run(server, "greet as before")[1]
    refused = cli("artifact", "publish", str(newer), "-w", "greetings", "--version", "2.0.0", code=1)
    assert "has a version 2.0.0 already" in refused.err

    refused = cli("artifact", "delete", "hello", "-w", "greetings", "--version", "1.0.0", code=1)
    assert "used by the task 'greet as before'" in refused.err
    cli("artifact", "delete", "hello", "-w", "greetings", "--version", "2.0.0", code=0)
    assert "1: hello everybody" in run(server, "greet")[1]
    assert "There is no artifact 'nothing'" in cli("artifact", "delete", "nothing", "-w", "greetings", code=1).err


def test_a_folder_makes_the_same_zip_whenever_it_is_packed(cli: Cli, tmp_path: Path) -> None:
    digests = set()
    for version in ("a", "b"):
        folder = tmp_path / version
        shutil.copytree(EXAMPLES / "hello", folder)
        (folder / "__pycache__").mkdir(exist_ok=True)
        (folder / "__pycache__" / "hello.pyc").write_text(version)
        naming = ("--name", "same", "--version", version, "--json")
        done = cli("artifact", "publish", str(folder), "-w", "greetings", *naming, code=0)
        digests.add(done.json["version"]["sha256"])
    assert len(digests) == 1
    (folder / "link").symlink_to("hello.py")
    assert "is a link" in cli("artifact", "publish", str(folder), "-w", "greetings", code=2).err


FUNCTION = """
import json, os, sys, pathlib
from more import inner

def greet(what):
    here = pathlib.Path(__file__).parent
    if what == "place":
        print(os.getcwd() != str(here), os.listdir("."), sys.argv, inner.NAME)
        print(sorted(os.listdir(here)))
    elif what == "connection":
        given = json.loads(os.environ["OSTINATO_CONNECTION_db"])
        print(given["type"], given["config"]["path"])
    elif what == "odd":
        return [1]
    elif what == "many":
        return {"rows": 7, "counts": {"bad": 2}, "message": "seven", "more": object()}
    elif what == "lie":
        return {"rows": "many"}
    elif what == "exit":
        print("last words")
        sys.exit(3)
    elif what == "gone":
        os._exit(0)
    elif what == "import":
        import nothing.of.the.kind
    elif what == "wait":
        print("waiting", flush=True)
        import time
        time.sleep(600)
"""
ENDS = {
    "connection": ("SUCCEEDED", "sqlite ", ""),
    "odd": ("FAILED", "TypeError", "returned list: return nothing, or a dict"),
    "many": ("SUCCEEDED", "", "seven"),
    "lie": ("FAILED", "TypeError", "'rows' that are no whole number"),
    "exit": ("FAILED", "last words", "exit code 3"),
    "gone": ("SUCCEEDED", "", ""),
    "import": ("FAILED", "ModuleNotFoundError", "No module named 'nothing'"),
}


def test_what_a_function_does_and_returns_becomes_the_outcome(server: Server, cli: Cli, tmp_path: Path) -> None:
    said = {"kind": "python", "entry_point": "main:greet", "parameters": [{"name": "what", "required": True}]}
    files = {"artifact.yaml": json.dumps(said), "main.py": FUNCTION, "more/inner.py": "NAME = 'inside'"}
    publish(cli, tmp_path, zips.zipped(files), "odd")
    server.apply("workspace: greetings\nconnections: [{name: shop, type: sqlite, config: {path: /tmp/shop.sqlite}}]\n")
    task(server, "odd", {"artifact": "odd", "connections": {"db": "shop"}}, parameters={"what": {}}, overlap="parallel")
    for _ in range(2):  # nothing that a run does to the folder is seen by the next
        ended, lines = run(server, "odd", what="place")
        assert ended["state"] == "SUCCEEDED", lines
        assert lines[1:3] == ["True [] ['main:greet'] inside", "['artifact.yaml', 'main.py', 'more']"]
    for what, (state, line, message) in ENDS.items():
        ended, lines = run(server, "odd", what=what)
        assert ended["state"] == state, (what, ended, lines)
        assert message in (ended["message"] or ""), (what, ended)
        assert any(line in one for one in lines), (what, lines)
    assert "it is required and has no value" in run(server, "odd")[0]["message"]

    number = server.post("/api/v1/runs", {"name": "odd", "parameters": {"what": "wait"}})["id"]
    wait_until(lambda: "waiting" in str(server.get(f"/api/v1/runs/{number}/logs")))
    server.post(f"/api/v1/runs/{number}/cancellation", {})
    assert server.get(f"/api/v1/runs/{number}?wait=30")["run"]["state"] == "CANCELLED"


def test_a_program_runs_in_a_copy_of_its_own(server: Server, cli: Cli, tmp_path: Path) -> None:
    said = {"kind": "command", "command": ["./run.sh", "${parameter:n}"], "parameters": [{"name": "n", "default": "x"}]}
    file = tmp_path / "program.zip"
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("artifact.yaml", json.dumps(said))
        info = zipfile.ZipInfo("run.sh")
        info.external_attr = (stat.S_IFREG | 0o755) << 16
        packed.writestr(info, '#!/bin/sh\nls\necho "$1 $OSTINATO_PARAMETER_n" > made\ncat made\n')
    publish(cli, tmp_path, file.read_bytes(), "program")
    task(server, "program", {"artifact": "program"}, parameters={"n": {}})
    for value in ("a b", "$(c)"):
        ended, lines = run(server, "program", n=value)
        assert ended["state"] == "SUCCEEDED", lines
        assert lines[1:] == ["artifact.yaml", "run.sh", f"{value} {value}"]


def test_a_script_runs_on_the_connection_of_the_task(server: Server, cli: Cli, tmp_path: Path) -> None:
    said = {"kind": "sql", "script": "sql/fill.sql", "parameters": [{"name": "n", "type": "integer", "default": 2}]}
    script = "CREATE TABLE IF NOT EXISTS t (n INTEGER); INSERT INTO t VALUES (${parameter:n});"
    publish(cli, tmp_path, zips.zipped({"artifact.yaml": json.dumps(said), "sql/fill.sql": script}), "script")
    database = tmp_path / "t.sqlite"
    server.apply(f"workspace: greetings\nconnections: [{{name: here, type: sqlite, config: {{path: {database}}}}}]\n")
    task(server, "script", {"artifact": "script", "connection": "here"})
    ended, lines = run(server, "script")
    assert ended["state"] == "SUCCEEDED", lines
    with sqlite3.connect(database) as connection:
        assert connection.execute("SELECT n FROM t").fetchall() == [(2,)]


def test_a_talend_job_needs_java_and_gets_its_context(server: Server, cli: Cli, tmp_path: Path) -> None:
    launcher = (
        'cd `dirname $0`\nROOT_PATH=`pwd`\njava -cp .:$ROOT_PATH/../lib/routines.jar sales.Job --context=Default "$@"\n'
    )
    publish(cli, tmp_path, zips.talend("job/", launcher), "customers")
    task(server, "customers", {"artifact": "customers"}, parameters={"batch": {}})
    java = server.home.parent / "bin" / "java"
    if shutil.which("java") is None:
        ended, _ = run(server, "customers")
        assert ended["state"] == "FAILED"
        assert "no `java` on the PATH of the worker" in ended["message"]
    java.chmod(0o755)
    ended, lines = run(server, "customers", batch="7\\n8")
    assert ended["state"] == "SUCCEEDED", lines
    assert "job/Load_Customers: -cp" in lines[1]
    assert "--context=Default --context_param url=http://x.test/é --context_param batch=7\\\\n8" in lines[1]


def test_300_megabytes_are_published_without_being_held_in_memory(server: Server, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "large.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("artifact.yaml", "{kind: python, entry_point: 'hello:greet', name: large, version: '1'}")
        packed.writestr("hello.py", "def greet():\n    pass\n")
        for name, piece in (("zeros.bin", bytes(MEGABYTE)), ("noise.bin", os.urandom(MEGABYTE))):
            with packed.open(name, "w") as entry:
                for _ in range(150):
                    entry.write(piece)
    before = peak_memory(server.pid)
    code = subprocess.run([sys.executable, "-c", LIMITED, str(file)], env=dict(cli.environment), check=False).returncode
    file.unlink()
    assert code == 0
    assert peak_memory(server.pid) - before < 60 * MEGABYTE
    assert any(one["name"] == "large" for one in server.get("/api/v1/artifacts?name=large")["items"])
    task(server, "large", {"artifact": "large"})
    ended, lines = run(server, "large")
    assert ended["state"] == "SUCCEEDED", lines
    for worker in server.workers():
        assert peak_memory(worker.pid) < 300 * MEGABYTE


LIMITED = """
import resource, sys
from ostinato.cli import app
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    app(["artifact", "publish", sys.argv[1], "--workspace", "greetings"])
except SystemExit as end:
    assert end.code in (0, None), end.code
assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 80_000
"""


def peak_memory(pid: int) -> int:
    """Bytes that a process had at most."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"process {pid} tells nothing of its memory")

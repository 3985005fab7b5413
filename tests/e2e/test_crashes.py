"""The whole server, killed without warning, goes on where it was."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.e2e.servers import DEADLINE_SECONDS, Server, free_port

DEFINITIONS = """
workspaces: [{{key: lab, name: Lab}}]
workspace: lab
tasks:
- {{name: first, type: Probe, config: {{mark: {folder}/mark}}}}
- {{name: second, type: Probe, config: {{do: wait, file: {folder}/go, mark: {folder}/mark}}}}
- name: program
  type: Package
  config:
    kind: command
    command: [sh, -c, "echo $$ >> {folder}/pids; while ! test -e {folder}/go; do sleep 0.05; done"]
- {{name: last, type: Probe, config: {{mark: {folder}/mark}}}}
plans:
- name: p
  steps:
  - {{name: a, tasks: [first]}}
  - {{name: b, tasks: [second, program], after: [a]}}
  - {{name: c, tasks: [last], after: [b]}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home", free_port())
    server.start()
    yield server
    server.stop()


def begin(server: Server, folder: Path) -> int:
    """Start the plan and wait until its middle step is at work."""
    server.apply(DEFINITIONS.format(folder=folder))
    run: int = server.post("/api/v1/runs", {"name": "p"})["id"]
    until(lambda: len(marks(folder)) == 2 and (folder / "pids").exists())
    return run


def marks(folder: Path) -> list[str]:
    file = folder / "mark"
    return file.read_text().splitlines() if file.exists() else []


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.02)


def finish(server: Server, run: int, folder: Path) -> list[str]:
    """Let the plan end; the state of every task by name, and the marks that were left."""
    (folder / "go").touch()
    until(lambda: server.get(f"/api/v1/runs/{run}")["run"]["state"] not in ("QUEUED", "CLAIMED", "RUNNING"))
    tree = server.get(f"/api/v1/runs/{run}")
    assert tree["run"]["state"] == "SUCCEEDED"
    assert {child["name"]: child["state"] for child in tree["children"]} == dict.fromkeys(
        ("first", "second", "program", "last"), "SUCCEEDED"
    )
    return marks(folder)


def test_after_a_kill_of_the_whole_process_tree_the_plan_ends_and_nothing_that_had_ended_runs_twice(
    server: Server, tmp_path: Path
) -> None:
    run = begin(server, tmp_path)
    server.kill_tree()
    server.start()
    left = finish(server, run, tmp_path)
    attempts = [int(mark.split()[1]) for mark in left]
    assert len(left) == 4, "first once, second twice, last once"
    assert attempts == [1, 1, 2, 1]


def test_after_a_kill_of_the_server_alone_its_children_are_gone_and_the_plan_ends(
    server: Server, tmp_path: Path
) -> None:
    run = begin(server, tmp_path)
    children = psutil.Process(server.pid).children(recursive=True)
    assert len(children) > 5
    os.kill(server.pid, signal.SIGKILL)
    server.wait()
    server.start()
    until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children))
    assert len(finish(server, run, tmp_path)) == 4


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_stopped_in_good_order_the_server_gives_its_work_back_and_leaves_no_process(
    server: Server, tmp_path: Path, stop: signal.Signals
) -> None:
    run = begin(server, tmp_path)
    children = psutil.Process(server.pid).children(recursive=True)
    os.kill(server.pid, stop)
    assert server.wait() == 0
    assert not any(child.is_running() for child in children)
    server.start()
    left = finish(server, run, tmp_path)
    assert [int(mark.split()[1]) for mark in left] == [1, 1, 1, 1]


def test_a_database_that_dies_is_started_again_and_the_plan_ends(server: Server, tmp_path: Path) -> None:
    run = begin(server, tmp_path)
    postmaster = int((server.home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(postmaster, signal.SIGKILL)

    def database_is_back() -> bool:
        answer = httpx.get(f"{server.url}/api/v1/status", headers={"X-API-Key": server.key}, timeout=30)
        assert answer.status_code in (200, 503), answer.text
        return answer.status_code == 200

    until(lambda: int(_pid_of(server)) != postmaster)
    until(database_is_back)
    assert len(finish(server, run, tmp_path)) >= 3


def _pid_of(server: Server) -> str:
    try:
        return (server.home / "postgres" / "postmaster.pid").read_text().split("\n", 1)[0] or "0"
    except FileNotFoundError:
        return "0"


def test_a_head_without_end_is_refused(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as stranger:
        stranger.sendall(b"GET /health HTTP/1.1\r\nX-Much: ")
        with contextlib.suppress(ConnectionError):
            for _ in range(20):
                stranger.sendall(b"x" * 8192)
        assert stranger.recv(100).startswith(b"HTTP/1.1 431 ")
    assert httpx.get(f"{server.url}/health").status_code == 200


def test_a_second_server_on_the_same_home_says_who_holds_it(server: Server) -> None:
    environment = {**os.environ, "OSTINATO_HOME": str(server.home), "OSTINATO_PORT": str(free_port())}
    second = subprocess.run(
        [sys.executable, "-m", "ostinato.cli", "up"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert second.returncode == 1
    assert f"is held by process {server.pid} (http://127.0.0.1:{server.port})" in second.stderr
    assert "Traceback" not in second.stderr


def test_health_is_answered_without_a_key_and_nothing_else_is(server: Server) -> None:
    assert httpx.get(f"{server.url}/health").json()["status"] == "ok"
    refused = httpx.get(f"{server.url}/api/v1/runs")
    assert refused.status_code == 401
    assert json.loads(refused.text)["status"] == 401

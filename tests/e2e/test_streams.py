"""Streams of events from real servers: they follow a run wherever it is at work, and hold up nobody who stops."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.servers import Server, free_port
from tests.e2e.test_crashes import until

DEFINITIONS = """
workspaces: [{{key: lab, name: Lab}}]
workspace: lab
tasks:
- {{name: slow, type: Probe, config: {{do: wait, file: {folder}/go}}}}
- {{name: said, type: Package, config: {{kind: command, command: [sh, -c, "echo one; echo two"]}}}}
plans:
- {{name: p, steps: [{{name: a, tasks: [slow, said]}}]}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home", free_port())
    server.start()
    yield server
    server.stop()


@contextmanager
def stream(server: Server, run: int, more: str = "") -> Iterator[Iterator[tuple[str, Any]]]:
    """The events of a run, as they come."""
    headers = {"X-API-Key": server.key}
    with httpx.stream("GET", f"{server.url}/api/v1/runs/{run}/events{more}", headers=headers, timeout=30) as answer:
        assert answer.status_code == 200
        yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def test_a_plan_is_followed_from_its_start_to_its_end(server: Server, tmp_path: Path) -> None:
    server.apply(DEFINITIONS.format(folder=tmp_path))
    run = server.post("/api/v1/runs", {"name": "p"})["id"]
    with stream(server, run) as events:
        seen = []
        for name, data in events:
            seen.append((name, data.get("name"), data.get("state")))
            if ("child", "said", "SUCCEEDED") in seen:
                (tmp_path / "go").touch()
    assert seen[-2:] == [("run", "p", "SUCCEEDED"), ("end", "p", "SUCCEEDED")]
    assert ("child", "slow", "SUCCEEDED") in seen
    said = next(run for run in server.get(f"/api/v1/runs/{run}")["children"] if run["name"] == "said")["id"]
    with stream(server, said, "?logs=true") as events:
        assert [data["text"] for name, data in events if name == "log"] == ["one", "two"]


def test_a_server_that_stops_ends_its_streams_and_is_not_held_up(server: Server, tmp_path: Path) -> None:
    server.apply(DEFINITIONS.format(folder=tmp_path))
    run = server.post("/api/v1/runs", {"name": "slow"})["id"]
    until(lambda: server.get(f"/api/v1/runs/{run}")["run"]["state"] == "RUNNING")
    with stream(server, run) as first, stream(server, run) as second:
        assert next(first)[0] == next(second)[0] == "run"
        assert server._process is not None
        began = time.monotonic()
        server._process.terminate()
        rest = [*first, *second]
        assert time.monotonic() - began < 2.5, "streams end before those are cut off that go on"
    assert "end" not in [name for name, _ in rest]
    assert server.wait() == 0
    assert "Traceback" not in (server.home / "server.log").read_text()


def test_a_client_that_hangs_up_leaves_nothing_behind(server: Server, tmp_path: Path) -> None:
    server.apply(DEFINITIONS.format(folder=tmp_path))
    run = server.post("/api/v1/runs", {"name": "slow"})["id"]
    for _ in range(50):  # more than one user may have open at a time
        with stream(server, run) as events:
            assert next(events)[0] == "run"
    until(lambda: '"path": "/api/v1/runs/' in (server.home / "server.log").read_text())
    (tmp_path / "go").touch()
    with stream(server, run) as events:
        assert [name for name, _ in events][-1] == "end"
    assert "Traceback" not in (server.home / "server.log").read_text()


def test_a_run_that_another_server_ends_is_told_within_two_seconds(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    first = Server(tmp_path / "one", free_port(), OSTINATO_DATABASE_URL=database_url, OSTINATO_SLOTS="2")
    first.start()
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "secret.key").write_bytes((tmp_path / "one" / "secret.key").read_bytes())
    (tmp_path / "two" / "secret.key").chmod(0o600)
    second = Server(tmp_path / "two", free_port(), OSTINATO_DATABASE_URL=database_url, OSTINATO_SLOTS="2")
    second.start()
    try:
        first.apply(DEFINITIONS.format(folder=tmp_path))
        run = first.post("/api/v1/runs", {"name": "slow"})["id"]
        until(lambda: first.get(f"/api/v1/runs/{run}")["run"]["state"] == "RUNNING")
        with stream(first, run) as one, stream(second, run) as two:
            assert next(one)[0] == next(two)[0] == "run"
            (tmp_path / "go").touch()
            began = time.monotonic()
            for events in (one, two):  # whichever of the servers has the run, for the other one it ends elsewhere
                assert [name for name, _ in events][-1] == "end"
            assert time.monotonic() - began < 3, "a part of a second for the attempt, two for the other server"
    finally:
        second.stop()
        first.stop()

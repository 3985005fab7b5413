"""A secret goes in and never comes out: not in answers, logs, the database, nor any file but the key's own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from ostinato.store.embedded import EmbeddedPostgres, program
from tests.e2e.servers import Server, free_port
from tests.e2e.test_crashes import until

CANARY = "canary-4f1d8c0b7a"
DEFINITIONS = f"""
workspaces: [{{key: lab, name: Lab}}]
workspace: lab
connections:
- {{name: nowhere, type: postgresql, config: {{host: 127.0.0.1, port: 1, database: d, user: u, password: {CANARY}}}}}
tasks:
- {{name: ask, type: Query, config: {{connection: nowhere, query: SELECT 1}}}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home", free_port())
    server.start()
    yield server
    server.stop()


def test_a_secret_is_nowhere_to_be_found(server: Server) -> None:
    server.apply(DEFINITIONS)
    run = server.post("/api/v1/runs", {"name": "ask"})["id"]
    until(lambda: server.get(f"/api/v1/runs/{run}")["run"]["state"] == "FAILED")
    wrong = server.refused("/api/v1/definitions/apply", DEFINITIONS.replace("port: 1,", "port: [1],"))
    answers = [
        str(server.get(path))
        for path in (
            f"/api/v1/runs/{run}",
            f"/api/v1/runs/{run}/logs",
            f"/api/v1/runs/{run}/findings",
            "/api/v1/definitions/export?environment=Production",
        )
    ]
    assert "Failed (error)" in answers[1]
    assert "port" in wrong
    assert CANARY not in "".join([*answers, wrong])
    text = dumped(server)
    assert "nowhere" in text
    assert CANARY not in text
    for file in server.home.rglob("*"):
        if file.is_file():
            assert CANARY.encode() not in file.read_bytes(), file


def dumped(server: Server) -> str:
    """Everything in its database, as text."""
    parts = urlsplit(EmbeddedPostgres(server.home).url)
    command = [str(program("pg_dump")), "-U", "postgres", "-h", unquote(parts.query.removeprefix("host=")), "ostinato"]
    done = subprocess.run(
        command, env={"PGPASSWORD": unquote(parts.password or "")}, capture_output=True, text=True, check=True
    )
    return done.stdout

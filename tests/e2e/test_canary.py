"""A secret goes in and never comes out: not in answers, logs, the database, nor any file but the key's own."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest

from ostinato.core.redaction import MASK
from ostinato.store.embedded import EmbeddedPostgres, program
from tests.artifacts import zips
from tests.e2e.servers import Server, free_port
from tests.e2e.test_crashes import until

CANARY = "canary-4f1d8c0b7a"
OTHER = 'canary-"back\\slash"-9b2e11'
"""In a mapping of secrets, with what JSON escapes."""
SECRETS = f"{{key: '{OTHER}', \"odd.name\": '{OTHER}'}}"
BROKEN = (f"'{OTHER}'", f"{{key: ['{OTHER}']}}", f"['{OTHER}']", f"{{key: {{'more': '{OTHER}'}}}}")
DEFINITIONS = f"""
workspaces: [{{key: lab, name: Lab}}]
workspace: lab
connections:
- {{name: nowhere, type: postgresql, config: {{host: 127.0.0.1, port: 1, database: d, user: u, password: {CANARY}}}}}
- name: store
  type: application
  config: {{application: aws, parameters: {{region: r}}, secrets: {SECRETS}}}
tasks:
- {{name: ask, type: Query, config: {{connection: nowhere, query: SELECT 1}}}}
"""
SHOWING = """
workspace: lab
tasks:
- {name: show, type: Package, config: {kind: artifact, artifact: show, connections: {store: store}}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home", free_port())
    server.start()
    yield server
    server.stop()


def test_a_secret_is_nowhere_to_be_found(server: Server) -> None:
    server.apply(DEFINITIONS)
    publish(server)
    server.apply(SHOWING)
    runs = [server.post("/api/v1/runs", {"name": name})["id"] for name in ("ask", "show")]
    for run in runs:
        until(lambda run=run: server.get(f"/api/v1/runs/{run}")["run"]["state"] in ("FAILED", "SUCCEEDED"))
    wrong = [
        server.refused("/api/v1/definitions/apply", DEFINITIONS.replace("port: 1,", "port: [1],")),
        *(server.refused("/api/v1/definitions/apply", DEFINITIONS.replace(SECRETS, broken)) for broken in BROKEN),
    ]
    logs = [str(server.get(f"/api/v1/runs/{run}/logs")) for run in runs]
    exported = str(server.get("/api/v1/definitions/export?environment=Production"))
    paths = [f"/api/v1/runs/{run}{more}" for run in runs for more in ("", "/findings")]
    answers = [*wrong, *logs, exported, *(str(server.get(path)) for path in (*paths, "/api/v1/audit?limit=100"))]
    assert "Failed (error)" in logs[0]
    assert "given: " in logs[1]
    assert MASK in logs[1]
    assert "port" in wrong[0]
    assert all("config.secrets" in one for one in wrong[1:]), wrong
    assert "${STORE_KEY}" in exported
    assert "${STORE_ODD_NAME}" in exported
    is_clean("".join(answers), "answers")
    text = dumped(server)
    assert "nowhere" in text
    is_clean(text, "the database")
    for file in server.home.rglob("*"):
        if file.is_file():
            is_clean(file.read_bytes().decode(errors="replace"), str(file))


def is_clean(text: str, where: str) -> None:
    """Also of what is left of a secret that was escaped once or twice."""
    for secret in (CANARY, "back\\slash", "9b2e11"):
        assert secret not in text, (where, text[text.index(secret) - 300 :][:600])


def publish(server: Server) -> None:
    """A program that shows what it is given."""
    script = 'printf "given: %s\\n" "$OSTINATO_CONNECTION_store"'
    said = {"kind": "command", "command": ["/bin/sh", "-c", script], "name": "show", "version": "1"}
    content = zips.zipped({"artifact.yaml": json.dumps(said)})
    answer = httpx.post(
        f"{server.url}/api/v1/artifacts",
        data={"workspace": "lab"},
        files={"file": content},
        headers={"X-API-Key": server.key},
    )
    assert answer.is_success, answer.text


def dumped(server: Server) -> str:
    """Everything in its database, as text."""
    parts = urlsplit(EmbeddedPostgres(server.home).url)
    command = [str(program("pg_dump")), "-U", "postgres", "-h", unquote(parts.query.removeprefix("host=")), "ostinato"]
    done = subprocess.run(
        command, env={"PGPASSWORD": unquote(parts.password or "")}, capture_output=True, text=True, check=True
    )
    return done.stdout

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import Cli
from tests.e2e.servers import Server, free_port

DEFINITIONS = """
workspaces: [{{key: lab, name: Lab}}]
workspace: lab
tasks:
- name: gate
  type: Package
  config: {{kind: command, command: "while ! test -e {gate}; do sleep 0.05; done"}}
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "home", free_port())
    server.start()
    yield server
    server.stop()


def test_whoever_watches_a_run_sees_its_end_although_the_server_was_started_again(
    server: Server, tmp_path: Path
) -> None:
    gate = tmp_path / "open"
    server.apply(DEFINITIONS.format(gate=gate))
    watching = Cli(server.home, server.port).begin("run", "gate", "--wait")
    assert watching.stdout is not None
    watching.stdout.readline()
    key = server.key

    server.stop()
    server.start()
    gate.touch()
    out, err = watching.communicate(timeout=40)

    assert server.key != key, "the key of this machine is a new one"
    assert (watching.returncode, err) == (0, "")
    assert "task gate: SUCCEEDED" in out

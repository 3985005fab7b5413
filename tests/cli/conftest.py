"""One real server for all tests of the command line, with a workspace of small tasks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import Cli, wait_until
from tests.e2e.servers import Server, free_port

DEFINITIONS = """
workspaces: [{{key: lab, name: Lab}}]
workspace: lab
tasks:
- name: hello
  type: Package
  config: {{kind: command, command: "echo hello; echo world"}}
- name: colours
  type: Package
  config: {{kind: command, command: "printf '\\\\033[31mred\\\\033[0m \\\\007bell\\\\n'"}}
- name: broken
  type: Package
  config: {{kind: command, command: "echo oh no; exit 3"}}
- name: gate
  type: Package
  config: {{kind: command, command: "echo waiting; while ! test -e {gate}; do sleep 0.05; done; echo open"}}
{crowd}
plans:
- name: good
  steps:
  - {{name: first, tasks: [hello]}}
  - {{name: second, tasks: [colours], after: [first]}}
- name: bad
  steps:
  - {{name: first, tasks: [broken], on_failure: {{tasks: [hello]}}}}
  - {{name: second, tasks: [colours], after: [first]}}
- name: gates
  steps:
  - {{name: first, tasks: [gate]}}
  - {{name: second, tasks: [hello], after: [first]}}
- name: crowd
  steps:
  - {{name: all, tasks: [{names}]}}
"""
CROWD = 12
"""More than the server has slots."""


@pytest.fixture(scope="session")
def running_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("cli") / "home", free_port(), OSTINATO_SLOTS="8")
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that the tasks `gate` and `crowd` wait for."""
    return tmp_path_factory.mktemp("gate") / "open"


@pytest.fixture(scope="session")
def lab(running_server: Server, gate: Path) -> Cli:
    """The command line of a server that has the definitions above."""
    names = [f"crowd {number}" for number in range(CROWD)]
    wait = f'{{kind: command, command: "while ! test -e {gate}; do sleep 0.05; done"}}'
    crowd = "\n".join(f"- {{name: {name}, type: Package, config: {wait}}}" for name in names)
    running_server.apply(DEFINITIONS.format(gate=gate, crowd=crowd, names=", ".join(names)))
    return Cli(running_server.home, running_server.port)


@pytest.fixture
def cli(lab: Cli, running_server: Server, gate: Path) -> Iterator[Cli]:
    """The same, with the gate closed before, and nothing at work after."""
    gate.unlink(missing_ok=True)
    yield lab
    gate.touch()
    wait_until(lambda: not any(running_server.get("/api/v1/status")["work"].values()))


@pytest.fixture
def nowhere(tmp_path: Path) -> Cli:
    """The command line where no server is."""
    return Cli(tmp_path / "home", free_port())

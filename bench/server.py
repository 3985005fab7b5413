"""A server of its own for what is measured from outside: started as a user starts it, in a temporary folder."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from ostinato.store.embedded import EmbeddedPostgres

START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    pid: int
    port: int
    key: str
    database_url: str

    def apply(self, yaml: str) -> None:
        """Make the definitions of a file."""
        body = {"files": [{"name": "bench.yaml", "text": yaml}]}
        address = f"http://127.0.0.1:{self.port}/api/v1/definitions/apply"
        httpx.post(address, json=body, headers={"X-API-Key": self.key}, timeout=60).raise_for_status()

    def tree(self) -> list[psutil.Process]:
        """The server's process and all below it: its workers and its PostgreSQL."""
        own = psutil.Process(self.pid)
        return [own, *own.children(recursive=True)]


@contextmanager
def running() -> Iterator[Server]:
    """A server that answers, with workers and a database; gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ostinato-bench-", ignore_cleanup_errors=True) as folder:
        port = _free_port()
        given = {name: value for name, value in os.environ.items() if not name.startswith("OSTINATO_")}
        environment = {**given, "OSTINATO_HOME": folder, "OSTINATO_PORT": str(port)}
        program = [sys.executable, "-m", "ostinato.cli", "up"]
        process = subprocess.Popen(program, env=environment, stderr=subprocess.DEVNULL)
        try:
            _wait_until_healthy(f"http://127.0.0.1:{port}/health")
            key = (Path(folder) / "local.key").read_text().strip()
            yield Server(process.pid, port, key, EmbeddedPostgres(Path(folder)).url)
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_healthy(address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"the server did not become healthy within {START_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

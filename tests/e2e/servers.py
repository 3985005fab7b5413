"""The real server as a process tree of its own, on a home and a port of its own.

A home that is new begins as a copy of one with an empty, migrated database, which takes half the time; what a server
makes of nothing at all is seen by the tests of the demo and of the command line without a server.
"""

import asyncio
import atexit
import contextlib
import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import psutil

from ostinato.store.db import Database
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.migrate import migrate

DEADLINE_SECONDS = 40
PLUGIN = Path(__file__).parent.parent / "plugin"
PROGRAM = ("-m", "ostinato.cli", "up")


@functools.cache
def prepared() -> Sequence[Path]:
    """A database that is migrated and empty, and its password: what is copied into new homes."""
    folder = Path(tempfile.mkdtemp(prefix="ostinato-prepared-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    embedded = EmbeddedPostgres(folder)
    embedded.start()
    try:
        asyncio.run(_migrate(embedded.url))
    finally:
        embedded.stop()
    return [folder / "postgres", folder / "postgres.password"]


async def _migrate(url: str) -> None:
    database = Database(url, connections=1)
    await database.open()
    await migrate(database)
    await database.close()


class Server:
    def __init__(
        self, home: Path, port: int, *, key: str | None = None, program: Sequence[str] = PROGRAM, **more: str
    ) -> None:
        """`key`: instead of the local one; `program`: what Python runs; `more`: variables of its environment."""
        self.home, self.port, self._key, self._program, self._more = home, port, key, program, more
        self.url = f"http://127.0.0.1:{port}"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server has been started"
        return self._process.pid

    @property
    def key(self) -> str:
        return self._key or (self.home / "local.key").read_text().strip()

    def start(self) -> None:
        """Start and wait until it is healthy."""
        self.launch()
        self.wait_until_healthy()

    def launch(self) -> None:
        environment = {
            **os.environ,
            "OSTINATO_HOME": str(self.home),
            "OSTINATO_PORT": str(self.port),
            "OSTINATO_SLOTS": "4",
            "PYTHONPATH": str(PLUGIN),
            **self._more,
        }
        self.home.mkdir(parents=True, exist_ok=True)
        if "OSTINATO_DATABASE_URL" not in environment and not (self.home / "postgres").exists():
            subprocess.run(["cp", "-a", *prepared(), self.home], check=True)
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen([sys.executable, *self._program], env=environment, stdout=log, stderr=log)

    def wait_until_healthy(self) -> None:
        assert self._process is not None, "the server has been started"
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not self._healthy():
            assert self._process.poll() is None, (self.home / "server.log").read_text()
            assert time.monotonic() < deadline, (self.home / "server.log").read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(DEADLINE_SECONDS)

    def wait(self) -> int:
        """Wait until the process has ended; its exit code."""
        assert self._process is not None, "the server has been started"
        return self._process.wait(DEADLINE_SECONDS)

    def kill(self) -> None:
        """kill -9 for the server alone."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def workers(self) -> list[psutil.Process]:
        """Its worker processes, as far as they are there at the moment."""
        found = []
        for child in psutil.Process(self.pid).children():
            with contextlib.suppress(psutil.Error):
                if "ostinato.worker" in child.cmdline():
                    found.append(child)
        return found

    def kill_tree(self) -> None:
        """kill -9 for everything at once: server, workers, their programs, the database."""
        root = psutil.Process(self.pid)
        family = [root, *root.children(recursive=True)]
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
        self.wait()

    def apply(self, text: str) -> dict[str, Any]:
        return self.post("/api/v1/definitions/apply", {"files": [{"name": "lab.yaml", "text": text}]})

    def refused(self, path: str, text: str) -> str:
        """The body of the refusal of definitions that have a problem."""
        body = {"files": [{"name": "lab.yaml", "text": text}]}
        answer = httpx.post(self.url + path, json=body, headers={"X-API-Key": self.key}, timeout=30)
        assert answer.is_client_error, answer.text
        return answer.text

    def get(self, path: str) -> dict[str, Any]:
        answer = httpx.get(self.url + path, headers={"X-API-Key": self.key}, timeout=30)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = httpx.post(self.url + path, json=body, headers={"X-API-Key": self.key}, timeout=30)
        assert answer.is_success, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def _healthy(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

"""Fixtures of the chaos tests: a database that can be killed, real servers on it, and clients that keep them busy.

Each scenario runs for a short time in `make test`, and for OSTINATO_CHAOS_SECONDS (120) where OSTINATO_CHAOS=1 is set.
Pauses between two blows are random and short: they are part of the blows. Everything the product has to do is waited
for with a deadline.
"""

import asyncio
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from ostinato.app import access
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.store.db import Database
from ostinato.store.migrate import migrate
from tests.chaos.cluster import Cluster
from tests.chaos.history import judge
from tests.chaos.load import Load
from tests.e2e.servers import PROGRAM, Server, free_port
from tests.people import new_key

HERE = Path(__file__).parent
SLOTS = 4
SETTLE_SECONDS = 60
"""After the last blow, everything has to end within this."""
LONG = os.environ.get("OSTINATO_CHAOS") == "1"
LONG_SECONDS = float(os.environ.get("OSTINATO_CHAOS_SECONDS", "120"))
_stages = count(1)


def duration(short: float) -> float:
    """How long a scenario goes on."""
    return LONG_SECONDS if LONG else short


class Stage:
    """One database, some servers on it, clients, and the folder in which attempts leave their events."""

    def __init__(self, cluster: Cluster, url: str, key: str, folder: Path) -> None:
        self.cluster, self.url, self.key, self.folder = cluster, url, key, folder
        self.servers: list[Server] = []
        self.chance = random.Random(7)
        self.figures: dict[str, Any] = {}
        self._load: Load | None = None

    def add_server(self, *, slots: int = SLOTS) -> Server:
        server = self._new_server(slots, PROGRAM)
        server.start()
        return server

    def add_servers(self, programs: Sequence[Sequence[str]], *, slots: int) -> None:
        """Several at once, each of which runs another program."""
        together(self._new_server(slots, program) for program in programs)

    def define(self) -> None:
        text = (HERE / "definitions.yaml").read_text().replace("FOLDER", str(self.folder))
        self.servers[0].apply(text)

    def load(self, clients: int = 3, kinds: dict[str, int] | None = None) -> Load:
        self._load = Load([server.url for server in self.servers], self.key, clients, kinds)
        self._load.start()
        return self._load

    def pause(self, least: float, most: float) -> None:
        """Between two blows."""
        time.sleep(self.chance.uniform(least, most))

    def settle(self, name: str) -> None:
        """Let everything end, and compare what the clients, the database and the world outside say."""
        assert self._load is not None, "there was a load"
        begun = time.monotonic()
        self._load.finish(SETTLE_SECONDS)
        told = judge(self.url, self.folder, self._load.seen)
        figures = {"scenario": name, **self.figures, **told.figures, "settled_s": round(time.monotonic() - begun, 1)}
        sys.stderr.write(f"\nchaos {json.dumps(figures)}\n")
        assert not told.wrong, "\n".join(told.wrong[:20])
        assert len(self._load.seen.accepted) > 10, "the clients came to nothing"

    def close(self) -> None:
        if self._load is not None:
            self._load.give_up()
        for server in self.servers:
            server.stop()

    def _new_server(self, slots: int, program: Sequence[str]) -> Server:
        home = self.folder / f"home{len(self.servers)}"
        settings = {"OSTINATO_DATABASE_URL": self.url, "OSTINATO_SLOTS": str(slots)}
        server = Server(home, free_port(), key=self.key, program=program, **settings)
        self.servers.append(server)
        return server


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="ostinato-chaos-", ignore_cleanup_errors=True) as folder:
        cluster = Cluster(Path(folder))
        yield cluster
        cluster.stop()


@pytest.fixture
def stage(cluster: Cluster, tmp_path: Path) -> Iterator[Stage]:
    url = cluster.make_database(f"chaos_{next(_stages)}")
    (tmp_path / "events").mkdir()
    shutil.copy(HERE / "attempt.sh", tmp_path)
    stage = Stage(cluster, url, asyncio.run(_set_up(url)), tmp_path)
    yield stage
    stage.close()


async def _set_up(url: str) -> str:
    """Make the tables, and a key that every server takes."""
    app = App(db=Database(url, connections=1), keyring=Keyring({"test": bytes(32)}))
    await app.db.open()
    await migrate(app.db)
    await access.set_up(app, datetime.now(UTC))
    key = await new_key(app, access.ADMINISTRATOR, datetime.now(UTC))
    await app.db.close()
    return key


def together(servers: Iterable[Server]) -> None:
    """Start them side by side."""
    launched = list(servers)
    for server in launched:
        server.launch()
    for server in launched:
        server.wait_until_healthy()


def within(seconds: float, holds: Callable[[], bool]) -> float:
    """Wait until something holds, at most so long; how long it took."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() < begun + seconds, f"it did not come to pass within {seconds} s"
        time.sleep(0.02)
    return time.monotonic() - begun

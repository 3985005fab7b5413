"""A PostgreSQL of the tests' own that keeps what it has committed, and can be killed and started again."""

import os
import signal
from pathlib import Path

import psutil

from ostinato.store.embedded import EmbeddedPostgres


class Cluster:
    """Killed and started again by the thread that made it: the database dies with the thread that started it."""

    def __init__(self, folder: Path) -> None:
        self._postgres = EmbeddedPostgres(folder)
        self._postgres.start()

    @property
    def url(self) -> str:
        return self._postgres.url

    def make_database(self, name: str) -> str:
        self._postgres.make_database(name)
        return self._postgres.database_url(name)

    def kill(self) -> None:
        """kill -9 for all its processes at once, as when the power fails."""
        root = psutil.Process(self._pid)
        family = [root, *root.children(recursive=True)]
        for process in family:
            process.suspend()
        for process in family:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=20)

    def stop_at_once(self) -> None:
        """What `pg_ctl stop -m immediate` does: no checkpoint, no goodbye."""
        process = psutil.Process(self._pid)
        os.kill(self._pid, signal.SIGQUIT)
        psutil.wait_procs([process], timeout=20)

    def start_again(self) -> None:
        assert self._postgres.revive(), "the database was to be started again, and has not ended"

    def stop(self) -> None:
        self._postgres.stop()

    @property
    def _pid(self) -> int:
        return int((self._postgres.data / "postmaster.pid").read_text().split("\n", 1)[0])

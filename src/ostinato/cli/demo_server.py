"""The server of the demo: the one that runs on the data folder, or one that is started, and stopped at the end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ostinato.cli import machine
from ostinato.cli.client import Server
from ostinato.cli.errors import Failure, WrongUsage
from ostinato.config import Settings

LOG = "demo-server.log"
START_SECONDS = 90
STOP_SECONDS = 30
LOOK_SECONDS = 0.05


@contextmanager
def running(settings: Settings) -> Iterator[bool]:
    """A server that answers on this data folder; whether it was started here, and therefore stops at the end."""
    if settings.database_url is not None:
        raise WrongUsage(
            "The demo makes its warehouse in the embedded database: unset OSTINATO_DATABASE_URL for this command"
        )
    if machine.holder(settings) is not None:
        _wait_for_other(settings)
        yield False
        return
    for ending in (signal.SIGTERM, signal.SIGHUP):
        # Otherwise nobody would stop the server of a demo that is told to end.
        signal.signal(ending, lambda number, _: sys.exit(128 + number))
    process = _start(settings)
    try:
        _wait_until_ready(settings, process)
        yield True
    finally:
        _stop(process)


def _wait_for_other(settings: Settings) -> None:
    """Somebody else's server is used as it is; it may be starting just now."""
    with Server(settings) as server:
        deadline = time.monotonic() + START_SECONDS
        while not server.is_ready():
            holder = machine.holder(settings)
            if holder is None or settings.url not in holder or time.monotonic() > deadline:
                raise Failure(
                    f"{settings.home} is held by {holder or 'a server that has just ended'}, but no server answers at "
                    f"{settings.url}: stop it, or set OSTINATO_HOST and OSTINATO_PORT as it has them"
                )
            time.sleep(LOOK_SECONDS)


def _start(settings: Settings) -> subprocess.Popen[bytes]:
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    environment = {
        **os.environ,
        "OSTINATO_HOME": str(settings.home),
        "OSTINATO_HOST": settings.host,
        "OSTINATO_PORT": str(settings.port),
    }
    with _private(settings.home / LOG) as log:
        return subprocess.Popen(
            [sys.executable, "-m", "ostinato.cli", "up"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _private(path: Path) -> BinaryIO:
    """An empty file that only its owner can read, also if there was one of this name that others could."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _wait_until_ready(settings: Settings, process: subprocess.Popen[bytes]) -> None:
    log = settings.home / LOG
    with Server(settings) as server:
        deadline = time.monotonic() + START_SECONDS
        # The process must be alive too: what answers could be a server of another data folder on the same port.
        while not server.is_ready() or machine.holder(settings) is None:
            if process.poll() is not None:
                raise Failure(f"The server ended while it started: {_last_line(log)} (more in {log})")
            if time.monotonic() > deadline:
                raise Failure(f"The server did not get ready within {START_SECONDS} s; see {log}")
            time.sleep(LOOK_SECONDS)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"

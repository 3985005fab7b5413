"""The data folder, held by one process at a time through a lock that the kernel drops when its holder dies."""

import fcntl
import json
import os
from pathlib import Path

from ostinato.core.errors import Conflict


class Home:
    """The data folder, held by this process until `release` or its death."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    def hold(self, address: str) -> None:
        """Take the folder; raises Conflict that says who holds it. `address` is what others are told."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise Conflict(
                f"{self.folder} is held by {self.holder()}: stop that one, or use another OSTINATO_HOME"
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps({"pid": os.getpid(), "address": address}).encode(), 0)
        self._lock = lock

    def holder(self) -> str:
        """Who holds the folder, in words."""
        try:
            held = json.loads((self.folder / "lock").read_text())
            return f"process {held['pid']} ({held['address']})"
        except (OSError, ValueError, KeyError):
            return "another process"

    def is_held(self) -> bool:
        """Whether a living process holds the folder."""
        try:
            lock = os.open(self.folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def write_private(path: Path, text: str) -> None:
    """Write a file of the data folder that only we may read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def read_private(path: Path) -> str | None:
    """What `write_private` wrote there, if it did."""
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return None

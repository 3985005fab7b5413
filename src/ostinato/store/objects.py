"""The object store: content by its SHA-256 digest, once each, in a folder (`ab/cdef...`).

What is written lies in `incoming/` under a lock that its writer holds, until it is put in its place by a hard link,
which is there as a whole or not at all. What a writer left that died is swept. The calls block: they are made from
threads.
"""

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ostinato.core.artifacts import place_of

INCOMING = "incoming"
DIGEST = re.compile(r"[0-9a-f]{64}")


class Incoming:
    """Content on its way in: written and digested piece by piece, gone at the end unless it was kept."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self.file, self.path = file, path
        self.size = 0
        self._sha = hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._sha.hexdigest()

    def write(self, data: bytes | bytearray) -> None:
        self.file.write(data)
        self._sha.update(data)
        self.size += len(data)

    def complete(self) -> None:
        """Nothing more comes: what was written outlives a power cut from here on."""
        self.file.flush()
        os.fsync(self.file.fileno())


class ObjectStore:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        """A place to write content to."""
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=self._incoming, delete=False) as file:
            path = Path(file.name)
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX)
                yield Incoming(file, path)
            finally:
                path.unlink(missing_ok=True)

    def keep(self, incoming: Incoming) -> None:
        """Put content in its place; a second time changes nothing. A file of another length is no such content."""
        target = self.path(incoming.digest)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileNotFoundError):
            if target.stat().st_size == incoming.size:
                return
            target.unlink()
        with suppress(FileExistsError):
            os.link(incoming.path, target)
        target.chmod(0o400)
        _sync(target.parent)

    def remove(self, digest: str) -> None:
        self.path(digest).unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        return self.folder / place_of(digest)

    def digests(self) -> list[str]:
        """Everything that is there."""
        found = (file.parent.name + file.name for file in self.folder.glob("??/*"))
        return [digest for digest in found if DIGEST.fullmatch(digest)]

    def sweep(self) -> None:
        """Remove what writers left that are gone."""
        for path in self._incoming.glob("*"):
            with suppress(OSError), path.open("rb") as file:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.stat().st_size:  # one that was made this very moment is empty, and not locked yet
                    path.unlink(missing_ok=True)

    @property
    def _incoming(self) -> Path:
        return self.folder / INCOMING


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

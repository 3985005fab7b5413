"""The object store: content by its SHA-256 digest, once each; and the one that is a folder (`ab/cdef...`).

In a folder, what is written lies in `incoming/` under a lock that its writer holds, until it is put in its place by a
hard link, which is there as a whole or not at all. What a writer left that died is swept.
"""

import fcntl
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import IO, Protocol

from ostinato.core.artifacts import place_of
from ostinato.core.errors import Unavailable

INCOMING = "incoming"
READ_BYTES = 1 << 20
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

    def read_again(self) -> None:
        """Digest what somebody else has written to the file."""
        self.file.seek(0)
        self._sha = hashlib.sha256()
        self.size = 0
        while piece := self.file.read(READ_BYTES):
            self._sha.update(piece)
            self.size += len(piece)

    def complete(self) -> None:
        """Nothing more comes: what was written outlives a power cut from here on."""
        self.file.flush()
        os.fsync(self.file.fileno())


class ObjectStore(Protocol):
    """Content is there as a whole or not at all. All calls may block, so they are made from threads; all but `close`
    raise Unavailable when the store does not do what is asked."""

    def open(self, installation: int) -> None:
        """Find out whether everything can be done that will be asked. Raises Conflict if it is another
        installation's."""
        ...

    def close(self) -> None:
        """Let go: what is on its way is given up."""
        ...

    def incoming(self) -> AbstractContextManager[Incoming]:
        """A place to write content to."""
        ...

    def keep(self, incoming: Incoming) -> None:
        """Put content in its place; a second time changes nothing. A file of another length is no such content."""
        ...

    def at_hand(self, digest: str) -> Path | None:
        """The file with the content of a digest, if it is on this machine."""
        ...

    def fetch(self, digest: str) -> Path:
        """The same, brought to this machine if it is elsewhere."""
        ...

    def remove(self, digest: str) -> None: ...

    def digests(self) -> list[str]:
        """Everything that is there."""
        ...

    def sweep(self, now: datetime) -> None:
        """Remove what writers left that are gone."""
        ...


class ObjectFolder:
    """An object store in a folder of this machine, or in one that several machines mount."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self, installation: int) -> None:
        """Nothing has to be found out: the folder is made when there is something for it."""

    def close(self) -> None:
        """Nothing takes long."""

    @contextmanager
    def incoming(self) -> Iterator[Incoming]:
        self._incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=self._incoming, delete=False) as file:
            path = Path(file.name)
            try:
                fcntl.flock(file.fileno(), fcntl.LOCK_EX)
                yield Incoming(file, path)
            finally:
                path.unlink(missing_ok=True)

    def keep(self, incoming: Incoming) -> None:
        target = self.path(incoming.digest)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileNotFoundError):
            if target.stat().st_size == incoming.size:
                return
            target.unlink(missing_ok=True)
        incoming.path.chmod(0o400)
        with suppress(FileExistsError):
            os.link(incoming.path, target)
        _sync(target.parent)

    def at_hand(self, digest: str) -> Path | None:
        path = self.path(digest)
        return path if path.exists() else None

    def fetch(self, digest: str) -> Path:
        found = self.at_hand(digest)
        if found is None:
            raise Unavailable(f"The content {digest[:12]} is not in the object store: publish it again")
        return found

    def remove(self, digest: str) -> None:
        self.path(digest).unlink(missing_ok=True)

    def path(self, digest: str) -> Path:
        return self.folder / place_of(digest)

    def digests(self) -> list[str]:
        found = (file.parent.name + file.name for file in self.folder.glob("??/*"))
        return [digest for digest in found if DIGEST.fullmatch(digest)]

    def sweep(self, now: datetime) -> None:
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

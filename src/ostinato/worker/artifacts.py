"""Artifacts unpacked on this machine: once for each digest, for all workers, and not for ever.

Each has a file with a lock that its users share; whoever unpacks or removes it has the lock alone, so nothing is seen
half unpacked and nothing is removed under somebody. The kernel drops the locks of the dead. The file holds the size of
what was unpacked, and its time is that of the last use.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ostinato import archives
from ostinato.core.artifacts import place_of
from ostinato.core.errors import Invalid, Problem

MOST_BYTES = 8_000_000_000
"""Of everything that is unpacked and not in use; the least recently used goes first."""
READ_BYTES = 1 << 20


class ArtifactCache:
    def __init__(self, objects: Path, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        """`objects`: the folder of the object store, which is only read; `folder`: for what is unpacked."""
        self._objects, self._folder, self._most = objects, folder, most_bytes

    @contextmanager
    def use(self, digest: str) -> Iterator[Path]:
        """The content of a digest, unpacked, and kept for as long as this lasts; raises Invalid."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self._lock(digest), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            made = False
            fcntl.flock(lock, fcntl.LOCK_SH)
            while not self._content(digest).exists():
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not self._content(digest).exists():
                    self._unpack(digest, lock)
                    made = True
                fcntl.flock(lock, fcntl.LOCK_SH)  # for a moment nobody has it: look again
            os.utime(lock)
            if made:
                self._make_room()
            yield self._content(digest)
        finally:
            os.close(lock)

    def copy(self, digest: str, target: Path) -> None:
        """The content of a digest as a file; raises Invalid."""
        with self._content_of(digest) as file, target.open("xb") as copy:
            shutil.copyfileobj(file, copy, READ_BYTES)

    def _unpack(self, digest: str, lock: int) -> None:
        temporary = Path(tempfile.mkdtemp(prefix="unpacking-", dir=self._folder))
        try:
            with self._content_of(digest) as file, archives.opened(file) as archive:
                size = archive.extract(temporary)
            os.truncate(lock, 0)
            os.pwrite(lock, str(size).encode(), 0)
            temporary.chmod(0o700)  # a folder without it cannot be moved
            temporary.rename(self._content(digest))
            self._content(digest).chmod(0o555)
        except BaseException:
            _remove(temporary)
            raise

    @contextmanager
    def _content_of(self, digest: str) -> Iterator[IO[bytes]]:
        """The file in the object store, at its beginning; what is in it was looked at."""
        try:
            file = (self._objects / place_of(digest)).open("rb")
        except OSError as error:
            message = f"the content {digest[:12]} is not in the object store: {error.strerror}"
            raise Invalid(Problem(path="artifact", message=message)) from error
        with file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                message = f"the content {digest[:12]} is damaged in the object store: publish it again"
                raise Invalid(Problem(path="artifact", message=message))
            file.seek(0)
            yield file

    def _make_room(self) -> None:
        """Remove what was not used for longest until the rest fits, passing over what is in use."""
        known = []
        for lock in self._folder.glob("*.lock"):
            with suppress(OSError, ValueError):
                found = lock.stat()
                known.append((found.st_mtime_ns, int(lock.read_text() or 0), lock))
        total = sum(size for _, size, _ in known)
        for _, size, lock in sorted(known, key=lambda one: one[0]):
            if total <= self._most:
                break
            if self._remove_unused(lock):
                total -= size
        for left in self._folder.glob("unpacking-*"):
            self._sweep(left)

    def _remove_unused(self, lock: Path) -> bool:
        descriptor = os.open(lock, os.O_RDWR | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(self._folder / lock.stem)
            os.truncate(descriptor, 0)
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return True

    def _sweep(self, left: Path) -> None:
        """Remove what a worker left behind that died while it unpacked: nobody takes an hour for that."""
        with suppress(OSError):
            if left.stat().st_mtime < self._folder.stat().st_mtime - 3600:
                _remove(left)

    def _lock(self, digest: str) -> Path:
        return self._folder / f"{digest}.lock"

    def _content(self, digest: str) -> Path:
        return self._folder / digest


def _remove(folder: Path) -> None:
    """Remove a folder of which nothing may be written."""
    for root, _, _ in os.walk(folder):
        with suppress(OSError):
            os.chmod(root, 0o700)  # noqa: PTH101
    shutil.rmtree(folder, ignore_errors=True)

"""Files and folders on their way to a server: folders become zips, and a terminal shows how far they are."""

import os
import stat
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ostinato.cli.errors import WrongUsage

LEFT_OUT = frozenset({"__pycache__", ".git"})
LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip can tell: the same files make the same zip, whenever it is made."""
READ_BYTES = 1 << 20


@contextmanager
def opened(file: Path, most_bytes: int) -> Iterator[BinaryIO]:
    """A file, or the zip of a folder; raises WrongUsage if it is too large to be taken."""
    if file.is_dir():
        with tempfile.TemporaryFile() as content:
            _zip(file, content)
            _check_size(content, most_bytes)
            yield content
        return
    with file.open("rb") as content:
        _check_size(content, most_bytes)
        yield content


@contextmanager
def watched(content: BinaryIO, words: str) -> Iterator[BinaryIO]:
    """The content, with a bar on a terminal that grows as it is read."""
    if not sys.stderr.isatty():
        yield content
        return
    # Takes longer to load than a command without a terminal takes to run.
    from rich.console import Console
    from rich.progress import wrap_file

    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    with wrap_file(content, size, description=words, console=Console(stderr=True), transient=True) as bar:
        yield bar


def _check_size(content: BinaryIO, most_bytes: int) -> None:
    size = content.seek(0, os.SEEK_END)
    content.seek(0)
    if size > most_bytes:
        raise WrongUsage(f"The file has {size:,} bytes: a server takes at most {most_bytes:,}")


def _zip(folder: Path, content: BinaryIO) -> None:
    """The files below a folder, always in the same order and with the same times."""
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).parts):
            inside = path.relative_to(folder)
            if LEFT_OUT.intersection(inside.parts) or (path.is_dir() and not path.is_symlink()):
                continue
            if path.is_symlink() or not path.is_file():
                raise WrongUsage(f"{path} is a link or no file: only files can be packed")
            info = zipfile.ZipInfo(inside.as_posix(), LONG_AGO)
            executable = path.stat().st_mode & stat.S_IXUSR
            info.external_attr = (stat.S_IFREG | (0o755 if executable else 0o644)) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            with path.open("rb") as file, packed.open(info, "w") as entry:
                while block := file.read(READ_BYTES):
                    entry.write(block)

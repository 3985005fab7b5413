"""Zip files from outside: looked through before anything is believed, and unpacked.

What a zip says of itself is not trusted: names, sizes, kinds of files and where they lie in the file are checked first,
then everything is read and counted. All refusals are Invalid and name the entry. The same is done when a zip comes in
and when it is unpacked, for whoever unpacks has only the file.
"""

import os
import re
import shutil
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NoReturn

import msgspec

from ostinato.core.errors import Invalid, Problem

MOST_ENTRIES = 50_000
MOST_DIRECTORY_BYTES = 20_000_000
"""Of the list of entries."""
MOST_BYTES = 2_000_000_000
"""Of everything in it together, unpacked."""
MOST_RATIO = 200
"""How many times larger an entry may be unpacked, if it is not small."""
SMALL = 10_000_000
DEEPEST = 30
LONGEST_NAME = 1_000
LONGEST_PART = 255
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
READ_BYTES = 1 << 20
DRIVE = re.compile(r"[A-Za-z]:")
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
END, END64, LISTED = b"PK\x05\x06", b"PK\x06\x07", b"PK\x01\x02"
END_BYTES, LOCAL_BYTES = 22, 30
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A file or folder in a zip."""

    name: str
    """With `/` between folders; never absolute, never upwards."""
    size: int
    folder: bool
    executable: bool


class Archive:
    """A zip whose list of entries is in order; what the entries hold is found out by reading."""

    def __init__(self, opened: zipfile.ZipFile) -> None:
        self._zip = opened
        infos = opened.infolist()
        _check_names(infos)
        _check_sizes(infos)
        self._infos = {_name(info): info for info in infos}
        self.entries = [_entry(info) for info in infos]

    @property
    def files(self) -> list[str]:
        return [entry.name for entry in self.entries if not entry.folder]

    def verify(self) -> None:
        """Read everything; raises Invalid at the first entry that is not what it says."""
        for entry in self.entries:
            for _ in self._blocks(entry):
                pass

    def text(self, name: str, most: int) -> str:
        """A file of at most `most` bytes as text; raises Invalid."""
        entry = _entry(self._infos[name])
        if entry.size > most:
            _refuse(name, f"it is larger than {most:,} bytes")
        raw = b"".join(self._blocks(entry))
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            _refuse(name, "it is not UTF-8 text")

    def extract(self, folder: Path) -> int:
        """Unpack everything into an empty folder, for reading only; the bytes written."""
        total = 0
        folders = {folder}
        for entry in self.entries:
            target = folder / entry.name
            inner = target if entry.folder else target.parent
            inner.mkdir(parents=True, exist_ok=True)
            folders.update([inner, *(above for above in inner.parents if folder in above.parents)])
            if entry.folder:
                continue
            with target.open("xb") as file:
                for block in self._blocks(entry):
                    file.write(block)
                    total += len(block)
            target.chmod(0o555 if entry.executable else 0o444)
        for one in folders:
            one.chmod(0o555)
        return total

    def _blocks(self, entry: Entry) -> Iterator[bytes]:
        """What an entry holds, counted."""
        if entry.folder:
            return
        read = 0
        try:
            with self._zip.open(self._infos[entry.name]) as file:
                while block := file.read(READ_BYTES):
                    read += len(block)
                    if read > entry.size:
                        _refuse(entry.name, f"it holds more than the {entry.size:,} bytes it says")
                    yield block
        except BROKEN as error:
            _refuse(entry.name, f"it cannot be unpacked: {error}")
        if read < entry.size:
            _refuse(entry.name, f"it holds {read:,} bytes and says {entry.size:,}")


@contextmanager
def opened(file: IO[bytes]) -> Iterator[Archive]:
    """The zip in a file that is open for reading; raises Invalid."""
    _check_end(file)
    try:
        found = zipfile.ZipFile(file)
    except (*BROKEN, OSError) as error:
        raise Invalid(Problem(path="file", message=f"it is not a zip that can be read: {error}")) from error
    with found:
        yield Archive(found)


def copy(unpacked: Path, target: Path) -> None:
    """A copy of what was unpacked that may be written to."""
    for root, _, files in os.walk(unpacked):
        here = target / Path(root).relative_to(unpacked)
        here.mkdir(mode=0o700)
        for name in files:
            file = Path(root) / name
            shutil.copyfile(file, here / name)
            (here / name).chmod(0o700 if os.access(file, os.X_OK) else 0o600)


def _check_end(file: IO[bytes]) -> None:
    """The list of entries is short enough to be read at all; what it says of its own length is not believed."""
    size = file.seek(0, 2)
    file.seek(max(0, size - END_BYTES - 65_535))
    tail = file.read()
    at = tail.rfind(END)
    if at < 0 or len(tail) - at < END_BYTES:
        raise Invalid(Problem(path="file", message="it is not a zip, or its end is missing"))
    _, _, _, _, entries, length, _, _ = struct.unpack("<4s4H2LH", tail[at : at + END_BYTES])
    if tail[max(0, at - 20) : at].startswith(END64) or entries == 0xFFFF or length == 0xFFFFFFFF:
        raise Invalid(Problem(path="file", message="it is a zip64, which no artifact needs: use the plain form"))
    begin = size - len(tail) + at - length
    if length > MOST_DIRECTORY_BYTES or begin < 0:
        raise Invalid(Problem(path="file", message="its list of entries is broken or too long"))
    file.seek(begin)
    if max(file.read(length).count(LISTED), entries) > MOST_ENTRIES:
        raise Invalid(Problem(path="file", message=f"it has more than {MOST_ENTRIES:,} entries"))


def _check_names(infos: Sequence[zipfile.ZipInfo]) -> None:
    seen: dict[str, str] = {}
    files: set[str] = set()
    for info in infos:
        name = _name(info)
        if why := _wrong_name(info.orig_filename, name) or _wrong_kind(info):
            _refuse(info.orig_filename, why)
        same = _folded(name)
        if same in seen:
            _refuse(name, f"another entry has the same name: {seen[same]!r}")
        seen[same] = name
        if not info.is_dir():
            files.add(same)
    for same, name in seen.items():
        parts = same.split("/")
        if any("/".join(parts[:depth]) in files for depth in range(1, len(parts))):
            _refuse(name, "it lies in a folder that is also a file")


def _wrong_name(raw: str, name: str) -> str:
    """Why an entry cannot be called so; nothing if it can."""
    parts = name.split("/")
    if any(unicodedata.category(character) in UNPRINTABLE for character in raw):
        return "its name has control characters"
    if "\\" in raw:
        return "its name has a backslash: use / between folders"
    if raw.startswith("/") or DRIVE.match(raw):
        return "its name is absolute: names begin at the root of the zip"
    if any(part in ("", ".", "..") for part in parts):
        return "its name has an empty part, '.' or '..'"
    if len(parts) > DEEPEST:
        return f"it lies more than {DEEPEST} folders deep"
    if len(name) > LONGEST_NAME or any(len(part.encode()) > LONGEST_PART for part in parts):
        return "its name is too long"
    return ""


def _wrong_kind(info: zipfile.ZipInfo) -> str:
    """Why an entry is none that is unpacked; nothing if it is."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "it is a link: put the file itself into the zip"
    if kind not in (0, stat.S_IFDIR if info.is_dir() else stat.S_IFREG):
        return "it is neither a file nor a folder"
    if info.flag_bits & 0x41:
        return "it is encrypted"
    if info.compress_type not in METHODS:
        return f"it is packed by method {info.compress_type}: use deflate, or none"
    if info.is_dir() and info.file_size:
        return "it is a folder with content"
    return ""


def _check_sizes(infos: Sequence[zipfile.ZipInfo]) -> None:
    total, end = 0, 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            _refuse(_name(info), "it overlaps another entry")
        end = info.header_offset + LOCAL_BYTES + info.compress_size
        total += info.file_size
        if total > MOST_BYTES:
            _refuse(_name(info), f"with it the zip is larger than {MOST_BYTES:,} bytes unpacked")
        if info.file_size > SMALL and info.file_size > MOST_RATIO * max(info.compress_size, 1):
            _refuse(_name(info), f"it becomes more than {MOST_RATIO} times larger unpacked")


def _entry(info: zipfile.ZipInfo) -> Entry:
    mode = info.external_attr >> 16
    return Entry(name=_name(info), size=info.file_size, folder=info.is_dir(), executable=bool(mode & stat.S_IXUSR))


def _name(info: zipfile.ZipInfo) -> str:
    return info.filename.removesuffix("/")


def _folded(name: str) -> str:
    """Names that are the same on some file system are the same here."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _refuse(name: str, why: str) -> NoReturn:
    shown = ascii(name[:200])[1:-1]
    raise Invalid(Problem(path=shown, message=why))

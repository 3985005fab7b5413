"""What a zip from outside may not be, when it comes in and again when it is unpacked."""

import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato import archives
from ostinato.core.errors import Invalid
from tests.artifacts.zips import zipped


def entry(name: str, mode: int = 0o644, data: bytes = b"x", system: int = 3) -> bytes:
    """A zip with a good file and this one."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("good.txt", "good")
        info = zipfile.ZipInfo("placeholder")
        info.filename = name
        info.external_attr, info.create_system = mode << 16, system
        packed.writestr(info, data)
    return content.getvalue()


def patched(data: bytes, name: str, *, flags: int | None = None, method: int | None = None, **sizes: int) -> bytes:
    """The zip with other numbers in the entry of this name, in its list and before its data."""
    changed = bytearray(data)
    listed = data.index(name.encode(), data.index(b"PK\x01\x02")) - 46
    local = data.index(name.encode()) - 30
    for at, offset in ((listed, 8), (local, 6)):
        if flags is not None:
            struct.pack_into("<H", changed, at + offset, flags)
        if method is not None:
            struct.pack_into("<H", changed, at + offset + 2, method)
        if "size" in sizes:
            struct.pack_into("<L", changed, at + offset + 16, sizes["size"])
    if "offset" in sizes:
        struct.pack_into("<L", changed, listed + 42, sizes["offset"])
    if "packed" in sizes:
        struct.pack_into("<L", changed, listed + 20, sizes["packed"])
    return bytes(changed)


def many(count: int) -> bytes:
    return zipped({f"{number}": "" for number in range(count)}, zipfile.ZIP_STORED)


def lying_count() -> bytes:
    """More entries than its end says."""
    data = bytearray(many(archives.MOST_ENTRIES + 1))
    struct.pack_into("<HH", data, len(data) - 14, 3, 3)
    return bytes(data)


GOOD = zipped({"a.txt": "a" * 100, "b/c.txt": "c"})
LINK, PIPE, DEVICE = stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFBLK | 0o644
ATTACKS: dict[str, tuple[Callable[[], bytes], str]] = {
    "upwards": (lambda: entry("../evil"), r"\.\./evil: its name has an empty part"),
    "upwards inside": (lambda: entry("a/../../evil"), "its name has an empty part"),
    "absolute": (lambda: entry("/etc/passwd"), "/etc/passwd: its name is absolute"),
    "drive": (lambda: entry("C:/evil"), "C:/evil: its name is absolute"),
    "drive relative": (lambda: entry("c:evil"), "its name is absolute"),
    "backslashes": (lambda: entry("..\\evil"), "backslash"),
    "share": (lambda: entry("\\\\host\\share"), "backslash"),
    "dot": (lambda: entry("./a"), "empty part, '.' or '..'"),
    "empty part": (lambda: entry("a//b"), "empty part"),
    "nul": (lambda: entry("good\x00.exe"), "control characters"),
    "line feed": (lambda: entry("a\nb"), "control characters"),
    "right to left": (lambda: entry("a\u202etxt.exe"), "control characters"),
    "link": (lambda: entry("link", LINK, b"/etc/passwd"), "link: it is a link"),
    "link of another system": (lambda: entry("link", LINK, b"/etc/passwd", system=0), "it is a link"),
    "named pipe": (lambda: entry("pipe", PIPE), "neither a file nor a folder"),
    "device": (lambda: entry("dev", DEVICE), "neither a file nor a folder"),
    "folder with content": (lambda: entry("folder/", 0o40755, b"x"), "a folder with content"),
    "same name": (lambda: zipped({"aa": "1", "ab": "2"}).replace(b"ab", b"aa"), "another entry has the same name"),
    "same name in capitals": (lambda: entry("GOOD.txt"), "another entry has the same name"),
    "same name normalised": (lambda: zipped({"\u00e9": "1", "e\u0301": "2"}), "another entry has the same name"),
    "same name in full width": (lambda: zipped({"a": "1", "\uff41": "2"}), "another entry has the same name"),
    "file as folder": (lambda: zipped({"a": "1", "a/b": "2"}), "in a folder that is also a file"),
    "file as folder in capitals": (lambda: zipped({"A": "1", "a/b": "2"}), "in a folder that is also a file"),
    "too deep": (lambda: entry("a/" * 30 + "b"), "30 folders deep"),
    "long name": (lambda: entry("a" * 256), "its name is too long"),
    "encrypted": (lambda: patched(GOOD, "b/c.txt", flags=1), "b/c.txt: it is encrypted"),
    "bzip2": (lambda: zipped({"x": "x"}, zipfile.ZIP_BZIP2), "x: it is packed by method 12"),
    "lzma": (lambda: zipped({"x": "x"}, zipfile.ZIP_LZMA), "packed by method 14"),
    "unknown method": (lambda: patched(GOOD, "b/c.txt", method=99), "packed by method 99"),
    "holds more": (lambda: patched(GOOD, "a.txt", size=50), "a.txt: it cannot be unpacked"),
    "holds less": (lambda: patched(GOOD, "a.txt", size=200), "a.txt: it (cannot be unpacked|holds 100 bytes)"),
    "overlap": (lambda: patched(GOOD, "b/c.txt", offset=0), "b/c.txt: it overlaps|cannot be unpacked|overlaps another"),
    "bomb": (lambda: zipped({"bomb": bytes(20_000_000)}), "bomb: it becomes more than 200 times larger"),
    "many bombs": (
        lambda: patched(patched(GOOD, "a.txt", size=2**31 - 1, packed=2**30), "b/c.txt", size=2**31 - 1, packed=1),
        "larger than 2,000,000,000 bytes unpacked|overlaps",
    ),
    "too many entries": (lambda: many(archives.MOST_ENTRIES + 1), "more than 50,000 entries"),
    "too many entries, which it hides": (lying_count, "more than 50,000 entries"),
    "no zip": (lambda: b"#!/bin/sh\nrm -rf /\n", "not a zip"),
    "empty": (lambda: b"", "not a zip"),
    "cut off": (lambda: GOOD[:-10], "not a zip"),
    "damaged": (lambda: GOOD.replace(zlib.compress(b"a" * 100)[2:6], b"\xff\xff\xff\xff"), "a.txt: it cannot be"),
    "list begins before the file": (
        lambda: GOOD[:-10] + struct.pack("<L", 1_000_000) + GOOD[-6:],
        "list of entries is broken",
    ),
}


@pytest.mark.parametrize("attack", sorted(ATTACKS))
def test_a_bad_zip_is_refused_when_it_comes_in_and_when_it_is_unpacked(attack: str, tmp_path: Path) -> None:
    make, words = ATTACKS[attack]
    data = make()
    (inside := tmp_path / "inside").mkdir()
    with pytest.raises(Invalid, match=words):
        with archives.opened(io.BytesIO(data)) as archive:
            archive.verify()
    with pytest.raises(Invalid, match=words):
        with archives.opened(io.BytesIO(data)) as archive:
            archive.extract(inside)
    assert {path.name for path in tmp_path.rglob("*")} - {"inside"} <= {"good.txt", "a.txt"}


def test_what_is_unpacked_is_what_was_packed_and_can_only_be_read(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a/b/c.txt", "text")
        packed.mkdir("empty")
        info = zipfile.ZipInfo("run.sh")
        info.external_attr = (stat.S_IFREG | 0o4755) << 16
        packed.writestr(info, "#!/bin/sh\n")
    with archives.opened(content) as archive:
        archive.verify()
        assert archive.files == ["a/b/c.txt", "run.sh"]
        assert archive.text("a/b/c.txt", 10) == "text"
        assert archive.extract(tmp_path) == len("text#!/bin/sh\n")
    modes = {str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {"a": 0o555, "a/b": 0o555, "a/b/c.txt": 0o444, "empty": 0o555, "run.sh": 0o555}
    for root, _, _ in os.walk(tmp_path):
        Path(root).chmod(0o700)


NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


@given(st.lists(NAMES, min_size=1, max_size=5), st.binary(max_size=100))
def test_whatever_is_taken_stays_inside(names: list[str], data: bytes) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        for name in dict.fromkeys(names):
            info = zipfile.ZipInfo("x")
            info.filename = name
            packed.writestr(info, data if not name.endswith("/") else b"")
    try:
        with archives.opened(content) as archive:
            archive.verify()
            found = archive.entries
    except Invalid:
        return
    for one in found:
        assert not one.name.startswith("/")
        assert ".." not in one.name.split("/")
        assert Path("/inside", one.name).is_relative_to("/inside")


@given(st.binary(max_size=200), st.integers(0, len(GOOD)), st.integers(0, len(GOOD)))
def test_a_damaged_zip_is_refused_and_nothing_else(noise: bytes, start: int, end: int) -> None:
    data = GOOD[:start] + noise + GOOD[end:]
    try:
        with archives.opened(io.BytesIO(data)) as archive:
            archive.verify()
    except Invalid:
        return

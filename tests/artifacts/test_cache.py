"""Artifacts unpacked on a worker's machine."""

import os
import stat
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from ostinato.core.artifacts import place_of
from ostinato.core.errors import Invalid
from ostinato.worker.artifacts import ArtifactCache
from tests.artifacts import zips


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for root, _, _ in os.walk(tmp_path):
        Path(root).chmod(0o700)


def store(folder: Path, content: bytes, digest: str | None = None) -> str:
    digest = digest or sha256(content).hexdigest()
    path = folder / "objects" / place_of(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return digest


def cache(folder: Path, most: int = 10**9) -> ArtifactCache:
    return ArtifactCache(folder / "objects", folder / "unpacked", most)


def there(folder: Path) -> set[str]:
    return {path.name for path in (folder / "unpacked").iterdir() if path.is_dir()}


def test_content_is_unpacked_once_and_for_reading_only(folder: Path) -> None:
    digest = store(folder, zips.python())
    with cache(folder).use(digest) as inside:
        first = (inside / "hello.py").stat()
        assert stat.S_IMODE(first.st_mode) == 0o444
        assert stat.S_IMODE(inside.stat().st_mode) == 0o555
    with cache(folder).use(digest) as inside:
        assert (inside / "hello.py").stat().st_ino == first.st_ino
    assert there(folder) == {digest}


def test_many_at_once_see_it_whole(folder: Path) -> None:
    digest = store(folder, zips.zipped({f"{n}.txt": "x" * 1000 for n in range(300)}))
    seen: list[int] = []

    def use() -> None:
        with cache(folder).use(digest) as inside:
            seen.append(len(list(inside.iterdir())))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [300] * 8
    assert there(folder) == {digest}


def test_what_was_not_used_for_longest_makes_room_and_what_is_in_use_stays(folder: Path) -> None:
    first, second, third, fourth = (store(folder, zips.zipped({"a": f"{number}" * 1000})) for number in range(4))
    used = cache(folder, 2_500)
    with used.use(first):
        with used.use(second):
            pass
        with used.use(third):
            pass
        assert there(folder) == {first, third}
    with used.use(third):
        pass
    with used.use(fourth):
        pass
    assert there(folder) == {third, fourth}
    with used.use(first) as inside:
        assert (inside / "a").read_text() == "0" * 1000


def test_content_that_is_missing_or_damaged_is_said(folder: Path) -> None:
    digest = store(folder, zips.python(), "ab" * 32)
    with pytest.raises(Invalid, match="damaged"), cache(folder).use(digest):
        pass
    with pytest.raises(Invalid, match="not in the object store"), cache(folder).use("cd" * 32):
        pass
    bad = store(folder, zips.zipped({"../evil": "x"}))
    with pytest.raises(Invalid, match="empty part"), cache(folder).use(bad):
        pass
    assert there(folder) == set()
    assert not (folder / "evil").exists()

"""The object store, and what is left of publications that were cut off."""

import asyncio
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from ostinato.app import artifacts
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict
from ostinato.store.artifacts import Wanted
from ostinato.store.objects import ObjectFolder
from tests.api.factories import World
from tests.artifacts import zips
from tests.conftest import NOW

WISH = artifacts.Wish(workspace="finance", environment="Production", name="hello", version="1")
WRITER = """
import sys
from pathlib import Path
from ostinato.store.objects import ObjectFolder
with ObjectFolder(Path(sys.argv[1])).incoming() as incoming:
    incoming.write(b"x" * 1000)
    incoming.complete()
    print("written", flush=True)
    sys.stdin.read()
"""


async def publish(app: App, actor: Actor, content: bytes, now: datetime, wish: artifacts.Wish = WISH) -> str:
    with artifacts.receiving(app) as incoming:
        incoming.write(content)
        artifact, _ = await artifacts.publish(app, actor, incoming, wish, now)
        return str(artifact.id)


def digests(app: App) -> list[str]:
    assert app.objects is not None
    return app.objects.digests()


def test_content_is_kept_once_and_whole(tmp_path: Path) -> None:
    store = ObjectFolder(tmp_path)
    for _ in range(2):
        with store.incoming() as incoming:
            incoming.write(b"some")
            incoming.write(b" content")
            incoming.complete()
            store.keep(incoming)
            store.keep(incoming)
    [digest] = store.digests()
    assert store.path(digest).read_bytes() == b"some content"
    assert not list((tmp_path / "incoming").iterdir())
    store.path(digest).unlink()
    store.path(digest).write_bytes(b"some")  # a disk that was full
    with store.incoming() as incoming:
        incoming.write(b"some content")
        incoming.complete()
        store.keep(incoming)
    assert store.path(digest).read_bytes() == b"some content"
    store.remove(digest)
    store.remove(digest)
    assert store.digests() == []


def test_a_writer_that_died_leaves_what_is_swept_and_one_at_work_is_left(tmp_path: Path) -> None:
    store = ObjectFolder(tmp_path)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"written\n"
        store.sweep(NOW)
        assert len(list((tmp_path / "incoming").iterdir())) == 1
        writer.kill()
        writer.wait()
    assert len(list((tmp_path / "incoming").iterdir())) == 1
    store.sweep(NOW)
    assert list((tmp_path / "incoming").iterdir()) == []


async def test_what_was_kept_and_never_committed_is_swept(app: App, admin: Actor, now: datetime) -> None:
    await World(app).workspace("finance")
    await publish(app, admin, zips.python(), now)
    [used] = digests(app)
    with artifacts.receiving(app) as incoming:
        incoming.write(zips.python(more="x", name="never"))
        incoming.complete()
        assert app.objects is not None
        app.objects.keep(incoming)
    assert len(digests(app)) == 2
    await artifacts.sweep(app, now)
    assert digests(app) == [used]


async def test_a_refused_publication_leaves_nothing(app: App, admin: Actor, now: datetime) -> None:
    await World(app).workspace("finance")
    await publish(app, admin, zips.python(), now)
    before = digests(app)
    with pytest.raises(Conflict, match="has a version 1 already"):
        await publish(app, admin, zips.python(description="another"), now)
    assert digests(app) == before


async def test_nothing_is_lost_when_publications_and_deletions_of_one_content_race(
    app: App, admin: Actor, now: datetime
) -> None:
    await World(app).workspace("finance")
    content = zips.python()

    async def come_and_go(name: str) -> None:
        for _ in range(6):
            wish = artifacts.Wish(workspace="finance", environment="Production", name=name, version="1")
            number = await publish(app, admin, content, now, wish)
            _, path = await artifacts.content(app, admin, int(number), "1")
            assert path.read_bytes() == content
            await artifacts.delete(app, admin, int(number), now)

    await asyncio.gather(*(come_and_go(name) for name in "abcd"))
    assert digests(app) == []
    assert await artifacts.list_artifacts(app, admin, Wanted(limit=10)) == []


async def test_two_that_publish_one_version_are_one_version(app: App, admin: Actor, now: datetime) -> None:
    await World(app).workspace("finance")
    tries = [publish(app, admin, zips.python(description=f"{n}"), now) for n in range(4)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(type(one).__name__ for one in done) == ["Conflict", "Conflict", "Conflict", "str"]
    assert len(digests(app)) == 1


def test_the_folder_is_for_the_server_only(tmp_path: Path) -> None:
    store = ObjectFolder(tmp_path / "objects")
    old = os.umask(0)
    try:
        with store.incoming() as incoming:
            incoming.write(b"x")
            incoming.complete()
            store.keep(incoming)
    finally:
        os.umask(old)
    [digest] = store.digests()
    assert store.path(digest).stat().st_mode & 0o777 == 0o400
    assert store.path(digest).parent.stat().st_mode & 0o777 == 0o700

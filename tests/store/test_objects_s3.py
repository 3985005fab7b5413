"""The object store in a bucket, on a real server that checks signatures and rights."""

import asyncio
import hashlib
import os
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ostinato.app import artifacts, objects
from ostinato.app.application import App
from ostinato.config import Bucket
from ostinato.core.access import Actor
from ostinato.core.artifacts import place_of
from ostinato.core.errors import Conflict, OstinatoError, Unavailable
from ostinato.store.buckets import IN_USE_SECONDS, PART_BYTES, ObjectBucket
from ostinato.store.objects import ObjectStore
from tests.api.factories import World
from tests.artifacts import zips
from tests.artifacts.test_objects import publish
from tests.s3 import EVERYTHING, S3, s3

LARGE = os.urandom(2 * PART_BYTES + 1000)
"""Goes in three parts."""


@pytest.fixture
def server() -> S3:
    return s3()


@pytest.fixture
def bucket(server: S3, tmp_path: Path) -> Bucket:
    return server.bucket(tmp_path)


@pytest.fixture
def store(bucket: Bucket, tmp_path: Path) -> ObjectBucket:
    return ObjectBucket(bucket, tmp_path / "here")


def keep(store: ObjectStore, content: bytes) -> str:
    with store.incoming() as incoming:
        incoming.write(content)
        incoming.complete()
        store.keep(incoming)
        return incoming.digest


def test_content_is_kept_once_and_whole(server: S3, bucket: Bucket, store: ObjectBucket, tmp_path: Path) -> None:
    store.open(7)
    store.open(7)
    assert store.digests() == []
    for content in (b"some content", b"", LARGE):
        digest = keep(store, content)
        assert digest == hashlib.sha256(content).hexdigest()
        assert keep(store, content) == digest
        assert store.digests() == [digest]
        assert f"some/where/{place_of(digest)}" in server.keys(bucket)
        assert store.at_hand(digest) is None
        assert store.fetch(digest).read_bytes() == content
        elsewhere = ObjectBucket(bucket, tmp_path / "elsewhere")
        assert elsewhere.fetch(digest) == elsewhere.at_hand(digest)
        store.remove(digest)
        store.remove(digest)
        assert (store.digests(), store.at_hand(digest)) == ([], None)
    assert server.uploads(bucket) == []
    assert list((tmp_path / "here" / "incoming").iterdir()) == []


def test_content_that_is_there_is_not_sent_again_and_another_length_is_replaced(
    server: S3, bucket: Bucket, store: ObjectBucket
) -> None:
    digest = keep(store, LARGE)
    key = f"some/where/{place_of(digest)}"
    first = server.client.head_object(Bucket=bucket.name, Key=key)["ETag"]
    server.client.put_object(Bucket=bucket.name, Key=key, Body=b"0" * len(LARGE))
    keep(store, LARGE)
    assert server.client.head_object(Bucket=bucket.name, Key=key)["ETag"] != first
    server.client.put_object(Bucket=bucket.name, Key=key, Body=b"short")
    keep(store, LARGE)
    assert server.client.head_object(Bucket=bucket.name, Key=key)["ETag"] == first


def test_damaged_content_and_content_that_is_gone_are_never_handed_out(
    server: S3, bucket: Bucket, store: ObjectBucket
) -> None:
    digest = keep(store, b"right")
    server.client.put_object(Bucket=bucket.name, Key=f"some/where/{place_of(digest)}", Body=b"wrong")
    with pytest.raises(Unavailable, match=f"some/where/{place_of(digest)} is damaged: remove this object"):
        store.fetch(digest)
    assert store.at_hand(digest) is None
    server.client.delete_object(Bucket=bucket.name, Key=f"some/where/{place_of(digest)}")
    with pytest.raises(Unavailable, match=f"the content {digest[:12]} is not in it: publish it again"):
        store.fetch(digest)


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the library leaves closing to the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("first", ["HeadObject", "UploadPart"])
def test_a_store_that_is_closed_gives_up_what_is_on_its_way(
    first: str, server: S3, bucket: Bucket, store: ObjectBucket
) -> None:
    store._s3.meta.events.register(f"before-call.s3.{first}", lambda **_: store.close())
    with pytest.raises(Unavailable, match="The server stops"):
        keep(store, LARGE)
    assert (server.keys(bucket), server.uploads(bucket)) == ([], [])


def test_a_download_that_is_given_up_leaves_nothing(store: ObjectBucket, tmp_path: Path) -> None:
    digest = keep(store, LARGE)
    store._s3.meta.events.register("before-call.s3.GetObject", lambda **_: store.close())
    with pytest.raises(Unavailable, match="The server stops"):
        store.fetch(digest)
    assert store.at_hand(digest) is None
    assert list((tmp_path / "here" / "incoming").iterdir()) == []


def test_an_upload_whose_server_died_is_given_up_after_a_day(server: S3, bucket: Bucket, store: ObjectBucket) -> None:
    digest = hashlib.sha256(LARGE).hexdigest()
    key = f"some/where/{place_of(digest)}"
    server.client.create_multipart_upload(Bucket=bucket.name, Key=key)
    others = ["some/where/else", "somebody/else"]
    for other in others:
        server.client.create_multipart_upload(Bucket=bucket.name, Key=other)
    assert store.digests() == []
    [begun] = [
        one["Initiated"]
        for one in server.client.list_multipart_uploads(Bucket=bucket.name)["Uploads"]
        if one["Key"] == key
    ]
    store.sweep(begun + timedelta(hours=23))
    assert sorted(server.uploads(bucket)) == sorted([key, *others])
    store.sweep(begun + timedelta(hours=25))
    assert sorted(server.uploads(bucket)) == others


def test_the_copies_not_used_for_longest_make_room(bucket: Bucket, tmp_path: Path) -> None:
    store = ObjectBucket(bucket, tmp_path / "here", most_bytes=2500)
    made = [keep(store, bytes([number]) * 1000) for number in range(4)]
    long_ago = datetime.now(UTC).timestamp() - IN_USE_SECONDS - 10
    for number, digest in enumerate(made[:2]):
        path = store.fetch(digest)
        os.utime(path, (long_ago + number, long_ago + number))
    assert store.at_hand(made[0]) is not None  # which makes it the last that was used
    store.fetch(made[3])
    assert [store.at_hand(digest) is not None for digest in made] == [True, False, False, True]
    store.fetch(made[1])  # all that is here was asked for a moment ago, and stays
    assert [store.at_hand(digest) is not None for digest in made] == [True, True, False, True]


def test_two_installations_never_share_a_place(bucket: Bucket, store: ObjectBucket, tmp_path: Path) -> None:
    store.open(1)
    with pytest.raises(Conflict, match=r"some/where belongs to another installation.*: use another prefix"):
        ObjectBucket(bucket, tmp_path).open(2)
    ObjectBucket(msgspec.structs.replace(bucket, prefix="another"), tmp_path).open(2)
    ObjectBucket(msgspec.structs.replace(bucket, prefix=""), tmp_path).open(3)


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda one: msgspec.structs.replace(one, access_key_id="nobody"), "does not know this key: see OSTINATO_S3_"),
        (
            lambda one: msgspec.structs.replace(one, endpoint="http://127.0.0.1:9"),
            "Could not connect .*: see OSTINATO_S3_",
        ),
        (lambda one: msgspec.structs.replace(one, name="test-nothing"), "there is no such bucket: make it"),
    ],
)
def test_what_hinders_the_start_is_said_in_words(
    spoil: Callable[[Bucket], Bucket], says: str, server: S3, tmp_path: Path
) -> None:
    place = spoil(server.bucket(tmp_path, "s3:*"))
    with pytest.raises(Unavailable, match=f"The object store {place} cannot be used: .*{says}"):
        ObjectBucket(place, tmp_path).open(1)


@pytest.mark.parametrize("right", EVERYTHING[:4])
def test_a_right_that_is_missing_is_named_at_the_start(right: str, server: S3, tmp_path: Path) -> None:
    place = server.bucket(tmp_path, *(one for one in EVERYTHING if one != right))
    with pytest.raises(Unavailable, match=f"the key lacks the right {right}, or there is no such bucket"):
        ObjectBucket(place, tmp_path).open(1)


def test_without_the_rights_to_tidy_up_a_server_starts_all_the_same(server: S3, tmp_path: Path) -> None:
    store = ObjectBucket(server.bucket(tmp_path, *EVERYTHING[:4]), tmp_path)
    store.open(1)
    store.sweep(datetime.now(UTC))


@pytest.mark.parametrize("text", ["another secret", "", None])
def test_a_secret_that_is_wrong_or_missing_is_told_and_never_shown(
    text: str | None, bucket: Bucket, store: ObjectBucket
) -> None:
    file = bucket.secret_access_key_file
    assert file is not None
    secret = file.read_text().strip()
    file.unlink()
    if text is not None:
        file.write_text(text)
    with pytest.raises(OstinatoError, match="OSTINATO_S3_SECRET_ACCESS_KEY_FILE") as refused:
        store.open(1)
    assert secret not in str(refused.value)
    assert not text or text not in str(refused.value)


def test_the_key_may_come_from_the_environment_as_for_other_tools(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert bucket.access_key_id is not None
    assert bucket.secret_access_key_file is not None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", bucket.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", bucket.secret_access_key_file.read_text().strip())
    without = msgspec.structs.replace(bucket, access_key_id=None, secret_access_key_file=None)
    ObjectBucket(without, tmp_path).open(1)


def test_no_key_at_all_is_told(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    without = msgspec.structs.replace(bucket, access_key_id=None, secret_access_key_file=None)
    with pytest.raises(Unavailable, match="no key is known: see OSTINATO_S3_ACCESS_KEY_ID"):
        ObjectBucket(without, tmp_path).open(1)


async def test_content_is_fetched_once_for_all_who_wait(app: App, store: ObjectBucket) -> None:
    app.objects = store
    digest = keep(store, LARGE)
    waiting = [asyncio.create_task(objects.fetch(app, digest)) for _ in range(20)]
    given_up = asyncio.create_task(objects.fetch(app, digest))
    while not app.fetching:
        await asyncio.sleep(0)
    given_up.cancel()
    assert threading.active_count() < 20
    [path] = {str(path) for path in await asyncio.gather(*waiting)}
    assert Path(path).read_bytes() == LARGE
    assert app.fetching == {}


async def test_nothing_is_lost_when_publications_and_deletions_of_one_content_race(
    app: App, admin: Actor, now: datetime, store: ObjectBucket
) -> None:
    app.objects = store
    await objects.open_store(app)
    await World(app).workspace("finance")
    content = zips.python()

    async def come_and_go(name: str) -> None:
        for _ in range(4):
            wish = artifacts.Wish(workspace="finance", environment="Production", name=name, version="1")
            number = int(await publish(app, admin, content, now, wish))
            _, path = await artifacts.content(app, admin, number, "1")
            assert path.name in store.digests()[0]
            await artifacts.delete(app, admin, number, now)

    await asyncio.gather(*(come_and_go(name) for name in "abcd"))
    assert store.digests() == []


async def test_what_was_kept_and_never_committed_is_swept(
    app: App, admin: Actor, now: datetime, store: ObjectBucket, server: S3, bucket: Bucket
) -> None:
    app.objects = store
    await objects.open_store(app)
    await World(app).workspace("finance")
    await publish(app, admin, zips.python(), now)
    [used] = store.digests()
    keep(store, zips.python(name="never"))
    server.client.put_object(Bucket=bucket.name, Key="somebody/else", Body=b"theirs")
    await artifacts.sweep(app, now)
    assert store.digests() == [used]
    others = ["some/where/installation", "somebody/else"]
    assert sorted(server.keys(bucket)) == [f"some/where/{place_of(used)}", *others]
    with pytest.raises(Conflict, match="has a version 1 already"):
        await publish(app, admin, zips.python(description="another"), now)
    assert store.digests() == [used]

"""The object store in a bucket, on AWS or on any other server that speaks S3.

Content gets its name when its last part has come, so it is there as a whole or not at all. What is needed on this
machine is fetched into a folder that has the form of an object store, where workers read it: they never speak to the
bucket. It is digested before it gets its place there, and what was not used for longest is removed when the folder has
become too large.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import structlog
from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ostinato.config import Bucket
from ostinato.core.artifacts import place_of
from ostinato.core.errors import Conflict, Unavailable
from ostinato.store.bucket_errors import is_missing, words_for
from ostinato.store.objects import DIGEST, Incoming, ObjectFolder

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

log = structlog.get_logger()

MOST_BYTES = 8_000_000_000
"""Of the copies on this machine; the least recently used goes first."""
IN_USE_SECONDS = 60
"""A copy that was asked for so lately is not removed: a worker may be about to open it."""
OLD = timedelta(days=1)
"""An upload that began so long ago is nobody's any more: 400 MB take no day."""
OWNER = "installation"
"""The object that says which installation the bucket is for."""
NOTHING = "nothing"
"""An object that is never there: whoever may remove it may remove others."""
PART_BYTES = 8 << 20
IN_PARTS = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES, use_threads=False)
"""One part after another, in the thread that asks: memory is bounded, and so is what many transfers take from it."""


class ObjectBucket:
    def __init__(self, bucket: Bucket, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        """`folder`: for copies on this machine."""
        self._bucket, self._copies, self._most = bucket, ObjectFolder(folder), most_bytes
        self._closed = threading.Event()

    def open(self, installation: int) -> None:
        place, number = self._bucket, str(installation)
        with self._asking():
            self._s3.list_objects_v2(Bucket=place.name, Prefix=self._name(""), MaxKeys=1)
            owner = self._owner() or number
            if owner != number:
                raise Conflict(
                    f"{place} belongs to another installation of Ostinato, and this one would remove what is there: "
                    f"use another prefix; or, if that one is gone for good, remove the object {place}/{OWNER}"
                )
            self._s3.put_object(Bucket=place.name, Key=self._name(OWNER), Body=number.encode())
            self._s3.delete_object(Bucket=place.name, Key=self._name(NOTHING))

    def close(self) -> None:
        self._closed.set()

    def incoming(self) -> AbstractContextManager[Incoming]:
        return self._copies.incoming()

    def keep(self, incoming: Incoming) -> None:
        key = self._key(incoming.digest)
        with self._asking():
            if self._size(key) != incoming.size:
                self._s3.upload_file(str(incoming.path), self._bucket.name, key, Config=IN_PARTS)

    def at_hand(self, digest: str) -> Path | None:
        path = self._copies.path(digest)
        try:
            os.utime(path)  # so that it is the last to be removed
        except FileNotFoundError:
            return None
        return path

    def fetch(self, digest: str) -> Path:
        if (found := self.at_hand(digest)) is not None:
            return found
        with self._copies.incoming() as incoming:
            with self._asking(f"the content {digest[:12]} is not in it: publish it again"):
                self._s3.download_fileobj(self._bucket.name, self._key(digest), incoming.file, Config=IN_PARTS)
            incoming.read_again()
            incoming.complete()
            if incoming.digest != digest:
                key = f"s3://{self._bucket.name}/{self._key(digest)}"
                raise Unavailable(f"{key} is damaged: remove this object, and publish the same content again")
            self._copies.keep(incoming)
        self._make_room()
        return self._copies.path(digest)

    def remove(self, digest: str) -> None:
        with self._asking():
            self._s3.delete_object(Bucket=self._bucket.name, Key=self._key(digest))
        self._copies.remove(digest)

    def digests(self) -> list[str]:
        with self._asking():
            lister = self._s3.get_paginator("list_objects_v2")
            pages = lister.paginate(Bucket=self._bucket.name, Prefix=self._name(""))
            keys = [one["Key"] for page in pages for one in page.get("Contents", [])]
        return [digest for key in keys if (digest := self._digest(key)) is not None]

    def sweep(self, now: datetime) -> None:
        self._copies.sweep(now)
        try:
            with self._asking():
                self._abort_uploads(now - OLD)
        except Unavailable as error:
            log.warning("uploads.left", error=str(error))  # they cost room, and hinder nobody

    def _abort_uploads(self, before: datetime) -> None:
        """Give up what was cut off on its way to the bucket."""
        name = self._bucket.name
        pages = self._s3.get_paginator("list_multipart_uploads").paginate(Bucket=name, Prefix=self._name(""))
        for upload in [upload for page in pages for upload in page.get("Uploads", [])]:
            if upload["Initiated"] < before and self._digest(upload["Key"]) is not None:
                self._s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])

    def _make_room(self) -> None:
        """Remove copies that were not used for longest, until the rest fits."""
        known = []
        for digest in self._copies.digests():
            with suppress(FileNotFoundError):
                found = self._copies.path(digest).stat()
                known.append((found.st_mtime, found.st_size, digest))
        total = sum(size for _, size, _ in known)
        for used, size, digest in sorted(known):
            if total <= self._most or used > time.time() - IN_USE_SECONDS:
                break
            self._copies.remove(digest)
            total -= size

    def _owner(self) -> str | None:
        try:
            answer = self._s3.get_object(Bucket=self._bucket.name, Key=self._name(OWNER))
        except ClientError as error:
            if is_missing(error):
                return None
            raise
        return answer["Body"].read().decode()

    def _size(self, key: str) -> int | None:
        """How long the content under a key is, if there is any."""
        try:
            return self._s3.head_object(Bucket=self._bucket.name, Key=key)["ContentLength"]
        except ClientError as error:
            if is_missing(error):
                return None
            raise

    def _refuse_if_closed(self, event_name: str, **_: object) -> None:
        """Asked before every request and every repetition of one; what was begun may still be given up."""
        if self._closed.is_set() and not event_name.endswith("AbortMultipartUpload"):
            raise Unavailable("The server stops")

    @contextmanager
    def _asking(self, if_missing: str | None = None) -> Iterator[None]:
        """What goes wrong with the bucket is said in words."""
        try:
            yield
        except (BotoCoreError, Boto3Error, ClientError) as error:
            words = words_for(error, if_missing)
            raise Unavailable(f"The object store {self._bucket} cannot be used: {words}") from error

    @cached_property
    def _s3(self) -> "S3Client":
        place = self._bucket
        session = boto3.Session(
            aws_access_key_id=place.access_key_id,
            aws_secret_access_key=_secret(place.secret_access_key_file),
            region_name=place.region,
        )
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 4},
            s3={"addressing_style": "path" if place.path_style else "virtual", "payload_signing_enabled": True},
            request_checksum_calculation="when_required",  # not all servers know others; what is signed is checked too
            response_checksum_validation="when_required",
        )
        region = session.region_name or "us-east-1"
        client = session.client("s3", region_name=region, endpoint_url=place.endpoint, config=config)
        client.meta.events.register("before-send.s3", self._refuse_if_closed)
        return client

    def _key(self, digest: str) -> str:
        return self._name(place_of(digest))

    def _digest(self, key: str) -> str | None:
        """Which content has this name, if it is the name of any."""
        digest = key.removeprefix(self._name("")).replace("/", "", 1)
        return digest if DIGEST.fullmatch(digest) and key == self._key(digest) else None

    def _name(self, rest: str) -> str:
        return f"{self._bucket.prefix}/{rest}" if self._bucket.prefix else rest


def _secret(file: Path | None) -> str | None:
    """Raises Conflict if there is a file, and no secret in it."""
    if file is None:
        return None
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Conflict(f"OSTINATO_S3_SECRET_ACCESS_KEY_FILE is {str(file)!r} and cannot be read: {error}") from error
    if not secret:
        raise Conflict(
            f"OSTINATO_S3_SECRET_ACCESS_KEY_FILE is {str(file)!r}, and the file is empty: put the secret there"
        )
    return secret

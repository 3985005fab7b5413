"""A server that speaks S3, over HTTP, and knows its keys and their rights: moto, as a process of its own."""

import atexit
import json
import secrets
import socket
import subprocess
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
from botocore.config import Config

from ostinato.config import Bucket

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

START_SECONDS = 60
REGION = "us-east-1"
EVERYTHING = (
    "s3:ListBucket",
    "s3:GetObject",
    "s3:PutObject",
    "s3:DeleteObject",
    "s3:ListBucketMultipartUploads",
    "s3:AbortMultipartUpload",
)
"""The rights that the how-to asks for."""


class S3:
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._owner: tuple[str, str] = ("owner", "secret")
        self._iam = self._client("iam")
        self._owner = self.key("*")
        self._iam = self._client("iam")
        # From here on, signatures and rights are checked.
        headers = {"content-type": "text/plain"}
        httpx.post(f"{endpoint}/moto-api/reset-auth", content=b"0", headers=headers).raise_for_status()

    @property
    def client(self) -> "S3Client":
        """What may do everything."""
        made: S3Client = self._client("s3")
        return made

    def key(self, *actions: str) -> tuple[str, str]:
        """A new key and its secret, which may do this."""
        user = f"user-{secrets.token_hex(4)}"
        self._iam.create_user(UserName=user)
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._iam.put_user_policy(UserName=user, PolicyName="all", PolicyDocument=policy)
        made = self._iam.create_access_key(UserName=user)["AccessKey"]
        return made["AccessKeyId"], made["SecretAccessKey"]

    def bucket(self, folder: Path, *actions: str, prefix: str = "some/where") -> Bucket:
        """A new bucket and a key for it; the file with the secret is put into a folder."""
        name = f"test-{secrets.token_hex(6)}"
        self.client.create_bucket(Bucket=name)
        key, secret = self.key(*(actions or EVERYTHING))
        file = folder / f"{name}.secret"
        file.write_text(f"{secret}\n")
        return Bucket(
            name=name,
            prefix=prefix,
            endpoint=self.endpoint,
            region=None,
            access_key_id=key,
            secret_access_key_file=file,
            path_style=True,
        )

    def keys(self, bucket: Bucket) -> list[str]:
        """The names of everything in it."""
        return [one["Key"] for one in self.client.list_objects_v2(Bucket=bucket.name).get("Contents", [])]

    def uploads(self, bucket: Bucket) -> list[str]:
        """The names of what was begun in parts and is not complete."""
        return [one["Key"] for one in self.client.list_multipart_uploads(Bucket=bucket.name).get("Uploads", [])]

    def _client(self, service: str) -> Any:
        key, secret = self._owner
        session = boto3.Session(aws_access_key_id=key, aws_secret_access_key=secret, region_name=REGION)
        config = Config(s3={"addressing_style": "path"}) if service == "s3" else None
        return session.client(service, endpoint_url=self.endpoint, config=config)  # type: ignore[call-overload]


def environment(bucket: Bucket) -> dict[str, str]:
    """The settings of a server that keeps its content there."""
    return {
        "OSTINATO_OBJECT_STORE": str(bucket),
        "OSTINATO_S3_ENDPOINT": str(bucket.endpoint),
        "OSTINATO_S3_ACCESS_KEY_ID": str(bucket.access_key_id),
        "OSTINATO_S3_SECRET_ACCESS_KEY_FILE": str(bucket.secret_access_key_file),
    }


@cache
def s3() -> S3:
    """The server of this process's own, started when somebody asks for it."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    running = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(_stop, running)
    deadline = time.monotonic() + START_SECONDS
    while not _answers(port):
        if running.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError("moto did not start: run `python -m moto.server` to see why")
        time.sleep(0.05)
    return S3(f"http://127.0.0.1:{port}")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def _stop(running: subprocess.Popen[bytes]) -> None:
    running.terminate()
    running.wait(30)

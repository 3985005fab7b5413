"""What is done on the server's own machine, without a key of the server.

Commands import this module when they are called, for the server's parts take longer to load than most commands run.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TypeVar

import typer

from ostinato import opening
from ostinato.app import access, audit, keys, people, rights
from ostinato.app.application import App
from ostinato.config import Settings
from ostinato.core.access import Actor
from ostinato.core.ids import CredentialId
from ostinato.store.credentials import Listed
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.home import Home
from ostinato.store.users import User

T = TypeVar("T")
MOST_USERS = 100_000


def make_key(settings: Settings, user: str, wish: keys.Wish) -> str:
    """A new credential of this user, who is made without rights if there is none."""
    return _as_administrator(
        settings, lambda app, actor, now: keys.create_on_machine(app, actor, user, wish, now)
    ).secret


def list_keys(settings: Settings, user: str | None) -> list[Listed]:
    return _as_administrator(settings, lambda app, actor, now: keys.list_keys(app, actor, user, everybody=user is None))


def delete_key(settings: Settings, key: int) -> None:
    _as_administrator(settings, lambda app, actor, now: keys.delete(app, actor, CredentialId(key), now))


def create_user(settings: Settings, name: str, kind: str, about: people.UserChange) -> None:
    _as_administrator(
        settings, lambda app, actor, now: people.create_user(app, actor, name, now, kind=kind, about=about)
    )


def change_user(settings: Settings, name: str, wish: people.UserChange) -> None:
    _as_administrator(settings, lambda app, actor, now: people.change_user(app, actor, name, wish, now))


def set_password(settings: Settings, name: str, password: str) -> None:
    _as_administrator(settings, lambda app, actor, now: people.set_password(app, actor, name, password, now))


def list_users(settings: Settings) -> list[User]:
    return _as_administrator(
        settings,
        lambda app, actor, now: people.list_users(app, actor, kind=None, text=None, limit=MOST_USERS, offset=0),
    )


def grant(settings: Settings, user: str, workspace: str, role: str) -> None:
    permissions = rights.permissions_of(role)
    _as_administrator(
        settings,
        lambda app, actor, now: rights.grant(
            app, actor, rights.Holder(user=user), workspace, permissions, now, make_user=True
        ),
    )


def check_audit(settings: Settings) -> int | None:
    """The first place in the chain of records that is not as it was."""
    return _as_administrator(settings, lambda app, actor, now: audit.check(app, actor))


def holder(settings: Settings) -> str | None:
    """Who holds the data folder, in words; None if nobody does."""
    home = Home(settings.home)
    return home.holder() if home.is_held() else None


def make_owned_database(settings: Settings, name: str, password: str) -> str:
    """Make a database with a login of its own in the running embedded server; the folder of the server's socket."""
    embedded = EmbeddedPostgres(settings.home)
    embedded.make_owned_database(name, password)
    return str(embedded.socket_folder)


def _as_administrator(settings: Settings, work: Callable[[App, Actor, datetime], Awaitable[T]]) -> T:
    async def as_administrator(app: App) -> T:
        now = datetime.now(UTC)
        return await work(app, await access.on_this_machine(app, now), now)

    return _with_application(settings, as_administrator)


def _with_application(settings: Settings, work: Callable[[App], Awaitable[T]]) -> T:
    """Do something in the application; on stderr, say so if that made a data folder, for its name may be a slip."""
    is_new = not settings.home.is_dir() or not any(settings.home.iterdir())

    async def opened() -> T:
        async with opening.opened(settings) as app:
            if is_new:
                typer.echo(f"A new data folder was made in {settings.home}", err=True)
            return await work(app)

    return asyncio.run(opened())

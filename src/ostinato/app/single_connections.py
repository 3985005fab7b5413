"""Single connections, as tools define them that have no files: lists of named texts, some of them secret."""

from datetime import datetime
from typing import Any

import msgspec

from ostinato import plugins
from ostinato.app import audit, definition_edits, targets
from ostinato.app.application import App
from ostinato.core import secrets
from ostinato.core.access import Actor, Permission
from ostinato.core.connection_parameters import (
    APPLICATION,
    Parameter,
    application_config,
    typed_config,
)
from ostinato.core.definition_variables import escape
from ostinato.core.definitions import Connection
from ostinato.core.errors import Conflict, Invalid, NotFound
from ostinato.core.ids import WorkspaceId
from ostinato.core.wording import name_problems
from ostinato.store import connections, definitions
from ostinato.store.audit import Entry
from ostinato.store.connections import DescribedConnection, Held, Page, Wanted
from ostinato.store.db import Tx


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made; `application` is a connection type, in whatever case, or anything else."""

    workspace: int
    name: str
    application: str
    parameters: tuple[Parameter, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be changed; None: nothing of that."""

    name: str | None = None
    parameters: tuple[Parameter, ...] | None = None


async def list_connections(app: App, actor: Actor, wanted: Wanted) -> Page:
    """Raises NotFound for a workspace or an environment that the actor may not see."""
    async with app.db.reading() as tx:
        page = await connections.page(tx, actor.subject, wanted)
        if not page.total:
            await targets.require_visible(tx, actor, wanted.workspace, wanted.environment)
    return page


async def get(app: App, actor: Actor, connection: int) -> DescribedConnection:
    """Raises NotFound."""
    async with app.db.reading() as tx:
        return await _get(tx, actor, connection)


async def create(app: App, actor: Actor, wish: Wish, now: datetime) -> DescribedConnection:
    """Raises Invalid, NotFound (of the workspace), Forbidden, Conflict."""
    _check_name(wish.name)
    type_name = _type_for(wish.application)
    config = _config(type_name, wish.application, wish.parameters, {})

    async def work(tx: Tx) -> DescribedConnection:
        await definitions.lock(tx)
        target = await targets.find(tx, actor, wish.workspace, Permission.AUTHOR, "Making a connection")
        if await connections.id_of(tx, target.workspace, wish.name) is not None:
            raise _taken(wish.name)
        definition = Connection(name=wish.name, type=type_name, config=escape(config))
        await definition_edits.put(app, tx, actor, (target.environment_name, target.key), definition, now)
        return await _named(tx, actor, target.workspace, wish.name)

    return await app.db.run(work)


async def change(app: App, actor: Actor, connection: int, change: Change, now: datetime) -> DescribedConnection:
    """What is left out stays, and so do secrets without a value. Raises Invalid, NotFound, Forbidden, Conflict."""
    if change.name is not None:
        _check_name(change.name)

    async def work(tx: Tx) -> DescribedConnection:
        held = await _hold(tx, actor, connection, "Changing a connection")
        name = held.name if change.name is None else change.name
        if name != held.name:
            await _require_unused(tx, held, "give it no other name")
            await _move(app, tx, held, held.workspace, name, now)
            await audit.record(tx, actor, now, _entry("change", held, {"name": held.name}, {"name": name}))
        if change.parameters is not None:
            clear = _clear(app, held)
            application = held.config.get("application", "")
            config = _config(held.type, application, change.parameters, secrets.put_back(held.config, clear))
            definition = Connection(name=name, type=held.type, description=held.description, config=escape(config))
            await definition_edits.put(app, tx, actor, (held.environment_name, held.key), definition, now)
        return await _get(tx, actor, held.id)

    return await app.db.run(work)


async def move(app: App, actor: Actor, connection: int, workspace: int, now: datetime) -> DescribedConnection:
    """Into another workspace of the same environment. Raises Invalid, NotFound, Forbidden, Conflict."""

    async def work(tx: Tx) -> DescribedConnection:
        held = await _hold(tx, actor, connection, "Moving a connection")
        needed = Permission.AUTHOR
        target = await targets.find_beside(tx, actor, workspace, held.environment, needed, "Moving a connection")
        if target.workspace != held.workspace:
            await _require_unused(tx, held, "it cannot be moved")
            await _move(app, tx, held, target.workspace, held.name, now)
            before, after = {"workspace": held.key}, {"workspace": target.key}
            await audit.record(tx, actor, now, _entry("move", held, before, after))
        return await _get(tx, actor, held.id)

    return await app.db.run(work)


async def delete(app: App, actor: Actor, connection: int, now: datetime) -> None:
    """Raises NotFound, Forbidden, and Conflict while a task uses it."""

    async def work(tx: Tx) -> None:
        held = await _hold(tx, actor, connection, "Deleting a connection")
        await _require_unused(tx, held, "it cannot be deleted")
        await connections.delete(tx, held.id)
        before = {"type": held.type, "description": held.description, "config": held.config}
        await audit.record(tx, actor, now, _entry("delete", held, before))

    await app.db.run(work)


def _check_name(name: str) -> None:
    if problems := name_problems("name", name):
        raise Invalid(*problems)


def _type_for(application: str) -> str:
    """The connection type that an application is, or the one for all others."""
    name = application.lower()
    return name if name in plugins.connection_type_names() else APPLICATION


def _config(
    type_name: str, application: str, parameters: tuple[Parameter, ...], before: dict[str, Any]
) -> dict[str, Any]:
    """The config that a connection gets; raises Invalid, and Conflict for a type that is not installed any more."""
    if type_name not in plugins.connection_type_names():
        raise Conflict(f"The connection type {type_name!r} is not installed on this server: install its plug-in")
    wanted = plugins.connection_type(type_name).Config
    if type_name == APPLICATION:
        return application_config(wanted, application, parameters, before)
    return typed_config(wanted, parameters, before)


async def _hold(tx: Tx, actor: Actor, connection: int, what: str) -> Held:
    """Nothing begins or stops using it until the end of the transaction. Raises NotFound, Forbidden."""
    await definitions.lock(tx)
    held = await connections.hold(tx, actor.subject, connection)
    if held is None:
        raise NotFound("Connection", connection)
    targets.require(held.permissions, Permission.AUTHOR, held.key, what)
    return held


async def _require_unused(tx: Tx, held: Held, otherwise: str) -> None:
    if (task := await connections.user_of(tx, held.workspace, held.name)) is not None:
        raise Conflict(f"The connection {held.name!r} is used by the task {task!r}: {otherwise}")


async def _move(app: App, tx: Tx, held: Held, workspace: WorkspaceId, name: str, now: datetime) -> None:
    """To another place, for which its secrets are encrypted anew. Raises Conflict."""
    sealed = {field: app.keyring.encrypt(text, workspace, name, field) for field, text in _clear(app, held).items()}
    if not await connections.move(tx, held.id, workspace, name, sealed, now):
        raise _taken(name)


def _clear(app: App, held: Held) -> dict[str, str]:
    """The secrets in clear. Raises Conflict."""
    return {field: app.keyring.decrypt(text, held.workspace, held.name, field) for field, text in held.secrets.items()}


async def _named(tx: Tx, actor: Actor, workspace: WorkspaceId, name: str) -> DescribedConnection:
    made = await connections.id_of(tx, workspace, name)
    assert made is not None, "it was made in this transaction"
    return await _get(tx, actor, made)


async def _get(tx: Tx, actor: Actor, connection: int) -> DescribedConnection:
    page = await connections.page(tx, actor.subject, Wanted(id=connection))
    if not page.items:
        raise NotFound("Connection", connection)
    return page.items[0]


def _entry(action: str, held: Held, before: dict[str, Any], after: dict[str, Any] | None = None) -> Entry:
    return Entry(
        action=action,
        kind="connection",
        target=held.name,
        environment=held.environment_name,
        workspace=held.key,
        before=before,
        after=after,
    )


def _taken(name: str) -> Conflict:
    return Conflict(f"There is a connection {name!r} in this workspace already: choose another name")

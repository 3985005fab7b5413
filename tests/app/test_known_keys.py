"""What is known of keys is forgotten with every change, whoever makes it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from ostinato.app import access, groups, keys, people, sign_in, tokens
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.app.known_keys import MOST, SECONDS, KnownKeys
from ostinato.core.access import Actor, Tenant
from ostinato.core.credentials import Kind, digest_of
from ostinato.core.errors import Unauthenticated
from ostinato.executors.local import LocalExecutor
from ostinato.scheduler.engine import Engine
from ostinato.store.credentials import Found
from ostinato.store.db import Database
from tests.people import new_key

ENOUGH = 10


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def found(name: str) -> Found:
    return Found(
        prefix="aaaaaaaa",
        digest=name.encode(),
        secret_expires_at=None,
        credential=1,  # type: ignore[arg-type]
        kind="api_key",
        expires_at=None,
        scopes=None,
        workspaces=None,
        subject=1,  # type: ignore[arg-type]
        user=1,  # type: ignore[arg-type]
        name=name,
        active=True,
        roles=[],
    )


def test_nothing_is_remembered_by_a_server_that_hears_of_no_changes() -> None:
    known = KnownKeys()
    known.remember(b"a", found("a"), known.changes)
    assert known.find(b"a") is None
    known.hear()
    known.remember(b"a", found("a"), known.changes)
    assert known.find(b"a") is not None
    known.be_deaf()
    assert known.find(b"a") is None


def test_what_was_looked_up_before_a_change_is_not_remembered_after_it() -> None:
    known = KnownKeys()
    known.hear()
    before = known.changes
    known.forget()
    known.remember(b"a", found("a"), before)
    assert known.find(b"a") is None


def test_what_is_remembered_is_bounded_in_time_and_number() -> None:
    clock = Clock()
    known = KnownKeys(clock)
    known.hear()
    known.remember(b"a", found("a"), known.changes)
    clock.now += SECONDS
    assert known.find(b"a") is not None
    clock.now += 0.1
    assert known.find(b"a") is None
    for number in range(MOST + 1):
        known.remember(str(number).encode(), found("x"), known.changes)
    assert sum(known.find(str(number).encode()) is not None for number in range(MOST + 1)) <= MOST


@pytest.fixture
async def server(app: App, tmp_path: Path) -> AsyncIterator[App]:
    """A server that hears, as every running one does."""
    engine = Engine(app, alone=True)
    await engine.start(LocalExecutor(slots=1, folder=tmp_path, order_of=app.order_of, tell=engine.hear))
    await _until(lambda: app.known_keys.hears)
    yield app
    await engine.stop()


@pytest.fixture
async def other(database_url: str) -> AsyncIterator[App]:
    """Somebody else on the same database: another server, or a command on the machine."""
    app = App(db=Database(database_url), keyring=Keyring({"test": bytes(32)}))
    await app.db.open()
    yield app
    await app.db.close()


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(ENOUGH):
        while not holds():
            await asyncio.sleep(0.005)


async def _known(server: App, key: str) -> Actor:
    """Come in until the key is remembered: the news of the user's making may still be on its way."""
    async with asyncio.timeout(ENOUGH):
        while True:
            actor = await access.authenticate(server, key)
            if server.known_keys.find(digest_of(key)) is not None:
                return actor


async def test_a_key_that_came_a_moment_ago_is_known(server: App) -> None:
    key = await new_key(server, "ada", server.now())
    await _known(server, key)
    assert (await access.authenticate(server, key)).name == "ada"


async def test_what_this_server_takes_back_is_refused_at_once(server: App, admin: Actor) -> None:
    key = await new_key(server, "ada", server.now())
    actor = await _known(server, key)
    await keys.delete(server, admin, actor.credential, server.now())
    with pytest.raises(Unauthenticated):
        await access.authenticate(server, key)
    other = await new_key(server, "ada", server.now())
    await _known(server, other)
    await people.change_user(server, admin, "ada", people.UserChange(active=False), server.now())
    with pytest.raises(Unauthenticated):
        await access.authenticate(server, other)


async def test_a_role_through_a_group_is_had_and_lost_at_once(server: App, admin: Actor) -> None:
    key = await new_key(server, "ada", server.now())
    await _known(server, key)
    wish = groups.GroupChange(roles=["AUDITOR"], members=["ada"])
    await groups.create_group(server, admin, "auditors", wish, server.now())
    assert (await access.authenticate(server, key)).may(Tenant.AUDIT)
    await groups.delete_group(server, admin, "auditors", server.now())
    assert not (await access.authenticate(server, key)).may(Tenant.AUDIT)


async def test_what_somebody_else_takes_back_is_heard_of(server: App, other: App, admin: Actor) -> None:
    key = await new_key(server, "ada", server.now())
    actor = await _known(server, key)
    await keys.delete(other, admin, actor.credential, server.now())
    await _until(lambda: server.known_keys.find(digest_of(key)) is None)
    with pytest.raises(Unauthenticated):
        await access.authenticate(server, key)


async def test_a_server_that_lost_its_ear_remembers_nothing_until_it_has_a_new_one(server: App, other: App) -> None:
    key = await new_key(server, "ada", server.now())
    await _known(server, key)
    async with other.db.transaction() as tx:
        await tx.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE query LIKE 'LISTEN%' AND datname = current_database()"""
        )
    await _until(lambda: server.known_keys.find(digest_of(key)) is None)
    server.look.set()
    await _until(lambda: server.known_keys.hears)
    await _known(server, key)


async def test_a_session_that_was_left_is_refused_at_once_and_so_is_every_other(server: App, admin: Actor) -> None:
    password = "correct horse battery"
    await people.create_user(server, admin, "ada", server.now(), password=password)
    mine, other, third = [
        (await sign_in.with_password(server, "ada", password, sign_in.Origin())).secret for _ in range(3)
    ]
    await _known(server, other)
    await sign_in.sign_out(server, await _known(server, mine), server.now())
    with pytest.raises(Unauthenticated):
        await access.authenticate(server, mine)
    await _known(server, third)
    await sign_in.change_password(server, await _known(server, other), password, "another horse battery")
    assert (await access.authenticate(server, other)).name == "ada"
    with pytest.raises(Unauthenticated):
        await access.authenticate(server, third)
    await sign_in.sign_out(server, await _known(server, other), server.now(), everywhere=True)
    with pytest.raises(Unauthenticated):
        await access.authenticate(server, other)


async def test_a_token_that_is_known_ends_with_its_secret_at_once(server: App, admin: Actor) -> None:
    await people.create_user(server, admin, "ci", server.now(), kind="service_account")
    wish = keys.Wish(kind=Kind.CLIENT, description="x")
    made = await keys.create(server, admin, "ci", wish, server.now())
    client = tokens.Client(names=["ci"], secret=made.secret)
    token = (await tokens.exchange(server, client, [])).access_token
    await _known(server, token)
    await keys.delete(server, admin, made.credential, server.now())
    with pytest.raises(Unauthenticated):
        await access.authenticate(server, token)

"""Connections are lent to one at a time, and what is broken is not lent again."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from ostinato.core.errors import Unavailable
from ostinato.store.db import Database
from ostinato.store.lending import Connection, Lender


@pytest.fixture
async def lender(database_url: str) -> AsyncIterator[Lender]:
    async def connect() -> Connection:
        return await asyncpg.connect(database_url)

    opened = Lender(connect, 2, patience_s=0.05)
    await opened.open()
    yield opened
    await opened.close()


def pid(connection: Connection) -> int:
    return int(connection.get_server_pid())


async def test_a_connection_that_came_back_is_lent_again(lender: Lender) -> None:
    first = await lender.lend()
    lender.give_back(first, usable=True)
    assert await lender.lend() is first


async def test_no_more_are_opened_than_allowed_and_who_waited_longest_is_served_first(lender: Lender) -> None:
    first, second = await lender.lend(), await lender.lend()
    assert pid(first) != pid(second)
    waiting = [asyncio.create_task(lender.lend()) for _ in range(2)]
    await asyncio.sleep(0)
    lender.give_back(second, usable=True)
    lender.give_back(first, usable=True)
    assert await asyncio.gather(*waiting) == [second, first]


async def test_who_waits_in_vain_is_told_and_nothing_is_lost(lender: Lender) -> None:
    first, second = await lender.lend(), await lender.lend()
    with pytest.raises(TimeoutError):
        await lender.lend()
    waiting = asyncio.create_task(lender.lend())
    await asyncio.sleep(0)
    lender.give_back(first, usable=True)
    waiting.cancel()  # it was served already, and does not learn of it
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await lender.lend() is first
    lender.give_back(second, usable=True)


async def test_a_broken_connection_makes_room_for_a_new_one(lender: Lender) -> None:
    first, second = await lender.lend(), await lender.lend()
    waiting = asyncio.create_task(lender.lend())
    await asyncio.sleep(0)
    lender.give_back(first, usable=False)
    third = await waiting
    assert third not in (first, second)
    assert await third.fetchval("SELECT 1") == 1
    third.terminate()
    lender.give_back(second, usable=True)
    lender.give_back(third, usable=True)
    assert await lender.lend() is second


async def test_a_database_that_cannot_be_reached_takes_no_place_for_ever(database_url: str) -> None:
    answers = [OSError("away"), OSError("away")]

    async def connect() -> Connection:
        if answers:
            raise answers.pop()
        return await asyncpg.connect(database_url)

    lender = Lender(connect, 1)
    for _ in range(2):
        with pytest.raises(OSError, match="away"):
            await lender.lend()
    lender.give_back(await lender.lend(), usable=True)
    await lender.close()


async def test_a_connection_whose_user_was_interrupted_is_not_used_again(database_url: str) -> None:
    db = Database(database_url, connections=1)
    await db.open()
    begun = asyncio.Event()
    pids = []

    async def work() -> None:
        async with db.transaction() as tx:
            pids.append(pid(tx))
            begun.set()
            await tx.execute("SELECT pg_sleep(60)")

    interrupted = asyncio.create_task(work())
    await begun.wait()
    interrupted.cancel()
    with pytest.raises(asyncio.CancelledError):
        await interrupted
    async with db.reading() as tx:
        assert pid(tx) not in pids
        assert await tx.fetchval("SELECT 1") == 1
    await db.close()


async def test_a_connection_that_the_database_ended_is_told_and_replaced(database_url: str) -> None:
    db = Database(database_url, connections=1)
    await db.open()
    with pytest.raises(Unavailable):
        async with db.reading() as tx:
            await tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    async with db.reading() as tx:
        assert await tx.fetchval("SELECT 1") == 1
    await db.close()

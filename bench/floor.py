"""What PostgreSQL and the kernel themselves take: the floors of the engine's figures.

`HotPath` is the engine's work without an engine: for one step, the four bare statements that no durable engine can do
without (finish, count down, insert, claim) on two bare tables, in one commit, and one round trip to a warm process.
"""

import asyncio
import multiprocessing
import socket
import time
from typing import Any

import asyncpg

TRIES = 200
TABLES = """
DROP TABLE IF EXISTS bench_run, bench_step;
CREATE TABLE bench_run (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, plan bigint, step int, state text NOT NULL);
CREATE INDEX ON bench_run (id) WHERE state = 'queued';
CREATE TABLE bench_step (plan bigint, step int, pending int, PRIMARY KEY (plan, step));
"""
FINISH = "UPDATE bench_run SET state = 'succeeded' WHERE id = ANY($1::bigint[]) AND state = 'running' RETURNING step"
COUNT_DOWN = "UPDATE bench_step SET pending = pending - 1 WHERE plan = $1 AND step = $2 RETURNING pending"
OPEN = """
WITH opened AS (INSERT INTO bench_step VALUES ($1, $2, $3))
INSERT INTO bench_run (plan, step, state) SELECT $1, $2, 'queued' FROM generate_series(1, $3)
"""
CLAIM = """
UPDATE bench_run SET state = 'running'
 WHERE id IN (SELECT id FROM bench_run WHERE state = 'queued' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING id
"""


class HotPath:
    """A connection with the bare tables, and a warm process that answers."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._step = 0

    async def __aenter__(self) -> "HotPath":
        self._db: Any = await asyncpg.connect(self._url)
        await self._db.execute(TABLES)
        ours, theirs = socket.socketpair()
        self._process = multiprocessing.get_context("fork").Process(target=_echo, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()
        self._reader, self._writer = await asyncio.open_connection(sock=ours)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        self._process.kill()
        await self._db.execute("DROP TABLE bench_run, bench_step")
        await self._db.close()

    async def step_seconds(self, *, slots: int = 1) -> float:
        """Seconds of one step of a chain, one after the other."""
        ids: list[int] = []
        began = time.perf_counter()
        for _ in range(TRIES):
            ids = await self._turn(ids, width=1, slots=slots)
        return (time.perf_counter() - began) / TRIES

    async def fan_seconds(self, width: int, slots: int) -> float:
        """Seconds of a fan-out of this width: as many turns as it takes to fill the slots again and again."""
        began = time.perf_counter()
        ids = await self._turn([], width=width, slots=slots)
        while ids:
            ids = await self._turn(ids, width=0, slots=slots)
        return time.perf_counter() - began

    async def _turn(self, finished: list[int], *, width: int, slots: int) -> list[int]:
        async with self._db.transaction():
            if finished:
                await self._db.fetch(FINISH, finished)
                await self._db.fetch(COUNT_DOWN, 1, self._step)
            if width:
                self._step += 1
                await self._db.execute(OPEN, 1, self._step, width)
            claimed = [row["id"] for row in await self._db.fetch(CLAIM, slots)]
        if claimed:
            self._writer.write(b"x" * 200 + b"\n")
            await self._reader.readline()
        return claimed


async def commit_seconds(url: str) -> float:
    """Seconds of one transaction that changes one row, on one connection, one after the other."""
    db = await asyncpg.connect(url)
    await db.execute("CREATE TABLE IF NOT EXISTS bench_floor (id int PRIMARY KEY, n int)")
    await db.execute("INSERT INTO bench_floor VALUES (1, 0) ON CONFLICT DO NOTHING")
    began = time.perf_counter()
    for _ in range(TRIES):
        await db.execute("UPDATE bench_floor SET n = n + 1 WHERE id = 1")
    seconds = (time.perf_counter() - began) / TRIES
    await db.close()
    return seconds


def _echo(pipe: socket.socket) -> None:
    for line in pipe.makefile("rb"):
        pipe.sendall(line)

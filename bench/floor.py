"""What the machine itself takes: one durable commit, and one round trip to a warm worker process."""

import asyncio
import multiprocessing
import socket
import time

import asyncpg

TRIES = 200


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


async def round_trip_seconds() -> float:
    """Seconds of one line to another process and back, as an executor and its worker exchange it."""
    ours, theirs = socket.socketpair()
    process = multiprocessing.get_context("fork").Process(target=_echo, args=(theirs,), daemon=True)
    process.start()
    theirs.close()
    reader, writer = await asyncio.open_connection(sock=ours)
    began = time.perf_counter()
    for _ in range(TRIES):
        writer.write(b"x" * 200 + b"\n")
        await reader.readline()
    seconds = (time.perf_counter() - began) / TRIES
    writer.close()
    process.kill()
    return seconds


def _echo(pipe: socket.socket) -> None:
    for line in pipe.makefile("rb"):
        pipe.sendall(line)

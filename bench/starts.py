"""Single runs that are asked for through HTTP, from the first request to the end of the last run."""

import asyncio
import time

import asyncpg
import msgspec

from bench import load
from bench.floor import HotPath
from bench.report import Figure
from bench.server import running

NAMES = ("single1000_http_per_s",)
RUNS = 5
STARTS = 1_000
CONNECTIONS = 8
YAML = """
workspaces: [{key: bench, name: Bench}]
workspace: bench
tasks: [{name: noop, type: Noop, config: {}, overlap: parallel}]
"""
LIVE = "SELECT count(*) FROM run WHERE state IN ('QUEUED', 'CLAIMED', 'RUNNING')"


def measure(wanted: frozenset[str]) -> None:
    with running() as server:
        server.apply(YAML)
        rates, floors = asyncio.run(_rates(server.port, server.key, server.database_url))
        Figure(NAMES[0], "1/s", rates, floors).print()


async def _rates(port: int, key: str, url: str) -> tuple[list[float], list[float]]:
    request = load.post("/api/v1/runs", key, msgspec.json.encode({"name": "noop"}))
    database = await asyncpg.connect(url)
    await load.ask(port, [request] * 200, CONNECTIONS, status=b"201")
    rates, floors = [], []
    for _ in range(RUNS):
        async with HotPath(url) as bare:
            floors.append(1 / await bare.step_seconds())
        began = time.perf_counter()
        await load.ask(port, [request] * STARTS, CONNECTIONS, status=b"201")
        while await database.fetchval(LIVE):
            await asyncio.sleep(0.005)
        rates.append(STARTS / (time.perf_counter() - began))
    await database.close()
    return rates, floors

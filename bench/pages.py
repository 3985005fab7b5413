"""Pages of the list of runs through HTTP, with few and with many runs stored."""

import asyncio
import sys
import time

import asyncpg

from bench import load
from bench.report import Figure
from bench.server import Server, running
from ostinato.store import history
from ostinato.store.db import Database
from ostinato.store.sql import statement

NAMES = ("list_page_10k_rps", "list_page_rps")
RUNS = 5
REQUESTS = 2_000
CONNECTIONS = 8
FLOOR_CONNECTIONS = 4
"""To the database: a pair for each of two cores; more are not answered sooner."""
TASKS = 200
FEW, MANY = 10_000, 1_000_000
CHUNK = 100_000
SECONDS_APART = 7
"""A million runs are twelve weeks."""
LIVE_HOUR = 3_600 // SECONDS_APART
"""So many of the newest are not history yet."""
PAGE = "/api/v1/runs?limit=100"
PAST = """
INSERT INTO run (environment_id, workspace_id, task_id, state, reason, message, due_at, attempt, row_count, counts,
                 queued_at, started_at, ended_at, cause)
SELECT task.environment_id, task.workspace_id, task.id, past.state,
       CASE past.state WHEN 'FAILED' THEN 'exit_code' END,
       CASE past.state WHEN 'FAILED' THEN 'The command ended with exit code 3' END,
       past.at, 1, past.age % 1000, CASE WHEN past.age % 5 = 0 THEN '{"left_rows": 10, "right_rows": 10}'::jsonb END,
       past.at, past.at + interval '5 ms', past.at + past.age % 1000 * interval '7 ms' + interval '10 ms', 'api'
  FROM (SELECT age, now() - age * $3 * interval '1 s' - interval '10 s' AS at,
               CASE WHEN age % 20 = 0 THEN 'FAILED' ELSE 'SUCCEEDED' END AS state
          FROM generate_series($1::bigint, $2::bigint, -1) AS age) AS past
  JOIN (SELECT *, row_number() OVER (ORDER BY id) AS place FROM task) AS task ON task.place = past.age % 200 + 1
 ORDER BY past.age DESC
RETURNING id, environment_id, (ended_at AT TIME ZONE 'UTC')::date AS kept_on
"""


def yaml() -> str:
    config = "{kind: command, command: ['true']}"
    tasks = "\n".join(f"- {{name: t{i}, type: Package, config: {config}}}" for i in range(TASKS))
    return f"workspaces: [{{key: bench, name: Bench}}]\nworkspace: bench\ntasks:\n{tasks}\n"


def measure(wanted: frozenset[str]) -> None:
    """Start a server of its own and ask for a page of 100 runs again and again."""
    with running() as server:
        server.apply(yaml())
        for name, rows in zip(NAMES, (FEW, MANY), strict=True):
            if name not in wanted:
                continue
            asyncio.run(store(server.database_url, rows))
            rates, floors = asyncio.run(_rates(server))
            Figure(name, "1/s", rates, floors).print()


async def store(url: str, rows: int) -> None:
    """So many ended runs and no others: most of them are history, those of the last hour are not."""
    began = time.monotonic()
    db = Database(url, connections=1)
    await db.open()
    async with db.transaction() as tx:
        await tx.execute("TRUNCATE run, kept_run, kept_week")
        for oldest in range(rows, LIVE_HOUR, -CHUNK):
            newest = max(oldest - CHUNK, LIVE_HOUR) + 1
            ended = await tx.fetch(PAST, oldest, newest, SECONDS_APART, timeout=600)
            await history.keep(tx, [history.Ripe(r["id"], r["environment_id"], r["kept_on"]) for r in ended])
        await tx.fetch(PAST, LIVE_HOUR, 1, SECONDS_APART)
    async with db.reading() as connection:
        await connection.execute("VACUUM (ANALYZE)", timeout=600)
        await connection.execute("CHECKPOINT", timeout=600)
    await db.close()
    print(f"  {rows:,} runs stored after {time.monotonic() - began:.0f} s", file=sys.stderr)


async def _rates(server: Server) -> tuple[list[float], list[float]]:
    request = load.get(PAGE, server.key)
    rates, floors = [], []
    async with asyncpg.create_pool(server.database_url, min_size=FLOOR_CONNECTIONS, max_size=FLOOR_CONNECTIONS) as pool:
        user = await pool.fetchval("SELECT id FROM app_user WHERE name = 'admin'")
        await load.ask(server.port, [request] * 200, CONNECTIONS, status=b"200")
        for _ in range(RUNS):
            floors.append(await _statement_rate(pool, user))
            rates.append(REQUESTS / await load.ask(server.port, [request] * REQUESTS, CONNECTIONS, status=b"200"))
    return rates, floors


async def _statement_rate(pool: "asyncpg.Pool[asyncpg.Record]", user: int) -> float:
    """How often per second the page's own statement is answered, on as many connections."""
    text = statement("runs/list")

    async def ask(count: int) -> None:
        async with pool.acquire() as connection:
            prepared = await connection.prepare(text)
            for _ in range(count):
                await prepared.fetch(None, user, None, None, None, 100)

    began = time.perf_counter()
    await asyncio.gather(*(ask(REQUESTS // FLOOR_CONNECTIONS) for _ in range(FLOOR_CONNECTIONS)))
    return REQUESTS / (time.perf_counter() - began)

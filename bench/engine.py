"""The engine by itself: chains, fan-outs, single runs, and how soon a task's code starts."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from bench.floor import commit_seconds, round_trip_seconds
from bench.report import Figure
from ostinato.app import access, definitions, runs
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.core.access import Actor
from ostinato.core.ids import CredentialId, PlanId, RunId, TaskId
from ostinato.executors.local import LocalExecutor
from ostinato.scheduler.engine import Engine
from ostinato.store import users
from ostinato.store.db import Database
from ostinato.store.migrate import migrate

RUNS = 5
SLOTS = 8
CHAIN = 40
WIDTH = 200
SINGLES = 1_000
STARTS = 100


def yaml() -> str:
    """The definitions that are measured, as a user writes them."""
    chain = "\n".join(f"  - {{name: s{i}, tasks: [noop]{f', after: [s{i - 1}]' if i else ''}}}" for i in range(CHAIN))
    wide = ", ".join(f"n{i}" for i in range(WIDTH))
    tasks = "\n".join(f"- {{name: n{i}, type: Noop, config: {{}}}}" for i in range(WIDTH))
    return f"""
workspaces: [{{key: bench, name: Bench}}]
workspace: bench
tasks:
- {{name: noop, type: Noop, config: {{}}, overlap: parallel}}
{tasks}
plans:
- name: chain
  steps:
{chain}
- name: fan
  steps:
  - {{name: a, tasks: [noop]}}
  - {{name: b, tasks: [{wide}], after: [a]}}
  - {{name: c, tasks: [noop], after: [b]}}
"""


async def measure(url: str, folder: Path) -> None:
    """Print all figures of the engine."""
    async with _engine(url, folder) as (app, actor):
        chain, fan, single = [await _find(app, actor, name) for name in ("chain", "fan", "noop")]
        await _plan(app, actor, PlanId(chain))
        floors, chains, fans, singles, starts = [], [], [], [], []
        for _ in range(RUNS):
            floors.append(await commit_seconds(url) + await round_trip_seconds())
            chains.append(await _plan(app, actor, PlanId(chain)))
            fans.append(await _plan(app, actor, PlanId(fan)))
            singles.append(await _singles(app, actor, TaskId(single)))
            starts.append(await _starts(app, actor, TaskId(single)))
        Figure("chain40_s", "s", chains, [floor * CHAIN for floor in floors]).print()
        Figure("fanout200_s", "s", fans, [floor * 3 for floor in floors]).print()
        Figure("single1000_per_s", "1/s", singles, [1 / floor for floor in floors]).print()
        Figure("start_latency_p50_ms", "ms", [s[STARTS // 2] for s in starts], [f * 1_000 for f in floors]).print()
        Figure(
            "start_latency_p99_ms", "ms", [s[STARTS * 99 // 100] for s in starts], [f * 1_000 for f in floors]
        ).print()


@asynccontextmanager
async def _engine(url: str, folder: Path) -> AsyncIterator[tuple[App, Actor]]:
    app = App(db=Database(url), keyring=Keyring({"bench": bytes(32)}))
    await app.db.open()
    await migrate(app.db)
    await access.set_up(app, _now())
    async with app.db.transaction() as tx:
        user = await users.ensure(tx, access.ADMINISTRATOR, _now())
    actor = Actor(user=user, name=access.ADMINISTRATOR, administrator=True, credential=CredentialId(0))
    bundle = definitions.Bundle(files=[definitions.File(name="bench.yaml", text=yaml())])
    await definitions.apply(app, actor, bundle, _now())
    engine = Engine(app, alone=True)
    await engine.start(
        LocalExecutor(slots=SLOTS, folder=folder / "work", order_of=lambda run: app.held[run].order, tell=engine.hear)
    )
    try:
        yield app, actor
    finally:
        await engine.stop()
        await app.db.close()


async def _find(app: App, actor: Actor, name: str) -> int:
    return (await runs.find_runnable(app, actor, name, "Production", None)).id


async def _plan(app: App, actor: Actor, plan: PlanId) -> float:
    """Seconds from asking for a plan to its end."""
    began = time.perf_counter()
    run = await runs.start_plan(app, actor, plan, _now())
    while (await runs.get(app, actor, run)).ended_at is None:
        await asyncio.sleep(0.005)
    return time.perf_counter() - began


async def _singles(app: App, actor: Actor, task: TaskId) -> float:
    """Runs per second, from the first that is asked for to the last that has ended."""
    began = time.perf_counter()

    async def some(count: int) -> None:
        for _ in range(count):
            await runs.start_task(app, actor, task, _now())

    await asyncio.gather(*(some(1) for _ in range(SINGLES)))
    while True:
        work = await runs.count_work(app)
        if not work.queued + work.running:
            return SINGLES / (time.perf_counter() - began)
        await asyncio.sleep(0.005)


async def _starts(app: App, actor: Actor, task: TaskId) -> list[float]:
    """Milliseconds from the answer to a request until the task's worker began, sorted; one at a time, idle before."""
    waits = []
    for _ in range(STARTS):
        run = RunId(await runs.start_task(app, actor, task, _now()))
        answered = time.time()
        while (seen := await runs.get(app, actor, run)).ended_at is None:
            await asyncio.sleep(0.002)
        assert seen.started_at is not None, "what has ended has started"
        waits.append(max(0.0, seen.started_at.timestamp() - answered) * 1_000)
    return sorted(waits)


def _now() -> datetime:
    return datetime.now(UTC)

"""The engine by itself: chains, fan-outs, single runs, and how soon a task's code starts."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil

from bench.floor import HotPath, commit_seconds
from bench.report import Figure
from ostinato.app import access, definitions, runs
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.core.access import Actor, of_user
from ostinato.core.ids import PlanId, RunId, TaskId
from ostinato.executors.local import LocalExecutor
from ostinato.scheduler.engine import Engine
from ostinato.store import users
from ostinato.store.db import Database
from ostinato.store.migrate import migrate
from ostinato.store.runs import Seen

UNITS = {
    "chain40_s": "s",
    "fanout200_s": "s",
    "single1000_per_s": "1/s",
    "start_latency_p50_ms": "ms",
    "start_latency_p99_ms": "ms",
    "fan10000_per_s": "1/s",
}
NAMES = tuple(UNITS)
WIDE_NAME = "fan10000_per_s"
RUNS = 5
SLOTS = 8
CHAIN = 40
WIDTH = 200
WIDEST = 10_000
SINGLES = 1_000
STARTS = 100


def yaml() -> str:
    """The definitions that are measured, as a user writes them."""
    chain = "\n".join(f"  - {{name: s{i}, tasks: [noop]{f', after: [s{i - 1}]' if i else ''}}}" for i in range(CHAIN))
    fan, wide = [", ".join(f"n{i}" for i in range(width)) for width in (WIDTH, WIDEST)]
    tasks = "\n".join(f"- {{name: n{i}, type: Noop, config: {{}}}}" for i in range(WIDEST))
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
  - {{name: b, tasks: [{fan}], after: [a]}}
  - {{name: c, tasks: [noop], after: [b]}}
- name: wide
  steps:
  - {{name: a, tasks: [noop]}}
  - {{name: b, tasks: [{wide}], after: [a]}}
  - {{name: c, tasks: [noop], after: [b]}}
"""


async def measure(url: str, folder: Path, wanted: frozenset[str]) -> None:
    """Print the figures of the engine that are wanted."""
    async with running(url, folder) as (app, actor):
        chain, fan, single = [await _find(app, actor, name) for name in ("chain", "fan", "noop")]
        for _ in range(2):  # statements are prepared, workers are warm
            await _plan(app, actor, PlanId(chain))
            await _plan(app, actor, PlanId(fan))
        steps, floors, values = [], {name: [] for name in NAMES}, {name: [] for name in NAMES}
        for _ in range(RUNS):
            steps.append(await _floors(url, floors))
            values["chain40_s"].append(await _plan(app, actor, PlanId(chain)))
            values["fanout200_s"].append(await _plan(app, actor, PlanId(fan)))
            values["single1000_per_s"].append(await _singles(app, actor, TaskId(single)))
            starts = await _starts(app, actor, TaskId(single))
            values["start_latency_p50_ms"].append(starts[STARTS // 2])
            values["start_latency_p99_ms"].append(starts[STARTS * 99 // 100])
        for name in NAMES:
            if name in wanted and name != WIDE_NAME:
                Figure(name, UNITS[name], values[name], floors[name]).print()
        print(f"  one commit of one row, nothing else: {median(steps) * 1_000:.2f} ms", file=sys.stderr)
        if WIDE_NAME in wanted:
            await _measure_wide(app, actor, url)


async def _floors(url: str, floors: dict[str, list[float]]) -> float:
    """The floors of one round, on the same database just before; returns the seconds of one bare commit."""
    commit = await commit_seconds(url)
    async with HotPath(url) as bare:
        step = await bare.step_seconds()
        floors["chain40_s"].append(step * CHAIN)
        floors["fanout200_s"].append(await bare.fan_seconds(WIDTH, SLOTS))
        floors["single1000_per_s"].append(SINGLES / await bare.fan_seconds(SINGLES, SLOTS))
    floors["start_latency_p50_ms"].append(step * 1_000)
    floors["start_latency_p99_ms"].append(step * 1_000)
    return commit


async def _measure_wide(app: App, actor: Actor, url: str) -> None:
    """A fan-out of 10,000: how many tasks a second, and whether the server's memory stays as it was."""
    wide = PlanId(await _find(app, actor, "wide"))
    process = psutil.Process()
    await _plan(app, actor, wide)
    before = process.memory_info().rss
    rates, floors, most = [], [], before
    for _ in range(RUNS):
        async with HotPath(url) as bare:
            floors.append(WIDEST / await bare.fan_seconds(WIDEST, SLOTS))
        rates.append(WIDEST / await _plan(app, actor, wide))
        most = max(most, process.memory_info().rss)
    Figure(WIDE_NAME, "1/s", rates, floors).print()
    print(f"  the memory grew by {(most - before) / 1024**2:.0f} MB from the first to the last", file=sys.stderr)


@asynccontextmanager
async def running(url: str, folder: Path) -> AsyncIterator[tuple[App, Actor]]:
    app = App(db=Database(url), keyring=Keyring({"bench": bytes(32)}))
    await app.db.open()
    await migrate(app.db)
    await access.set_up(app, _now())
    async with app.db.transaction() as tx:
        user = await users.ensure(tx, access.ADMINISTRATOR, _now())
    actor = of_user(user, access.ADMINISTRATOR, roles=["ADMINISTRATOR"])
    bundle = definitions.Bundle(files=[definitions.File(name="bench.yaml", text=yaml())])
    await definitions.apply(app, actor, bundle, _now())
    engine = Engine(app, alone=True)
    await engine.start(LocalExecutor(slots=SLOTS, folder=folder / "work", order_of=app.order_of, tell=engine.hear))
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
    await _ended(app, actor, run)
    return time.perf_counter() - began


async def _ended(app: App, actor: Actor, run: RunId) -> Seen:
    """The run when it has ended, as a waiting request learns of it."""
    ended = app.watch(run)
    while (seen := await runs.get(app, actor, run)).ended_at is None:
        await ended.wait()
    return seen


async def _singles(app: App, actor: Actor, task: TaskId) -> float:
    """Runs per second, from the first that is asked for to the last that has ended."""
    began = time.perf_counter()

    async def some(count: int) -> None:
        for _ in range(count):
            await runs.start_task(app, actor, task, _now())

    await asyncio.gather(*(some(1) for _ in range(SINGLES)))
    while True:
        work = await runs.count_work(app, actor)
        if not work.queued + work.running:
            return SINGLES / (time.perf_counter() - began)
        await asyncio.sleep(0.005)


async def _starts(app: App, actor: Actor, task: TaskId) -> list[float]:
    """Milliseconds from the answer to a request until the task's worker began, sorted; one at a time, idle before."""
    waits = []
    for _ in range(STARTS):
        run = RunId(await runs.start_task(app, actor, task, _now()))
        answered = app.now().timestamp()
        seen = await _ended(app, actor, run)
        assert seen.started_at is not None, "what has ended has started"
        waits.append(max(0.0, seen.started_at.timestamp() - answered) * 1_000)
    return sorted(waits)


def _now() -> datetime:
    return datetime.now(UTC)

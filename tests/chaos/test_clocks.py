"""Two servers whose clocks jump by an hour, forward and back, while they work: time is told by the database where it
matters whether somebody lives, and nothing waits for an hour that did not pass."""

import asyncio
import json
import random
import shutil
import sys
import time
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ostinato.app import definitions, runs
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.core.access import Actor
from ostinato.core.ids import PlanId, TaskId
from ostinato.core.states import ENDED
from ostinato.scheduler.engine import Engine
from ostinato.store.db import Database
from tests.chaos.conftest import HERE, SETTLE_SECONDS, duration
from tests.chaos.history import judge
from tests.chaos.load import KINDS, OUTSTANDING, Seen
from tests.scheduler.conftest import make_executor, probe_installed

JUMPS = (timedelta(hours=-1), timedelta(0), timedelta(hours=1))
CLIENTS = 4


@pytest.fixture(scope="module", autouse=True)
def _probe_is_installed() -> Iterator[None]:
    with probe_installed():
        yield


class Clock:
    """Tells another time than the others do."""

    def __init__(self) -> None:
        self.wrong_by = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.wrong_by


class Starter:
    """Starts runs through one of the servers, by its clock, until it is told to stop."""

    def __init__(self, number: int, app: App, admin: Actor, clock: Clock, seen: Seen) -> None:
        self._number, self._app, self._admin, self._clock, self._seen = number, app, admin, clock, seen

    async def work(self, stop: asyncio.Event) -> None:
        chance, begun, waiting = random.Random(self._number), 0, deque[int]()
        while not stop.is_set():
            (name,) = chance.choices(list(KINDS), list(KINDS.values()))
            begun += 1
            waiting.append(await self._begin(name, f"{self._number}-{begun}"))
            if len(waiting) >= OUTSTANDING:
                await self._ended(waiting.popleft())
        while waiting:
            await self._ended(waiting.popleft())

    async def _begin(self, name: str, key: str) -> int:
        found = await runs.find_runnable(self._app, self._admin, name, "Production", None)
        if found.kind == "plan":
            run = await runs.start_plan(self._app, self._admin, PlanId(found.id), self._app.now(), key=key)
        else:
            run = await runs.start_task(self._app, self._admin, TaskId(found.id), self._app.now(), key=key)
        self._seen.accepted[key] = run
        return run

    async def _ended(self, run: int) -> None:
        while (seen := await runs.get(self._app, self._admin, run)).state not in ENDED:  # type: ignore[arg-type]
            await asyncio.sleep(0.02)
        assert seen.ended_at is not None
        self._seen.ended[run] = (seen.state, seen.attempt, f"{seen.ended_at:%Y-%m-%dT%H:%M:%S}")


async def test_clocks_jump_by_an_hour_and_nothing_is_stuck_or_done_twice(
    app: App, admin: Actor, database_url: str, tmp_path: Path
) -> None:
    (tmp_path / "events").mkdir()
    shutil.copy(HERE / "attempt.sh", tmp_path)
    text = (HERE / "definitions.yaml").read_text().replace("FOLDER", str(tmp_path))
    bundle = definitions.Bundle(files=[definitions.File(name="chaos.yaml", text=text)])
    await definitions.apply(app, admin, bundle, datetime.now(UTC))
    other = App(db=Database(database_url), keyring=Keyring({"test": bytes(32)}))
    await other.db.open()
    seen, clocks, engines, starters = Seen(), [Clock(), Clock()], [], []
    for number, (one, clock) in enumerate(zip((app, other), clocks, strict=True)):
        one.wall = clock
        engine = Engine(one, alone=False)
        await engine.start(make_executor(one, engine, tmp_path / f"server{number}"))
        engines.append(engine)
        starters += [Starter(2 * n + number, one, admin, clock, seen) for n in range(CLIENTS // 2)]
    stop = asyncio.Event()
    working = asyncio.gather(*(starter.work(stop) for starter in starters))
    jumps = await jump(clocks, duration(5))
    stop.set()
    begun = time.monotonic()
    try:
        async with asyncio.timeout(SETTLE_SECONDS):
            await working
    finally:
        for engine in engines:
            await engine.stop()
        await other.db.close()
    told = judge(database_url, tmp_path, seen)
    settled = round(time.monotonic() - begun, 1)
    figures = {"scenario": "clocks", "jumps": jumps, **told.figures, "settled_s": settled}
    sys.stderr.write(f"\nchaos {json.dumps(figures)}\n")
    assert not told.wrong, "\n".join(told.wrong[:20])
    assert told.figures["lost"] == 0, "somebody was taken for dead who lived"


async def jump(clocks: list[Clock], seconds: float) -> int:
    """Let the clocks jump, each for itself, every half a second; in the end they are right. How often they jumped."""
    chance, end, jumps = random.Random(7), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        chance.choice(clocks).wrong_by = chance.choice(JUMPS)
        jumps += 1
        await asyncio.sleep(chance.uniform(0.2, 0.8))
    for clock in clocks:
        clock.wrong_by = timedelta(0)
    return jumps

"""A running engine with real workers, and definitions written as they are written by users."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from ostinato import plugins
from ostinato.app import definitions, runs
from ostinato.app.application import App
from ostinato.core.access import Actor, of_user
from ostinato.core.ids import RunId
from ostinato.core.states import ENDED, State
from ostinato.executors.local import LocalExecutor
from ostinato.scheduler.engine import Engine
from ostinato.store import users
from ostinato.store.runs import Seen
from tests.people import give
from tests.taps import insist, withstanding

DEADLINE_SECONDS = 20
HEAD = """
workspaces: [{key: lab, name: Lab}]
workspace: lab
"""


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something holds; fails after a while."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not await holds():
            await asyncio.sleep(0.005)


class Lab:
    """A workspace in which tests define, start and watch."""

    def __init__(self, app: App, admin: Actor, folder: Path) -> None:
        self.app, self.admin, self.folder = app, admin, folder

    async def define(self, text: str) -> None:
        bundle = definitions.Bundle(files=[definitions.File(name="lab.yaml", text=HEAD + text)])
        await insist(lambda: definitions.apply(self.app, self.admin, bundle, datetime.now(UTC)))

    async def start(self, name: str, *, key: str | None = None) -> RunId:
        """Start it, and again under the same key if the answer gets lost."""
        found = await insist(lambda: runs.find_runnable(self.app, self.admin, name, "Production", None))
        start = runs.start_plan if found.kind == "plan" else runs.start_task
        key = key or str(uuid4())
        return await insist(lambda: start(self.app, self.admin, found.id, datetime.now(UTC), key=key))  # type: ignore[arg-type]

    async def user(self, name: str, role: str) -> Actor:
        """Somebody with a role in the workspace."""
        await give(self.app, name, "lab", role, datetime.now(UTC))
        async with self.app.db.transaction() as tx:
            user = await users.ensure(tx, name, datetime.now(UTC))
        return of_user(user, name)

    async def get(self, run: RunId) -> Seen:
        return await insist(lambda: runs.get(self.app, self.admin, run))

    async def ended(self, run: RunId) -> Seen:
        async def has_ended() -> bool:
            return (await self.get(run)).state in ENDED

        await until(has_ended)
        return await self.get(run)

    async def running(self, run: RunId) -> None:
        async def is_running() -> bool:
            return (await self.get(run)).state is State.RUNNING

        await until(is_running)

    async def run(self, name: str) -> Seen:
        return await self.ended(await self.start(name))

    async def children(self, run: RunId) -> dict[str, State]:
        """The names of the runs below, with their states."""
        tree = await insist(lambda: runs.get_tree(self.app, self.admin, run))
        return {child.name: child.state for child in tree.below}

    async def log(self, run: RunId) -> list[str]:
        lines = await insist(lambda: runs.read_log(self.app, self.admin, run, 0, 1_000))
        return [line.text for line in lines]

    def marks(self, name: str = "mark") -> list[str]:
        """What attempts left in a mark file: `RUN ATTEMPT` per attempt, in the order they began."""
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []


@contextmanager
def probe_installed() -> Iterator[None]:
    """The task type Probe, for this process and for the workers it starts."""
    folder, before = str(Path(__file__).parent.parent / "plugin"), os.environ.get("PYTHONPATH")
    sys.path.insert(0, folder)
    os.environ["PYTHONPATH"] = folder
    plugins.look_again()
    yield
    sys.path.remove(folder)
    os.environ.pop("PYTHONPATH")
    os.environ.update({"PYTHONPATH": before} if before is not None else {})
    plugins.look_again()


@pytest.fixture(scope="package", autouse=True)
def _probe_is_installed() -> Iterator[None]:
    with probe_installed():
        yield


@pytest.fixture
async def lab(app: App, admin: Actor, tmp_path: Path) -> Lab:
    """A workspace without a running engine."""
    return Lab(app, admin, tmp_path)


@pytest.fixture
async def live(lab: Lab, tmp_path: Path) -> AsyncIterator[Lab]:
    """A workspace with a running engine and four workers."""
    engine = make_engine(lab.app)
    await start_engine(engine, make_executor(lab.app, engine, tmp_path))
    yield lab
    await engine.stop()


def make_engine(app: App) -> Engine:
    return Engine(app, alone=True)


async def start_engine(engine: Engine, executor: LocalExecutor) -> None:
    """Start an engine whose loops withstand faults."""
    with withstanding():
        await insist(lambda: engine.start(executor))


def make_executor(app: App, engine: Engine, folder: Path) -> LocalExecutor:
    return LocalExecutor(
        slots=4,
        folder=folder / "work",
        order_of=app.order_of,
        tell=engine.hear,
        kill_after_s=0.5,
    )

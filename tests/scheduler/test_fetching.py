"""A worker begins when the content that its attempt needs is on this machine, and waiting for it can be ended."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ostinato.core.artifacts import PythonEntry
from ostinato.core.contracts import ArtifactOrder, ContentSource, Finished, Launch, Outcome, Report, WorkOrder
from ostinato.core.errors import Unavailable
from ostinato.core.ids import Lease, RunId
from ostinato.core.states import Reason
from ostinato.executors.local import LocalExecutor


class Pool:
    """One worker that needs content for every attempt, which comes when the test lets it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        self.come: asyncio.Queue[Exception | None] = asyncio.Queue()
        self.ended: asyncio.Queue[Finished] = asyncio.Queue()
        source = ContentSource(
            objects=str(folder), unpacked=str(folder), fetch=self._fetch, withheld=frozenset({"PROBE_SECRET"})
        )
        self.executor = LocalExecutor(
            slots=1,
            folder=folder / "work",
            order_of=self._order_of,
            tell=self._tell,
            kill_after_s=0.5,
            artifacts=source,
        )

    def submit(self, number: int, timeout_s: float | None = None) -> None:
        launch = Launch(run=RunId(number), attempt=1, lease=Lease(number), engine="local", timeout_s=timeout_s)
        self.executor.submit([launch])

    async def end(self) -> tuple[int, Outcome]:
        """The next attempt that ends, and how."""
        async with asyncio.timeout(30):
            report = await self.ended.get()
        return report.run, report.outcome

    def marks(self) -> list[str]:
        mark = self.folder / "mark"
        return mark.read_text().splitlines() if mark.exists() else []

    async def _fetch(self, digest: str) -> None:
        self.asked.put_nowait(digest)
        if (error := await self.come.get()) is not None:
            raise error

    def _order_of(self, run: RunId) -> WorkOrder:
        entry = PythonEntry(entry_point="a:b")
        return WorkOrder(
            run=run,
            attempt=1,
            lease=Lease(run),
            task_type="Probe",
            task_name="t",
            config={"mark": str(self.folder / "mark")},
            connections={},
            artifact=ArtifactOrder(name="a", version="1", digest=f"{run:064}", entry=entry),
        )

    def _tell(self, report: Report) -> None:
        if isinstance(report, Finished):
            self.ended.put_nowait(report)


@pytest.fixture
async def pool(tmp_path: Path) -> AsyncIterator[Pool]:
    made = Pool(tmp_path)
    await made.executor.start()
    yield made
    await made.executor.stop()


async def test_an_attempt_begins_when_its_content_has_come(pool: Pool) -> None:
    pool.submit(1)
    assert await pool.asked.get() == f"{1:064}"
    assert pool.executor.free_slots("local") == 0
    assert pool.marks() == []
    pool.come.put_nowait(None)
    assert (await pool.end())[1].succeeded
    assert pool.marks() == ["1 1"]


async def test_content_that_does_not_come_fails_the_attempt_and_the_worker_goes_on(pool: Pool) -> None:
    for number, error in enumerate((Unavailable("the store is away"), OSError(28, "No space left on device"))):
        pool.submit(number)
        pool.come.put_nowait(error)
        run, outcome = await pool.end()
        assert (run, outcome.succeeded, outcome.reason, outcome.message) == (number, False, Reason.ERROR, str(error))
    pool.submit(3)
    pool.come.put_nowait(None)
    assert (await pool.end())[1].succeeded
    assert pool.marks() == ["3 1"]


async def test_waiting_for_content_ends_with_a_cancellation_and_at_the_time_out(pool: Pool) -> None:
    pool.submit(1)
    await pool.asked.get()
    pool.executor.cancel(Lease(1))
    assert (await pool.end())[1].reason is Reason.CANCEL_REQUESTED
    pool.submit(2, timeout_s=0.05)
    await pool.asked.get()
    assert (await pool.end())[1].reason is Reason.TIMEOUT
    for _ in range(2):  # what was waited for comes after all, and nobody wants it
        pool.come.put_nowait(None)
    pool.submit(3)
    pool.come.put_nowait(None)
    run, outcome = await pool.end()
    assert (run, outcome.succeeded) == (3, True)
    assert pool.marks() == ["3 1"]


async def test_a_stop_does_not_wait_for_content(pool: Pool) -> None:
    pool.submit(1)
    await pool.asked.get()
    async with asyncio.timeout(10):
        await pool.executor.stop()
    assert pool.ended.empty()
    assert pool.marks() == []

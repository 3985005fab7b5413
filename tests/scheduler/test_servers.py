"""Several servers on one database share the work: no leader, nothing twice, nothing left."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ostinato.app import attempts, pauses, runs, sessions
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.core.contracts import Finished, Launch, Outcome, Report, Returned, Started, WorkOrder
from ostinato.core.ids import Lease, RunId
from ostinato.core.states import Reason, State
from ostinato.executors import local
from ostinato.executors.local import LocalExecutor
from ostinato.scheduler import engine
from ostinato.scheduler.engine import Engine
from ostinato.store.db import Database
from tests.scheduler.conftest import Lab, make_executor, start_engine, until
from tests.scheduler.test_attempts import expire, wait_task
from tests.scheduler.test_policies import target


@pytest.fixture
async def other(database_url: str, lab: Lab) -> AsyncIterator[App]:
    """A second server's application on the same database."""
    app = App(db=Database(database_url), keyring=Keyring({"test": bytes(32)}))
    await app.db.open()
    yield app
    await app.db.close()


@pytest.fixture
async def both(lab: Lab, other: App, tmp_path: Path) -> AsyncIterator[Lab]:
    """Two servers with running engines, each with four workers; the laboratory talks to the first."""
    engines = []
    for number, app in enumerate((lab.app, other)):
        engine = Engine(app, alone=False)
        await start_engine(engine, make_executor(app, engine, tmp_path / str(number)))
        engines.append(engine)
    for app in (lab.app, other):
        await sessions.renew(app, datetime.now(UTC))
    yield lab
    for engine in engines:
        await engine.stop()


async def test_two_servers_share_the_work_and_do_none_of_it_twice(both: Lab, other: App) -> None:
    tasks = "\n".join(f"- {{name: t{i}, type: Probe, config: {{mark: {both.folder}/mark}}}}" for i in range(40))
    names = ", ".join(f"t{i}" for i in range(40))
    await both.define(f"tasks:\n{tasks}\nplans:\n- {{name: p, steps: [{{name: a, tasks: [{names}]}}]}}")
    run = await both.run("p")
    assert run.state is State.SUCCEEDED
    assert len(both.marks()) == len(set(both.marks())) == 40
    async with both.app.db.reading() as tx:
        held = await tx.fetchval("SELECT count(*) FROM run WHERE session_id IS NOT NULL OR lease IS NOT NULL")
    assert held == 0


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers look around by themselves so seldom that nobody waits for it."""
    monkeypatch.setattr(engine, "LOOK_AROUND", 3_600.0)


async def test_a_run_is_cancelled_at_once_whichever_server_holds_it(seldom: None, both: Lab, other: App) -> None:
    tasks = "\n".join(wait_task(both, f"t{i}") for i in range(8))
    await both.define(f"tasks:\n{tasks}")
    waiting = [await both.start(f"t{i}") for i in range(8)]

    async def all_at_work() -> bool:
        return len(both.marks()) == 8

    await until(all_at_work)
    assert both.app.held
    assert other.held
    for run in waiting:
        await runs.cancel(both.app, both.admin, run, datetime.now(UTC))
    assert {(await both.ended(run)).state for run in waiting} == {State.CANCELLED}


async def test_an_attempt_that_was_taken_back_and_claimed_again_is_not_ended_with_the_old_one(lab: Lab) -> None:
    """The old attempt is named by its lease: the new one of the same run goes on."""
    await lab.define(f"tasks:\n{wait_task(lab)}")
    engine = Engine(lab.app, alone=True)
    await start_engine(engine, make_executor(lab.app, engine, lab.folder))
    run = await lab.start("t")
    await lab.running(run)
    await expire(lab.app)
    await attempts.rescue(lab.app, datetime.now(UTC))

    async def second_try_at_work() -> bool:
        return len(lab.marks()) == 2

    lab.app.wake.set()
    await until(second_try_at_work)
    lab.app.look.set()
    (lab.folder / "go").touch()
    seen = await lab.ended(run)
    await engine.stop()
    assert (seen.state, seen.attempt) == (State.SUCCEEDED, 2)


async def test_what_is_resumed_on_one_server_goes_on_on_another(both: Lab, other: App) -> None:
    await both.define("tasks: [{name: t, type: Probe, config: {}}]\nplans: [{name: p, steps: [{name: a, tasks: [t]}]}]")
    what = await target(both, "t")
    await pauses.set_paused(both.app, both.admin, what, paused=True, now=datetime.now(UTC))
    run = await both.start("p")
    await pauses.set_paused(other, both.admin, what, paused=False, now=datetime.now(UTC))
    assert (await both.ended(run)).state is State.SUCCEEDED


def launch(number: int) -> Launch:
    return Launch(run=RunId(number), attempt=1, lease=Lease(number), engine="local", timeout_s=None)


async def test_an_executor_takes_work_beforehand_only_if_attempts_are_short(tmp_path: Path) -> None:
    pace = local.Pace()
    assert pace.expected(local.AHEAD_SECONDS, 100) == 0
    for _ in range(1_000):
        pace.one_more()
    pace._since -= 0.1
    assert pace.expected(local.AHEAD_SECONDS, 100) == 100
    pace._since -= 1
    assert pace.expected(local.AHEAD_SECONDS, 100) == 0


async def test_what_waits_too_long_behind_others_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "WAIT_SECONDS", 0.05)
    told: list[Report] = []
    heard = asyncio.Event()

    def tell(report: Report) -> None:
        told.append(report)
        heard.set()

    def order_of(run: RunId) -> WorkOrder:
        config = {"do": "wait", "file": str(tmp_path / "go")}
        return WorkOrder(
            run=run, attempt=1, lease=Lease(run), task_type="Probe", task_name="t", config=config, connections={}
        )

    executor = LocalExecutor(slots=1, folder=tmp_path / "work", order_of=order_of, tell=tell, kill_after_s=0.5)
    await executor.start()
    executor.submit([launch(1), launch(2), launch(3)])
    async with asyncio.timeout(20):
        while sum(isinstance(report, Returned | Started) for report in told) != 3:
            await heard.wait()
            heard.clear()
    assert [report.run for report in told if isinstance(report, Started)] == [1]
    assert [report.run for report in told if isinstance(report, Returned)] == [2, 3]
    executor.cancel(Lease(1))
    async with asyncio.timeout(20):
        while not any(isinstance(report, Finished) for report in told):
            await heard.wait()
            heard.clear()
    await executor.stop()
    ended = next(report for report in told if isinstance(report, Finished))
    assert (ended.run, ended.outcome.reason) == (1, Reason.CANCEL_REQUESTED)


async def test_an_attempt_given_back_does_not_count_and_runs_later(lab: Lab) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}}]")
    await sessions.begin(lab.app, datetime.now(UTC), alone=False)
    run = await lab.start("t")
    (first,) = await attempts.take_turn(lab.app, [], 1, datetime.now(UTC))
    back = Returned(run=first.run, attempt=1, lease=first.lease)
    (second,) = await attempts.take_turn(lab.app, [back], 1, datetime.now(UTC))
    assert (second.run, second.attempt) == (run, 1)
    late = Finished(run=first.run, attempt=1, lease=first.lease, at=time.time(), outcome=Outcome(succeeded=True))
    await attempts.take_turn(lab.app, [late], 0, datetime.now(UTC))
    assert (await lab.get(run)).state is State.CLAIMED

"""Wherever the database fails in a turn or a start, asking again does all that is to be done, and does it once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ostinato.app import attempts, holds, pauses, runs, sessions
from ostinato.core.contracts import Finding, Launch, Outcome, Report
from ostinato.core.errors import Conflict, Unavailable
from ostinato.core.states import Reason, State
from ostinato.store.db import Database
from ostinato.store.runs import TaskOrPlan
from tests.scheduler.conftest import Lab
from tests.scheduler.test_attempts import finished, says
from tests.taps import Fault, Faults

DEFINITIONS = """
tasks:
- {name: first, type: Probe, config: {}, retries: {attempts: 2, delay: 60}}
- {name: second, type: Probe, config: {}}
plans:
- name: chain
  steps:
  - {name: a, tasks: [first]}
  - {name: b, tasks: [second], after: [a]}
"""
FOUND = Outcome(
    succeeded=False,
    reason=Reason.CHECK_FAILED,
    message="it is wrong",
    rows=1,
    findings=[Finding(kind="row", row={"id": 1})],
)
FAILED = Outcome(succeeded=False, reason=Reason.ERROR, message="not yet")
ENTRANCE = [(Fault.BEFORE, None), (Fault.TIMEOUT, "commit"), (Fault.COMMITTED_THEN_ERROR, None)]
TURN = [
    *ENTRANCE,
    *((Fault.TIMEOUT, statement) for statement in ("logs/append", "runs/finish", "logs/note", "steps/count_runs")),
    *((Fault.TIMEOUT, statement) for statement in ("steps/open", "runs/count_steps", "runs/claim")),
]
now = datetime.now(UTC)


@pytest.fixture
async def faults(lab: Lab, database_url: str) -> AsyncIterator[Faults]:
    """The way of the lab's app to the database, which fails as it is told to."""
    faults = Faults()
    db = Database(database_url, connections=3, tap=faults)
    await db.open()
    lab.app = replace(lab.app, db=db)
    await lab.define(DEFINITIONS)
    await sessions.begin(lab.app, now, alone=False)
    yield faults
    assert not faults.planned, "the fault has happened"
    await db.close()


async def claim(lab: Lab) -> Launch:
    (launch,) = await attempts.take_turn(lab.app, [], 1, now)
    return launch


async def tell_until_heard(lab: Lab, reports: list[Report], free: int = 0) -> list[Launch]:
    """Report as an engine does: what is not stored is told again; it fails exactly once here."""
    with pytest.raises(Unavailable):
        await attempts.take_turn(lab.app, reports, free, now)
    return await attempts.take_turn(lab.app, reports, free, now)


@pytest.mark.parametrize(("fault", "point"), TURN)
async def test_a_turn_that_is_taken_again_applies_each_report_once(
    lab: Lab, faults: Faults, fault: Fault, point: str | None
) -> None:
    plan = await lab.start("chain")
    launch = await claim(lab)
    reports: list[Report] = [says(launch, 1, "one"), finished(launch.run, launch.lease, FOUND)]
    if point in {"steps/open", "runs/claim"}:
        reports[1] = finished(launch.run, launch.lease, Outcome(succeeded=True))
    faults.plan(fault, point)
    await tell_until_heard(lab, reports, free=1)
    seen = await lab.get(launch.run)
    assert seen.state is (State.SUCCEEDED if point in {"steps/open", "runs/claim"} else State.FAILED)
    assert await lab.log(launch.run) == ["one"] + ["Failed (check_failed): it is wrong"] * (seen.state is State.FAILED)
    kept = await runs.list_findings(lab.app, lab.admin, launch.run, 0, 10)
    assert len(kept) == (seen.state is State.FAILED)
    followed = seen.state is State.SUCCEEDED
    assert await lab.children(plan) == {"first": seen.state} | ({"second": State.CLAIMED} if followed else {})
    assert (await lab.get(plan)).state is (State.RUNNING if followed else State.FAILED)


@pytest.mark.parametrize(("fault", "point"), [*ENTRANCE, (Fault.TIMEOUT, "runs/finish"), (Fault.TIMEOUT, "logs/note")])
async def test_a_failed_attempt_is_queued_again_once_and_told_once(
    lab: Lab, faults: Faults, fault: Fault, point: str | None
) -> None:
    run = await lab.start("first")
    launch = await claim(lab)
    faults.plan(fault, point)
    await tell_until_heard(lab, [finished(run, launch.lease, FAILED)])
    seen = await lab.get(run)
    assert (seen.state, seen.attempt) == (State.QUEUED, 1)
    assert await lab.log(run) == ["Attempt 1 failed (error): not yet; another will follow"]


@pytest.mark.parametrize(("fault", "point"), [*ENTRANCE, (Fault.TIMEOUT, "runs/claim")])
async def test_a_claim_that_failed_leaves_no_run_behind(
    lab: Lab, faults: Faults, fault: Fault, point: str | None
) -> None:
    run = await lab.start("second")
    faults.plan(fault, point)
    with pytest.raises(Unavailable):
        await attempts.take_turn(lab.app, [], 1, now)
    assert not lab.app.held
    done = fault is Fault.COMMITTED_THEN_ERROR
    assert (await lab.get(run)).state is (State.CLAIMED if done else State.QUEUED)
    for _ in range(2):
        await sessions.renew(lab.app, now)
    launch = await claim(lab)
    assert (launch.run, launch.attempt) == (run, 1)


@pytest.mark.parametrize("name", ["second", "chain"])
@pytest.mark.parametrize(
    ("fault", "point"), [*ENTRANCE, (Fault.TIMEOUT, "runs/start"), (Fault.TIMEOUT, "trigger_keys/keep")]
)
async def test_a_start_under_a_key_starts_once_however_often_it_is_asked_for(
    lab: Lab, faults: Faults, name: str, fault: Fault, point: str | None
) -> None:
    found = await runs.find_runnable(lab.app, lab.admin, name, "Production", None)
    start = runs.start_plan if found.kind == "plan" else runs.start_task
    faults.plan(fault, point)
    with pytest.raises(Unavailable):
        await start(lab.app, lab.admin, found.id, now, key="delivery-17")  # type: ignore[arg-type]
    again = [await start(lab.app, lab.admin, found.id, now, key="delivery-17") for _ in range(2)]  # type: ignore[arg-type]
    assert len(set(again)) == 1
    with pytest.raises(Conflict):
        await start(lab.app, lab.admin, found.id, now, key="delivery-18")  # type: ignore[arg-type]
    async with lab.app.db.reading() as tx:
        assert await tx.fetchval("SELECT array_agg(id) FROM run WHERE parent_run_id IS NULL") == again[:1]


@pytest.mark.parametrize(("fault", "point"), [*ENTRANCE, (Fault.TIMEOUT, "runs/request_cancel")])
async def test_a_cancellation_that_is_asked_for_again_changes_nothing_more(
    lab: Lab, faults: Faults, fault: Fault, point: str | None
) -> None:
    plan = await lab.start("chain")
    launch = await claim(lab)
    faults.plan(fault, point)
    with pytest.raises(Unavailable):
        await runs.cancel(lab.app, lab.admin, plan, now)
    await runs.cancel(lab.app, lab.admin, plan, now)
    for _ in range(2):  # a server that was not told learns it when it renews its session
        await sessions.renew(lab.app, now)
    assert lab.app.cancelled == {launch.lease: launch.run}
    ended = Outcome(succeeded=False, reason=Reason.CANCEL_REQUESTED, message="ended")
    await attempts.take_turn(lab.app, [finished(launch.run, launch.lease, ended)], 0, now)
    assert ((await lab.get(plan)).state, await lab.children(plan)) == (State.CANCELLED, {"first": State.CANCELLED})


@pytest.mark.parametrize(("fault", "point"), [*ENTRANCE, (Fault.TIMEOUT, "runs/let_go_paused")])
async def test_a_pause_ends_once(lab: Lab, faults: Faults, fault: Fault, point: str | None) -> None:
    run = await lab.start("second")
    found = await runs.find_runnable(lab.app, lab.admin, "second", "Production", None)
    task = TaskOrPlan(task=found.id)  # type: ignore[arg-type]
    await pauses.set_paused(lab.app, lab.admin, task, paused=True, now=now)
    assert await attempts.take_turn(lab.app, [], 1, now) == []
    faults.plan(fault, point)
    with pytest.raises(Unavailable):
        await pauses.set_paused(lab.app, lab.admin, task, paused=False, now=now)
    await pauses.set_paused(lab.app, lab.admin, task, paused=False, now=now)
    assert (await claim(lab)).run == run


@pytest.mark.parametrize(("fault", "point"), [*ENTRANCE, (Fault.TIMEOUT, "runs/wake_due")])
async def test_what_is_due_is_woken_after_all(lab: Lab, faults: Faults, fault: Fault, point: str | None) -> None:
    run = await lab.start("first")
    launch = await claim(lab)
    await attempts.take_turn(lab.app, [finished(run, launch.lease, FAILED)], 0, now)
    later = (await lab.get(run)).due_at
    faults.plan(fault, point)
    with pytest.raises(Unavailable):
        await holds.look(lab.app, later)
    await holds.look(lab.app, later)
    launch = await claim(lab)
    assert (launch.run, launch.attempt) == (run, 2)

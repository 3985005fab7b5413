"""Attempts: logs, time-outs, retries, cancellation, lost workers, and reports that come too late."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from ostinato.app import attempts, runs, sessions
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.core.contracts import Finished, Launch, Log, LogLine, Outcome
from ostinato.core.errors import Conflict
from ostinato.core.states import Reason, State
from ostinato.store import sessions as session_statements
from ostinato.store.db import Database
from tests.scheduler.conftest import Lab, make_engine, make_executor, start_engine, until


def wait_task(lab: Lab, name: str = "t", **more: str) -> str:
    extra = "".join(f", {key}: {value}" for key, value in more.items())
    return (
        f"- {{name: {name}, type: Probe, config: {{do: wait, file: {lab.folder}/go, mark: {lab.folder}/mark}}{extra}}}"
    )


async def test_log_lines_can_be_read_while_the_task_runs(live: Lab) -> None:
    await live.define(f"tasks:\n{wait_task(live)}")
    run = await live.start("t")

    async def line_is_there() -> bool:
        return await live.log(run) == ["attempt 1 does: wait"]

    await until(line_is_there)
    assert (await live.get(run)).state is State.RUNNING
    (live.folder / "go").touch()
    assert (await live.ended(run)).state is State.SUCCEEDED


async def test_an_outcome_is_kept_with_its_rows_and_counts(live: Lab) -> None:
    await live.define("tasks: [{name: t, type: Probe, config: {}}]")
    run = await live.run("t")
    assert (run.state, run.row_count, run.counts, run.attempt) == (State.SUCCEEDED, 3, {"seen": 3}, 1)
    assert run.started_at
    assert run.ended_at
    assert run.queued_at <= run.started_at <= run.ended_at


async def test_a_task_that_raises_fails_and_leaves_its_traceback_in_the_log(live: Lab) -> None:
    await live.define("tasks: [{name: t, type: Probe, config: {do: raise}}]")
    run = await live.run("t")
    assert (run.state, run.reason) == (State.FAILED, Reason.ERROR)
    assert run.message == "ValueError: the probe was told to raise"
    assert "Traceback" in "\n".join(await live.log(run.run))


async def test_a_task_that_takes_too_long_fails_with_reason_timeout(live: Lab) -> None:
    await live.define(f"tasks:\n{wait_task(live, timeout='0.2')}")
    run = await live.run("t")
    assert (run.state, run.reason) == (State.FAILED, Reason.TIMEOUT)
    assert run.message == "The attempt took longer than its timeout of 0.2 s"


async def test_a_failed_attempt_is_tried_again_as_often_as_allowed(live: Lab) -> None:
    await live.define("""
tasks:
- {name: third, type: Probe, config: {do: fail_until, number: 3}, retries: {attempts: 3, delay: 0}}
- {name: never, type: Probe, config: {do: fail_until, number: 9}, retries: {attempts: 2, delay: 0}}
- {name: other, type: Probe, config: {do: raise}, retries: {attempts: 5, delay: 0, on: [timeout]}}
""")
    third, never, other = await live.run("third"), await live.run("never"), await live.run("other")
    assert (third.state, third.attempt) == (State.SUCCEEDED, 3)
    assert (never.state, never.attempt, never.reason) == (State.FAILED, 2, Reason.ERROR)
    assert (other.state, other.attempt) == (State.FAILED, 1)
    assert "Attempt 1 failed (error): not yet; another will follow" in await live.log(third.run)


async def test_a_retry_waits_until_it_is_due(live: Lab) -> None:
    await live.define(
        "tasks: [{name: t, type: Probe, config: {do: fail_until, number: 2}, retries: {attempts: 2, delay: 3600}}]"
    )
    run = await live.start("t")

    async def waits() -> bool:
        seen = await live.get(run)
        return seen.state is State.QUEUED and seen.attempt == 1

    await until(waits)
    due = (await live.get(run)).due_at
    assert timedelta(minutes=59) < due - datetime.now(UTC) < timedelta(hours=1, seconds=1)  # by another clock
    await runs.cancel(live.app, live.admin, run, datetime.now(UTC))
    assert (await live.ended(run)).state is State.CANCELLED


async def test_a_running_task_is_cancelled_once_and_for_all(live: Lab) -> None:
    await live.define(f"tasks:\n{wait_task(live)}")
    run = await live.start("t")
    await live.running(run)
    await runs.cancel(live.app, live.admin, run, datetime.now(UTC))
    await runs.cancel(live.app, live.admin, run, datetime.now(UTC))
    seen = await live.ended(run)
    assert (seen.state, seen.reason) == (State.CANCELLED, Reason.CANCEL_REQUESTED)
    await runs.cancel(live.app, live.admin, run, datetime.now(UTC))
    assert await live.get(run) == seen


async def test_a_task_that_will_not_end_is_killed(live: Lab) -> None:
    await live.define(f"tasks: [{{name: t, type: Probe, config: {{do: deaf, file: {live.folder}/never}}}}]")
    run = await live.start("t")
    await live.running(run)
    await runs.cancel(live.app, live.admin, run, datetime.now(UTC))
    assert (await live.ended(run)).state is State.CANCELLED


async def test_cancelling_a_plan_ends_everything_below_it_and_starts_nothing_more(live: Lab) -> None:
    waiting = "\n".join(wait_task(live, f"t{i}") for i in range(6))
    await live.define(f"""
tasks:
{waiting}
- {{name: map, type: OrchestrationMap, config: {{plan: inner}}}}
plans:
- {{name: inner, steps: [{{name: a, tasks: [t0]}}]}}
- name: p
  steps:
  - {{name: a, tasks: [t1, t2, t3, t4, map], on_failure: {{tasks: [t5]}}}}
  - {{name: b, tasks: [t5], after: [a]}}
""")
    run = await live.start("p")

    async def four_at_work() -> bool:
        return len(live.marks()) == 4

    await until(four_at_work)
    await runs.cancel(live.app, live.admin, run, datetime.now(UTC))
    seen = await live.ended(run)
    assert (seen.state, seen.reason) == (State.CANCELLED, Reason.CANCEL_REQUESTED)
    assert set((await live.children(run)).values()) == {State.CANCELLED}
    assert "t5" not in await live.children(run)


async def test_a_run_that_kills_its_worker_is_tried_again_only_a_few_times(live: Lab) -> None:
    await live.define(f"tasks: [{{name: t, type: Probe, config: {{do: die, mark: {live.folder}/mark}}}}]")
    run = await live.run("t")
    assert (run.state, run.reason) == (State.FAILED, Reason.LOST)
    assert live.marks() == [f"{run.run} {attempt}" for attempt in (1, 2, 3, 4)]


async def test_a_lost_run_fails_at_once_if_its_policy_says_so(live: Lab) -> None:
    await live.define("tasks: [{name: t, type: Probe, config: {do: die}, retries: {on_lost: fail}}]")
    run = await live.run("t")
    assert (run.state, run.reason, run.attempt) == (State.FAILED, Reason.LOST, 1)


async def test_a_task_at_work_is_not_started_a_second_time(live: Lab) -> None:
    await live.define(f"tasks:\n{wait_task(live)}\n{wait_task(live, 'many', overlap='parallel')}")
    await live.start("t")
    with pytest.raises(Conflict, match="already running or queued"):
        await live.start("t")
    assert await live.start("many") != await live.start("many")


async def test_the_same_idempotency_key_gives_the_same_run(live: Lab) -> None:
    await live.define(f"tasks:\n{wait_task(live)}")
    first = await live.start("t", key="delivery-17")
    assert await live.start("t", key="delivery-17") == first


async def test_stopping_the_server_puts_its_work_back_and_the_next_one_does_it(lab: Lab) -> None:
    await lab.define(f"tasks:\n{wait_task(lab)}")
    engine = make_engine(lab.app)
    await start_engine(engine, make_executor(lab.app, engine, lab.folder))
    run = await lab.start("t")
    await lab.running(run)
    await engine.stop()
    assert ((await lab.get(run)).state, (await lab.get(run)).attempt) == (State.QUEUED, 0)
    (lab.folder / "go").touch()
    engine = make_engine(lab.app)
    await start_engine(engine, make_executor(lab.app, engine, lab.folder))
    assert (await lab.ended(run)).state is State.SUCCEEDED
    await engine.stop()


async def expire(app: App) -> None:
    """Let the session of a server run out, as if it had been silent for long."""
    assert app.session is not None
    async with app.db.transaction() as tx:
        await session_statements.renew(tx, app.session, timedelta(seconds=-1), 0)


async def claimed(lab: Lab) -> tuple[int, int]:
    """A run that this server has claimed but no worker has begun: its id and its lease."""
    await sessions.begin(lab.app, datetime.now(UTC), alone=False)
    run = await lab.start("t")
    (launch,) = await attempts.take_turn(lab.app, [], 1, datetime.now(UTC))
    return run, launch.lease


def says(launch: Launch, number: int, text: str) -> Log:
    """One line of an attempt."""
    lines = [LogLine(at=time.time(), text=text)]
    return Log(run=launch.run, attempt=launch.attempt, lease=launch.lease, lines=lines, first=number)


def finished(run: int, lease: int, outcome: Outcome) -> Finished:
    return Finished(run=run, attempt=1, lease=lease, at=time.time(), outcome=outcome)  # type: ignore[arg-type]


async def test_an_attempt_of_a_dead_server_is_taken_back_and_its_late_report_changes_nothing(lab: Lab) -> None:
    await lab.define(f"tasks:\n{wait_task(lab)}")
    run, lease = await claimed(lab)
    later = datetime.now(UTC) + timedelta(days=1)
    assert await attempts.rescue(lab.app, later) == 0, "whether a server is alive is told by the database's clock alone"
    await expire(lab.app)
    assert await attempts.rescue(lab.app, later) == 1
    assert (await lab.get(run)).state is State.QUEUED  # type: ignore[arg-type]
    late = [
        Log(run=run, attempt=1, lease=lease, lines=[LogLine(at=time.time(), text="too late")]),  # type: ignore[arg-type]
        finished(run, lease, Outcome(succeeded=True)),
    ]
    await attempts.take_turn(lab.app, late, 0, later)
    assert (await lab.get(run)).state is State.QUEUED  # type: ignore[arg-type]
    assert await lab.log(run) == [  # type: ignore[arg-type]
        "The server that ran this attempt is gone: queued",
        "Attempt 1 reported its end (succeeded) after it was taken back: this changes nothing",
    ]


async def test_an_attempt_that_begins_anew_after_a_stop_loses_no_line(lab: Lab) -> None:
    await lab.define(f"tasks:\n{wait_task(lab)}")
    now = datetime.now(UTC)
    await sessions.begin(lab.app, now, alone=False)
    run = await lab.start("t")
    for life in ("first", "second"):
        (launch,) = await attempts.take_turn(lab.app, [], 1, now)
        await attempts.take_turn(lab.app, [says(launch, 1, f"{life} life")], 0, now)
        await attempts.release(lab.app, now)
    stopped = "The server stopped: the attempt ended and will start again"
    assert await lab.log(run) == ["first life", stopped, "second life", stopped]


async def test_what_the_engine_notes_meanwhile_pushes_no_line_out(lab: Lab) -> None:
    await lab.define(f"tasks:\n{wait_task(lab)}")
    run, old = await claimed(lab)
    now = datetime.now(UTC)
    await expire(lab.app)
    await attempts.rescue(lab.app, now)
    assert await attempts.take_turn(lab.app, [], 1, now) == [], "a server that is taken for lost claims nothing"
    await sessions.renew(lab.app, now)
    (launch,) = await attempts.take_turn(lab.app, [], 1, now)
    await attempts.take_turn(lab.app, [says(launch, 1, "one")], 0, now)
    await attempts.take_turn(lab.app, [finished(run, old, Outcome(succeeded=True))], 0, now)
    await attempts.take_turn(lab.app, [says(launch, 2, "two")], 0, now)
    assert await lab.log(launch.run) == [
        "The server that ran this attempt is gone: queued",
        "one",
        "Attempt 1 reported its end (succeeded) after it was taken back: this changes nothing",
        "two",
    ]


async def test_only_the_first_report_of_an_end_counts(lab: Lab) -> None:
    await lab.define(f"tasks:\n{wait_task(lab)}")
    run, lease = await claimed(lab)
    await attempts.take_turn(lab.app, [finished(run, lease, Outcome(succeeded=True, rows=7))], 0, datetime.now(UTC))
    again = finished(run, lease, Outcome(succeeded=False, reason=Reason.ERROR, message="no"))
    await attempts.take_turn(lab.app, [again], 0, datetime.now(UTC))
    seen = await lab.get(run)  # type: ignore[arg-type]
    assert (seen.state, seen.row_count) == (State.SUCCEEDED, 7)


async def test_two_servers_never_claim_the_same_run(lab: Lab, database_url: str) -> None:
    await lab.define("".join(["tasks:\n", *(f"- {{name: t{i}, type: Probe, config: {{}}}}\n" for i in range(20))]))
    other = App(db=Database(database_url), keyring=Keyring({"test": bytes(32)}))
    await other.db.open()
    for app in (lab.app, other):
        await sessions.begin(app, datetime.now(UTC), alone=False)
    for i in range(20):
        await lab.start(f"t{i}")
    ours = await attempts.take_turn(lab.app, [], 12, datetime.now(UTC))
    theirs = await attempts.take_turn(other, [], 12, datetime.now(UTC))
    await other.db.close()
    assert (len(ours), len(theirs)) == (12, 8)
    assert not {launch.run for launch in ours} & {launch.run for launch in theirs}


async def test_a_claim_whose_answer_was_lost_goes_back_into_the_queue(lab: Lab) -> None:
    await lab.define(f"tasks:\n{wait_task(lab)}")
    run, _ = await claimed(lab)
    lab.app.held.clear()
    await sessions.renew(lab.app, datetime.now(UTC))
    assert (await lab.get(run)).state is State.CLAIMED  # type: ignore[arg-type]
    await sessions.renew(lab.app, datetime.now(UTC))
    assert ((await lab.get(run)).state, (await lab.get(run)).attempt) == (State.QUEUED, 0)  # type: ignore[arg-type]


async def test_a_result_the_database_refuses_fails_its_own_run_and_no_other(lab: Lab) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}, overlap: parallel}]")
    await sessions.begin(lab.app, datetime.now(UTC), alone=False)
    await lab.start("t")
    await lab.start("t")
    bad, good = await attempts.take_turn(lab.app, [], 2, datetime.now(UTC))
    reports = [
        finished(bad.run, bad.lease, Outcome(succeeded=True, rows=2**63)),
        finished(good.run, good.lease, Outcome(succeeded=True)),
    ]
    await attempts.take_turn(lab.app, reports, 0, datetime.now(UTC))
    refused = await lab.get(bad.run)
    assert refused.state is State.FAILED
    assert refused.message
    assert refused.message.startswith("The result could not be stored")
    assert (await lab.get(good.run)).state is State.SUCCEEDED

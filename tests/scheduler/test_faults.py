"""What goes wrong around a run harms that run at most, and never for ever."""

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ostinato.app import attempts, runs, sessions
from ostinato.core.contracts import Outcome
from ostinato.core.errors import Conflict
from ostinato.core.states import Reason, State
from tests.scheduler.conftest import Lab, make_engine, make_executor, start_engine, until
from tests.scheduler.test_attempts import claimed, expire, finished, wait_task


async def test_of_many_starts_at_once_one_succeeds(lab: Lab) -> None:
    await lab.define(f"""
tasks:
{wait_task(lab)}
plans: [{{name: p, steps: [{{name: a, tasks: [t]}}]}}]
""")
    for name in ("t", "p"):
        answers = await asyncio.gather(*(lab.start(name) for _ in range(6)), return_exceptions=True)
        assert sum(isinstance(answer, Conflict) for answer in answers) == 5, answers


async def test_a_task_of_two_plans_is_at_work_once_at_a_time(live: Lab) -> None:
    await live.define(f"""
tasks:
{wait_task(live)}
plans:
- {{name: one, steps: [{{name: a, tasks: [t]}}]}}
- {{name: two, steps: [{{name: a, tasks: [t]}}]}}
""")
    both = [await live.start("one"), await live.start("two")]

    async def one_at_work() -> bool:
        return len(live.marks()) == 1

    await until(one_at_work)
    states = [state for run in both for state in (await live.children(run)).values()]
    assert states.count(State.QUEUED) == 1
    (live.folder / "go").touch()
    assert [(await live.ended(run)).state for run in both] == [State.SUCCEEDED, State.SUCCEEDED]
    assert len(live.marks()) == 2


async def test_the_late_end_of_an_old_attempt_does_not_touch_the_new_one(lab: Lab) -> None:
    await lab.define(f"tasks:\n{wait_task(lab)}")
    run, old = await claimed(lab)
    later = datetime.now(UTC) + timedelta(seconds=1)
    await expire(lab.app)
    await attempts.rescue(lab.app, later)
    await sessions.renew(lab.app, later)
    (launch,) = await attempts.take_turn(lab.app, [], 1, later)
    assert launch.lease != old
    await attempts.take_turn(lab.app, [finished(run, old, Outcome(succeeded=True))], 0, later)
    assert lab.app.held[launch.run].launch == launch
    assert (await lab.get(launch.run)).state is State.CLAIMED


async def test_a_server_whose_attempts_were_taken_back_ends_them(lab: Lab) -> None:
    await lab.define(f"tasks:\n{wait_task(lab)}")
    run, lease = await claimed(lab)
    await sessions.renew(lab.app, datetime.now(UTC))
    assert not lab.app.cancelled
    await expire(lab.app)
    await attempts.rescue(lab.app, datetime.now(UTC))
    await sessions.renew(lab.app, datetime.now(UTC))
    assert lab.app.cancelled == {lease: run}
    assert not lab.app.held


async def test_while_no_worker_can_be_started_nothing_is_lost(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}}]")
    python = sys.executable
    monkeypatch.setattr(sys, "executable", "/bin/false")
    engine = make_engine(lab.app)
    await start_engine(engine, make_executor(lab.app, engine, lab.folder))
    run = await lab.start("t")

    async def is_claimed() -> bool:
        return (await lab.get(run)).state is State.CLAIMED

    await until(is_claimed)
    monkeypatch.setattr(sys, "executable", python)
    seen = await lab.ended(run)
    await engine.stop()
    assert (seen.state, seen.attempt) == (State.SUCCEEDED, 1)


async def test_a_worker_that_dies_and_leaves_a_child_is_noticed(live: Lab) -> None:
    await live.define(f"tasks: [{{name: t, type: Probe, config: {{do: leave_child, file: {live.folder}/go}}}}]")
    seen = await live.run("t")
    (live.folder / "go").touch()
    assert (seen.state, seen.attempt) == (State.SUCCEEDED, 2)


async def test_what_cannot_be_written_is_replaced(live: Lab) -> None:
    await live.define("tasks: [{name: t, type: Probe, config: {do: say_nonsense}}]")
    seen = await live.run("t")
    assert (seen.state, seen.attempt) == (State.FAILED, 1)
    assert seen.message == "half a character: ? and a zero: \N{REPLACEMENT CHARACTER}"


async def test_findings_are_kept_as_far_as_they_fit_and_counted_in_full(live: Lab) -> None:
    await live.define("tasks: [{name: t, type: Probe, config: {do: find_much, number: 2000}}]")
    seen = await live.run("t")
    kept = await runs.list_findings(live.app, live.admin, seen.run, 0, 5_000)
    assert (seen.reason, seen.row_count) == (Reason.CHECK_FAILED, 2_000)
    assert 700 < len(kept) < 900


async def test_a_task_that_says_much_loses_nothing(live: Lab) -> None:
    await live.define("tasks: [{name: t, type: Probe, config: {do: chatter, number: 20000}}]")
    seen = await live.run("t")
    lines = [line.text for line in await runs.read_log(live.app, live.admin, seen.run, 0, 30_000)]
    assert lines[1:] == [f"line {number}" for number in range(20_000)]


async def test_a_missing_work_folder_is_an_error_and_no_loss(live: Lab) -> None:
    await live.define("tasks: [{name: t, type: Probe, config: {}}]")
    Path(live.folder / "work").rmdir()
    seen = await live.run("t")
    (live.folder / "work").mkdir()
    assert (seen.state, seen.reason, seen.attempt) == (State.FAILED, Reason.ERROR, 1)


async def test_a_task_that_cannot_be_read_fails_by_itself_and_holds_nobody_up(live: Lab) -> None:
    await live.define("tasks: [{name: broken, type: Probe, config: {}}, {name: sound, type: Probe, config: {}}]")
    async with live.app.db.transaction() as tx:
        await tx.execute("""UPDATE task SET retries = '{"attempts": "many"}' WHERE name = 'broken'""")
    broken, sound = await live.start("broken"), await live.start("sound")
    assert (await live.ended(sound)).state is State.SUCCEEDED
    seen = await live.ended(broken)
    assert (seen.state, seen.reason) == (State.FAILED, Reason.INVALID)
    assert "cannot be read" in str(seen.message)


async def test_a_task_cannot_say_what_only_the_engine_knows(live: Lab) -> None:
    await live.define("tasks: [{name: t, type: Probe, config: {do: claim_to_be_cancelled}}]")
    for _ in range(5):
        seen = await live.run("t")
        assert (seen.state, seen.reason, seen.attempt) == (State.FAILED, Reason.ERROR, 1)


async def test_a_task_that_says_more_in_one_breath_than_a_message_holds_goes_on(live: Lab) -> None:
    await live.define("tasks: [{name: t, type: Probe, config: {do: say_much_at_once, number: 73400320}}]")
    seen = await live.run("t")
    assert (seen.state, seen.attempt) == (State.SUCCEEDED, 1)


async def test_a_plan_never_waits_for_one_that_it_is_inside_of(live: Lab) -> None:
    """An older version of a plan that is at work may contain what contains the plan today."""
    gate = f"{{name: gate, type: Probe, config: {{do: wait, file: {live.folder}/go}}}}"
    tasks = f"tasks: [{gate}, {{name: t, type: Probe, config: {{}}}}]"
    await live.define(f"""
{tasks}
plans:
- {{name: q, steps: [{{name: a, tasks: [t]}}]}}
- {{name: p, steps: [{{name: a, tasks: [gate]}}, {{name: b, plans: [q], after: [a]}}]}}
""")
    run = await live.start("p")
    await live.define("""
plans:
- {name: p, steps: [{name: a, tasks: [t]}]}
- {name: q, steps: [{name: a, plans: [p]}]}
""")
    (live.folder / "go").touch()
    assert (await live.ended(run)).state is State.SUCCEEDED


async def test_a_rerun_that_cannot_begin_fails_by_itself_and_holds_nobody_up(live: Lab) -> None:
    await live.define("""
tasks: [{name: t, type: Probe, config: {}}]
plans: [{name: p, steps: [{name: a, tasks: [t]}]}]
""")
    first = await live.run("p")
    async with live.app.db.transaction() as tx:
        broken = await tx.fetchval(
            """INSERT INTO run (environment_id, workspace_id, plan_id, plan_version, graph_id, state, due_at, queued_at,
                                cause, rerun_of, rerun_part, rerun_step)
               SELECT environment_id, workspace_id, plan_id, plan_version, graph_id, 'QUEUED', now(), now(), 'api', id,
                      'from_step', 'gone'
                 FROM run WHERE id = $1 RETURNING id""",
            first.run,
        )
    seen = await live.ended(broken)
    assert (seen.state, seen.reason) == (State.FAILED, Reason.STEP_FAILED)
    assert (await live.run("p")).state is State.SUCCEEDED

"""Two actors at once on a plan, a pool, a task that must not overlap: the second sees what the first has done."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ostinato.app import attempts, holds, pauses, runs, sessions
from ostinato.app.application import App
from ostinato.core.contracts import Launch, Outcome
from ostinato.core.ids import RunId
from ostinato.core.states import State
from ostinato.store.runs import TaskOrPlan
from tests.scheduler.conftest import Lab
from tests.scheduler.racing import Actor, race
from tests.scheduler.test_attempts import finished
from tests.taps import COMMIT, FIRST_STATEMENT

POINTS = pytest.mark.parametrize("point", [COMMIT, FIRST_STATEMENT])
DEFINITIONS = """
tasks:
- {name: left, type: Probe, config: {}}
- {name: right, type: Probe, config: {}}
- {name: last, type: Probe, config: {}}
plans:
- name: join
  steps:
  - {name: a, tasks: [left, right]}
  - {name: b, tasks: [last], after: [a]}
- name: fork
  steps:
  - {name: a, tasks: [left]}
  - {name: b, tasks: [right]}
  - {name: c, tasks: [last], after: [a, b]}
- {name: one, steps: [{name: a, tasks: [left]}]}
- {name: two, steps: [{name: a, tasks: [left]}]}
"""
GOOD = Outcome(succeeded=True)
now = datetime.now(UTC)


@pytest.fixture
async def lab(lab: Lab) -> Lab:
    await lab.define(DEFINITIONS)
    await sessions.begin(lab.app, now, alone=False)
    return lab


async def second_server(app: App) -> App:
    other = replace(app, session=None, held={}, unstarted={}, cancelled={}, unknown=set(), asked=[])
    await sessions.begin(other, now, alone=False)
    return other


async def in_one_pool(lab: Lab, *names: str) -> None:
    """These tasks share a pool of one slot."""
    async with lab.app.db.transaction() as tx:
        pool = await tx.fetchval(
            """INSERT INTO pool (environment_id, name, slots, created_at, changed_at)
               SELECT environment_id, 'narrow', 1, $1, $1 FROM task LIMIT 1 RETURNING id""",
            now,
        )
        await tx.execute("UPDATE task SET pool_id = $1 WHERE name = ANY($2::text[])", pool, list(names))


def finish(launch: Launch) -> Actor:
    return lambda app: attempts.take_turn(app, [finished(launch.run, launch.lease, GOOD)], 0, now)


def claim(app: App) -> object:
    return attempts.take_turn(app, [], 4, now)


async def states(lab: Lab) -> dict[str, list[State]]:
    async with lab.app.db.reading() as tx:
        rows = await tx.fetch(
            "SELECT task.name, run.state FROM run JOIN task ON task.id = run.task_id ORDER BY task.name, run.state"
        )
    found: dict[str, list[State]] = {}
    for row in rows:
        found.setdefault(row["name"], []).append(State(row["state"]))
    return found


@POINTS
@pytest.mark.parametrize("plan", ["join", "fork"])
async def test_of_two_last_runs_at_once_one_opens_what_follows(
    lab: Lab, database_url: str, plan: str, point: str
) -> None:
    await lab.start(plan)
    left, right = await attempts.take_turn(lab.app, [], 4, now)
    await race(lab.app, database_url, finish(left), finish(right), point)
    assert await states(lab) == {"last": [State.QUEUED], "left": [State.SUCCEEDED], "right": [State.SUCCEEDED]}


@POINTS
@pytest.mark.parametrize("cancel_first", [True, False])
async def test_a_plan_that_is_cancelled_while_its_last_run_ends_has_one_end(
    lab: Lab, database_url: str, cancel_first: bool, point: str
) -> None:
    plan = await lab.start("one")
    (launch,) = await attempts.take_turn(lab.app, [], 4, now)

    async def cancel(app: App) -> None:
        await runs.cancel(app, lab.admin, plan, now)

    both = [cancel, finish(launch)]
    first, second = both if cancel_first else reversed(both)
    await race(lab.app, database_url, first, second, point)
    assert await states(lab) == {"left": [State.SUCCEEDED]}
    assert (await lab.get(plan)).state in {State.SUCCEEDED, State.CANCELLED}


@POINTS
async def test_a_step_that_opens_while_its_plan_is_cancelled_is_cancelled_too(
    lab: Lab, database_url: str, point: str
) -> None:
    plan = await lab.start("join")
    left, right = await attempts.take_turn(lab.app, [], 4, now)
    await attempts.take_turn(lab.app, [finished(left.run, left.lease, GOOD)], 0, now)
    await race(lab.app, database_url, finish(right), lambda app: runs.cancel(app, lab.admin, plan, now), point)
    assert (await lab.get(plan)).state is State.CANCELLED
    assert (await states(lab)).get("last", [State.CANCELLED]) == [State.CANCELLED]


@POINTS
async def test_two_servers_never_take_the_same_slot_of_a_pool(lab: Lab, database_url: str, point: str) -> None:
    await in_one_pool(lab, "left", "right")
    other = await second_server(lab.app)
    await lab.start("left")
    await lab.start("right")
    await race(lab.app, database_url, lambda app: attempts.take_turn(app, [], 1, now), lambda _: claim(other), point)
    await holds.sweep(lab.app, now)
    await attempts.take_turn(lab.app, [], 4, now)
    together = [state for found in (await states(lab)).values() for state in found]
    assert sorted(together) == [State.CLAIMED, State.QUEUED]


@POINTS
async def test_two_servers_never_run_a_task_twice_at_once(lab: Lab, database_url: str, point: str) -> None:
    other = await second_server(lab.app)
    await lab.start("one")
    await lab.start("two")
    await race(lab.app, database_url, lambda app: attempts.take_turn(app, [], 1, now), lambda _: claim(other), point)
    assert await states(lab) == {"left": [State.CLAIMED, State.QUEUED]}


@POINTS
async def test_what_is_held_while_its_cause_goes_away_is_found_by_the_next_look_around(
    lab: Lab, database_url: str, point: str
) -> None:
    await in_one_pool(lab, "left", "right")
    await lab.start("left")
    (left,) = await attempts.take_turn(lab.app, [], 1, now)
    right = await lab.start("right")
    claimed, _, _ = await race(lab.app, database_url, claim, finish(left), point)
    await holds.sweep(lab.app, now)
    claimed += await attempts.take_turn(lab.app, [], 1, now)
    assert [launch.run for launch in claimed] == [right]


@POINTS
@pytest.mark.parametrize("pause_first", [True, False])
async def test_a_run_that_is_claimed_while_its_task_is_paused_is_at_work_or_held(
    lab: Lab, database_url: str, pause_first: bool, point: str
) -> None:
    found = await runs.find_runnable(lab.app, lab.admin, "left", "Production", None)
    task = TaskOrPlan(task=found.id)  # type: ignore[arg-type]
    run: RunId = await lab.start("left")

    async def pause(app: App) -> None:
        await pauses.set_paused(app, lab.admin, task, paused=True, now=now)

    both = [pause, claim]
    first, second = both if pause_first else reversed(both)
    await race(lab.app, database_url, first, second, point)
    await attempts.take_turn(lab.app, [], 1, now)
    if (await lab.get(run)).state is State.QUEUED:
        await pauses.set_paused(lab.app, lab.admin, task, paused=False, now=now)
        await attempts.take_turn(lab.app, [], 1, now)
    assert (await lab.get(run)).state is State.CLAIMED


@POINTS
async def test_a_run_that_is_held_while_its_task_is_resumed_is_not_forgotten(
    lab: Lab, database_url: str, point: str
) -> None:
    found = await runs.find_runnable(lab.app, lab.admin, "left", "Production", None)
    task = TaskOrPlan(task=found.id)  # type: ignore[arg-type]
    run = await lab.start("left")
    await pauses.set_paused(lab.app, lab.admin, task, paused=True, now=now)

    async def resume(app: App) -> None:
        await pauses.set_paused(app, lab.admin, task, paused=False, now=now)

    await race(lab.app, database_url, claim, resume, point)
    await holds.sweep(lab.app, now)
    await attempts.take_turn(lab.app, [], 1, now)
    assert (await lab.get(run)).state is State.CLAIMED

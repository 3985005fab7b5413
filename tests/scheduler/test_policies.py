"""What tasks and plans say of how they run: limits, pools, priorities, overlap, pauses, time-outs, parameters."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from ostinato.app import attempts, holds, pauses, runs, sessions, starts
from ostinato.app.starts import Fired, Trigger
from ostinato.core.errors import Conflict, Forbidden, Invalid
from ostinato.core.ids import PlanId, RunId, TaskId
from ostinato.core.states import Hold, Reason, State
from ostinato.store.runs import TaskOrPlan
from tests.scheduler.conftest import Lab, until
from tests.scheduler.test_attempts import wait_task


async def target(lab: Lab, name: str) -> TaskOrPlan:
    found = await runs.find_runnable(lab.app, lab.admin, name, "Production", None)
    return TaskOrPlan(plan=PlanId(found.id)) if found.kind == "plan" else TaskOrPlan(task=TaskId(found.id))


async def trigger(lab: Lab, name: str, **more: object) -> RunId:
    return await starts.start(lab.app, lab.admin, await target(lab, name), Trigger(**more), datetime.now(UTC))  # type: ignore[arg-type]


async def held(lab: Lab, run: RunId) -> Hold | None:
    async with lab.app.db.reading() as tx:
        found = await tx.fetchval("SELECT hold FROM run WHERE id = $1", run)
    return Hold(found) if found else None


async def claims(lab: Lab, most: int = 10) -> list[RunId]:
    """Which runs a server with so many free slots takes."""
    if lab.app.session is None:
        await sessions.begin(lab.app, datetime.now(UTC), alone=False)
    return [launch.run for launch in await attempts.take_turn(lab.app, [], most, datetime.now(UTC))]


@pytest.mark.parametrize(("of_step", "of_plan", "most"), [(2, None, 2), (None, 3, 3), (1, 2, 1)])
async def test_a_limit_allows_so_many_runs_at_once_and_all_of_them_in_the_end(
    live: Lab, of_step: int | None, of_plan: int | None, most: int
) -> None:
    names = [f"t{i}" for i in range(7)]
    config = f"{{do: crowd, number: {most}, mark: {live.folder}/mark, file: {live.folder}/crowd}}"
    tasks = "\n".join(f"- {{name: {name}, type: Probe, config: {config}}}" for name in names)
    step = f"{{name: a, tasks: [{', '.join(names)}]{f', limit: {of_step}' if of_step else ''}}}"
    plan = f"{{name: p, steps: [{step}]{f', limit: {of_plan}' if of_plan else ''}}}"
    await live.define(f"tasks:\n{tasks}\nplans: [{plan}]")
    run = await live.run("p")
    assert run.state is State.SUCCEEDED
    assert len(live.marks()) == 7
    assert max(int(line) for line in live.marks("crowd")) == most


async def test_the_limit_of_a_plan_counts_the_runs_of_all_its_steps(lab: Lab) -> None:
    tasks = "\n".join(f"- {{name: t{i}, type: Probe, config: {{}}}}" for i in range(6))
    await lab.define(f"""
tasks:
{tasks}
plans:
- name: p
  limit: 4
  steps: [{{name: a, tasks: [t0, t1, t2]}}, {{name: b, tasks: [t3, t4, t5]}}]
""")
    run = await lab.start("p")
    assert len(await lab.children(run)) == 4
    assert len(await claims(lab)) == 4


async def test_cancelling_a_plan_ends_steps_whose_runs_a_limit_held_back(lab: Lab) -> None:
    tasks = "\n".join(f"- {{name: t{i}, type: Probe, config: {{}}}}" for i in range(4))
    await lab.define(f"""
tasks:
{tasks}
plans:
- name: p
  limit: 1
  steps: [{{name: a, tasks: [t0, t1]}}, {{name: b, tasks: [t2, t3]}}]
""")
    run = await lab.start("p")
    await runs.cancel(lab.app, lab.admin, run, datetime.now(UTC))
    assert (await lab.get(run)).state is State.CANCELLED


async def test_a_pool_gives_out_so_many_slots_and_takes_them_back(lab: Lab) -> None:
    tasks = "\n".join(f"- {{name: t{i}, type: Probe, config: {{}}, pool: database}}" for i in range(5))
    await lab.define(
        f"pools: [{{name: database, slots: 2}}]\ntasks:\n{tasks}\n- {{name: free, type: Probe, config: {{}}}}"
    )
    waiting = [await lab.start(f"t{i}") for i in range(5)]
    free = await lab.start("free")
    assert await claims(lab) == [waiting[0], waiting[1], free]
    assert [await held(lab, run) for run in waiting[2:]] == [Hold.POOL] * 3
    await runs.cancel(lab.app, lab.admin, waiting[2], datetime.now(UTC))
    assert await claims(lab) == []
    await attempts.release(lab.app, datetime.now(UTC))
    assert await claims(lab) == [*waiting[:2], free]


async def test_a_pool_that_grows_lets_more_go(lab: Lab) -> None:
    tasks = "\n".join(f"- {{name: t{i}, type: Probe, config: {{}}, pool: database}}" for i in range(4))
    await lab.define(f"pools: [{{name: database, slots: 0}}]\ntasks:\n{tasks}")
    waiting = [await lab.start(f"t{i}") for i in range(4)]
    assert await claims(lab) == []
    await lab.define("pools: [{name: database, slots: 3}]")
    assert await holds.sweep(lab.app, datetime.now(UTC)) == 3
    assert await claims(lab) == waiting[:3]


async def test_what_is_more_urgent_goes_first_and_a_plan_lends_its_priority_to_its_tasks(lab: Lab) -> None:
    await lab.define("""
tasks:
- {name: low, type: Probe, config: {}, priority: -5}
- {name: usual, type: Probe, config: {}}
- {name: high, type: Probe, config: {}, priority: 10}
- {name: inside, type: Probe, config: {}}
plans:
- {name: urgent, priority: 20, steps: [{name: a, tasks: [inside]}]}
""")
    low, usual, high = [await lab.start(name) for name in ("low", "usual", "high")]
    await lab.start("urgent")
    first, *others = await claims(lab)
    assert (await lab.get(first)).name == "inside"
    assert others == [high, usual, low]


async def test_a_trigger_may_say_another_priority(lab: Lab) -> None:
    await lab.define("tasks: [{name: a, type: Probe, config: {}}, {name: b, type: Probe, config: {}}]")
    first, urgent = await lab.start("a"), await trigger(lab, "b", priority=7)
    assert await claims(lab) == [urgent, first]
    with pytest.raises(Invalid, match="priority"):
        await trigger(lab, "b", priority=1_001)


@pytest.mark.parametrize("kind", ["t", "p"])
async def test_runs_that_queue_follow_one_another(live: Lab, kind: str) -> None:
    await live.define(f"""
tasks:
{wait_task(live, overlap="queue")}
plans:
- {{name: p, overlap: queue, steps: [{{name: a, tasks: [t]}}]}}
""")
    three = [await live.start(kind) for _ in range(3)]

    async def one_begun() -> bool:
        return len(live.marks()) == 1

    await until(one_begun)
    assert [(await live.get(run)).state for run in three][1:] == [State.QUEUED, State.QUEUED]
    (live.folder / "go").touch()
    ends = [await live.ended(run) for run in three]
    assert [end.state for end in ends] == [State.SUCCEEDED] * 3
    for earlier, later in pairwise(ends):
        assert earlier.ended_at is not None
        assert later.started_at is not None
        assert later.started_at >= earlier.ended_at


async def test_a_paused_task_refuses_to_start_and_its_queued_runs_wait(lab: Lab) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}, overlap: parallel}]")
    what, now = await target(lab, "t"), datetime.now(UTC)
    run = await lab.start("t")
    assert await pauses.set_paused(lab.app, lab.admin, what, paused=True, note="maintenance", now=now)
    assert not await pauses.set_paused(lab.app, lab.admin, what, paused=True, now=now)
    with pytest.raises(Conflict, match=r"paused since .* by admin: resume it first"):
        await lab.start("t")
    assert await claims(lab) == []
    assert await held(lab, run) is Hold.PAUSED
    assert await pauses.set_paused(lab.app, lab.admin, what, paused=False, now=now)
    assert not await pauses.set_paused(lab.app, lab.admin, what, paused=False, now=now)
    assert await claims(lab) == [run]


async def test_a_paused_plan_inside_another_waits_until_it_is_resumed(live: Lab) -> None:
    await live.define("""
tasks: [{name: t, type: Probe, config: {}}]
plans:
- {name: inner, steps: [{name: a, tasks: [t]}]}
- {name: outer, steps: [{name: a, plans: [inner]}]}
""")
    inner = await target(live, "inner")
    await pauses.set_paused(live.app, live.admin, inner, paused=True, now=datetime.now(UTC))
    run = await live.start("outer")
    assert await live.children(run) == {"inner": State.QUEUED}
    await pauses.set_paused(live.app, live.admin, inner, paused=False, now=datetime.now(UTC))
    assert (await live.ended(run)).state is State.SUCCEEDED


async def test_whoever_may_only_look_cannot_pause(lab: Lab) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}}]")
    viewer = await lab.user("vera", "Viewer")
    with pytest.raises(Forbidden, match="EXECUTE"):
        await pauses.set_paused(lab.app, viewer, await target(lab, "t"), paused=True, now=datetime.now(UTC))


async def test_a_run_that_takes_longer_than_its_own_timeout_fails_wherever_it_is(live: Lab) -> None:
    await live.define(f"""
tasks:
{wait_task(live, "works", run_timeout="0.3")}
- {{name: tries, type: Probe, config: {{do: raise}}, run_timeout: 0.3, retries: {{attempts: 9, delay: 3600}}}}
{wait_task(live, "inside")}
plans:
- {{name: p, run_timeout: 0.3, steps: [{{name: a, tasks: [inside], on_failure: {{tasks: [tries]}}}}]}}
""")
    three = [await live.start(name) for name in ("works", "tries", "p")]
    ends = [await live.ended(run) for run in three]
    assert [(end.state, end.reason) for end in ends] == [(State.FAILED, Reason.TIMEOUT)] * 3
    assert {end.message for end in ends} == {"The run took longer than its own timeout"}
    assert await live.children(three[2]) == {"inside": State.CANCELLED}


async def test_a_failed_plan_is_tried_again_as_a_whole(live: Lab) -> None:
    await live.define(
        f"""
tasks:
- {{name: first, type: Probe, config: {{mark: {live.folder}/mark}}}}
- {{name: second, type: Probe, config: {{do: fail_until_marked, mark: {live.folder}/mark, number: 4}}}}
plans:
- name: p
  retries: {{attempts: 3, delay: 0.05}}
  steps: [{{name: a, tasks: [first]}}, {{name: b, tasks: [second], after: [a]}}]
- name: never
  retries: {{attempts: 2, delay: 0}}
  steps: [{{name: a, tasks: [bad]}}]
- name: outer
  steps: [{{name: a, plans: [never]}}]
""".replace("plans:\n- name: p", "- {name: bad, type: Probe, config: {do: raise}}\nplans:\n- name: p")
    )
    run = await live.run("p")
    assert (run.state, run.attempt, len(live.marks())) == (State.SUCCEEDED, 2, 4)
    outer = await live.run("outer")
    assert outer.state is State.FAILED
    tree = await runs.get_tree(live.app, live.admin, outer.run)
    assert [(below.name, below.state, below.attempt) for below in tree.below] == [
        ("never", State.FAILED, 2),
        ("bad", State.FAILED, 1),
        ("bad", State.FAILED, 1),
    ]


async def test_parameters_come_from_the_nearest_that_gives_them(live: Lab) -> None:
    await live.define("""
environments: [{name: Production, stage: production, parameters: {where: environment, much: 5}}]
tasks:
- name: t
  type: Probe
  config: {do: say_parameters}
  parameters: {where: {default: task}, much: {type: integer}, often: {type: integer, default: 1}, unused: {}}
plans:
- {name: inner, parameters: {where: {default: inner}, often: {type: integer}}, steps: [{name: a, tasks: [t]}]}
- {name: outer, parameters: {where: {default: outer}}, steps: [{name: a, plans: [inner]}]}
""")

    async def said(run: RunId) -> str:
        await live.ended(run)
        tree = await runs.get_tree(live.app, live.admin, run)
        return next(line for line in await live.log(tree.below[-1].run if tree.below else run) if line.startswith("{"))

    assert await said(await trigger(live, "t")) == "{'much': 5, 'often': 1, 'where': 'environment'}"
    assert await said(await trigger(live, "t", parameters={"where": "trigger", "often": "3"})) == (
        "{'much': 5, 'often': 3, 'where': 'trigger'}"
    )
    assert await said(await trigger(live, "inner")) == "{'much': 5, 'often': 1, 'where': 'inner'}"
    assert await said(await trigger(live, "outer")) == "{'much': 5, 'often': 1, 'where': 'outer'}"
    assert (
        await said(await trigger(live, "inner", parameters={"often": 8})) == "{'much': 5, 'often': 8, 'where': 'inner'}"
    )


async def test_parameters_that_do_not_fit_are_refused_by_name_and_start_nothing(lab: Lab) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}, parameters: {rows: {type: integer}}}]")
    for given, message in (
        ({"rows": "many"}, "parameters.rows: expected a whole number"),
        ({"row": 1}, "parameters.row: it declares no such parameter"),
        ({"rows": True}, "parameters.rows: expected a whole number, not true"),
        ({"rows": 2**70}, "at most 64 bits"),
    ):
        with pytest.raises(Invalid, match=message):
            await trigger(lab, "t", parameters=given)
    assert (await runs.list_runs(lab.app, lab.admin, runs.runs.Wanted())).number == 0


async def test_a_task_without_a_required_parameter_fails_and_says_so(live: Lab) -> None:
    await live.define(
        "tasks: [{name: t, type: Probe, config: {}, parameters: {rows: {type: integer, required: true}}}]"
    )
    run = await live.run("t")
    assert (run.state, run.reason) == (State.FAILED, Reason.INVALID)
    assert run.message == "parameters.rows: it is required and has no value"


async def test_a_schedule_fires_once_for_a_time_and_says_when_it_could_not(lab: Lab) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}}]")
    what, now = await target(lab, "t"), datetime.now(UTC)
    at = now.replace(microsecond=0)
    nightly = Fired(cause="schedule", name="nightly")
    first, second = (Trigger(key=day.isoformat()) for day in (at, at + timedelta(days=1)))
    fired = await asyncio.gather(*(starts.fire(lab.app, lab.admin, what, first, nightly, now) for _ in range(5)))
    assert len(set(fired)) == 1
    assert (await lab.get(fired[0])).state is State.QUEUED
    missed = await starts.fire(lab.app, lab.admin, what, second, nightly, now)
    seen = await lab.get(missed)
    assert (seen.state, seen.reason) == (State.FAILED, Reason.MISFIRED)
    assert seen.message is not None
    assert "'t' is already running or queued" in seen.message
    assert await starts.fire(lab.app, lab.admin, what, second, nightly, now) == missed


async def test_a_key_belongs_to_what_it_started(lab: Lab) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}}, {name: other, type: Probe, config: {}}]")
    first = await trigger(lab, "t", key="delivery-17")
    assert await asyncio.gather(*(trigger(lab, "t", key="delivery-17") for _ in range(3))) == [first] * 3
    with pytest.raises(Conflict, match="started something else"):
        await trigger(lab, "other", key="delivery-17")


async def test_two_requests_at_once_with_one_key_for_different_things_are_told_apart(lab: Lab) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}}, {name: other, type: Probe, config: {}}]")
    answers = await asyncio.gather(
        trigger(lab, "t", key="k"), trigger(lab, "other", key="k"), trigger(lab, "t", key="k"), return_exceptions=True
    )
    assert sum(isinstance(answer, Conflict) for answer in answers) == 1, answers
    assert len({answer for answer in answers if isinstance(answer, int)}) == 1


async def test_what_a_pool_held_follows_its_task_to_another(lab: Lab) -> None:
    head = "pools: [{name: closed, slots: 0}, {name: open, slots: 1}]\n"
    await lab.define(head + "tasks: [{name: t, type: Probe, config: {}, pool: closed}]")
    run = await lab.start("t")
    assert await claims(lab) == []
    await lab.define("tasks: [{name: t, type: Probe, config: {}, pool: open}]")
    assert await claims(lab) == [run]

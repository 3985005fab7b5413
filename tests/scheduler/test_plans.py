"""Plans run step by step: order, conditions, failure handlers, nesting."""

from itertools import pairwise

from ostinato.app import runs
from ostinato.core.states import Reason, State
from tests.scheduler.conftest import Lab, until


async def test_steps_of_a_chain_run_one_after_the_other(live: Lab) -> None:
    steps = "".join(f"  - {{name: s{i}, tasks: [t{i}]{f', after: [s{i - 1}]' if i else ''}}}\n" for i in range(5))
    tasks = "".join(f"- {{name: t{i}, type: Probe, config: {{mark: {live.folder}/mark}}}}\n" for i in range(5))
    await live.define(f"tasks:\n{tasks}plans:\n- name: chain\n  steps:\n{steps}")
    run = await live.run("chain")
    assert run.state is State.SUCCEEDED
    children = (await runs.get_tree(live.app, live.admin, run.run)).below
    assert [child.name for child in children] == [f"t{i}" for i in range(5)]
    assert live.marks() == [f"{child.run} 1" for child in children]
    assert all(a.ended_at <= b.started_at for a, b in pairwise(children) if a.ended_at and b.started_at)


async def test_a_step_starts_only_when_all_steps_before_it_succeeded(live: Lab) -> None:
    await live.define(f"""
tasks:
- {{name: slow, type: Probe, config: {{do: wait, file: {live.folder}/go}}}}
- {{name: quick, type: Probe, config: {{}}}}
- {{name: last, type: Probe, config: {{}}}}
plans:
- name: join
  steps:
  - {{name: a, tasks: [slow]}}
  - {{name: b, tasks: [quick]}}
  - {{name: c, tasks: [last], after: [a, b]}}
""")
    run = await live.start("join")

    async def quick_ended() -> bool:
        return (await live.children(run)).get("quick") is State.SUCCEEDED

    await until(quick_ended)
    assert "last" not in await live.children(run)
    (live.folder / "go").touch()
    assert (await live.ended(run)).state is State.SUCCEEDED
    assert (await live.children(run))["last"] is State.SUCCEEDED


async def test_what_follows_a_failed_step_never_starts_and_its_handler_does(live: Lab) -> None:
    await live.define("""
tasks:
- {name: bad, type: Probe, config: {do: fail}}
- {name: after bad, type: Probe, config: {}}
- {name: elsewhere, type: Probe, config: {}}
- {name: notice, type: Probe, config: {}}
plans:
- name: p
  steps:
  - {name: check, tasks: [bad], on_failure: {tasks: [notice]}}
  - {name: publish, tasks: [after bad], after: [check]}
  - {name: other, tasks: [elsewhere]}
""")
    run = await live.run("p")
    assert (run.state, run.reason, run.message) == (State.FAILED, Reason.STEP_FAILED, "1 step did not succeed")
    assert await live.children(run.run) == {
        "bad": State.FAILED,
        "notice": State.SUCCEEDED,
        "elsewhere": State.SUCCEEDED,
    }
    tree = await runs.get_tree(live.app, live.admin, run.run)
    assert runs.skipped_steps(tree) == ["publish"]
    bad = next(child for child in tree.below if child.name == "bad")
    assert (bad.reason, bad.message, bad.row_count) == (Reason.CHECK_FAILED, "1 row breaks the rule", 1)
    assert [f.row for f in await runs.list_findings(live.app, live.admin, bad.run, 0, 10)] == [{"id": 1}]


async def test_conditions_decide_when_a_step_counts_as_succeeded(live: Lab) -> None:
    await live.define("""
tasks:
- {name: good, type: Probe, config: {}}
- {name: bad, type: Probe, config: {do: fail}}
- {name: one, type: Probe, config: {}}
- {name: always, type: Probe, config: {}}
- {name: never, type: Probe, config: {}}
plans:
- name: p
  steps:
  - {name: a, tasks: [good, bad], condition: at_least_one_succeeded}
  - {name: b, tasks: [bad], condition: always_proceed}
  - {name: c, tasks: [bad], condition: at_least_one_succeeded}
  - {name: after a, tasks: [one], after: [a]}
  - {name: after b, tasks: [always], after: [b]}
  - {name: after c, tasks: [never], after: [c]}
""")
    run = await live.run("p")
    children = await live.children(run.run)
    assert children["one"] is State.SUCCEEDED
    assert children["always"] is State.SUCCEEDED
    assert "never" not in children
    assert (run.state, run.message) == (State.FAILED, "1 step did not succeed")


async def test_plans_run_inside_plans_and_through_composite_tasks(live: Lab) -> None:
    await live.define("""
tasks:
- {name: work, type: Probe, config: {}}
- {name: map, type: OrchestrationMap, config: {plan: inner}}
- {name: last, type: Probe, config: {}}
plans:
- name: inner
  steps: [{name: only, tasks: [work]}]
- name: outer
  steps:
  - {name: nested, tasks: [map], plans: [inner]}
  - {name: end, tasks: [last], after: [nested]}
""")
    run = await live.run("outer")
    assert run.state is State.SUCCEEDED
    below = (await runs.get_tree(live.app, live.admin, run.run)).below
    assert sorted((child.kind, child.name) for child in below) == [
        ("plan", "inner"),
        ("plan", "inner"),
        ("task", "last"),
        ("task", "map"),
        ("task", "work"),
        ("task", "work"),
    ]
    last = next(child for child in below if child.name == "last")
    assert all(last.queued_at >= child.ended_at for child in below if child is not last and child.ended_at)


async def test_a_nested_plan_that_fails_makes_the_outer_one_fail(live: Lab) -> None:
    await live.define("""
tasks:
- {name: work, type: Probe, config: {do: raise}}
- {name: map, type: OrchestrationMap, config: {plan: inner}}
plans:
- name: inner
  steps: [{name: only, tasks: [work]}]
- name: outer
  steps: [{name: nested, tasks: [map]}]
""")
    run = await live.run("outer")
    assert run.state is State.FAILED
    assert set((await live.children(run.run)).values()) == {State.FAILED}


async def test_disabled_tasks_are_left_out_and_hold_nobody_up(live: Lab) -> None:
    await live.define("""
tasks:
- {name: off, type: Probe, config: {do: fail}, disabled: true}
- {name: on, type: Probe, config: {}}
plans:
- name: p
  steps:
  - {name: a, tasks: [off]}
  - {name: b, tasks: [on], after: [a]}
- name: nothing
  steps: [{name: a, tasks: [off]}]
""")
    run = await live.run("p")
    assert run.state is State.SUCCEEDED
    assert await live.children(run.run) == {"on": State.SUCCEEDED}
    assert (await live.run("nothing")).state is State.SUCCEEDED


async def test_a_running_plan_keeps_the_version_it_started_with(live: Lab) -> None:
    text = """
tasks:
- {{name: first, type: Probe, config: {{do: wait, file: {folder}/go}}}}
- {{name: old, type: Probe, config: {{}}}}
- {{name: new, type: Probe, config: {{}}}}
plans:
- name: p
  steps:
  - {{name: a, tasks: [first]}}
  - {{name: b, tasks: [{second}], after: [a]}}
"""
    await live.define(text.format(folder=live.folder, second="old"))
    run = await live.start("p")
    await live.define(text.format(folder=live.folder, second="new"))
    (live.folder / "go").touch()
    await live.ended(run)
    assert set(await live.children(run)) == {"first", "old"}
    again = await live.run("p")
    assert set(await live.children(again.run)) == {"first", "new"}
    assert ((await live.get(run)).plan_version, again.plan_version) == (1, 2)


async def test_a_wide_step_runs_everything_exactly_once(live: Lab) -> None:
    names = ", ".join(f"t{i}" for i in range(60))
    tasks = "".join(f"- {{name: t{i}, type: Probe, config: {{mark: {live.folder}/mark}}}}\n" for i in range(60))
    await live.define(f"tasks:\n{tasks}plans:\n- {{name: wide, steps: [{{name: all, tasks: [{names}]}}]}}\n")
    run = await live.run("wide")
    assert run.state is State.SUCCEEDED
    assert len(live.marks()) == len(set(live.marks())) == 60

"""Running again: all, from a step, or what failed; as it was or as it is."""

from datetime import UTC, datetime

import pytest

from ostinato.app import reruns, runs
from ostinato.core.errors import Conflict, Invalid, NotFound
from ostinato.core.ids import RunId
from ostinato.core.reruns import Part
from ostinato.core.states import State
from tests.scheduler.conftest import Lab


async def again(lab: Lab, run: RunId, part: Part, **more: object) -> RunId:
    return await reruns.rerun(lab.app, lab.admin, run, part, datetime.now(UTC), **more)  # type: ignore[arg-type]


def tasks(lab: Lab, *names: str) -> str:
    """Tasks that leave a mark, and fail as long as there is a file of their name."""
    return "tasks:\n" + "\n".join(
        f"- {{name: {name}, type: Probe, "
        f"config: {{do: fail_while, file: {lab.folder}/{name}, mark: {lab.folder}/mark}}}}"
        for name in names
    )


async def ran(lab: Lab, run: RunId) -> list[str]:
    """The names of the tasks below a run that a worker ran, in order."""
    tree = await runs.get_tree(lab.app, lab.admin, run)
    return [below.name for below in tree.below if below.kind == "task"]


DIAMOND = """
plans:
- name: p
  steps:
  - {name: a, tasks: [t1]}
  - {name: b, tasks: [t2, t3], after: [a]}
  - {name: c, tasks: [t4], after: [a]}
  - {name: d, tasks: [t5], after: [b, c]}
"""


async def failed(lab: Lab) -> RunId:
    """A run of the diamond in which t3 failed."""
    await lab.define(tasks(lab, "t1", "t2", "t3", "t4", "t5") + DIAMOND)
    (lab.folder / "t3").touch()
    run = await lab.run("p")
    (lab.folder / "t3").unlink()
    assert run.state is State.FAILED
    assert sorted(await ran(lab, run.run)) == ["t1", "t2", "t3", "t4"]
    return run.run


async def test_what_failed_runs_again_and_what_comes_after_it(live: Lab) -> None:
    first = await failed(live)
    second = await live.ended(await again(live, first, Part.FAILED))
    assert (second.state, second.rerun_of) == (State.SUCCEEDED, first)
    assert await ran(live, second.run) == ["t3", "t5"]


async def test_from_a_step_everything_after_it_runs_again(live: Lab) -> None:
    first = await failed(live)
    with pytest.raises(Conflict, match="step 'd' also needs step 'b', which did not succeed"):
        await again(live, first, Part.FROM_STEP, step="c")
    second = await live.ended(await again(live, first, Part.FROM_STEP, step="b"))
    assert second.state is State.SUCCEEDED
    assert sorted(await ran(live, second.run)) == ["t2", "t3", "t5"]
    third = await live.ended(await again(live, second.run, Part.FROM_STEP, step="d"))
    assert (third.state, await ran(live, third.run)) == (State.SUCCEEDED, ["t5"])


async def test_all_of_it_runs_again(live: Lab) -> None:
    first = await failed(live)
    second = await live.ended(await again(live, first, Part.ALL))
    assert (second.state, len(await ran(live, second.run))) == (State.SUCCEEDED, 5)
    with pytest.raises(Conflict, match="Nothing of run"):
        await again(live, second.run, Part.FAILED)


async def test_a_plan_inside_takes_over_what_succeeded_in_it(live: Lab) -> None:
    await live.define(
        tasks(live, "t1", "t2", "t3")
        + """
plans:
- {name: inner, steps: [{name: x, tasks: [t1]}, {name: y, tasks: [t2], after: [x]}]}
- {name: outer, steps: [{name: a, plans: [inner], tasks: [t3]}]}
"""
    )
    (live.folder / "t2").touch()
    first = await live.run("outer")
    (live.folder / "t2").unlink()
    second = await live.ended(await again(live, first.run, Part.FAILED))
    assert (second.state, await ran(live, second.run)) == (State.SUCCEEDED, ["t2"])


async def test_it_runs_on_the_version_it_ran_with_or_on_the_newest(live: Lab) -> None:
    first = await failed(live)
    await live.define(
        tasks(live, "t1", "t2", "t3", "t4", "t5", "t6")
        + DIAMOND.replace("tasks: [t5]", "tasks: [t6]").replace("name: c", "name: new").replace("[b, c]", "[b, new]")
    )
    old = await live.ended(await again(live, first, Part.FAILED))
    assert (old.state, old.plan_version, await ran(live, old.run)) == (State.SUCCEEDED, 1, ["t3", "t5"])
    new = await live.ended(await again(live, first, Part.FAILED, newest=True))
    assert (new.state, new.plan_version) == (State.SUCCEEDED, 2)
    assert sorted(await ran(live, new.run)) == ["t3", "t4", "t6"]
    with pytest.raises(Conflict, match="there is no step 'c' in this version"):
        await again(live, first, Part.FROM_STEP, step="c", newest=True)


async def test_what_has_not_ended_or_does_not_exist_cannot_run_again(lab: Lab) -> None:
    await lab.define(tasks(lab, "t1", "t2", "t3", "t4", "t5") + DIAMOND)
    run = await lab.start("p")
    with pytest.raises(Conflict, match="has not ended"):
        await again(lab, run, Part.ALL)
    with pytest.raises(NotFound):
        await again(lab, RunId(10**9), Part.ALL)
    with pytest.raises(Invalid, match="step: name the step"):
        await again(lab, run, Part.FROM_STEP)


async def test_a_rerun_keeps_parameters_priority_and_limits_and_its_key_starts_one(live: Lab) -> None:
    await live.define(
        tasks(live, *(f"t{n}" for n in range(6)))
        + "\nplans:\n- {name: p, priority: 3, limit: 2, steps: [{name: a, tasks: [t0, t1, t2, t3, t4, t5]}]}\n"
    )
    for n in (1, 3, 4, 5):
        (live.folder / f"t{n}").touch()
    first = await live.run("p")
    for n in (1, 3, 4, 5):
        (live.folder / f"t{n}").unlink()
    second = await again(live, first.run, Part.FAILED, key="once")
    assert await again(live, first.run, Part.FAILED, key="once") == second
    seen = await live.ended(second)
    assert (seen.state, seen.priority, await ran(live, second)) == (State.SUCCEEDED, 3, ["t1", "t3", "t4", "t5"])


async def test_a_single_task_runs_again(live: Lab) -> None:
    await live.define(tasks(live, "t1"))
    first = await live.run("t1")
    second = await live.ended(await again(live, first.run, Part.ALL))
    assert (second.state, second.rerun_of) == (State.SUCCEEDED, first.run)
    with pytest.raises(Conflict, match="has no steps"):
        await again(live, first.run, Part.FROM_STEP, step="a")

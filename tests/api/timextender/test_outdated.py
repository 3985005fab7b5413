"""What makes a task Outdated, and what does not."""

import pytest

from ostinato.app import history
from ostinato.core.ids import PlanId, TaskId
from ostinato.core.plans import Ref, Step
from tests.api.conftest import Call
from tests.api.factories import World, at

BASE = "/api/v0/orchestration"
MONDAY, TUESDAY, WEDNESDAY = "2026-03-02T10:00", "2026-03-03T10:00", "2026-03-04T10:00"


class Nightly:
    """The plan `load -> check -> mail`, with a task in each step, and what became of them."""

    def __init__(self, world: World, call: Call, key: str) -> None:
        self.world, self._call, self._key = world, call, key
        self.tasks: dict[str, TaskId] = {}

    async def set_up(self) -> "Nightly":
        self.finance = await self.world.workspace("finance")
        for number, name in enumerate(("load", "check", "mail", "other"), start=1):
            self.tasks[name] = await self.world.task(self.finance, "Package", number, name)
        self.plan = await self.world.plan(self.finance, 1, "Nightly", steps=self.steps("load", "check", "mail"))
        return self

    def steps(self, *names: str) -> list[Step]:
        """One after the other."""
        return [
            Step(name=str(place), runs=(Ref(task=self.tasks[name]),), after=(place - 1,) if place else ())
            for place, name in enumerate(names)
        ]

    async def ran(self, name: str, minute: str, state: str = "SUCCEEDED") -> None:
        """For thirty seconds, from this minute on."""
        await self.world.run(self.tasks[name], state, f"{minute}:00", f"{minute}:30")

    async def all_ran(self, day: str = MONDAY) -> None:
        for place, name in enumerate(("load", "check", "mail")):
            await self.ran(name, f"{day[:-2]}{place:02}")

    async def become_history(self) -> None:
        await history.archive(self.world.app, at("2027-01-01T00:00:00"))
        assert await self.world.fetch("SELECT FROM run") == []

    async def statuses(self) -> dict[str, str]:
        path = f"{BASE}/finance"
        listed = (await self._call("GET", f"{path}/tasks", self._key)).json()
        told = {task["taskName"]: task["status"] for task in listed}
        latest = (await self._call("GET", f"{path}/executions", self._key)).json()
        assert {entry["taskName"]: entry["status"] for entry in latest} == told
        members = (await self._call("GET", f"{path}/process-maps/1/tasks", self._key)).json()
        assert all(task["status"] == told[task["taskName"]] for task in members)
        for task in listed:
            single = await self._call("GET", f"{path}/tasks/Package/{task['taskId']}", self._key)
            assert single.json()["status"] == task["status"]
        plans = (await self._call("GET", f"{path}/process-maps", self._key)).json()
        finished = sum(task["status"] == "Finished" for task in members)
        assert next(plan for plan in plans if plan["processMapId"] == 1)["successfulTasks"] == finished
        return {name: status for name, status in told.items() if name != "other"}


@pytest.fixture
async def nightly(world: World, call: Call) -> Nightly:
    return await Nightly(world, call, await world.key("ada", finance="Contributor")).set_up()


def stand(load: str, check: str, mail: str) -> dict[str, str]:
    return {"load": load, "check": check, "mail": mail}


async def test_what_ran_in_the_order_of_its_map_is_finished(nightly: Nightly) -> None:
    await nightly.all_ran()
    assert await nightly.statuses() == stand("Finished", "Finished", "Finished")


@pytest.mark.parametrize("kept", ["live", "kept", "the newer one is live"])
async def test_a_newer_success_right_before_it_outdates_a_task_and_its_own_run_goes_on_from_there(
    nightly: Nightly, kept: str
) -> None:
    await nightly.all_ran(MONDAY)
    if kept == "the newer one is live":
        await nightly.become_history()
    await nightly.ran("load", TUESDAY)
    if kept == "kept":
        await nightly.become_history()
    assert await nightly.statuses() == stand("Finished", "Outdated", "Finished")
    await nightly.ran("check", WEDNESDAY)
    assert await nightly.statuses() == stand("Finished", "Finished", "Outdated")


async def test_it_is_finished_again_after_its_weeks_were_dropped(nightly: Nightly) -> None:
    await nightly.all_ran(MONDAY)
    await nightly.become_history()
    await nightly.world.execute("SELECT drop_week(environment_id, week, true, true, true) FROM kept_week")
    assert await nightly.statuses() == stand("Finished", "Finished", "Finished")
    await nightly.ran("load", TUESDAY)
    await nightly.ran("load", WEDNESDAY, "FAILED")
    await nightly.become_history()
    await nightly.world.execute("SELECT drop_week(environment_id, week, true, true, true) FROM kept_week")
    assert await nightly.statuses() == stand("Failed", "Outdated", "Finished")


async def test_a_run_that_began_before_the_success_ended_is_outdated_by_it(nightly: Nightly) -> None:
    await nightly.all_ran()
    await nightly.world.run(nightly.tasks["load"], "SUCCEEDED", f"{TUESDAY}:00", f"{TUESDAY}:50")
    await nightly.world.run(nightly.tasks["check"], "SUCCEEDED", f"{TUESDAY}:49", f"{TUESDAY}:59")
    assert (await nightly.statuses())["check"] == "Outdated"
    await nightly.world.run(nightly.tasks["check"], "SUCCEEDED", f"{TUESDAY}:50", f"{TUESDAY}:59")
    assert (await nightly.statuses())["check"] == "Finished"


@pytest.mark.parametrize("state", ["FAILED", "CANCELLED"])
async def test_what_failed_before_it_outdates_nothing(nightly: Nightly, state: str) -> None:
    await nightly.all_ran()
    await nightly.ran("load", TUESDAY, state)
    assert await nightly.statuses() == stand("Failed", "Finished", "Finished")


async def test_what_is_in_no_map_or_in_another_step_side_by_side_outdates_nothing(nightly: Nightly) -> None:
    await nightly.all_ran()
    tasks = [nightly.tasks["other"], nightly.tasks["check"]]
    await nightly.world.plan(nightly.finance, 2, "Side by side", tasks)
    await nightly.ran("other", TUESDAY)
    assert (await nightly.statuses())["check"] == "Finished"


async def test_any_map_it_is_in_counts(nightly: Nightly) -> None:
    await nightly.all_ran()
    await nightly.ran("other", TUESDAY)
    assert (await nightly.statuses())["mail"] == "Finished"
    await nightly.world.plan(nightly.finance, 2, "Again", steps=nightly.steps("other", "mail"))
    assert (await nightly.statuses())["mail"] == "Outdated"


async def test_a_map_inside_the_map_counts_by_its_own_last_success(nightly: Nightly) -> None:
    inner: PlanId = await nightly.world.plan(nightly.finance, 2, "Inner", [nightly.tasks["other"]])
    steps = [
        Step(name="inner", runs=(Ref(plan=inner),)),
        Step(name="load", runs=(Ref(task=nightly.tasks["load"]),), after=(0,)),
    ]
    await nightly.world.plan(nightly.finance, 3, "Outer", steps=steps)
    await nightly.all_ran()
    await nightly.ran("other", TUESDAY)
    assert (await nightly.statuses())["load"] == "Finished"
    await nightly.world.run(plan=inner, state="FAILED", started=f"{TUESDAY}:00", ended=f"{TUESDAY}:10")
    assert (await nightly.statuses())["load"] == "Finished"
    await nightly.world.run(plan=inner, state="SUCCEEDED", started=f"{TUESDAY}:00", ended=f"{TUESDAY}:20")
    assert (await nightly.statuses())["load"] == "Outdated"
    await nightly.become_history()
    assert (await nightly.statuses())["load"] == "Outdated"


async def test_a_task_that_is_in_several_steps_of_a_map_outdates_nothing_there(nightly: Nightly) -> None:
    """Otherwise what runs between its two runs could never be finished."""
    await nightly.world.plan(nightly.finance, 2, "Sandwich", steps=nightly.steps("other", "load", "other"))
    await nightly.all_ran()
    await nightly.ran("other", TUESDAY)
    assert (await nightly.statuses())["load"] == "Finished"


async def test_what_handles_a_failure_is_no_part_of_the_order(nightly: Nightly) -> None:
    steps = [
        Step(name="first", runs=(Ref(task=nightly.tasks["check"]),), on_failure=(Ref(task=nightly.tasks["other"]),)),
        Step(name="second", runs=(Ref(task=nightly.tasks["load"]),), after=(0,)),
    ]
    await nightly.world.plan(nightly.finance, 2, "With handler", steps=steps)
    await nightly.all_ran()
    await nightly.ran("load", TUESDAY)
    await nightly.ran("check", TUESDAY)
    await nightly.ran("load", WEDNESDAY)
    await nightly.ran("other", "2026-03-05T10:00")
    assert (await nightly.statuses())["load"] == "Finished"

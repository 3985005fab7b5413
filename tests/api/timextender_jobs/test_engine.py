"""Jobs that are really run, by the engine and its workers, from the request on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ostinato.app import runs, starts
from ostinato.app.application import App
from ostinato.core.access import Actor, of_user
from ostinato.core.ids import PlanId
from ostinato.store import users
from ostinato.store.runs import TaskOrPlan
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.timextender_jobs.conftest import BASE, EMPTY
from tests.scheduler.conftest import Lab, make_engine, make_executor, probe_installed, start_engine, until


@pytest.fixture(scope="module", autouse=True)
def _probe_is_installed() -> Iterator[None]:
    with probe_installed():
        yield


class Client:
    """Somebody who executes jobs by name."""

    def __init__(self, call: Call, key: str) -> None:
        self.call, self.key = call, key

    async def job(self, name: str) -> str:
        jobs = (await self.call("GET", BASE, self.key)).json()
        return str(next(job["Id"] for job in jobs if job["Name"] == name))

    async def execute(self, name: str) -> str:
        answer = await self.call("POST", f"{BASE}/{await self.job(name)}/execute", self.key)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["TriggerId"])

    async def status(self, name: str) -> int:
        return int((await self.call("GET", f"{BASE}/{await self.job(name)}/status", self.key)).json()["Status"])

    async def becomes(self, name: str, status: int) -> None:
        async def is_so() -> bool:
            return await self.status(name) == status

        await until(is_so)

    async def logs(self, name: str, trigger: str) -> dict[str, Any]:
        [found] = (await self.call("GET", f"{BASE}/{await self.job(name)}/logs/{trigger}", self.key)).json()
        return dict(found)

    async def run(self, name: str) -> dict[str, Any]:
        trigger = await self.execute(name)
        await self.becomes(name, 0)
        return await self.logs(name, trigger)


@pytest.fixture
async def lab(app: App, admin: Actor, tmp_path: Path) -> Lab:
    return Lab(app, admin, tmp_path)


@pytest.fixture
async def ada(call: Call, world: World) -> Client:
    return Client(call, await world.key("ada", lab="Contributor"))


@pytest.fixture
async def live(lab: Lab, tmp_path: Path) -> AsyncIterator[Lab]:
    engine = make_engine(lab.app)
    await start_engine(engine, make_executor(lab.app, engine, tmp_path))
    yield lab
    await engine.stop()


def told(execution: dict[str, Any]) -> list[tuple[int, str]]:
    return [(line["Severity"], line["Message"]) for line in execution["JobExecutionLogs"]]


async def test_a_job_goes_from_idle_over_pending_and_running_to_idle(lab: Lab, ada: Client, tmp_path: Path) -> None:
    await lab.define(f"""
tasks: [{{name: load, type: Probe, config: {{do: wait, file: {tmp_path}/go}}}}]
plans: [{{name: nightly, steps: [{{name: a, tasks: [load]}}]}}]
""")
    assert await ada.status("nightly") == 0
    trigger = await ada.execute("nightly")
    assert await ada.status("nightly") == 1
    assert (await ada.logs("nightly", trigger))["State"] == 0
    engine = make_engine(lab.app)
    await start_engine(engine, make_executor(lab.app, engine, tmp_path))
    try:
        await ada.becomes("nightly", 2)
        execution = await ada.logs("nightly", trigger)
        assert (execution["State"], execution["EndTime"]) == (1, None)
        (tmp_path / "go").touch()
        await ada.becomes("nightly", 0)
    finally:
        await engine.stop()
    execution = await ada.logs("nightly", trigger)
    assert (execution["State"], execution["TriggerId"]) == (2, trigger)
    assert execution["CreateTime"] <= execution["EndTime"]
    assert told(execution) == [
        (0, "Job 'nightly' started"),
        (0, "Task 'load' started"),
        (0, "Task 'load': attempt 1 does: wait"),
        (0, "Task 'load' completed"),
        (0, "Job 'nightly' completed"),
    ]


async def test_jobs_end_in_every_state_that_there_is(live: Lab, ada: Client) -> None:
    await live.define("""
tasks:
- {name: good, type: Probe, config: {}}
- {name: bad, type: Probe, config: {do: fail}}
- {name: third, type: Probe, config: {do: fail_until, number: 2}, retries: {attempts: 2, delay: 0}}
- {name: warns, type: Package, config: {kind: command, command: ["echo", "WARNING: low on space"]}}
plans:
- {name: completed, steps: [{name: a, tasks: [good]}]}
- {name: failed, steps: [{name: a, tasks: [good, bad]}]}
- {name: with errors, steps: [{name: a, tasks: [good, bad], condition: at_least_one_succeeded}]}
- {name: with ignored errors, steps: [{name: a, tasks: [bad], condition: always_proceed}]}
- {name: with errors below, steps: [{name: a, plans: [with errors]}]}
- {name: with a second try, steps: [{name: a, tasks: [third]}]}
- {name: with a warning, steps: [{name: a, tasks: [warns]}]}
""")
    states = {}
    for name in (
        "completed",
        "failed",
        "with errors",
        "with ignored errors",
        "with errors below",
        "with a second try",
        "with a warning",
    ):
        execution = await ada.run(name)
        states[name] = (execution["State"], max(severity for severity, _ in told(execution)))
    assert states == {
        "completed": (2, 0),
        "failed": (3, 2),
        "with errors": (4, 2),
        "with ignored errors": (4, 2),
        "with errors below": (4, 2),
        "with a second try": (5, 1),
        "with a warning": (5, 1),
    }
    failed = (await ada.call("GET", f"{BASE}/{await ada.job('failed')}/logs", ada.key)).json()
    assert (2, "Task 'bad' failed (check_failed): 1 row breaks the rule") in told(failed[0])
    assert not [message for _, message in told(failed[0]) if "Failed (" in message], "it is told once"
    [retried] = (await ada.call("GET", f"{BASE}/{await ada.job('with a second try')}/logs", ada.key)).json()
    assert (1, "Task 'third': Attempt 1 failed (error): not yet; another will follow") in told(retried)


async def test_a_plan_that_was_tried_again_and_succeeded_is_completed_with_warnings(
    live: Lab, ada: Client, tmp_path: Path
) -> None:
    await live.define(f"""
tasks:
- {{name: needs a file, type: Package, config: {{kind: command, command: ["test", "-e", "{tmp_path}/there"]}}}}
plans:
- {{name: again, retries: {{attempts: 5, delay: 0.2}}, steps: [{{name: a, tasks: [needs a file]}}]}}
""")
    trigger = await ada.execute("again")

    async def has_failed_once() -> bool:
        return any(severity == 2 for severity, _ in told(await ada.logs("again", trigger)))

    await until(has_failed_once)
    (tmp_path / "there").touch()
    await ada.becomes("again", 0)
    execution = await ada.logs("again", trigger)
    assert execution["State"] == 5


async def test_a_cancelled_job_has_failed_and_says_so(live: Lab, ada: Client) -> None:
    await live.define(f"""
tasks: [{{name: load, type: Probe, config: {{do: wait, file: {live.folder}/never}}}}]
plans: [{{name: nightly, steps: [{{name: a, tasks: [load]}}]}}]
""")
    trigger = await ada.execute("nightly")
    await ada.becomes("nightly", 2)
    [run] = await World(live.app).fetch("SELECT id FROM run WHERE plan_id IS NOT NULL")
    await runs.cancel(live.app, live.admin, run["id"], datetime.now(UTC))
    await ada.becomes("nightly", 0)
    execution = await ada.logs("nightly", trigger)
    assert execution["State"] == 3
    assert told(execution)[-1] == (2, "Job 'nightly' was cancelled (cancel_requested)")


async def test_scheduled_runs_have_triggers_of_their_own_and_those_started_by_hand_have_none(
    live: Lab, ada: Client
) -> None:
    await live.define("""
tasks: [{name: load, type: Probe, config: {}}]
plans: [{name: nightly, steps: [{name: a, tasks: [load]}]}]
""")
    [plan] = await World(live.app).fetch("SELECT id FROM plan")
    what = TaskOrPlan(plan=PlanId(plan["id"]))
    async with live.app.db.transaction() as tx:
        admin = await users.ensure(tx, "admin", datetime.now(UTC))
    by_hand = of_user(admin, "admin", kind="session")
    for hour in (1, 2):
        at = datetime(2026, 3, 14, hour, tzinfo=UTC)
        trigger, nightly = starts.Trigger(key=at.isoformat()), starts.Fired(cause="schedule", name="nightly")
        await starts.fire(live.app, of_user(admin, "admin"), what, trigger, nightly, datetime.now(UTC))
        await ada.becomes("nightly", 0)
    await starts.start(live.app, by_hand, what, starts.Trigger(), datetime.now(UTC))
    await ada.becomes("nightly", 0)
    found = (await ada.call("GET", f"{BASE}/{await ada.job('nightly')}/logs", ada.key)).json()
    by_hand_trigger, second, first = [one["TriggerId"] for one in found]
    assert by_hand_trigger == EMPTY
    assert len({first, second, EMPTY}) == 3


async def test_the_key_of_the_command_line_starts_jobs_like_any_other(lab: Lab, ada: Client, world: World) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}}]\nplans: [{name: p, steps: [{name: a, tasks: [t]}]}]")
    await world.execute("UPDATE credential SET kind = 'local'")
    trigger = await ada.execute("p")
    assert trigger != EMPTY
    assert (await ada.logs("p", trigger))["TriggerId"] == trigger


async def test_of_many_requests_that_come_together_one_starts_the_job(lab: Lab, ada: Client) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}}]\nplans: [{name: p, steps: [{name: a, tasks: [t]}]}]")
    path = f"{BASE}/{await ada.job('p')}/execute"
    answers = await asyncio.gather(*(ada.call("POST", path, ada.key) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 9]

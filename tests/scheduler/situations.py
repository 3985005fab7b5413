"""Brings real runs into every situation of the state machine, and lets every event happen to them: with the functions
of the app, on the database, without an engine in between."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ostinato.app import attempts, holds, pauses, reruns, runs, sessions
from ostinato.app.application import App
from ostinato.core.contracts import Finished, Launch, Outcome, Started
from ostinato.core.ids import Lease, PlanId, RunId, TaskId
from ostinato.core.reruns import Part
from ostinato.core.states import ENDED, Event, Reason, State
from ostinato.store import sessions as session_statements
from ostinato.store.runs import TaskOrPlan
from tests.scheduler.conftest import Lab

RETRY_AFTER = 60
LONGEST = timedelta(days=1)
"""The time-out of a whole run."""
RETRIES = f'{{"attempts": 9, "delay": {RETRY_AFTER}, "factor": 1}}'
DEFINITIONS = """
tasks:
- {name: task, type: Probe, config: {}}
- {name: neighbour, type: Probe, config: {}}
- {name: inner, type: Probe, config: {}, overlap: parallel}
plans:
- {name: plan, steps: [{name: only, tasks: [inner]}]}
- {name: around task, steps: [{name: only, tasks: [task]}]}
- {name: around plan, steps: [{name: only, plans: [plan]}]}
"""
MOST_ROUNDS = 12
OUTCOMES: Mapping[Event, Outcome] = {
    Event.FINISH: Outcome(succeeded=True, rows=7),
    Event.FAIL: Outcome(succeeded=False, reason=Reason.INVALID, message="no further try mends this"),
    Event.RETRY: Outcome(succeeded=False, reason=Reason.ERROR, message="try again"),
    Event.ENDED_ON_REQUEST: Outcome(succeeded=False, reason=Reason.CANCEL_REQUESTED, message="ended"),
}


class Stage:
    """One run, the server that may hold it, and the events that may happen to it."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.app, self.admin = lab, lab.app, lab.admin
        self.now = datetime.now(UTC)
        self.run = RunId(0)
        self.launch: Launch | None = None
        """The attempt at work on the run, or on the task of its only step."""
        self.of = TaskOrPlan()

    async def define(self) -> None:
        """What there is to run."""
        await self.lab.define(DEFINITIONS)
        await self.sql("""INSERT INTO pool (environment_id, name, slots, created_at, changed_at)
                          SELECT environment_id, 'narrow', 1, now(), now() FROM task WHERE name = 'task'""")

    async def clear(self) -> None:
        """Nothing has run yet, nothing is paused, every policy is as it was defined, and our server is alive."""
        await self.sql("TRUNCATE run, step_run, run_log, finding, trigger_key, server_session")
        await self.sql(f"""UPDATE task
                              SET paused_at = NULL, run_timeout_s = {LONGEST.total_seconds()},
                                  retries = CASE WHEN name <> 'inner' THEN '{RETRIES}' ELSE '{{}}' END::jsonb,
                                  pool_id = CASE WHEN name <> 'inner' THEN (SELECT id FROM pool) END""")
        await self.sql(f"""UPDATE plan
                              SET paused_at = NULL, retries = '{RETRIES}', run_timeout_s = {LONGEST.total_seconds()}""")
        for memory in (self.app.held, self.app.unstarted, self.app.cancelled, self.app.unknown):
            memory.clear()
        self.run, self.launch, self.of = RunId(0), None, TaskOrPlan()
        await sessions.begin(self.app, self.now, alone=False)

    # Bringing a run into a situation

    async def enter(self, name: str) -> None:
        """A run of the task or plan of this name; a plan is at work at once, and so is the task of its only step."""
        self.run = await self.lab.start(name)
        await self.find_definition(name)
        self.launch = None

    async def enter_inside(self, name: str) -> None:
        """A run of it within a plan around it: such a run waits where a direct start is refused."""
        around = await self.lab.start(f"around {name}")
        self.run = await self.value("SELECT id FROM run WHERE parent_run_id = $1", around)
        await self.find_definition(name)
        self.launch = None

    async def find_definition(self, name: str) -> None:
        table = "plan" if name == "plan" else "task"
        found = await self.value(f"SELECT id FROM {table} WHERE name = $1", name)
        self.of = TaskOrPlan(plan=PlanId(found)) if table == "plan" else TaskOrPlan(task=TaskId(found))

    async def claim(self) -> None:
        launches = await attempts.take_turn(self.app, [], 1, self.now)
        if launches:
            (self.launch,) = launches

    async def neighbour(self, name: str) -> None:
        """Another server is at work on another run: of the same task, or in the same pool."""
        await self.lab.start(name)
        await self.claim_elsewhere()

    async def claim_elsewhere(self) -> None:
        other = replace(self.app, session=None, held={}, unstarted={}, cancelled={})
        await sessions.begin(other, self.now, alone=False)
        await attempts.take_turn(other, [], 1, self.now)

    # What may happen to it

    async def happen(self, event: Event, app: App | None = None) -> None:
        """Let an event happen, to the run itself or, if it is a plan, to the task of its only step."""
        app = app or self.app
        if event in OUTCOMES:
            await self.report(app, OUTCOMES[event])
        else:
            await _HAPPEN[event](self, app)

    async def report(self, app: App, outcome: Outcome) -> None:
        run, lease, attempt = self.run, Lease(0), 1
        if self.launch is not None:
            run, lease, attempt = self.launch.run, self.launch.lease, self.launch.attempt
        report = Finished(run=run, attempt=attempt, lease=lease, at=self.now.timestamp(), outcome=outcome)
        await attempts.take_turn(app, [report], 0, self.now)

    async def begin_attempt(self, app: App) -> None:
        if self.launch is not None:
            attempt = self.launch
            attempts.hear(
                app, Started(run=attempt.run, attempt=attempt.attempt, lease=attempt.lease, at=self.now.timestamp())
            )
        await attempts.take_turn(app, [], 0, self.now + timedelta(seconds=1))

    async def pause(self, app: App, *, paused: bool) -> None:
        await pauses.set_paused(app, self.admin, self.of, paused=paused, now=self.now)

    async def expire(self) -> None:
        """The server of the run is silent for so long that the others take it for dead."""
        assert self.app.session is not None
        async with self.app.db.transaction() as tx:
            await session_statements.renew(tx, self.app.session, timedelta(seconds=-1), 0)

    # Looking at it

    async def row(self) -> dict[str, Any]:
        async with self.app.db.reading() as tx:
            return dict(await tx.fetchrow("SELECT * FROM run WHERE id = $1", self.run))

    async def log(self) -> list[str]:
        return await self.lab.log(self.run)

    async def value(self, statement: str, *arguments: Any) -> Any:
        async with self.app.db.reading() as tx:
            return await tx.fetchval(statement, *arguments)

    async def sql(self, statement: str) -> None:
        async with self.app.db.transaction() as tx:
            await tx.execute(statement)

    async def play_on(self) -> None:
        """Let everything end that is live, as an engine would: nothing may be stuck, nothing left over."""
        for what in (self.of, await self.definition_of("inner")):
            await pauses.set_paused(self.app, self.admin, what, paused=False, now=self.now)
        await sessions.begin(self.app, self.now, alone=True)
        later = self.now + timedelta(seconds=2 * RETRY_AFTER)
        live = "SELECT count(*) FROM run WHERE state IN ('QUEUED', 'CLAIMED', 'RUNNING')"
        for _ in range(MOST_ROUNDS):
            if not await self.value(live):
                break
            await attempts.rescue(self.app, later)
            await holds.look(self.app, later)
            await holds.sweep(self.app, later)
            launches = await attempts.take_turn(self.app, [], 10, later)
            reports = [
                Finished(
                    run=launch.run,
                    attempt=launch.attempt,
                    lease=launch.lease,
                    at=later.timestamp(),
                    outcome=OUTCOMES[Event.FINISH],
                )
                for launch in launches
            ]
            await attempts.take_turn(self.app, reports, 0, later)
        assert await self.value(live) == 0, "something is stuck"
        held = await self.value(
            "SELECT count(*) FROM run WHERE num_nonnulls(lease, session_id, pool_slot, hold) > 0 OR alone"
        )
        assert held == 0, "something ended and still holds a slot or a lease"

    async def never_retry(self) -> None:
        for table in ("task", "plan"):
            await self.sql(f"UPDATE {table} SET retries = '{{}}'")

    async def definition_of(self, name: str) -> TaskOrPlan:
        return TaskOrPlan(task=TaskId(await self.value("SELECT id FROM task WHERE name = $1", name)))


async def _lose(stage: Stage, app: App) -> None:
    await stage.expire()
    await attempts.rescue(app, stage.now)


async def _pause(stage: Stage, app: App) -> None:
    await stage.pause(app, paused=True)
    await attempts.take_turn(app, [], 1, stage.now)  # a queued run is held when its turn comes


_HAPPEN: Mapping[Event, Callable[[Stage, App], Awaitable[Any]]] = {
    Event.CLAIM: lambda stage, app: attempts.take_turn(app, [], 1, stage.now),
    Event.BEGIN: lambda stage, app: holds.look(app, stage.now),
    Event.START: lambda stage, app: stage.begin_attempt(app),
    Event.RETRY_DUE: lambda stage, app: holds.look(app, stage.now + timedelta(seconds=2 * RETRY_AFTER)),
    Event.TIMEOUT: lambda stage, app: holds.look(app, stage.now + LONGEST + timedelta(minutes=5)),
    Event.CANCEL: lambda stage, app: runs.cancel(app, stage.admin, stage.run, stage.now),
    Event.LOST: _lose,
    Event.RELEASE: lambda stage, app: attempts.release(app, stage.now),
    Event.PAUSE: _pause,
    Event.RESUME: lambda stage, app: stage.pause(app, paused=False),
    Event.RERUN: lambda stage, app: reruns.rerun(app, stage.admin, stage.run, Part.ALL, stage.now),
}

FENCED = "is claimed by another server after it was lost"
TASK_SITUATIONS: Mapping[str, tuple[State, tuple[str, ...]]] = {
    "waits for a worker": (State.QUEUED, ("enter",)),
    "waits for its next try": (State.QUEUED, ("enter", "claim", Event.RETRY)),
    "waits for the end of a pause": (State.QUEUED, ("enter", Event.PAUSE)),
    "waits for another run of its task": (State.QUEUED, ("neighbour task", "enter inside", "claim")),
    "waits for a slot of its pool": (State.QUEUED, ("neighbour", "enter", "claim")),
    "is claimed": (State.CLAIMED, ("enter", "claim")),
    "is claimed and asked to end": (State.CLAIMED, ("enter", "claim", Event.CANCEL)),
    FENCED: (State.CLAIMED, ("enter", "claim", Event.LOST, "claim elsewhere")),
    "is running": (State.RUNNING, ("enter", "claim", Event.START)),
    "is running and asked to end": (State.RUNNING, ("enter", "claim", Event.START, Event.CANCEL)),
    "is running for too long": (State.RUNNING, ("enter", "claim", Event.START, Event.TIMEOUT)),
    "has succeeded": (State.SUCCEEDED, ("enter", "claim", Event.FINISH)),
    "has failed": (State.FAILED, ("enter", "claim", Event.FAIL)),
    "is cancelled": (State.CANCELLED, ("enter", "claim", Event.CANCEL, Event.ENDED_ON_REQUEST)),
}
PLAN_SITUATIONS: Mapping[str, tuple[State, tuple[str, ...]]] = {
    "waits for its next try": (State.QUEUED, ("enter", "claim", "fail inside")),
    "waits for the end of a pause": (State.QUEUED, ("pause it first", "enter inside")),
    "waits for another run of its plan": (State.QUEUED, ("neighbour plan", "enter inside")),
    "is running": (State.RUNNING, ("enter", "claim")),
    "is running and asked to end": (State.RUNNING, ("enter", "claim", Event.CANCEL)),
    "is running for too long": (State.RUNNING, ("enter", "claim", Event.TIMEOUT)),
    "has succeeded": (State.SUCCEEDED, ("enter", "claim", Event.FINISH)),
    "has failed": (State.FAILED, ("enter", "claim", "no retries", "fail inside")),
    "is cancelled": (State.CANCELLED, ("enter", "claim", Event.CANCEL, Event.FINISH)),
}


async def bring(stage: Stage, name: str, situation: str) -> State:
    """Bring a run of the task or plan called `name` into a situation; the state it has there."""
    state, scenes = (PLAN_SITUATIONS if name == "plan" else TASK_SITUATIONS)[situation]
    for scene in scenes:
        match scene:
            case "enter":
                await stage.enter(name)
            case "enter inside":
                await stage.enter_inside(name)
            case "claim":
                await stage.claim()
            case "pause it first":
                await stage.find_definition(name)
                await stage.pause(stage.app, paused=True)
            case "neighbour" | "neighbour task" | "neighbour plan":
                await stage.neighbour(scene.removeprefix("neighbour ") or "neighbour")
            case "claim elsewhere":
                await stage.claim_elsewhere()
            case "no retries":
                await stage.never_retry()
            case "fail inside":
                await stage.happen(Event.FAIL)
            case event:
                await stage.happen(Event(event))
    assert (await stage.row())["state"] == state, situation
    assert (state in ENDED) == (state.value in {"SUCCEEDED", "FAILED", "CANCELLED"})
    return state

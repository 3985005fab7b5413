"""Plays a world on the database without an engine: servers take turns, workers answer as the world says, servers die,
commits are answered with errors, people pause and cancel. After every action the engine's invariants are looked at.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ostinato.app import attempts, holds, pauses, runs, sessions
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.contracts import Finished, Launch, Log, LogLine, Outcome, Report
from ostinato.core.errors import Unavailable
from ostinato.core.ids import Lease, RunId
from ostinato.core.plans import Ref
from ostinato.core.states import LIVE, Reason, State
from ostinato.store import sessions as session_statements
from ostinato.store.runs import TaskOrPlan
from tests.scheduler.model import FAILS, FINDS, IS_LOST, SUCCEEDS, TIMES_OUT, Facts, Path, World, answer
from tests.scheduler.worlds import RETRY_DELAY, Made
from tests.taps import Fault, Faults, insist

AT_WORK = (State.CLAIMED, State.RUNNING)
SLOTS = 4
MOST_STILL = 5
"""Rounds in which nothing changes, after which a world is stuck: what got lost is found in the second."""
OUTCOMES: Mapping[str, Outcome] = {
    SUCCEEDS: Outcome(succeeded=True),
    FAILS: Outcome(succeeded=False, reason=Reason.ERROR, message="it failed"),
    FINDS: Outcome(succeeded=False, reason=Reason.CHECK_FAILED, message="it found something"),
    TIMES_OUT: Outcome(succeeded=False, reason=Reason.TIMEOUT, message="it took too long"),
    IS_LOST: Outcome(succeeded=False, reason=Reason.LOST, message="the worker is gone"),
}
ON_REQUEST = Outcome(succeeded=False, reason=Reason.CANCEL_REQUESTED, message="it was told to end")
Row = Mapping[str, Any]


@dataclass
class Server:
    """One server: what it holds, what its workers do, and what they said that is not stored yet."""

    app: App
    faults: Faults
    at_work: dict[Lease, Launch] = field(default_factory=dict)
    inbox: list[Report] = field(default_factory=list)


class Drive:
    """One world at play."""

    def __init__(self, world: World, made: Made, app: App, admin: Actor, servers: Sequence[Server]) -> None:
        self.world, self.made, self.app, self.admin, self.servers = world, made, app, admin, servers
        self.now = datetime.now(UTC)
        self.root = RunId(0)
        self.rows: dict[int, Row] = {}
        self.paths: dict[int, Path] = {}
        self.crashed: set[tuple[int, int]] = set()
        self.said: Counter[tuple[int, str]] = Counter()
        """The lines of attempts that were stored while they held their leases."""
        self.cancelled = False
        self.lines: Counter[Lease] = Counter()
        self.task_of = {id: number for number, id in made.tasks.items()}
        self.plan_of = {id: number for number, id in made.plans.items()}

    async def begin(self) -> None:
        for server in self.servers:
            await self.new_life(server)
        self.root = await runs.start_plan(self.app, self.admin, self.made.plans[0], self.now)
        await self.look()

    # What may happen

    async def new_life(self, server: Server) -> None:
        server.at_work.clear()
        for memory in (server.app.held, server.app.unstarted, server.app.cancelled, server.app.unknown):
            memory.clear()
        await insist(lambda: sessions.begin(server.app, self.now, alone=False))

    async def take_turn(self, server: Server, free: int) -> None:
        """Store what workers said and claim as much as is free; what cannot be stored is kept."""
        reports = list(server.inbox)
        try:
            launches = await attempts.take_turn(server.app, reports, free, self.now)
        except Unavailable:
            return
        for report in reports:
            if isinstance(report, Log) and self.rows[report.run]["lease"] == report.lease:
                self.said[report.run, report.lines[0].text] = 1
        del server.inbox[: len(reports)]
        server.at_work |= {launch.lease: launch for launch in launches}

    async def work(self, server: Server, most: int) -> None:
        """Some of the workers of a server come to the end of their attempts."""
        for lease in list(server.at_work)[:most]:
            launch = server.at_work.pop(lease)
            told = OUTCOMES[self.answer_of(launch)]
            if server.app.cancelled.pop(lease, None) is not None:
                told = ON_REQUEST
            at = self.now.timestamp()
            self._say(server, launch)
            server.inbox.append(Finished(run=launch.run, attempt=launch.attempt, lease=lease, at=at, outcome=told))

    async def say(self, server: Server) -> None:
        """Workers say something and go on."""
        for launch in server.at_work.values():
            self._say(server, launch)

    async def crash(self, server: Server, other: Server) -> None:
        """A server falls silent, and another one takes back what it held. Its last words may come late."""
        assert server.app.session is not None
        async with self.app.db.transaction() as tx:
            await session_statements.renew(tx, server.app.session, timedelta(seconds=-1), 0)
        self.crashed |= {
            (row["id"], row["attempt"])
            for row in self.rows.values()
            if row["session_id"] == server.app.session and row["state"] in AT_WORK
        }
        await insist(lambda: attempts.rescue(other.app, self.now))
        await self.new_life(server)

    async def stop(self, server: Server) -> None:
        """A server stops in good order: it stores what it has heard and gives back the rest."""
        while server.inbox:
            await self.take_turn(server, 0)
            await self.see()
        await insist(lambda: attempts.release(server.app, self.now))
        await insist(lambda: sessions.end(server.app))
        await self.new_life(server)

    async def renew(self, server: Server) -> None:
        try:
            assert await sessions.renew(server.app, self.now), "it is alive"
        except Unavailable:
            return

    async def look(self) -> None:
        await holds.look(self.app, self.now)

    async def pause(self, which: int, *, paused: bool) -> None:
        things = [TaskOrPlan(task=task) for task in self.made.tasks.values()]
        things += [TaskOrPlan(plan=plan) for plan in self.made.plans.values()]
        await pauses.set_paused(self.app, self.admin, things[which % len(things)], paused=paused, now=self.now)

    async def cancel(self, which: int) -> None:
        live = [run for run, row in self.rows.items() if row["state"] in LIVE]
        self.cancelled = True
        if live:
            await runs.cancel(self.app, self.admin, RunId(live[which % len(live)]), self.now)

    # Playing

    async def act(self, action: str, which: int, amount: int) -> None:
        server, other = self.servers[which], self.servers[1 - which]
        match action:
            case "take turn":
                await self.take_turn(server, amount)
            case "work":
                await self.work(server, amount)
            case "say":
                await self.say(server)
            case "crash":
                await self.crash(server, other)
            case "stop":
                await self.stop(server)
            case "renew":
                await self.renew(server)
            case "pause" | "resume":
                await self.pause(amount, paused=action == "pause")
            case "cancel":
                await self.cancel(amount)
            case "time passes":
                self.now += timedelta(seconds=RETRY_DELAY)
            case fault:
                server.faults.plan(Fault(fault))
        await self.see()
        await self.look()
        await self.see()

    async def settle(self) -> None:
        """Go on until nothing is live, without further trouble."""
        for server in self.servers:
            server.faults.planned.clear()
        for number in range(len(self.made.tasks) + len(self.made.plans)):
            await self.pause(number, paused=False)
        still = 0
        while any(row["state"] in LIVE for row in self.rows.values()) or any(server.inbox for server in self.servers):
            before = self.rows
            for server in self.servers:
                await self.renew(server)
                await self.work(server, SLOTS)
                await self.take_turn(server, SLOTS)
                await self.see()
            self.now += timedelta(seconds=RETRY_DELAY)
            await self.look()
            await self.see()
            still = still + 1 if self.rows == before else 0
            assert still < MOST_STILL, f"it is stuck: {[row for row in self.rows.values() if row['state'] in LIVE]}"

    def _say(self, server: Server, launch: Launch) -> None:
        self.lines[launch.lease] += 1
        number = self.lines[launch.lease]
        line = LogLine(at=self.now.timestamp(), text=f"line {number} of lease {launch.lease}")
        server.inbox.append(Log(run=launch.run, attempt=launch.attempt, lease=launch.lease, lines=[line], first=number))

    def answer_of(self, launch: Launch) -> str:
        row = self.rows[launch.run]
        return answer(self.world.tasks[self.task_of[row["task_id"]]], self.paths[launch.run], launch.attempt)

    def facts(self) -> Facts:
        return Facts(
            crashed=frozenset((self.paths[run], attempt) for run, attempt in self.crashed),
            asked={
                self.paths[run]: State(row["state"]) for run, row in self.rows.items() if row["cancel_requested_at"]
            },
        )

    # Looking

    async def see(self) -> None:
        """Look at everything there is, and hold it against the invariants."""
        async with self.app.db.reading() as tx:
            self.rows = {row["id"]: dict(row) for row in await tx.fetch("SELECT * FROM run ORDER BY id")}
            alive = {
                row["id"]
                for row in await tx.fetch("SELECT id FROM server_session WHERE alive_until > clock_timestamp()")
            }
            paused = {
                (row["kind"], row["id"])
                for row in await tx.fetch(
                    """SELECT 'task' AS kind, id FROM task WHERE paused_at IS NOT NULL
                        UNION ALL SELECT 'plan', id FROM plan WHERE paused_at IS NOT NULL"""
                )
            }
            pools = dict(await tx.fetch("SELECT id, slots FROM pool"))
        for run, row in self.rows.items():
            if run not in self.paths:
                parent = row["parent_run_id"]
                self.paths[run] = (
                    () if parent is None else (*self.paths[parent], (self._try_of(parent), *self._place(row)))
                )
        self._check_pools(pools)
        self._check_overlap()
        self._check_limits()
        for row in self.rows.values():
            if row["state"] in AT_WORK and row["graph_id"] is None:
                assert row["session_id"] in alive, "it is held by a server that is alive"
            elif row["state"] in AT_WORK:
                children = [other for other in self.rows.values() if other["parent_run_id"] == row["id"]]
                assert any(child["state"] in LIVE for child in children), "something below it is live"
        idle = [
            row["id"]
            for row in self.rows.values()
            if row["state"] == State.QUEUED and not self._has_cause(row, paused, pools)
        ]
        assert self.cancelled or not idle, f"they wait for nothing: {[self.rows[run] for run in idle]}"
        if idle:  # what stood before them was cancelled, and the next look around finds them
            assert await holds.sweep(self.app, self.now)
            await self.see()

    def _try_of(self, run: int) -> int:
        return int(self.rows[run]["attempt"])

    def _place(self, row: Row) -> tuple[int, bool, Ref]:
        task, plan = row["task_id"], row["plan_id"]
        ref = Ref(task=self.task_of.get(task)) if task is not None else Ref(plan=self.plan_of.get(plan))  # type: ignore[arg-type]
        return row["step"], row["handler"], ref

    def _at_work(self) -> list[Row]:
        return [row for row in self.rows.values() if row["state"] in AT_WORK]

    def _check_pools(self, pools: Mapping[int, int]) -> None:
        held = Counter((row["pool_id"], row["pool_slot"]) for row in self._at_work() if row["pool_slot"] is not None)
        assert all(count == 1 for count in held.values()), "a slot is held once"
        assert all(1 <= slot <= pools[pool] for pool, slot in held), "no more slots are held than there are"
        for row in self._at_work():
            if row["task_id"] is not None and self.world.tasks[self.task_of[row["task_id"]]].pool is not None:
                assert row["pool_slot"] is not None, "what is at work in a pool holds a slot of it"

    def _check_overlap(self) -> None:
        together = Counter((row["task_id"], row["plan_id"]) for row in self._at_work())
        for (task, plan), count in together.items():
            spec = self.world.tasks[self.task_of[task]] if task else self.world.plans[self.plan_of[plan]]
            assert count == 1 or spec.overlap == "parallel", "it is at work once at a time"

    def _check_limits(self) -> None:
        live = [row for row in self.rows.values() if row["state"] in LIVE and row["parent_run_id"] is not None]
        in_step = Counter((row["parent_run_id"], row["step"], row["handler"]) for row in live)
        for (parent, number, _), count in in_step.items():
            limit = self._graph(parent).steps[number].limit
            assert limit is None or count <= limit, "no more runs of a step are live than its limit allows"
        for parent, count in Counter(row["parent_run_id"] for row in live).items():
            limit = self._graph(parent).limit
            assert limit is None or count <= limit, "no more runs of a plan are live than its limit allows"

    def _graph(self, run: int) -> Any:
        row = self.rows[run]
        number: Any = (
            self.plan_of[row["plan_id"]]
            if row["plan_id"] is not None
            else self.world.tasks[self.task_of[row["task_id"]]].consists_of
        )
        return self.world.plans[number].graph

    def _has_cause(self, row: Row, paused: set[tuple[str, int]], pools: Mapping[int, int]) -> bool:
        """Whether what holds a queued run is there; what is let go stands before the others and will be taken."""
        match row["hold"]:
            case None:
                return True
            case "due":
                return row["due_at"] is not None
            case "paused":
                return ("task", row["task_id"]) in paused or ("plan", row["plan_id"]) in paused
            case "pool":
                others = [o for o in self.rows.values() if o["pool_id"] == row["pool_id"]]
                at_work = sum(other["state"] in AT_WORK for other in others)
                return at_work == pools[row["pool_id"]] or any(_is_next(other) for other in others)
            case kind:
                key = f"{kind}_id"
                others = [o for o in self.rows.values() if o[key] == row[key] and o is not row]
                return any(other["state"] in AT_WORK or _goes_before(other, row) for other in others)


def _is_next(row: Row) -> bool:
    return row["state"] == State.QUEUED and row["hold"] is None


def _goes_before(other: Row, row: Row) -> bool:
    """Whether a queued run lets another one go when it has ended, whatever it waits for itself."""
    return other["state"] == State.QUEUED and other["hold"] != row["hold"]

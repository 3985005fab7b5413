"""What the engine says to the database a thousand times a second costs the same after a million runs.

The database of this module holds 1,000,000 ended runs, 100,000 steps that wait and 126,000 runs that are held. Every
hot statement is run through its function of the store, planned as the product plans it (once, for any arguments), and
taken back. What it may touch depends on what it was asked for, never on what is stored.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from ostinato.app import access
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.core.ids import EnvironmentId, PlanId, RunId
from ostinato.core.plans import Condition, Ref
from ostinato.core.progress import PlanEnd
from ostinato.core.states import Reason, State
from ostinato.store import attempts, backfills, history, holds, logs, plan_runs, runs, sessions, starts, steps
from ostinato.store.db import Database, fetch
from ostinato.store.plan_runs import Among
from ostinato.store.workspaces import Page
from tests.databases import administer, url_of

HERE = Path(__file__).parent
NAME = "ostinato_million"
NOW = datetime.now(UTC)
HOT = ("run", "step_run", "trigger_key", "finding")
"""How the names of tables and indexes begin that grow with what was run; the others grow with what is defined."""

ADMIN, OURS, BATCH = 1, 1, 100
PLANS = [1_000_000 + n for n in range(1, BATCH + 1)]
HELD = [(1_001_000 + n, n) for n in range(1, BATCH + 1)]
"""Attempts of ours: run and lease; the parents of their runs are PLANS."""


@dataclass
class Plan:
    """How one statement was carried out."""

    sequential: set[str] = field(default_factory=set)
    indexes: set[str] = field(default_factory=set)
    rows: float = 0.0
    blocks: int = 0
    milliseconds: float = 0.0


class Explained:
    """Takes the place of a transaction: statements are carried out, explained, and taken back; they answer nothing."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.plans: list[Plan] = []

    async def fetch(self, text: str, *arguments: Any) -> list[Any]:
        self.plans.append(self._explain(text, arguments))
        return []

    async def fetchrow(self, text: str, *arguments: Any) -> None:
        self.plans.append(self._explain(text, arguments))

    fetchval = execute = fetchrow

    def _explain(self, text: str, arguments: Sequence[Any]) -> Plan:
        literals = [psycopg.sql.Literal(_adapted(value)).as_string(self._connection) for value in arguments]
        called = f"EXECUTE asked({', '.join(literals)})" if literals else "EXECUTE asked"
        with self._connection.transaction(force_rollback=True), self._connection.cursor() as cursor:
            cursor.execute(f"PREPARE asked AS {text}".encode())
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {called}".encode())
            row = cursor.fetchone()
            cursor.execute("DEALLOCATE asked")
        assert row is not None
        return read(row[0][0])


def _adapted(value: Any) -> Any:
    if isinstance(value, list):
        return [_adapted(item) for item in value]
    return Jsonb(value) if isinstance(value, dict) else value


def read(told: dict[str, Any]) -> Plan:
    root = told["Plan"]
    plan = Plan(milliseconds=told["Execution Time"], blocks=root["Shared Hit Blocks"] + root["Shared Read Blocks"])
    nodes = [root]
    while nodes:
        node = nodes.pop()
        nodes += node.get("Plans", [])
        loops = node["Actual Loops"]
        removed = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
        plan.rows += (node["Actual Rows"] + removed) * loops
        if node["Node Type"] == "Seq Scan" and node["Relation Name"].startswith(HOT):
            plan.sequential.add(node["Relation Name"])
        if node.get("Index Name", "").startswith(HOT):
            plan.indexes.add(node["Index Name"])
    return plan


@dataclass(frozen=True)
class Bound:
    """What a statement may touch: so many rows of anything, so many blocks, in these indexes of large tables."""

    rows: int
    blocks: int
    indexes: frozenset[str] | None


def each(rows: int, blocks: int, indexes: str) -> Bound:
    """For each of the things that were asked for."""
    return Bound(rows * BATCH, blocks * BATCH, frozenset(indexes.split()))


def all_in_all(rows: int, blocks: int, indexes: str | None = None) -> Bound:
    return Bound(rows, blocks, None if indexes is None else frozenset(indexes.split()))


def _end(number: int) -> attempts.EndReport:
    run, lease = HELD[number]
    return attempts.EndReport(
        run=run,
        lease=lease,
        target=State.SUCCEEDED,
        reason=None,
        message="",
        row_count=1,
        counts={"seen": 1},
        started_at=NOW,
        at=NOW,
        due_at=None,
    )


def _children() -> list[steps.ChildToMake]:
    return [steps.ChildToMake(parent=run, step=1, handler=False, ref=Ref(task=1500 + n)) for n, run in enumerate(PLANS)]


def _openings() -> list[steps.Opening]:
    return [
        steps.Opening(run=run, step=1, handler=False, condition=Condition.ALL_SUCCEEDED, needed=1, remaining=0)
        for run in PLANS
    ]


def _lines() -> list[logs.Line]:
    return [logs.Line(run=run, lease=lease, at=NOW, text="said", number=100_001) for run, lease in HELD]


def _wishes() -> list[starts.Wish]:
    tasks = [starts.Wish(what=runs.TaskOrPlan(task=1600 + n), requested_by=ADMIN) for n in range(BATCH // 2)]
    return tasks + [starts.Wish(what=runs.TaskOrPlan(plan=1 + n), requested_by=ADMIN) for n in range(BATCH // 2)]


def _keys() -> list[starts.Kept]:
    return [starts.Kept(scope="user:1", key=f"new {n}", run=n, task=1, plan=None) for n in range(BATCH)]


LATELY = runs.Wanted(limit=100, types=("Probe",), text="TASK", begin=NOW - timedelta(days=30), before=1_200_000)
FAILED_CHECKS = runs.Wanted(limit=100, before=500_000, states=(State.FAILED,), text="task", cause="api")
NOWHERE = runs.Wanted(limit=100, text="no run has these words")
LONG_AGO = runs.Wanted(limit=100, begin=NOW - timedelta(days=9), text="no run has these words")
Call = Callable[[Any], Awaitable[Any]]


def _roots(first: int, kept_on: date | None) -> list[plan_runs.Past]:
    return [
        plan_runs.Past(run=RunId(run), day=kept_on, state=State.SUCCEEDED, cause="api", queued_at=NOW, ended_at=NOW)
        for run in range(first, first + 20)
    ]


TWENTY, SOME = Page(limit=20, offset=0), plan_runs.Most(runs=1_000, lines=1_000, characters=100_000, longest_line=100)
LIVE_RUNS = _roots(1_000_001, None)
KEPT_RUNS = _roots(600_001, (NOW - timedelta(seconds=(1_000_001 - 600_001) * 5)).date())


HOT_STATEMENTS: dict[str, tuple[Call, Bound]] = {
    "runs/claim": (
        lambda tx: attempts.claim(tx, OURS, BATCH),
        each(40, 50, "run_ready run_pkey run_live_of_task run_slot_of_pool"),
    ),
    "runs/started": (
        lambda tx: attempts.started(tx, [attempts.StartReport(run=r, lease=lease, at=NOW) for r, lease in HELD]),
        each(5, 20, "run_pkey"),
    ),
    "runs/finish": (
        lambda tx: attempts.finish(tx, [_end(n) for n in range(BATCH)], NOW),
        each(10, 50, "run_pkey run_held_by_task run_held_by_pool"),
    ),
    "runs/rescue": (lambda tx: attempts.rescue(tx, NOW, 3), each(20, 50, "run_held")),
    "runs/release": (lambda tx: attempts.release(tx, OURS, NOW), each(10, 50, "run_held")),
    "runs/held": (lambda tx: attempts.held(tx, OURS), each(5, 5, "run_held")),
    "runs/give_back": (
        lambda tx: attempts.give_back(tx, [attempts.HeldRow(run=r, lease=lease) for r, lease in HELD], NOW),
        each(10, 50, "run_pkey"),
    ),
    "runs/let_go": (
        lambda tx: holds.let_go(tx, list(range(1, 31)), list(range(201, 211)), {1: 30}),
        each(20, 50, "run_held_by_task run_held_by_plan run_held_by_pool run_pkey"),
    ),
    # Bounded by the tasks, plans and pools that something waits for, 111 here; not by how much waits.
    "runs/let_go_all": (
        lambda tx: holds.let_go_all(tx, 1_000),
        each(
            40,
            20,
            "run_held_by_task run_held_by_plan run_held_by_pool run_held_by_pause run_slot_of_pool run_live_of_task"
            " run_live_of_plan run_pkey",
        ),
    ),
    "runs/let_go_paused": (
        lambda tx: holds.let_go_paused(tx, runs.TaskOrPlan(task=1_999)),
        all_in_all(10, 20, "run_held_by_pause"),
    ),
    "runs/wake_due": (
        lambda tx: holds.wake_due(tx, NOW + timedelta(days=2), BATCH),
        each(10, 50, "run_due run_pkey"),
    ),
    "runs/next_due": (holds.next_due, all_in_all(10, 20, "run_due run_deadline")),
    "runs/overdue": (lambda tx: runs.overdue(tx, NOW + timedelta(days=9), BATCH), each(5, 5, "run_deadline")),
    "runs/begin": (
        lambda tx: holds.begin(tx, NOW, BATCH),
        each(40, 50, "run_ready_plan run_pkey run_live_of_task run_live_of_plan"),
    ),
    "runs/request_cancel": (
        lambda tx: runs.request_cancel(tx, [PLANS[0]], NOW, Reason.CANCEL_REQUESTED),
        all_in_all(50, 200, "run_pkey run_children"),
    ),
    "runs/count_steps": (
        lambda tx: runs.count_steps(tx, [runs.StepCount(run=r, opened=1, ended=1) for r in PLANS]),
        each(10, 50, "run_pkey"),
    ),
    "runs/end_plans": (
        lambda tx: runs.end_plans(tx, [(r, PlanEnd(state=State.SUCCEEDED)) for r in PLANS], NOW),
        each(10, 50, "run_pkey"),
    ),
    "steps/open": (
        lambda tx: steps.open_steps(tx, _openings(), _children(), NOW),
        each(40, 60, "run_pkey run_live_of_task run_live_of_plan"),
    ),
    "steps/count_runs": (
        lambda tx: steps.count_runs(tx, [steps.Ending(run=r, step=0, handler=False, succeeded=1) for r in PLANS]),
        each(20, 50, "run_pkey step_run_running"),
    ),
    "steps/count_down": (
        lambda tx: steps.count_down(
            tx,
            [steps.CountDown(run=r, step=1, condition=Condition.ALL_SUCCEEDED, needed=1, ended=1) for r in PLANS],
        ),
        each(5, 30, ""),
    ),
    "steps/running": (lambda tx: steps.at_work(tx, PLANS), each(5, 10, "step_run_running")),
    "logs/append": (lambda tx: logs.append(tx, _lines()), each(10, 30, "run_pkey")),
    "logs/read": (lambda tx: logs.read(tx, 1_001_001, ADMIN, 0, 100), all_in_all(500, 100)),
    "runs/lock_wanted": (
        lambda tx: starts.lock_wanted(tx, [(wish.what, ADMIN) for wish in _wishes()]),
        each(40, 20, ""),
    ),
    "runs/start": (lambda tx: starts.start(tx, _wishes(), NOW), each(40, 50, "run_live_of_task run_live_of_plan")),
    "trigger_keys/find": (
        lambda tx: starts.find_keys(tx, [("user:1", f"key {n}") for n in range(1, BATCH + 1)]),
        each(5, 10, "trigger_key_pkey"),
    ),
    "trigger_keys/keep": (lambda tx: starts.keep_keys(tx, _keys(), NOW), each(5, 20, "")),
    "runs/get": (lambda tx: runs.get(tx, [5_000], ADMIN), all_in_all(50, 100)),
    "runs/list": (lambda tx: runs.list_runs(tx, ADMIN, runs.Wanted(limit=100)), all_in_all(2_000, 1_000)),
    "runs/list, history": (
        lambda tx: runs.list_runs(tx, ADMIN, runs.Wanted(limit=100, before=1_000_000)),
        all_in_all(2_000, 1_000),
    ),
    "runs/list, one workspace": (
        lambda tx: runs.list_runs(tx, ADMIN, runs.Wanted(limit=100, workspace="lab", environment="Production")),
        all_in_all(2_000, 1_000),
    ),
    "runs/list, queued": (
        lambda tx: runs.list_runs(tx, ADMIN, runs.Wanted(limit=100, states=(State.QUEUED,))),
        all_in_all(2_000, 1_000),
    ),
    "runs/tree": (lambda tx: runs.tree(tx, 620_001, ADMIN), all_in_all(1_000, 500)),
    "plan_runs/plans": (
        lambda tx: plan_runs.list_plans(tx, ADMIN, "Production", Page(limit=100, offset=0)),
        all_in_all(20_000, 20_000),
    ),
    "plan_runs/plans, one": (
        lambda tx: plan_runs.list_plans(tx, ADMIN, "Production", Page(limit=1, offset=0), PlanId(7)),
        all_in_all(500, 200),
    ),
    "single_plans/list": (
        lambda tx: fetch(tx, "single_plans/list", dict, ADMIN, None, None, None, None, None, 100, 0),
        all_in_all(5_000, 2_000),
    ),
    "plan_runs/list": (lambda tx: plan_runs.list_runs(tx, ADMIN, PlanId(7), Among(), TWENTY), all_in_all(100, 200)),
    "plan_runs/members": (
        lambda tx: plan_runs.members(tx, ADMIN, EnvironmentId(1), LIVE_RUNS, SOME),
        all_in_all(10_000, 1_000),
    ),
    "plan_runs/lines": (
        lambda tx: plan_runs.lines(tx, ADMIN, EnvironmentId(1), LIVE_RUNS, SOME),
        all_in_all(10_000, 2_000),
    ),
    "runs/standings": (lambda tx: runs.standings(tx, 600_001, ADMIN), all_in_all(1_000, 500)),
    "runs/search": (lambda tx: runs.search(tx, ADMIN, LATELY), all_in_all(2_000, 1_000)),
    "runs/search, failed": (lambda tx: runs.search(tx, ADMIN, FAILED_CHECKS), all_in_all(2_000, 2_000)),
    "runs/count": (lambda tx: runs.count(tx, ADMIN, runs.Wanted(types=("Probe",)), 1_001), all_in_all(4_000, 2_000)),
    "history/ripe": (
        lambda tx: history.ripe(tx, NOW - timedelta(hours=1), BATCH, 5_000),
        each(20, 50, "run_to_keep run_of_root run_log_pkey"),
    ),
    "backfills/going": (backfills.going, all_in_all(5, 5, "")),
    "backfills/settle": (lambda tx: backfills.settle(tx, NOW), all_in_all(5, 20, "run_pkey")),
    "sessions/renew": (lambda tx: sessions.renew(tx, OURS, timedelta(seconds=12), 8), all_in_all(1_000, 100, "")),
}
"""Each with what it may touch, and the indexes of large tables it is to use; None: whichever serves."""


FAILED = runs.Wanted(limit=100, before=500_000, states=(State.FAILED,))
HISTORY: dict[str, tuple[Call, Bound]] = {
    "runs/get": (lambda tx: runs.get(tx, [5_000], ADMIN), all_in_all(50, 100)),
    "runs/list": (lambda tx: runs.list_runs(tx, ADMIN, runs.Wanted(limit=100)), all_in_all(2_000, 1_000)),
    "runs/list, history": (
        lambda tx: runs.list_runs(tx, ADMIN, runs.Wanted(limit=100, before=1_000_000)),
        all_in_all(2_000, 2_000),
    ),
    "runs/list, failed": (lambda tx: runs.list_runs(tx, ADMIN, FAILED), all_in_all(2_000, 2_000)),
    "runs/tree": (lambda tx: runs.tree(tx, 620_001, ADMIN), all_in_all(1_000, 500)),
    "logs/read": (lambda tx: logs.read(tx, 5_000, ADMIN, 0, 100), all_in_all(500, 100)),
    "plan_runs/list": (lambda tx: plan_runs.list_runs(tx, ADMIN, PlanId(7), Among(), TWENTY), all_in_all(200, 300)),
    "plan_runs/list, one": (
        lambda tx: plan_runs.list_runs(tx, ADMIN, PlanId(7), Among(above=600_005, below=600_007), TWENTY),
        all_in_all(50, 100),
    ),
    "plan_runs/members": (
        lambda tx: plan_runs.members(tx, ADMIN, EnvironmentId(1), KEPT_RUNS, SOME),
        all_in_all(10_000, 2_000),
    ),
    "plan_runs/lines": (
        lambda tx: plan_runs.lines(tx, ADMIN, EnvironmentId(1), KEPT_RUNS, SOME),
        all_in_all(3_000, 3_000),
    ),
    "runs/standings": (lambda tx: runs.standings(tx, 600_001, ADMIN), all_in_all(1_000, 500)),
    "runs/search": (lambda tx: runs.search(tx, ADMIN, LATELY), all_in_all(2_000, 3_000)),
    "runs/search, failed": (lambda tx: runs.search(tx, ADMIN, FAILED_CHECKS), all_in_all(2_000, 2_000)),
    "runs/count": (lambda tx: runs.count(tx, ADMIN, runs.Wanted(types=("Probe",)), 1_001), all_in_all(4_000, 2_000)),
    # What nothing matches is looked for in all that may match, once; a beginning leaves the weeks before it alone.
    "runs/search, in vain": (lambda tx: runs.search(tx, ADMIN, NOWHERE), all_in_all(2_000, 40_000)),
    "runs/search, in vain, since": (lambda tx: runs.search(tx, ADMIN, LONG_AGO), all_in_all(2_000, 8_000)),
}
"""The same when a million runs are history, spread over weeks."""


@pytest.fixture(scope="module")
def million(server_url: str, template: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database full of history; once for the module."""
    begun = time.monotonic()
    administer(server_url, f"CREATE DATABASE {NAME} TEMPLATE {template}")
    url = url_of(server_url, NAME)
    asyncio.run(_set_up(url))
    with connected(url) as connection:
        connection.execute(
            "INSERT INTO workspace (environment_id, key, name, created_at)"
            " SELECT id, 'lab', 'Lab', now() FROM environment WHERE name = 'Production'"
        )
        connection.execute((HERE / "a_million_runs.sql").read_bytes())
        connection.execute("ANALYZE")
        sys.stderr.write(f"\na million runs made in {time.monotonic() - begun:.1f} s\n")
        yield connection
    administer(server_url, f"DROP DATABASE {NAME} WITH (FORCE)")


def connected(url: str) -> psycopg.Connection[Any]:
    """Set up like the product's own connections."""
    options = "-c plan_cache_mode=force_generic_plan -c jit=off -c timezone=UTC"
    return psycopg.connect(url, autocommit=True, options=options)


@pytest.fixture(scope="module")
def kept(million: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """The same, after the million has become history."""
    begun = time.monotonic()
    million.execute((HERE / "a_million_kept.sql").read_bytes())
    million.execute("VACUUM ANALYZE run, run_log")
    million.execute("ANALYZE kept_run, kept_log, kept_week")
    sys.stderr.write(f"\na million runs moved in {time.monotonic() - begun:.1f} s\n")
    return million


async def _set_up(url: str) -> None:
    app = App(db=Database(url, connections=1), keyring=Keyring({"test": bytes(32)}))
    await app.db.open()
    await access.set_up(app, NOW)
    await app.db.close()


@pytest.mark.parametrize("name", HOT_STATEMENTS)
async def test_a_hot_statement_touches_what_it_was_asked_for_and_nothing_else(
    million: psycopg.Connection[Any], name: str
) -> None:
    await check(million, name, *HOT_STATEMENTS[name])


def test_plans_made_before_there_was_anything_to_run_are_as_good(database_url: str) -> None:
    """A connection keeps its plans until the table has been analysed, which may be many thousand runs later."""
    with connected(database_url) as connection:
        sequential = {name for name, (call, _) in HOT_STATEMENTS.items() if plan_of(connection, call).sequential}
    assert sequential <= {"runs/request_cancel"}, "cancelling is rare"


def plan_of(connection: psycopg.Connection[Any], call: Call) -> Plan:
    tx = Explained(connection)
    asyncio.run(call(tx))  # type: ignore[arg-type]
    return tx.plans[-1]


async def test_a_statement_that_reads_all_of_history_is_noticed(million: psycopg.Connection[Any]) -> None:
    tx = Explained(million)
    await tx.fetch("SELECT id FROM run WHERE message = $1::text", "no index has this")
    (plan,) = tx.plans
    assert plan.sequential == {"run"}
    assert plan.rows > 1_000_000
    assert plan.blocks > 10_000


@pytest.mark.parametrize("name", HISTORY)
async def test_history_is_read_where_it_is(kept: psycopg.Connection[Any], name: str) -> None:
    await check(kept, name, *HISTORY[name])


async def check(connection: psycopg.Connection[Any], name: str, call: Call, bound: Bound) -> None:
    """The second call counts: at the first, a connection learns which tables there are."""
    tx = Explained(connection)
    await call(tx)
    await call(tx)
    plan = tx.plans[-1]
    sys.stderr.write(
        f"{name:25} rows {plan.rows:6.0f} of {bound.rows}, blocks {plan.blocks:6} of {bound.blocks},"
        f" {plan.milliseconds:7.2f} ms, {' '.join(sorted(plan.indexes))}\n"
    )
    assert not plan.sequential, "a large table is read from end to end, or would be with other arguments"
    assert plan.indexes == bound.indexes or bound.indexes is None
    assert plan.rows <= bound.rows
    assert plan.blocks <= bound.blocks

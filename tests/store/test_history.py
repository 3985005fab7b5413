"""What ended becomes history without a trace to those who read; what is too old is dropped; nothing alive is lost."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ostinato.app import history, runs
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.core.access import Actor
from ostinato.core.errors import NotFound, Unavailable
from ostinato.core.ids import RunId
from ostinato.core.states import State
from ostinato.scheduler import prune
from ostinato.store import history as store
from ostinato.store.db import Database, Tx
from ostinato.store.history import Retention
from ostinato.store.sql import names, statement
from tests.store.past import ENVIRONMENTS, KEPT_TABLES, LIVE_TABLES, TYPE, Past

T = TypeVar("T")
NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
"""A Thursday."""
DAY = timedelta(days=1)


@pytest.fixture
async def past(app: App, admin: Actor) -> Past:
    return await Past(app, admin).set_up()


async def test_a_tree_that_ended_an_hour_ago_moves_as_a_whole_and_reads_as_before(past: Past) -> None:
    root = await past.run(NOW - DAY, plan=True)
    inner = await past.run(NOW - DAY, plan=True, parent=root, root=root)
    leaf = await past.run(NOW - 9 * DAY, parent=inner, root=root, state=State.FAILED)
    alone = await past.run(NOW - 8 * DAY)
    known = [root, inner, leaf, alone]
    before = await past.answers(known)
    assert await prune.tick(past.app, NOW) == 4
    assert await past.where(root) == {"kept_run", "kept_log", "kept_step"}
    assert await past.where(leaf) == {"kept_run", "kept_log", "kept_finding"}
    assert await past.answers(known) == before
    assert await past.world.fetch("SELECT DISTINCT kept_on FROM kept_run WHERE id <> $1", alone) == [
        {"kept_on": date(2026, 3, 4)}
    ]


async def test_what_ended_a_moment_ago_or_is_live_in_one_member_stays(past: Past) -> None:
    fresh = await past.run(NOW - timedelta(minutes=59))
    root = await past.run(NOW - DAY, plan=True)
    await past.run(NOW - DAY, parent=root, root=root)
    live = await past.run(None, parent=root, root=root)
    assert await prune.tick(past.app, NOW) == 0
    for run in (fresh, live):
        assert await past.where(run) <= set(LIVE_TABLES)


async def test_answers_are_the_same_when_runs_move_in_another_order_than_they_were_made(past: Past) -> None:
    root = await past.run(NOW - timedelta(minutes=30), plan=True)
    child = await past.run(NOW - 20 * DAY, parent=root, root=root)
    alone = await past.run(NOW - DAY, state=State.FAILED)
    plan = await past.run(NOW - DAY, plan=True)
    known = [root, child, alone, plan]
    before = await past.answers(known)
    for later, moved in ((timedelta(0), 2), (timedelta(hours=1), 2)):
        assert await prune.tick(past.app, NOW + later) == moved
        assert await past.answers(known) == before


async def test_moving_again_finds_nothing(past: Past) -> None:
    await past.run(NOW - DAY)
    assert await prune.tick(past.app, NOW) == 1
    assert await prune.tick(past.app, NOW) == 0


async def test_a_commit_whose_answer_is_lost_does_no_harm(past: Past, database_url: str) -> None:
    known = [await past.run(NOW - DAY) for _ in range(5)]
    before = await past.answers(known)
    forgetful = App(db=ForgetfulDatabase(database_url), keyring=Keyring({"test": bytes(32)}))
    await forgetful.db.open()
    with pytest.raises(Unavailable):
        await prune.tick(forgetful, NOW)
    assert await prune.tick(forgetful, NOW) == 0
    await forgetful.db.close()
    assert await past.answers(known) == before


async def test_two_servers_share_the_work_and_move_each_run_once(past: Past, database_url: str) -> None:
    await past.world.execute(
        """INSERT INTO run (environment_id, workspace_id, task_id, state, due_at, queued_at, ended_at, cause)
           SELECT environment_id, workspace_id, id, 'SUCCEEDED', at, at, at, 'api'
             FROM task, generate_series($1::timestamptz, $1::timestamptz + interval '20 days', '20 minutes') AS at""",
        NOW - 22 * DAY,
    )
    (made,) = await past.world.fetch("SELECT count(*) AS runs, sum(id) AS ids FROM run")
    everything = runs.runs.Wanted(limit=1_000)
    before = await past.pages(everything)
    other = App(db=Database(database_url), keyring=past.app.keyring)
    await other.db.open()
    readings: list[list[runs.runs.Seen]] = []

    async def read() -> None:
        while not moving.done():
            readings.append(await past.pages(everything))

    moving = asyncio.ensure_future(asyncio.gather(prune.tick(past.app, NOW), prune.tick(other, NOW)))
    await asyncio.gather(moving, read())
    await other.db.close()
    assert sum(moving.result()) == made["runs"]
    assert all(moving.result()), "both had a part in it"
    assert all(reading == before for reading in readings), "a reader saw a run twice, or not at all"
    assert await past.world.fetch("SELECT count(DISTINCT id) AS runs, sum(id) AS ids FROM kept_run") == [made]
    assert await past.pages(everything) == before


async def test_many_may_make_the_same_partitions_at_once(past: Past) -> None:
    days = [date(2026, 3, 2), date(2026, 3, 9), date(2026, 3, 11)]

    async def make(wanted: list[date]) -> None:
        async def work(tx: Tx) -> None:
            await store.make_weeks(tx, [1] * len(wanted), wanted)

        await past.app.db.run(work)

    await asyncio.gather(*(make(wanted) for wanted in (days, days[::-1], days[:1], days[1:]) for _ in range(2)))
    assert len(await past.partitions()) == 2 * len(KEPT_TABLES)


async def test_a_tree_of_ten_thousand_runs_moves_in_one_piece(past: Past) -> None:
    root = await past.run(NOW - DAY, plan=True)
    await past.world.execute(
        """INSERT INTO run (environment_id, workspace_id, task_id, parent_run_id, root_run_id, step, state, due_at,
                            queued_at, started_at, ended_at, cause)
           SELECT environment_id, workspace_id, $2, id, id, 0, state, due_at, queued_at, started_at, ended_at, 'plan'
             FROM run, generate_series(1, 10000)
            WHERE id = $1""",
        root,
        past.tasks[0],
    )
    small = [await past.run(NOW - DAY) for _ in range(3)]
    assert await prune.tick(past.app, NOW) == 10_004
    assert len((await runs.get_tree(past.app, past.admin, root)).below) == 10_000
    assert [run["id"] for run in await past.pages(runs.runs.Wanted())] == [*reversed(small), root]


async def test_weeks_before_what_an_environment_keeps_are_dropped_with_their_partitions(past: Past) -> None:
    old = await past.run(NOW - 40 * DAY)
    recent = await past.run(NOW - 20 * DAY)
    elsewhere = await past.run(NOW - 40 * DAY, place=1)
    live = await past.run(None)
    await prune.tick(past.app, NOW)
    before = set(await past.partitions())
    await past.keep("Production", 30)
    await prune.tick(past.app, NOW)
    production, week = (await past.world.fetch("SELECT environment_id FROM run"))[0]["environment_id"], "20260119"
    assert before - set(await past.partitions()) == {f"{kept}_{production}_{week}" for kept in KEPT_TABLES}
    with pytest.raises(NotFound):
        await runs.get(past.app, past.admin, old)
    assert [run["id"] for run in await past.pages(runs.runs.Wanted())] == [live, elsewhere, recent]
    assert await past.where(live) == {"run", "run_log", "finding"}


@pytest.mark.parametrize(
    ("now", "dropped"),
    [
        (datetime(2026, 3, 1, 23, 59, tzinfo=UTC), 0),
        (datetime(2026, 3, 2, 0, 0, tzinfo=UTC), 1),
    ],
)
async def test_a_week_goes_when_its_sunday_is_past_what_is_kept(past: Past, now: datetime, dropped: int) -> None:
    await past.run(datetime(2026, 2, 16, 0, 0, tzinfo=UTC))  # a Monday; the week ends with the 22nd
    await past.keep("Production", 7)
    await history.archive(past.app, now)
    assert await history.prune(past.app, now) == dropped


async def test_logs_and_findings_may_go_before_their_runs(past: Past) -> None:
    run = await past.run(NOW - 20 * DAY)
    await past.keep("Production", None, 7, 10)
    assert await prune.tick(past.app, NOW) == 1
    assert await past.where(run) == {"kept_run"}
    assert await runs.read_log(past.app, past.admin, run, 0, 10) == []
    assert await runs.list_findings(past.app, past.admin, run, 0, 10) == []
    late = await past.run(NOW - 20 * DAY)
    assert await history.archive(past.app, NOW) == 1, "what comes late into such a week finds a place"
    assert await past.where(late) == {"kept_run", "kept_log", "kept_finding"}
    assert await history.prune(past.app, NOW) == 1
    assert await past.where(late) == {"kept_run"}


async def test_runs_older_than_what_is_kept_go_even_if_they_were_never_moved_in_time(past: Past) -> None:
    await past.keep("Production", 1, 1, 1)
    run = await past.run(NOW - 300 * DAY)
    assert await prune.tick(past.app, NOW) == 1
    assert await past.where(run) == set()
    assert await past.partitions() == []


async def test_how_a_task_stands_outlives_its_history(past: Past) -> None:
    await past.run(NOW - 300 * DAY, state=State.FAILED)
    await past.run(NOW - 301 * DAY, plan=True)
    before = {name: told for name, told in (await past.overview()).items() if name.startswith(("tasks", "plans"))}
    await past.keep("Production", 1)
    await prune.tick(past.app, NOW)
    after = await past.overview()
    assert {name: after[name] for name in before} == before
    assert after["newest"] == after["history production"] == []


async def test_dropping_waits_for_nobody_and_is_tried_again(past: Past, database_url: str) -> None:
    await past.run(NOW - 40 * DAY)
    await past.keep("Production", 30)
    await history.archive(past.app, NOW)
    with psycopg.connect(database_url) as reader:
        reader.execute("SELECT count(*) FROM kept_run").fetchone()
        assert await history.prune(past.app, NOW) == 0
        assert len(await past.partitions()) == 4
        assert len(await past.pages(runs.runs.Wanted())) == 1
    assert await history.prune(past.app, NOW) == 1
    assert await past.partitions() == []


async def test_a_line_written_while_its_run_is_moved_is_read(past: Past) -> None:
    run = await past.run(NOW - DAY)
    await prune.tick(past.app, NOW)
    await past.world.log(run, ("2026-03-05T12:00:00", "late"))
    lines = await runs.read_log(past.app, past.admin, run, 0, 10)
    assert [line.text for line in lines] == ["begins", f"run {run}", "late"]


async def test_keys_are_forgotten_after_ninety_days_unless_their_run_is_live(past: Past) -> None:
    ended, live = await past.run(NOW - 100 * DAY), await past.run(None)
    for key, run, age in (("old", ended, 91), ("young", ended, 89), ("old but live", live, 91), ("gone", 1 << 40, 91)):
        await past.world.execute(
            "INSERT INTO trigger_key (scope, key, run_id, created_at) VALUES ('user:1', $1, $2, $3)",
            key,
            run,
            NOW - age * DAY,
        )
    await prune.tick(past.app, NOW)
    left = await past.world.fetch("SELECT key FROM trigger_key ORDER BY key")
    assert [row["key"] for row in left] == ["old but live", "young"]


async def test_reading_opens_only_the_weeks_that_can_hold_what_is_wanted(past: Past) -> None:
    kept = [await past.run(NOW - number * 7 * DAY) for number in range(20, 0, -1)]
    live = await past.run(None)
    await prune.tick(past.app, NOW)

    async def opened(name: str, *arguments: object) -> int:
        """How many partitions of runs a statement locks."""
        async with past.app.db.transaction() as tx:
            await tx.fetch(statement(name), *arguments)
            found = await tx.fetchval(
                """SELECT count(*) FROM pg_locks JOIN pg_class ON pg_class.oid = pg_locks.relation
                    WHERE pid = pg_backend_pid() AND relkind = 'r' AND relispartition AND relname LIKE 'kept_run_%'"""
            )
        return int(found)

    viewer = past.admin.user
    assert await opened("runs/get", [live], viewer) == 0
    assert await opened("runs/get", [kept[3]], viewer) == 1
    assert await opened("runs/tree", kept[3], viewer) == 1
    assert await opened("logs/read", kept[3], 0, 10, viewer) == 1
    assert await opened("runs/list", None, viewer, ["RUNNING"], None, None, 3) == 0
    assert await opened("runs/list", None, viewer, None, None, None, 3) == 2
    assert await opened("runs/list", kept[10], viewer, None, None, None, 3) == 3
    assert await opened("tasks/history", viewer, "production", None, TYPE, 1, 3, 0) <= 4
    assert await opened("tasks/list", viewer, "production", None, [TYPE], 10, 0) == 0
    assert await opened("plans/list", viewer, "production", None, [TYPE], 10, 0) == 0


async def test_names_are_joined_to_all_runs_of_a_tree_at_once_and_not_run_by_run(past: Past) -> None:
    async with past.app.db.transaction() as tx:
        await tx.execute(f"PREPARE tree AS {statement('runs/tree')}")
        plan = "\n".join(line for (line,) in await tx.fetch("EXPLAIN VERBOSE EXECUTE tree (1, 1)"))
        await tx.execute("DEALLOCATE tree")
    assert "find_tree" in plan
    assert "run.*" not in plan


def test_no_statement_but_those_of_history_names_the_tables_of_history() -> None:
    naming = {name for name in names() if re.search("kept_", statement(name))}
    assert {name for name in naming if not name.startswith("history/")} == set()


async def test_retention_tells_what_is_kept_and_since_when(past: Past) -> None:
    await past.keep("Production", 30, 7, 14)
    await past.run(NOW - 20 * DAY)
    await past.run(NOW - 3 * DAY)
    await history.archive(past.app, NOW)
    told = {one.environment: one for one in await history.retention(past.app, past.admin)}
    assert told["Production"] == Retention("Production", 30, 7, 14, date(2026, 2, 13))
    assert told["Test"] == Retention("Test", None, None, None, None)


@pytest.mark.parametrize(
    ("live", "kept", "own"),
    [
        ("run", "kept_run", ["kept_on"]),
        ("step_run", "kept_step", ["environment_id", "kept_on"]),
        ("run_log", "kept_log", ["environment_id", "kept_on"]),
        ("finding", "kept_finding", ["environment_id", "kept_on"]),
    ],
)
def test_history_has_the_columns_of_the_live_table_in_the_same_order(
    database_url: str, live: str, kept: str, own: list[str]
) -> None:
    with psycopg.connect(database_url) as connection:
        columns = {
            table: connection.execute(
                """SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
                    WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum""",
                [table],
            ).fetchall()
            for table in (live, kept)
        }
    assert [name for name, _ in columns[kept][: len(own)]] == own
    assert columns[kept][len(own) :] == columns[live]


MEMBERS = st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(0, 9)), max_size=5)
"""Below the root: which member it is below, whether it is a plan, and 0: it is live."""
TREES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1_500), st.integers(0, 9), MEMBERS), max_size=6)
"""Which environment, hours since the root ended, 0: the root is live, and what is below it."""
DAYS = st.none() | st.integers(1, 70)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees=TREES, keep=st.tuples(DAYS, DAYS, DAYS), later=st.integers(0, 1_000))
async def test_every_tree_is_wholly_live_or_kept_or_dropped_and_nothing_alive_is_lost(
    past: Past, trees: list, keep: tuple, later: int
) -> None:
    await past.forget()
    for environment in ENVIRONMENTS:
        await past.keep(environment, *keep)
    made = [await _grow(past, *tree) for tree in trees]
    known = [run for tree in made for run in tree.runs]
    before = await past.answers(known)
    await history.archive(past.app, NOW)
    assert await past.answers(known) == before
    for tree in made:
        expected = set(KEPT_TABLES if tree.ended and tree.ended <= NOW - history.ARCHIVE_AFTER else LIVE_TABLES)
        for run in tree.runs:
            assert await past.where(run) <= expected
    now = NOW + later * timedelta(hours=1)
    await prune.tick(past.app, now)
    for tree in made:
        expected = _tables(tree.ended, keep, now)
        for run in tree.runs:
            there = await past.where(run)
            assert there <= expected
            assert bool(there & {"run", "kept_run"}) == bool(expected)
            assert ("kept_log" in there) == ("kept_log" in expected)
    left = [run["id"] for run in await past.pages(runs.runs.Wanted())]
    assert left == sorted((t.runs[0] for t in made if _tables(t.ended, keep, now)), reverse=True)


class Grown:
    """A tree that was made: its runs, the root first, and when it ended; None: something of it is live."""

    def __init__(self, runs: list[RunId], ended: datetime | None) -> None:
        self.runs, self.ended = runs, ended


async def _grow(past: Past, place: int, hours: int, alive: int, members: list[tuple[int, bool, int]]) -> Grown:
    ended = NOW - hours * timedelta(hours=1) if alive else None
    state = State.FAILED if hours % 3 == 0 else State.SUCCEEDED
    root = await past.run(ended, plan=bool(members), place=place, state=state)
    grown, all_ended = [root], alive > 0
    for number, (below, plan, living) in enumerate(members):
        when = (ended or NOW) - timedelta(minutes=number) if living else None
        parent = grown[below % len(grown)]
        grown.append(await past.run(when, parent=parent, root=root, plan=plan, place=place))
        all_ended = all_ended and living > 0
    return Grown(grown, ended if all_ended else None)


def _tables(ended: datetime | None, keep: tuple[int | None, int | None, int | None], now: datetime) -> set[str]:
    """The tables that may hold something of a tree, after everything was moved and dropped that should be."""
    if ended is None or ended > now - history.ARCHIVE_AFTER:
        return set(LIVE_TABLES)
    monday = ended.date() - timedelta(days=ended.weekday())
    age = (now.date() - monday).days - 7
    for_runs, for_logs, for_findings = [days is None or age < days for days in keep]
    if not for_runs:
        return set()
    gone = {"kept_log"} if not for_logs else set()
    return set(KEPT_TABLES) - gone - ({"kept_finding"} if not for_findings else set())


class ForgetfulDatabase(Database):
    """Commits the first piece of work, and loses the answer."""

    lost = False

    async def run(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        done = await super().run(work)
        if not self.lost:
            self.lost = True
            raise Unavailable("The database does not answer at the moment")
        return done

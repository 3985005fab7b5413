"""Schedules: a year of many of them on a chosen clock, what a fire costs, how late many start that are due at once."""

import asyncio
import heapq
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import asyncpg
import msgspec
import uvloop

from bench.engine import running
from bench.floor import commit_seconds
from bench.report import Figure
from ostinato.app import firing
from ostinato.app.application import App
from ostinato.core.schedules import NamedTrigger, Planned, first, turn
from ostinato.core.triggers import Cron, Trigger, upcoming
from ostinato.core.triggers.kinds import Daily, Monthly, Weekly
from ostinato.store.embedded import EmbeddedPostgres

NAMES = ("year5000_s", "fire100_ms", "fire100000_ms", "due500_p99_ms")
SCHEDULES = 5_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
FEW, MANY = 100, 100_000
AT_ONCE = 500
RUNS = 3
FAR = timedelta(days=3_650)
BARE = """
WITH made AS (INSERT INTO bench_fire (run) SELECT generate_series(1, $1) RETURNING run) SELECT count(*) FROM made
"""
MAKE = """
WITH made AS (
    INSERT INTO schedule (environment_id, plan_id, task_id, owner_id, created_at, changed_at)
    SELECT task.environment_id, NULL, CASE WHEN number <= $2 THEN task.id END, 1, now(), now()
      FROM generate_series(1, $1::integer) AS number
      LEFT JOIN (SELECT id, environment_id, row_number() OVER (ORDER BY id) AS place FROM task) AS task
        ON task.place = 1 + number % (SELECT count(*) FROM task)
    RETURNING id, task_id
)
INSERT INTO schedule_trigger (schedule_id, name, definition, missed, most_missed, grace_s, planned_at, due_at)
SELECT id, 't', $3::jsonb, 'once', 1, 60, $4, $4 FROM made
"""


def measure(wanted: frozenset[str]) -> None:
    if "year5000_s" in wanted:
        _measure_year()
    if wanted & {"fire100_ms", "fire100000_ms", "due500_p99_ms"}:
        with tempfile.TemporaryDirectory(prefix="ostinato-bench-", ignore_cleanup_errors=True) as folder:
            postgres = EmbeddedPostgres(Path(folder))
            postgres.start()
            try:
                work = _measure_fires(postgres.url, Path(folder), wanted)
                asyncio.Runner(loop_factory=uvloop.new_event_loop).run(work)
            finally:
                postgres.stop()


def _measure_year() -> None:
    """Every schedule fires through a year, whichever is due first, as servers would do it on that clock. The floor
    takes as many pairs off a heap and puts them back. What came out is held against the fires of each trigger."""
    triggers = [_some(number) for number in range(SCHEDULES)]
    began = time.perf_counter()
    fired = _live_through(triggers)
    took = time.perf_counter() - began
    for number in range(0, SCHEDULES, 97):
        after = _until_end(triggers[number].trigger, str(number))
        assert fired[number] == after, f"{triggers[number]} fired otherwise than its trigger says"
    Figure("year5000_s", "s", [took], [_heap_seconds(sum(map(len, fired)))]).print()


def _some(number: int) -> NamedTrigger:
    """One of a mixture: most of them daily, in three zones."""
    zone = ("UTC", "Europe/Berlin", "America/New_York")[number % 3]
    at = f"{number % 24:02}:{number % 60:02}"
    kinds = (
        Daily(at=at),
        Weekly(days=("monday", "wednesday", "friday"), at=at),
        Cron(expression=f"{number % 60} {number % 24} * * 1-5"),
        Monthly(on=1 + number % 28, at=at),
    )
    return NamedTrigger(name="t", trigger=Trigger(when=kinds[number % 4], time_zone=zone))


def _live_through(triggers: list[NamedTrigger]) -> list[list[datetime]]:
    fired: list[list[datetime]] = [[] for _ in triggers]
    waiting: list[tuple[datetime, int, Planned]] = []
    for number, named in enumerate(triggers):
        planned = first(named.trigger, str(number), BEGIN)
        if planned is not None:
            waiting.append((planned.due, number, planned))
    heapq.heapify(waiting)
    while waiting and waiting[0][0] < BEGIN + YEAR:
        now, number, planned = waiting[0]
        done = turn(triggers[number], str(number), planned, now)
        fired[number].append(done.at)
        following = done.following
        if following is None:
            heapq.heappop(waiting)
        else:
            heapq.heapreplace(waiting, (following.due, number, following))
    return fired


def _until_end(trigger: Trigger, key: str) -> list[datetime]:
    found = []
    for at in upcoming(trigger, BEGIN, key=key):
        if at >= BEGIN + YEAR:
            break
        found.append(at)
    return found


def _heap_seconds(fires: int) -> float:
    waiting = [(BEGIN + timedelta(seconds=number), number) for number in range(SCHEDULES)]
    heapq.heapify(waiting)
    day = timedelta(days=1)
    began = time.perf_counter()
    for _ in range(fires):
        at, number = waiting[0]
        heapq.heapreplace(waiting, (at + day, number))
    return time.perf_counter() - began


async def _measure_fires(url: str, folder: Path, wanted: frozenset[str]) -> None:
    async with running(url, folder) as (app, _):
        commit = await commit_seconds(url)
        if "due500_p99_ms" in wanted:
            late = [await _lateness(app, url) for _ in range(RUNS)]
            Figure("due500_p99_ms", "ms", late, [commit * 1_000]).print()
        for name, schedules in (("fire100_ms", FEW), ("fire100000_ms", MANY)):
            if name in wanted:
                cost = [await _cost(app, url, schedules) for _ in range(RUNS)]
                Figure(name, "ms", cost, [await _bare_fire_ms(url)]).print()


async def _lateness(app: App, url: str) -> float:
    """Milliseconds after its time in which 99 of 100 tasks had begun, of many that are due in the same second."""
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=3)
    database = await asyncpg.connect(url)
    try:
        await _make(database, AT_ONCE, AT_ONCE, due)
        begun = "SELECT count(*) FROM run WHERE cause = 'schedule' AND ended_at IS NOT NULL AND queued_at >= $1"
        while await database.fetchval(begun, due) < AT_ONCE:
            await asyncio.sleep(0.05)
        rows = await database.fetch(
            "SELECT started_at FROM run WHERE cause = 'schedule' AND queued_at >= $1 ORDER BY started_at", due
        )
        await database.execute("DELETE FROM schedule")
    finally:
        await database.close()
    return float((rows[len(rows) * 99 // 100]["started_at"] - due).total_seconds() * 1_000)


async def _cost(app: App, url: str, schedules: int) -> float:
    """Milliseconds of one fire, when 100 of so many schedules are due; the others are in years."""
    far = datetime.now(UTC) + FAR
    database = await asyncpg.connect(url)
    try:
        await _make(database, schedules, FEW, far)
        await database.execute("ANALYZE schedule, schedule_trigger")
        due = datetime.now(UTC).replace(microsecond=0) + FAR - timedelta(days=1)
        chosen = "SELECT own.id FROM schedule_trigger own JOIN schedule ON schedule.id = schedule_id WHERE task_id > 0"
        await database.execute(f"UPDATE schedule_trigger SET planned_at = $1, due_at = $1 WHERE id IN ({chosen})", due)
        began = time.perf_counter()
        moved = await firing.fire_due(app, due)
        took = time.perf_counter() - began
        assert moved == FEW, f"{moved} fired"
        await database.execute("DELETE FROM schedule")
    finally:
        await database.close()
    return took / FEW * 1_000


async def _make(database: asyncpg.Connection, schedules: int, bound: int, due: datetime) -> None:
    """So many schedules, the first of them bound to a task each."""
    trigger = msgspec.json.encode(Trigger(when=Daily(at="00:00"))).decode()
    await database.execute(MAKE, schedules, bound, trigger, due)


async def _bare_fire_ms(url: str) -> float:
    """The rows of as many runs, bare, in one commit."""
    database = await asyncpg.connect(url)
    try:
        await database.execute("CREATE TABLE IF NOT EXISTS bench_fire (run bigint)")
        times = []
        for _ in range(20):
            began = time.perf_counter()
            await database.fetchval(BARE, FEW)
            times.append((time.perf_counter() - began) / FEW * 1_000)
        await database.execute("DROP TABLE bench_fire")
    finally:
        await database.close()
    return median(times)

"""Any filter finds what the same filter, applied by hand to all runs somebody may see, would: live and in history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ostinato.app import access, runs
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.ids import RunId
from ostinato.core.states import State
from ostinato.scheduler import prune
from ostinato.store.runs import Wanted
from tests.api.factories import World

NOW = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
MESSAGES = ("The command ended with Exit code 3", "\u00c4RGER mit \u00d6l", "100% a_b \\ c", "", None)
NAMES = ("Load \u00c4pfel", "check 100%", "nightly", "a_b")
USERS = ("ada", "bob")
CAUSES = ("api", "manual", "schedule")
RUNS = 150


@dataclass(frozen=True)
class Row:
    """A run as it was stored."""

    id: int
    workspace: str
    environment: str
    type: str
    name: str
    state: str
    queued_at: datetime
    message: str | None
    cause: str
    requested_by: str | None


class Shelf:
    """Runs of every kind, some of them history, and somebody who may see a part of them."""

    def __init__(self, app: App, viewer: Actor, rows: Sequence[Row]) -> None:
        self.app, self.viewer, self.rows = app, viewer, rows

    def expected(self, wanted: Wanted) -> list[int]:
        seen = [row for row in self.rows if row.workspace == "finance"]
        return sorted((row.id for row in seen if matches(row, wanted)), reverse=True)

    async def found(self, wanted: Wanted) -> list[int]:
        """All pages, one after the other."""
        ids: list[int] = []
        before: RunId | None = None
        while True:
            page = await runs.search(self.app, self.viewer, msgspec.structs.replace(wanted, before=before))
            ids += [seen.run for seen in page]
            if len(page) < wanted.limit:
                return ids
            before = page[-1].run


def matches(row: Row, wanted: Wanted) -> bool:
    text = wanted.text.lower() if wanted.text is not None else ""
    return (
        (not wanted.states or row.state in wanted.states)
        and wanted.workspace in (None, row.workspace)
        and wanted.environment in (None, row.environment)
        and (wanted.begin is None or row.queued_at >= wanted.begin)
        and (wanted.end is None or row.queued_at < wanted.end)
        and (not wanted.types or row.type in wanted.types)
        and wanted.name in (None, row.name)
        and (text in row.name.lower() or text in (row.message or "").lower())
        and wanted.cause in (None, row.cause)
        and wanted.requested_by in (None, row.requested_by)
    )


@pytest.fixture
async def shelf(app: App) -> Shelf:
    world, random = World(app), Random(1)
    keys = {user: await world.key(user, finance="Viewer") for user in USERS}
    places = [("finance", "Production"), ("finance", "Test"), ("sales", "Production")]
    made: list[dict[str, Any]] = []
    for number, (key, environment) in enumerate(places):
        workspace = await world.workspace(key, environment=environment)
        for place, name in enumerate(NAMES):
            type = ("Package", "Query")[place % 2]
            task = await world.task(workspace, type, number * 10 + place, name)
            made.append({"task": task, "plan": None, "type": type, "name": name, "key": key, "in": environment})
        plan = await world.plan(workspace, number * 10 + 9, NAMES[0])
        made.append({"task": None, "plan": plan, "type": "plan", "name": NAMES[0], "key": key, "in": environment})
    rows = [await _run(world, random, random.choice(made)) for _ in range(RUNS)]
    assert await prune.tick(app, NOW) > RUNS / 4
    # A task may move; what it ran stays where it was.
    await world.execute(
        """UPDATE task
              SET workspace_id = (SELECT id FROM workspace WHERE key = 'sales'), number = 99, name = name || '!'
            WHERE id = $1""",
        made[0]["task"],
    )
    moved = (made[0]["key"], made[0]["in"], made[0]["type"], made[0]["name"])
    rows = [
        Row(**{**row.__dict__, "name": f"{row.name}!"})
        if (row.workspace, row.environment, row.type, row.name) == moved
        else row
        for row in rows
    ]
    assert await world.fetch("SELECT FROM run WHERE ended_at IS NOT NULL LIMIT 1")
    return Shelf(app, await access.authenticate(app, keys["ada"]), rows)


async def _run(world: World, random: Random, what: dict[str, Any]) -> Row:
    state = random.choice(("SUCCEEDED", "SUCCEEDED", "FAILED", "CANCELLED", "QUEUED", "RUNNING"))
    queued = NOW - random.randrange(0, 600) * HOUR * 2
    is_live = state in ("QUEUED", "RUNNING")
    ended = None if is_live else queued + timedelta(seconds=random.randrange(0, 4_000))
    user, cause, message = random.choice((*USERS, None)), random.choice(CAUSES), random.choice(MESSAGES)
    run = await world.run(what["task"], state, plan=what["plan"], ended=None if is_live else "2026-01-01T00:00:00")
    child = await world.run(what["task"], "SUCCEEDED", ended="2026-01-01T00:00:00", plan=what["plan"])
    await world.execute(
        """UPDATE run SET queued_at = $2, ended_at = $3, message = $4, cause = $5,
                          requested_by = (SELECT id FROM app_user WHERE name = $6)
            WHERE id = $1""",
        run,
        queued,
        ended,
        message,
        cause,
        user,
    )
    await world.execute(
        """UPDATE run SET parent_run_id = $2, root_run_id = $2, step = 0, message = $3, queued_at = $4 WHERE id = $1""",
        child,
        run,
        MESSAGES[0],
        queued,
    )
    return Row(run, what["key"], what["in"], what["type"], what["name"], state, queued, message, cause, user)


WORDS = (
    "exit",
    "EXIT CODE",
    "\u00e4",
    "\u00c4RGER",
    "\u00f6L",
    "%",
    "_",
    "\\",
    "100% ",
    "load",
    "a_b",
    "axb",
    "nothing like it",
)
MOMENTS = st.builds(
    lambda pairs, more: NOW - pairs * HOUR * 2 + timedelta(microseconds=more),
    st.integers(-1, 601),
    st.integers(-1, 1),
)
FILTERS = st.builds(
    Wanted,
    limit=st.integers(1, 200),
    states=st.lists(st.sampled_from(State), max_size=2).map(tuple),
    workspace=st.none() | st.none() | st.sampled_from(("finance", "sales", "nowhere")),
    environment=st.none() | st.none() | st.sampled_from(("Production", "Test", "Development", "Nowhere")),
    begin=st.none() | MOMENTS,
    end=st.none() | MOMENTS,
    types=st.lists(st.sampled_from(("Package", "Query", "plan", "Nothing")), max_size=2).map(tuple),
    name=st.none() | st.none() | st.sampled_from((*NAMES, f"{NAMES[0]}!", "Nothing", "LOAD")),
    text=st.none() | st.sampled_from(WORDS) | st.text("aA\u00e4\u00c4%_\\3 '\"", min_size=1, max_size=3),
    cause=st.none() | st.sampled_from((*CAUSES, "plan")),
    requested_by=st.none() | st.none() | st.sampled_from((*USERS, "nobody")),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=FILTERS)
@example(wanted=Wanted(limit=7))
@example(wanted=Wanted(limit=7, text="exit CODE"))
@example(wanted=Wanted(limit=1, types=("plan",), begin=NOW - 900 * HOUR))
@example(wanted=Wanted(limit=3, name=f"{NAMES[0]}!"))
async def test_a_filter_finds_what_it_would_find_by_hand(shelf: Shelf, wanted: Wanted) -> None:
    expected = shelf.expected(wanted)
    assert await shelf.found(wanted) == expected
    assert await runs.count(shelf.app, shelf.viewer, wanted) == len(expected)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=FILTERS)
async def test_without_a_narrow_filter_both_statements_find_the_same(shelf: Shelf, wanted: Wanted) -> None:
    plain = Wanted(limit=200, states=wanted.states, workspace=wanted.workspace, environment=wanted.environment)
    page = await runs.list_runs(shelf.app, shelf.viewer, plain)
    listed = [run["id"] for run in msgspec.json.decode(b"[" + page.items + b"]")]
    assert listed == [seen.run for seen in await runs.search(shelf.app, shelf.viewer, plain)] == shelf.expected(plain)


async def test_a_count_stops_where_it_is_told_to(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = len(shelf.expected(Wanted()))
    for most in (whole - 1, whole, 5):
        monkeypatch.setattr(runs, "MOST_COUNTED", most)
        assert await runs.count(shelf.app, shelf.viewer, Wanted()) == min(whole, most + 1)


async def test_somebody_without_rights_finds_and_counts_nothing(shelf: Shelf) -> None:
    stranger = await access.authenticate(shelf.app, await World(shelf.app).key("eve"))
    assert await runs.search(shelf.app, stranger, Wanted(text="e")) == []
    assert await runs.count(shelf.app, stranger, Wanted()) == 0

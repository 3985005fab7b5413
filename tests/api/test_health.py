"""What watchers get to see: whether the process answers, and whether work moves while work is ready."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from ostinato.app import health
from ostinato.app.application import App
from ostinato.core.health import why_not_ready
from tests.api.conftest import Call
from tests.api.factories import World
from tests.databases import administer

LATER = timedelta(seconds=20)


@pytest.fixture
def working(app: App) -> App:
    """A server whose engine has just completed a turn."""
    app.last_turn_at, app.slots = datetime.now(UTC), 2
    return app


async def test_a_server_that_works_is_live_and_ready_and_needs_no_key_to_say_so(call: Call, working: App) -> None:
    for probe in ("live", "ready"):
        answer = await call("GET", f"/health/{probe}")
        assert (answer.status_code, answer.json()) == (200, {"status": "ok", "reason": None})


async def test_a_server_whose_engine_stands_still_says_so(call: Call, working: App) -> None:
    working.last_turn_at = datetime.now(UTC) - timedelta(minutes=5)
    for probe in ("live", "ready"):
        answer = await call("GET", f"/health/{probe}")
        assert answer.status_code == 503
        assert answer.json()["reason"].startswith("The engine has not completed a turn for 300 s")


async def test_a_server_without_its_database_is_live_but_not_ready(
    call: Call, working: App, database_url: str, server_url: str
) -> None:
    database = urlsplit(database_url).path.removeprefix("/")
    administer(server_url, f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    administer(server_url, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'")
    live, ready = await call("GET", "/health/live"), await call("GET", "/health/ready")
    assert (live.status_code, ready.status_code) == (200, 503)
    assert ready.json()["reason"] == "The database does not answer"


async def test_ready_work_that_nobody_takes_is_noticed_and_work_that_moves_is_not(working: App, world: World) -> None:
    task = await world.task(await world.workspace("finance"), "Package", 1, "Load")
    await world.run(task, "QUEUED")
    held = await world.task(await world.workspace("sales"), "Package", 2, "Held")
    await world.run(held, "QUEUED", hold="paused")
    now = datetime.now(UTC)

    async def reason(at: datetime) -> str | None:
        working.last_turn_at = at
        return why_not_ready(await health.facts(working, at), at)

    assert await reason(now) is None, "nothing is known of claims yet"
    assert "nothing was claimed" in (await reason(now + LATER) or "")
    await world.execute("SELECT nextval('lease_token')")  # another server claims something
    assert await reason(now + 2 * LATER) is None
    assert "2 worker slots are free" in (await reason(now + 3 * LATER) or "")
    working.last_claim_at = now + 4 * LATER
    assert await reason(now + 4 * LATER) is None
    await world.execute("UPDATE run SET hold = 'pool' WHERE hold IS NULL")
    assert await reason(now + 6 * LATER) is None


async def test_many_questions_in_a_moment_are_one_look(working: App, world: World) -> None:
    now = datetime.now(UTC)
    first = await health.facts(working, now)
    working.last_turn_at = now + LATER
    assert await health.facts(working, now + timedelta(seconds=0.9)) is first
    assert (await health.facts(working, now + timedelta(seconds=1.1))).last_turn_at == now + LATER

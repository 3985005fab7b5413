"""What is left of removed workspaces and environments with everything in them: nothing; and nothing breaks on it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ostinato.api.talend.ids import Ids
from ostinato.app import artifacts, installation, resources
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.ids import RunId
from ostinato.core.object_ids import Kind
from ostinato.scheduler import fire, prune
from ostinato.scheduler.webhooks import Teller
from tests.api.asking import ask_everything
from tests.api.conftest import Call
from tests.api.factories import World
from tests.artifacts import zips
from tests.artifacts.test_objects import digests, publish
from tests.conftest import NOW
from tests.people import new_key

BEFORE, AFTER = "2026-03-01T10:00:00", "2026-03-01T11:30:00"
MOVES, LATER = datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 13, tzinfo=UTC)
OF_WORKSPACES = (
    "task_ever",
    "plan_ever",
    "connection",
    "resource",
    "artifact",
    "artifact_version",
    "workspace_grant",
    "webhook",
    "webhook_delivery",
    "webhook_trigger",
    "webhook_window",
    "webhook_call",
    "task_last",
    "plan_last",
    "workspace",
)
OF_RUNS = ("run", "run_log", "finding", "kept_run", "kept_log", "kept_finding", "kept_week")


@pytest.fixture
async def world(app: App, admin: Actor) -> World:
    """The workspace finance in the environment Test, with something of every kind in it."""
    world = World(app)
    finance = await world.workspace("finance", environment="Test")
    await world.connection(finance, "warehouse")
    task = await world.task(finance, "Package", 1, "load")
    plan = await world.plan(finance, 7, "night", [task])
    gone = await world.task(finance, "Package", 2, "was deleted")
    await publish(
        app,
        admin,
        zips.python(),
        NOW,
        artifacts.Wish(workspace="finance", environment="Test", name="hello", version="1"),
    )
    with resources.receiving(app) as incoming:
        incoming.write(b"Ada")
        await resources.add(app, admin, incoming, resources.Wish(workspace=finance, name="names"), NOW)
    await world.execute("INSERT INTO task_artifact SELECT $1, artifact.id FROM artifact", task)
    await world.execute("INSERT INTO task_resource SELECT $1, 'names', id FROM resource", task)
    for what in (plan, gone):
        await make_runs(world, BEFORE, **({"plan": what, "task": task} if what == plan else {"task": what}))
    assert await prune.tick(app, MOVES) == 3
    await make_runs(world, AFTER, plan=plan, task=task)
    await make_rest(world)
    await world.execute("UPDATE task SET deleted_at = now() WHERE id = $1", gone)
    await world.key("ada", finance="Administrator")
    return world


async def make_runs(world: World, moment: str, *, task: Any, plan: Any = None) -> None:
    """A run of a task, which is one below a run of a plan if there is one."""
    root = await world.run(plan=plan, state="FAILED", started=moment, ended=moment) if plan is not None else None
    run: RunId = await world.run(task, "FAILED", moment, moment, parent=root)
    await world.log(run, (moment, "it broke"))
    await world.finding(run, 0, "row", {"a": 1})


async def make_rest(world: World) -> None:
    """A schedule that is due, an address that was called, a webhook for this environment with something to tell, and
    one for the key."""
    await world.execute(
        """INSERT INTO schedule (environment_id, plan_id, owner_id, created_at, changed_at)
           SELECT environment_id, id, (SELECT min(id) FROM app_user), now(), now() FROM plan"""
    )
    await world.execute(
        """INSERT INTO schedule_trigger (schedule_id, name, definition, missed, most_missed, grace_s, planned_at,
                                         due_at)
           SELECT id, 'daily', '{"when": {"type": "daily", "at": "02:30"}}', 'skip', 1, 60, now(), now()
             FROM schedule"""
    )
    await world.execute(
        """INSERT INTO webhook_trigger (environment_id, plan_id, name, active, token, token_digest, calls, window_ms,
                                        per_minute, owner_id, created_at, changed_at)
           SELECT environment_id, id, 'calls', true, '', '', 2, 1, 1, (SELECT min(id) FROM app_user), now(), now()
             FROM plan"""
    )
    await world.execute(
        """INSERT INTO webhook_window (trigger_id, opened_at, due_at, calls, size, closed)
           SELECT id, now(), now(), 1, 1, false FROM webhook_trigger"""
    )
    await world.execute(
        """INSERT INTO webhook_call (trigger_id, window_id, received_at, type, data)
           SELECT trigger_id, id, now(), 'text/plain', '' FROM webhook_window"""
    )
    await world.execute(
        """INSERT INTO webhook (workspace_key, environment_id, url, shown_url, secret, events, since, created_by,
                                created_at, changed_at)
           SELECT 'finance', place.id, '', 'https://h.example/', '', '{run.failed}', '-infinity', app_user.id,
                  now(), now()
             FROM (SELECT id FROM environment WHERE name = 'Test' UNION ALL SELECT NULL) AS place, app_user
            WHERE app_user.name = 'admin'"""
    )
    await world.execute(
        """INSERT INTO webhook_delivery (webhook_id, message, event, body, state, created_at, ended_at)
           SELECT id, 'msg_' || id, 'ping', '{}', 'failed', now(), now() FROM webhook"""
    )


async def is_empty(world: World, table: str) -> bool:
    return await world.fetch(f"SELECT 1 FROM {table} LIMIT 1") == []


@pytest.mark.parametrize("what", [Kind.ENVIRONMENT, Kind.WORKSPACE])
async def test_nothing_is_left_and_nothing_breaks(app: App, world: World, call: Call, what: Kind) -> None:
    assert [table for table in (*OF_WORKSPACES, *OF_RUNS) if await is_empty(world, table)] == []
    assert len(digests(app)) == 2
    key = await new_key(app, "admin", NOW)
    ids = Ids(await installation.number(app))
    [place] = await world.fetch("SELECT id, environment_id FROM workspace")
    path, number = (
        ("environments", place["environment_id"]) if what is Kind.ENVIRONMENT else ("workspaces", place["id"])
    )
    gone = await call("DELETE", f"/orchestration/{path}/{ids.of(what, number)}", key)
    assert gone.status_code == 204, gone.text
    assert [table for table in OF_WORKSPACES if not await is_empty(world, table)] == []
    assert await is_empty(world, "schedule") is (what is Kind.ENVIRONMENT)
    assert not await world.fetch("SELECT FROM schedule_trigger WHERE due_at IS NOT NULL")
    assert digests(app) == []
    await ask_everything(call, key, ids, "Test")
    assert (await call("GET", "/api/v1/runs", key)).json()["items"] == []
    await fire.tick(app, LATER)
    await Teller(app).tick(LATER)
    await prune.tick(app, LATER)
    await prune.tick(app, LATER)
    assert await is_empty(world, "run")
    left = [table for table in OF_RUNS if not await is_empty(world, table)]
    assert left == ([] if what is Kind.ENVIRONMENT else ["kept_run", "kept_log", "kept_finding", "kept_week"])
    await ask_everything(call, key, ids, "Test")

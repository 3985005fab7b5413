"""What becomes of runs that were made in the moment their task was deleted."""

from datetime import datetime

from ostinato.app.application import App
from ostinato.store import attempts, holds
from tests.api.factories import World


async def test_a_run_that_was_made_while_its_task_was_deleted_is_worked_off(app: App, now: datetime) -> None:
    world = World(app)
    workspace = await world.workspace("finance")
    task = await world.task(workspace, "Package", 1, "load")
    run = await world.run(task, "QUEUED")
    await world.execute("UPDATE task SET deleted_at = now() WHERE id = $1", task)
    server = await world.server(1)
    async with app.db.transaction() as tx:
        [claimed], _, _ = await attempts.claim(tx, server, 1)
    assert (claimed.run, claimed.task_name) == (run, "load")


async def test_a_plan_run_that_was_made_while_its_plan_was_deleted_begins(app: App, now: datetime) -> None:
    world = World(app)
    workspace = await world.workspace("finance")
    plan = await world.plan(workspace, 1, "night", [await world.task(workspace, "Package", 1, "load")])
    run = await world.run(plan=plan, state="QUEUED")
    await world.execute("UPDATE plan SET deleted_at = now() WHERE id = $1", plan)
    async with app.db.transaction() as tx:
        [begun] = await holds.begin(tx, now, 10)
    assert begun.run == run

"""How tasks stand costs little, also where 10,000 come after 10,000 others: the step before is looked at once. So does
looking for what data triggers have to start, where 10,000 tasks have one each."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ostinato.core.ids import RunId
from ostinato.store import data_triggers, plans, successes, tasks
from ostinato.store.workspaces import Page, Place
from tests.databases import administer, url_of
from tests.store.test_query_plans import ADMIN, Call, Explained, connected
from tests.store.test_query_plans import _set_up as set_up

HERE = Path(__file__).parent
NAME = "ostinato_ten_thousand"
LAB = Place(stage="production", workspace="lab")
QUERY = ["Query"]
SECOND_STEP = Page(limit=100, offset=10_000)
STATEMENTS: dict[str, tuple[Call, int, float]] = {
    "plans/tasks": (lambda tx: tasks.list_of_plan(tx, ADMIN, LAB, QUERY, 1, SECOND_STEP), 30_000, 250),
    "tasks/get": (lambda tx: tasks.get(tx, ADMIN, LAB, tasks.TaskKey("Query", 15_000)), 25_000, 250),
    "tasks/list": (lambda tx: tasks.list_tasks(tx, ADMIN, LAB, QUERY, SECOND_STEP), 150_000, 500),
    "plans/list": (lambda tx: plans.list_plans(tx, ADMIN, LAB, QUERY, Page(limit=100, offset=0)), 400_000, 1_500),
    "successes/of_tasks": (lambda tx: successes.of_tasks(tx, ADMIN, successes.Wanted(), SECOND_STEP), 25_000, 250),
}
"""Each with the blocks it may touch and the milliseconds it may take: several times what it takes on a slow machine.
Looked at for each task of the page, the step before would cost a hundred times as much."""


ENDED = [RunId(number) for number in range(1, 101)]
TRIGGERS = """
INSERT INTO data_trigger (id, environment_id, task_id, condition, active, owner_id, created_at, changed_at)
       OVERRIDING SYSTEM VALUE
SELECT number - 10000, environment_id, id, 'all', true, 1, now(), now() FROM task WHERE number > 10000;
INSERT INTO data_trigger_source (trigger_id, task_id, position)
SELECT number, number, 1 FROM generate_series(1, 10000) AS number
 UNION ALL
SELECT number, number % 10000 + 1, 2 FROM generate_series(1, 10000) AS number;
"""
SUCCESSES = """
INSERT INTO data_trigger_success (source_id, run_id, ended_at, newest_run)
SELECT source.id, run.id, now(), 1000000
  FROM data_trigger_source AS source
 CROSS JOIN LATERAL (
           SELECT id, ended_at FROM run WHERE run.task_id = source.task_id AND run.state = 'SUCCEEDED'
            ORDER BY ended_at DESC LIMIT 1) AS run
 WHERE source.position = 1;
VACUUM ANALYZE
"""
"""Of one source of each, so that all of them are looked at, and none fires."""
OF_DATA_TRIGGERS: dict[str, tuple[Call, int, float]] = {
    "data_triggers/due": (lambda tx: data_triggers.due(tx, 500), 2_000, 250),
    "data_triggers/list": (
        lambda tx: data_triggers.list_data_triggers(
            tx, ADMIN, data_triggers.Wanted(environment="Production", limit=100)
        ),
        60_000,
        750,
    ),
    "data_triggers/forget": (data_triggers.forget, 150_000, 1_000),
    "data_triggers/note": (lambda tx: data_triggers.note(tx, ENDED), 5_000, 50),
}
"""Each with the blocks it may touch and the milliseconds it may take: several times what it takes on a slow machine."""


@pytest.fixture(scope="module")
def large(server_url: str, template: str) -> Iterator[psycopg.Connection[Any]]:
    administer(server_url, f"CREATE DATABASE {NAME} TEMPLATE {template}")
    url = url_of(server_url, NAME)
    asyncio.run(set_up(url))
    with connected(url) as connection:
        connection.execute(
            "INSERT INTO workspace (environment_id, key, name, created_at)"
            " SELECT id, 'lab', 'Lab', now() FROM environment WHERE name = 'Production'"
        )
        for statement in (HERE / "ten_thousand_after_ten_thousand.sql").read_text(encoding="utf-8").split(";\n"):
            connection.execute(statement.encode())
        yield connection
    administer(server_url, f"DROP DATABASE {NAME} WITH (FORCE)")


@pytest.mark.parametrize("name", STATEMENTS)
async def test_a_step_of_ten_thousand_is_looked_at_once(large: psycopg.Connection[Any], name: str) -> None:
    call, blocks, milliseconds = STATEMENTS[name]
    tx = Explained(large)
    await call(tx)
    await call(tx)
    plan = tx.plans[-1]
    sys.stderr.write(f"{name:16} blocks {plan.blocks:6} of {blocks}, {plan.milliseconds:7.2f} ms\n")
    assert plan.blocks <= blocks
    assert plan.milliseconds <= milliseconds


@pytest.fixture(scope="module")
def triggered(large: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    for statement in (TRIGGERS + SUCCESSES).split(";\n"):
        large.execute(statement.encode())
    return large


@pytest.mark.parametrize("name", OF_DATA_TRIGGERS)
async def test_ten_thousand_data_triggers_of_which_none_fires_cost_little(
    triggered: psycopg.Connection[Any], name: str
) -> None:
    call, blocks, milliseconds = OF_DATA_TRIGGERS[name]
    tx = Explained(triggered)
    await call(tx)
    await call(tx)
    plan = tx.plans[-1]
    sys.stderr.write(f"{name:20} blocks {plan.blocks:6} of {blocks}, {plan.milliseconds:7.2f} ms\n")
    assert not plan.sequential, "runs are found by their indexes"
    assert plan.blocks <= blocks
    assert plan.milliseconds <= milliseconds

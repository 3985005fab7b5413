"""How tasks stand costs little, also where 10,000 come after 10,000 others: the step before is looked at once."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ostinato.store import plans, successes, tasks
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

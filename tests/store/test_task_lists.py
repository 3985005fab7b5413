"""Lists of single tasks cost little where there are 10,000, whoever asks and whatever for."""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from ostinato.core.ids import ArtifactId, EnvironmentId, SubjectId, WorkspaceId
from ostinato.store import single_tasks
from ostinato.store.single_tasks import Wanted
from ostinato.store.workspaces import Page
from tests.conftest import NOW, opened_app
from tests.databases import Copies
from tests.people import give
from tests.store.test_query_plans import connected, read

TASKS = 10_000
TRIES, SLOWEST_MS, MOST_BLOCKS = 10, 20, 4_000
QUIET = (os.cpu_count() or 1) / 2
"""Times mean something only while others leave the machine alone."""
ADMIN, VIEWER = "admin", "viewer"
MANY = """
INSERT INTO workspace (environment_id, key, name, created_at)
SELECT environment.id, 'w' || number, 'Workspace ' || number, now()
  FROM environment, generate_series(1, 20) AS number
 WHERE environment.name = 'Production';
INSERT INTO artifact (workspace_id, name, type, created_at)
SELECT (SELECT min(id) FROM workspace), 'artifact ' || number, 'python', now() FROM generate_series(1, 100) AS number;
INSERT INTO artifact_version (artifact_id, version, digest, size, entry, parameters, published_by, published_at)
SELECT artifact.id, '1', decode(repeat('00', 32), 'hex'), 1, '{"kind": "python", "entry_point": "a:b"}', '[]', 1, now()
  FROM artifact;
INSERT INTO task_ever (environment_id, workspace_id, type, number, name, description, config, created_at,
                       changed_at, tags)
SELECT workspace.environment_id, workspace.id, 'Package', number, 'load table ' || number, repeat('what it does ', 20),
       json_build_object('kind', 'artifact', 'artifact', 'artifact ' || number % 100, 'more', repeat('x', 400)), now(),
       now(),
       ARRAY['tag ' || number % 7, 'group ' || number % 500]
  FROM generate_series(1, 10000) AS number
  JOIN workspace ON workspace.key = 'w' || (1 + number % 20);
INSERT INTO task_artifact (task_id, artifact_id, version_id)
SELECT task.id, version.artifact_id, version.id
  FROM task
  JOIN artifact_version AS version ON version.artifact_id = (SELECT min(id) FROM artifact) + task.number % 100
 WHERE task.number % 4 <> 0;
ANALYZE;
"""
ASKS: dict[str, tuple[str, Wanted, Page, int]] = {
    "all": (ADMIN, Wanted(), Page(limit=100, offset=0), 10000),
    "the last page": (ADMIN, Wanted(), Page(limit=100, offset=TASKS - 100), 10000),
    "a name": (ADMIN, Wanted(name="E 99"), Page(limit=100, offset=0), 111),
    "a workspace": (ADMIN, Wanted(workspace=WorkspaceId(3)), Page(limit=100, offset=0), 500),
    "an environment": (ADMIN, Wanted(environment=EnvironmentId(1)), Page(limit=100, offset=0), 10000),
    "an artifact": (ADMIN, Wanted(artifact=ArtifactId(6)), Page(limit=100, offset=0), 100),
    "a type": (ADMIN, Wanted(type="Package"), Page(limit=100, offset=0), 2500),
    "tags": (ADMIN, Wanted(tags=("tag 3", "group 17")), Page(limit=100, offset=0), 3),
    "in vain": (ADMIN, Wanted(name="no task is called so"), Page(limit=100, offset=0), 0),
    "a viewer": (VIEWER, Wanted(), Page(limit=100, offset=0), 500),
}


@pytest.fixture(scope="module")
def ten_thousand(copies: Copies) -> Iterator[psycopg.Connection[Any]]:
    with copies.one() as url:
        asyncio.run(_set_up(url))
        with connected(url) as connection:
            connection.execute(MANY.encode())
            asyncio.run(_let_see(url))
            yield connection


async def _set_up(url: str) -> None:
    async with opened_app(url, NOW):
        pass


async def _let_see(url: str) -> None:
    async with opened_app(url, NOW) as app:
        await give(app, "viewer", "w3", "Viewer", NOW)


class Timed:
    """Takes the place of a transaction: statements are prepared as the product has them, and timed."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        self.times: list[float] = []
        self.blocks = 0

    async def fetchrow(self, text: str, *arguments: Any) -> dict[str, Any]:
        plain = (list(value) if isinstance(value, tuple) else value for value in arguments)
        literals = (psycopg.sql.Literal(value).as_string(self._connection) for value in plain)
        called = f"EXECUTE asked({', '.join(literals)})"
        with self._connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
            cursor.execute(f"PREPARE asked AS {text}".encode())
            try:
                for _ in range(TRIES):
                    begun = time.perf_counter()
                    [row] = cursor.execute(called.encode()).fetchall()
                    self.times.append((time.perf_counter() - begun) * 1_000)
                [told] = cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {called}".encode()).fetchall()
            finally:
                cursor.execute("DEALLOCATE asked")
        self.blocks = read(told["QUERY PLAN"][0]).blocks
        return row


@pytest.mark.parametrize("name", ASKS)
async def test_a_page_is_found_quickly(ten_thousand: psycopg.Connection[Any], name: str) -> None:
    user, wanted, page, total = ASKS[name]
    row = ten_thousand.execute("SELECT id FROM app_user WHERE name = %s", (user,)).fetchone()
    assert row is not None
    tx = Timed(ten_thousand)
    found = await single_tasks.list_tasks(tx, SubjectId(row[0]), wanted, page)  # type: ignore[arg-type]
    sys.stderr.write(f"\n{name}: {min(tx.times):.1f} ms, {tx.blocks} blocks\n")
    assert (found.total, len(found.items)) == (total, min(total, page.limit))
    assert tx.blocks < MOST_BLOCKS
    if os.getloadavg()[0] < QUIET:
        assert min(tx.times) < SLOWEST_MS

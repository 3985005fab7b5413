from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ostinato.connections import duckdb as duckdb_type
from ostinato.connections import files, sqlite
from tests.tasks.recording import RecordingContext


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    folder = tmp_path / "exports"
    folder.mkdir()
    return folder


@pytest.fixture
def context(tmp_path: Path, exports: Path) -> Iterator[RecordingContext]:
    """Connections `warehouse` (DuckDB with customers and orders), `exports` (an empty folder), `shop` (SQLite)."""
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as database:
        database.execute(
            "CREATE TABLE customers AS SELECT * FROM (VALUES (1, 'Ada', 'DK'), (2, 'Bo', 'SE'), (3, 'Cy',"
            " 'DK')) AS t (id, name, country)"
        )
        database.execute(
            "CREATE TABLE orders AS SELECT * FROM (VALUES (1, 1, 10.50), (2, 1, 20.00), (3, 2, NULL))"
            " AS t (id, customer_id, amount)"
        )
    folder = tmp_path / "attempt"
    folder.mkdir()
    made = RecordingContext(
        str(folder),
        {
            "warehouse": (duckdb_type, {"path": str(warehouse)}),
            "exports": (files, {"path": str(exports)}),
            "shop": (sqlite, {"path": str(tmp_path / "shop.sqlite")}),
        },
    )
    yield made
    made.close()

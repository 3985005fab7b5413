from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from ostinato.connections import duckdb as duckdb_type
from ostinato.connections import files, sqlite
from ostinato.core.artifacts import PythonEntry
from ostinato.core.contracts import ArtifactOrder, Unpacked
from tests.tasks.recording import RecordingContext

HELLO = """
import json, os

def greet():
    print("hello", json.loads(os.environ.get("OSTINATO_CONNECTION_warehouse", "{}")).get("type"))
    return {"rows": 2, "counts": {"greeted": 2}, "message": "greeted"}
"""


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
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / "hello.py").write_text(HELLO)
    order = ArtifactOrder(name="hello", version="1.2.0", digest="ab" * 32, entry=PythonEntry(entry_point="hello:greet"))
    made = RecordingContext(
        str(folder),
        {
            "warehouse": (duckdb_type, {"path": str(warehouse)}),
            "exports": (files, {"path": str(exports)}),
            "shop": (sqlite, {"path": str(tmp_path / "shop.sqlite")}),
        },
        Unpacked(order=order, folder=str(packed)),
    )
    yield made
    made.close()

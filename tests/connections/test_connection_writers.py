"""Several writers of one table, or of one file, at the same time."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ostinato.connections import files, mysql
from ostinato.connections.mysql import MysqlConnection
from ostinato.core.contracts import ConnectionFailed
from tests.connections.opening import opened, silent, stream
from tests.services import mariadb

WRITERS = 4
ROWS = 500


def at_once(connections: list[Any], table: str, mode: Any, ids: Callable[[int], list[int]]) -> None:
    """Every writer writes when all are ready."""
    ready = threading.Barrier(len(connections))

    def work(number: int) -> None:
        keys = ids(number)
        data = stream({"id": keys, "writer": [number] * len(keys)}, batch_rows=50)
        ready.wait(30)
        connections[number].write(table, data, mode, ["id"] if mode == "merge" else (), silent)

    with ThreadPoolExecutor(len(connections)) as pool:
        list(pool.map(work, range(len(connections))))


def seen(connection: Any, table: str) -> list[tuple[int, int]]:
    rows = connection.read(connection.table_query(table)).read_all().to_pylist()
    return sorted((row["id"], row["writer"]) for row in rows)


@pytest.mark.parametrize("exists", [False, True])
@pytest.mark.parametrize("mode", ["replace", "merge"])
def test_writers_of_the_same_rows_leave_those_of_one(
    connect: Callable[[], Any], table: str, mode: Any, exists: bool
) -> None:
    connections = [connect() for _ in range(WRITERS)]
    if exists:
        connections[0].write(table, stream({"id": [1], "writer": [99]}), "replace", (), silent)
    at_once(connections, table, mode, lambda _: list(range(ROWS)))
    rows = seen(connections[0], table)
    assert [row[0] for row in rows] == list(range(ROWS))
    assert len({row[1] for row in rows}) == 1


def test_appending_writers_lose_nothing(connect: Callable[[], Any], table: str) -> None:
    connections = [connect() for _ in range(WRITERS)]
    at_once(connections, table, "append", lambda number: list(range(number * ROWS, (number + 1) * ROWS)))
    assert [row[0] for row in seen(connections[0], table)] == list(range(WRITERS * ROWS))


def test_the_old_rows_can_be_read_while_they_are_replaced(connect: Callable[[], Any], table: str) -> None:
    writer, reader = connect(), connect()
    writer.write(table, stream({"id": [1], "writer": [0]}), "replace", (), silent)
    while_writing: list[Any] = []

    def batches() -> Iterator[Any]:
        while_writing.extend(seen(reader, table))
        yield pa.record_batch({"id": [2], "writer": [1]})

    schema = pa.schema({"id": pa.int64(), "writer": pa.int64()})
    writer.write(table, pa.RecordBatchReader.from_batches(schema, batches()), "replace", (), silent)
    assert while_writing == [(1, 0)]
    assert seen(reader, table) == [(2, 1)]


@pytest.mark.parametrize("connect", ["postgresql"], indirect=True)
def test_nobody_changes_a_postgresql_table_while_it_is_replaced(connect: Callable[[], Any], table: str) -> None:
    writer, other = connect(), connect()
    writer.write(table, stream({"id": [1]}), "replace", (), silent)
    refused: list[str] = []

    def batches() -> Iterator[Any]:
        with pytest.raises(ConnectionFailed, match="lock timeout") as refusal:
            other.execute(f"SET LOCAL lock_timeout = '50ms'; INSERT INTO {table} VALUES (3)")
        refused.append(str(refusal.value))
        yield pa.record_batch({"id": [2]})

    data = pa.RecordBatchReader.from_batches(pa.schema({"id": pa.int64()}), batches())
    writer.write(table, data, "replace", (), silent)
    assert len(refused) == 1


def test_a_mysql_writer_gives_up_after_a_while_and_says_why(monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    monkeypatch.setattr(mysql, "LOCK_WAIT_S", 0)
    writer, other = opened(mysql, **mariadb()), opened(mysql, **mariadb())
    assert isinstance(writer, MysqlConnection)
    writer.enter(f"`{table}`")
    with pytest.raises(ConnectionFailed, match="another write to table"):
        other.write(table, stream({"id": [1]}), "replace", (), silent)
    writer.rollback()
    writer.leave()
    assert other.write(table, stream({"id": [1]}), "replace", (), silent) == 1
    writer.close()
    other.close()


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.csv.gz"])
@pytest.mark.parametrize("mode", ["append", "merge"])
def test_writers_of_one_file_lose_nothing_and_leave_no_lock(folder: Path, name: str, mode: Any) -> None:
    connections = [opened(files, path=str(folder)) for _ in range(WRITERS)]
    at_once(connections, name, mode, lambda number: list(range(number * ROWS, (number + 1) * ROWS)))
    assert [row[0] for row in seen(connections[0], name)] == list(range(WRITERS * ROWS))
    assert [entry.name for entry in folder.iterdir()] == [name]
    for connection in connections:
        connection.close()


def test_a_file_that_is_replaced_while_rows_are_appended_has_those_of_the_last(folder: Path) -> None:
    appending, replacing = opened(files, path=str(folder)), opened(files, path=str(folder))
    appending.write("t.parquet", stream({"id": [1]}), "replace", (), silent)
    replaced = threading.Thread(target=lambda: replacing.write("t.parquet", stream({"id": [9]}), "replace", (), silent))

    def batches() -> Iterator[Any]:
        replaced.start()
        yield pa.record_batch({"id": [2]})

    data = pa.RecordBatchReader.from_batches(pa.schema({"id": pa.int64()}), batches())
    appending.write("t.parquet", data, "append", (), silent)
    replaced.join(30)
    assert appending.read("SELECT id FROM t").read_all().to_pylist() == [{"id": 9}]
    appending.close()
    replacing.close()

"""Writing to SQL databases: the same story for each of them."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest

from ostinato.connections.sqlite import SqliteConnection
from ostinato.core.contracts import ConnectionFailed
from tests.connections.opening import silent, stream


def rows(connection: Any, table: str, order: str = "id") -> list[dict[str, Any]]:
    query = f"{connection.table_query(table)} ORDER BY {order}"
    return list(connection.read(query).read_all().to_pylist())


def write(connection: Any, table: str, mode: Any = "replace", keys: Any = (), **columns: Any) -> int:
    return int(connection.write(table, stream(columns), mode, keys, silent))


def test_a_table_is_made_when_it_does_not_exist(database: Any, table: str) -> None:
    assert write(database, table, id=[1, 2], name=["a", None]) == 2
    assert rows(database, table) == [{"id": 1, "name": "a"}, {"id": 2, "name": None}]


def test_replace_empties_the_table_first(database: Any, table: str) -> None:
    write(database, table, id=[1, 2])
    write(database, table, id=[3])
    assert rows(database, table) == [{"id": 3}]


def test_replace_with_no_rows_leaves_an_empty_table(database: Any, table: str) -> None:
    write(database, table, id=[1, 2])
    assert write(database, table, id=pa.array([], pa.int64())) == 0
    assert rows(database, table) == []


def test_append_adds_rows(database: Any, table: str) -> None:
    write(database, table, id=[1])
    write(database, table, "append", id=[2])
    assert rows(database, table) == [{"id": 1}, {"id": 2}]


def test_merge_replaces_the_rows_with_the_same_keys_and_adds_the_others(database: Any, table: str) -> None:
    write(database, table, id=[1, 2, 3], part=["a", "a", "b"], value=[10, 20, 30])
    assert write(database, table, "merge", ["id", "part"], id=[2, 3, 4], part=["a", "a", "c"], value=[21, 31, 41]) == 3
    assert [(r["id"], r["part"], r["value"]) for r in rows(database, table, "id, part")] == [
        (1, "a", 10),
        (2, "a", 21),
        (3, "a", 31),
        (3, "b", 30),
        (4, "c", 41),
    ]


def test_merge_treats_missing_keys_as_the_same(database: Any, table: str) -> None:
    write(database, table, id=[1, None], part=[None, "x"], value=[1, 2])
    write(database, table, "merge", ["id", "part"], id=[1, None, None], part=[None, "x", None], value=[10, 20, 30])
    assert sorted(row["value"] for row in rows(database, table)) == [10, 20, 30]


def test_merge_into_a_table_that_does_not_exist_makes_it(database: Any, table: str) -> None:
    write(database, table, "merge", ["id"], id=[1], value=["x"])
    assert rows(database, table) == [{"id": 1, "value": "x"}]


def test_merge_works_with_a_primary_key_and_twice_in_a_row(database: Any, table: str) -> None:
    database.execute(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY, value INTEGER)")
    write(database, table, id=[1, 2], value=[1, 2])
    write(database, table, "merge", ["id"], id=[2, 3], value=[20, 30])
    write(database, table, "merge", ["id"], id=[3, 4], value=[31, 41])
    assert [row["value"] for row in rows(database, table)] == [1, 20, 31, 41]


def test_merge_without_keys_is_refused(database: Any, table: str) -> None:
    with pytest.raises(ConnectionFailed, match="needs keys"):
        write(database, table, "merge", id=[1])


def test_a_key_that_is_no_column_is_refused(database: Any, table: str) -> None:
    with pytest.raises(ConnectionFailed, match="'nr'"):
        write(database, table, "merge", ["nr"], id=[1])


def test_columns_are_matched_by_name_not_by_place(database: Any, table: str) -> None:
    write(database, table, id=[1], a=[10], b=[20])
    write(database, table, "append", b=[2], a=[1], ID=[2])
    assert rows(database, table) == [{"id": 1, "a": 10, "b": 20}, {"id": 2, "a": 1, "b": 2}]


def test_a_surplus_column_is_named(database: Any, table: str) -> None:
    write(database, table, id=[1])
    with pytest.raises(ConnectionFailed, match=r"no column 'colour'.*id"):
        write(database, table, "append", id=[2], colour=["red"])


def test_a_missing_column_is_named(database: Any, table: str) -> None:
    write(database, table, id=[1], colour=["red"])
    with pytest.raises(ConnectionFailed, match="no column 'colour'"):
        write(database, table, "append", id=[2])
    assert len(rows(database, table)) == 1


def test_a_column_with_a_default_may_be_left_out(database: Any, table: str) -> None:
    database.execute(f"CREATE TABLE {table} (id INTEGER, state VARCHAR(10) DEFAULT 'new', note VARCHAR(10))")
    write(database, table, "append", id=[1], note=["x"])
    assert rows(database, table) == [{"id": 1, "state": "new", "note": "x"}]


def broken(after: int) -> Any:
    def batches() -> Iterator[Any]:
        for start in range(after):
            yield pa.record_batch({"id": [start]})
        raise ConnectionFailed("the source went away")

    return pa.RecordBatchReader.from_batches(pa.schema({"id": pa.int64()}), batches())


@pytest.mark.parametrize("mode", ["replace", "append", "merge"])
def test_a_failure_leaves_the_old_rows(database: Any, table: str, mode: Any) -> None:
    write(database, table, id=[100])
    with pytest.raises(ConnectionFailed, match="went away"):
        database.write(table, broken(3), mode, ["id"], silent)
    assert rows(database, table) == [{"id": 100}]
    write(database, table, "append", id=[101])
    assert rows(database, table) == [{"id": 100}, {"id": 101}]


def test_a_failure_takes_back_the_table_it_made(database: Any, table: str) -> None:
    with pytest.raises(ConnectionFailed, match="went away"):
        database.write(table, broken(3), "replace", (), silent)
    with pytest.raises(ConnectionFailed, match=table):
        rows(database, table)


def test_progress_is_told_per_batch(database: Any, table: str) -> None:
    told: list[int] = []
    database.write(table, stream({"id": list(range(2500))}), "replace", (), told.append)
    assert told == [1000, 2000, 2500]


def test_odd_names_are_quoted(database: Any, table: str) -> None:
    write(database, table, **{"id": [1], "se lect": [2], 'quo"te`s': [3], "per%cent": [4], "Größe": [5]})
    write(
        database,
        table,
        "merge",
        ['quo"te`s'],
        **{"id": [9], "se lect": [2], 'quo"te`s': [3], "per%cent": [4], "Größe": [5]},
    )
    assert rows(database, table) == [{"id": 9, "se lect": 2, 'quo"te`s': 3, "per%cent": 4, "Größe": 5}]


@pytest.mark.parametrize("name", ["", " ", "a.", ".a", "a..b", 'a"b'])
def test_a_table_name_that_is_none_is_refused(database: Any, name: str) -> None:
    with pytest.raises(ConnectionFailed, match="not a table name"):
        write(database, name, id=[1])


def test_a_query_may_end_in_a_semicolon_or_a_comment(database: Any) -> None:
    assert database.read("SELECT 1 AS a ;\n").read_all().to_pylist() == [{"a": 1}]
    assert database.read("SELECT 1 AS a -- the one").read_all().to_pylist() == [{"a": 1}]


def test_a_result_never_has_two_columns_of_one_name(database: Any) -> None:
    query = "SELECT 1 AS a, 2 AS a"
    if isinstance(database, SqliteConnection):
        assert database.read(query).schema.names == ["a", "a:1"]
        return
    with pytest.raises(ConnectionFailed, match=r"'a'.*AS"):
        database.read(query)


def test_a_result_without_rows_has_its_columns(database: Any, table: str) -> None:
    write(database, table, id=[1], name=["a"])
    data = database.read(f"SELECT id, name FROM {table} WHERE id > 5")
    assert data.schema.names == ["id", "name"]
    assert data.read_all().num_rows == 0


def test_a_wrong_query_fails_with_the_words_of_the_database(database: Any) -> None:
    with pytest.raises(ConnectionFailed, match="no_such_table"):
        database.read("SELECT * FROM no_such_table").read_all()


def test_a_script_runs_in_one_transaction_and_counts_rows(database: Any, table: str) -> None:
    database.execute(f"CREATE TABLE {table} (id INTEGER)")
    assert database.execute(f"INSERT INTO {table} VALUES (1), (2); UPDATE {table} SET id = id + 1; SELECT 1") == 4
    with pytest.raises(ConnectionFailed):
        database.execute(f"DELETE FROM {table}; INSERT INTO no_such_table VALUES (1)")
    assert rows(database, table) == [{"id": 2}, {"id": 3}]


def test_many_rows_stream_in_batches(database: Any, table: str) -> None:
    count = 50_000
    write(database, table, id=list(range(count)), text=[f"row {i}" for i in range(count)])
    sizes = [batch.num_rows for batch in database.read(f"SELECT * FROM {table}")]
    assert sum(sizes) == count
    assert max(sizes) <= 20_480


def test_a_result_may_be_left_unread(database: Any, table: str) -> None:
    write(database, table, id=list(range(60_000)))
    data = database.read(f"SELECT * FROM {table}")
    data.read_next_batch()

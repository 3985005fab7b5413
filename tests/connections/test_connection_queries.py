"""A query reads, and does nothing else, whatever it says."""

from pathlib import Path
from typing import Any

import pytest

from ostinato.connections import duckdb, mysql, postgresql
from ostinato.core.contracts import ConnectionFailed
from tests.connections.opening import opened, silent, stream
from tests.services import mariadb
from tests.services import postgresql as postgresql_service

WRITES = (
    "DELETE FROM {t}",
    "DELETE FROM {t} RETURNING id",
    "INSERT INTO {t} VALUES (7) RETURNING id",
    "UPDATE {t} SET id = 5",
    "DROP TABLE {t}",
    "CREATE TABLE {t}_2 (id INTEGER)",
    "ALTER TABLE {t} ADD COLUMN x INTEGER",
    "SELECT 1 AS a; DELETE FROM {t}",
    "SELECT 1 AS a; COMMIT; DELETE FROM {t}",
    "SELECT 1 AS a) q; COMMIT; DELETE FROM {t}; SELECT * FROM (SELECT 1 AS a",
    "SELECT 1 AS a) TO STDOUT; DELETE FROM {t}; COPY (SELECT 1 AS a",
    "WITH gone AS (DELETE FROM {t} RETURNING id) SELECT * FROM gone",
    "WITH x AS (SELECT 1) DELETE FROM {t}",
    "COPY {t} TO '/tmp/ostinato-never.csv'",
    "EXPLAIN ANALYZE DELETE FROM {t}",
    "-- SELECT\nDELETE FROM {t}",
    "",
    " ; ",
)


def ids(connection: Any, table: str) -> list[Any]:
    return [row["id"] for row in connection.read(f"SELECT id FROM {table} ORDER BY id").read_all().to_pylist()]


@pytest.mark.parametrize("query", WRITES)
def test_a_query_cannot_change_a_database(database: Any, table: str, query: str) -> None:
    database.write(table, stream({"id": [1, 2]}), "replace", (), silent)
    with pytest.raises(ConnectionFailed):
        database.read(query.format(t=table)).read_all()
    assert ids(database, table) == [1, 2]
    database.write(table, stream({"id": [3]}), "append", (), silent)
    assert database.execute(f"DELETE FROM {table}; SELECT 1") == 3


@pytest.mark.parametrize("query", WRITES)
def test_a_query_cannot_change_a_folder_of_files(file_folder: Any, folder: Path, query: str) -> None:
    file_folder.write("t.csv", stream({"id": [1, 2]}), "replace", (), silent)
    for text in (query.format(t="t"), f"COPY (SELECT 1 AS a) TO '{folder}/new.csv'"):
        with pytest.raises(ConnectionFailed):
            file_folder.read(text).read_all()
    assert [entry.name for entry in folder.iterdir()] == ["t.csv"]
    assert ids(file_folder, "t") == [1, 2]


@pytest.mark.parametrize(
    "query",
    ["SELECT 1 AS id", "VALUES (1)", "WITH x AS (SELECT 1 AS id) SELECT * FROM x", "/* a ; b */ SELECT 1 AS id -- c"],
)
def test_a_query_may_have_every_form_that_only_reads(database: Any, query: str) -> None:
    assert [list(row.values()) for row in database.read(query).read_all().to_pylist()] == [[1]]


def test_duckdb_queries_may_begin_with_from_and_pivot(tmp_path: Path) -> None:
    connection = opened(duckdb, path=str(tmp_path / "a.duckdb"))
    connection.write("t", stream({"id": [1, 2]}), "replace", (), silent)
    assert ids(connection, "t") == [1, 2]
    assert connection.read("FROM t WHERE id > 1").read_all().to_pylist() == [{"id": 2}]
    assert connection.read("PIVOT t ON id IN (1, 2) USING count(*)").read_all().to_pylist() == [{"1": 1, "2": 1}]
    with pytest.raises(ConnectionFailed, match="exactly one SELECT, and this one consists of SELECT, DROP"):
        connection.read("SELECT 1; DROP TABLE t")
    connection.close()


def test_files_queries_may_begin_with_from(file_folder: Any) -> None:
    file_folder.write("t.csv", stream({"id": [1]}), "replace", (), silent)
    assert file_folder.read("FROM t").read_all().to_pylist() == [{"id": 1}]


def test_a_function_that_writes_fails_within_a_query(table: str) -> None:
    for module, service, function in (
        (
            postgresql,
            postgresql_service(),
            "CREATE FUNCTION {t}_f() RETURNS bigint LANGUAGE sql AS 'INSERT INTO {t} VALUES (9) RETURNING id'",
        ),
        (
            mysql,
            mariadb(),
            "CREATE FUNCTION {t}_f() RETURNS BIGINT BEGIN INSERT INTO {t} VALUES (9); RETURN 9; END",
        ),
    ):
        connection = opened(module, **service)
        connection.write(table, stream({"id": [1]}), "replace", (), silent)
        connection.execute(function.format(t=table))
        with pytest.raises(ConnectionFailed, match=r"(?i)read.only transaction"):
            connection.read(f"SELECT {table}_f() AS id").read_all()
        assert ids(connection, table) == [1]
        connection.close()


@pytest.mark.parametrize(
    "query", ["SET GLOBAL max_connections = 151", "SELECT 1 AS a INTO OUTFILE '/tmp/ostinato-x'", "DO SLEEP(0)"]
)
def test_mysql_queries_reach_neither_settings_nor_files_of_the_server(query: str) -> None:
    connection = opened(mysql, **mariadb())
    with pytest.raises(ConnectionFailed, match="use a task of kind sql"):
        connection.read(f"/* quiet */ {query}")
    connection.close()

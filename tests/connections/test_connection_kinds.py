"""What is particular to each database."""

import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from ostinato.connections import duckdb, mysql, postgresql, sqlite
from ostinato.core.contracts import ConnectionFailed
from tests.connections.opening import opened, silent, stream
from tests.services import mariadb
from tests.services import postgresql as postgresql_service

CANARY = "c4nary-passw0rd"


def only(connection: Any, query: str) -> dict[str, Any]:
    (row,) = connection.read(query).read_all().to_pylist()
    return dict(row)


def types_of(connection: Any, query: str) -> list[str]:
    return [str(kind) for kind in connection.read(query).schema.types]


def test_postgresql_types_come_from_the_described_result() -> None:
    connection = opened(postgresql, **postgresql_service())
    query = """SELECT 1::smallint AS a, 1 AS b, 1::bigint AS c, 1::real AS d, 1::float8 AS e, 1.5::numeric(10, 2) AS f,
        1.5::numeric AS g, true AS h, 'x'::varchar(5) AS i, '{"a": 1}'::jsonb AS j, gen_random_uuid() AS k,
        ARRAY[1, 2] AS l, 'infinity'::float8 AS m, 'x'::bytea AS n, now() AS o, '1 day'::interval AS p, 5::oid AS q"""
    assert types_of(connection, query) == [
        "int16", "int32", "int64", "float", "double", "decimal128(10, 2)", "decimal128(38, 10)", "bool", "string",
        "string", "string", "string", "double", "binary", "timestamp[us, tz=UTC]", "string", "int64",
    ]  # fmt: skip
    row = only(connection, query)
    assert (row["f"], row["g"], row["j"], row["l"], row["n"]) == (
        Decimal("1.50"),
        Decimal("1.5"),
        '{"a": 1}',
        "{1,2}",
        b"x",
    )
    connection.close()


def test_postgresql_writes_into_columns_of_other_types_and_schemas() -> None:
    connection = opened(postgresql, **postgresql_service())
    connection.execute("CREATE SCHEMA other; CREATE TABLE other.t (id bigint PRIMARY KEY, at timestamptz, v jsonb)")
    data = {"id": ["1"], "at": ["2024-01-01 12:00:00+02"], "v": ['{"a":1}']}
    connection.write("other.t", stream(data), "merge", ["id"], silent)
    elsewhere = opened(postgresql, **postgresql_service(), schema="other")
    assert only(elsewhere, "SELECT * FROM t") == {"id": 1, "at": datetime(2024, 1, 1, 10, tzinfo=UTC), "v": '{"a": 1}'}
    elsewhere.close()
    connection.close()


def test_mysql_types_come_from_the_described_result() -> None:
    connection = opened(mysql, **mariadb())
    connection.execute(
        """CREATE TABLE kinds (a TINYINT, b SMALLINT UNSIGNED, c MEDIUMINT, d BIGINT UNSIGNED, e DECIMAL(10, 2),
        f DOUBLE, g BIT(1), h BIT(10), i YEAR, j VARCHAR(5), k VARBINARY(5), l ENUM('x', 'y'), m JSON, n TIMESTAMP(6),
        o DATETIME, p DATE, q TIME, r TEXT, s BLOB);
        INSERT INTO kinds VALUES (-1, 65535, 1, 18446744073709551615, 1.50, 2.5, b'1', 513, 2024, 'é', x'00ff', 'y',
        '{"a": 1}', '2024-01-01 10:00:00', '2024-01-01', '2024-02-29', '23:59:59', 'é', x'01')"""
    )
    assert types_of(connection, "SELECT * FROM kinds") == [
        "int8", "uint16", "int32", "uint64", "decimal128(10, 2)", "double", "bool", "uint64", "uint16", "string",
        "binary", "string", "string", "timestamp[us, tz=UTC]", "timestamp[us]", "date32[day]", "time64[us]", "string",
        "binary",
    ]  # fmt: skip
    row = only(connection, "SELECT * FROM kinds")
    assert (row["d"], row["e"], row["g"], row["h"]) == (2**64 - 1, Decimal("1.50"), True, 513)
    assert (row["k"], row["m"], row["p"], row["r"]) == (b"\x00\xff", '{"a": 1}', date(2024, 2, 29), "é")
    connection.execute("SET sql_mode = ''; UPDATE kinds SET p = '0000-00-00', q = '25:00:00'")
    assert only(connection, "SELECT p FROM kinds") == {"p": None}
    with pytest.raises(ConnectionFailed, match="no time of day"):
        only(connection, "SELECT q FROM kinds")
    connection.close()


def test_mysql_refuses_what_would_be_cut() -> None:
    connection = opened(mysql, **mariadb())
    connection.execute("CREATE TABLE short (v VARCHAR(3))")
    with pytest.raises(ConnectionFailed, match="too long"):
        connection.write("short", stream({"v": ["abcd"]}), "append", (), silent)
    connection.close()


def test_sqlite_types_are_what_its_values_are(tmp_path: Path) -> None:
    connection = opened(sqlite, path=str(tmp_path / "a.sqlite"))
    connection.execute(
        "CREATE TABLE t (a, b, c, d BOOLEAN, e BOOLEAN, f DATE, g TEXT, h);"
        "INSERT INTO t VALUES (1, 1, 1, 0, 2, '2024-02-29', 1, NULL), (2, 1.5, 'x', 1, 0, NULL, 2, NULL)"
    )
    kinds = ["int64", "double", "string", "bool", "int64", "date32[day]", "string", "string"]
    assert types_of(connection, "SELECT * FROM t") == kinds
    connection.execute("UPDATE t SET f = 'soon'")
    with pytest.raises(ConnectionFailed, match=r"column 'f'.*soon.*cast it"):
        connection.read("SELECT * FROM t").read_all()
    connection.close()


def test_sqlite_fills_its_row_id_itself(tmp_path: Path) -> None:
    connection = opened(sqlite, path=str(tmp_path / "a.sqlite"))
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)")
    connection.write("main.t", stream({"v": ["a", "b"]}), "append", (), silent)
    assert connection.read("SELECT * FROM t").read_all().to_pylist() == [{"id": 1, "v": "a"}, {"id": 2, "v": "b"}]
    connection.close()


@pytest.mark.parametrize("module", [sqlite, duckdb])
@pytest.mark.parametrize("path", [":memory:", "/no/such/folder/a.db", "/tmp"])
def test_a_path_that_is_no_database_file_is_refused(module: Any, path: str) -> None:
    with pytest.raises(ConnectionFailed, match="name a file"):
        opened(module, path=path)


def test_duckdb_reaches_no_other_files_unless_it_may(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    query = f"SELECT * FROM read_csv('{tmp_path}/a.csv')"
    connection = opened(duckdb, path=str(tmp_path / "a.duckdb"))
    with pytest.raises(ConnectionFailed, match="disabled"):
        connection.read(query)
    connection.close()
    connection = opened(duckdb, path=str(tmp_path / "a.duckdb"), external_access=True)
    assert only(connection, query) == {"id": 1}
    connection.close()


def test_duckdb_waits_while_another_process_has_the_file(tmp_path: Path) -> None:
    path = str(tmp_path / "a.duckdb")
    holder = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); sys.stdin.readline()"
    with subprocess.Popen(
        [sys.executable, "-c", holder, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        process.stdout.readline()
        with pytest.raises(ConnectionFailed, match="lock"):
            opened(duckdb, path=path, lock_timeout=0)
        process.stdin.write("go\n")
        process.stdin.flush()
        opened(duckdb, path=path, lock_timeout=30).close()


def test_a_server_that_is_not_there_fails_without_telling_the_password() -> None:
    for module in (postgresql, mysql):
        with pytest.raises(ConnectionFailed) as refusal:
            opened(module, host="127.0.0.1", port=1, database="d", user="u", password=CANARY, connect_timeout=1)
        assert CANARY not in str(refusal.value)
        assert refusal.value.__cause__ is None


def test_a_refused_login_fails_with_the_servers_words_without_the_password() -> None:
    server = mariadb()
    with pytest.raises(ConnectionFailed, match="Access denied") as refusal:
        opened(mysql, **{**server, "user": "nobody_such", "password": CANARY})
    assert CANARY not in str(refusal.value)


def test_an_error_that_repeats_the_password_does_not_show_it() -> None:
    connection = opened(postgresql, **postgresql_service(), password=CANARY)
    with pytest.raises(ConnectionFailed) as refusal:
        connection.read(f'SELECT * FROM "{CANARY}"')
    assert CANARY not in str(refusal.value)
    assert "***" in str(refusal.value)
    connection.close()


def test_an_error_in_mid_stream_is_told(tmp_path: Path) -> None:
    connection = opened(duckdb, path=str(tmp_path / "a.duckdb"))
    data = connection.read("SELECT CAST(if(range = 99999, 'x', '1') AS INTEGER) AS n FROM range(100000)")
    with pytest.raises(ConnectionFailed, match="'x'"):
        data.read_all()
    assert only(connection, "SELECT 1 AS a") == {"a": 1}
    connection.close()


def test_postgresql_reads_a_value_it_cannot_hold_as_a_failure() -> None:
    connection = opened(postgresql, **postgresql_service())
    with pytest.raises(ConnectionFailed, match="infinity"):
        connection.read("SELECT 'infinity'::timestamp AS t").read_all()
    connection.close()


def test_large_values_pass(database: Any, table: str) -> None:
    text = "æ" * 2_000_000
    database.write(table, pa.table({"v": [text]}).to_reader(), "replace", (), silent)
    assert only(database, database.table_query(table)) == {"v": text}


def test_postgresql_reads_unlimited_numerics_exactly_in_the_order_of_the_query() -> None:
    connection = opened(postgresql, **postgresql_service())
    query = """SELECT sum(v) AS "to tal", 'x' AS t, max(v)::numeric(50, 20) AS wide, max(v)::numeric(20, 2) AS money,
        0.00012::numeric(3, 5) AS small, NULL::numeric AS nothing, 100 * n::numeric(5, -2) AS hundreds
        FROM (VALUES (1, 12345678901234567.89), (2, 1.00000000005), (3, -0.5)) AS t (n, v)
        GROUP BY n ORDER BY n DESC"""
    data = connection.read(query)
    assert [str(kind) for kind in data.schema.types] == [
        "decimal128(38, 10)", "string", "decimal128(38, 10)", "decimal128(20, 2)", "decimal128(5, 5)",
        "decimal128(38, 10)", "decimal128(38, 10)",
    ]  # fmt: skip
    rows = data.read_all().to_pylist()
    assert [row["to tal"] for row in rows] == [
        Decimal("-0.5"), Decimal("1.0000000001"), Decimal("12345678901234567.89"),
    ]  # fmt: skip
    assert (rows[2]["small"], rows[2]["nothing"]) == (Decimal("0.00012"), None)
    connection.close()


@pytest.mark.parametrize(
    ("value", "told"),
    [("'NaN'", "NaN"), ("'-Infinity'", "-Infinity"), ("1e28", "1" + "0" * 28), ("-1e40 - 0.5", "-1" + "0" * 40 + ".5")],
)
def test_postgresql_numerics_that_cannot_be_held_are_named(value: str, told: str) -> None:
    connection = opened(postgresql, **postgresql_service())
    query = f"SELECT 1.5::numeric AS fine, {value}::numeric AS amount UNION ALL SELECT 1, 1"
    with pytest.raises(ConnectionFailed) as refusal:
        connection.read(query).read_all()
    assert str(refusal.value).startswith(f"column 'amount' holds {told}, which does not fit numeric(38, 10); cast it")
    assert only(connection, "SELECT 1 AS a") == {"a": 1}
    connection.close()


def test_unlimited_numerics_are_written_with_every_digit(database: Any, table: str) -> None:
    source = opened(postgresql, **postgresql_service())
    data = source.read("SELECT sum(v) AS total FROM (VALUES (12345678901234567.89), (0)) AS t (v)")
    database.write(table, data, "replace", (), silent)
    assert only(database, database.table_query(table)) == {"total": Decimal("12345678901234567.89")}
    source.close()


def test_sqlite_waits_a_minute_for_another_writer(tmp_path: Path) -> None:
    connection = opened(sqlite, path=str(tmp_path / "a.sqlite"))
    assert only(connection, "SELECT timeout FROM pragma_busy_timeout") == {"timeout": 60_000}
    connection.close()


def test_duckdb_lets_go_of_the_file_though_a_result_is_left_unread(tmp_path: Path) -> None:
    path = str(tmp_path / "a.duckdb")
    connection = opened(duckdb, path=path)
    data = connection.read("SELECT * FROM range(100000)")
    data.read_next_batch()
    connection.close()
    del data
    subprocess.run([sys.executable, "-c", "import duckdb, sys; duckdb.connect(sys.argv[1])", path], check=True)


def test_duckdb_takes_no_variables_of_the_program_for_tables(tmp_path: Path) -> None:
    connection = opened(duckdb, path=str(tmp_path / "a.duckdb"))
    with pytest.raises(ConnectionFailed, match="data"):
        connection.read("SELECT * FROM data")
    connection.close()

"""SQLite: any value may stand in any column there, so a result is looked at before its types are known.

A query is run into a temporary table first (on disk): that tells what kinds of values each column holds, and lets go
of the database, so that a transfer can write into the file it reads from. A column of whole numbers and fractions is
read as a double; text in a column declared DATE, TIME, TIMESTAMP or DECIMAL_TEXT(p, s) is read as that. SQLite keeps
NaN as NULL.

A query cannot change anything: it becomes the body of a view, and SQLite has only SELECT there. A write takes the
whole file, so that others wait for as long as `busy_timeout` allows.
"""

# Statements are built from quoted names and from queries that are the user's own.
# ruff: noqa: S608

import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import time
from itertools import count
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pyarrow as pa

from ostinato.connections import tables
from ostinato.connections.arrow import BATCH_ROWS, require_unique, stream
from ostinato.connections.failures import failures
from ostinato.core.contracts import Batches, ConnectionFailed, Example, WriteMode

name = "sqlite"
title = "SQLite"

SQL_TYPES = {
    pa.bool_(): "BOOLEAN",
    pa.uint64(): "DECIMAL_TEXT(20, 0)",
    pa.float32(): "REAL",
    pa.float64(): "REAL",
    pa.string(): "TEXT",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME",
    pa.timestamp("us"): "TIMESTAMP",
    pa.timestamp("us", "UTC"): "TIMESTAMPTZ",
}
"""Whole numbers are INTEGER; decimals DECIMAL_TEXT(p, s), a name that makes SQLite keep every digit."""
DECLARED = {
    "DATE": pa.date32(),
    "TIME": pa.time64("us"),
    "TIMESTAMP": pa.timestamp("us"),
    "DATETIME": pa.timestamp("us"),
    "TIMESTAMPTZ": pa.timestamp("us", "UTC"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
}
DECIMAL = re.compile(r"DECIMAL_TEXT\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)")


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where a SQLite database is."""

    path: Annotated[str, msgspec.Meta(description="The database file; made if its folder exists", min_length=1)]
    busy_timeout: Annotated[
        int, msgspec.Meta(description="Seconds to wait while somebody else writes to the file", ge=0, le=3600)
    ] = 60


examples = (Example(title="A database file", config={"path": "/srv/data/shop.sqlite"}),)


def open(config: Config) -> "SqliteConnection":
    path = Path(config.path)
    if config.path.startswith(":") or path.is_dir() or not path.parent.is_dir():
        raise ConnectionFailed(f"{config.path!r} cannot be a database file; name a file in a folder that exists")
    with failures(sqlite3.Error, OSError):
        # Whoever takes the rows may do so from a thread of its own, one at a time: DuckDB does.
        connection = sqlite3.connect(path, timeout=config.busy_timeout, isolation_level=None, check_same_thread=False)
    return SqliteConnection(connection)


class SqliteConnection:
    quote = '"'
    creates_in_transaction = True
    standard_literals = True

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._results = count(1)

    def read(self, query: str) -> Batches:
        with _failures():
            result = f"temp.ostinato_result_{next(self._results)}"
            schema = self._keep(tables.trimmed(query), result)
        return stream(schema, self._batches(result, schema))

    def table_query(self, table: str) -> str:
        return f"SELECT * FROM {tables.quoted(table)}"

    def write(
        self, table: str, data: Batches, mode: WriteMode, keys: Sequence[str], tell: Callable[[int], None]
    ) -> int:
        return tables.write(self, table, data, mode, keys, tell)

    def execute(self, script: str) -> int | None:
        before = self._connection.total_changes
        try:
            with _failures():
                self._connection.executescript(f"BEGIN IMMEDIATE;\n{script}\n;COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self.rollback()
            raise
        return self._connection.total_changes - before

    def close(self) -> None:
        self._connection.close()

    def enter(self, table: str) -> None:
        self.run("BEGIN IMMEDIATE")

    def leave(self) -> None:
        """The end of the transaction lets the next one in."""

    def freeze(self, table: str) -> None:
        """Nobody else can write to the file already."""

    def commit(self) -> None:
        self.run("COMMIT")

    def rollback(self) -> None:
        self.run("ROLLBACK")

    def columns(self, table: str) -> Mapping[str, bool] | None:
        """Generated columns and the row id are SQLite's own to fill."""
        *schema, bare = tables.parts(table)
        with _failures():
            rows = self._connection.execute(
                "SELECT * FROM pragma_table_xinfo(?, ?)", (bare, schema[0] if schema else "main")
            ).fetchall()
        one_key = sum(1 for row in rows if row[5]) == 1
        return {
            row[1]: row[4] is not None or row[6] > 1 or bool(one_key and row[5] and row[2].upper() == "INTEGER")
            for row in rows
        } or None

    def type_name(self, kind: Any) -> str:
        if pa.types.is_decimal(kind):
            return f"DECIMAL_TEXT({kind.precision}, {kind.scale})"
        return SQL_TYPES.get(kind, "INTEGER")

    def run(self, statement: str) -> None:
        with _failures():
            self._connection.execute(statement)

    def holds(self, query: str) -> bool:
        with _failures():
            return self._connection.execute(query).fetchone() is not None

    def stage(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> str:
        self.run("DROP TABLE IF EXISTS temp.ostinato_incoming")
        self.run(f"CREATE TEMPORARY TABLE ostinato_incoming AS SELECT {tables.listed(columns)} FROM {table} WHERE 0")
        self.run(f"CREATE INDEX temp.ostinato_incoming_keys ON ostinato_incoming ({tables.listed(keys)})")
        return "temp.ostinato_incoming"

    def load(self, table: str, columns: Sequence[str], data: Batches) -> None:
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({tables.listed(columns)}) VALUES ({places})"
        with _failures():
            for batch in data:
                self._connection.executemany(statement, zip(*map(_sendable, batch.columns), strict=True))

    def _keep(self, query: str, result: str) -> Any:
        """Run the query into a temporary table; its Arrow schema."""
        view = result.replace("result", "view")
        self._connection.execute(f"CREATE TEMPORARY VIEW {view.removeprefix('temp.')} AS\n{query}")
        declared = self._connection.execute(f"PRAGMA temp.table_info({view.removeprefix('temp.')})").fetchall()
        names = [row[1] for row in declared]
        require_unique(names)
        self._connection.execute(f"CREATE TEMPORARY TABLE {result.removeprefix('temp.')} AS SELECT * FROM {view}")
        self._connection.execute(f"DROP VIEW {view}")
        fields = [pa.field(row[1], self._arrow_type(result, row[1], row[2].upper().strip())) for row in declared]
        return pa.schema(fields)

    def _arrow_type(self, result: str, column: str, declared: str) -> Any:
        quoted = tables.quoted_name(column)
        seen = self._connection.execute(
            f"SELECT typeof({quoted}), min({quoted}), max({quoted}) FROM {result} WHERE {quoted} IS NOT NULL GROUP BY 1"
        ).fetchall()
        kinds = {row[0] for row in seen}
        if "blob" in kinds and len(kinds) > 1:
            raise ConnectionFailed(f"column {column!r} holds both bytes and other values; cast it in the query")
        if kinds == {"integer"} and "BOOL" in declared and seen[0][1] >= 0 and seen[0][2] <= 1:
            return pa.bool_()
        if kinds == {"text"} or not kinds:
            return _declared_type(declared, empty=not kinds)
        if kinds == {"blob"}:
            return pa.binary()
        return pa.string() if "text" in kinds else pa.float64() if "real" in kinds else pa.int64()

    def _batches(self, result: str, schema: Any) -> Iterator[Any]:
        with _failures():
            cursor = self._connection.execute(f"SELECT * FROM {result}")
            while rows := cursor.fetchmany(BATCH_ROWS):
                columns = zip(*rows, strict=True)
                arrays = [_column(values, field) for values, field in zip(columns, schema, strict=True)]
                yield pa.record_batch(arrays, schema=schema)
            cursor.close()
            self._connection.execute(f"DROP TABLE {result}")


def _failures() -> Any:
    return failures(sqlite3.Error, sqlite3.Warning, OverflowError)


def _declared_type(declared: str, *, empty: bool) -> Any:
    """The type of text in a column that was declared so; for a column without any values all declarations count."""
    decimal = DECIMAL.fullmatch(declared)
    if decimal and int(decimal[1]) <= 38:
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    if declared in DECLARED or not empty:
        return DECLARED.get(declared, pa.string())
    if "BOOL" in declared:
        return pa.bool_()
    if "INT" in declared:
        return pa.int64()
    if "BLOB" in declared:
        return pa.binary()
    return pa.float64() if any(word in declared for word in ("REAL", "FLOA", "DOUB")) else pa.string()


def _column(values: Sequence[Any], field: Any) -> Any:
    kind = field.type
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return _from_text(values, field)
    if pa.types.is_string(kind):
        return pa.array([value if value is None else str(value) for value in values], kind)
    if pa.types.is_floating(kind):
        return pa.array([value if value is None else float(value) for value in values], kind)
    if pa.types.is_boolean(kind):
        return pa.array([value if value is None else bool(value) for value in values], kind)
    return pa.array(values, kind)


def _from_text(values: Sequence[Any], field: Any) -> Any:
    try:
        if pa.types.is_time(field.type):
            return pa.array([value if value is None else time.fromisoformat(value) for value in values], field.type)
        return pa.array(values, pa.string()).cast(field.type)
    except ValueError as error:
        raise ConnectionFailed(f"column {field.name!r}: {error}; cast it in the query") from None


def _sendable(column: Any) -> list[Any]:
    kind = column.type
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind) or kind == pa.uint64():
        return list(column.cast(pa.string()).to_pylist())
    if pa.types.is_boolean(kind):
        return list(column.cast(pa.int8()).to_pylist())
    return list(column.to_pylist())

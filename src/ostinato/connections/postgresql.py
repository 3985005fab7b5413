"""PostgreSQL: rows stream out by COPY and in by COPY.

Numbers: `numeric(p, s)` up to 38 digits stays exact; `numeric` without limits, which Arrow cannot hold, is read as a
double; cast it to `numeric(p, s)` where every digit counts. Types without a counterpart (uuid, json, arrays,
intervals) are read as text.
"""

# Statements are built from quoted names and from queries that are the user's own.
# ruff: noqa: S608

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
import psycopg
import pyarrow as pa
from pyarrow import csv

from ostinato.connections import tables
from ostinato.connections.arrow import BATCH_ROWS, require_unique, stream
from ostinato.connections.failures import failures
from ostinato.core.contracts import Batches, ConnectionFailed, Example, Secret, WriteMode

name = "postgresql"
title = "PostgreSQL"

BLOCK_BYTES = 8 * 1024 * 1024
NULL = r"\N"
"""How NULL is written in the CSV of a read; COPY quotes a text that looks like it, so they cannot be confused."""
SESSION = """
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex';
    SET extra_float_digits = 1; SET client_encoding = 'UTF8'
"""
ARROW_TYPES: dict[int, Any] = {
    16: pa.bool_(),
    17: pa.binary(),
    20: pa.int64(),
    21: pa.int16(),
    23: pa.int32(),
    26: pa.int64(),
    700: pa.float32(),
    701: pa.float64(),
    1082: pa.date32(),
    1083: pa.time64("us"),
    1114: pa.timestamp("us"),
    1184: pa.timestamp("us", "UTC"),
}
NUMERIC = 1700
SQL_TYPES = {
    pa.bool_(): "boolean",
    pa.int8(): "smallint",
    pa.int16(): "smallint",
    pa.int32(): "integer",
    pa.int64(): "bigint",
    pa.uint8(): "smallint",
    pa.uint16(): "integer",
    pa.uint32(): "bigint",
    pa.uint64(): "numeric(20, 0)",
    pa.float32(): "real",
    pa.float64(): "double precision",
    pa.string(): "text",
    pa.binary(): "bytea",
    pa.date32(): "date",
    pa.time64("us"): "time",
    pa.timestamp("us"): "timestamp",
    pa.timestamp("us", "UTC"): "timestamptz",
}


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How to reach a PostgreSQL database."""

    host: Annotated[
        str, msgspec.Meta(description="Name or address of the server, or the folder of its socket", min_length=1)
    ]
    port: Annotated[int, msgspec.Meta(description="Port of the server", ge=1, le=65535)] = 5432
    database: Annotated[str, msgspec.Meta(description="Name of the database", min_length=1)]
    user: Annotated[str, msgspec.Meta(description="Who to log in as", min_length=1)]
    password: Annotated[Secret, msgspec.Meta(description="Password of the user; empty where none is needed")] = ""
    schema: Annotated[
        str, msgspec.Meta(description="The schema that names without one refer to; empty: as the server has it")
    ] = ""
    ssl: Annotated[
        Literal["disable", "prefer", "require", "verify-ca", "verify-full"],
        msgspec.Meta(description="Whether the connection is encrypted and the server's certificate checked"),
    ] = "prefer"
    connect_timeout: Annotated[
        int, msgspec.Meta(description="Seconds after which a server that does not answer is given up", ge=1, le=300)
    ] = 10


examples = (
    Example(
        title="A database on another machine",
        config={"host": "db.example.org", "database": "sales", "user": "ostinato", "password": "correct horse"},
    ),
    Example(
        title="A database on this machine, by its socket",
        config={"host": "/var/run/postgresql", "database": "sales", "user": "ostinato", "schema": "staging"},
    ),
)


def open(config: Config) -> "PostgresConnection":
    with failures(psycopg.Error, OSError, secret=config.password):
        connection = psycopg.connect(
            host=config.host,
            port=config.port,
            dbname=config.database,
            user=config.user,
            password=config.password or None,
            sslmode=config.ssl,
            connect_timeout=config.connect_timeout,
            application_name="ostinato",
            autocommit=True,
        )
        connection.execute(SESSION)
        if config.schema:
            connection.execute("SELECT set_config('search_path', %s, false)", [tables.quoted_name(config.schema)])
    return PostgresConnection(connection, config.password)


class PostgresConnection:
    quote = '"'
    creates_in_transaction = True

    def __init__(self, connection: psycopg.Connection[Any], password: str) -> None:
        self._connection = connection
        self._password = password

    def read(self, query: str) -> Batches:
        text = tables.trimmed(query)
        with self._failures():
            described = self._connection.execute(f"SELECT * FROM (\n{text}\n) q LIMIT 0".encode())
            schema = _schema(described.description or ())
        return stream(schema, self._batches(text, schema))

    def table_query(self, table: str) -> str:
        return f"SELECT * FROM {tables.quoted(table)}"

    def write(
        self, table: str, data: Batches, mode: WriteMode, keys: Sequence[str], tell: Callable[[int], None]
    ) -> int:
        return tables.write(self, table, data, mode, keys, tell)

    def execute(self, script: str) -> int | None:
        with self._failures(), self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute(script.encode())
            changed, more = 0, True
            while more:
                changed += 0 if cursor.description else max(cursor.rowcount, 0)
                more = bool(cursor.nextset())
            return changed

    def close(self) -> None:
        self._connection.close()

    def begin(self) -> None:
        self.run("BEGIN")

    def commit(self) -> None:
        self.run("COMMIT")

    def rollback(self) -> None:
        self.run("ROLLBACK")

    def columns(self, table: str) -> Mapping[str, bool] | None:
        with self._failures():
            rows = self._connection.execute(
                "SELECT attname, atthasdef OR attidentity <> '' FROM pg_catalog.pg_attribute"
                " WHERE attrelid = pg_catalog.to_regclass(%s) AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
                [table],
            ).fetchall()
        return dict(rows) or None

    def type_name(self, kind: Any) -> str:
        return f"numeric({kind.precision}, {kind.scale})" if pa.types.is_decimal(kind) else SQL_TYPES[kind]

    def run(self, statement: str) -> None:
        with self._failures():
            self._connection.execute(statement.encode())

    def holds(self, query: str) -> bool:
        with self._failures():
            return self._connection.execute(query.encode()).fetchone() is not None

    def stage(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> str:
        self.run(
            "CREATE TEMPORARY TABLE ostinato_incoming ON COMMIT DROP AS"
            f" SELECT {tables.listed(columns)} FROM {table} WITH NO DATA"
        )
        return "pg_temp.ostinato_incoming"

    def load(self, table: str, columns: Sequence[str], data: Batches) -> None:
        statement = f"COPY {table} ({tables.listed(columns)}) FROM STDIN (FORMAT csv)"
        with self._failures(), self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for batch in data:
                sink = io.BytesIO()
                csv.write_csv(_with_hex(batch), sink, csv.WriteOptions(include_header=False))
                copy.write(sink.getbuffer())

    def _batches(self, query: str, schema: Any) -> Iterator[Any]:
        statement = f"COPY (\n{query}\n) TO STDOUT (FORMAT csv, NULL '{NULL}')"
        with self._failures(), self._connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            for block in _blocks(copy):
                yield _parsed(block, schema)

    def _failures(self) -> Any:
        return failures(psycopg.Error, OSError, secret=self._password)


def _schema(description: Sequence[psycopg.Column]) -> Any:
    if not description:
        raise ConnectionFailed("the query returns no columns")
    require_unique([column.name for column in description])
    return pa.schema([pa.field(column.name, _arrow_type(column)) for column in description])


def _arrow_type(column: psycopg.Column) -> Any:
    if column.type_code != NUMERIC:
        return ARROW_TYPES.get(column.type_code, pa.string())
    precision, scale = column.precision, column.scale
    if precision is None or scale is None or not 0 <= scale <= precision:
        return pa.float64()
    return pa.decimal128(min(precision, 38), scale) if scale <= 38 else pa.float64()


def _blocks(copy: psycopg.Copy) -> Iterator[bytes]:
    """Whole rows of CSV, as many as fit a batch: COPY hands over exactly one row at a time."""
    rows: list[bytes] = []
    size = 0
    for row in copy:
        rows.append(bytes(row))
        size += len(row)
        if size >= BLOCK_BYTES or len(rows) >= BATCH_ROWS:
            yield b"".join(rows)
            rows, size = [], 0
    if rows:
        yield b"".join(rows)


def _parsed(block: bytes, schema: Any) -> Any:
    text_types = {field.name: pa.string() if pa.types.is_binary(field.type) else field.type for field in schema}
    table = csv.read_csv(
        pa.BufferReader(block),
        read_options=csv.ReadOptions(use_threads=False, block_size=len(block) + 1, column_names=schema.names),
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=text_types,
            null_values=[NULL],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    ).combine_chunks()
    columns = [
        _from_hex(column) if pa.types.is_binary(field.type) else column.combine_chunks()
        for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.record_batch(columns, schema=schema)


def _from_hex(column: Any) -> Any:
    return pa.array([None if text is None else bytes.fromhex(text[2:]) for text in column.to_pylist()], pa.binary())


def _with_hex(batch: Any) -> Any:
    if not any(pa.types.is_binary(kind) for kind in batch.schema.types):
        return batch
    columns = [
        pa.array([None if value is None else rf"\x{value.hex()}" for value in column.to_pylist()], pa.string())
        if pa.types.is_binary(column.type)
        else column
        for column in batch.columns
    ]
    return pa.record_batch(columns, names=batch.schema.names)

"""PostgreSQL: rows stream out by COPY and in by COPY.

Numbers: `numeric(p, s)` up to 38 digits stays exact. Arrow cannot hold `numeric` without limits (every sum and average
of numerics) or with more digits: it is read as `numeric(38, 10)`, rounded past ten places, and a value that does not
fit fails the read; cast it in the query where more places count. Types without a counterpart (uuid, json, arrays,
intervals) are read as text.

A query runs in a READ ONLY transaction. Writes to one table wait for one another by an advisory lock; while rows are
replaced or merged the table is locked against everybody's changes as well, but not against reading.
"""

# Statements are built from quoted names and from queries that are the user's own.
# ruff: noqa: S608

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
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
    SET extra_float_digits = 1; SET client_encoding = 'UTF8'; SET standard_conforming_strings = on
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
UNLIMITED = pa.decimal128(38, 10)
"""What a numeric is read as that has no limits or exceeds those of Arrow."""
LOCK = """
    SELECT pg_advisory_xact_lock(hashtextextended('ostinato:' || coalesce(
        (SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_class c
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.oid = pg_catalog.to_regclass(%(table)s::text)),
        format('%%I.%%I', coalesce(%(schema)s::text, current_schema()), %(name)s::text)), 0))
"""
LOCKABLE = """
    SELECT FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(%s) AND relkind IN ('r', 'p', 'v')
"""
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
    standard_literals = True

    def __init__(self, connection: psycopg.Connection[Any], password: str) -> None:
        self._connection = connection
        self._password = password

    def read(self, query: str) -> Batches:
        text = tables.trimmed(query)
        with self._failures(), self._read_only():
            # A prepared statement is a single one: nothing can follow a parenthesis that the query closes itself.
            described = self._connection.execute(f"SELECT * FROM (\n{text}\n) q LIMIT 0".encode(), prepare=True)
            description = described.description or ()
        schema = _schema(description)
        unlimited = [column.name for column in description if _is_unlimited(column)]
        return stream(schema, self._batches(_rounding(text, schema.names, unlimited), schema, unlimited))

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

    def enter(self, table: str) -> None:
        """READ COMMITTED, so that what is seen after a wait is what the one waited for has left."""
        *schema, bare = tables.parts(table)
        named = {"table": table, "schema": schema[-1] if schema else None, "name": bare}
        self.run("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        with self._failures():
            self._connection.execute(LOCK, named)

    def leave(self) -> None:
        """The end of the transaction lets the next one in."""

    def freeze(self, table: str) -> None:
        with self._failures():
            if self._connection.execute(LOCKABLE, [table]).rowcount:
                self.run(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")

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

    def _batches(self, query: str, schema: Any, unlimited: Sequence[str]) -> Iterator[Any]:
        statement = f"COPY (\n{query}\n) TO STDOUT (FORMAT csv, NULL '{NULL}')".encode()
        with self._failures(), self._read_only(), self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for block in _blocks(copy):
                yield _parsed(block, schema, unlimited)

    @contextmanager
    def _read_only(self) -> Iterator[None]:
        self._connection.execute("BEGIN READ ONLY")
        try:
            yield
        finally:
            if not self._connection.closed:
                self._connection.execute("ROLLBACK")

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
    precision, scale = column.precision or 0, column.scale or 0
    return UNLIMITED if _is_unlimited(column) else pa.decimal128(max(precision, scale), scale)


def _is_unlimited(column: psycopg.Column) -> bool:
    precision, scale = column.precision, column.scale
    fits = precision is not None and scale is not None and precision <= 38 and 0 <= scale <= 38
    return column.type_code == NUMERIC and not fits


def _rounding(query: str, names: Sequence[str], unlimited: Sequence[str]) -> str:
    """The query with unlimited numerics rounded to what is read of them; a cast would not tell whose value is amiss."""
    if not unlimited:
        return query
    columns = [
        f"round({q}, {UNLIMITED.scale})" if n in unlimited else q for n in names for q in [tables.quoted_name(n)]
    ]
    return f"SELECT {', '.join(columns)} FROM (\n{query}\n) q"


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


def _parsed(block: bytes, schema: Any, unlimited: Sequence[str]) -> Any:
    text_types = {
        field.name: pa.string() if pa.types.is_binary(field.type) or field.name in unlimited else field.type
        for field in schema
    }
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
        _from_hex(column)
        if pa.types.is_binary(field.type)
        else _exact(column.combine_chunks(), field.name)
        if field.name in unlimited
        else column.combine_chunks()
        for column, field in zip(table.columns, schema, strict=True)
    ]
    return pa.record_batch(columns, schema=schema)


def _exact(column: Any, name: str) -> Any:
    try:
        return column.cast(UNLIMITED)
    except pa.ArrowInvalid:
        limit = Decimal(10) ** (UNLIMITED.precision - UNLIMITED.scale)
        numbers = ((text, Decimal(text)) for text in column.to_pylist() if text is not None)
        value = next(text for text, number in numbers if not number.is_finite() or abs(number) >= limit)
        shown = value.rstrip("0").rstrip(".") if "." in value else value
        raise ConnectionFailed(
            f"column {name!r} holds {shown}, which does not fit numeric({UNLIMITED.precision}, {UNLIMITED.scale});"
            f" cast it in the query, for instance to numeric(38, 0), double precision or text"
        ) from None


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

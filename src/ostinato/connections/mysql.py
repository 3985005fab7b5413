"""MySQL and MariaDB: rows stream out through an unbuffered cursor and in by multi-row INSERT.

Creating a table commits at once there, so a table made for a write that failed is dropped again; tables of an engine
without transactions (MyISAM, Aria) cannot keep their old rows. BOOLEAN is TINYINT there and is read as a number;
FLOAT is read with the six digits that the server sends; a zero date is read as NULL.

A query is one statement, read in a session that is READ ONLY. Writes to one table wait for one another by GET_LOCK.
"""

# Statements are built from quoted names and from queries that are the user's own.
# ruff: noqa: S608

import hashlib
import re
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Annotated, Any, cast

import msgspec
import pyarrow as pa
import pymysql
from pymysql.constants import COMMAND, FIELD_TYPE, FLAG
from pymysql.cursors import SSCursor

from ostinato.connections import tables
from ostinato.connections.arrow import BATCH_ROWS, require_unique, stream
from ostinato.connections.failures import failures
from ostinato.core.contracts import Batches, ConnectionFailed, Example, Secret, WriteMode

name = "mysql"
title = "MySQL / MariaDB"

BINARY_CHARSET = 63
LOCK_WAIT_S = 3600
"""How long a write waits for another one to the same table."""
COMMENT = re.compile(r"\s+|/\*(?!M?!).*?\*/|(?:--\s|#)[^\n]*(?:\n|$)", re.DOTALL)
QUERY = re.compile(r"\(|(?:SELECT|WITH|VALUES|TABLE|SHOW|DESCRIBE|DESC|EXPLAIN|CHECKSUM)\b", re.IGNORECASE)
TO_A_FILE = re.compile(r"\b(?:OUTFILE|DUMPFILE)\b", re.IGNORECASE)
MULTI_STATEMENTS_ON, MULTI_STATEMENTS_OFF = 0, 1
DAY = timedelta(days=1)
PREFIX = 191
"""Characters of a long text that an index of ours covers; more would exceed what older servers index."""
LONG_TYPES = ("tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob", "json")
WHOLE_NUMBERS = {
    FIELD_TYPE.TINY: (pa.int8(), pa.uint8()),
    FIELD_TYPE.SHORT: (pa.int16(), pa.uint16()),
    FIELD_TYPE.YEAR: (pa.int16(), pa.uint16()),
    FIELD_TYPE.INT24: (pa.int32(), pa.uint32()),
    FIELD_TYPE.LONG: (pa.int32(), pa.uint32()),
    FIELD_TYPE.LONGLONG: (pa.int64(), pa.uint64()),
}
ARROW_TYPES = {
    FIELD_TYPE.FLOAT: pa.float64(),
    FIELD_TYPE.DOUBLE: pa.float64(),
    FIELD_TYPE.DATE: pa.date32(),
    FIELD_TYPE.NEWDATE: pa.date32(),
    FIELD_TYPE.TIME: pa.time64("us"),
    FIELD_TYPE.DATETIME: pa.timestamp("us"),
    FIELD_TYPE.TIMESTAMP: pa.timestamp("us", "UTC"),
    FIELD_TYPE.GEOMETRY: pa.binary(),
    FIELD_TYPE.JSON: pa.string(),
}
SQL_TYPES = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "TINYINT UNSIGNED",
    pa.uint16(): "SMALLINT UNSIGNED",
    pa.uint32(): "INTEGER UNSIGNED",
    pa.uint64(): "BIGINT UNSIGNED",
    pa.float32(): "DOUBLE",
    pa.float64(): "DOUBLE",
    pa.string(): "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    pa.binary(): "LONGBLOB",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME(6)",
    pa.timestamp("us"): "DATETIME(6)",
    pa.timestamp("us", "UTC"): "DATETIME(6)",
}


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How to reach a MySQL or MariaDB database."""

    host: Annotated[str, msgspec.Meta(description="Name or address of the server", min_length=1)] = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(description="Port of the server", ge=1, le=65535)] = 3306
    socket: Annotated[str, msgspec.Meta(description="Socket file of a server on this machine, instead of a port")] = ""
    database: Annotated[str, msgspec.Meta(description="Name of the database", min_length=1)]
    user: Annotated[str, msgspec.Meta(description="Who to log in as", min_length=1)]
    password: Annotated[Secret, msgspec.Meta(description="Password of the user; empty where none is needed")] = ""
    ssl: Annotated[
        bool, msgspec.Meta(description="Whether the connection must be encrypted and the server's certificate valid")
    ] = False
    connect_timeout: Annotated[
        int, msgspec.Meta(description="Seconds after which a server that does not answer is given up", ge=1, le=300)
    ] = 10


examples = (
    Example(
        title="A database on another machine",
        config={"host": "db.example.org", "database": "shop", "user": "ostinato", "password": "correct horse"},
    ),
    Example(
        title="A database on this machine, by its socket",
        config={"socket": "/run/mysqld/mysqld.sock", "database": "shop", "user": "ostinato"},
    ),
)


def open(config: Config) -> "MysqlConnection":
    with failures(pymysql.Error, OSError, secret=config.password):
        connection = pymysql.connect(
            host=config.host,
            port=config.port,
            unix_socket=config.socket or None,
            database=config.database,
            user=config.user,
            password=config.password,
            ssl={"check_hostname": True} if config.ssl else None,
            connect_timeout=config.connect_timeout,
            charset="utf8mb4",
            autocommit=True,
            init_command="SET time_zone = '+00:00', sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')",
        )
    return MysqlConnection(connection, config.password)


class MysqlConnection:
    quote = "`"
    creates_in_transaction = False
    standard_literals = False

    def __init__(self, connection: Any, password: str) -> None:
        self._connection = connection
        self._password = password
        self._lock = ""

    def read(self, query: str) -> Batches:
        text = tables.trimmed(query)
        _require_query(text)
        self.run("SET SESSION TRANSACTION READ ONLY")
        cursor = SSCursor(self._connection)
        with self._failures():
            cursor.execute(text)
            schema = _schema(cursor)
        return stream(schema, self._batches(cursor, schema))

    def table_query(self, table: str) -> str:
        return f"SELECT * FROM {tables.quoted(table, self.quote)}"

    def write(
        self, table: str, data: Batches, mode: WriteMode, keys: Sequence[str], tell: Callable[[int], None]
    ) -> int:
        return tables.write(self, table, data, mode, keys, tell)

    def execute(self, script: str) -> int | None:
        self.begin()
        try:
            with self._failures(), self._several_statements(), self._connection.cursor() as cursor:
                cursor.execute(tables.trimmed(script))
                changed = _changed(cursor)
                while cursor.nextset():
                    changed += _changed(cursor)
            self.commit()
        except BaseException:
            self.rollback()
            raise
        return changed

    def close(self) -> None:
        result = self._connection._result
        if result is not None:
            # The driver would otherwise read the rest of a result that nobody wants any more.
            result.unbuffered_active = False
        with self._failures():
            self._connection.close()

    def enter(self, table: str) -> None:
        """The lock belongs to the session, for a CREATE TABLE would end the transaction that it belonged to."""
        *schema, bare = tables.parts(table.replace('"', '""').replace("`", '"'))
        with self._failures(), self._connection.cursor() as cursor:
            cursor.execute("SELECT DATABASE()")
            (current,) = cursor.fetchone()
            place = ".".join([*(schema or [current]), bare]).casefold()
            self._lock = f"ostinato:{hashlib.sha256(place.encode()).hexdigest()[:40]}"
            cursor.execute("SELECT GET_LOCK(%s, %s)", [self._lock, LOCK_WAIT_S])
            if cursor.fetchone() != (1,):
                self._lock = ""
                raise ConnectionFailed(
                    f"another write to table {table} has been under way for {LOCK_WAIT_S // 60} minutes; try again"
                )
        self.begin()

    def leave(self) -> None:
        """Where the session is gone, so is the lock."""
        if self._lock:
            with suppress(ConnectionFailed):
                self.run(f"DO RELEASE_LOCK('{self._lock}')")
        self._lock = ""

    def freeze(self, table: str) -> None:
        """The rows that are deleted stay locked, and so do the gaps between them."""

    def begin(self) -> None:
        """Autocommit stays off until the end, for a CREATE TABLE ends a transaction that BEGIN alone had started."""
        self.run("SET SESSION TRANSACTION READ WRITE")
        with self._failures():
            self._connection.autocommit(False)

    def commit(self) -> None:
        with self._failures():
            self._connection.commit()
            self._connection.autocommit(True)

    def rollback(self) -> None:
        with self._failures():
            self._connection.rollback()
            self._connection.autocommit(True)

    def columns(self, table: str) -> Mapping[str, bool] | None:
        described = self._describe(table)
        if described is None:
            return None
        return {row[0]: row[4] is not None or "auto_increment" in row[5] or "GENERATED" in row[5] for row in described}

    def type_name(self, kind: Any) -> str:
        if not pa.types.is_decimal(kind):
            return SQL_TYPES[kind]
        if kind.scale > 30:
            raise ConnectionFailed(f"a decimal with {kind.scale} places does not fit: MySQL has at most 30; cast it")
        return f"DECIMAL({kind.precision}, {kind.scale})"

    def run(self, statement: str) -> None:
        with self._failures(), self._connection.cursor() as cursor:
            cursor.execute(statement)

    def holds(self, query: str) -> bool:
        with self._failures(), self._connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchone() is not None

    def stage(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> str:
        kinds = {row[0]: row[1].split("(")[0].lower() for row in self._describe(table) or ()}
        indexed = ", ".join(
            tables.quoted_name(key, "`") + (f"({PREFIX})" if kinds.get(key) in LONG_TYPES else "") for key in keys
        )
        self.run("DROP TEMPORARY TABLE IF EXISTS ostinato_incoming")
        self.run(
            f"CREATE TEMPORARY TABLE ostinato_incoming (INDEX ({indexed}))"
            f" SELECT {tables.listed(columns, '`')} FROM {table} WHERE FALSE"
        )
        return "ostinato_incoming"

    def load(self, table: str, columns: Sequence[str], data: Batches) -> None:
        places = ", ".join(["%s"] * len(columns))
        names = tables.listed(columns, "`").replace("%", "%%")
        statement = f"INSERT INTO {table.replace('%', '%%')} ({names}) VALUES ({places})"
        with self._failures(), self._connection.cursor() as cursor:
            for batch in data:
                rows = list(zip(*(_sendable(column) for column in batch.columns), strict=True))
                cursor.executemany(statement, rows)

    @contextmanager
    def _several_statements(self) -> Iterator[None]:
        """The server takes one statement at a time otherwise, so that a query cannot bring others along."""
        self._allow_statements(MULTI_STATEMENTS_ON)
        try:
            yield
        finally:
            if self._connection.open:
                self._allow_statements(MULTI_STATEMENTS_OFF)

    def _allow_statements(self, option: int) -> None:
        # The driver has no public name for this command of the protocol.
        self._connection._execute_command(COMMAND.COM_SET_OPTION, struct.pack("<H", option))
        self._connection._read_packet()

    def _describe(self, table: str) -> Sequence[Any] | None:
        """Name, type, null, key, default and extra of each column; None: there is no such table."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute(f"SHOW COLUMNS FROM {table}")
                return list(cursor.fetchall())
        except pymysql.err.ProgrammingError as error:
            if error.args[0] == pymysql.constants.ER.NO_SUCH_TABLE:
                return None
            raise ConnectionFailed(str(error)) from None

    def _batches(self, cursor: SSCursor, schema: Any) -> Iterator[Any]:
        with self._failures():
            while rows := cursor.fetchmany(BATCH_ROWS):
                columns = zip(*rows, strict=True)
                arrays = [_column(values, field) for values, field in zip(columns, schema, strict=True)]
                yield pa.record_batch(arrays, schema=schema)

    def _failures(self) -> Any:
        return failures(pymysql.Error, OSError, secret=self._password)


def _require_query(text: str) -> None:
    """A read-only session refuses what changes rows and tables, but neither settings nor files of the server."""
    start = 0
    while skipped := COMMENT.match(text, start):
        start = skipped.end()
    if not QUERY.match(text, start) or TO_A_FILE.search(text):
        raise ConnectionFailed(
            "a query must be one SELECT, WITH, VALUES, TABLE, SHOW, DESCRIBE or EXPLAIN, without OUTFILE and DUMPFILE;"
            " use a task of kind sql for statements that change something"
        )


def _changed(cursor: Any) -> int:
    """The rows that a statement changed; those that it returned do not count."""
    return 0 if cursor.description else max(cursor.rowcount, 0)


def _schema(cursor: SSCursor) -> Any:
    if not cursor.description:
        raise ConnectionFailed("the query returns no columns; use a task of kind sql for statements")
    # The public description leaves out what tells text from bytes and signed from unsigned.
    fields = cast(Any, cursor)._result.fields
    require_unique([field.name for field in fields])
    return pa.schema([pa.field(field.name, _arrow_type(field)) for field in fields])


def _arrow_type(field: Any) -> Any:
    code, unsigned = field.type_code, bool(field.flags & FLAG.UNSIGNED)
    if code in WHOLE_NUMBERS:
        return WHOLE_NUMBERS[code][unsigned]
    if code in {FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL}:
        digits = field.length - (field.scale > 0) - (not unsigned)
        return pa.decimal128(max(1, min(digits, 38)), field.scale)
    if code == FIELD_TYPE.BIT:
        return pa.bool_() if field.length == 1 else pa.uint64()
    if code in ARROW_TYPES:
        return ARROW_TYPES[code]
    return pa.binary() if field.charsetnr == BINARY_CHARSET and code != FIELD_TYPE.NULL else pa.string()


def _column(values: Sequence[Any], field: Any) -> Any:
    kind = field.type
    if pa.types.is_time(kind):
        return pa.array([_microseconds(value, field.name) for value in values], pa.int64()).cast(kind)
    if pa.types.is_temporal(kind):
        # What the driver could not make a date of, it leaves as text: zero dates.
        return pa.array([None if isinstance(value, str) else value for value in values], kind)
    if pa.types.is_boolean(kind):
        return pa.array([value if value is None else value != b"\0" for value in values], kind)
    if kind == pa.uint64():
        return pa.array([int.from_bytes(v, "big") if isinstance(v, bytes) else v for v in values], kind)
    return pa.array(values, kind)


def _microseconds(value: Any, column: str) -> int | None:
    if value is None:
        return None
    if not isinstance(value, timedelta) or not timedelta(0) <= value < DAY:
        raise ConnectionFailed(
            f"column {column!r} holds {value}, which is no time of day; cast it to CHAR in the query"
        )
    return value // timedelta(microseconds=1)


def _sendable(column: Any) -> list[Any]:
    """Values as the driver can spell them: temporal ones and decimals as text, timestamps in UTC without zone."""
    kind = column.type
    if pa.types.is_timestamp(kind):
        return list(column.cast(pa.timestamp("us")).cast(pa.string()).to_pylist())
    if pa.types.is_temporal(kind) or pa.types.is_decimal(kind):
        return list(column.cast(pa.string()).to_pylist())
    return list(column.to_pylist())

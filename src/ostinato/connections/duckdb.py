"""DuckDB: an analytical database in one file, written by one process at a time.

Within that process the writes to one file wait for one another: two that overlap would both succeed or both conflict.
"""

# Statements are built from quoted names and from queries that are the user's own.
# ruff: noqa: S608

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import duckdb
import msgspec
import pyarrow as pa

from ostinato.connections import duckdb_session, tables
from ostinato.connections.arrow import stream
from ostinato.core.contracts import Batches, ConnectionFailed, Example, WriteMode

name = "duckdb"
title = "DuckDB"

LOCK_POLL_S = 0.2
_locks: dict[Path, threading.Lock] = {}
SQL_TYPES = {
    pa.bool_(): "BOOLEAN",
    pa.int8(): "TINYINT",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.uint8(): "UTINYINT",
    pa.uint16(): "USMALLINT",
    pa.uint32(): "UINTEGER",
    pa.uint64(): "UBIGINT",
    pa.float32(): "REAL",
    pa.float64(): "DOUBLE",
    pa.string(): "VARCHAR",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
    pa.time64("us"): "TIME",
    pa.timestamp("us"): "TIMESTAMP",
    pa.timestamp("us", "UTC"): "TIMESTAMPTZ",
}


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where a DuckDB database is."""

    path: Annotated[str, msgspec.Meta(description="The database file; made if its folder exists", min_length=1)]
    memory_mb: Annotated[
        int, msgspec.Meta(description="Memory that queries may take before they use the disk, in MB", ge=64)
    ] = 1024
    lock_timeout: Annotated[
        int, msgspec.Meta(description="Seconds to wait while another process has the file open", ge=0, le=3600)
    ] = 60
    external_access: Annotated[
        bool,
        msgspec.Meta(description="Whether queries may reach other files and the network with the rights of the worker"),
    ] = False


examples = (Example(title="A database file", config={"path": "/srv/data/warehouse.duckdb"}),)


def open(config: Config) -> "DuckdbConnection":
    path = Path(config.path)
    if config.path.startswith(":memory:"):
        raise ConnectionFailed("path ':memory:' would be gone before another task could read it; name a file")
    if path.is_dir() or not path.parent.is_dir():
        raise ConnectionFailed(f"{config.path!r} cannot be a database file; name a file in a folder that exists")
    deadline = time.monotonic() + config.lock_timeout
    with duckdb_session.errors():
        while True:
            try:
                session = duckdb_session.start(str(path), config.memory_mb, external_access=config.external_access)
                return DuckdbConnection(session, _locks.setdefault(path.resolve(), threading.Lock()))
            except duckdb.IOException as error:
                if "lock" not in str(error) or time.monotonic() >= deadline:
                    raise
            time.sleep(LOCK_POLL_S)


class DuckdbConnection:
    quote = '"'
    creates_in_transaction = True
    standard_literals = True

    def __init__(self, session: Any, lock: threading.Lock) -> None:
        self._session = session
        self._lock = lock
        self._entered = False
        self._reading: list[Any] = []

    def read(self, query: str) -> Batches:
        """In a session of its own that is READ ONLY: a SELECT may begin WITH something that changes rows."""
        with duckdb_session.errors():
            aside = self._session.cursor()
            self._reading.append(aside)
            aside.execute("SET TimeZone = 'UTC'; SET python_enable_replacements = false")
            aside.execute("BEGIN TRANSACTION READ ONLY")
        try:
            data = duckdb_session.read(aside, query)
        except BaseException:
            self._end(aside)
            raise
        return stream(data.schema, self._ended_with(data, aside))

    def table_query(self, table: str) -> str:
        return f"SELECT * FROM {tables.quoted(table)}"

    def write(
        self, table: str, data: Batches, mode: WriteMode, keys: Sequence[str], tell: Callable[[int], None]
    ) -> int:
        return tables.write(self, table, data, mode, keys, tell)

    def execute(self, script: str) -> int | None:
        with duckdb_session.errors():
            statements = self._session.extract_statements(script)
        return duckdb_session.execute(self._session, statements)

    def close(self) -> None:
        for aside in [*self._reading, self._session]:
            aside.close()
        self._reading.clear()

    def enter(self, table: str) -> None:
        self._lock.acquire()
        self._entered = True
        self.run("BEGIN TRANSACTION")

    def leave(self) -> None:
        if self._entered:
            self._entered = False
            self._lock.release()

    def freeze(self, table: str) -> None:
        """A change by a script at the same time is a conflict, which DuckDB tells."""

    def commit(self) -> None:
        self.run("COMMIT")

    def rollback(self) -> None:
        self.run("ROLLBACK")

    def columns(self, table: str) -> Mapping[str, bool] | None:
        """In a session of its own, for a table that does not exist would end the transaction of this one."""
        with duckdb_session.errors(), closing(self._session.cursor()) as aside:
            try:
                rows = aside.execute(f"DESCRIBE {table}").fetchall()
            except duckdb.CatalogException:
                return None
        return {row[0]: row[4] is not None for row in rows}

    def type_name(self, kind: Any) -> str:
        return f"DECIMAL({kind.precision}, {kind.scale})" if pa.types.is_decimal(kind) else SQL_TYPES[kind]

    def run(self, statement: str) -> None:
        with duckdb_session.errors():
            self._session.execute(statement)

    def holds(self, query: str) -> bool:
        with duckdb_session.errors():
            return self._session.execute(query).fetchone() is not None

    def stage(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> str:
        self.run(
            "CREATE OR REPLACE TEMPORARY TABLE ostinato_incoming AS"
            f" SELECT {tables.listed(columns)} FROM {table} LIMIT 0"
        )
        return "ostinato_incoming"

    def load(self, table: str, columns: Sequence[str], data: Batches) -> None:
        duckdb_session.load(self._session, table, columns, data)

    def _ended_with(self, data: Batches, aside: Any) -> Iterator[Any]:
        try:
            yield from data
        finally:
            self._end(aside)

    def _end(self, aside: Any) -> None:
        if aside in self._reading:
            self._reading.remove(aside)
            aside.close()

"""What the connection types `duckdb` and `files` share: a DuckDB that reads and writes only what it was given."""

# Statements are built from quoted names and from queries that are the user's own.
# ruff: noqa: S608

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb

from ostinato.connections import tables
from ostinato.connections.arrow import BATCH_ROWS, plain, require_unique, stream
from ostinato.connections.failures import failures, told
from ostinato.core.contracts import Batches, ConnectionFailed

CHANGING = frozenset({duckdb.StatementType.INSERT, duckdb.StatementType.UPDATE, duckdb.StatementType.DELETE})


def start(path: str, memory_mb: int, *, external_access: bool) -> Any:
    """Open a database; raises DuckDB's own errors. No extension is fetched from the network."""
    session = duckdb.connect(
        path,
        config={
            "memory_limit": f"{memory_mb}MB",
            "enable_external_access": external_access,
            "autoinstall_known_extensions": False,
            "python_enable_replacements": False,
        },
    )
    session.execute("SET TimeZone = 'UTC'")
    return session


def lock_down(session: Any, folders: Sequence[Path]) -> None:
    """From now on the session reaches these folders only, and no setting can be changed."""
    allowed = ", ".join(literal(str(folder)) for folder in folders)
    session.execute(f"SET allowed_directories = [{allowed}]")
    session.execute("SET enable_external_access = false")
    session.execute("SET lock_configuration = true")


def read(session: Any, query: str) -> Batches:
    with errors():
        text = tables.trimmed(query)
        require_select(session.extract_statements(text))
        relation = session.sql(text)
        require_unique(list(relation.columns))
        data = plain(relation.to_arrow_reader(BATCH_ROWS))
    return stream(data.schema, _told_errors(data))


def require_select(statements: Sequence[Any]) -> None:
    """What changes something is not a query, even where it returns rows."""
    if [statement.type for statement in statements] != [duckdb.StatementType.SELECT]:
        kinds = ", ".join(statement.type.name for statement in statements) or "none"
        raise ConnectionFailed(
            f"a query must be exactly one SELECT, and this one consists of {kinds}; use a task of kind sql for"
            " statements that change something, and name the values of a PIVOT with IN"
        )


def execute(session: Any, statements: Sequence[Any]) -> int:
    """Run statements in one transaction; the number of rows they changed."""
    changed = 0
    with errors():
        session.begin()
        try:
            for statement in statements:
                result = session.execute(statement)
                if statement.type in CHANGING:
                    changed += sum(row[0] for row in result.fetchall() if isinstance(row[0], int))
            session.commit()
        except BaseException:
            session.rollback()
            raise
    return changed


def load(session: Any, table: str, columns: Sequence[str], data: Batches) -> None:
    """One statement for all rows: DuckDB then writes them to disk as they come, before the commit.

    It takes the rows from a thread of its own, and would turn what the source raises into an error without its kind.
    """
    raised: list[BaseException] = []
    with errors():
        session.register("ostinato_incoming_rows", stream(data.schema, _kept_errors(data, raised)))
        try:
            session.execute(f"INSERT INTO {table} ({tables.listed(columns)}) SELECT * FROM ostinato_incoming_rows")
        except duckdb.Error as error:
            raise (raised[0] if raised else error) from None
        session.unregister("ostinato_incoming_rows")


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def errors() -> Any:
    return failures(duckdb.Error)


def _told_errors(data: Batches) -> Iterator[Any]:
    """What goes wrong while a result streams comes through Arrow, as an OSError or RuntimeError."""
    while True:
        try:
            batch = data.read_next_batch()
        except StopIteration:
            return
        except (OSError, RuntimeError, ValueError, duckdb.Error) as error:
            raise ConnectionFailed(told(error)) from None
        yield batch


def _kept_errors(data: Batches, raised: list[BaseException]) -> Iterator[Any]:
    try:
        yield from data
    except BaseException as error:
        raised.append(error)
        raise

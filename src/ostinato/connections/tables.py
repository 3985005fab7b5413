"""How rows are written to a SQL database: one algorithm for all of them.

Everything happens in one transaction, and writes to one table wait for one another. `replace` is DELETE and insert, so
that readers see the old rows until the commit and grants, indexes and views stay. `merge` loads a temporary table
first, deletes the rows with the same keys (NULL is the same as NULL), and inserts. Where creating a table cannot be
undone by a rollback, a table that was made for this write is dropped when the write fails.
"""

# Statements are built from quoted names and from queries that are the user's own.
# ruff: noqa: S608

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from ostinato.connections.arrow import pieces, plain, require_unique, stream
from ostinato.core.contracts import Batches, ConnectionFailed, WriteMode

NAME_PART = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^."]+))\s*(?:\.|$)')


class Database(Protocol):
    """What the algorithm needs to know of a database. Table names are quoted already, column names are not."""

    quote: str
    creates_in_transaction: bool

    def enter(self, table: str) -> None:
        """Begin a transaction, once no other write of ours to this table is under way."""
        ...

    def leave(self) -> None:
        """Let the next write in, after the end of the transaction; may be called without `enter` having succeeded."""
        ...

    def freeze(self, table: str) -> None:
        """Keep everybody from changing the rows until the end of the transaction; they can be read all the while."""
        ...

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def columns(self, table: str) -> Mapping[str, bool] | None:
        """The columns of a table in order, True where the database can fill it itself; None: there is no table."""
        ...

    def type_name(self, kind: Any) -> str:
        """How a plain Arrow type is called in CREATE TABLE."""
        ...

    def run(self, statement: str) -> None: ...

    def holds(self, query: str) -> bool:
        """Whether a query returns any row."""
        ...

    def stage(self, table: str, columns: Sequence[str], keys: Sequence[str]) -> str:
        """Make an empty temporary table with these columns of `table`, fast to search by keys; its quoted name.

        It replaces the one of an earlier call and goes with the transaction or the connection.
        """
        ...

    def load(self, table: str, columns: Sequence[str], data: Batches) -> None:
        """Insert all rows of a stream whose columns stand in the order of `columns`; what the stream raises passes."""
        ...


def write(
    database: Database, table: str, data: Batches, mode: WriteMode, keys: Sequence[str], tell: Callable[[int], None]
) -> int:
    source = plain(data)
    names = list(source.schema.names)
    require_unique(names)
    require_keys(mode, keys, names)
    target = quoted(table, database.quote)
    made = False
    try:
        database.enter(target)
        existing = database.columns(target)
        columns = names if existing is None else matched(table, names, existing)
        key_columns = [columns[names.index(key)] for key in keys]
        if existing is None:
            _create(database, target, source.schema)
            made = True
        rows = _fill(database, target, columns, mode, key_columns, source, tell)
        database.commit()
    except BaseException:
        _undo(database, target, made)
        raise
    finally:
        database.leave()
    return rows


def quoted(table: str, quote: str = '"') -> str:
    """A table name as SQL, its parts quoted: `sales.orders` is a schema and a table, `"a.b"` one name with a dot."""
    return ".".join(quoted_name(part, quote) for part in parts(table))


def parts(table: str) -> list[str]:
    found, position = [], 0
    while position < len(table):
        part = NAME_PART.match(table, position)
        if part is None:
            raise ConnectionFailed(f'{table!r} is not a table name; write table, schema.table or "name with a dot"')
        found.append(part[1].replace('""', '"') if part[1] else part[2].strip())
        position = part.end()
    if not found or not all(found) or table.rstrip().endswith("."):
        raise ConnectionFailed(f"{table!r} is not a table name; write table or schema.table")
    return found


def quoted_name(name: str, quote: str = '"') -> str:
    return f"{quote}{name.replace(quote, quote * 2)}{quote}"


def listed(names: Sequence[str], quote: str = '"') -> str:
    return ", ".join(quoted_name(name, quote) for name in names)


def trimmed(query: str) -> str:
    """A query that can be put in parentheses: without its closing semicolon."""
    text = query.strip().rstrip(";").strip()
    if not text:
        raise ConnectionFailed("the query is empty")
    return text


def matched(table: str, names: Sequence[str], existing: Mapping[str, bool]) -> list[str]:
    """The table's own spelling of each column of the data; letter case matters only where the table has both."""
    by_letters = {column.casefold(): column for column in existing}
    found = {name: name if name in existing else by_letters.get(name.casefold()) for name in names}
    surplus = [name for name, column in found.items() if column is None]
    missing = [column for column, filled in existing.items() if not filled and column not in found.values()]
    if surplus:
        raise ConnectionFailed(
            f"table {table} has no {_columns(surplus)}, which the data has; its columns are {', '.join(existing)}"
        )
    if missing:
        raise ConnectionFailed(f"the data has no {_columns(missing)}, which table {table} has; select it as well")
    columns = [column for column in found.values() if column is not None]
    if len(set(columns)) < len(columns):
        raise ConnectionFailed(f"several columns of the data are the same column of table {table}: {', '.join(names)}")
    return columns


def _columns(names: Sequence[str]) -> str:
    return ("column " if len(names) == 1 else "columns ") + ", ".join(map(repr, names))


def require_keys(mode: WriteMode, keys: Sequence[str], names: Sequence[str]) -> None:
    if mode == "merge" and not keys:
        raise ConnectionFailed("mode merge needs keys: name the columns that say which rows are the same")
    unknown = [key for key in keys if key not in names]
    if unknown:
        raise ConnectionFailed(f"the data has no key {_columns(unknown)}; its columns are {', '.join(names)}")


def _create(database: Database, target: str, schema: Any) -> None:
    if not len(schema):
        raise ConnectionFailed("the data has no columns, so no table can be made for it")
    columns = ", ".join(f"{quoted_name(f.name, database.quote)} {database.type_name(f.type)}" for f in schema)
    database.run(f"CREATE TABLE {target} ({columns})")


def _fill(
    database: Database,
    target: str,
    columns: Sequence[str],
    mode: WriteMode,
    keys: Sequence[str],
    source: Batches,
    tell: Callable[[int], None],
) -> int:
    if mode != "append":
        database.freeze(target)
    if mode == "replace":
        database.run(f"DELETE FROM {target}")
    into = database.stage(target, columns, keys) if mode == "merge" else target
    counted = _Counted(source, tell)
    database.load(into, columns, stream(source.schema, counted.batches()))
    if mode == "merge":
        _merge(database, target, into, columns, keys)
    return counted.rows


class _Counted:
    """Tells how many rows of a stream have been taken."""

    def __init__(self, data: Batches, tell: Callable[[int], None]) -> None:
        self.rows = 0
        self._data = data
        self._tell = tell

    def batches(self) -> Iterator[Any]:
        for batch in pieces(self._data):
            yield batch
            self.rows += batch.num_rows
            self._tell(self.rows)


def _merge(database: Database, target: str, staged: str, columns: Sequence[str], keys: Sequence[str]) -> None:
    """Keys are compared with `=` alone, which every database can do by hash or index; NULLs have a statement of
    their own, which runs only where the new rows have any.
    """
    q = database.quote
    pairs = [(f"{target}.{quoted_name(key, q)}", f"s.{quoted_name(key, q)}") for key in keys]
    same = " AND ".join(f"{old} = {new}" for old, new in pairs)
    database.run(f"DELETE FROM {target} WHERE EXISTS (SELECT 1 FROM {staged} s WHERE {same})")
    new_null = " OR ".join(f"{new} IS NULL" for _, new in pairs)
    if database.holds(f"SELECT 1 FROM {staged} s WHERE {new_null} LIMIT 1"):
        old_null = " OR ".join(f"{old} IS NULL" for old, _ in pairs)
        same = " AND ".join(f"({old} = {new} OR ({old} IS NULL AND {new} IS NULL))" for old, new in pairs)
        database.run(
            f"DELETE FROM {target} WHERE ({old_null})"
            f" AND EXISTS (SELECT 1 FROM {staged} s WHERE ({new_null}) AND {same})"
        )
    names = listed(columns, q)
    database.run(f"INSERT INTO {target} ({names}) SELECT {names} FROM {staged}")


def _undo(database: Database, target: str, made: bool) -> None:
    """Undo as far as the database still answers; the error that led here is the one to be told."""
    try:
        database.rollback()
        if made and not database.creates_in_transaction:
            database.run(f"DROP TABLE IF EXISTS {target}")
    except ConnectionFailed:
        return

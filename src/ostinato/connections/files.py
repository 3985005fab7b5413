"""A folder of CSV and Parquet files; each file is a table, and queries are DuckDB SQL over them.

A table is named by the stem of its file (`flights` for flights.csv, flights.csv.gz, flights.csv.zip or
flights.parquet), or by its whole name in double quotes. Queries reach this folder and nothing else. CSV keeps
neither types nor bytes: the types are found by looking at the whole file, bytes are written as base64. Writes to one
file wait for one another.
"""

# Statements are built from quoted names and from queries that are the user's own.
# ruff: noqa: S608

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec

from ostinato.connections import duckdb_session, file_formats, tables
from ostinato.connections.arrow import plain, require_unique
from ostinato.core.contracts import Batches, ConnectionFailed, Example, WriteMode

name = "files"
title = "Files (CSV, Parquet)"


NO_TABLE = re.compile(r"Table with name (.+?) does not exist!")
SHOWN = 20
"""How many files are named where one is missing."""


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where the files are, and how CSV is understood."""

    path: Annotated[str, msgspec.Meta(description="The folder; it must exist", min_length=1)]
    null_values: Annotated[
        list[str], msgspec.Meta(description="What stands for a missing value in CSV, outside of quotes")
    ] = msgspec.field(default_factory=lambda: [""])
    max_unzipped_mb: Annotated[
        int, msgspec.Meta(description="How large the content of a .csv.zip file may be, in MB", ge=1)
    ] = 10_240
    memory_mb: Annotated[
        int, msgspec.Meta(description="Memory that queries may take before they use the disk, in MB", ge=64)
    ] = 1024


examples = (
    Example(title="A folder of CSV files", config={"path": "/srv/data/in"}),
    Example(title="Files that write NA for a missing value", config={"path": "/srv/data/r", "null_values": ["", "NA"]}),
)


def open(config: Config) -> "FilesConnection":
    folder = Path(config.path).absolute()
    if not folder.is_dir():
        raise ConnectionFailed(f"the folder {config.path!r} does not exist; make it, or correct path")
    private = Path(tempfile.mkdtemp(prefix="ostinato-files-"))
    try:
        with duckdb_session.errors():
            session = duckdb_session.start(":memory:", config.memory_mb, external_access=True)
            session.execute(f"SET temp_directory = {duckdb_session.literal(str(private / 'spill'))}")
            duckdb_session.lock_down(session, [folder, private])
    except BaseException:
        shutil.rmtree(private, ignore_errors=True)
        raise
    return FilesConnection(config, folder, private, session)


class FilesConnection:
    standard_literals = True

    def __init__(self, config: Config, folder: Path, private: Path, session: Any) -> None:
        self._config = config
        self._folder = folder
        self._private = private
        self._session = session
        self._views: dict[str, tuple[str, int, int]] = {}

    def read(self, query: str) -> Batches:
        problems = self._define(query)
        with self._told(problems):
            return duckdb_session.read(self._session, query)

    def table_query(self, table: str) -> str:
        file_formats.require_plain_name(table)
        return f"SELECT * FROM {tables.quoted_name(table)}"

    def write(
        self, table: str, data: Batches, mode: WriteMode, keys: Sequence[str], tell: Callable[[int], None]
    ) -> int:
        file = self._target(table)
        source = plain(data)
        names = list(source.schema.names)
        require_unique(names)
        tables.require_keys(mode, keys, names)
        with file_formats.alone(file):
            if mode == "replace" or not file.exists():
                return file_formats.save(file, source, tell)
            incoming = self._private / "incoming.parquet"
            rows = file_formats.save(incoming, source, tell)
            combined = duckdb_session.read(self._session, self._combination(file, incoming, names, keys, mode))
            file_formats.save(file, combined, lambda _: None)
            return rows

    def execute(self, script: str) -> int | None:
        with duckdb_session.errors():
            statements = self._session.extract_statements(script)
        with self._told(self._define(script)):
            return duckdb_session.execute(self._session, statements)

    def close(self) -> None:
        self._session.close()
        shutil.rmtree(self._private, ignore_errors=True)

    def _define(self, query: str) -> list[str]:
        """Make the views that a query may need, and no more: looking at a whole CSV file takes time.

        A name that occurs in the query may be a column's as well, so what stands against a view is only told if the
        query fails.
        """
        problems = []
        for table, same in file_formats.tables_of(self._folder).items():
            if re.search(rf"(?<!\w){re.escape(table)}(?!\w)", query, re.IGNORECASE):
                try:
                    self._define_view(table, file_formats.only(table, same))
                except ConnectionFailed as problem:
                    problems.append(str(problem))
        return problems

    def _define_view(self, table: str, file: Path | None) -> None:
        assert file is not None
        status = file.stat()
        state = (file.name, status.st_mtime_ns, status.st_size)
        if self._views.get(table) == state:
            return
        with duckdb_session.errors():
            view = tables.quoted_name(table)
            self._session.execute(f"CREATE OR REPLACE TEMPORARY VIEW {view} AS SELECT * FROM {self._source(file)}")
        self._views[table] = state

    def _source(self, file: Path) -> str:
        if file_formats.format_of(file.name) == ".csv.zip":
            file = file_formats.unzipped(file, self._private, self._config.max_unzipped_mb * 1024**2)
        return file_formats.relation(file, self._config.null_values)

    def _target(self, table: str) -> Path:
        file_formats.require_plain_name(table)
        if file_formats.format_of(table):
            return self._folder / table
        existing = file_formats.found(self._folder, table)
        if existing is None:
            endings = ", ".join(file_formats.FORMATS)
            raise ConnectionFailed(f"no file is named {table!r}, and its format is not said; add one of {endings}")
        return existing

    def _combination(
        self, file: Path, incoming: Path, names: Sequence[str], keys: Sequence[str], mode: WriteMode
    ) -> str:
        """The rows of the file, without those that a merge replaces, and the new ones after them."""
        with duckdb_session.errors():
            old = self._source(file)
            existing = {row[0]: False for row in self._session.execute(f"DESCRIBE SELECT * FROM {old}").fetchall()}
        columns = tables.matched(file.name, names, existing)
        renamed = ", ".join(
            f"{tables.quoted_name(name)} AS {tables.quoted_name(column)}"
            for name, column in sorted(zip(names, columns, strict=True), key=lambda pair: [*existing].index(pair[1]))
        )
        new = f"SELECT {renamed} FROM {file_formats.relation(incoming, [])}"
        same = " AND ".join(
            f"o.{tables.quoted_name(columns[names.index(key)])} IS NOT DISTINCT FROM n.{tables.quoted_name(key)}"
            for key in keys
        )
        kept = f"ANTI JOIN {file_formats.relation(incoming, [])} n ON {same}" if mode == "merge" else ""
        return f"SELECT o.* FROM {old} o {kept} UNION ALL {new}"

    @contextmanager
    def _told(self, problems: list[str]) -> Iterator[None]:
        """Put what was wrong with files before what DuckDB says of a query, or say which files there are."""
        try:
            yield
        except ConnectionFailed as error:
            missing = NO_TABLE.search(str(error))
            told = self._without(missing[1]) if missing and not problems else str(error)
            raise ConnectionFailed("; ".join([*problems, told])) from None

    def _without(self, table: str) -> str:
        names = [file.name for file in file_formats.tables_in(self._folder)]
        if not names:
            return f"there is no table {table!r}: the folder {str(self._folder)!r} holds no CSV or Parquet file"
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        return (
            f"there is no table {table!r}; the folder {str(self._folder)!r} holds {', '.join(names[:SHOWN])}{more},"
            " and a table is named by its file with or without the ending"
        )

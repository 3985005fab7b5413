"""A comparison of two queries, row by row: what is missing on either side, and what differs.

Both results are streamed into a database on disk in the attempt's own folder and joined there, so that memory stays
bounded whatever their size. Missing keys are the same as missing keys, NaN as NaN; a missing value differs from any
other. Values of different types are compared by what they mean: numbers as numbers, days as midnights, text as the
type of the other side where it can be read so.
"""

# Statements are built from columns and aliases of our own making.
# ruff: noqa: S608

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any, Literal

import duckdb
import msgspec
import pyarrow as pa

from ostinato.core.contracts import Batches, Context, Example, Finding, Outcome
from ostinato.core.rows import json_row
from ostinato.core.states import Reason

name = "CompareQuery"
title = "Compare two queries"

LOAD_ROWS = 100_000
FETCH_ROWS = 1000
KINDS = ("missing_left", "missing_right", "different")
Side = Literal["left", "right"]
WHOLE = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
FLOATS = frozenset({"FLOAT", "DOUBLE"})


class Input(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One side of the comparison."""

    connection: Annotated[str, msgspec.Meta(description="Name of the connection to ask", min_length=1)]
    query: Annotated[str, msgspec.Meta(description="A query in the dialect of the connection", min_length=1)]


class Column(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A pair of columns: `name`, where it is the same on both sides, or `left` and `right`."""

    name: Annotated[str | None, msgspec.Meta(description="Name of the column on both sides")] = None
    left: Annotated[str | None, msgspec.Meta(description="Name of the column on the left side")] = None
    right: Annotated[str | None, msgspec.Meta(description="Name of the column on the right side")] = None
    role: Annotated[
        Literal["key", "value", "information"],
        msgspec.Meta(
            description="`key` says which rows belong together, `value` is compared,"
            " `information` is only shown with what was found"
        ),
    ] = "value"
    tolerance: Annotated[
        float | None, msgspec.Meta(description="How far two numbers may be apart and still be the same", ge=0)
    ] = None
    tolerance_percent: Annotated[
        float | None, msgspec.Meta(description="The same in percent of the left number", ge=0)
    ] = None

    def __post_init__(self) -> None:
        if bool(self.name) == bool(self.left and self.right) or (self.name and (self.left or self.right)):
            raise ValueError("a column needs either name, or left and right")
        tolerances = [t for t in (self.tolerance, self.tolerance_percent) if t is not None]
        if len(tolerances) > 1 or (tolerances and self.role != "value"):
            raise ValueError("only a value has a tolerance, and either tolerance or tolerance_percent")

    def on(self, side: Side) -> str:
        return self.name or (self.left if side == "left" else self.right) or ""


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Two queries and how their columns belong together."""

    left: Annotated[Input, msgspec.Meta(description="The left side, for instance the source")]
    right: Annotated[Input, msgspec.Meta(description="The right side, for instance the target")]
    columns: Annotated[
        list[Column], msgspec.Meta(description="The columns to compare; at least one is a key", min_length=1)
    ]
    keep: Annotated[
        int, msgspec.Meta(description="How many of the findings are kept; all are counted", ge=0, le=100_000)
    ] = 1000
    memory_mb: Annotated[
        int, msgspec.Meta(description="Memory for the comparison before it uses the disk, in MB", ge=128)
    ] = 512

    def __post_init__(self) -> None:
        if not any(column.role == "key" for column in self.columns):
            raise ValueError("columns: at least one must have the role key")
        names = [column.on("left") for column in self.columns]
        if len(set(names)) < len(names):
            raise ValueError("columns: each column of the left side may be named once")


examples = (
    Example(
        title="Amounts agree to the cent",
        config={
            "left": {"connection": "warehouse", "query": "SELECT id, amount FROM orders"},
            "right": {"connection": "warehouse", "query": "SELECT id AS order_id, amount AS total FROM orders"},
            "columns": [
                {"left": "id", "right": "order_id", "role": "key"},
                {"left": "amount", "right": "total", "tolerance": 0.01},
            ],
        },
    ),
    Example(
        title="Every customer is the same on both sides, shown with the name",
        config={
            "left": {"connection": "warehouse", "query": "SELECT * FROM customers"},
            "right": {"connection": "warehouse", "query": "SELECT * FROM customers"},
            "columns": [
                {"name": "id", "role": "key"},
                {"name": "country"},
                {"name": "name", "role": "information"},
            ],
        },
    ),
)


class CannotCompare(Exception):
    """The columns do not fit what was asked; the text says which and what to do."""


def connections(config: Config) -> frozenset[str]:
    return frozenset({config.left.connection, config.right.connection})


def run(config: Config, context: Context) -> Outcome:
    with closing(_database(config, Path(context.folder))) as database:
        left_rows = _load(database, "left", config, context)
        right_rows = _load(database, "right", config, context)
        _compare(database, config, context)
        found = dict(database.execute("SELECT kind, count(*) FROM found GROUP BY kind").fetchall())
        counts = {kind: int(found.get(kind, 0)) for kind in KINDS}
        findings = _findings(database, config)
    message = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts.items() if count)
    context.log(f"compared {left_rows:,} rows on the left with {right_rows:,} on the right: {message or 'no difference'}")
    return Outcome(
        succeeded=not message,
        message=message,
        reason=Reason.CHECK_FAILED if message else None,
        rows=max(left_rows, right_rows),
        counts={**counts, "left_rows": left_rows, "right_rows": right_rows},
        findings=findings,
    )


def _database(config: Config, folder: Path) -> Any:
    database = duckdb.connect(
        str(folder / "compare.duckdb"),
        config={
            "memory_limit": f"{config.memory_mb}MB",
            "threads": 2,
            "preserve_insertion_order": False,
            "temp_directory": str(folder / "spill"),
            "python_enable_replacements": False,
            "autoinstall_known_extensions": False,
        },
    )
    database.execute("SET TimeZone = 'UTC'")
    return database


def _load(database: Any, side: Side, config: Config, context: Context) -> int:
    """Stream one side into a table with columns c0, c1 ...; the number of rows."""
    asked = config.left if side == "left" else config.right
    data = context.connect(asked.connection).read(asked.query)
    indexes = _indexes(data.schema.names, side, config.columns)
    schema = pa.schema([pa.field(f"c{at}", data.schema.field(index).type) for at, index in enumerate(indexes)])
    database.register("incoming", schema.empty_table())
    database.execute(f'CREATE TABLE "{side}" AS SELECT * FROM incoming')
    database.execute("BEGIN")
    rows = 0
    for table in _gathered(data, indexes, schema):
        database.register("incoming", table)
        database.execute(f'INSERT INTO "{side}" SELECT * FROM incoming')
        rows += table.num_rows
        context.progress(rows)
    database.execute("COMMIT")
    database.unregister("incoming")
    context.log(f"read {rows:,} rows of the {side} side from {asked.connection}")
    return rows


def _indexes(names: Sequence[str], side: Side, columns: Sequence[Column]) -> list[int]:
    missing = [column.on(side) for column in columns if column.on(side) not in names]
    if missing:
        raise CannotCompare(
            f"the {side} side has no column {', '.join(map(repr, missing))}; its columns are {', '.join(names)}"
        )
    return [names.index(column.on(side)) for column in columns]


def _gathered(data: Batches, indexes: Sequence[int], schema: Any) -> Any:
    """Tables of the wanted columns, large enough to be worth a statement each."""
    batches: list[Any] = []
    for batch in data:
        batches.append(pa.record_batch([batch.column(index) for index in indexes], schema=schema))
        if sum(kept.num_rows for kept in batches) >= LOAD_ROWS:
            yield pa.Table.from_batches(batches)
            batches = []
    if batches:
        yield pa.Table.from_batches(batches)

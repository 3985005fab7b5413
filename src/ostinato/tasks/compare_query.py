"""A comparison of two queries, row by row: what is missing on either side, and what differs.

Both results are streamed into a database on disk in the attempt's own folder and joined there, so that memory stays
bounded whatever their size. Missing keys are the same as missing keys, NaN as NaN; a missing value differs from any
other. Values of different types are compared by what they mean: numbers as numbers, days as midnights, text as the
type of the other side where it can be read so. Whole numbers and decimals are compared exactly; with a double, or a
single, they are compared as far as that is exact: whole numbers to the last digit, fractions by the nearest double.
"""

# Statements are built from columns and aliases of our own making.
# ruff: noqa: S608

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import duckdb
import msgspec
import pyarrow as pa

from ostinato.core.contracts import Batches, Context, Example, Finding, Outcome
from ostinato.core.errors import Invalid
from ostinato.core.parameter_references import as_sql, require_literals
from ostinato.core.rows import EXACT_IN_JSON, json_row
from ostinato.core.states import Reason
from ostinato.tasks.comparable import MOST_DIGITS, are_exact, comparable, digits, is_number

name = "CompareQuery"
title = "Compare two queries"

LOAD_ROWS = 240_000
FETCH_ROWS = 1000
KINDS = ("missing_left", "missing_right", "different")
Side: TypeAlias = Literal["left", "right"]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]


class Input(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One side of the comparison."""

    connection: Annotated[str, msgspec.Meta(description="Name of the connection to ask", min_length=1)]
    query: Annotated[
        str,
        msgspec.Meta(
            description="A query in the dialect of the connection; `${parameter:NAME}` stands for a parameter as a"
            " literal",
            min_length=1,
        ),
    ]

    def __post_init__(self) -> None:
        require_literals("query", self.query)


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
        NotNegative | None, msgspec.Meta(description="How far two numbers may be apart and still be the same")
    ] = None
    tolerance_percent: Annotated[
        NotNegative | None, msgspec.Meta(description="The same in percent of the left number")
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
        try:
            left_rows = _load(database, "left", config, context)
            right_rows = _load(database, "right", config, context)
            types = {side: _types(database, side) for side in ("left", "right")}
            _compare(database, config.columns, types, context)
        except (CannotCompare, Invalid) as refusal:
            return Outcome(succeeded=False, message=str(refusal), reason=Reason.INVALID)
        found = dict(database.execute("SELECT kind, count(*) FROM found GROUP BY kind").fetchall())
        counts = {kind: int(found.get(kind, 0)) for kind in KINDS}
        findings = list(_findings(database, config, counts, _mixed(types)))
    message = ", ".join(f"{count:,} {kind.replace('_', ' ')}" for kind, count in counts.items() if count)
    told = message or "no difference"
    context.log(f"compared {left_rows:,} rows on the left with {right_rows:,} on the right: {told}")
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
    """Stream one side into a table with columns c0, c1 ...; the number of rows.

    Each batch is a transaction of its own: DuckDB holds what is not committed in memory.
    """
    asked = config.left if side == "left" else config.right
    connection = context.connect(asked.connection)
    data = connection.read(as_sql(asked.query, context.parameters, standard=connection.standard_literals))
    indexes = _indexes(data.schema.names, side, config.columns)
    schema = pa.schema([pa.field(f"c{at}", data.schema.field(index).type) for at, index in enumerate(indexes)])
    database.register("incoming", schema.empty_table())
    database.execute(f'CREATE TABLE "{side}" AS SELECT * FROM incoming')
    rows = 0
    for table in _gathered(data, indexes, schema):
        database.register("incoming", table)
        database.execute(f'INSERT INTO "{side}" SELECT * FROM incoming')
        rows += table.num_rows
        context.progress(rows)
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


def _gathered(data: Batches, indexes: Sequence[int], schema: Any) -> Iterator[Any]:
    """Tables of the wanted columns, large enough to be worth a statement each."""
    batches: list[Any] = []
    for batch in data:
        batches.append(pa.record_batch([batch.column(index) for index in indexes], schema=schema))
        if sum(kept.num_rows for kept in batches) >= LOAD_ROWS:
            yield pa.Table.from_batches(batches)
            batches = []
    if batches:
        yield pa.Table.from_batches(batches)


def _compare(database: Any, columns: Sequence[Column], types: Mapping[str, Sequence[str]], context: Context) -> None:
    """Join both sides and put into the table `found` what is missing or differs, and in which columns."""
    pairs = [comparable(f"l.c{at}", f"r.c{at}", types["left"][at], types["right"][at]) for at in range(len(columns))]
    keys = [pair for pair, column in zip(pairs, columns, strict=True) if column.role == "key"]
    values = {
        at: _different(pair, (f"l.c{at}", f"r.c{at}"), column, types["left"][at], types["right"][at])
        for at, (pair, column) in enumerate(zip(pairs, columns, strict=True))
        if column.role == "value"
    }
    numbers = [is_number(left) and is_number(right) for left, right in zip(*types.values(), strict=True)]
    orders = [(f"l.c{at}", f"r.c{at}") if numbers[at] else pair for at, pair in enumerate(pairs)]
    numbered = _pair_duplicates(database, pairs, orders, columns, context)
    same = [f"{left} IS NOT DISTINCT FROM {right}" for left, right in keys] + (["l.n = r.n"] if numbered else [])
    shown = ", ".join(
        [f"{side}.c{at} AS {side}{at}" for side in "lr" for at in range(len(columns))]
        + [f"{differs} AS d{at}" for at, differs in values.items()]
    )
    database.execute(
        "CREATE TABLE found AS SELECT"
        " CASE WHEN l.here IS NULL THEN 'missing_left' WHEN r.here IS NULL THEN 'missing_right' ELSE 'different' END"
        f' AS kind, {shown} FROM (SELECT *, true AS here FROM "left") l'
        f' FULL OUTER JOIN (SELECT *, true AS here FROM "right") r ON {" AND ".join(same)}'
        f" WHERE l.here IS NULL OR r.here IS NULL OR {' OR '.join(values.values()) or 'false'}"
    )


def _types(database: Any, side: str) -> list[str]:
    return [row[1] for row in database.execute(f'DESCRIBE "{side}"').fetchall()]


def _different(pair: tuple[str, str], raw: tuple[str, str], column: Column, left_type: str, right_type: str) -> str:
    """Whether two values differ: `pair` are equal where they mean the same, `raw` are the columns themselves."""
    left, right = pair
    if column.tolerance is None and column.tolerance_percent is None:
        return f"{left} IS DISTINCT FROM {right}"
    for side, kind in (("left", left_type), ("right", right_type)):
        if not is_number(kind):
            raise CannotCompare(
                f"column {column.on('left' if side == 'left' else 'right')!r} of the {side} side is {kind}, and only"
                " numbers have a tolerance; cast it in the query, or leave the tolerance out"
            )
    raw_left, raw_right = raw
    left, right = f"CAST({raw_left} AS DOUBLE)", f"CAST({raw_right} AS DOUBLE)"
    allowed = (
        f"{column.tolerance!r}" if column.tolerance is not None else f"abs({left}) * {column.tolerance_percent!r} / 100"
    )
    # Doubles carry about 16 digits: without the second term 1.00 and 1.01 would be more than 0.01 apart.
    near = f"abs({left} - {right}) <= {allowed} + 4e-16 * greatest(abs({left}), abs({right}))"
    if are_exact({left_type, right_type}):
        scale = max(digits(left_type)[1], digits(right_type)[1])
        apart = " - ".join(f"CAST({value} AS DECIMAL({MOST_DIGITS}, {scale}))" for value in raw)
        near = f"coalesce(CAST(TRY(abs({apart})) AS DOUBLE) <= {allowed} * (1 + 4e-16), {near})"
    both_finite = f"isfinite({left}) AND isfinite({right})"
    return f"({pair[0]} IS DISTINCT FROM {pair[1]} AND NOT coalesce({both_finite} AND {near}, false))"


def _pair_duplicates(
    database: Any,
    pairs: Sequence[tuple[str, str]],
    orders: Sequence[tuple[str, str]],
    columns: Sequence[Column],
    context: Context,
) -> bool:
    """Number the rows of equal keys on both sides, if there are any; whether that was needed."""
    found = False
    for at, side in enumerate(("left", "right")):
        keys = [pair[at] for pair, column in zip(pairs, columns, strict=True) if column.role == "key"]
        count = database.execute(
            f'SELECT count(*) FROM (SELECT 1 FROM "{side}" {side[0]} GROUP BY {", ".join(keys)} HAVING count(*) > 1)'
        ).fetchone()[0]
        if count:
            found = True
            context.log(f"warning: {count:,} keys occur more than once on the {side} side; they are paired in order")
    for at, side in enumerate(("left", "right") if found else ()):
        keys = [pair[at] for pair, column in zip(pairs, columns, strict=True) if column.role == "key"]
        others = [pair[at] for pair, column in zip(orders, columns, strict=True) if column.role == "value"]
        order = f"ORDER BY {', '.join(others)}" if others else ""
        database.execute(
            f"CREATE TABLE numbered AS SELECT *, row_number() OVER (PARTITION BY {', '.join(keys)} {order}) AS n"
            f' FROM "{side}" {side[0]}'
        )
        database.execute(f'DROP TABLE "{side}"')
        database.execute(f'ALTER TABLE numbered RENAME TO "{side}"')
    return found


def _mixed(types: Mapping[str, Sequence[str]]) -> dict[int, bool]:
    """The columns whose sides are both numbers, of different types; True where one is a decimal."""
    pairs = enumerate(zip(types["left"], types["right"], strict=True))
    return {
        at: any(kind.startswith("DECIMAL") for kind in pair)
        for at, pair in pairs
        if len(set(pair)) > 1 and all(map(is_number, pair))
    }


def _findings(database: Any, config: Config, counts: Mapping[str, int], mixed: Mapping[int, bool]) -> Iterator[Finding]:
    keys = [at for at, column in enumerate(config.columns) if column.role == "key"]
    order = ", ".join(f"{side}{at}" for side in "lr" for at in keys)
    for kind, share in _shares(counts, config.keep).items():
        data = database.sql(f"SELECT * FROM found WHERE kind = '{kind}' ORDER BY {order} LIMIT {share}")
        for batch in data.to_arrow_reader(FETCH_ROWS):
            for row in batch.to_pylist():
                alike = dict(row)
                for at, decimal in mixed.items():
                    alike[f"l{at}"], alike[f"r{at}"] = _alike(row[f"l{at}"], row[f"r{at}"], decimal)
                yield Finding(kind=kind, row=json_row(_shown(alike, kind, config.columns)))


def _shares(counts: Mapping[str, int], keep: int) -> dict[str, int]:
    """How many findings of each kind are kept: none crowds out the others."""
    shares = {}
    for at, kind in enumerate(sorted(KINDS, key=lambda kind: counts[kind])):
        shares[kind] = min(counts[kind], keep // (len(KINDS) - at))
        keep -= shares[kind]
    return {kind: shares[kind] for kind in KINDS if shares[kind]}


def _shown(row: Mapping[str, Any], kind: str, columns: Sequence[Column]) -> dict[str, Any]:
    """Keys by their name, then the names of those that differ (as `differs`, unless a key is called so); the other
    columns as `left.NAME` and `right.NAME`, as far as the side has the row.
    """
    shown: dict[str, Any] = {
        column.on("left"): row[f"{'r' if kind == 'missing_left' else 'l'}{at}"]
        for at, column in enumerate(columns)
        if column.role == "key"
    }
    if kind == "different":
        shown.setdefault("differs", [column.on("left") for at, column in enumerate(columns) if row.get(f"d{at}")])
    for at, column in enumerate(columns):
        if column.role == "key":
            continue
        if kind != "missing_left":
            shown[f"left.{column.on('left')}"] = row[f"l{at}"]
        if kind != "missing_right":
            shown[f"right.{column.on('right')}"] = row[f"r{at}"]
    return shown


def _alike(left: Any, right: Any, decimal: bool) -> tuple[Any, Any]:
    """Two numbers of different types in one form: text for decimals, and where one is larger than JSON can tell."""
    if decimal or any(isinstance(value, int) and abs(value) > EXACT_IN_JSON for value in (left, right)):
        return _number_text(left), _number_text(right)
    return left, right


def _number_text(value: Any) -> Any:
    number = None if value is None else Decimal(repr(value) if isinstance(value, float) else value)
    if number is None or not number.is_finite():
        return number
    text = format(number, "f") if number else "0"
    return text.rstrip("0").rstrip(".") if "." in text else text

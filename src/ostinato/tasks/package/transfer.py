"""Rows from one connection to a table of another, all or none of them."""

import time
from typing import Annotated

import msgspec

from ostinato.core.contracts import Connection, Context, Example, Outcome, WriteMode
from ostinato.core.parameter_references import as_sql, require_literals


class Source(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where the rows come from: a query or a whole table."""

    connection: Annotated[str, msgspec.Meta(description="Name of the connection to read from", min_length=1)]
    query: Annotated[
        str | None,
        msgspec.Meta(
            description="A query in the dialect of the connection; either this or `table`. `${parameter:NAME}` stands"
            " for a parameter as a literal"
        ),
    ] = None
    table: Annotated[
        str | None, msgspec.Meta(description="A whole table (for `files`: a file) to read; either this or `query`")
    ] = None

    def __post_init__(self) -> None:
        if bool(self.query) == bool(self.table):
            raise ValueError("say either query or table")
        require_literals("query", self.query or "")


class Target(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Where the rows go."""

    connection: Annotated[str, msgspec.Meta(description="Name of the connection to write to", min_length=1)]
    table: Annotated[
        str,
        msgspec.Meta(
            description="Table to write, made if it does not exist; for `files` a file name such as sales.parquet",
            min_length=1,
        ),
    ]


class Transfer(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="transfer"):
    """Rows to copy, and what becomes of those that are there already."""

    source: Annotated[Source, msgspec.Meta(description="Where the rows come from")]
    target: Annotated[Target, msgspec.Meta(description="Where the rows go")]
    mode: Annotated[
        WriteMode,
        msgspec.Meta(
            description="`replace` empties the table first, `append` adds the rows,"
            " `merge` replaces the rows with the same keys and adds the others"
        ),
    ] = "replace"
    keys: Annotated[
        list[str], msgspec.Meta(description="For `merge`: the columns that say which rows are the same")
    ] = msgspec.field(default_factory=list)

    def __post_init__(self) -> None:
        if (self.mode == "merge") != bool(self.keys):
            raise ValueError("mode merge needs keys, and the other modes have none")


examples = (
    Example(
        title="Export a table to a Parquet file",
        config={
            "kind": "transfer",
            "source": {"connection": "warehouse", "table": "orders"},
            "target": {"connection": "exports", "table": "orders.parquet"},
        },
    ),
    Example(
        title="Keep a copy of the customers of one country up to date",
        config={
            "kind": "transfer",
            "source": {"connection": "warehouse", "query": "SELECT * FROM customers WHERE country = 'DK'"},
            "target": {"connection": "warehouse", "table": "danish_customers"},
            "mode": "merge",
            "keys": ["id"],
        },
    ),
)


def run(config: Transfer, context: Context) -> Outcome:
    began = time.monotonic()
    source = context.connect(config.source.connection)
    target = context.connect(config.target.connection)
    query = _query(config.source, source, context)
    rows = target.write(config.target.table, source.read(query), config.mode, config.keys, context.progress)
    origin = f"{config.source.connection}.{config.source.table}" if config.source.table else config.source.connection
    context.log(
        f"copied {rows:,} rows from {origin} to {config.target.connection}.{config.target.table}"
        f" in {time.monotonic() - began:.1f} s"
    )
    return Outcome(succeeded=True, rows=rows)


def _query(asked: Source, source: Connection, context: Context) -> str:
    if asked.table:
        return source.table_query(asked.table)
    return as_sql(asked.query or "", context.parameters, standard=source.standard_literals)

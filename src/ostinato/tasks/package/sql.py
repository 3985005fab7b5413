"""A script of SQL statements, run in one transaction."""

from typing import Annotated

import msgspec

from ostinato.core.contracts import Context, Example, Outcome


class Script(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sql"):
    """Statements to run on one connection, all or none of them."""

    connection: Annotated[str, msgspec.Meta(description="Name of the connection to run on", min_length=1)]
    script: Annotated[
        str, msgspec.Meta(description="Statements in the dialect of the connection, separated by `;`", min_length=1)
    ]


examples = (
    Example(
        title="Summarise orders per country",
        config={
            "kind": "sql",
            "connection": "warehouse",
            "script": "CREATE OR REPLACE TABLE sales AS SELECT country, sum(amount) AS amount"
            " FROM orders JOIN customers ON customers.id = customer_id GROUP BY country;"
            " DELETE FROM sales WHERE amount IS NULL",
        },
    ),
)


def run(config: Script, context: Context) -> Outcome:
    rows = context.connect(config.connection).execute(config.script)
    context.log("the script has run" if rows is None else f"the script changed {rows:,} rows")
    return Outcome(succeeded=True, rows=rows)

"""A script of SQL statements, run in one transaction."""

from typing import Annotated

import msgspec

from ostinato.core.contracts import Context, Example, Outcome
from ostinato.core.parameter_references import as_sql, require_literals


class Script(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="sql"):
    """Statements to run on one connection, all or none of them."""

    connection: Annotated[str, msgspec.Meta(description="Name of the connection to run on", min_length=1)]
    script: Annotated[
        str,
        msgspec.Meta(
            description="Statements in the dialect of the connection, separated by `;`; `${parameter:NAME}` stands for"
            " a parameter as a literal",
            min_length=1,
        ),
    ]

    def __post_init__(self) -> None:
        require_literals("script", self.script)


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
    connection = context.connect(config.connection)
    rows = connection.execute(as_sql(config.script, context.parameters, standard=connection.standard_literals))
    context.log("the script has run" if rows is None else f"the script changed {rows:,} rows")
    return Outcome(succeeded=True, rows=rows)

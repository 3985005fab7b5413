"""A data-quality check: a query whose rows break a rule, or which must return some."""

from typing import Annotated, Any, Literal

import msgspec

from ostinato.core.contracts import Batches, Context, Example, Finding, Outcome
from ostinato.core.errors import Invalid
from ostinato.core.parameter_references import as_sql, require_literals
from ostinato.core.rows import json_row
from ostinato.core.states import Reason

name = "Query"
title = "Check by query"


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A query and what its result means."""

    connection: Annotated[str, msgspec.Meta(description="Name of the connection to ask", min_length=1)]
    query: Annotated[
        str,
        msgspec.Meta(
            description="A query in the dialect of the connection; `${parameter:NAME}` stands for a parameter as a"
            " literal",
            min_length=1,
        ),
    ]
    condition: Annotated[
        Literal["rows", "no_rows"],
        msgspec.Meta(
            description="When the check fails: if the query returns rows (each breaks the rule), or if it returns none"
        ),
    ] = "rows"
    keep: Annotated[
        int, msgspec.Meta(description="How many of the rows are kept as findings; all are counted", ge=0, le=100_000)
    ] = 1000

    def __post_init__(self) -> None:
        require_literals("query", self.query)


examples = (
    Example(
        title="Orders without a customer",
        config={
            "connection": "warehouse",
            "query": "SELECT * FROM orders WHERE customer_id NOT IN (SELECT id FROM customers)",
        },
    ),
    Example(
        title="There must be customers",
        config={"connection": "warehouse", "query": "SELECT id FROM customers", "condition": "no_rows", "keep": 10},
    ),
)


def connections(config: Config) -> frozenset[str]:
    return frozenset({config.connection})


def run(config: Config, context: Context) -> Outcome:
    connection = context.connect(config.connection)
    try:
        query = as_sql(config.query, context.parameters, standard=connection.standard_literals)
    except Invalid as refusal:
        return Outcome(succeeded=False, message=str(refusal), reason=Reason.INVALID)
    data = connection.read(query)
    count, findings = _counted(data, config.keep, context)
    context.log(f"the query returned {count:,} {_rows(count)}, {len(findings):,} of them kept")
    if config.condition == "no_rows":
        message = "" if count else "the query returned no rows"
        return _outcome(message, count, [])
    message = f"{count:,} {_rows(count)} {'breaks' if count == 1 else 'break'} the rule" if count else ""
    return _outcome(message, count, findings)


def _counted(data: Batches, keep: int, context: Context) -> tuple[int, list[Finding]]:
    count = 0
    findings: list[Finding] = []
    for batch in data:
        if len(findings) < keep:
            rows: list[dict[str, Any]] = batch.slice(0, keep - len(findings)).to_pylist()
            findings.extend(Finding(kind="row", row=json_row(row)) for row in rows)
        count += batch.num_rows
        context.progress(count)
    return count, findings


def _outcome(broken: str, count: int, findings: list[Finding]) -> Outcome:
    return Outcome(
        succeeded=not broken,
        message=broken,
        reason=Reason.CHECK_FAILED if broken else None,
        rows=count,
        findings=findings,
    )


def _rows(count: int) -> str:
    return "row" if count == 1 else "rows"

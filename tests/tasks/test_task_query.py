"""Checks by query."""

import json
from typing import Any

import pytest

from ostinato.core.contracts import ConnectionFailed
from ostinato.core.states import Reason
from ostinato.tasks import query
from tests.tasks.recording import RecordingContext, run


def check(context: RecordingContext, text: str, **more: Any) -> Any:
    return run(query, context, connection="warehouse", query=text, **more)


def test_rows_break_the_rule(context: RecordingContext) -> None:
    outcome = check(context, "SELECT range AS n FROM range(2512)", keep=10)
    assert (outcome.succeeded, outcome.reason, outcome.rows) == (False, Reason.CHECK_FAILED, 2512)
    assert outcome.message == "2,512 rows break the rule"
    assert [(finding.kind, finding.row) for finding in outcome.findings] == [("row", {"n": n}) for n in range(10)]


def test_one_row_breaks_the_rule(context: RecordingContext) -> None:
    assert check(context, "SELECT 1 AS n").message == "1 row breaks the rule"


def test_no_rows_are_fine(context: RecordingContext) -> None:
    outcome = check(context, "SELECT * FROM orders WHERE id > 99")
    assert (outcome.succeeded, outcome.reason, outcome.rows, outcome.findings) == (True, None, 0, [])


def test_a_query_that_must_return_something_fails_without_rows(context: RecordingContext) -> None:
    outcome = check(context, "SELECT * FROM orders WHERE id > 99", condition="no_rows")
    assert (outcome.reason, outcome.message) == (Reason.CHECK_FAILED, "the query returned no rows")
    assert check(context, "SELECT * FROM orders", condition="no_rows").succeeded


def test_findings_are_kept_across_batches_and_all_rows_counted(context: RecordingContext) -> None:
    outcome = check(context, "SELECT range AS n FROM range(300000)", keep=50_000)
    assert (outcome.rows, len(outcome.findings), context.told[-1]) == (300_000, 50_000, 300_000)


def test_findings_can_be_written_as_json(context: RecordingContext) -> None:
    outcome = check(
        context,
        "SELECT 1.50::DECIMAL(10,2) AS money, DATE '2024-02-29' AS day,"
        " TIMESTAMPTZ '2024-01-01 12:00:00+02' AS instant,"
        " 'NaN'::DOUBLE AS ratio, 'ab'::BLOB AS bytes, 9007199254740993 AS large, [1, 2] AS list, NULL AS nothing",
    )
    assert json.loads(json.dumps(outcome.findings[0].row, allow_nan=False)) == {
        "money": "1.50",
        "day": "2024-02-29",
        "instant": "2024-01-01T10:00:00+00:00",
        "ratio": "NaN",
        "bytes": "YWI=",
        "large": "9007199254740993",
        "list": "[1, 2]",
        "nothing": None,
    }


@pytest.mark.parametrize("text", ["DELETE FROM orders RETURNING id", "DROP TABLE orders", "SELECT 1; SELECT 2"])
def test_a_check_changes_nothing(context: RecordingContext, text: str) -> None:
    with pytest.raises(ConnectionFailed, match="exactly one SELECT"):
        check(context, text)
    assert check(context, "SELECT * FROM orders").rows == 3

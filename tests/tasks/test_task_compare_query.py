"""Comparisons of two queries."""

import tempfile
from typing import Any

import msgspec
import pytest

from ostinato.core.contracts import Outcome
from ostinato.core.states import Reason
from ostinato.tasks import compare_query
from tests.tasks.recording import RecordingContext, run

KEY = {"name": "id", "role": "key"}


def compare(context: RecordingContext, left: str, right: str, *columns: Any, **more: Any) -> Outcome:
    return run(
        compare_query,
        context,
        left={"connection": "warehouse", "query": left},
        right={"connection": "warehouse", "query": right},
        columns=list(columns),
        **more,
    )


def values(kind: str, *rows: str) -> str:
    return f"SELECT id, CAST(v AS {kind}) AS v FROM (VALUES {', '.join(rows)}) AS t (id, v)"


def found(outcome: Outcome) -> list[tuple[str, Any]]:
    return [(finding.kind, finding.row) for finding in outcome.findings]


def test_equal_sides_succeed(context: RecordingContext) -> None:
    query = "SELECT * FROM customers"
    outcome = compare(context, query, query, KEY, {"name": "name"})
    assert (outcome.succeeded, outcome.rows, outcome.findings) == (True, 3, [])
    assert outcome.counts == {"missing_left": 0, "missing_right": 0, "different": 0, "left_rows": 3, "right_rows": 3}


def test_all_that_differs_is_counted_and_shown(context: RecordingContext) -> None:
    outcome = compare(
        context,
        "SELECT * FROM (VALUES (1, 'a', 'x'), (2, 'b', 'y'), (3, 'c', 'z')) AS t (id, v, note)",
        "SELECT * FROM (VALUES (1, 'a', 'p'), (2, 'B', 'q'), (4, 'd', 'r')) AS t (nr, w, note)",
        {"left": "id", "right": "nr", "role": "key"},
        {"left": "v", "right": "w"},
        {"name": "note", "role": "information"},
    )
    assert (outcome.succeeded, outcome.reason) == (False, Reason.CHECK_FAILED)
    assert outcome.message == "1 missing left, 1 missing right, 1 different"
    assert found(outcome) == [
        ("missing_left", {"id": 4, "right.w": "d", "right.note": "r"}),
        ("missing_right", {"id": 3, "left.v": "c", "left.note": "z"}),
        ("different", {"id": 2, "differs": ["v"], "left.v": "b", "right.w": "B", "left.note": "y", "right.note": "q"}),
    ]


def test_a_missing_value_differs_from_any_other_but_not_from_itself(context: RecordingContext) -> None:
    left = values("INTEGER", "(1, NULL)", "(2, NULL)", "(3, 0)")
    right = values("INTEGER", "(1, NULL)", "(2, 0)", "(3, NULL)")
    assert [row["id"] for _, row in found(compare(context, left, right, KEY, {"name": "v"}))] == [2, 3]


def test_missing_keys_are_the_same_key(context: RecordingContext) -> None:
    left = "SELECT NULL::INTEGER AS a, 1 AS b, 10 AS v"
    right = "SELECT NULL::INTEGER AS a, 1 AS b, 11 AS v"
    outcome = compare(context, left, right, {"name": "a", "role": "key"}, {"name": "b", "role": "key"}, {"name": "v"})
    assert found(outcome) == [("different", {"a": None, "b": 1, "differs": ["v"], "left.v": 10, "right.v": 11})]


def test_not_a_number_is_the_same_as_itself(context: RecordingContext) -> None:
    left = values("DOUBLE", "(1, 'NaN')", "(2, 'NaN')", "(3, 'inf')", "(4, 'inf')")
    right = values("DOUBLE", "(1, 'NaN')", "(2, '1')", "(3, 'inf')", "(4, '1')")
    for column in ({"name": "v"}, {"name": "v", "tolerance": 5}, {"name": "v", "tolerance_percent": 50}):
        context.folder = tempfile.mkdtemp(dir=context.folder)
        assert [row["id"] for _, row in found(compare(context, left, right, KEY, column))] == [2, 4]


@pytest.mark.parametrize("kind", ["DOUBLE", "DECIMAL(10, 3)", "FLOAT"])
def test_numbers_within_the_tolerance_are_the_same(context: RecordingContext, kind: str) -> None:
    left = values(kind, "(1, 1.00)", "(2, 1.00)", "(3, 1.00)", "(4, -1.00)")
    right = values(kind, "(1, 1.01)", "(2, 1.02)", "(3, 0.99)", "(4, -1.03)")
    tolerance = 0.0101 if kind == "FLOAT" else 0.01
    outcome = compare(context, left, right, KEY, {"name": "v", "tolerance": tolerance})
    assert [row["id"] for _, row in found(outcome)] == [2, 4]


def test_decimals_are_within_the_tolerance_exactly(context: RecordingContext) -> None:
    left = values(
        "DECIMAL(38, 10)", "(1, '12345678901234567.89')", "(2, '12345678901234567.89')", "(3, '1e27')", "(4, '0')"
    )
    right = values(
        "DECIMAL(20, 2)", "(1, '12345678901234567.10')", "(2, '12345678901234567.88')", "(3, '1')", "(4, NULL)"
    )
    outcome = compare(context, left, right, KEY, {"name": "v", "tolerance": 0.01})
    assert [row["id"] for _, row in found(outcome)] == [1, 3, 4]


def test_a_tolerance_copes_with_decimals_that_no_common_type_holds(context: RecordingContext) -> None:
    left = values("DECIMAL(38, 0)", "(1, '99999999999999999999999999999999999999')", "(2, '1')", "(3, '1')")
    right = values("DECIMAL(38, 30)", "(1, 1)", "(2, 1.05)", "(3, 1.2)")
    outcome = compare(context, left, right, KEY, {"name": "v", "tolerance": 0.1})
    assert [row["id"] for _, row in found(outcome)] == [1, 3]


def test_a_tolerance_in_percent_is_of_the_left_number(context: RecordingContext) -> None:
    left = values("INTEGER", "(1, 100)", "(2, 100)", "(3, -100)", "(4, 0)", "(5, 0)")
    right = values("INTEGER", "(1, 110)", "(2, 111)", "(3, -110)", "(4, 0)", "(5, 1)")
    outcome = compare(context, left, right, KEY, {"name": "v", "tolerance_percent": 10})
    assert [row["id"] for _, row in found(outcome)] == [2, 5]


SAME = [
    ("INTEGER", "1", "DECIMAL(20, 5)", "1.00000"),
    ("BIGINT", "9007199254740993", "DECIMAL(38, 0)", "9007199254740993"),
    ("DECIMAL(10, 2)", "0.10", "DOUBLE", "0.1"),
    ("FLOAT", "0.1", "DOUBLE", "0.1"),
    ("DECIMAL(38, 20)", "12345678901.12345678900000000000", "DOUBLE", "12345678901.123456789"),
    ("DECIMAL(3, 3)", "0.000", "DOUBLE", "-0.0"),
    ("DECIMAL(3, 3)", "-0.500", "DECIMAL(38, 38)", "-0.5"),
    ("DECIMAL(38, 0)", "0", "DECIMAL(38, 38)", "0"),
    (
        "DECIMAL(38, 0)",
        "99999999999999999999999999999999999990",
        "DECIMAL(38, 0)",
        "99999999999999999999999999999999999990",
    ),
    ("BIGINT", "9007199254740992", "DOUBLE", "9007199254740992"),
    ("BIGINT", "-9223372036854775808", "DOUBLE", "-9223372036854775808"),
    ("INTEGER", "100", "FLOAT", "100"),
    ("INTEGER", "1", "VARCHAR", "1"),
    ("VARCHAR", "1.50", "DECIMAL(10, 3)", "1.5"),
    ("VARCHAR", "1e3", "DOUBLE", "1000"),
    ("BOOLEAN", "true", "INTEGER", "1"),
    ("BOOLEAN", "true", "VARCHAR", "true"),
    ("DATE", "2024-02-29", "TIMESTAMP", "2024-02-29"),
    ("DATE", "2024-02-29", "VARCHAR", "2024-02-29"),
    ("TIMESTAMP", "2024-02-29 10:00:00", "TIMESTAMPTZ", "2024-02-29 12:00:00+02"),
    ("TIMESTAMP", "2024-02-29 10:00:00", "VARCHAR", "2024-02-29T10:00:00"),
    ("UUID", "6f2c2b1c-0000-4000-8000-000000000000", "VARCHAR", "6f2c2b1c-0000-4000-8000-000000000000"),
]
DIFFERENT = [
    ("DECIMAL(38, 10)", "12345678901234567.89", "DECIMAL(20, 2)", "12345678901234567.10"),
    ("DECIMAL(38, 10)", "1234567890123456789012345678.5", "DECIMAL(20, 15)", "1.5"),
    ("DECIMAL(38, 10)", "12345678901234567.89", "DOUBLE", "12345678901234567.89"),
    ("BIGINT", "9007199254740993", "DOUBLE", "9007199254740992"),
    ("INTEGER", "16777217", "FLOAT", "16777216"),
    ("INTEGER", "1", "DOUBLE", "NaN"),
    ("INTEGER", "1", "DOUBLE", "1.5"),
    ("DECIMAL(38, 0)", "1", "DOUBLE", "1e300"),
    ("INTEGER", "1", "VARCHAR", "1.4"),
    ("INTEGER", "1", "VARCHAR", "one"),
    ("BIGINT", "9007199254740993", "DECIMAL(38, 0)", "9007199254740992"),
    ("DECIMAL(10, 2)", "0.12", "VARCHAR", "0.123"),
    ("DATE", "2024-02-29", "TIMESTAMP", "2024-02-29 00:00:01"),
    ("DATE", "2024-02-29", "VARCHAR", "2024-02-29 10:00:00"),
    ("BOOLEAN", "true", "INTEGER", "2"),
]


@pytest.mark.parametrize(
    ("left", "one", "right", "other", "same"),
    [(*case, True) for case in SAME] + [(*case, False) for case in DIFFERENT],
)
@pytest.mark.parametrize("role", ["key", "value"])
def test_values_of_different_types_are_compared_by_meaning(
    context: RecordingContext, left: str, one: str, right: str, other: str, same: bool, role: str
) -> None:
    outcome = compare(
        context, values(left, f"(1, '{one}')"), values(right, f"(1, '{other}')"), KEY, {"name": "v", "role": role}
    )
    assert outcome.succeeded == same, outcome.findings


def test_rows_with_the_same_keys_are_paired_in_order(context: RecordingContext) -> None:
    left = values("VARCHAR", "(1, 'a')", "(1, 'b')", "(1, 'c')", "(2, 'x')")
    right = values("VARCHAR", "(1, 'b')", "(1, 'a')", "(2, 'x')")
    outcome = compare(context, left, right, KEY, {"name": "v"})
    assert found(outcome) == [("missing_right", {"id": 1, "left.v": "c"})]
    assert any("1 keys occur more than once on the left" in line for line in context.lines)


def test_a_missing_column_is_named_with_its_side(context: RecordingContext) -> None:
    outcome = compare(context, "SELECT 1 AS id", "SELECT 1 AS nr", KEY)
    assert (outcome.reason, outcome.message) == (
        Reason.INVALID,
        "the right side has no column 'id'; its columns are nr",
    )


def test_a_tolerance_on_text_is_refused(context: RecordingContext) -> None:
    outcome = compare(
        context, values("INTEGER", "(1, 1)"), values("VARCHAR", "(1, '1')"), KEY, {"name": "v", "tolerance": 1}
    )
    assert outcome.reason == Reason.INVALID
    assert "column 'v' of the right side is VARCHAR" in outcome.message


def test_no_kind_of_finding_crowds_out_the_others(context: RecordingContext) -> None:
    left = "SELECT range AS id, range AS v FROM range(0, 3000)"
    right = "SELECT range AS id, range + (range % 2) AS v FROM range(2, 3001)"
    outcome = compare(context, left, right, KEY, {"name": "v"}, keep=10)
    assert outcome.counts["different"] == 1499
    assert [kind for kind, _ in found(outcome)] == ["missing_left"] + ["missing_right"] * 2 + ["different"] * 7


def test_what_differs_is_named_before_the_values(context: RecordingContext) -> None:
    outcome = compare(
        context,
        "SELECT 1 AS id, 'a' AS a, 1 AS b, 2 AS c, 'n' AS note",
        "SELECT 1 AS id, 'A' AS a, 1 AS b, 3 AS d, 'm' AS note",
        {"name": "note", "role": "information"}, KEY, {"name": "a"}, {"name": "b"}, {"left": "c", "right": "d"},
    )  # fmt: skip
    ((_, row),) = found(outcome)
    assert list(row.items())[:2] == [("id", 1), ("differs", ["a", "c"])]
    assert (row["left.note"], row["left.b"], row["right.d"]) == ("n", 1, 3)


@pytest.mark.parametrize(
    ("left", "one", "right", "other", "shown"),
    [
        ("DECIMAL(10, 2)", "10.50", "DOUBLE", "10.25", ("10.5", "10.25")),
        ("DECIMAL(10, 2)", "10.50", "INTEGER", "100", ("10.5", "100")),
        ("DECIMAL(10, 2)", "10.50", "DECIMAL(38, 10)", "0", ("10.5", "0")),
        ("DECIMAL(10, 2)", "10.50", "DOUBLE", "NaN", ("10.5", "NaN")),
        ("DECIMAL(10, 2)", "10.50", "DECIMAL(10, 2)", "10.60", ("10.50", "10.60")),
        ("BIGINT", "9007199254740993", "DOUBLE", "9007199254740992", ("9007199254740993", "9007199254740992")),
        ("INTEGER", "1", "DOUBLE", "1.5", (1, 1.5)),
    ],
)
def test_numbers_of_one_column_are_shown_in_one_form(
    context: RecordingContext, left: str, one: str, right: str, other: str, shown: Any
) -> None:
    outcome = compare(context, values(left, f"(1, '{one}')"), values(right, f"(1, '{other}')"), KEY, {"name": "v"})
    ((_, row),) = found(outcome)
    assert (row["left.v"], row["right.v"]) == shown


def test_equal_numbers_with_the_same_keys_are_paired_by_size(context: RecordingContext) -> None:
    left = values("INTEGER", "(1, 10)", "(1, 9)")
    right = values("DOUBLE", "(1, 10.4)", "(1, 9.4)")
    assert compare(context, left, right, KEY, {"name": "v", "tolerance": 0.5}).succeeded


def test_the_two_sides_may_be_different_systems(context: RecordingContext) -> None:
    context.connect("shop").execute(
        "CREATE TABLE c (id INTEGER, name TEXT); INSERT INTO c VALUES (1, 'Ada'), (2, 'Bob')"
    )
    outcome = run(
        compare_query,
        context,
        left={"connection": "warehouse", "query": "SELECT * FROM customers WHERE id < 3"},
        right={"connection": "shop", "query": "SELECT * FROM c"},
        columns=[KEY, {"name": "name"}],
    )
    assert found(outcome) == [("different", {"id": 2, "differs": ["name"], "left.name": "Bo", "right.name": "Bob"})]


@pytest.mark.parametrize(
    "columns",
    [
        [],
        [{"name": "v"}],
        [KEY, {"name": "a", "left": "b"}],
        [KEY, {"left": "a"}],
        [KEY, {}],
        [KEY, KEY],
        [{**KEY, "tolerance": 1}],
        [KEY, {"name": "v", "tolerance": 1, "tolerance_percent": 1}],
        [KEY, {"name": "v", "tolerance": -1}],
    ],
)
def test_columns_that_make_no_sense_are_refused(columns: Any) -> None:
    side = {"connection": "c", "query": "q"}
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"left": side, "right": side, "columns": columns}, compare_query.Config)

"""Rows as JSON."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ostinato.core.rows import json_row, json_value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (2**53, 2**53),
        (2**53 + 1, "9007199254740993"),
        (-(2**53) - 1, "-9007199254740993"),
        (1.5, 1.5),
        (float("nan"), "NaN"),
        (float("-inf"), "-Infinity"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("NaN"), "NaN"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 1, 2, 3, 4, UTC), "2024-02-29T01:02:03.000004+00:00"),
        (time(1, 2, 3), "01:02:03"),
        (timedelta(days=1, microseconds=500_000), "PT86400.5S"),
        (b"ab", "YWI="),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ([1, Decimal("2.0")], [1, "2.0"]),
        ({"a": {1: b""}}, {"a": {"1": ""}}),
        ("a\x00b", "a\ufffdb"),
        ("\ud800é", "\ufffdé"),
    ],
)
def test_a_value_becomes_json_without_loss(value: Any, shown: Any) -> None:
    assert json_value(value) == shown


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals()
    | st.datetimes()
    | st.timedeltas()
    | st.times()
    | st.dates()
)


@settings(max_examples=50)
@given(st.dictionaries(st.text(), st.recursive(SCALARS, lambda inner: st.lists(inner) | st.tuples(inner))))
def test_any_row_becomes_strict_json_that_postgresql_can_store(row: dict[str, Any]) -> None:
    text = json.dumps(json_row(row), allow_nan=False)
    assert "\\u0000" not in text
    text.encode("utf-8")

"""Values go into each database and come back the same."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.connections.opening import silent

ASCII_TO_EMOJI = st.characters(exclude_categories=("Cs",), exclude_characters="\x00")
MOMENTS = st.datetimes(min_value=datetime(1000, 1, 1), max_value=datetime(9999, 12, 31))  # noqa: DTZ001
COLUMNS: dict[str, tuple[Any, Any]] = {
    "small": (pa.int16(), st.integers(-(2**15), 2**15 - 1)),
    "middle": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "large": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "huge": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "ratio": (pa.float64(), st.floats(allow_nan=False, allow_infinity=False)),
    "money": (pa.decimal128(20, 4), st.decimals("-1000000000000000", "1000000000000000", places=4)),
    "digits": (
        pa.decimal128(38, 10),
        st.decimals("-9999999999999999999999999999", "9999999999999999999999999999", places=10),
    ),
    "flag": (pa.bool_(), st.booleans()),
    "text": (
        pa.string(),
        st.text(ASCII_TO_EMOJI, max_size=20) | st.sampled_from(["", r"\N", "NULL", '"', "a,b\r\nc", " "]),
    ),
    "bytes": (pa.binary(), st.binary(max_size=20)),
    "day": (pa.date32(), st.dates(min_value=date(1000, 1, 1))),
    "clock": (pa.time64("us"), st.times()),
    "moment": (pa.timestamp("us"), MOMENTS),
    "instant": (pa.timestamp("us", "UTC"), MOMENTS.map(lambda moment: moment.replace(tzinfo=UTC))),
}
SCHEMA = pa.schema({name: kind for name, (kind, _) in COLUMNS.items()})
ROWS = st.lists(st.fixed_dictionaries({name: st.none() | values for name, (_, values) in COLUMNS.items()}), max_size=8)


def expected(value: Any, connection: Any) -> Any:
    """What a database without the type gives back instead: MySQL has no zones, SQLite no fixed type of its own."""
    if connection.quote == "`" and isinstance(value, datetime):
        return value.replace(tzinfo=None)
    return value


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=ROWS)
def test_what_is_written_is_read_again(database: Any, table: str, rows: list[dict[str, Any]]) -> None:
    database.execute(f"DROP TABLE IF EXISTS {table}")
    numbered = [{"nr": nr, **row} for nr, row in enumerate(rows)]
    data = pa.Table.from_pylist(numbered, schema=pa.schema([pa.field("nr", pa.int64()), *SCHEMA]))
    database.write(table, data.to_reader(), "replace", (), silent)
    back = database.read(f"{database.table_query(table)} ORDER BY nr").read_all().to_pylist()
    assert [[row[name] for name in SCHEMA.names] for row in back] == [
        [expected(row[name], database) for name in SCHEMA.names] for row in rows
    ]


@pytest.mark.parametrize("values", [[None], [""], [None, "", None], ["", None]])
def test_a_single_column_keeps_empty_text_and_null_apart(database: Any, table: str, values: list[str | None]) -> None:
    database.write(table, pa.table({"only": pa.array(values, pa.string())}).to_reader(), "replace", (), silent)
    back = database.read(database.table_query(table)).read_all()["only"].to_pylist()
    assert back == values


def test_nested_and_encoded_columns_arrive_as_plain_ones(database: Any, table: str) -> None:
    data = pa.table(
        {
            "list": [[1, 2], None],
            "struct": [{"a": 1}, None],
            "category": pa.array(["x", None]).dictionary_encode(),
            "nothing": pa.nulls(2),
            "nano": pa.array([1, None], pa.timestamp("ns")),
            "tiny": pa.array([time(1, 2, 3), None], pa.time32("s")),
            "half": pa.array([Decimal("1.5"), None], pa.decimal256(50, 1)),
        }
    )
    database.write(table, data.to_reader(), "replace", (), silent)
    first = database.read(database.table_query(table)).read_all().to_pylist()[0]
    assert first["list"] == "[1, 2]"
    assert first["struct"] == '{"a": 1}'
    assert first["category"] == "x"
    assert first["nothing"] is None
    assert first["nano"] == datetime(1970, 1, 1)  # noqa: DTZ001
    assert first["tiny"] == time(1, 2, 3)
    assert first["half"] == "1.5"

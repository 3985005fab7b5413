"""Arrow as it travels between connections: few, plain column types, in batches of a bounded size.

Whatever a source has, its stream consists of booleans, whole numbers, floats, decimals up to 38 digits, text, bytes,
dates, times, and timestamps in microseconds (with zone: UTC). Nested values travel as JSON text, intervals and
durations as text; nanoseconds are cut off.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
from pyarrow import types

from ostinato.core.contracts import Batches, ConnectionFailed

BATCH_ROWS = 20_000


def plain(data: Batches) -> Batches:
    """The same stream in plain column types; costs nothing where they are plain already."""
    columns = [pa.field(field.name, plain_type(field.type)) for field in data.schema]
    schema = pa.schema(columns)
    if [field.type for field in data.schema] == schema.types:
        return data
    return pa.RecordBatchReader.from_batches(schema, (_plain_batch(batch, schema) for batch in data))


def pieces(data: Batches, rows: int = BATCH_ROWS) -> Iterator[Any]:
    """The batches of a stream, cut where they are longer than `rows`; no empty ones."""
    for batch in data:
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)


def stream(schema: Any, batches: Iterator[Any]) -> Batches:
    return pa.RecordBatchReader.from_batches(schema, batches)


def require_unique(names: Sequence[str]) -> None:
    """A stream is addressed by column names, so they must differ."""
    double = sorted({name for name in names if names.count(name) > 1})
    if double:
        raise ConnectionFailed(
            f"the result has several columns named {', '.join(map(repr, double))}; give each its own name with AS"
        )


def plain_type(kind: Any) -> Any:
    if isinstance(kind, pa.BaseExtensionType):
        return plain_type(kind.storage_type)
    if types.is_dictionary(kind) or types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if types.is_decimal(kind):
        return pa.decimal128(kind.precision, kind.scale) if kind.precision <= 38 else pa.string()
    if types.is_temporal(kind):
        return _plain_temporal_type(kind)
    if types.is_float16(kind):
        return pa.float32()
    if not types.is_nested(kind) and "binary" in str(kind):
        return pa.binary()
    return kind if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind) else pa.string()


def _plain_temporal_type(kind: Any) -> Any:
    if types.is_timestamp(kind):
        return pa.timestamp("us", "UTC" if kind.tz else None)
    if types.is_date(kind):
        return pa.date32()
    return pa.time64("us") if types.is_time(kind) else pa.string()


def _plain_batch(batch: Any, schema: Any) -> Any:
    columns = [_plain_column(column, field.type) for column, field in zip(batch.columns, schema, strict=True)]
    return pa.record_batch(columns, schema=schema)


def _plain_column(column: Any, wanted: Any) -> Any:
    kind = column.type
    if kind == wanted:
        return column
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_column(column.storage, wanted)
    if types.is_dictionary(kind):
        return _plain_column(column.dictionary_decode(), wanted)
    if types.is_nested(kind):
        return _as_text(column, lambda value: json.dumps(value, default=str, ensure_ascii=False))
    if types.is_duration(kind) or types.is_interval(kind):
        return _as_text(column, _duration_text)
    return column.cast(wanted, safe=not _loses_only_nanoseconds(kind))


def _loses_only_nanoseconds(kind: Any) -> bool:
    return bool((types.is_timestamp(kind) or types.is_time64(kind)) and kind.unit == "ns")


def _as_text(column: Any, spell: Any) -> Any:
    return pa.array([None if value is None else spell(value) for value in column.to_pylist()], pa.string())


def _duration_text(value: Any) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} seconds"
    return f"{value.months} months {value.days} days {value.nanoseconds / 1e9:g} seconds"

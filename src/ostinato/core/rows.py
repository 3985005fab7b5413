"""Rows as JSON can carry them without losing anything.

Decimals become text, so that no digit is lost; whole numbers beyond 2^53 become text, because JavaScript and many
JSON readers would round them; dates and times become ISO 8601; bytes become base64; `NaN` and the infinities become
text, for JSON has no word for them. Text loses its NUL characters and lone surrogates, which PostgreSQL cannot store.
"""

import math
from base64 import b64encode
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

EXACT_IN_JSON = 2**53


def json_row(row: Mapping[str, Any]) -> dict[str, Any]:
    return {json_text(str(name)): json_value(value) for name, value in row.items()}


def json_value(value: Any) -> Any:
    match value:
        case None | bool():
            return value
        case int():
            return value if -EXACT_IN_JSON <= value <= EXACT_IN_JSON else str(value)
        case float():
            return value if math.isfinite(value) else _not_finite(Decimal(value))
        case str():
            return json_text(value)
        case _:
            return _json_object(value)


def json_text(text: str) -> str:
    """The text with what PostgreSQL's JSON refuses replaced by U+FFFD."""
    clean = text.replace("\x00", "\ufffd")
    return clean if clean.isascii() else "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in clean)


def _json_object(value: Any) -> Any:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return f"PT{Decimal(value // timedelta(microseconds=1)).scaleb(-6).normalize():f}S"
        case Decimal():
            return format(value, "f") if value.is_finite() else _not_finite(value)
        case bytes() | bytearray() | memoryview():
            return b64encode(value).decode("ascii")
        case Mapping():
            return json_row(value)
        case list() | tuple() | set() | frozenset():
            return [json_value(item) for item in value]
        case _:
            return json_text(str(value))


def _not_finite(value: Decimal) -> str:
    return "NaN" if value.is_nan() else "Infinity" if value > 0 else "-Infinity"

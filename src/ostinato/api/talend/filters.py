"""Lists that clients narrow down with an expression in FIQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from ostinato.core.fiql import FieldKind, matches, parse

Item = TypeVar("Item", bound=msgspec.Struct)


def chosen(
    items: Sequence[Item], expression: str | None, fields: Mapping[str, FieldKind], now: datetime, at: str = "query"
) -> list[Item]:
    """The items that fit; `fields` are paths such as `environment.name`, `at` is the parameter. Raises Invalid."""
    if expression is None or not expression.strip():
        return list(items)
    wanted = parse(expression, fields, at)
    return [item for item in items if matches(wanted, _values(msgspec.to_builtins(item)).get, now)]


def _values(item: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Every value by its path."""
    values: dict[str, Any] = {}
    for name, value in item.items():
        values |= _values(value, f"{before}{name}.") if isinstance(value, dict) else {f"{before}{name}": value}
    return values

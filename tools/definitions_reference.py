"""Writes what can be derived of the reference of definitions: the JSON Schema, and the tables of fields.

python -m tools.definitions_reference
"""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from ostinato.app.definitions import schema
from ostinato.core.definition_types import bare, branches, describe
from ostinato.core.definitions import (
    Connection,
    Definitions,
    Environment,
    Handlers,
    Plan,
    Step,
    Task,
    Workspace,
)
from ostinato.core.retries import RetryPolicy

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
PAGE = FOLDER / "definitions.md"
SCHEMA = FOLDER / "definitions.schema.json"
TABLES = {
    struct.__name__: struct
    for struct in (Definitions, Environment, Workspace, Connection, Task, RetryPolicy, Plan, Step, Handlers)
}
MARKED = re.compile(r"<!-- fields of (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def page(text: str) -> str:
    """The page with its tables of fields as the structs have them."""
    return MARKED.sub(lambda found: f"<!-- fields of {found[1]} -->\n{table(TABLES[found[1]])}\n<!-- end -->", text)


def table(struct: type[msgspec.Struct]) -> str:
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    lines = ["| field | what it is | default | |", "| --- | --- | --- | --- |"]
    for field in kind.fields:
        text = (getattr(field.type, "extra_json_schema", None) or {}).get("description", "")
        lines.append(f"| `{field.encode_name}` | {_what(field.type)} | {_default(field)} | {text} |")
    return "\n".join(lines)


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=True) + "\n"


def main() -> None:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")


def _what(kind: inspect.Type) -> str:
    inner = [bare(branch) for branch in branches(kind)]
    if isinstance(inner[0], inspect.VarTupleType) and isinstance(bare(inner[0].item_type), inspect.StructType):
        return "a list of mappings"
    return describe(kind)


def _default(field: inspect.Field) -> str:
    if field.required:
        return "**required**"
    value: Any = field.default
    match msgspec.to_builtins(value) if value is not msgspec.NODEFAULT else None:
        case None | [] | {}:
            return ""
        case bool() as flag:
            return str(flag).lower()
        case list() | tuple() as items:
            return ", ".join(f"`{item}`" for item in items)
        case other:
            return f"`{other}`"


if __name__ == "__main__":
    main()

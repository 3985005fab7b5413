"""Writes what can be derived of the reference of definitions: the JSON Schema, the tables of fields, and the types.

python -m tools.definitions_reference
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect

from ostinato import plugins
from ostinato.app.definitions import schema
from ostinato.app.yaml_files import dump
from ostinato.core.contracts import Example
from ostinato.core.definition_data_triggers import DataTrigger, Upstream
from ostinato.core.definition_schedules import Holidays, Schedule
from ostinato.core.definition_types import bare, branches, describe, is_secret, tagged
from ostinato.core.definitions import (
    Connection,
    Definitions,
    Environment,
    Handlers,
    Keep,
    Plan,
    Pool,
    Step,
    Task,
    Workspace,
)
from ostinato.core.parameters import Parameter
from ostinato.core.retries import RetryPolicy
from ostinato.core.schedules import NamedTrigger
from ostinato.core.triggers.kinds import Holiday

FOLDER = Path(__file__).parent.parent / "docs" / "reference"
PAGE = FOLDER / "definitions.md"
SCHEMA = FOLDER / "definitions.schema.json"
TYPES = FOLDER / "types.md"
TYPES_BEGIN = """# Types of tasks and connections

Made from the installed types by `make generate`. What is here goes into the `config` of a task or a connection; the
other fields are in [Definitions as files](definitions.md). Texts in the config of a connection may hold variables such
as `${NAME}`. A field marked *secret* is stored encrypted and never shown again.
"""
TABLES = {
    struct.__name__: struct
    for struct in (
        Definitions,
        Environment,
        Keep,
        Workspace,
        Pool,
        Connection,
        Task,
        Parameter,
        RetryPolicy,
        Plan,
        Step,
        Handlers,
        Holidays,
        Holiday,
        Schedule,
        NamedTrigger,
        DataTrigger,
        Upstream,
    )
}
MARKED = re.compile(r"<!-- fields of (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def page(text: str) -> str:
    """The page with its tables of fields as the structs have them."""
    return MARKED.sub(lambda found: f"<!-- fields of {found[1]} -->\n{table(TABLES[found[1]])}\n<!-- end -->", text)


def table(struct: type[msgspec.Struct]) -> str:
    kind = inspect.type_info(struct)
    assert isinstance(kind, inspect.StructType)
    return _table(kind)


def types_page() -> str:
    """The reference of all installed task types and connection types."""
    parts = [TYPES_BEGIN, "## Task types\n"]
    for name in plugins.task_type_names():
        parts += _type_part(name, plugins.task_type(name))
    parts.append("## Connection types\n")
    for name in plugins.connection_type_names():
        parts += _type_part(name, plugins.connection_type(name))
    return "\n".join(parts).rstrip() + "\n"


def schema_text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=True) + "\n"


def main() -> None:
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    TYPES.write_text(types_page(), encoding="utf-8")


def _type_part(name: str, plugin: Any) -> Iterator[str]:
    """The section of one type; of a type with several kinds, one below it for each."""
    yield f"### {name}\n"
    config = inspect.type_info(plugin.Config)
    kinds = tagged(branches(config))
    description = (plugin.__doc__ or "").partition("\n\n")[0].strip()
    is_said = plugin.title == name or description.startswith(plugin.title)
    yield " ".join((description if is_said else f"{plugin.title}. {description}").split()) + "\n"
    if not kinds:
        assert isinstance(config, inspect.StructType)
        yield from _config_part(config, plugin.examples, 4)
        return
    for kind in kinds:
        yield f"#### {name}, {kind.tag_field}: {kind.tag}\n"
        examples = [example for example in plugin.examples if example.config.get(kind.tag_field) == kind.tag]
        yield from _config_part(kind, examples, 5)


def _config_part(kind: inspect.StructType, examples: list[Example], depth: int) -> Iterator[str]:
    yield f"{_sentence(kind)}\n\n{_table(kind)}\n"
    for field, inner in _inside(kind):
        yield f"{'#' * depth} {field}\n\n{_sentence(inner)}\n\n{_table(inner)}\n"
    for example in examples:
        yield f"{example.title}:\n\n```yaml\n{dump({'config': msgspec.to_builtins(example.config)}).strip()}\n```\n"


def _inside(kind: inspect.StructType) -> Iterator[tuple[str, inspect.StructType]]:
    """The structs that fields hold, alone or in lists: each once, with the names of all its fields."""
    names: dict[type, list[str]] = {}
    structs: dict[type, inspect.StructType] = {}
    for field in kind.fields:
        for branch in map(bare, branches(field.type)):
            is_list = isinstance(branch, inspect.VarTupleType | inspect.ListType)
            inner = bare(branch.item_type) if isinstance(branch, inspect.VarTupleType | inspect.ListType) else branch
            if isinstance(inner, inspect.StructType):
                names.setdefault(inner.cls, []).append(f"`{field.encode_name}`" + (" (each)" if is_list else ""))
                structs[inner.cls] = inner
    for cls, inner in structs.items():
        yield ", ".join(names[cls]), inner
        yield from _inside(inner)


def _sentence(kind: inspect.StructType) -> str:
    return " ".join((kind.cls.__doc__ or "").split())


def _table(kind: inspect.StructType) -> str:
    lines = ["| field | what it is | default | |", "| --- | --- | --- | --- |"]
    if kind.tag_field:
        lines.append(f"| `{kind.tag_field}` | `{kind.tag}` | **required** | Says which kind it is. |")
    for field in kind.fields:
        text = (getattr(field.type, "extra_json_schema", None) or {}).get("description", "").replace("|", "\\|")
        if any(is_secret(branch) for branch in (field.type, *branches(field.type))):
            text = f"*Secret.* {text}"
        lines.append(f"| `{field.encode_name}` | {_what(field.type)} | {_default(field)} | {text} |")
    return "\n".join(lines)


def _what(kind: inspect.Type) -> str:
    inner = [bare(branch) for branch in branches(kind)]
    items = bare(inner[0].item_type) if isinstance(inner[0], inspect.VarTupleType | inspect.ListType) else None
    if isinstance(items, inspect.StructType):
        return "a list of mappings"
    return describe(kind)


def _default(field: inspect.Field) -> str:
    if field.required:
        return "**required**"
    value: Any = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory() if isinstance(bare(field.type), inspect.ListType) else None
    match msgspec.to_builtins(value):
        case None | [] | {}:
            return ""
        case bool() as flag:
            return str(flag).lower()
        case list() | tuple() as items:
            return ", ".join(f"`{item}`" if item else '`""`' for item in items)
        case "":
            return "empty"
        case other:
            return f"`{other}`"


if __name__ == "__main__":
    main()

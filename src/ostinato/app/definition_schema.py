"""The published JSON Schema (draft 2020-12) of definition files, with the configs of every installed type."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ostinato import plugins
from ostinato.core.definitions import Definitions

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTITY = "urn:ostinato:definitions"
VARIABLE = {"type": "string", "pattern": r"\$\{", "description": "Text with a variable such as ${NAME}."}
REF = "#/$defs/"


def schema() -> dict[str, Any]:
    """What one document of a file may hold; the config of a task or connection goes by its `type`."""
    _, definitions = msgspec.json.schema_components([Definitions], ref_template=REF + "{name}")
    definitions = dict(definitions)
    document = definitions.pop("Definitions")
    _choose_config(definitions, "Task", plugins.task_type_names(), plugins.task_type)
    _choose_config(definitions, "Connection", plugins.connection_type_names(), plugins.connection_type)
    return {
        "$schema": DIALECT,
        "$id": IDENTITY,
        **document,
        "title": "Ostinato definitions",
        "$defs": dict(sorted(definitions.items())),
    }


def _choose_config(definitions: dict[str, Any], owner: str, names: Sequence[str], load: Callable[[str], Any]) -> None:
    """Let `type` decide what `config` may be."""
    choices = []
    for name in names:
        prefix = f"{owner.lower()}.{name}."
        (config,), parts = msgspec.json.schema_components([load(name).Config], ref_template=f"{REF}{prefix}{{name}}")
        definitions.update({prefix + part: body for part, body in parts.items()})
        if owner == "Connection":
            for part in parts:
                _allow_variables(definitions[prefix + part])
        chosen = {"properties": {"config": {**config, "title": load(name).title}}}
        choices.append({"if": {"properties": {"type": {"const": name}}, "required": ["type"]}, "then": chosen})
    item = definitions[owner]
    item["properties"]["type"] = {**item["properties"]["type"], "enum": list(names)}
    item["allOf"] = choices


def _allow_variables(struct: dict[str, Any]) -> None:
    """Anything that is not text may come from a variable, which is text."""
    for name, field in struct.get("properties", {}).items():
        plain_text = field.get("type") == "string" and "pattern" not in field
        if not plain_text and field.get("type") not in ("array", "object") and "$ref" not in field:
            kept = {key: field.pop(key) for key in ("description", "default", "title") if key in field}
            struct["properties"][name] = {"anyOf": [field, VARIABLE], **kept}

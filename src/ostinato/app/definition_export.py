"""Stored definitions as files that make them again."""

from collections.abc import Iterator
from typing import Any

import msgspec

from ostinato.app.definition_configs import secrets_of
from ostinato.app.yaml_files import dump
from ostinato.core import secrets
from ostinato.core.definition_variables import escape, placeholder
from ostinato.core.definitions import Connection, Known, Stored


def export_files(known: Known, environment: str, workspace: str | None) -> Iterator[tuple[str, str]]:
    """Name and text of each file: the environment itself, unless one workspace is wanted, and each workspace."""
    taken: set[str] = set()
    if workspace is None:
        yield "_environment.yaml", dump(_environment(environment, known))
    for (_, key), stored in known.workspaces.items():
        if workspace in (None, key):
            yield f"{key}.yaml", dump(_workspace(environment, key, stored, taken))


def _environment(environment: str, known: Known) -> dict[str, Any]:
    parts: dict[str, Any] = {"environments": [_plain(known.environments[environment])]}
    pools = [_plain(pool) for pool in known.pools.get(environment, {}).values()]
    holidays = [_plain(one) for one in known.holidays.get(environment, {}).values()]
    lists = {name: items for name, items in (("pools", pools), ("holidays", holidays)) if items}
    return {"environment": environment, **parts, **lists} if lists else parts


def _workspace(environment: str, key: str, stored: Stored, taken: set[str]) -> dict[str, Any]:
    own = _plain(stored.workspace)
    if own["name"] == key:
        del own["name"]
    connections = [_without_secrets(connection, taken) for connection in stored.connections.values()]
    lists = {
        "connections": [_plain(connection) for connection in connections],
        "tasks": [_plain(task) for task in stored.tasks.values()],
        "plans": [_plain(plan) for plan in stored.plans.values()],
        "schedules": [_plain(schedule) for schedule in stored.schedules.values()],
        "data_triggers": [
            _plain(trigger)
            for name, trigger in stored.data_triggers.items()
            if trigger.sources and name not in stored.partly_seen
        ],
    }
    parts: dict[str, Any] = {"environment": environment, "workspace": key, "workspaces": [own]}
    return parts | {name: items for name, items in lists.items() if items}


def _without_secrets(connection: Connection, taken: set[str]) -> Connection:
    """The connection with a variable of its own for each secret; `taken` are those of the export so far."""

    def variable(secret: str) -> str:
        name = placeholder(connection.name, secret, taken)
        taken.add(name)
        return f"${{{name}}}"

    config = secrets.replaced(escape(connection.config), secrets_of(connection.type), variable)
    return msgspec.structs.replace(connection, config=config)


def _plain(definition: msgspec.Struct) -> dict[str, Any]:
    """The fields of a definition in their order, those that have their default left out."""
    config = definition.__struct_config__
    plain = {config.tag_field: config.tag} if config.tag_field else {}
    for field in msgspec.structs.fields(definition):
        value = getattr(definition, field.name)
        if value == field.default or (field.default_factory is not msgspec.NODEFAULT and not value):
            continue
        plain[field.encode_name] = _value(value)
    return plain


def _value(value: Any) -> Any:
    match value:
        case msgspec.Struct():
            return _plain(value)
        case tuple():
            return [_value(item) for item in value]
        case dict() if any(isinstance(item, msgspec.Struct) for item in value.values()):
            return {key: _value(item) for key, item in value.items()}
        case float() if value.is_integer():
            return int(value)
        case _:
            return msgspec.to_builtins(value)

"""What the record of changes says of changed definitions: the fields that differ, without secrets, and not too much."""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from ostinato import plugins
from ostinato.app.definition_configs import secrets_of
from ostinato.core.definition_changes import FIELDS, Action, Change
from ostinato.core.definitions import Connection
from ostinato.store.audit import Entry

LONGEST = 10_000
"""Bytes of JSON; of a longer value its length and digest are recorded."""
VERBS = {Action.CREATED: "create", Action.CHANGED: "change"}


def entries(changes: Iterable[Change]) -> list[Entry]:
    """One for each definition that was made or changed."""
    return [_entry(change) for change in changes if change.action is not Action.LEFT]


def _entry(change: Change) -> Entry:
    fields = change.fields or FIELDS[change.kind]
    return Entry(
        action=VERBS[change.action],
        kind=change.kind.value,
        target=change.name,
        environment=change.environment,
        workspace=change.workspace,
        before=_values(change.before, fields),
        after=_values(change.after, fields),
    )


def _values(definition: msgspec.Struct | None, fields: Iterable[str]) -> dict[str, Any] | None:
    if definition is None:
        return None
    values = {field: getattr(definition, field, None) for field in fields}
    if isinstance(definition, Connection) and "config" in values:
        values["config"] = _without_secrets(definition)
    return {field: _short(value) for field, value in values.items()}


def _without_secrets(connection: Connection) -> dict[str, Any] | None:
    """Nothing at all of a type that is not installed any more: nobody knows which of its fields are secret."""
    if connection.type not in plugins.connection_type_names():
        return None
    secret = secrets_of(connection.type)
    return {field: value for field, value in connection.config.items() if field not in secret}


def _short(value: Any) -> Any:
    written = msgspec.json.encode(value)
    if len(written) <= LONGEST:
        return msgspec.json.decode(written)
    return {"bytes": len(written), "sha256": hashlib.sha256(written).hexdigest()}

"""The secrets in the config of a connection: taken out, put back, left out.

A secret is the text of a field that is one (`password`), or a text in a field that is a mapping of such
(`secrets.token`); the names in parentheses are those under which secrets are stored.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any


def take_out(config: Mapping[str, Any], fields: Collection[str]) -> tuple[dict[str, Any], dict[str, str]]:
    """The config without its secrets, and these by their names; `fields` are those of the type that hold secrets."""
    rest: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    for field, value in config.items():
        match value:
            case str() if field in fields:
                secrets[field] = value
            case dict() if field in fields and value:
                secrets |= {f"{field}.{name}": text for name, text in value.items()}
            case _:
                rest[field] = value
    return rest, secrets


def put_back(config: Mapping[str, Any], secrets: Mapping[str, str]) -> dict[str, Any]:
    """Undo `take_out`."""
    whole = dict(config)
    for name, text in secrets.items():
        field, dot, inner = name.partition(".")
        if dot:
            whole[field] = {**whole.get(field, {}), inner: text}
        else:
            whole[field] = text
    return whole


def replaced(config: Mapping[str, Any], fields: Collection[str], stand_in: Callable[[str], str]) -> dict[str, Any]:
    """The config with something else in place of each secret; `stand_in` is called with the name of its field, or its
    own name in a mapping."""
    new: dict[str, Any] = {}
    for field, value in config.items():
        match value:
            case dict() if field in fields:
                new[field] = {name: stand_in(name) for name in value}
            case _:
                new[field] = stand_in(field) if field in fields else value
    return new

"""Connections as lists of named texts, as tools keep them that know no types: put into the config that a type wants.

The parameters of a connection of a type are the fields of its config. Everything else is an application, whose
parameters have names of its own and are secret or not as whoever defines them says.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from ostinato.core.definition_types import bare, branches, described
from ostinato.core.definition_values import Substituted, convert, secret_fields
from ostinato.core.definitions import Path
from ostinato.core.errors import Invalid, Problem
from ostinato.core.parameter_references import plain

APPLICATION = "application"
"""The type of what is none of the others."""


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """One value; a secret one is not shown. `secret` None: nothing is said of that."""

    name: str
    value: str | None = None
    secret: bool | None = None


class Sent(Substituted):
    """A text that may stand for a number or a boolean because its sender has nothing else."""

    __slots__ = ()
    INSTEAD = ""


def parameters_of(type_name: str, config: Mapping[str, Any], secrets: Collection[str]) -> list[Parameter]:
    """What is stored of a connection; `secrets` are the names of those it has (see `core/secrets`)."""
    if type_name == APPLICATION:
        clear: Mapping[str, Any] = config.get("parameters", {})
        hidden = [name.removeprefix("secrets.") for name in secrets]
    else:
        clear, hidden = config, list(secrets)
    return [
        *(Parameter(name=name, value=_text(value), secret=False) for name, value in clear.items()),
        *(Parameter(name=name, secret=True) for name in sorted(hidden)),
    ]


def values_of(type_name: str, config: Mapping[str, Any]) -> dict[str, str]:
    """Every parameter in clear, of a config with its secrets."""
    if type_name == APPLICATION:
        return {**config.get("parameters", {}), **config.get("secrets", {})}
    return {name: _text(value) for name, value in config.items()}


def require_once(parameters: Sequence[Parameter]) -> None:
    """Raises Invalid if a name is there twice."""
    names = [one.name for one in parameters]
    problems = [
        Problem(path=f"parameters[{at}].name", message=f"{name!r} is here twice: leave one of them out")
        for at, name in enumerate(names)
        if name in names[:at]
    ]
    if problems:
        raise Invalid(*problems)


def application_config(
    config_type: Any, name: str, parameters: Sequence[Parameter], before: Mapping[str, Any]
) -> dict[str, Any]:
    """The config of an application; what has no value keeps the one it had `before`. Raises Invalid."""
    require_once(parameters)
    clear: dict[str, str] = {}
    hidden: dict[str, str] = {}
    secrets: Mapping[str, str] = before.get("secrets", {})
    old = {**before.get("parameters", {}), **secrets}
    for one in parameters:
        was_secret = one.name in secrets
        # A secret that comes back without a value was sent by somebody who never saw it, and stays one.
        is_secret = was_secret if one.secret is None or (one.value is None and was_secret) else one.secret
        (hidden if is_secret else clear)[one.name] = old.get(one.name, "") if one.value is None else one.value
    places = {one.name: at for at, one in enumerate(parameters)}

    def note(path: Path, message: str, allowed: Sequence[str] = (), *, at_key: bool = False) -> Problem:
        at = places.get(str(path[1])) if len(path) > 1 else None
        where = "app" if path == ("application",) else "parameters"
        return Problem(
            path=where if at is None else f"parameters[{at}].{'name' if at_key else 'value'}", message=message
        )

    fitted, _, problems = convert({"application": name, "parameters": clear, "secrets": hidden}, config_type, note)
    if problems:
        raise Invalid(*problems)
    whole: dict[str, Any] = fitted
    return whole


def typed_config(config_type: Any, parameters: Sequence[Parameter], before: Mapping[str, Any]) -> dict[str, Any]:
    """The config of a connection of a type; secrets without a value keep the one they had `before`. Raises Invalid."""
    require_once(parameters)
    secret = secret_fields(config_type)
    places = {one.name: at for at, one in enumerate(parameters)}
    problems = [
        Problem(
            path=f"parameters[{at}].encrypted",
            message=f"{one.name!r} is not kept encrypted in connections of this type: send false",
        )
        for at, one in enumerate(parameters)
        if one.secret and one.name not in secret and one.name in _fields(config_type)
    ]
    config = {one.name: _sent(config_type, one.name, one.value) for one in parameters if one.value is not None}
    config |= {
        one.name: before[one.name]
        for one in parameters
        if one.value is None and one.name in secret and one.name in before
    }

    def note(path: Path, message: str, allowed: Sequence[str] = (), *, at_key: bool = False) -> Problem:
        if not path or path[0] not in places:
            return Problem(path="parameters", message=message, allowed=tuple(allowed))
        part = "name" if at_key else "value"
        return Problem(path=f"parameters[{places[str(path[0])]}].{part}", message=message, allowed=tuple(allowed))

    fitted, _, wrong = convert(config, config_type, note)
    if problems or wrong:
        raise Invalid(*problems, *wrong)
    whole: dict[str, Any] = fitted
    return whole


def _fields(config_type: Any) -> Mapping[str, inspect.Type]:
    return {
        field.encode_name: field.type
        for kind in map(bare, branches(described(config_type)))
        if isinstance(kind, inspect.StructType)
        for field in kind.fields
    }


def _sent(config_type: Any, name: str, text: str) -> Any:
    """A text as it may be converted; for a list or a mapping it is JSON."""
    kinds = [bare(kind) for kind in branches(_fields(config_type).get(name, inspect.AnyType()))]
    if any(isinstance(kind, inspect.ListType | inspect.VarTupleType | inspect.DictType) for kind in kinds):
        try:
            return msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return text
    return Sent(text)


def _text(value: Any) -> str:
    return plain(value) if isinstance(value, str | int | float | bool) else msgspec.json.encode(value).decode()

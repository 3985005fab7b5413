"""Variables in the config of connections: `${NAME}`, `${NAME:-default}`, and `$${` for `${` itself."""

import re
from collections.abc import Collection, Mapping
from itertools import count
from typing import Any

from ostinato.core.definition_values import Note, Substituted, suggestion
from ostinato.core.definitions import Path
from ostinato.core.errors import Problem

REFERENCE = re.compile(
    r"(?P<escape>\$\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|(?P<broken>\$\{)"
)


def substitute(data: Any, variables: Mapping[str, str], note: Note, path: Path = ()) -> tuple[Any, list[Problem]]:
    """Config with variables put in, and a problem for each that is missing or not well written."""
    problems: list[Problem] = []

    def inside(value: Any, at: Path) -> Any:
        match value:
            case str():
                return _text(value, variables, note, at, problems)
            case dict():
                return {key: inside(inner, (*at, key)) for key, inner in value.items()}
            case list():
                return [inside(inner, (*at, number)) for number, inner in enumerate(value)]
            case _:
                return value

    return inside(data, path), problems


def escape(data: Any) -> Any:
    """Config that `substitute` turns into `data`, whatever the variables."""
    match data:
        case str():
            return data.replace("${", "$${")
        case dict():
            return {key: escape(value) for key, value in data.items()}
        case list():
            return [escape(value) for value in data]
        case _:
            return data


def placeholder(connection: str, field: str, taken: Collection[str]) -> str:
    """The name of the variable that stands for a secret in an export, such as WAREHOUSE_PASSWORD."""
    name = re.sub(r"[^A-Z0-9]", "_", f"{connection}_{field}".upper())
    name = f"_{name}" if name[0].isdigit() else name
    names = (name if number == 1 else f"{name}_{number}" for number in count(1))
    return next(name for name in names if name not in taken)


def _text(text: str, variables: Mapping[str, str], note: Note, path: Path, problems: list[Problem]) -> str:
    replaced = False

    def value(found: re.Match[str]) -> str:
        nonlocal replaced
        if found["escape"]:
            return "${"
        if found["broken"]:
            problems.append(note(path, "write ${NAME} or ${NAME:-default}, or $${ where ${ itself is meant"))
            return ""
        replaced = True
        name, default = found["name"], found["default"]
        if name not in variables and default is None:
            message = f"the variable {name} is not set and has no default{suggestion(name, variables)}"
            problems.append(note(path, message, sorted(variables)[:10]))
        return variables.get(name, default or "")

    result = REFERENCE.sub(value, text)
    return Substituted(result) if replaced else result

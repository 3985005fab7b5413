"""Parameters of tasks and plans: what is declared of them, and which value a run gets.

A task gets the parameters it declares and no others. The value comes from the first that has one: the trigger, the
plans around the task (the outermost first), the environment, and at last the default of the task.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from ostinato.core.errors import Problem

ParameterType: TypeAlias = Literal["string", "integer", "number", "boolean"]
TYPES: Mapping[str, Any] = {"string": str, "integer": int, "number": float, "boolean": bool}
WORDS = {"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
Value: TypeAlias = str | int | float | bool
MOST_PARAMETERS = 200
LONGEST_VALUE = 10_000
SCHEDULED_AT = "scheduled_at"
"""What the time is given as for which a schedule or a backfill starts something."""
PAYLOAD = "resource_webhook_payload"
"""What the calls of a webhook trigger are given as (Talend, "Webhooks"): JSON, `[{"type": ..., "data": ...}]`."""
LONGEST_PAYLOAD = 100_000
"""Bytes of UTF-8: programs get it as one argument, of which Linux takes 128 KiB."""
LARGEST_INTEGER = 2**63
EXACT_FLOAT = 2**53
"""From here on a number that went through a float may be another one than was written."""
YES_AND_NO = {"yes": "true", "on": "true", "no": "false", "off": "false"}

ParameterName: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern="^[A-Za-z_][A-Za-z0-9_]{0,99}$",
        extra={"words": "a name of 1 to 100 letters, digits and _, not beginning with a digit"},
    ),
]


class Parameter(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is declared of one parameter."""

    type: Annotated[ParameterType, msgspec.Meta(description="What its values are.")] = "string"
    default: Annotated[Value | None, msgspec.Meta(description="The value if nothing else gives one.")] = None
    required: Annotated[bool, msgspec.Meta(description="Whether a run without a value fails.")] = False
    description: Annotated[str | None, msgspec.Meta(description="What it is for, in words.")] = None


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """The values of a run, and why it cannot have them if it cannot."""

    values: dict[str, Value]
    problems: tuple[Problem, ...] = ()


def fitted(parameter: Parameter, value: Any, longest: int = LONGEST_VALUE) -> Value:
    """The value as its type wants it; a text may stand for a number or a boolean. Raises ValueError."""
    wanted = TYPES[parameter.type]
    if wanted is str and isinstance(value, bool | int | float):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, bool) and wanted is not bool:
        raise ValueError(f"expected {WORDS[parameter.type]}, not {str(value).lower()}")
    if wanted is int and isinstance(value, float) and abs(value) >= EXACT_FLOAT:
        raise ValueError("expected a whole number: put one of more than 15 digits in quotes")
    if wanted is bool and isinstance(value, str):
        value = YES_AND_NO.get(value.lower(), value)
    try:
        found: Value = msgspec.convert(value, wanted, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"expected {WORDS[parameter.type]}") from error
    return _bounded(found, longest)


def problems_of(declared: Mapping[str, Parameter], path: str = "parameters") -> list[Problem]:
    """Defaults that do not fit their own types. Text is to be written as text: 1.10 in quotes is not 1.1."""
    problems = []
    for name, parameter in declared.items():
        try:
            if parameter.type == "string" and isinstance(parameter.default, bool | int | float):
                raise ValueError("expected text: put it in quotes, or say its type")
            if parameter.default is not None:
                fitted(parameter, parameter.default)
        except ValueError as error:
            problems.append(Problem(path=f"{path}.{name}.default", message=str(error)))
    return problems


def problems_of_values(values: Mapping[str, Value], path: str = "parameters") -> list[Problem]:
    """Values that no parameter could have, whatever its type."""
    problems = []
    for name, value in values.items():
        try:
            _bounded(value)
        except ValueError as error:
            problems.append(Problem(path=f"{path}.{name}", message=str(error)))
    return problems


def check(
    declared: Mapping[str, Parameter], given: Mapping[str, Any], path: str = "parameters"
) -> tuple[dict[str, Value], list[Problem]]:
    """The values of a trigger as their types want them, and what is wrong with the others."""
    values: dict[str, Value] = {}
    problems = []
    for name, value in given.items():
        if name not in declared:
            message = "it declares no such parameter" if declared else "it declares no parameters"
            problems.append(Problem(path=f"{path}.{name}", message=message, allowed=tuple(sorted(declared))))
            continue
        try:
            values[name] = fitted(declared[name], value)
        except ValueError as error:
            problems.append(Problem(path=f"{path}.{name}", message=str(error)))
    return values, problems


def defaults(declared: Mapping[str, Parameter]) -> dict[str, Value]:
    """The values that are declared with a default, as their types want them."""
    return {name: fitted(p, p.default) for name, p in declared.items() if p.default is not None}


def resolve(declared: Mapping[str, Parameter], layers: Sequence[Mapping[str, Any]]) -> Resolved:
    """The value of every declared parameter: from the first of `layers` that has one, else its default."""
    values: dict[str, Value] = {}
    problems = []
    for name, parameter in declared.items():
        given = next((layer[name] for layer in layers if layer.get(name) is not None), parameter.default)
        if given is None:
            if parameter.required:
                problems.append(Problem(path=f"parameters.{name}", message="it is required and has no value"))
            continue
        try:
            values[name] = fitted(parameter, given, LONGEST_PAYLOAD if name == PAYLOAD else LONGEST_VALUE)
        except ValueError as error:
            problems.append(Problem(path=f"parameters.{name}", message=str(error)))
    return Resolved(values=values, problems=tuple(problems))


def _bounded(value: Value, longest: int = LONGEST_VALUE) -> Value:
    if isinstance(value, str) and (len(value) > longest or "\x00" in value):
        raise ValueError(f"expected text of at most {longest:,} characters, without NUL")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("expected a finite number")
    if isinstance(value, int) and abs(value) >= LARGEST_INTEGER:
        raise ValueError("expected a whole number of at most 64 bits")
    return value

"""The parameters of a task that is made from an artifact, when it is made and when it moves on to another version.

A task declares every parameter of its version, so that each can be given at a start; what it gives no value follows
the artifact.
"""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec

from ostinato.core.definition_values import suggestion
from ostinato.core.errors import Invalid, Problem
from ostinato.core.parameters import Parameter, Value, fitted

PREFIX = "parameter_"
"""Clients may write it before the name of a parameter."""
MOST_ALLOWED = 10


def declare(
    artifact: Mapping[str, Parameter], given: Mapping[str, Any], before: Mapping[str, Parameter]
) -> tuple[dict[str, Parameter], list[Problem]]:
    """What a task declares that is given these values for the parameters of its version; and what is wrong with them.

    `before` is what it declared until now: of what then had no value, none is wanted.
    """
    values: dict[str, Value] = {}
    problems = []
    for sent, value in given.items():
        name = sent if sent in artifact else sent.removeprefix(PREFIX)
        try:
            if name in values:
                raise ValueError(f"it is another way to write {name!r}: send one of them")
            if name not in artifact:
                raise ValueError(f"this version of the artifact has no such parameter{suggestion(name, artifact)}")
            if value is not None:
                values[name] = fitted(artifact[name], value)
        except ValueError as error:
            allowed = () if name in artifact else tuple(sorted(artifact)[:MOST_ALLOWED])
            problems.append(Problem(path=f"parameters.{sent}", message=str(error), allowed=allowed))
    wrong = {problem.path for problem in problems}
    for name, parameter in artifact.items():
        open_before = name in before and before[name].default is None
        told = {f"parameters.{name}", f"parameters.{PREFIX}{name}"} & wrong
        if name not in values and _is_wanted(parameter) and not open_before and not told:
            message = f"the artifact needs a value of it ({parameter.type}): send one"
            problems.append(Problem(path=f"parameters.{name}", message=message))
    return {name: _with(one, values.get(name)) for name, one in artifact.items()}, problems


def carry(artifact: Mapping[str, Parameter], before: Mapping[str, Parameter], *, reset: bool) -> dict[str, Parameter]:
    """What a task declares that moves on to a version with these parameters: its own values as far as they still fit,
    or with `reset` those of the version. Raises Invalid if a required one would be left without a value."""
    carried = {}
    problems = []
    for name, parameter in artifact.items():
        old = before.get(name)
        value = parameter.default if reset else _fitting(parameter, None if old is None else old.default)
        if value is None and _is_wanted(parameter) and (old is None or old.default is not None):
            message = f"the version needs a value of it ({parameter.type}), and the task has none that fits"
            problems.append(Problem(path=f"parameters.{name}", message=message))
        carried[name] = _with(parameter, value)
    if problems:
        raise Invalid(*problems)
    return carried


def besides(artifact: Mapping[str, Parameter], resources: Collection[str]) -> dict[str, Parameter]:
    """Parameters but those that are paths of resources, which nobody gives a value."""
    return {name: one for name, one in artifact.items() if name not in resources}


def _is_wanted(parameter: Parameter) -> bool:
    return parameter.required and parameter.default is None


def _fitting(parameter: Parameter, value: Value | None) -> Value | None:
    if value is None:
        return None
    try:
        return fitted(parameter, value)
    except ValueError:
        return None


def _with(parameter: Parameter, value: Value | None) -> Parameter:
    return msgspec.structs.replace(parameter, default=None if value is None else fitted(parameter, value))

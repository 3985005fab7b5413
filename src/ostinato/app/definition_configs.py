"""What the installed types say of the configs in definitions."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from ostinato import plugins
from ostinato.core.contracts import TaskType
from ostinato.core.definition_checks import ReadyTask
from ostinato.core.definition_values import convert, secret_fields, suggestion
from ostinato.core.definition_variables import substitute
from ostinato.core.definitions import Collected, Connection, Path, Placed, Step, Task
from ostinato.core.errors import Problem


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """Connections and tasks whose configs their types accept, variables put in, and the problems of the others."""

    connections: list[Placed[Connection]]
    tasks: list[ReadyTask]
    problems: list[Problem]


def resolve(collected: Collected, variables: Mapping[str, str]) -> Ready:
    """Check every config against its type; imports the types that are named."""
    connections: list[Placed[Connection]] = []
    tasks: list[ReadyTask] = []
    problems: list[Problem] = []
    for connection in collected.connections:
        wrong, ready = _connection(connection, variables)
        problems += wrong
        connections += ready
    for task in collected.tasks:
        wrong, ready_task = _task(task)
        problems += wrong
        tasks += ready_task
    return Ready(connections=connections, tasks=tasks, problems=problems)


def secrets_of(connection_type: str) -> frozenset[str]:
    """The secret fields of an installed connection type; none if it is not installed any more."""
    if connection_type not in plugins.connection_type_names():
        return frozenset()
    return secret_fields(plugins.connection_type(connection_type).Config)


def _connection(
    placed: Placed[Connection], variables: Mapping[str, str]
) -> tuple[list[Problem], list[Placed[Connection]]]:
    definition = placed.definition
    note = partial(_in_config, placed)
    config, problems = substitute(definition.config, variables, note)
    names = plugins.connection_type_names()
    if definition.type not in names:
        return [*problems, _unknown_type(placed, "connection", definition.type, names)], []
    fitted, _, wrong = convert(config, plugins.connection_type(definition.type).Config, note)
    told = {problem.path for problem in problems}
    problems += [problem for problem in wrong if problem.path not in told]
    if problems:
        return problems, []
    return [], [msgspec.structs.replace(placed, definition=msgspec.structs.replace(definition, config=fitted))]


def _task(placed: Placed[Task]) -> tuple[list[Problem], list[ReadyTask]]:
    definition = placed.definition
    names = plugins.task_type_names()
    if definition.type not in names:
        return [_unknown_type(placed, "task", definition.type, names)], []
    task_type = plugins.task_type(definition.type)
    fitted, config, problems = convert(definition.config, task_type.Config, partial(_in_config, placed))
    if problems:
        return problems, []
    ready = msgspec.structs.replace(placed, definition=msgspec.structs.replace(definition, config=fitted))
    uses, steps = task_type.connections(config), _steps(task_type, config)
    artifact = task_type.artifact(config) if plugins.uses_artifacts(task_type) else None
    return [], [ReadyTask(placed=ready, uses=uses, steps=steps, artifact=artifact)]


def _steps(task_type: TaskType, config: Any) -> tuple[Step, ...] | None:
    if not plugins.is_composite(task_type):
        return None
    return tuple(
        Step(name=step.name, tasks=step.tasks, plans=step.plans, after=step.after) for step in task_type.expand(config)
    )


def _unknown_type(placed: Placed[Any], kind: str, name: str, names: Sequence[str]) -> Problem:
    message = f"there is no {kind} type {name!r}{suggestion(name, names)}"
    return placed.problem(("type",), message, names)


def _in_config(
    placed: Placed[Any], path: Path, message: str, allowed: Sequence[str] = (), *, at_key: bool = False
) -> Problem:
    return placed.problem(("config", *path), message, allowed, at_key=at_key)

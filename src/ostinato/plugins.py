"""Finds task types, connection types and executors by entry point; the built-in ones come through the same door.

A plug-in is imported when it is first asked for by name: a server that never ran a comparison has not loaded DuckDB.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeGuard, cast

from ostinato.core.contracts import Composite, ConnectionType, Runnable, TaskType, UsesArtifact


def task_type_names() -> tuple[str, ...]:
    return tuple(sorted(_points("ostinato.task_types")))


def connection_type_names() -> tuple[str, ...]:
    return tuple(sorted(_points("ostinato.connection_types")))


def task_type(name: str) -> TaskType:
    """The task type of this name; raises KeyError if none is installed."""
    return cast(TaskType, _load("ostinato.task_types", name))


def connection_type(name: str) -> ConnectionType:
    """The connection type of this name; raises KeyError if none is installed."""
    return cast(ConnectionType, _load("ostinato.connection_types", name))


def executor_type(name: str) -> Any:
    """The module of the executor of this name; raises KeyError if none is installed."""
    return _load("ostinato.executors", name)


def is_composite(task_type: TaskType) -> TypeGuard[Composite]:
    return hasattr(task_type, "expand")


def is_runnable(task_type: TaskType) -> TypeGuard[Runnable]:
    return hasattr(task_type, "run")


def uses_artifacts(task_type: TaskType) -> TypeGuard[UsesArtifact]:
    return hasattr(task_type, "artifact")


def look_again() -> None:
    """Forget what was found: the next question sees plug-ins that were installed since."""
    _points.cache_clear()


@cache
def _points(group: str) -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=group)}


@cache
def _load(group: str, name: str) -> Any:
    return _points(group)[name].load()

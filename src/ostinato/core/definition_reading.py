"""From documents to definitions, item by item: one that is wrong does not hide what is wrong with the others."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import msgspec

from ostinato.core.definition_data_triggers import DataTrigger
from ostinato.core.definition_schedules import Holidays, Schedule
from ostinato.core.definition_values import convert, suggestion
from ostinato.core.definitions import (
    DEFAULT_ENVIRONMENT,
    Collected,
    Connection,
    Definitions,
    Environment,
    Kind,
    Path,
    Placed,
    Plan,
    Pool,
    Source,
    Task,
    Workspace,
)
from ostinato.core.errors import Problem
from ostinato.core.names import Key, Name

LISTS: dict[str, tuple[Kind, type[msgspec.Struct]]] = {
    "environments": (Kind.ENVIRONMENT, Environment),
    "workspaces": (Kind.WORKSPACE, Workspace),
    "pools": (Kind.POOL, Pool),
    "holidays": (Kind.HOLIDAYS, Holidays),
    "connections": (Kind.CONNECTION, Connection),
    "tasks": (Kind.TASK, Task),
    "plans": (Kind.PLAN, Plan),
    "schedules": (Kind.SCHEDULE, Schedule),
    "data_triggers": (Kind.DATA_TRIGGER, DataTrigger),
}
OF_ENVIRONMENTS = (Kind.WORKSPACE, Kind.POOL, Kind.HOLIDAYS)
"""What is in an environment and in no workspace."""


class _Header(msgspec.Struct, kw_only=True):
    """What holds for the rest of a file, until another document says otherwise."""

    file: str
    environment: str
    workspace: str | None = None
    broken: bool = False
    """The document tells a workspace, but not one that can be."""


def collect(sources: Iterable[Source], environment: str | None) -> tuple[Collected, list[Problem]]:
    """All definitions, and every problem of form; `environment` overrides what the files say."""
    collected, problems = Collected(), []
    header = _Header(file="", environment=DEFAULT_ENVIRONMENT)
    for source in sources:
        if source.file != header.file:
            header = _Header(file=source.file, environment=DEFAULT_ENVIRONMENT)
        if not isinstance(source.data, dict):
            fields = ", ".join(Definitions.__struct_fields__)
            message = f"a file of definitions is a mapping with the fields {fields}"
            problems.append(source.problem((), message, Definitions.__struct_fields__))
            continue
        problems += _read_header(source, header)
        if environment is not None:
            header.environment = environment
        for field in LISTS:
            problems += _read_list(source, field, header, collected)
    return collected, problems


def _read_header(source: Source, header: _Header) -> list[Problem]:
    problems = []
    names = Definitions.__struct_fields__
    for key in source.data:
        if key not in names:
            problems.append(
                source.problem((key,), f"unknown field {key!r}{suggestion(key, names)}", names, at_key=True)
            )
    for field, kind in (("environment", Name), ("workspace", Key)):
        if source.data.get(field) is None:
            continue
        _, value, wrong = convert(source.data[field], kind, partial(_below, source, (field,)))
        problems += wrong
        if not wrong:
            setattr(header, field, value)
        if field == "workspace":
            header.broken = bool(wrong)
    return problems


def _read_list(source: Source, field: str, header: _Header, collected: Collected) -> list[Problem]:
    items = source.data.get(field)
    if items is None:
        return []
    if not isinstance(items, list):
        return [source.problem((field,), f"expected a list of {field}: begin each with '- '")]
    if items and field != "environments":
        collected.used.setdefault(header.environment, source)
    problems = []
    for number, item in enumerate(items):
        problems += _read_item(source, (field, number), item, header, collected)
    return problems


def _read_item(source: Source, path: Path, item: Any, header: _Header, collected: Collected) -> list[Problem]:
    field = str(path[0])
    kind, wanted = LISTS[field]
    _, definition, problems = convert(item, wanted, partial(_below, source, path))
    workspace = item.get("workspace") if isinstance(item, dict) else None
    if kind is Kind.ENVIRONMENT or kind in OF_ENVIRONMENTS:
        workspace = ""
    elif workspace is None:
        workspace = header.workspace
        if (workspace is None or header.broken) and isinstance(item, dict):
            if not header.broken:
                message = "the field 'workspace' is missing: name it here, or once at the top of the file"
                problems.append(source.problem(path, message))
            definition = None
    if definition is None:
        _remember_broken(item, kind, (header.environment, str(workspace)), collected)
        return problems
    if kind is Kind.WORKSPACE:
        workspace = definition.key
    placed = Placed(
        definition=definition, source=source, path=path, environment=header.environment, workspace=str(workspace)
    )
    getattr(collected, field).append(placed)
    return problems


def _remember_broken(item: Any, kind: Kind, place: tuple[str, str], collected: Collected) -> None:
    name = item.get("key" if kind is Kind.WORKSPACE else "name") if isinstance(item, dict) else None
    if isinstance(name, str):
        place = (place[0], "") if kind in OF_ENVIRONMENTS else ("", "") if kind is Kind.ENVIRONMENT else place
        collected.broken.setdefault((kind, place), set()).add(name)


def _below(
    source: Source, path: Path, inner: Path, message: str, allowed: Sequence[str] = (), *, at_key: bool = False
) -> Problem:
    return source.problem((*path, *inner), message, allowed, at_key=at_key)

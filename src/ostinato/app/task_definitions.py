"""The definitions of single tasks, made of what programs say of them: ids become names, values parameters."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec

from ostinato.app.definition_edits import NOWHERE
from ostinato.core.access import Actor
from ostinato.core.artifacts import LATEST, declared
from ostinato.core.definition_values import convert
from ostinato.core.definitions import Path, Task
from ostinato.core.errors import Conflict, Invalid, Problem
from ostinato.core.ids import WorkspaceId
from ostinato.core.parameter_references import plain
from ostinato.core.parameters import Parameter
from ostinato.core.upgrades import PREFIX, besides, declare
from ostinato.core.wording import name_problems
from ostinato.store import single_tasks
from ostinato.store.db import Tx
from ostinato.store.single_tasks import DescribedTask, OfferedArtifact, PublishedVersion
from ostinato.store.workspaces import DescribedWorkspace

TYPE = "Package"
"""Of tasks that are made from an artifact."""
SQL = "sql"


class About(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a task. `artifact` is the id of one; None: it is none, but of the type `of_type`."""

    name: str
    description: str | None = None
    tags: tuple[str, ...] = ()
    artifact: int | None
    of_type: str | None = None
    version: str
    connections: Mapping[str, int] = {}
    parameters: Mapping[str, Any] = {}
    resources: Mapping[str, int] = {}
    auto_upgrade: bool = False
    reset_parameters: bool = False


async def new(tx: Tx, actor: Actor, place: DescribedWorkspace, about: About) -> Task:
    """Raises Invalid."""
    offered, version = await _offered(tx, actor, place, about)
    config = _config(await _said(tx, place, about, offered), {"kind": "artifact"})
    parameters, problems = _declare(version, about, {})
    task = Task(
        name=about.name,
        type=TYPE,
        description=about.description,
        config=config,
        parameters=parameters,
        tags=tuple(dict.fromkeys(about.tags)),
    )
    return _checked(task, problems)


async def changed(tx: Tx, actor: Actor, before: DescribedTask, about: About) -> Task:
    """The task as it is wanted, still under its old name. Raises Invalid, Conflict."""
    if problems := name_problems("name", about.name):
        raise Invalid(*problems)
    task = msgspec.structs.replace(
        definition(before), description=about.description, tags=tuple(dict.fromkeys(about.tags))
    )
    if before.artifact is None:
        _require_untouched(before, about)
        return _checked(task, [])
    offered, version = await _offered(tx, actor, before.workspace, about)
    said = await _said(tx, before.workspace, about, offered)
    if _follows_newest(before, about, offered):
        del said["version"], said["auto_upgrade"]
    own = before.parameters if offered.id == before.artifact.id else {}
    parameters, problems = _declare(version, about, own)
    return _checked(msgspec.structs.replace(task, config=_config(said, before.config), parameters=parameters), problems)


def definition(task: DescribedTask) -> Task:
    """What a file would say of a task."""
    return Task(
        name=task.name,
        type=task.type,
        description=task.description,
        config=task.config,
        parameters=task.parameters,
        timeout=task.timeout_s,
        run_timeout=task.run_timeout_s,
        retries=task.retries,
        overlap=task.overlap,
        priority=task.priority,
        pool=task.pool,
        tags=task.tags,
        disabled=task.disabled,
    )


def values(task: DescribedTask) -> dict[str, str]:
    """The values of its parameters, as text."""
    return {name: plain(one.default) for name, one in task.parameters.items() if one.default is not None}


def connections(task: DescribedTask) -> dict[str, int]:
    """The ids of its connections, by the names it knows them by."""
    config = task.config if task.artifact is not None else {}
    if isinstance(config.get("connections"), dict):
        named = config["connections"]
        return {own: task.connections[name].id for own, name in named.items() if name in task.connections}
    if (only := config.get("connection")) is not None:
        return {one.type: one.id for name, one in task.connections.items() if name == only}
    return {name: one.id for name, one in task.connections.items()}


def resources(task: DescribedTask) -> dict[str, int]:
    """The ids of its resources, by the parameters they are given as."""
    named = task.config.get("resources") if task.artifact is not None else None
    found = named.items() if isinstance(named, dict) else ()
    return {parameter: task.resources[name] for parameter, name in found if name in task.resources}


def takes_versions(task: DescribedTask) -> bool:
    """Whether it runs what is published from now on."""
    if task.artifact is None:
        return False
    return bool(task.config.get("auto_upgrade")) or task.config.get("version", LATEST) == LATEST


def _declare(
    version: PublishedVersion, about: About, before: Mapping[str, Parameter]
) -> tuple[dict[str, Parameter], list[Problem]]:
    """What it declares: everything but what is the path of a resource."""
    given = {name: value for name, value in about.parameters.items() if name not in about.resources}
    return declare(besides(declared(version.parameters), about.resources), given, before)


async def _offered(
    tx: Tx, actor: Actor, place: DescribedWorkspace, about: About
) -> tuple[OfferedArtifact, PublishedVersion]:
    """The artifact that is named, and its version. Raises Invalid."""
    if about.artifact is None:
        message = f"there is no artifact for tasks of type {about.of_type}: make them with definitions"
        raise Invalid(Problem(path="config.artifact", message=message))
    offered = await single_tasks.artifact(tx, actor.subject, about.artifact, about.version)
    if offered is None:
        raise Invalid(Problem(path="config.artifact", message="there is no such artifact, or you may not see it"))
    if offered.environment != place.environment.id:
        message = f"the artifact {offered.name!r} is in another environment: publish it in this one"
        raise Invalid(Problem(path="config.artifact", message=message))
    if offered.version is None:
        message = f"the artifact {offered.name!r} has no version {about.version!r}: the newest is {offered.newest}"
        raise Invalid(Problem(path="config.version", message=message))
    return offered, offered.version


async def _said(tx: Tx, place: DescribedWorkspace, about: About, offered: OfferedArtifact) -> dict[str, Any]:
    """What is said of the config, by the names of its fields. Raises Invalid."""
    connections = await _names(tx, single_tasks.connections, place, "connections", about.connections)
    if offered.type == SQL and len(connections) != 1:
        message = "the artifact is a script of SQL: send the one connection to run it on"
        raise Invalid(Problem(path="config.connections", message=message))
    return {
        "artifact": offered.name,
        "version": about.version,
        "workspace": offered.key if offered.workspace != place.id else None,
        "connection": next(iter(connections.values())) if offered.type == SQL else None,
        "connections": connections if offered.type != SQL else {},
        "resources": await _names(tx, single_tasks.resources, place, "resources", about.resources),
        "auto_upgrade": about.auto_upgrade,
        "reset_parameters": about.reset_parameters,
    }


def _config(said: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A config as it was before, but for what is said; what is empty stays out unless it was written down."""
    config = dict(before)
    for field, value in said.items():
        if value:
            config[field] = value
        elif config.get(field):
            del config[field]
    return config


async def _names(
    tx: Tx,
    find: Callable[[Tx, WorkspaceId, Sequence[int]], Awaitable[dict[int, str]]],
    place: DescribedWorkspace,
    field: str,
    wanted: Mapping[str, int],
) -> dict[str, str]:
    """Names by ids, for what must be in the workspace of the task. Raises Invalid."""
    found = await find(tx, place.id, sorted(set(wanted.values()))) if wanted else {}
    problems = [
        Problem(path=f"config.{field}.{key}", message=f"there is none of this id in the workspace {place.name!r}")
        for key, number in wanted.items()
        if number not in found
    ]
    if problems:
        raise Invalid(*problems)
    return {key: found[number] for key, number in wanted.items()}


def _follows_newest(before: DescribedTask, about: About, offered: OfferedArtifact) -> bool:
    """Whether a task that takes whichever version is the newest was sent back as it was shown."""
    assert before.artifact is not None
    latest = before.config.get("version", LATEST) == LATEST and offered.id == before.artifact.id
    return latest and about.auto_upgrade and not about.reset_parameters and about.version == offered.newest


def _require_untouched(before: DescribedTask, about: About) -> None:
    """Raise Conflict where more than words would change of a task that is no artifact."""
    sent = {name.removeprefix(PREFIX): plain(value) for name, value in about.parameters.items() if value is not None}
    own = {name.removeprefix(PREFIX): value for name, value in values(before).items()}
    for what, differs in (
        ("artifact", about.artifact is not None or about.of_type != before.type),
        ("connections", dict(about.connections) != connections(before)),
        ("parameters", sent != own),
        ("resources", bool(about.resources)),
        ("auto upgrade", about.auto_upgrade or about.reset_parameters),
    ):
        if differs:
            raise Conflict(
                f"{before.name!r} is a task of type {before.type}, not an artifact: its {what} cannot be changed here,"
                " only its name, description and tags; change the definition it was made from"
            )


def _checked(task: Task, problems: list[Problem]) -> Task:
    """The task, if what a file may not say is not in it either. Raises Invalid with every problem."""

    def note(path: Path, message: str, allowed: Sequence[str] = (), *, at_key: bool = False) -> Problem:
        return NOWHERE.problem(path, message, allowed)

    wrong = [*name_problems("name", task.name), *convert(msgspec.to_builtins(task), Task, note)[2]]
    known = {problem.path for problem in problems}
    found = [*problems, *(problem for problem in wrong if problem.path not in known)]
    if found:
        raise Invalid(*dict.fromkeys(found))
    return task

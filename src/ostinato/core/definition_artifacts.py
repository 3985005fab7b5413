"""What is wrong with the artifacts that tasks name: which one, which version, its parameters and resources."""

from collections.abc import Collection, Iterable, Mapping

from ostinato.core.artifacts import ArtifactRef
from ostinato.core.definition_checks import ReadyTask
from ostinato.core.definition_values import suggestion
from ostinato.core.definitions import Known, KnownArtifact, Place, Placed, Task
from ostinato.core.errors import Problem
from ostinato.core.parameters import Parameter

MOST_ALLOWED = 10
SQL = "sql"


def check_artifacts(tasks: Iterable[ReadyTask], known: Known) -> list[Problem]:
    problems: list[Problem] = []
    for task in tasks:
        if task.artifact is None or task.placed.place not in known.workspaces:
            continue
        problems += _resources(task, task.artifact, known)
        place = place_of(task.artifact, task.placed.place)
        if place not in known.workspaces:
            message = f"there is no workspace {place[1]!r} in environment {place[0]!r}"
            problems.append(task.placed.problem(("config", "workspace"), message))
            continue
        found = known.artifacts.get(place, {}).get(task.artifact.name)
        problems += _missing(task, known) if found is None else _wrong(task, found)
    return problems


def place_of(artifact: ArtifactRef, place: Place) -> Place:
    """Where an artifact is that a task in `place` names."""
    return place[0], artifact.workspace or place[1]


def _missing(task: ReadyTask, known: Known) -> list[Problem]:
    assert task.artifact is not None
    placed, name = task.placed, task.artifact.name
    place = place_of(task.artifact, placed.place)
    names = known.artifact_names.get(place, [])
    message = f"there is no artifact {name!r} in workspace {place[1]!r}{suggestion(name, names)}"
    return [placed.problem(("config", "artifact"), f"{message}; publish it first", names)]


def _wrong(task: ReadyTask, found: KnownArtifact) -> list[Problem]:
    assert task.artifact is not None
    placed, ref = task.placed, task.artifact
    problems = []
    if ref.wants_connection != (found.type == SQL):
        message = (
            "the artifact is a script of SQL: name the connection to run it on"
            if found.type == SQL
            else f"an artifact of type {found.type} takes no connection: name what it needs under 'connections'"
        )
        path = ("config", "connection") if ref.wants_connection else ("config",)
        problems.append(placed.problem(path, message))
    version = next(iter(found.versions)) if ref.version is None else ref.version
    if version not in found.versions:
        message = f"the artifact {ref.name!r} has no version {version!r}"
        return [*problems, placed.problem(("config", "version"), message, list(found.versions)[:MOST_ALLOWED])]
    given = ref.resources.keys()
    return [*problems, *_parameters(placed, found.versions[version], version, given)]


def _resources(task: ReadyTask, ref: ArtifactRef, known: Known) -> list[Problem]:
    place, problems = task.placed.place, []
    for parameter, name in ref.resources.items():
        if name not in known.resources.get(place, ()):
            names = known.resource_names.get(place, [])
            message = f"there is no resource {name!r} in workspace {place[1]!r}{suggestion(name, names)}; add it first"
            problems.append(task.placed.problem(("config", "resources", parameter), message, names))
        if parameter in task.placed.definition.parameters:
            message = "it is the path of a resource: leave it out of the parameters"
            problems.append(task.placed.problem(("parameters", parameter), message, at_key=True))
    return problems


def _parameters(
    placed: Placed[Task], of_artifact: Mapping[str, Parameter], version: str, given: Collection[str]
) -> list[Problem]:
    """`given`: parameters that have a value otherwise."""
    problems = []
    own = placed.definition.parameters
    for name, parameter in own.items():
        if name not in of_artifact:
            message = f"version {version} of the artifact has no parameter {name!r}{suggestion(name, of_artifact)}"
            allowed = sorted(of_artifact)[:MOST_ALLOWED]
            problems.append(placed.problem(("parameters", name), message, allowed, at_key=True))
        elif parameter.type != of_artifact[name].type:
            there = of_artifact[name].type
            message = f"it is {parameter.type} here and {there} in version {version} of the artifact"
            problems.append(placed.problem(("parameters", name, "type"), message, (there,)))
    for name, parameter in of_artifact.items():
        if parameter.required and parameter.default is None and name not in own and name not in given:
            message = f"the artifact needs a parameter {name!r} ({parameter.type}): declare it"
            problems.append(placed.problem(("parameters",), message))
    return problems

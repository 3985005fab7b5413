"""What is wrong between definitions: names that are taken twice, references to nothing, things that contain themselves.

Everything is checked against the files and against what is stored and may be seen; a workspace that may not be seen
does not exist here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

from ostinato.core.artifacts import ArtifactRef
from ostinato.core.definition_names import Names
from ostinato.core.definition_parameters import MOST_ALLOWED, check_parameters
from ostinato.core.definition_values import suggestion
from ostinato.core.definitions import (
    Collected,
    Environment,
    Kind,
    Known,
    Path,
    Place,
    Placed,
    Plan,
    Step,
    Stored,
    Task,
)
from ostinato.core.errors import Problem
from ostinato.core.plans import find_cycle
from ostinato.core.retries import OF_PLANS

Again: TypeAlias = tuple[Placed[Any], Problem, str]


class ReadyTask(msgspec.Struct, frozen=True, kw_only=True):
    """A task whose config its type has accepted: what it uses, and its steps if it is composite."""

    placed: Placed[Task]
    uses: frozenset[str]
    steps: tuple[Step, ...] | None
    artifact: ArtifactRef | None = None


def check(collected: Collected, tasks: Sequence[ReadyTask], known: Known) -> list[Problem]:
    """Every problem between these definitions, and between them and what is stored."""
    names = Names(collected, known)
    problems = [*_duplicates(collected), *_environments(collected, known), *_workspaces(collected, known, names)]
    for task in tasks:
        if names.has_workspace(task.placed.place):
            problems += _task(task, known, names)
    for plan in collected.plans:
        problems += _structure(plan.definition.steps, plan.problem, ("steps",))
        problems += _retries_of_plan(plan)
        if names.has_workspace(plan.place):
            problems += _references(plan, plan.definition.steps, names, _in_plan)
    return [*problems, *check_parameters(collected, known), *_containment(collected, tasks, known)]


def _duplicates(collected: Collected) -> list[Problem]:
    """The same name twice, in whatever files."""
    problems = []
    for kind, field, items in (
        (Kind.ENVIRONMENT, "name", collected.environments),
        (Kind.WORKSPACE, "key", collected.workspaces),
        (Kind.POOL, "name", collected.pools),
        (Kind.HOLIDAYS, "name", collected.holidays),
        (Kind.CONNECTION, "name", collected.connections),
        (Kind.TASK, "name", collected.tasks),
        (Kind.PLAN, "name", collected.plans),
    ):
        for again, here, other in repeated(items, field):
            name = getattr(again.definition, field)
            message = f"the {kind.words} {name!r} is defined twice, first in {other}"
            problems.append(msgspec.structs.replace(here, message=message))
    return problems


def repeated(items: Iterable[Placed[Any]], name: str, shown: Callable[[Any], str] | None = None) -> Iterator[Again]:
    """What has the same name at the same place as something before it: the definition, its problem without a message,
    and where the first one is. `shown`: the field to point at, if it is not that of the name."""
    first: dict[Any, Problem] = {}
    for item in items:
        place = () if isinstance(item.definition, Environment) else item.place
        here = item.problem((shown(item.definition) if shown else name,), "")
        other = first.setdefault((place, getattr(item.definition, name)), here)
        if other is not here:
            yield item, here, f"{other.file}:{other.line} ({other.path})"


def _environments(collected: Collected, known: Known) -> list[Problem]:
    defined = {placed.definition.name: placed for placed in collected.environments}
    names = _environment_names(collected, known)
    problems = []
    for name, source in collected.used.items():
        if name not in names:
            message = f"there is no environment {name!r}{suggestion(name, names)}; define it under 'environments'"
            problems.append(source.problem(("environment",), message, sorted(names)[:MOST_ALLOWED]))
    stages = {environment.stage: name for name, environment in known.environments.items() if name not in defined}
    stages |= {
        environment.stage: name
        for name, environment in known.environments.items()
        if name in defined and defined[name].definition.stage is None
    }
    for name, placed in defined.items():
        stage = placed.definition.stage
        if stage is not None and stages.setdefault(stage, name) != name:
            message = f"the stage {stage} is taken by the environment {stages[stage]!r}"
            problems.append(placed.problem(("stage",), message))
    return problems


def _environment_names(collected: Collected, known: Known) -> set[str]:
    defined = {placed.definition.name for placed in collected.environments}
    return {*known.environments, *defined, *collected.broken.get((Kind.ENVIRONMENT, ("", "")), ())}


def _workspaces(collected: Collected, known: Known, names: Names) -> list[Problem]:
    """Each place that names a workspace which does not exist, once."""
    problems: dict[Problem, None] = {}
    items: list[Placed[Any]] = [*collected.connections, *collected.tasks, *collected.plans]
    items += [*collected.schedules, *collected.data_triggers]
    environments = _environment_names(collected, known)
    for item in items:
        if item.environment in environments and not names.has_workspace(item.place):
            keys = names.of(Kind.WORKSPACE, (item.environment, ""))
            message = (
                f"there is no workspace {item.workspace!r} in environment {item.environment!r}"
                f"{suggestion(item.workspace, keys)}; an administrator can define it under 'workspaces'"
            )
            own = (*item.path, "workspace")
            path = own if own in item.source.lines else ("workspace",)
            problems[item.source.problem(path, message, sorted(keys)[:MOST_ALLOWED])] = None
    return list(problems)


def _task(task: ReadyTask, known: Known, names: Names) -> list[Problem]:
    placed, definition = task.placed, task.placed.definition
    problems = []
    stored = known.workspaces.get(placed.place)
    before = stored.tasks.get(definition.name) if stored else None
    if before is not None and before.type != definition.type:
        message = f"{definition.name!r} is a task of type {before.type}, which cannot change: make a new one"
        problems.append(placed.problem(("type",), message, (before.type,)))
    for name in sorted(task.uses):
        if missing := names.missing(Kind.CONNECTION, placed.place, name):
            problems.append(placed.problem(_path_of(definition.config, name), *missing))
    problems += _pool(task, names)
    if task.steps is not None:
        problems += _structure(task.steps, placed.problem, ("config",))
        problems += _references(placed, task.steps, names, _in_config)
    return problems


def _pool(task: ReadyTask, names: Names) -> list[Problem]:
    placed, pool = task.placed, task.placed.definition.pool
    if pool is None:
        return []
    if task.steps is not None:
        message = (
            f"a task of type {placed.definition.type} has no attempts of its own: name the pool at the tasks inside"
        )
        return [placed.problem(("pool",), message)]
    missing = names.missing(Kind.POOL, (placed.environment, ""), pool)
    if missing is None:
        return []
    message, allowed = missing
    return [placed.problem(("pool",), f"{message}; an administrator can define it under 'pools'", allowed)]


def _retries_of_plan(plan: Placed[Plan]) -> list[Problem]:
    policy = plan.definition.retries
    if policy.attempts == 1 or any(reason in OF_PLANS for reason in policy.on):
        return []
    message = "a plan is tried again for none of these reasons: leave them out, or name step_failed"
    return [plan.problem(("retries", "on"), message, OF_PLANS)]


def _structure(steps: Sequence[Step], note: Callable[..., Problem], path: Path) -> list[Problem]:
    """What is wrong with steps by themselves. Steps of a config are all at the path of the config."""
    problems: list[Problem] = []
    own = path == ("steps",)
    counts = Counter(step.name for step in steps)
    for number, step in enumerate(steps):
        at: Path = (*path, number) if own else path
        if counts[step.name] > 1 and any(other.name == step.name for other in steps[:number]):
            problems.append(note((*at, "name") if own else at, f"there are two steps {step.name!r}"))
        if not step.tasks and not step.plans:
            problems.append(note(at, "a step needs at least one task or plan"))
        for position, name in enumerate(step.after):
            place: Path = (*at, "after", position) if own else at
            if name not in counts:
                message = f"there is no step {name!r} in this plan{suggestion(name, counts)}"
                problems.append(note(place, message, sorted(counts)[:MOST_ALLOWED]))
            elif name in step.after[:position]:
                problems.append(note(place, f"{name!r} is named twice"))
    cycle = find_cycle({step.name: [name for name in step.after if name in counts] for step in steps})
    if cycle:
        problems.append(note(path, f"the steps wait for one another: {' after '.join(map(repr, cycle))}"))
    return problems


def _references(
    placed: Placed[Any], steps: Sequence[Step], names: Names, path_of: Callable[[Placed[Any], Path, str], Path]
) -> list[Problem]:
    """References of steps to tasks and plans that do not exist, or that are named twice side by side."""
    problems = []
    for number, step in enumerate(steps):
        for field, kind, found in (
            (("tasks",), Kind.TASK, step.tasks),
            (("plans",), Kind.PLAN, step.plans),
            (("on_failure", "tasks"), Kind.TASK, step.on_failure.tasks),
            (("on_failure", "plans"), Kind.PLAN, step.on_failure.plans),
        ):
            for position, name in enumerate(found):
                path = path_of(placed, ("steps", number, *field, position), name)
                if missing := names.missing(kind, placed.place, name):
                    problems.append(placed.problem(path, *missing))
                elif name in found[:position]:
                    problems.append(placed.problem(path, f"{name!r} is named twice"))
    return problems


def _in_plan(placed: Placed[Any], path: Path, name: str) -> Path:
    return path


def _in_config(placed: Placed[Any], path: Path, name: str) -> Path:
    return _path_of(placed.definition.config, name)


def _path_of(config: Any, text: str) -> Path:
    """Where in a config a text stands; the config itself if it stands nowhere as such."""

    def search(data: Any, path: Path) -> Path | None:
        if isinstance(data, str):
            return path if data == text else None
        inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
        return next((found for key, value in inner if (found := search(value, (*path, key))) is not None), None)

    return search(config, ("config",)) or ("config",)


def _containment(collected: Collected, tasks: Sequence[ReadyTask], known: Known) -> list[Problem]:
    """Plans and composite tasks that contain themselves, by whatever way."""
    problems = []
    definers: dict[Place, dict[str, Placed[Any]]] = {}
    contents: dict[Place, dict[str, set[str]]] = {}
    for place, stored in known.workspaces.items():
        contents[place] = _stored_contents(stored)
    for plan in collected.plans:
        definers.setdefault(plan.place, {})[f"plan {plan.definition.name!r}"] = plan
        contents.setdefault(plan.place, {})[f"plan {plan.definition.name!r}"] = _contents(plan.definition.steps)
    for task in tasks:
        node = f"task {task.placed.definition.name!r}"
        definers.setdefault(task.placed.place, {})[node] = task.placed
        contents.setdefault(task.placed.place, {})[node] = _contents(task.steps or ())
    for place, placed in definers.items():
        problems += _cycles(contents[place], placed)
    return problems


def _cycles(contents: dict[str, set[str]], definers: Mapping[str, Placed[Any]]) -> list[Problem]:
    problems = []
    while cycle := find_cycle(contents):
        culprit = next((node for node in cycle if node in definers), cycle[0])
        start = cycle.index(culprit)
        around = [*cycle[start:-1], *cycle[:start], culprit]
        if culprit in definers:
            placed = definers[culprit]
            path = ("steps",) if isinstance(placed.definition, Plan) else ("config",)
            problems.append(placed.problem(path, f"it contains itself: {' contains '.join(around)}"))
        contents[culprit] = set()
    return problems


def _stored_contents(stored: Stored) -> dict[str, set[str]]:
    plans = {f"plan {name!r}": _contents(plan.steps) for name, plan in stored.plans.items()}
    return plans | {f"task {name!r}": _contents(steps) for name, steps in stored.expansions.items()}


def _contents(steps: Iterable[Step]) -> set[str]:
    found = set()
    for step in steps:
        found |= {f"task {name!r}" for name in (*step.tasks, *step.on_failure.tasks)}
        found |= {f"plan {name!r}" for name in (*step.plans, *step.on_failure.plans)}
    return found

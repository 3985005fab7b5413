"""What is wrong with the parameters of definitions: by themselves, in the configs that name them, and between a plan
and the tasks it runs."""

from collections.abc import Iterator, Mapping
from typing import Any

from ostinato.core.definition_values import suggestion
from ostinato.core.definitions import Collected, Kind, Known, Path, Place, Placed, Plan, Task
from ostinato.core.errors import Problem
from ostinato.core.parameter_references import references
from ostinato.core.parameters import problems_of, problems_of_values

MOST_ALLOWED = 10
MOST_SUGGESTIONS = 50
"""Looking for similar names among hundreds takes a millisecond each time."""


def check_parameters(collected: Collected, known: Known) -> list[Problem]:
    problems: list[Problem] = []
    for environment in collected.environments:
        for name, value in environment.definition.parameters.items():
            for problem in problems_of_values({name: value}):
                problems.append(environment.problem(("parameters", name), problem.message))
    items: list[Placed[Any]] = [*collected.tasks, *collected.plans]
    for item in items:
        for name, parameter in item.definition.parameters.items():
            for problem in problems_of({name: parameter}):
                problems.append(item.problem(("parameters", name, "default"), problem.message))
    for task in collected.tasks:
        problems += _undeclared(task, MOST_SUGGESTIONS - len(problems))
    return problems + _types_differ(collected, known)


def _undeclared(task: Placed[Task], suggestions: int) -> list[Problem]:
    """References of a config to what the task does not declare."""
    declared = task.definition.parameters
    allowed = sorted(declared)[:MOST_ALLOWED]
    problems: list[Problem] = []
    for path, text in _texts(task.definition.config, ("config",)):
        for name in dict.fromkeys(references(text)):
            if name not in declared:
                near = suggestion(name, declared) if len(problems) < suggestions else ""
                message = f"the task has no parameter {name!r}{near}; declare it under 'parameters'"
                problems.append(task.problem(path, message, allowed))
    return problems


def _texts(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    match data:
        case str():
            yield path, data
        case dict():
            for key, value in data.items():
                yield from _texts(value, (*path, key))
        case list():
            for number, item in enumerate(data):
                yield from _texts(item, (*path, number))


def _types_differ(collected: Collected, known: Known) -> list[Problem]:
    """Parameters of one name and two types, in a plan and a task that it runs; told where the files can change it."""
    plans: dict[Place, dict[str, Placed[Plan]]] = {}
    tasks: dict[Place, dict[str, Placed[Task]]] = {}
    for plan in collected.plans:
        plans.setdefault(plan.place, {})[plan.definition.name] = plan
    for task in collected.tasks:
        tasks.setdefault(task.place, {})[task.definition.name] = task
    problems = []
    for place in dict.fromkeys([*plans, *tasks]):
        here, there = plans.get(place, {}), tasks.get(place, {})
        for plan_name, task_name, parameter, in_plan, in_task in _pairs(place, here, there, collected, known):
            path = ("parameters", parameter, "type")
            if plan_name in here:
                message = f"it is {in_plan} here and {in_task} in the task {task_name!r}, which the plan runs"
                problems.append(here[plan_name].problem(path, message, (in_task,)))
            elif task_name in there:
                message = f"it is {in_task} here and {in_plan} in the plan {plan_name!r}, which runs the task"
                problems.append(there[task_name].problem(path, message, (in_plan,)))
    return problems


def _pairs(
    place: Place,
    new_plans: Mapping[str, Placed[Plan]],
    new_tasks: Mapping[str, Placed[Task]],
    collected: Collected,
    known: Known,
) -> Iterator[tuple[str, str, str, str, str]]:
    """Plan, task, parameter, and its types in both, wherever these differ; what the files have wrong is not known."""
    stored = known.workspaces.get(place)
    plans = (stored.plans if stored else {}) | {name: item.definition for name, item in new_plans.items()}
    tasks = (stored.tasks if stored else {}) | {name: item.definition for name, item in new_tasks.items()}
    wrong_plans = collected.broken.get((Kind.PLAN, place), set())
    wrong_tasks = collected.broken.get((Kind.TASK, place), set())
    for plan in plans.values():
        if not plan.parameters or plan.name in wrong_plans:
            continue
        for name in dict.fromkeys(name for step in plan.steps for name in (*step.tasks, *step.on_failure.tasks)):
            declared = tasks[name].parameters if name in tasks and name not in wrong_tasks else {}
            for parameter in (parameter for parameter in plan.parameters if parameter in declared):
                pair = plan.parameters[parameter].type, declared[parameter].type
                if pair[0] != pair[1]:
                    yield plan.name, name, parameter, *pair

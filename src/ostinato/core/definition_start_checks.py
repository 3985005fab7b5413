"""What is wrong with schedules, holidays and data triggers in files: by themselves, and beside what is stored."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec

from ostinato.core.definition_changes import Action, schedule_change
from ostinato.core.definition_checks import repeated
from ostinato.core.definition_data_triggers import DataTrigger
from ostinato.core.definition_names import Names
from ostinato.core.definition_schedules import Schedule
from ostinato.core.definition_targets import Either, Started
from ostinato.core.definitions import Collected, Kind, Known, Path, Place, Placed, read_path
from ostinato.core.errors import Problem
from ostinato.core.schedules import NamedTrigger, problems_of, problems_of_each, problems_of_list
from ostinato.core.triggers.kinds import HolidayList

Together: TypeAlias = tuple[tuple[NamedTrigger, ...], tuple[HolidayList, ...]]
Apart: TypeAlias = dict[Together, list[Problem]]
"""What is wrong with triggers together, as far as it has been worked out, which takes seconds for frequent ones."""


def check_starts(collected: Collected, known: Known, apart: Apart) -> list[Problem]:
    """Every problem but those of triggers together that have not been worked out."""
    names = Names(collected, known)
    lists = lists_by_environment(collected, known)
    problems = [*_twice(collected.schedules, "schedules"), *_twice(collected.data_triggers, "data triggers")]
    for holidays in collected.holidays:
        problems += _moved(holidays, problems_of_list(holidays.definition.as_list()))
    for schedule in collected.schedules:
        problems += _target(schedule, names)
        if schedule_change(schedule, known).action is not Action.LEFT:
            triggers, own = schedule.definition.triggers, lists.get(schedule.environment, ())
            problems += _moved(schedule, problems_of_each(triggers, own) or apart.get(_together(triggers, own), ()))
    for trigger in collected.data_triggers:
        problems += [*_target(trigger, names), *_sources(trigger, names)]
    return problems


def check_distances(collected: Collected, known: Known, now: datetime, apart: Apart) -> list[Problem]:
    """Problems of triggers together, of schedules that are new or change, which are put into `apart` as well."""
    lists, problems = lists_by_environment(collected, known), list[Problem]()
    for schedule in collected.schedules:
        triggers, own = schedule.definition.triggers, lists.get(schedule.environment, ())
        if schedule_change(schedule, known).action is Action.LEFT or problems_of_each(triggers, own):
            continue
        together = _together(triggers, own)
        if together not in apart:
            apart[together] = problems_of(triggers, now, own)
        problems += _moved(schedule, apart[together])
    return problems


def _together(triggers: tuple[NamedTrigger, ...], lists: tuple[HolidayList, ...]) -> Together:
    """What it goes by how near triggers are to one another."""
    named = {name for one in triggers if one.trigger.calendar is not None for name in one.trigger.calendar.lists}
    return triggers, tuple(one for one in lists if one.name in named)


def lists_by_environment(collected: Collected, known: Known) -> Mapping[str, tuple[HolidayList, ...]]:
    """Those of each environment, as they will be."""
    lists = {place: {name: one.as_list() for name, one in stored.items()} for place, stored in known.holidays.items()}
    for (kind, (environment, _)), broken in collected.broken.items():
        if kind is Kind.HOLIDAYS:
            lists.setdefault(environment, {}).update({name: HolidayList(name=name, days=()) for name in broken})
    for one in collected.holidays:
        lists.setdefault(one.environment, {})[one.definition.name] = one.definition.as_list()
    return {place: tuple(found.values()) for place, found in lists.items()}


def _target(item: Placed[Schedule] | Placed[DataTrigger], names: Names) -> Iterator[Problem]:
    if names.has_workspace(item.place):
        yield from _missing(item, (), item.definition, item.place, names)


def _sources(trigger: Placed[DataTrigger], names: Names) -> Iterator[Problem]:
    seen = set()
    for number, source in enumerate(trigger.definition.sources):
        place = (trigger.environment, source.workspace or trigger.workspace)
        path = ("sources", number)
        if (place, source.name) in seen:
            yield trigger.problem(path, f"{source.name!r} is among the sources twice: leave one out")
        seen.add((place, source.name))
        if source.workspace is not None and (missing := names.missing(Kind.WORKSPACE, (place[0], ""), place[1])):
            yield trigger.problem((*path, "workspace"), *missing)
        elif names.has_workspace(place):
            yield from _missing(trigger, path, source, place, names)


def _missing(item: Placed[Any], path: Path, named: Either, place: Place, names: Names) -> Iterator[Problem]:
    """There is no such task or plan."""
    for field, kind, name in (("task", Kind.TASK, named.task), ("plan", Kind.PLAN, named.plan)):
        if name is not None and (missing := names.missing(kind, place, name)):
            yield item.problem((*path, field), *missing)


def _moved(item: Placed[Any], problems: Iterable[Problem]) -> Iterator[Problem]:
    """Problems of a definition, at its place in a file."""
    for problem in problems:
        yield item.problem(read_path(problem.path or ""), problem.message, problem.allowed)


def _twice(items: Iterable[Placed[Schedule]] | Iterable[Placed[DataTrigger]], kinds: str) -> Iterator[Problem]:
    for again, here, other in repeated(items, "name", _field_of):
        message = f"{again.definition.name!r} has two {kinds}, the first in {other}: make them one"
        yield msgspec.structs.replace(here, message=message)


def _field_of(started: Started) -> str:
    return "task" if started.task is not None else "plan"

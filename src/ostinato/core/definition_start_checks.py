"""What is wrong with schedules, holidays and data triggers in files: by themselves, and beside what is stored."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from ostinato.core.definition_changes import Action, schedule_change
from ostinato.core.definition_data_triggers import DataTrigger, Upstream
from ostinato.core.definition_names import Names
from ostinato.core.definition_schedules import Holidays, Schedule
from ostinato.core.definitions import Collected, Kind, Known, Path, Place, Placed
from ostinato.core.errors import Problem
from ostinato.core.schedules import problems_of, problems_of_each
from ostinato.core.triggers.kinds import HolidayList

PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def check_starts(collected: Collected, known: Known, now: datetime) -> list[Problem]:
    """Schedules that stay as they are stored are not compared with one another again, which takes a while."""
    names = Names(collected, known)
    lists = _lists(collected, known)
    problems = [*_twice(collected.schedules, "schedules"), *_days_twice(collected.holidays)]
    problems += _twice(collected.data_triggers, "data triggers")
    for schedule in collected.schedules:
        problems += _target(schedule, names)
        if schedule_change(schedule, known).action is not Action.LEFT:
            problems += _triggers(schedule, lists.get(schedule.environment, ()), now)
    for trigger in collected.data_triggers:
        problems += [*_target(trigger, names), *_sources(trigger, names)]
    return problems


def _lists(collected: Collected, known: Known) -> Mapping[str, tuple[HolidayList, ...]]:
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


def _missing(
    item: Placed[Any], path: Path, named: Schedule | DataTrigger | Upstream, place: Place, names: Names
) -> Iterator[Problem]:
    """There is no such task or plan."""
    for field, kind, name in (("task", Kind.TASK, named.task), ("plan", Kind.PLAN, named.plan)):
        if name is not None and (missing := names.missing(kind, place, name)):
            yield item.problem((*path, field), *missing)


def _triggers(schedule: Placed[Schedule], lists: tuple[HolidayList, ...], now: datetime) -> Iterator[Problem]:
    triggers = schedule.definition.triggers
    for problem in problems_of_each(triggers, lists) or problems_of(triggers, now, lists):
        yield schedule.problem(_path(problem.path or ""), problem.message, problem.allowed)


def _path(text: str) -> Path:
    """`triggers[0].trigger.when` as a path."""
    return tuple(int(number) if number else name for name, number in PART.findall(text))


def _twice(items: Iterable[Placed[Schedule]] | Iterable[Placed[DataTrigger]], kinds: str) -> Iterator[Problem]:
    first: dict[tuple[Place, str], Problem] = {}
    for one in items:
        name = one.definition.name
        here = one.problem(("task" if one.definition.task is not None else "plan",), "")
        if (one.place, name) in first:
            other = first[one.place, name]
            where = f"{other.file}:{other.line} ({other.path})"
            yield msgspec.structs.replace(
                here, message=f"{name!r} has two {kinds}, the first in {where}: make them one"
            )
        first.setdefault((one.place, name), here)


def _days_twice(lists: Iterable[Placed[Holidays]]) -> Iterator[Problem]:
    for one in lists:
        seen = set()
        for number, day in enumerate(one.definition.days):
            if day.date in seen:
                yield one.problem(("days", number, "date"), f"{day.date} is here twice")
            seen.add(day.date)

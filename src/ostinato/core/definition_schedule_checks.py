"""What is wrong with schedules and lists of holidays in files: by themselves, and beside what is stored."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from ostinato.core.definition_changes import Action, schedule_change
from ostinato.core.definition_names import Names
from ostinato.core.definition_schedules import Schedule
from ostinato.core.definitions import Collected, Kind, Known, Path, Place, Placed
from ostinato.core.errors import Problem
from ostinato.core.schedules import problems_of, problems_of_each
from ostinato.core.triggers.kinds import HolidayList

PART = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def check_schedules(collected: Collected, known: Known, now: datetime) -> list[Problem]:
    """Those that stay as they are stored are not compared with one another again, which takes a while."""
    names = Names(collected, known)
    lists = _lists(collected, known)
    problems = [*_twice(collected), *_days_twice(collected)]
    for schedule in collected.schedules:
        if names.has_workspace(schedule.place):
            problems += _target(schedule, names)
        if schedule_change(schedule, known).action is not Action.LEFT:
            problems += _triggers(schedule, lists.get(schedule.environment, ()), now)
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


def _target(schedule: Placed[Schedule], names: Names) -> Iterator[Problem]:
    definition = schedule.definition
    for field, kind, name in (("task", Kind.TASK, definition.task), ("plan", Kind.PLAN, definition.plan)):
        if name is not None and (missing := names.missing(kind, schedule.place, name)):
            yield schedule.problem((field,), *missing)


def _triggers(schedule: Placed[Schedule], lists: tuple[HolidayList, ...], now: datetime) -> Iterator[Problem]:
    triggers = schedule.definition.triggers
    for problem in problems_of_each(triggers, lists) or problems_of(triggers, now, lists):
        yield schedule.problem(_path(problem.path or ""), problem.message, problem.allowed)


def _path(text: str) -> Path:
    """`triggers[0].trigger.when` as a path."""
    return tuple(int(number) if number else name for name, number in PART.findall(text))


def _twice(collected: Collected) -> Iterator[Problem]:
    first: dict[tuple[Place, str], Problem] = {}
    for one in collected.schedules:
        name = one.definition.name
        here = one.problem(("task" if one.definition.task is not None else "plan",), "")
        if (one.place, name) in first:
            other = first[one.place, name]
            where = f"{other.file}:{other.line} ({other.path})"
            message = f"{name!r} has two schedules, the first in {where}: put all triggers into one"
            yield msgspec.structs.replace(here, message=message)
        first.setdefault((one.place, name), here)


def _days_twice(collected: Collected) -> Iterator[Problem]:
    for one in collected.holidays:
        seen = set()
        for number, day in enumerate(one.definition.days):
            if day.date in seen:
                yield one.problem(("days", number, "date"), f"{day.date} is here twice")
            seen.add(day.date)

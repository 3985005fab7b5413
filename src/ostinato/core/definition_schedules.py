"""Definitions as code: lists of holidays, and the schedules of tasks and plans."""

from typing import Annotated

import msgspec

from ostinato.core.definition_targets import Started
from ostinato.core.names import ShortName
from ostinato.core.schedules import MOST_TRIGGERS, NamedTrigger
from ostinato.core.triggers.kinds import MOST_HOLIDAYS, Holiday, HolidayList

LONGEST_DESCRIPTION = 10_000


class Holidays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Closed days under a name that the calendars of triggers use. Making and changing one needs an administrator."""

    name: Annotated[ShortName, msgspec.Meta(description="Its name, unique in the environment.")]
    days: Annotated[
        Annotated[tuple[Holiday, ...], msgspec.Meta(max_length=MOST_HOLIDAYS)],
        msgspec.Meta(description="All of its days, each with a `date` and, if it has one, a `name`."),
    ]

    def as_list(self) -> HolidayList:
        return HolidayList(name=self.name, days=self.days)


class Schedule(Started, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a task or plan starts by itself. It has one schedule at most, which starts runs on behalf of whoever applied
    the files that made or changed it."""

    description: Annotated[
        Annotated[str, msgspec.Meta(max_length=LONGEST_DESCRIPTION)] | None,
        msgspec.Meta(description="What it is for, in words."),
    ] = None
    triggers: Annotated[
        Annotated[tuple[NamedTrigger, ...], msgspec.Meta(max_length=MOST_TRIGGERS)],
        msgspec.Meta(description="When it starts something; none: never. Its starts are five minutes apart at least."),
    ] = ()

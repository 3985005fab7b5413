"""Definitions as code: lists of holidays, and the schedules of tasks and plans."""

from typing import Annotated

import msgspec

from ostinato.core.names import Key, Name
from ostinato.core.schedules import MOST_TRIGGERS, NamedTrigger
from ostinato.core.triggers.kinds import MOST_HOLIDAYS, Holiday, HolidayList

LONGEST_DESCRIPTION = 10_000

ListName = Annotated[
    str,
    msgspec.Meta(
        min_length=1,
        max_length=100,
        pattern="^[^\x00-\x1f\x7f-\x9f]*$",
        extra={"words": "a name of 1 to 100 characters, without control characters"},
    ),
]


class Holidays(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Closed days under a name that the calendars of triggers use. Making and changing one needs an administrator."""

    name: Annotated[ListName, msgspec.Meta(description="Its name, unique in the environment.")]
    days: Annotated[
        Annotated[tuple[Holiday, ...], msgspec.Meta(max_length=MOST_HOLIDAYS)],
        msgspec.Meta(description="All of its days, each with a `date` and, if it has one, a `name`."),
    ]

    def as_list(self) -> HolidayList:
        return HolidayList(name=self.name, days=self.days)


class Schedule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a task or plan starts by itself. It has one schedule at most, which starts runs on behalf of whoever applied
    the files that made or changed it."""

    task: Annotated[Name | None, msgspec.Meta(description="The task that it starts, or")] = None
    plan: Annotated[Name | None, msgspec.Meta(description="the plan.")] = None
    workspace: Annotated[
        Key | None, msgspec.Meta(description="The key of its workspace; left out: the one of the file.")
    ] = None
    description: Annotated[
        Annotated[str, msgspec.Meta(max_length=LONGEST_DESCRIPTION)] | None,
        msgspec.Meta(description="What it is for, in words."),
    ] = None
    triggers: Annotated[
        Annotated[tuple[NamedTrigger, ...], msgspec.Meta(max_length=MOST_TRIGGERS)],
        msgspec.Meta(description="When it starts something; none: never. Its starts are five minutes apart at least."),
    ] = ()

    def __post_init__(self) -> None:
        if (self.task is None) == (self.plan is None):
            raise ValueError("name what it starts: either a task or a plan")

    @property
    def name(self) -> str:
        """What it is known by: what it starts."""
        return f"task {self.task}" if self.task is not None else f"plan {self.plan}"

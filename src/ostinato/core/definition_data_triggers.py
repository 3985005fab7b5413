"""Definitions as code: tasks and plans that start when others have succeeded."""

from typing import Annotated

import msgspec

from ostinato.core.data_triggers import MOST_SOURCES, Condition
from ostinato.core.names import Key, Name


class Upstream(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task or plan of the same environment whose success counts."""

    task: Annotated[Name | None, msgspec.Meta(description="A task, or")] = None
    plan: Annotated[Name | None, msgspec.Meta(description="a plan.")] = None
    workspace: Annotated[
        Key | None, msgspec.Meta(description="The key of its workspace; left out: that of what is started.")
    ] = None

    def __post_init__(self) -> None:
        if (self.task is None) == (self.plan is None):
            raise ValueError("name either a task or a plan")

    @property
    def name(self) -> str:
        return _name(self.task, self.plan)


class DataTrigger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a task or plan waits for, to start by itself. It has one data trigger at most, which starts runs on behalf
    of whoever applied the files that made or changed it."""

    task: Annotated[Name | None, msgspec.Meta(description="The task that it starts, or")] = None
    plan: Annotated[Name | None, msgspec.Meta(description="the plan.")] = None
    workspace: Annotated[
        Key | None, msgspec.Meta(description="The key of its workspace; left out: the one of the file.")
    ] = None
    when: Annotated[
        Condition,
        msgspec.Meta(description="Whether all of the sources have to have succeeded since its last start, or any."),
    ] = "all"
    sources: Annotated[
        Annotated[tuple[Upstream, ...], msgspec.Meta(min_length=1, max_length=MOST_SOURCES)],
        msgspec.Meta(description="What it waits for."),
    ]
    active: Annotated[bool, msgspec.Meta(description="Whether it starts anything.")] = True

    def __post_init__(self) -> None:
        if (self.task is None) == (self.plan is None):
            raise ValueError("name what it starts: either a task or a plan")

    @property
    def name(self) -> str:
        """What it is known by: what it starts."""
        return _name(self.task, self.plan)


def _name(task: str | None, plan: str | None) -> str:
    return f"task {task}" if task is not None else f"plan {plan}"

"""Definitions as code: the task or plan that something is about, by name."""

from typing import Annotated, ClassVar

import msgspec

from ostinato.core.names import Key, Name


class Either(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A task or a plan, one of the two."""

    missing: ClassVar[str] = "name either a task or a plan"

    task: Annotated[Name | None, msgspec.Meta(description="A task, or")] = None
    plan: Annotated[Name | None, msgspec.Meta(description="a plan.")] = None

    def __post_init__(self) -> None:
        if (self.task is None) == (self.plan is None):
            raise ValueError(self.missing)

    @property
    def name(self) -> str:
        """What it is known by."""
        return f"task {self.task}" if self.task is not None else f"plan {self.plan}"


class Started(Either, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What starts a task or plan, and is known by that."""

    missing: ClassVar[str] = "name what it starts: either a task or a plan"

    task: Annotated[Name | None, msgspec.Meta(description="The task that it starts, or")] = None
    plan: Annotated[Name | None, msgspec.Meta(description="the plan.")] = None
    workspace: Annotated[
        Key | None, msgspec.Meta(description="The key of its workspace; left out: the one of the file.")
    ] = None

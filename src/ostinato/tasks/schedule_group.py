"""Tasks and plans that start at the same time; a schedule that is bound to the group says when."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from ostinato.core.contracts import Example, StepSpec
from ostinato.core.names import Name

name = "ScheduleGroup"
title = "Schedule group"
MOST = 1_000
STEP = "all"


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What starts, all of it at once; the group succeeds if everything does."""

    tasks: Annotated[
        tuple[Name, ...], msgspec.Meta(description="Names of tasks in the same workspace", max_length=MOST)
    ] = ()
    plans: Annotated[
        tuple[Name, ...], msgspec.Meta(description="Names of plans in the same workspace", max_length=MOST)
    ] = ()

    def __post_init__(self) -> None:
        for kind, names in (("tasks", self.tasks), ("plans", self.plans)):
            if twice := next((name for number, name in enumerate(names) if name in names[:number]), None):
                raise ValueError(f"{twice!r} is twice among the {kind}: a group starts each once")
        if not self.tasks and not self.plans:
            raise ValueError("name at least one task or plan")


examples = (
    Example(
        title="Two plans and a task that start together",
        config={"tasks": ["Refresh rates"], "plans": ["Nightly load", "Nightly checks"]},
    ),
)


def connections(config: Config) -> frozenset[str]:
    return frozenset()


def expand(config: Config) -> Sequence[StepSpec]:
    return (StepSpec(name=STEP, tasks=config.tasks, plans=config.plans),)

"""A plan as a task of another plan; the scheduler runs it as a child."""

from collections.abc import Sequence
from typing import Annotated

import msgspec

from ostinato.core.contracts import Example, StepSpec

name = "OrchestrationMap"
title = "Plan"


class Config(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Which plan to run."""

    plan: Annotated[str, msgspec.Meta(description="Name of a plan in the same workspace", min_length=1)]


examples = (Example(title="Run another plan", config={"plan": "Nightly load"}),)


def connections(config: Config) -> frozenset[str]:
    return frozenset()


def expand(config: Config) -> Sequence[StepSpec]:
    return (StepSpec(name=config.plan, plans=(config.plan,)),)

"""Plans as data: a directed acyclic graph of steps, and the questions that are asked of it."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

import msgspec

from ostinato.core.ids import PlanId, TaskId


class Condition(StrEnum):
    """When a step counts as succeeded, given how its runs ended."""

    ALL_SUCCEEDED = "all_succeeded"
    AT_LEAST_ONE_SUCCEEDED = "at_least_one_succeeded"
    ALWAYS_PROCEED = "always_proceed"


class Ref(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a step runs: a task or another plan, exactly one of the two."""

    task: TaskId | None = None
    plan: PlanId | None = None


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Runs side by side; starts when all steps it is `after` (by position) succeeded."""

    name: str
    runs: tuple[Ref, ...]
    after: tuple[int, ...] = ()
    condition: Condition = Condition.ALL_SUCCEEDED
    on_failure: tuple[Ref, ...] = ()
    limit: int | None = None
    """How many of its runs may be live at once; None: all."""
    note: str | None = None

    def refs(self, *, handler: bool) -> tuple[Ref, ...]:
        """What the step, or its failure handler, runs."""
        return self.on_failure if handler else self.runs


class Graph(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The steps of one version of a plan; a step is known by its position."""

    steps: tuple[Step, ...]
    limit: int | None = None
    """How many runs of all steps together may be live at once; None: all."""

    def roots(self) -> list[int]:
        return [number for number, step in enumerate(self.steps) if not step.after]

    def followers(self, number: int) -> list[int]:
        return [other for other, step in enumerate(self.steps) if number in step.after]

    def tasks(self) -> list[TaskId]:
        """Every task that the steps and their failure handlers run, in order, each once."""
        found = (ref.task for step in self.steps for ref in (*step.runs, *step.on_failure))
        return list(dict.fromkeys(task for task in found if task is not None))


def find_cycle(needs: Mapping[str, Iterable[str]]) -> Sequence[str] | None:
    """A cycle in `name -> names it needs`: names that each need the next one, the first repeated at the end."""
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return None

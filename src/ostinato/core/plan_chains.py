"""Plans as chains, in which each step comes after the one before it: all that some tools can say of a plan."""

from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heappush

import msgspec

from ostinato.core.ids import PlanId, TaskId
from ostinato.core.plans import Condition, Graph, Ref, Step

MOST_LOSSES = 5
LONGEST = 500
"""Steps. Tools show each one inside the one before, and few can read what is nested more than 1,000 deep."""


class Link(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a chain, and what runs if it did not succeed."""

    name: str
    tasks: tuple[TaskId, ...]
    condition: Condition = Condition.ALL_SUCCEEDED
    failure_tasks: tuple[TaskId, ...] = ()
    failure_plans: tuple[PlanId, ...] = ()
    note: str | None = None


def in_order(graph: Graph) -> list[int]:
    """The positions of the steps, each after all that its step waits for; otherwise as they are written."""
    missing = [len(set(step.after)) for step in graph.steps]
    followers: list[list[int]] = [[] for _ in graph.steps]
    for number, step in enumerate(graph.steps):
        for before in set(step.after):
            followers[before].append(number)
    ready = [number for number, count in enumerate(missing) if not count]
    heapify(ready)
    order = []
    while ready:
        number = heappop(ready)
        order.append(number)
        for follower in followers[number]:
            missing[follower] -= 1
            if not missing[follower]:
                heappush(ready, follower)
    return order


def links(graph: Graph) -> list[Link]:
    """The steps in order, each as far as a chain can say it; the first `LONGEST` of them."""
    return [_link(graph.steps[number]) for number in in_order(graph)[:LONGEST]]


def same(shown: Sequence[Link], sent: Sequence[Link]) -> bool:
    """Whether two chains say the same. What runs side by side has no order, and no note is as good as an empty one."""
    return len(shown) == len(sent) and all(
        _comparable(one) == _comparable(other) for one, other in zip(shown, sent, strict=True)
    )


def losses(graph: Graph) -> list[str]:
    """What would be lost if the plan became a chain, in words; the first few."""
    order = in_order(graph)
    found = [f"{len(order) - LONGEST:,} steps after the first {LONGEST:,}"] if len(order) > LONGEST else []
    before: int | None = None
    for number in order:
        step = graph.steps[number]
        wanted = () if before is None else (before,)
        if step.after != wanted:
            found.append(f"{step.name!r} starts {_start(graph, step)}")
        if any(ref.plan is not None for ref in step.runs):
            found.append(f"{step.name!r} runs a plan")
        before = number
    if len(found) > MOST_LOSSES:
        return [*found[:MOST_LOSSES], f"and {len(found) - MOST_LOSSES} more"]
    return found


def _start(graph: Graph, step: Step) -> str:
    if not step.after:
        return "at once"
    return f"after {' and '.join(repr(graph.steps[number].name) for number in step.after)}"


def _link(step: Step) -> Link:
    return Link(
        name=step.name,
        tasks=_tasks(step.runs),
        condition=step.condition,
        failure_tasks=_tasks(step.on_failure),
        failure_plans=tuple(ref.plan for ref in step.on_failure if ref.plan is not None),
        note=step.note,
    )


def _tasks(refs: Iterable[Ref]) -> tuple[TaskId, ...]:
    return tuple(ref.task for ref in refs if ref.task is not None)


def _comparable(link: Link) -> Link:
    return msgspec.structs.replace(
        link,
        tasks=tuple(sorted(link.tasks)),
        failure_tasks=tuple(sorted(link.failure_tasks)),
        failure_plans=tuple(sorted(link.failure_plans)),
        note=link.note or None,
    )

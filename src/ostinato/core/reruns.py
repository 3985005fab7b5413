"""What a re-run of a plan takes over from the run before it, and what it runs again."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from ostinato.core.ids import RunId
from ostinato.core.plans import Graph, Ref
from ostinato.core.states import State


class Part(StrEnum):
    """Which part of a plan runs again."""

    ALL = "all"
    FROM_STEP = "from_step"
    """One step, and everything that comes after it."""
    FAILED = "failed"
    """What did not succeed; in a step with several runs, only those of them that did not."""


class Child(msgspec.Struct, frozen=True):
    """The latest run of a task or plan in a step of the run before."""

    run: RunId
    step: int
    handler: bool
    ref: Ref
    state: State


class Again(msgspec.Struct, frozen=True, kw_only=True):
    """A step that runs again: with which runs, and how many of the step's are taken over as succeeded.

    `within` names, for plans that are to be run again in part, the runs they had before.
    """

    step: int
    refs: tuple[Ref, ...]
    taken_over: int = 0
    within: Mapping[Ref, RunId] = {}


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """How a plan run begins: steps that count as succeeded, steps that open at once, steps that wait for some."""

    done: tuple[int, ...] = ()
    open: tuple[Again, ...] = ()
    waiting: Mapping[int, int] = {}
    """Steps behind some that are done: how many steps each still waits for."""


class CannotRerun(ValueError):
    """The part that was asked for cannot be run by itself; the text says why and what to do."""


def fresh(graph: Graph) -> Beginning:
    """A plan run that takes nothing over."""
    return Beginning(open=tuple(Again(step=number, refs=graph.steps[number].runs) for number in graph.roots()))


def beginning(
    graph: Graph, before: Graph, part: Part, step: str | None, succeeded: Iterable[int], children: Sequence[Child]
) -> Beginning:
    """How a re-run on `graph` begins, after a run on `before` in which the steps `succeeded` did; steps are known by
    name. Raises CannotRerun."""
    if part is Part.ALL:
        return fresh(graph)
    names = {before.steps[number].name for number in succeeded}
    done = {number for number, one in enumerate(graph.steps) if one.name in names}
    if part is Part.FROM_STEP:
        done -= _from(graph, step)
        _check_needs(graph, _from(graph, step), done)
    else:
        done = _closed(graph, done)
    opened, waiting = [], {}
    for number, one in enumerate(graph.steps):
        missing = [needed for needed in one.after if needed not in done]
        if number in done or (part is Part.FROM_STEP and number not in _from(graph, step)):
            continue
        if not missing:
            opened.append(_again(graph, number, part, _of_step(before, one.name, children)))
        elif len(missing) < len(one.after):
            waiting[number] = len(missing)
    return Beginning(done=tuple(sorted(done)), open=tuple(opened), waiting=waiting)


def _from(graph: Graph, step: str | None) -> set[int]:
    """A step and everything after it."""
    first = next((number for number, one in enumerate(graph.steps) if one.name == step), None)
    if first is None:
        names = ", ".join(one.name for one in graph.steps)
        raise CannotRerun(f"there is no step {step!r} in this version of the plan: use one of {names}")
    found, todo = {first}, [first]
    while todo:
        for follower in graph.followers(todo.pop()):
            if follower not in found:
                found.add(follower)
                todo.append(follower)
    return found


def _check_needs(graph: Graph, again: set[int], done: set[int]) -> None:
    for number in sorted(again):
        for needed in graph.steps[number].after:
            if needed not in done and needed not in again:
                name, other = graph.steps[number].name, graph.steps[needed].name
                raise CannotRerun(
                    f"step {name!r} also needs step {other!r}, which did not succeed: begin there, or run what failed"
                )


def _closed(graph: Graph, done: set[int]) -> set[int]:
    """Of `done`, the steps with nothing to run again before them: a newer version may have put a new step there."""
    kept = set(done)
    while True:
        open_ones = {number for number in kept if any(needed not in kept for needed in graph.steps[number].after)}
        if not open_ones:
            return kept
        kept -= open_ones


def _of_step(before: Graph, name: str, children: Sequence[Child]) -> dict[Ref, Child]:
    """The children that a step of this name had, by what they were runs of."""
    return {child.ref: child for child in children if not child.handler and before.steps[child.step].name == name}


def _again(graph: Graph, number: int, part: Part, had: Mapping[Ref, Child]) -> Again:
    refs = graph.steps[number].runs
    if part is not Part.FAILED:
        return Again(step=number, refs=refs)
    again = tuple(ref for ref in refs if ref not in had or had[ref].state is not State.SUCCEEDED)
    within = {ref: had[ref].run for ref in again if ref in had and had[ref].state is not State.SUCCEEDED}
    return Again(step=number, refs=again, taken_over=len(refs) - len(again), within=within)

"""What a run has to come to, said without a database and without the engine: a recursive evaluation of a plan.

It is told what workers answer, which attempts lost their server, and what somebody ended; how runs are spread over
servers, slots, pools and time must not matter, so nothing of that is here.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec

from ostinato.core.plans import Condition, Graph, Ref
from ostinato.core.progress import StepState
from ostinato.core.states import State

MOST_LOSSES = 3
SUCCEEDS, FAILS, FINDS, TIMES_OUT, IS_LOST = "succeeds", "fails", "finds", "times out", "is lost"
WORTH_ANOTHER_TRY = (FAILS, TIMES_OUT)

Place: TypeAlias = tuple[int, int, bool, Ref]
"""Where a run stands in its plan run: the try of the plan, the step, whether as its handler, what it is a run of."""
Path: TypeAlias = tuple[Place, ...]
"""A run, by the places from the outermost plan run down to it."""


class TaskSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A task, what its attempts come to in turn, and its policy."""

    answers: tuple[str, ...] = ()
    consists_of: int | None = None
    """The plan whose steps it has, if it is composite; it has no attempts of its own then."""
    tries: int = 1
    on_lost: str = "requeue"
    overlap: str = "forbid"
    pool: int | None = None
    priority: int = 0
    disabled: bool = False


class PlanSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A plan; the numbers in its graph are places in the lists of the world."""

    graph: Graph
    tries: int = 1
    overlap: str = "forbid"


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is defined; the first plan is the one that is started."""

    tasks: tuple[TaskSpec, ...]
    plans: tuple[PlanSpec, ...]
    pools: tuple[int, ...]
    """Slots of each pool."""


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What happened beside the answers of workers."""

    crashed: frozenset[tuple[Path, int]] = frozenset()
    """Attempts that were at work on a server that died."""
    asked: Mapping[Path, State] = {}
    """Runs that somebody asked to end, each with how it ended: what was at work may still have succeeded."""


class Verdict(msgspec.Struct, kw_only=True):
    """What everything has to come to."""

    states: dict[Path, State] = {}
    attempts: dict[Path, int] = {}
    steps: dict[tuple[Path, int, bool], StepState] = {}
    """Of the last try of each plan; a step that never opened is not here."""
    open: set[Path] = set()
    """Plans that somebody ended: how far what is below them came is anybody's guess."""


def judge(world: World, facts: Facts) -> Verdict:
    verdict = Verdict()
    _plan(world, facts, verdict, (), world.plans[0].graph, world.plans[0].tries)
    return verdict


def _plan(world: World, facts: Facts, verdict: Verdict, path: Path, graph: Graph, tries: int) -> State:
    if path in facts.asked:
        verdict.open.add(path)
        verdict.states[path] = facts.asked[path]
        return State.CANCELLED
    for nth in range(1, tries + 1):
        steps = _steps(world, facts, verdict, path, graph, nth)
        verdict.attempts[path] = nth
        if all(state is StepState.SUCCEEDED for (_, handler), state in steps.items() if not handler):
            verdict.states[path] = State.SUCCEEDED
            break
        verdict.states[path] = State.FAILED
    verdict.steps |= {(path, step, handler): state for (step, handler), state in steps.items()}
    return verdict.states[path]


def _steps(
    world: World, facts: Facts, verdict: Verdict, path: Path, graph: Graph, nth: int
) -> dict[tuple[int, bool], StepState]:
    """How the steps of one try end that come to be opened."""
    found: dict[tuple[int, bool], StepState] = {}
    for number, step in enumerate(graph.steps):  # a step comes after those it is `after`
        if all(found.get((before, False)) is StepState.SUCCEEDED for before in step.after):
            ends = [_run(world, facts, verdict, (*path, (nth, number, False, ref)), ref) for ref in step.runs]
            found[number, False] = _step_end(step.condition, [end for end in ends if end is not None])
            if found[number, False] is not StepState.SUCCEEDED and step.on_failure:
                ends = [_run(world, facts, verdict, (*path, (nth, number, True, ref)), ref) for ref in step.on_failure]
                found[number, True] = _step_end(Condition.ALL_SUCCEEDED, [end for end in ends if end is not None])
    return found


def _step_end(condition: Condition, ends: Sequence[State]) -> StepState:
    good = ends.count(State.SUCCEEDED)
    if condition is Condition.ALWAYS_PROCEED or good == len(ends):
        return StepState.SUCCEEDED
    if condition is Condition.AT_LEAST_ONE_SUCCEEDED and good:
        return StepState.SUCCEEDED
    return StepState.FAILED if State.FAILED in ends else StepState.CANCELLED


def _run(world: World, facts: Facts, verdict: Verdict, path: Path, ref: Ref) -> State | None:
    """How the run of a task or plan in a step ends; None: there is none."""
    if ref.plan is not None:
        return _plan(world, facts, verdict, path, world.plans[ref.plan].graph, world.plans[ref.plan].tries)
    assert ref.task is not None
    spec = world.tasks[ref.task]
    if spec.disabled:
        return None
    if spec.consists_of is not None:
        return _plan(world, facts, verdict, path, world.plans[spec.consists_of].graph, spec.tries)
    if path in facts.asked:
        verdict.states[path] = facts.asked[path]
    else:
        verdict.states[path], verdict.attempts[path] = _task(spec, facts, path)
    return verdict.states[path]


def _task(spec: TaskSpec, facts: Facts, path: Path) -> tuple[State, int]:
    """How a task ends, and at which attempt."""
    attempt = losses = 0
    while True:
        attempt += 1
        told = IS_LOST if (path, attempt) in facts.crashed else answer(spec, path, attempt)
        losses += told == IS_LOST
        if told == SUCCEEDS:
            return State.SUCCEEDED, attempt
        again = (
            spec.on_lost == "requeue" and losses <= MOST_LOSSES
            if told == IS_LOST
            else told in WORTH_ANOTHER_TRY and attempt < spec.tries
        )
        if not again:
            return State.FAILED, attempt


def answer(spec: TaskSpec, path: Path, attempt: int) -> str:
    """What a worker says of this attempt; another try of a plan around it begins elsewhere in the list."""
    tries = sum(nth - 1 for nth, _, _, _ in path)
    return spec.answers[(attempt - 1 + tries) % len(spec.answers)]

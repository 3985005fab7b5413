"""Why a run is not running: one sentence that says what it waits for and what will wake it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from ostinato.core.ids import RunId
from ostinato.core.plans import Graph, Step
from ostinato.core.progress import StepState
from ostinato.core.states import ENDED, Hold, State
from ostinato.core.times import instant

MOST_AHEAD = 100
"""More runs than these are not counted: `100 or more`."""
MOST_NAMES = 5


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is not at work, and what stands in its way. What the viewer may not see is told without its number."""

    run: RunId
    kind: Literal["task", "plan"]
    state: State
    hold: Hold | None
    needs_worker: bool
    attempt: int
    due_at: datetime
    cancelling: bool
    servers: int
    """How many servers are alive."""
    at_work: int
    """How many runs are in its way: of its task or plan, in the slots of its pool, or in all worker slots."""
    oldest: RunId | None
    """The one of them that has been at work longest, if the viewer may see it."""
    slots: int
    """Of its pool, or of all servers that are alive."""
    ahead: int
    """How many runs wait for the same and go first; `MOST_AHEAD`: that many or more."""
    pool: str | None
    paused_at: datetime | None
    paused_by: str | None
    pause_note: str | None


class StepFacts(msgspec.Struct, frozen=True, kw_only=True):
    """How far a step of a plan run is; `remaining` of its runs are not made yet."""

    step: int
    handler: bool
    state: StepState
    remaining: int


def why_run(facts: Facts, now: datetime) -> str | None:
    """What a run waits for; None for one that is at work or has ended."""
    match facts.state:
        case State.CLAIMED if facts.cancelling:
            return "was asked to end: its worker is being told"
        case State.CLAIMED:
            return "has a worker slot and is being started"
        case State.QUEUED:
            return _why_queued(facts, now)
        case _:
            return None


def why_steps(graph: Graph, standings: Sequence[StepFacts], state: State, *, cancelling: bool) -> Sequence[str | None]:
    """What each step of a plan run waits for, by position; `state` is the state of the plan run."""
    if state in ENDED:
        return [None] * len(graph.steps)
    found = {(standing.step, standing.handler): standing for standing in standings}
    dead = _dead_ends(graph, found)
    sentences: list[str | None] = []
    for number, step in enumerate(graph.steps):
        standing, handler = found.get((number, False)), found.get((number, True))
        if standing is not None and standing.state is not StepState.WAITING:
            sentences.append(_why_unmade(graph, step, standing, handler))
        elif state is State.QUEUED:
            sentences.append("waits for the run to begin")
        elif cancelling:
            sentences.append("never starts: the run was asked to end")
        elif number in dead:
            sentences.append(f"never starts: step {graph.steps[dead[number]].name} did not succeed")
        else:
            sentences.append(_why_not_open(graph, step, found))
    return sentences


def _why_queued(facts: Facts, now: datetime) -> str:
    match facts.hold:
        case Hold.DUE if facts.due_at > now:
            verb = "will be tried again" if facts.attempt else "will start"
            return f"{verb} at {instant(facts.due_at)}"
        case Hold.DUE:
            return f"its time has come: starts {_soon(facts)}"
        case _ if facts.paused_at is not None or facts.hold is Hold.PAUSED:
            return _why_paused(facts)
        case Hold.TASK | Hold.PLAN:
            return _why_alone(facts)
        case Hold.POOL:
            return _why_pool(facts)
        case _:
            return _why_ready(facts)


def _why_alone(facts: Facts) -> str:
    others = f"{_runs(facts.ahead)} that {'goes' if facts.ahead == 1 else 'go'} first"
    if facts.at_work:
        other = f"run {facts.oldest}" if facts.oldest is not None else "another run"
        more = f", and for {others}" if facts.ahead else ""
        return f"waits for {other} of the same {facts.kind} to end{more}"
    if facts.ahead:
        return f"waits for {others}, of the same {facts.kind}"
    return f"the run of the same {facts.kind} that it waited for has ended: starts {_soon(facts)}"


def _why_pool(facts: Facts) -> str:
    waits = f"waits for a slot of pool {facts.pool}"
    first = f", {_runs(facts.ahead)} {'goes' if facts.ahead == 1 else 'go'} first" if facts.ahead else ""
    if facts.slots == 0:
        return f"{waits}, which has none: starts when somebody gives it slots"
    if facts.at_work < facts.slots:
        free = facts.slots - facts.at_work
        return f"{waits}: {free} of {facts.slots} {_are(free)} free{first}; starts {_soon(facts)}"
    if facts.at_work > facts.slots:
        more = f"{facts.at_work} are taken, more than the {facts.slots} it has now"
        return f"{waits}: {more}{first}, the next is free when enough of their runs have ended"
    taken = f"{facts.at_work} of {facts.slots} {_are(facts.slots)} taken"
    return f"{waits}: {taken}{first}, the next is free when {_one_ends(facts, 'one of their runs')}"


def _why_paused(facts: Facts) -> str:
    if facts.paused_at is None:
        return f"was resumed: starts {_soon(facts)}"
    by = f" by {facts.paused_by}" if facts.paused_by else ""
    note = f" ({facts.pause_note})" if facts.pause_note else ""
    return f"is paused{by} since {instant(facts.paused_at)}{note}: starts when somebody resumes it"


def _why_ready(facts: Facts) -> str:
    if not facts.servers:
        return "is ready, but no server is alive: starts when one is"
    if not facts.needs_worker:
        return f"is ready: its first steps are opened {_soon(facts)}"
    if not facts.slots:
        return "is ready, but no server that is alive has worker slots: starts when one has"
    if facts.at_work < facts.slots:
        return "is ready: a free worker slot takes it within a second"
    servers = "1 server" if facts.servers == 1 else f"{facts.servers} servers"
    busy = f"all {facts.slots} worker slots of {servers} are" if facts.slots > 1 else "the only worker slot is"
    first = f" and {_runs(facts.ahead)} {'goes' if facts.ahead == 1 else 'go'} first" if facts.ahead else ""
    return f"is ready: {busy} busy{first}; starts when {_one_ends(facts, 'one of their attempts')}"


def _one_ends(facts: Facts, one: str) -> str:
    """Of a single run in the way, its own end is waited for; of several, that of any."""
    if facts.at_work == 1:
        return f"run {facts.oldest} ends" if facts.oldest is not None else "that run ends"
    return f"{one} ends" + (f" (the oldest is run {facts.oldest})" if facts.oldest is not None else "")


def _soon(facts: Facts) -> str:
    return "within a second" if facts.servers else "when a server is alive, which none is at the moment"


def _runs(number: int) -> str:
    if number >= MOST_AHEAD:
        return f"{MOST_AHEAD} or more runs"
    return "1 run" if number == 1 else f"{number} runs"


def _dead_ends(graph: Graph, found: Mapping[tuple[int, bool], StepFacts]) -> Mapping[int, int]:
    """The steps that can never start, each with a step that did not succeed and comes before it."""
    following: dict[int, list[int]] = {}
    for number, step in enumerate(graph.steps):
        for before in step.after:
            following.setdefault(before, []).append(number)
    dead: dict[int, int] = {}
    for (number, handler), standing in found.items():
        if handler or standing.state not in (StepState.FAILED, StepState.CANCELLED):
            continue
        reached = [number]
        while reached:
            for follower in following.get(reached.pop(), ()):
                if follower not in dead:
                    dead[follower] = number
                    reached.append(follower)
    return dead


def _why_unmade(graph: Graph, step: Step, standing: StepFacts, handler: StepFacts | None) -> str | None:
    """Of a step that has begun: which of its runs a limit holds back."""
    if standing.remaining:
        what = f"{standing.remaining} of its runs {_are(standing.remaining)}"
    elif handler is not None and handler.remaining:
        what = f"{handler.remaining} runs of its failure handler {_are(handler.remaining)}"
    else:
        return None
    limits = [f"{step.limit} at once"] if step.limit is not None else []
    limits += [f"{graph.limit} of all steps at once"] if graph.limit is not None else []
    most = f": at most {' and '.join(limits)}" if limits else ""
    return f"{what} not made yet{most}; the next follows when one ends"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _why_not_open(graph: Graph, step: Step, found: Mapping[tuple[int, bool], StepFacts]) -> str:
    def is_open(number: int) -> bool:
        standing = found.get((number, False))
        return standing is None or standing.state is not StepState.SUCCEEDED

    names = [graph.steps[before].name for before in step.after if is_open(before)]
    if not names:
        return "starts within a second"
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"waits for {'step' if len(names) == 1 else 'steps'} {', '.join(names[:MOST_NAMES])}{more}"

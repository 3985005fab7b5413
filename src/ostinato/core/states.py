"""The states of a run, what may happen to it in each of them, and the reasons beside an end.

The whole state machine is the table `TABLE`: state x event. Every change in the database is one guarded UPDATE whose
source states are the ones from here; a CHECK constraint and tests hold both sides together, and
`docs/reference/states.md` is generated from it.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec


class State(StrEnum):
    QUEUED = "QUEUED"
    """It waits: for a free worker slot, or for what holds it."""
    CLAIMED = "CLAIMED"
    """A server has taken it for one of its workers, which has not said yet that it began."""
    RUNNING = "RUNNING"
    """A worker is at work on it; of a plan: its steps are."""
    SUCCEEDED = "SUCCEEDED"
    """It ended as it should."""
    FAILED = "FAILED"
    """It ended otherwise; the reason says how."""
    CANCELLED = "CANCELLED"
    """It ended because somebody wanted it to."""


class Reason(StrEnum):
    """Why a run ended as it did, or why it went back into the queue."""

    ERROR = "error"
    """The task said that it failed."""
    CHECK_FAILED = "check_failed"
    """A data-quality check found what it looks for."""
    EXIT_CODE = "exit_code"
    """A program ended with another code than 0."""
    TIMEOUT = "timeout"
    """An attempt took longer than its timeout, or a run longer than its own."""
    LOST = "lost"
    """The worker or server that held the attempt disappeared."""
    SHUTDOWN = "shutdown"
    """The server was stopped in good order and gave the run back."""
    STEP_FAILED = "step_failed"
    """A plan failed because at least one of its steps did not succeed."""
    CANCEL_REQUESTED = "cancel_requested"
    """Somebody wanted it to end."""
    INVALID = "invalid"
    """The definition cannot be run as it stands: unknown task type, unusable config, a parameter without a value."""
    MISFIRED = "misfired"
    """A schedule fired, and the run was not allowed to start."""


class Hold(StrEnum):
    """What a queued run waits for, other than a free worker slot."""

    DUE = "due"
    """Its time has not come: it is to be tried again later."""
    TASK = "task"
    """Another run of its task is at work, and they must not overlap."""
    PLAN = "plan"
    """Another run of its plan is at work, and they must not overlap."""
    POOL = "pool"
    """Every slot of its pool is taken."""
    PAUSED = "paused"
    """Somebody paused its task or plan."""


class Event(StrEnum):
    """What may happen to a run."""

    CLAIM = "claim"
    """A server takes it for a free worker slot."""
    BEGIN = "begin"
    """A plan, or a task that consists of steps, opens its first steps; it needs no worker."""
    START = "start"
    """The worker says that it began."""
    FINISH = "finish"
    """The work succeeded."""
    FAIL = "fail"
    """The work failed, and no further try is allowed."""
    RETRY = "retry"
    """The work failed, and another try is allowed."""
    RETRY_DUE = "retry-due"
    """The time of the next try has come."""
    TIMEOUT = "timeout"
    """The run has taken longer than its own time-out, waits and tries included."""
    CANCEL = "cancel"
    """Somebody wants it to end."""
    ENDED_ON_REQUEST = "ended-on-request"
    """The worker ended the attempt because it was told to."""
    LOST = "lost"
    """The worker or the server that held the attempt is gone."""
    RELEASE = "release"
    """The server that held the attempt stops in good order, or never learned that it holds it."""
    PAUSE = "pause"
    """Somebody pauses its task or plan."""
    RESUME = "resume"
    """Somebody resumes its task or plan."""
    RERUN = "re-run"
    """Somebody wants it to run again."""


class Kind(StrEnum):
    """What an event does to a run in a state."""

    MOVES = "moves"
    """The run gets another state."""
    NOTED = "noted"
    """The state stays; what was asked for is kept and takes effect later, or another run is made."""
    NOTHING = "nothing"
    """It comes too late, or does not concern a run in this state."""
    REFUSED = "refused"
    """Whoever asked gets an error."""


class Effect(msgspec.Struct, frozen=True):
    """What an event does, where it may lead to, and in words."""

    kind: Kind
    to: frozenset[State] = frozenset()
    words: str = ""


def _moves(words: str, *to: State) -> Effect:
    return Effect(Kind.MOVES, frozenset(to), words)


def _noted(words: str) -> Effect:
    return Effect(Kind.NOTED, frozenset(), words)


NOTHING = Effect(Kind.NOTHING)
_ENDED = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
_AT_WORK = (State.CLAIMED, State.RUNNING)

TABLE: Mapping[tuple[State, Event], Effect] = {
    (State.QUEUED, Event.CLAIM): _moves("a lease is given; held runs are passed over", State.CLAIMED),
    (State.QUEUED, Event.BEGIN): _moves("its first steps are opened", State.RUNNING),
    (State.QUEUED, Event.RETRY_DUE): _noted("the hold is taken off"),
    (State.QUEUED, Event.TIMEOUT): _moves("it ends at once", State.FAILED),
    (State.QUEUED, Event.CANCEL): _moves("it ends at once", State.CANCELLED),
    (State.QUEUED, Event.PAUSE): _noted("it is held until somebody resumes"),
    (State.QUEUED, Event.RESUME): _noted("the hold is taken off"),
    (State.CLAIMED, Event.START): _moves("", State.RUNNING),
    **{
        pair: effect
        for state in _AT_WORK
        for pair, effect in {
            (state, Event.FINISH): _moves("under its lease only", State.SUCCEEDED),
            (state, Event.FAIL): _moves("under its lease only", State.FAILED),
            (state, Event.RETRY): _moves(
                "under its lease only; ends instead if that was asked for",
                State.QUEUED,
                State.FAILED,
                State.CANCELLED,
            ),
            (state, Event.TIMEOUT): _noted("the worker is told; the run fails when the attempt has ended"),
            (state, Event.CANCEL): _noted("the worker is told; the run is cancelled when the attempt has ended"),
            (state, Event.ENDED_ON_REQUEST): _moves(
                "under its lease only; the reason says what was asked for", State.CANCELLED, State.FAILED
            ),
            (state, Event.LOST): _moves(
                "by policy; ends if that was asked for", State.QUEUED, State.FAILED, State.CANCELLED
            ),
            (state, Event.RELEASE): _moves("ends if that was asked for", State.QUEUED, State.FAILED, State.CANCELLED),
        }.items()
    },
    **{(state, Event.RERUN): Effect(Kind.REFUSED, words="it has not ended") for state in (State.QUEUED, *_AT_WORK)},
    **{(state, Event.RERUN): _noted("a new run that points to this one") for state in _ENDED},
}
"""What every event does in every state; a pair that is not here changes nothing.

CLAIMED -> SUCCEEDED is taken by work so short that it ended before its start was recorded.
"""


def effect(state: State, event: Event) -> Effect:
    return TABLE.get((state, event), NOTHING)


NEXT: Mapping[State, frozenset[State]] = {
    state: frozenset(target for (source, _), told in TABLE.items() if source is state for target in told.to)
    for state in State
}
"""From each state, the states a run may move to."""

LIVE: frozenset[State] = frozenset(state for state, following in NEXT.items() if following)
ENDED: frozenset[State] = frozenset(State) - LIVE


def sources(target: State) -> frozenset[State]:
    """The states from which `target` may be reached; goes into the WHERE of the statement that moves a run."""
    return frozenset(state for state, following in NEXT.items() if target in following)

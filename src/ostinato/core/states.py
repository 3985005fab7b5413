"""The states of a run, the moves between them, and the reasons beside an end.

The whole state machine is the table `NEXT`. Every change in the database is one guarded UPDATE whose
`state = ANY(sources)` comes from here; a CHECK constraint and a test hold both sides together.
"""

from enum import StrEnum


class State(StrEnum):
    QUEUED = "QUEUED"
    CLAIMED = "CLAIMED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Reason(StrEnum):
    """Why a run ended as it did, or why it went back into the queue."""

    ERROR = "error"
    """The task said that it failed."""
    CHECK_FAILED = "check_failed"
    """A data-quality check found what it looks for."""
    EXIT_CODE = "exit_code"
    """A program ended with another code than 0."""
    TIMEOUT = "timeout"
    LOST = "lost"
    """The worker or server that held the attempt disappeared."""
    SHUTDOWN = "shutdown"
    """The server was stopped in good order and gave the run back."""
    STEP_FAILED = "step_failed"
    """A plan failed because at least one of its steps did not succeed."""
    CANCEL_REQUESTED = "cancel_requested"
    INVALID = "invalid"
    """The definition cannot be run as it stands: unknown task type, unusable config."""


NEXT: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.CLAIMED, State.RUNNING, State.FAILED, State.CANCELLED}),
    State.CLAIMED: frozenset({State.QUEUED, State.RUNNING, State.SUCCEEDED, State.FAILED, State.CANCELLED}),
    State.RUNNING: frozenset({State.QUEUED, State.SUCCEEDED, State.FAILED, State.CANCELLED}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}
"""From each state, the states a run may move to.

QUEUED -> RUNNING is taken by runs that contain other runs (plans): they need no worker.
CLAIMED -> SUCCEEDED is taken by work so short that it ended before its start was recorded.
"""

LIVE: frozenset[State] = frozenset(state for state, following in NEXT.items() if following)
ENDED: frozenset[State] = frozenset(State) - LIVE


def sources(target: State) -> frozenset[State]:
    """The states from which `target` may be reached; goes into the WHERE of the statement that moves a run."""
    return frozenset(state for state, following in NEXT.items() if target in following)

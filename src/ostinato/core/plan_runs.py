"""What a run of a plan came to, everything below it considered; and how serious a line of a log is."""

import re
from collections.abc import Sequence
from datetime import datetime
from enum import IntEnum, StrEnum

import msgspec

from ostinato.core.ids import PlanId, RunId, TaskId
from ostinato.core.states import ENDED, Reason, State

WARNS = re.compile(r"\W{0,8}warn(ing)?\b", re.IGNORECASE)
FAILS = re.compile(r"\W{0,8}(error|fatal|critical)\b", re.IGNORECASE)
ENGINE_WARNS = re.compile(
    r"Attempt \d+ failed \(.*; another will follow$"
    r"|Attempt \d+ reported its end \("
    r"|The server that ran this attempt is gone: "
    r"|The server stopped: the attempt ended and will start again$"
    r"|The log ends here: it has ",
    re.DOTALL,
)
ENGINE_FAILS = re.compile(r"It cannot begin: |(Failed|Cancelled) \(\w+\): ")
"""The engine's own lines in logs that are no good news."""


class Level(IntEnum):
    INFORMATION = 0
    WARNING = 1
    ERROR = 2


class Summary(StrEnum):
    """How far a run of a plan is, and how it ended."""

    PENDING = "pending"
    """No worker has been given any task of it."""
    AT_WORK = "at work"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """It failed or was cancelled."""
    WITH_FAILURES = "with failures"
    """It succeeded, although something in it did not."""
    WITH_WARNINGS = "with warnings"
    """It and everything in it succeeded, and something in it was not as it should be."""


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A run of a plan (`root`) or a run below it."""

    root: RunId
    run: RunId
    parent: RunId | None
    step: int | None
    handler: bool
    task: TaskId | None
    plan: PlanId | None
    state: State
    reason: Reason | None
    message: str | None
    started_at: datetime | None
    ended_at: datetime | None
    by_worker: bool
    """A worker does it; otherwise it consists of steps."""
    found: bool
    """It succeeded, although it kept rows that a check returned."""
    name: str
    type: str | None
    """Of its task; None: it is a run of a plan."""
    uses: list[str]
    """The connections that its task names."""

    @property
    def level(self) -> Level:
        """How serious its end is."""
        if self.state in (State.FAILED, State.CANCELLED):
            return Level.ERROR
        return Level.WARNING if self.found else Level.INFORMATION

    @property
    def last_words(self) -> str:
        """What the engine wrote into its log when it ended otherwise than it should, if it wrote something."""
        return f"{self.state.capitalize()} ({self.reason}): {self.message}"


def summary(state: State, members: Sequence[Member], worst: Level) -> Summary:
    """Of a run in this state, with the runs below it and the most serious of their lines."""
    if state not in ENDED:
        return Summary.AT_WORK if any(map(_has_begun, members)) else Summary.PENDING
    if state is not State.SUCCEEDED:
        return Summary.FAILED
    if has_failures(members):
        return Summary.WITH_FAILURES
    return Summary.WITH_WARNINGS if worst > Level.INFORMATION else Summary.SUCCEEDED


def has_failures(members: Sequence[Member]) -> bool:
    """Whether something below did not succeed, when it ran last: a plan may have been tried again."""
    last: dict[RunId, dict[tuple[int | None, bool, TaskId | None, PlanId | None], Member]] = {}
    for member in sorted(members, key=lambda member: member.run):
        if member.parent is not None:
            last.setdefault(member.parent, {})[member.step, member.handler, member.task, member.plan] = member
    waiting = [member.run for member in members if member.parent is None]
    while waiting:
        for below in last.get(waiting.pop(), {}).values():
            if below.state in (State.FAILED, State.CANCELLED):
                return True
            waiting.append(below.run)
    return False


def level_of(line: str) -> Level:
    """Of a line in a log, by how it begins."""
    if FAILS.match(line) or ENGINE_FAILS.match(line):
        return Level.ERROR
    return Level.WARNING if WARNS.match(line) or ENGINE_WARNS.match(line) else Level.INFORMATION


def _has_begun(member: Member) -> bool:
    return member.by_worker and (member.state is not State.QUEUED or member.started_at is not None)

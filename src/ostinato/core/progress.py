"""What follows when a step of a running plan has ended: the whole rule of a plan's progress, without a database."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

from ostinato.core.plans import Graph
from ostinato.core.retries import RetryPolicy, retry_due
from ostinato.core.states import Reason, State


class StepState(StrEnum):
    WAITING = "waiting"
    """Some of the steps before it have succeeded, some have not ended."""
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class EndedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step (or the failure handler of a step) of plan run `run` whose last run has ended."""

    run: int
    step: int
    handler: bool
    state: StepState


class Following(msgspec.Struct, frozen=True, kw_only=True):
    """What one ended step sets going: steps that wait for one step less, or the step's failure handler."""

    followers: tuple[int, ...] = ()
    handler: bool = False
    failed: bool = False


class AtWork(msgspec.Struct, frozen=True):
    """A step at work in a plan run: how many of its runs are live, and how many are not made yet."""

    run: int
    step: int
    handler: bool
    open: int
    remaining: int


class PlanEnd(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a plan run without an active step: its end, or (QUEUED) another try that is due later."""

    state: State
    reason: Reason | None = None
    message: str | None = None
    due_at: datetime | None = None


NOTHING = Following()


def following(graph: Graph, ended: EndedStep, *, cancelling: bool) -> Following:
    """What follows when `ended` has ended, in a plan run that is being cancelled or not.

    A step that succeeded counts down its followers. One that did not starts its failure handler, once, and makes the
    plan fail; what comes after it never starts. The outcome of a handler changes nothing: it is recorded on its own.
    """
    if ended.handler or cancelling:
        return NOTHING
    if ended.state is StepState.SUCCEEDED:
        return Following(followers=tuple(graph.followers(ended.step)))
    return Following(handler=bool(graph.steps[ended.step].on_failure), failed=True)


def plan_end(
    *, failed_steps: int, cancel_reason: Reason | None, retries: RetryPolicy, attempt: int, now: datetime
) -> PlanEnd:
    """How a plan run ends when no step of it is active any more; a failed one may be tried again as a whole."""
    if cancel_reason is Reason.TIMEOUT:
        return PlanEnd(state=State.FAILED, reason=Reason.TIMEOUT, message="The run took longer than its own timeout")
    if cancel_reason is not None:
        return PlanEnd(state=State.CANCELLED, reason=Reason.CANCEL_REQUESTED)
    if not failed_steps:
        return PlanEnd(state=State.SUCCEEDED)
    message = "1 step did not succeed" if failed_steps == 1 else f"{failed_steps} steps did not succeed"
    due = retry_due(retries, attempt, Reason.STEP_FAILED, now)
    if due is not None:
        return PlanEnd(state=State.QUEUED, reason=Reason.STEP_FAILED, message=message, due_at=due)
    return PlanEnd(state=State.FAILED, reason=Reason.STEP_FAILED, message=message)


def allowed(graph: Graph, step: int, width: int, *, live_in_step: int, live_in_plan: int) -> int:
    """How many of `width` runs that a step has not made yet may be made now, within its limit and the plan's."""
    limits = ((graph.steps[step].limit, live_in_step), (graph.limit, live_in_plan))
    return max(0, min(width, *(limit - live for limit, live in limits if limit is not None), width))


def fill(graph: Graph, at_work: Sequence[AtWork]) -> list[tuple[AtWork, int]]:
    """Which steps at work in one plan run may go on, and with how many more runs each: earlier steps first."""
    live = sum(step.open for step in at_work)
    more = []
    for step in at_work:
        count = allowed(graph, step.step, step.remaining, live_in_step=step.open, live_in_plan=live)
        if count:
            live += count
            more.append((step, count))
    return more

"""What follows when a step of a running plan has ended: the whole rule of a plan's progress, without a database."""

from enum import StrEnum

import msgspec

from ostinato.core.plans import Graph


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

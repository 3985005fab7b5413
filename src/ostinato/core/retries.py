"""When a failed attempt, or a run of a plan, is tried again."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from ostinato.core.states import Reason

RetryReason: TypeAlias = Literal["error", "exit_code", "check_failed", "timeout", "step_failed"]
"""The reasons of an end that another try may mend."""

OF_PLANS: tuple[RetryReason, ...] = ("step_failed",)
"""Those of them for which a plan is tried again: its own time-out is for all its tries together."""

MOST_LOSSES = 3
"""How often a run may lose its worker before it fails with reason `lost`: work that kills its machine must end."""


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How often and how soon a failed attempt is repeated. A check that found something is not repeated by default."""

    attempts: Annotated[int, msgspec.Meta(ge=1, le=100, description="Tries in all, the first one included.")] = 1
    delay: Annotated[float, msgspec.Meta(ge=0, le=86_400, description="Seconds before the second try.")] = 10
    factor: Annotated[float, msgspec.Meta(ge=1, le=10, description="Each further wait is longer by this factor.")] = 2
    ceiling: Annotated[float, msgspec.Meta(ge=0, le=86_400, description="No wait is longer than this, in seconds.")] = (
        3_600
    )
    on: Annotated[tuple[RetryReason, ...], msgspec.Meta(description="The reasons that are worth another try.")] = (
        "error",
        "exit_code",
        "timeout",
        "step_failed",
    )
    on_lost: Annotated[
        Literal["requeue", "fail"],
        msgspec.Meta(description="When the worker was lost: run again, at most 3 times, or give up."),
    ] = "requeue"


def policy_of(stored: Any) -> RetryPolicy:
    """A policy as it is stored; one that cannot be read allows no further try."""
    try:
        return msgspec.convert(stored, RetryPolicy)
    except msgspec.ValidationError:
        return RetryPolicy()


def retry_due(policy: RetryPolicy, attempt: int, reason: Reason | None, now: datetime) -> datetime | None:
    """When the next attempt is due after attempt number `attempt` failed, or None if there is none."""
    if reason not in policy.on or attempt >= policy.attempts:
        return None
    wait = min(policy.delay * policy.factor ** (attempt - 1), policy.ceiling)
    return now + timedelta(seconds=wait)

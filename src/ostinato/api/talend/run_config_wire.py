"""How tasks and plans are run, and that they are paused, as Talend clients send and read it; what is possible of it."""

from typing import Annotated, Literal, TypeAlias

import msgspec

from ostinato.api.talend import wire
from ostinato.core.errors import Invalid, Problem

RuntimeType: TypeAlias = Literal[
    "CLOUD", "REMOTE_ENGINE", "REMOTE_ENGINE_CLUSTER", "CLOUD_EXCLUSIVE", "PIPELINE_ENGINE"
]
TriggerType: TypeAlias = Literal["ONCE", "DAILY", "WEEKLY", "MONTHLY", "WEBHOOK", "MANUAL", "CRON", "MULTIPLE"]
LogLevel: TypeAlias = Literal["OFF", "ERROR", "WARN", "INFO"]
UserType: TypeAlias = Literal["HUMAN", "SERVICE"]
Day: TypeAlias = Literal["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
Whole: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**31), le=2**31 - 1)]
Long: TypeAlias = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Minutes: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=525_600)]
"""Up to a year."""


class TimeSchedule(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """At which times of a day."""

    type: Literal["AT_TIME", "AT_SPECIFIC_TIMES", "AT_INTERVALS"]
    times: Annotated[tuple[wire.Sent, ...], msgspec.Meta(max_length=1_000)] | None = None
    time: wire.Sent | None = None
    start_time: wire.Sent | None = None
    end_time: wire.Sent | None = None
    interval: Annotated[Whole | None, msgspec.Meta(description="Minutes.")] = None


class DaySchedule(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """On which days of a week or month."""

    type: Literal["DAY_OF_WEEK", "DAY_OF_MONTH"]
    day: Whole | None = None
    days: Annotated[tuple[Day, ...], msgspec.Meta(max_length=1_000)] | None = None


class Webhook(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """What starts a task when its address is called."""

    name: wire.Sent
    description: wire.Words | None = None
    trigger_calls: Long | None = None
    trigger_timeout: Long | None = None
    run_as_user: wire.Sent | None = None
    new_url: bool | None = None
    url: wire.Words | None = None
    execution_timeout: Long | None = None
    run_as_user_type: UserType | None = None


class Trigger(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """When something starts by itself."""

    type: TriggerType
    interval: Whole | None = None
    start_date: wire.Sent | None = None
    start_time: wire.Sent | None = None
    time_zone: wire.Sent | None = None
    at_times: TimeSchedule | None = None
    at_days: DaySchedule | None = None
    webhook: Webhook | None = None
    cron_expression: wire.Words | None = None


class Runtime(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """Where something runs."""

    type: RuntimeType | None = None
    id: wire.Sent | None = None
    engine_id: wire.Sent | None = None
    cluster_id: wire.Sent | None = None
    run_profile_id: wire.Sent | None = None


class TaskRunConfig(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """How a task is run."""

    trigger: Trigger
    runtime: Runtime | None = None
    parallel_execution_allowed: bool | None = None
    log_level: Annotated[LogLevel | None, msgspec.Meta(description="Of Talend jobs; of others it has no effect.")] = (
        None
    )
    remote_run_as_user: wire.Sent | None = None
    timeout: Annotated[Minutes | None, msgspec.Meta(description="Minutes after which an execution is ended.")] = None
    deployment_strategy: Literal["ROLLING", "PARALLEL"] | None = None
    lineage: bool | None = None
    microservice_port: wire.Sent | None = None


class DETaskRunConfig(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """The same for dynamic engines."""

    trigger: Trigger
    parallel_execution_allowed: bool | None = None
    log_level: Annotated[LogLevel | None, msgspec.Meta(description="Of Talend jobs; of others it has no effect.")] = (
        None
    )
    timeout: Annotated[Minutes | None, msgspec.Meta(description="Minutes after which an execution is ended.")] = None
    run_profile_id: wire.Sent | None = None
    lineage: bool | None = None


class PlanRunConfig(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """How a plan is run."""

    trigger: Trigger
    runtime: Runtime | None = None
    parallel_execution_allowed: bool | None = None


class PauseDetails(
    msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True
):
    """Whether a task or plan is paused, why, by whom and since when; the last two are never taken from a client."""

    pause: bool
    pause_context: wire.Words | None = None
    user: Annotated[wire.Sent | None, msgspec.Meta(description="Who paused it.")] = None
    user_type: UserType | None = None
    pause_date: wire.Sent | None = None


CLOUD = Runtime(type="CLOUD")
"""Where everything runs."""


def require_cloud(runtime: Runtime | None) -> None:
    """Raise Invalid for engines elsewhere. A client may send back what it was shown, and empty ids."""
    if runtime is None:
        return
    if runtime.type not in (None, "CLOUD"):
        raise Invalid(Problem(path="runtime.type", message="everything runs on this server: use CLOUD"))
    for field in ("id", "engine_id", "cluster_id", "run_profile_id"):
        if getattr(runtime, field):
            message = "there are no engines and run profiles here: leave runtime out, or use {'type': 'CLOUD'}"
            raise Invalid(Problem(path="runtime", message=message))

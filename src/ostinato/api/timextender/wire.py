"""What the TimeXtender Orchestration API sends and receives, field by field as its document has it."""

from typing import Annotated, Literal, TypeAlias, get_args

import msgspec

TaskType: TypeAlias = Literal[
    "Query",
    "CompareQuery",
    "Package",
    "ObjectGroup",
    "Process",
    "ScheduleGroup",
    "TestGroup",
    "OrchestrationMap",
    "Link",
    "EmailSummary",
    "Rule",
]
TASK_TYPES: tuple[str, ...] = get_args(TaskType)
"""In the order in which the message about an unknown one lists them."""
TYPES_WITHOUT_LOG = ("Query", "CompareQuery")
UAT = ("Production", "PROD", "Development", "DEV", "Test", "TEST")

LONGEST_PAGE = 10_000
HISTORY_PAGE = 50
PAGE = 100
MOST_LINES = 100_000
LARGEST_NUMBER = 2**31 - 1
LARGEST_ID = 2**63 - 1

TaskStatus: TypeAlias = Literal["Finished", "Failed", "Running", "Queued", "Outdated", "Disabled"]
ExecutionStatus: TypeAlias = Literal["Finished", "Failed", "Running"]
LocalTime: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$",
        description="Local time of the server's time zone, without offset.",
    ),
]


class Workspace(msgspec.Struct, frozen=True, kw_only=True):
    key: Annotated[str, msgspec.Meta(description="Unique; the value for all other operations.")]
    name: str
    description: str | None


class ProcessMap(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    process_map_id: int
    name: str
    workspace: str
    last_execution_date: Annotated[LocalTime | None, msgspec.Meta(description="When it last started.")]
    successful_tasks: int
    failed_tasks: int
    running_tasks: int
    queued_tasks: int
    disabled_tasks: int


class Task(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    task_id: Annotated[int, msgspec.Meta(description="Unique within its taskType only.")]
    task_name: str
    task_type: TaskType
    status: TaskStatus
    process_map_id: Annotated[int | None, msgspec.Meta(description="null: it belongs to no process map.")]
    process_map_name: str | None
    last_execution_start_time: LocalTime | None
    last_execution_end_time: Annotated[LocalTime | None, msgspec.Meta(description="null while it is running.")]


class LatestExecution(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    task_id: int
    task_name: str
    task_type: TaskType
    status: TaskStatus
    last_start_time: LocalTime | None
    last_end_time: Annotated[LocalTime | None, msgspec.Meta(description="null while it is running.")]
    duration: Annotated[str, msgspec.Meta(description="Of the last completed run, like `1h 02m 15s`; empty: none yet.")]


class Execution(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    execution_id: int
    start_time: LocalTime
    end_time: LocalTime | None
    status: ExecutionStatus
    duration_seconds: Annotated[int | None, msgspec.Meta(description="null while it is running.")]


class LogEntry(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    log_time: LocalTime
    log: str


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """Fields that are not known are ignored."""

    uat: (
        Annotated[
            str,
            msgspec.Meta(
                extra_json_schema={
                    "description": "Environment, in any case; Production if left out.",
                    "extra": {"enum": list(UAT)},
                }
            ),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET


NO_BODY = Trigger()
"""What a trigger without a body means."""

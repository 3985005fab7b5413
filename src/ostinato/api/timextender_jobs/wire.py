"""What the TimeXtender Jobs API sends, property by property as its document has it.

The names are written as documented (PascalCase); `translate.written` writes them otherwise where a setting says so.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

LONGEST_PAGE = 10_000
"""Jobs in one answer."""
LONGEST_LOGS = 1_000
"""Executions in one answer."""
LARGEST_OFFSET = 100_000

STATUSES = (0, 1, 2)
STATES = (-1, 0, 1, 2, 3, 4, 5)
SEVERITIES = (0, 1, 2)

JobStatusCode: TypeAlias = Annotated[
    Literal[0, 1, 2], msgspec.Meta(description="0: idle (the document also says None); 1: pending; 2: running.")
]
JobExecutionState: TypeAlias = Annotated[
    Literal[-1, 0, 1, 2, 3, 4, 5],
    msgspec.Meta(
        description="-1: none (never sent); 0: created; 1: running; 2: completed; 3: failed; 4: completed with errors;"
        " 5: completed with warnings."
    ),
]
LogSeverity: TypeAlias = Annotated[Literal[0, 1, 2], msgspec.Meta(description="0: information; 1: warning; 2: error.")]
GUID = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
Guid: TypeAlias = Annotated[str, msgspec.Meta(pattern=GUID, extra_json_schema={"extra": {"format": "uuid"}})]
LocalTime: TypeAlias = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}$",
        description="Local time of the server's time zone, without offset.",
    ),
]


class Job(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    id: Annotated[Guid, msgspec.Meta(description="The identifier for the other operations.")]
    name: str


class ExecuteJobResult(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    job_id: Guid
    message: Annotated[str, msgspec.Meta(description="Says that the job has been queued.")]
    trigger_id: Annotated[Guid, msgspec.Meta(description="Of the one execution that this request started.")]


class JobStatus(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    job_id: Guid
    status: JobStatusCode
    message: Annotated[str, msgspec.Meta(description="What the status means at the moment.")]


class JobExecutionLog(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The last three are there with `details=true` only, and not the vendor's."""

    id: Guid
    job_execution_id: Guid
    time_stamp: LocalTime
    severity: LogSeverity
    message: Annotated[str, msgspec.Meta(description="Begins with the name of the task that it is about.")]
    task_name: (
        Annotated[str | None, msgspec.Meta(description="null: the line is about the job itself.")] | msgspec.UnsetType
    ) = msgspec.UNSET
    task_type: str | msgspec.UnsetType | None = msgspec.UNSET
    connection_names: (
        Annotated[list[str], msgspec.Meta(description="The connections that the task names.")] | msgspec.UnsetType
    ) = msgspec.UNSET


class JobExecution(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    id: Guid
    job_id: Guid
    state: JobExecutionState
    create_time: LocalTime
    end_time: Annotated[LocalTime | None, msgspec.Meta(description="null while it is pending or running.")]
    trigger_id: Annotated[
        Guid, msgspec.Meta(description="All zeros, if it was started in the server's own application.")
    ]
    job_execution_logs: Annotated[list[JobExecutionLog], msgspec.Meta(description="The oldest line first.")]

"""What our own dialect sends and receives: camelCase JSON, times in UTC with milliseconds."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from ostinato.core.parameters import MOST_PARAMETERS
from ostinato.core.plans import Condition
from ostinato.core.progress import StepState
from ostinato.core.reruns import Part
from ostinato.core.states import Reason, State

LARGEST = 2**63 - 1
LONGEST_NAME = 1_000
MOST_FILES = 10_000

CLEAN = r"^[^\x00]*$"
"""Text that PostgreSQL can store: no NUL."""

Text: TypeAlias = Annotated[str, msgspec.Meta(pattern=CLEAN)]
Name: TypeAlias = Annotated[str, msgspec.Meta(pattern=CLEAN, min_length=1, max_length=LONGEST_NAME)]
Note: TypeAlias = Annotated[str, msgspec.Meta(pattern=CLEAN, max_length=500)]
Instant: TypeAlias = Annotated[str, msgspec.Meta(description="RFC 3339, UTC, milliseconds: 2026-03-01T12:00:00.000Z")]
Day: TypeAlias = Annotated[str, msgspec.Meta(description="A day in UTC: 2026-03-01")]
StepName: TypeAlias = Literal["waiting", "running", "succeeded", "failed", "cancelled", "skipped"]


class Health(msgspec.Struct, frozen=True, kw_only=True):
    status: Literal["ok", "starting"]
    version: str | msgspec.UnsetType = msgspec.UNSET


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to whoever watches over the server."""

    status: Literal["ok", "failing"]
    reason: Annotated[str | None, msgspec.Meta(description="Why it is failing, in words.")]


class Start(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What to start: a plan or task by its name."""

    name: Name
    environment: Name = "Production"
    workspace: Name | None = None
    parameters: Annotated[
        dict[Name, Text | int | float | bool],
        msgspec.Meta(max_length=MOST_PARAMETERS, description="Values of parameters it declares, by name."),
    ] = msgspec.field(default_factory=dict)
    priority: Annotated[int, msgspec.Meta(ge=-1_000, le=1_000)] | None = None


class Rerun(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What of an ended run is to run again, and in which version."""

    part: Part = Part.ALL
    step: Annotated[Name | None, msgspec.Meta(description="For from_step: the name of the step.")] = None
    version: Annotated[
        Literal["same", "newest"], msgspec.Meta(description="The version it ran with, or the newest one.")
    ] = "same"


class Pause(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Pause or resume a plan or task by its name: a paused one refuses to start, what is at work finishes."""

    name: Name
    paused: bool
    environment: Name = "Production"
    workspace: Name | None = None
    note: Annotated[Note | None, msgspec.Meta(description="Why, for those who wait.")] = None


class Paused(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How it stands now; `changed` says whether it stood otherwise before."""

    kind: Annotated[str, msgspec.Meta(description="task or plan")]
    name: str
    workspace: str
    environment: str
    paused: bool
    changed: bool


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a running attempt is, as its worker last said."""

    rows: int
    total: int | None


class Run(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One execution of a task or a plan."""

    id: int
    kind: Annotated[str, msgspec.Meta(description="task or plan")]
    name: str
    number: Annotated[int, msgspec.Meta(description="How the task (within its type) or plan is known outside.")]
    task_type: str | None
    workspace: str
    environment: str
    state: State
    reason: Annotated[Reason | None, msgspec.Meta(description="Why it ended, or was queued again.")]
    message: str | None
    attempt: int
    queued_at: Instant
    started_at: Instant | None
    ended_at: Instant | None
    duration_seconds: Annotated[float | None, msgspec.Meta(description="From start to end; null until it has ended.")]
    due_at: Instant
    parent: Annotated[int | None, msgspec.Meta(description="The plan run it belongs to.")]
    root: Annotated[int | None, msgspec.Meta(description="The outermost plan run it belongs to.")]
    step: Annotated[str | None, msgspec.Meta(description="The step it is part of, where known.")]
    handler: Annotated[bool, msgspec.Meta(description="Whether it handles the failure of that step.")]
    rows: int | None
    counts: Mapping[str, int] | None
    cancel_requested: bool
    plan_version: int | None
    priority: Annotated[int, msgspec.Meta(description="Of two runs that could start, the one with more goes first.")]
    deadline_at: Annotated[Instant | None, msgspec.Meta(description="When it fails if it has not ended by then.")]
    cause: Annotated[
        str,
        msgspec.Meta(
            description="What started it: api, manual (our own application), plan, schedule, webhook, data or backfill."
        ),
    ]
    rerun_of: Annotated[int | None, msgspec.Meta(description="The run that it is a re-run of.")]
    parameters: (
        Annotated[
            Mapping[str, Any] | None,
            msgspec.Meta(description="Values it was started with; not among the items of a list and below a run."),
        ]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    progress: Progress | None
    waiting: Annotated[
        str | None, msgspec.Meta(description="What it waits for and what wakes it; null if it is running or has ended.")
    ]


class RunPage(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    items: Sequence[Run]
    next: Annotated[int | None, msgspec.Meta(description="`before` of the next page; null on the last page.")]
    total: (
        Annotated[int, msgspec.Meta(description="With `total`: how many runs match, on all pages together.")]
        | msgspec.UnsetType
    ) = msgspec.UNSET
    total_is_exact: (
        Annotated[bool, msgspec.Meta(description="With `total`: false if more match than that, 10,000.")]
        | msgspec.UnsetType
    ) = msgspec.UNSET


class Step(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A step of a plan run."""

    name: str
    state: Annotated[StepName, msgspec.Meta(description="skipped: it never started.")]
    after: Sequence[str]
    condition: Condition
    handler_state: Annotated[StepState | None, msgspec.Meta(description="How far its failure handler is.")]
    waiting: Annotated[str | None, msgspec.Meta(description="What it waits for, or which of its runs are held back.")]


class RunDetail(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    run: Run
    children: Annotated[Sequence[Run], msgspec.Meta(description="Every run below it, oldest first.")]
    steps: Sequence[Step]
    skipped_steps: Sequence[str]


class LogLine(msgspec.Struct, frozen=True, kw_only=True):
    seq: int
    attempt: int
    at: Instant
    text: str


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    lines: Sequence[LogLine]
    next: Annotated[int, msgspec.Meta(description="`after` of the next request.")]
    ended: Annotated[bool, msgspec.Meta(description="The run has ended and this was its last line.")]


class FindingItem(msgspec.Struct, frozen=True, kw_only=True):
    kind: str
    row: Mapping[str, Any]


class FindingPage(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[FindingItem]
    total: Annotated[int, msgspec.Meta(description="How many rows were kept.")]


class DefinitionFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Name
    text: Text


class DefinitionFiles(msgspec.Struct, frozen=True, kw_only=True):
    files: Sequence[DefinitionFile]


class Bundle(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Definition files as they are on disk, with the values of their variables."""

    files: Annotated[Sequence[DefinitionFile], msgspec.Meta(max_length=MOST_FILES)]
    variables: Mapping[Text, Text] = msgspec.field(default_factory=dict)
    environment: Name | None = None


class ChangeItem(msgspec.Struct, frozen=True, kw_only=True):
    action: Annotated[str, msgspec.Meta(description="created, changed or left")]
    kind: str
    name: str
    workspace: str | None
    environment: str | None
    fields: Annotated[Sequence[str], msgspec.Meta(description="What is different.")]


class Changes(msgspec.Struct, frozen=True, kw_only=True):
    changes: Sequence[ChangeItem]
    created: int
    changed: int
    left: int


class EnvironmentRetention(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How long an environment keeps what; null: for ever, but logs and findings never longer than their runs."""

    environment: str
    runs_days: int | None
    logs_days: int | None
    findings_days: int | None
    oldest_day: Annotated[Day | None, msgspec.Meta(description="The first day of which there is history.")]


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    items: Sequence[EnvironmentRetention]


class WorkCounts(msgspec.Struct, frozen=True, kw_only=True):
    queued: int
    running: int
    plans: int


class Status(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    work: WorkCounts


class StreamEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a stream; fields that an event does not have are left out."""

    event: Literal["run", "child", "progress", "log", "refused", "end"] | msgspec.UnsetType = msgspec.UNSET
    id: Annotated[str, msgspec.Meta(description="What `Last-Event-ID` goes on from.")] | msgspec.UnsetType = (
        msgspec.UNSET
    )
    data: Annotated[str, msgspec.Meta(description="JSON.")] | msgspec.UnsetType = msgspec.UNSET
    retry: Annotated[int, msgspec.Meta(description="Milliseconds.")] | msgspec.UnsetType = msgspec.UNSET

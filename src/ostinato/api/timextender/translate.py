"""Between the core's words and those of the TimeXtender Orchestration API."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from ostinato.api.timextender import wire
from ostinato.api.timextender.engine_lines import with_engine_lines
from ostinato.api.timextender.errors import UnknownTaskType
from ostinato.app.workspaces import no_access
from ostinato.core.errors import Invalid, Problem
from ostinato.core.ids import RunId
from ostinato.core.states import State
from ostinato.store.logs import Written
from ostinato.store.plans import Listed as ListedPlan
from ostinato.store.runs import Seen
from ostinato.store.tasks import Listed, Past, Standing
from ostinato.store.workspaces import Place, Stage, Workspace

STAGES: dict[str, Stage] = {
    "production": "production",
    "prod": "production",
    "development": "development",
    "dev": "development",
    "test": "test",
}
STATUSES: dict[Standing, wire.TaskStatus] = {
    Standing.SUCCEEDED: "Finished",
    Standing.FAILED: "Failed",
    Standing.RUNNING: "Running",
    Standing.QUEUED: "Queued",
    Standing.OUTDATED: "Outdated",
    Standing.DISABLED: "Disabled",
}
ENDS: dict[State, wire.ExecutionStatus] = {
    State.SUCCEEDED: "Finished",
    State.FAILED: "Failed",
    State.CANCELLED: "Failed",
}
"""What is in none of them is under way."""
KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
EVERY_WORKSPACE = "all"
LONGEST_NUMBER = 100
WHOLE_SECONDS = len("2026-03-14T22:00:05")


def place(workspace: str, uat: str | None) -> Place:
    """One workspace; text that cannot be a key is refused like a key that nobody has."""
    known = stage(uat)
    if not KEY.fullmatch(workspace) or workspace == EVERY_WORKSPACE:
        raise no_access(workspace[:100])
    return Place(stage=known, workspace=workspace)


def place_or_all(workspace: str, uat: str | None) -> Place:
    """One workspace, or with `all` every one."""
    if workspace == EVERY_WORKSPACE:
        return Place(stage=stage(uat), workspace=None)
    return place(workspace, uat)


def place_at_any_stage(workspace: str, uat: str | None) -> Place:
    """A workspace whose stage is left open, unless it is given."""
    found = place(workspace, uat)
    return found if uat is not None else Place(stage=None, workspace=found.workspace)


def place_to_trigger(workspace: str, query: str | None, body: wire.Trigger) -> Place:
    """The environment comes from the body, or from the query; both may be given if they mean the same."""
    named = body.uat if isinstance(body.uat, str) else query
    if query is not None and stage(query) != stage(named):
        raise Invalid(Problem(path="uat", message="the query and the body name different environments"))
    return place(workspace, named)


def stage(uat: str | None) -> Stage:
    if uat is None:
        return "production"
    try:
        return STAGES[uat.lower()]
    except KeyError as error:
        message = f"{uat[:100]!r} is no environment: use one of {', '.join(wire.UAT)}"
        raise Invalid(Problem(path="uat", message=message, allowed=wire.UAT)) from error


class Nothing(int):
    """The number 0, which nothing has, in place of one that nothing can have; messages name that one."""

    def __new__(cls, sent: int) -> "Nothing":
        nothing = super().__new__(cls, 0)
        nothing.sent = sent
        return nothing

    sent: int

    def __repr__(self) -> str:
        return str(self.sent)[:LONGEST_NUMBER]

    __str__ = __repr__


def task_type(sent: str) -> str:
    """Raises UnknownTaskType."""
    if sent not in wire.TASK_TYPES:
        raise UnknownTaskType(sent)
    return sent


def number(sent: int) -> int:
    """Of a task or a process map."""
    return sent if 0 < sent <= wire.LARGEST_NUMBER else Nothing(sent)


def run(sent: int) -> RunId:
    return RunId(sent if 0 < sent <= wire.LARGEST_ID else Nothing(sent))


def workspaces(found: Iterable[Workspace]) -> list[wire.Workspace]:
    return [wire.Workspace(key=w.key, name=w.name, description=w.description) for w in found]


def process_maps(plans: Iterable[ListedPlan], zone: ZoneInfo) -> list[wire.ProcessMap]:
    return [
        wire.ProcessMap(
            process_map_id=plan.number,
            name=plan.name,
            workspace=plan.workspace,
            last_execution_date=local(plan.last_started_at, zone),
            successful_tasks=plan.succeeded,
            failed_tasks=plan.failed,
            running_tasks=plan.running,
            queued_tasks=plan.queued,
            disabled_tasks=plan.disabled,
        )
        for plan in plans
    ]


def tasks(listed: Iterable[Listed], zone: ZoneInfo) -> list[wire.Task]:
    return [task(one, zone) for one in listed]


def task(listed: Listed, zone: ZoneInfo) -> wire.Task:
    return wire.Task(
        task_id=listed.number,
        task_name=listed.name,
        task_type=listed.type,  # type: ignore[arg-type]  # the statement was given the types we know
        status=STATUSES[listed.standing],
        process_map_id=listed.plan_number,
        process_map_name=listed.plan_name,
        last_execution_start_time=local(listed.started_at, zone),
        last_execution_end_time=local(listed.ended_at, zone),
    )


def latest_executions(listed: Iterable[Listed], zone: ZoneInfo) -> list[wire.LatestExecution]:
    return [
        wire.LatestExecution(
            task_id=one.number,
            task_name=one.name,
            task_type=one.type,  # type: ignore[arg-type]  # the statement was given the types we know
            status=STATUSES[one.standing],
            last_start_time=local(one.started_at, zone),
            last_end_time=local(one.ended_at, zone),
            duration=duration(whole_seconds(one.last_started_at, one.last_ended_at)),
        )
        for one in listed
    ]


def executions(past: Iterable[Past], zone: ZoneInfo) -> list[wire.Execution]:
    return [
        wire.Execution(
            execution_id=one.run,
            start_time=_local(one.started_at, zone),
            end_time=local(one.ended_at, zone),
            status=ENDS.get(one.state, "Running"),
            duration_seconds=whole_seconds(one.started_at, one.ended_at),
        )
        for one in past
    ]


def log(run: Seen, lines: Sequence[Written], zone: ZoneInfo) -> list[wire.LogEntry]:
    """The document: of checks the log is always empty."""
    if run.task_type in wire.TYPES_WITHOUT_LOG:
        return []
    told = with_engine_lines(run, lines, wire.MOST_LINES)
    return [wire.LogEntry(log_time=_local(at, zone), log=text) for at, text in told]


def local(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else _local(at, zone)


def whole_seconds(began: datetime | None, ended: datetime | None) -> int | None:
    """Between the two times as they are shown, so that a reader who subtracts them gets the same."""
    if began is None or ended is None:
        return None
    return max(0, int((ended.replace(microsecond=0) - began.replace(microsecond=0)).total_seconds()))


def duration(seconds: int | None) -> str:
    """`1h 02m 15s`, `01m 27s`, `03s`: leading zero units are left out; nothing at all for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h {minutes:02}m {rest:02}s"
    return f"{minutes:02}m {rest:02}s" if minutes else f"{rest:02}s"


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat()[:WHOLE_SECONDS]

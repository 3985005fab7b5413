"""Between the core's words and those of the TimeXtender Jobs API."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from ostinato.api.timextender_jobs import wire
from ostinato.app.plan_runs import Read, Standing, Told
from ostinato.core import guids
from ostinato.core.errors import Invalid, NotFound, Problem
from ostinato.core.guids import Kind
from ostinato.core.ids import PlanId, RunId
from ostinato.core.plan_runs import Level, Member, Summary, level_of
from ostinato.core.states import State
from ostinato.core.times import instant
from ostinato.store.plan_runs import Line, Plan

STATES: dict[Summary, wire.JobExecutionState] = {
    Summary.PENDING: 0,
    Summary.AT_WORK: 1,
    Summary.SUCCEEDED: 2,
    Summary.FAILED: 3,
    Summary.WITH_FAILURES: 4,
    Summary.WITH_WARNINGS: 5,
}
ENDS: dict[State, str] = {State.SUCCEEDED: "completed", State.FAILED: "failed", State.CANCELLED: "was cancelled"}
BEGUN, ENDED, CUT = -1, -2, -3
"""The places of lines that are in no log; those that are have numbers from 0 on."""
CUT_SHORT = "The log is longer than one answer holds, and ends here: /api/v1/runs/{} names every run, each with its log"
SPACE_FOR_PLUS = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")
LONGEST_ECHO = 100
LONGEST_MOMENT = 40
FIRST, LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


class Known(int):
    """A number the client knows as a guid, which messages say; 0, which nothing has, for a guid that is not ours."""

    def __new__(cls, number: int, guid: UUID) -> "Known":
        known = super().__new__(cls, number)
        known.guid = guid
        return known

    guid: UUID

    def __repr__(self) -> str:
        return str(self.guid)

    __str__ = __repr__


class Ids:
    """The guids of one installation."""

    def __init__(self, installation: int) -> None:
        self._installation = installation

    def job(self, plan: PlanId) -> str:
        return str(guids.make(self._installation, Kind.PLAN, plan))

    def execution(self, run: RunId) -> str:
        return str(guids.make(self._installation, Kind.RUN, run))

    def trigger(self, run: RunId, cause: str = "api") -> str:
        """The document: the empty guid, if it was started from the application."""
        return str(guids.EMPTY if cause == "manual" else guids.make(self._installation, Kind.TRIGGER, run))

    def line(self, run: RunId, place: int) -> str:
        return str(guids.of_line(self._installation, run, place))

    def plan_of(self, sent: str) -> PlanId:
        return PlanId(self._known("job_id", sent, Kind.PLAN))

    def trigger_of(self, sent: str) -> "Known":
        return self._known("trigger_id", sent, Kind.TRIGGER)

    def run_of_execution(self, sent: str) -> RunId:
        """Raises NotFound for one that never was: all executions would come before it, again and again."""
        known = self._known("before", sent, Kind.RUN)
        if not known:
            raise NotFound("Run", known)
        return RunId(known)

    def _known(self, name: str, sent: str, kind: Kind) -> Known:
        guid = guids.parse(sent)
        if guid is None:
            shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in sent[:LONGEST_ECHO])
            raise Invalid(Problem(path=name, message=f"{shown!r} is no guid: use one that this API gave you"))
        return Known(guids.number_of(guid, self._installation, kind) or 0, guid)


def jobs(plans: Iterable[Plan], ids: Ids) -> list[wire.Job]:
    return [wire.Job(id=ids.job(plan.plan), name=plan.name) for plan in plans]


def queued(plan: Plan, run: RunId, ids: Ids) -> wire.ExecuteJobResult:
    message = f"The job '{plan.name}' has been queued and will be started"
    return wire.ExecuteJobResult(job_id=ids.job(plan.plan), message=message, trigger_id=ids.trigger(run))


def status(standing: Standing, ids: Ids) -> wire.JobStatus:
    plan = standing.plan
    code: wire.JobStatusCode = 2 if plan.begun else 1 if plan.live is not None else 0
    match code:
        case 2:
            message = "The job is running"
        case 1:
            message = f"The job is pending: it {standing.waits or 'waits for its first task to start'}"
        case _:
            message = f"The job is idle{_why_not_ready(plan)}"
    return wire.JobStatus(job_id=ids.job(plan.plan), status=code, message=message)


def executions(read: Read, severities: Collection[int] | None, zone: ZoneInfo, ids: Ids, *, details: bool) -> Any:
    """The executions, with the lines of these severities (None: all)."""
    return [_execution(read.plan, one, severities, zone, ids, details=details) for one in read.runs]


def headers(read: Read, following: str | None) -> list[tuple[str, str]]:
    """How long executions and their logs are kept, and where the next ones are."""
    kept = read.retention
    runs = kept.runs_days if kept is not None else None
    logs = kept.logs_days if kept is not None and kept.logs_days is not None else runs
    links = ['</api/v1/retention>; rel="describedby"']
    if following is not None:
        links.insert(0, f'<{following}>; rel="next"')
    return [
        ("x-retention-days", "unlimited" if runs is None else str(runs)),
        ("x-log-retention-days", "unlimited" if logs is None else str(min(logs, runs or logs))),
        ("link", ", ".join(links)),
    ]


def written(answer: Any, case: Literal["pascal", "camel"]) -> bytes:
    """The answer as JSON."""
    return msgspec.json.encode(answer if case == "pascal" else camel(msgspec.to_builtins(answer)))


def camel(part: Any) -> Any:
    """The same with names that begin with a small letter."""
    if isinstance(part, list):
        return [camel(item) for item in part]
    if isinstance(part, dict):
        return {camel_name(name): camel(value) for name, value in part.items()}
    return part


def camel_name(name: str) -> str:
    return name[:1].lower() + name[1:]


def moment(name: str, sent: str | None, zone: ZoneInfo) -> datetime | None:
    """A time as it was sent, local to the server's zone unless it has an offset; raises Invalid."""
    if sent is None:
        return None
    try:
        # A plus sign that was not escaped arrives as a space.
        read = datetime.fromisoformat(SPACE_FOR_PLUS.sub("+", sent.strip()) if len(sent) <= LONGEST_MOMENT else "")
    except ValueError as error:
        message = "write a time such as 2026-03-14T22:00:05.123, or with an offset 2026-03-14T22:00:05Z"
        raise Invalid(Problem(path=name, message=message)) from error
    try:
        return (read if read.tzinfo is not None else read.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError:  # by its offset it is just outside of the years that there are
        return FIRST if read.year == 1 else LAST


def codes(name: str, sent: Sequence[str] | None, allowed: Sequence[int]) -> frozenset[int] | None:
    """Codes that are given one by one or with commas between; raises Invalid."""
    if sent is None:
        return None
    texts = [text.strip() for part in sent for text in part.split(",")]
    known = {str(code): code for code in allowed}
    if wrong := [text for text in texts if text not in known]:
        message = f"{wrong[0][:LONGEST_ECHO]!r} is none: use one or more of {', '.join(known)}"
        raise Invalid(Problem(path=name, message=message, allowed=tuple(known)))
    return frozenset(known[text] for text in texts)


def summaries(states: frozenset[int] | None) -> frozenset[Summary] | None:
    return None if states is None else frozenset(one for one, state in STATES.items() if state in states)


def local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).replace(tzinfo=None).isoformat(timespec="milliseconds")


def _why_not_ready(plan: Plan) -> str:
    if plan.disabled:
        return ", and disabled"
    if plan.paused_at is not None:
        return f", and paused since {instant(plan.paused_at)}{f' by {plan.paused_by}' if plan.paused_by else ''}"
    return ""


def _execution(
    plan: Plan, one: Told, severities: Collection[int] | None, zone: ZoneInfo, ids: Ids, *, details: bool
) -> wire.JobExecution:
    shown = ids.execution(one.run.run)
    members = {member.run: member for member in one.members}
    logs = [
        wire.JobExecutionLog(
            id=ids.line(run, place),
            job_execution_id=shown,
            time_stamp=local(at, zone),
            severity=level.value,
            message=message,
            **(_details(members[run]) if details else {}),
        )
        for at, run, place, level, message in _lines(one, members)
        if severities is None or level in severities
    ]
    return wire.JobExecution(
        id=shown,
        job_id=ids.job(plan.plan),
        state=STATES[one.summary],
        create_time=local(one.run.queued_at, zone),
        end_time=None if one.run.ended_at is None else local(one.run.ended_at, zone),
        trigger_id=ids.trigger(one.run.run, one.run.cause),
        job_execution_logs=logs,
    )


def _details(member: Member) -> dict[str, Any]:
    if member.type is None:
        return {"task_name": None, "task_type": None, "connection_names": []}
    return {"task_name": member.name, "task_type": member.type, "connection_names": member.uses}


def _lines(one: Told, members: dict[RunId, Member]) -> list[tuple[datetime, RunId, int, Level, str]]:
    """What happened, the oldest first: beginnings, what was written, and ends."""
    found: list[tuple[datetime, RunId, int, int, Level, str]] = []
    for member in one.members:
        if member.started_at is not None:
            began = f"{_name(one, member)} started"
            found.append((member.started_at, member.run, 0, BEGUN, Level.INFORMATION, began))
        if member.ended_at is not None:
            found.append((member.ended_at, member.run, 2**63, ENDED, member.level, _end(one, member)))
    for line in one.lines:
        if line.run in members:
            found.append((line.at, line.run, line.seq, line.seq, level_of(line.text), _said(one, members, line)))
    found.sort(key=lambda item: item[:3])
    if one.cut and found:
        found.append((found[-1][0], one.run.run, 0, CUT, Level.WARNING, CUT_SHORT.format(one.run.run)))
    return [(at, run, place, level, message) for at, run, _, place, level, message in found]


def _said(one: Told, members: dict[RunId, Member], line: Line) -> str:
    return f"{_name(one, members[line.run])}: {line.text}"


def _end(one: Told, member: Member) -> str:
    reason = f" ({member.reason})" if member.reason is not None else ""
    message = f": {member.message}" if member.message else ""
    found = ", and found rows" if member.found else ""
    return f"{_name(one, member)} {ENDS[member.state]}{reason}{message}{found}"


def _name(one: Told, member: Member) -> str:
    kind = "Job" if member.run == one.run.run else "Process map" if member.type is None else "Task"
    return f"{kind} '{member.name}'"

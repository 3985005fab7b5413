"""The parameters of the TimeXtender Jobs API, and what they are turned into before a route sees them."""

from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import HeaderParameter, PathParameter, QueryParameter, SkipValidation

from ostinato.api.dependencies import TheApp
from ostinato.api.timextender_jobs import translate, wire
from ostinato.api.timextender_jobs.translate import Ids, Known
from ostinato.app import installation
from ostinato.app.plan_runs import Wanted
from ostinato.app.starts import LONGEST_KEY
from ostinato.core.guids import EMPTY
from ostinato.core.ids import PlanId, RunId
from ostinato.store.workspaces import Page


class Jobs(msgspec.Struct, frozen=True, kw_only=True):
    """What the settings say of this API."""

    environment: str
    case: Literal["pascal", "camel"]
    zone: ZoneInfo


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of the logs of a job beside the job."""

    wanted: Wanted
    severities: frozenset[int] | None
    details: bool
    query: tuple[tuple[str, str], ...]
    """What has to be asked again for the next executions."""

    def of(self, trigger: Known) -> Wanted:
        """The same, of what this trigger started."""
        if trigger.guid == EMPTY:
            return msgspec.structs.replace(self.wanted, by_hand=True)
        return msgspec.structs.replace(self.wanted, only=RunId(trigger))

    def following(self, path: str, before: str) -> str:
        return f"{path}?{urlencode([*self.query, ('before', before)])}"


TheJobs: TypeAlias = NamedDependency[SkipValidation[Jobs]]
TheIds: TypeAlias = NamedDependency[SkipValidation[Ids]]
ThePlan: TypeAlias = NamedDependency[SkipValidation[PlanId]]
ThePage: TypeAlias = NamedDependency[SkipValidation[Page]]
TheAsked: TypeAlias = NamedDependency[SkipValidation[Asked]]

JobId: TypeAlias = Annotated[
    str, PathParameter(description="The Id of the job (from Get All Jobs)", schema_extra={"format": "uuid"})
]
TriggerId: TypeAlias = Annotated[
    str,
    PathParameter(
        description="The trigger Id of an execution; all zeros: those started in the server's own application",
        schema_extra={"format": "uuid"},
    ),
]
Limit: TypeAlias = Annotated[
    int, QueryParameter(ge=1, le=wire.LONGEST_PAGE, description="Maximum items to return; not the vendor's")
]
LogsLimit: TypeAlias = Annotated[
    int, QueryParameter(ge=1, le=wire.LONGEST_LOGS, description="Maximum executions to return; not the vendor's")
]
Offset: TypeAlias = Annotated[
    int, QueryParameter(ge=0, le=wire.LARGEST_OFFSET, description="Number of items to skip; not the vendor's")
]
Before: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        description="Only executions older than the one of this Id; not the vendor's", schema_extra={"format": "uuid"}
    ),
]
From: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="from",
        description="Only executions created at this time or later; without offset: local time; not the vendor's",
        schema_extra={"format": "date-time"},
    ),
]
To: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="to",
        description="Only executions created before this time; without offset: local time; not the vendor's",
        schema_extra={"format": "date-time"},
    ),
]
States: TypeAlias = Annotated[
    list[str] | None,
    QueryParameter(
        name="state",
        description="Only executions in these states; not the vendor's",
        schema_extra={"items": {"type": "integer", "enum": list(wire.STATES)}},
    ),
]
Severities: TypeAlias = Annotated[
    list[str] | None,
    QueryParameter(
        name="severity",
        description="Only log lines of these severities; not the vendor's",
        schema_extra={"items": {"type": "integer", "enum": list(wire.SEVERITIES)}},
    ),
]
Details: TypeAlias = Annotated[
    bool,
    QueryParameter(description="Adds the task, its type and its connections to each log line; not the vendor's"),
]
Repetition: TypeAlias = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="The same key starts nothing a second time; not the vendor's",
        schema_extra={"minLength": 1, "maxLength": LONGEST_KEY},
    ),
]


def _jobs(state: State, app: TheApp) -> Jobs:
    jobs: Jobs = state.jobs
    return jobs


async def _ids(app: TheApp, jobs: TheJobs) -> Ids:
    return Ids(await installation.number(app))


def _plan(ids: TheIds, job_id: JobId) -> PlanId:
    return ids.plan_of(job_id)


def _page(limit: Limit = wire.LONGEST_PAGE, offset: Offset = 0) -> Page:
    return Page(limit=limit, offset=offset)


def _asked(  # noqa: PLR0913  # one argument for each parameter of the query
    jobs: TheJobs,
    ids: TheIds,
    limit: LogsLimit = wire.LONGEST_LOGS,
    offset: Offset = 0,
    before: Before = None,
    since: From = None,
    until: To = None,
    states: States = None,
    severities: Severities = None,
    details: Details = False,  # a parameter of the query
) -> Asked:
    codes = translate.codes("state", states, wire.STATES)
    shown = translate.codes("severity", severities, wire.SEVERITIES)
    wanted = Wanted(
        limit=limit,
        offset=offset,
        before=None if before is None else ids.run_of_execution(before),
        since=translate.moment("from", since, jobs.zone),
        until=translate.moment("to", until, jobs.zone),
        summaries=translate.summaries(codes),
    )
    query = [("limit", str(limit))]
    query += [("from", since)] if since is not None else []
    query += [("to", until)] if until is not None else []
    query += [("state", str(code)) for code in sorted(codes or ())]
    query += [("severity", str(code)) for code in sorted(shown or ())]
    query += [("details", "true")] if details else []
    return Asked(wanted=wanted, severities=shown, details=details, query=tuple(query))


SHARED = {
    "jobs": Provide(_jobs, sync_to_thread=False),
    "ids": Provide(_ids),
    "plan": Provide(_plan, sync_to_thread=False),
    "page": Provide(_page, sync_to_thread=False),
    "asked": Provide(_asked, sync_to_thread=False),
}

"""The six operations of the TimeXtender Jobs API."""

import asyncio

from litestar import Router, get, post
from litestar.openapi import ResponseSpec

from ostinato.api.dependencies import PROVIDED, TheActor, TheApp
from ostinato.api.documents import refusals
from ostinato.api.responses import WrittenJson
from ostinato.api.timextender_jobs import translate, wire
from ostinato.api.timextender_jobs.parameters import (
    SHARED,
    Asked,
    JobId,
    Jobs,
    Repetition,
    TheAsked,
    TheIds,
    TheJobs,
    ThePage,
    ThePlan,
    TriggerId,
)
from ostinato.api.timextender_jobs.translate import Ids
from ostinato.app import plan_runs
from ostinato.app.plan_runs import Read
from ostinato.core.access import Permission

PATH = "/public/jobs"
FEW_LINES = 2_000
"""Log lines that are written at once; more are written beside the other work of the server."""


def _answers(body: object, description: str) -> dict[int, ResponseSpec]:
    return {200: ResponseSpec(data_container=body, description=description, generate_examples=False)}  # type: ignore[arg-type]


LOGS = (
    "The executions, the newest first. `X-Retention-Days` and `X-Log-Retention-Days` say how long they and their lines"
    ' are kept, `Link` with `rel="next"` where the next executions are, if the answer does not hold all.'
)


@get(
    "/",
    needs=Permission.VIEW,
    operation_id="listJobs",
    summary="Get all jobs",
    tags=["Jobs"],
    responses={**_answers(list[wire.Job], "The jobs, in a fixed order."), **refusals(400, 401, 403, 429, 503)},
)
async def list_jobs(app: TheApp, actor: TheActor, jobs: TheJobs, ids: TheIds, page: ThePage) -> WrittenJson:
    """The process maps of one environment that the user of the key may see."""
    found = await plan_runs.list_plans(app, actor, jobs.environment, page)
    return WrittenJson(translate.written(translate.jobs(found, ids), jobs.case))


@get(
    "/status",
    needs=Permission.VIEW,
    operation_id="listJobStatuses",
    summary="Get all job statuses",
    tags=["Jobs"],
    responses={
        **_answers(list[wire.JobStatus], "One for each job, in the order of the jobs."),
        **refusals(400, 401, 403, 429, 503),
    },
)
async def list_job_statuses(app: TheApp, actor: TheActor, jobs: TheJobs, ids: TheIds, page: ThePage) -> WrittenJson:
    """Whether each job is idle, pending or running."""
    found = await plan_runs.list_standings(app, actor, jobs.environment, page, app.now())
    return WrittenJson(translate.written([translate.status(one, ids) for one in found], jobs.case))


@post(
    "/{job_id:str}/execute",
    needs=Permission.EXECUTE,
    operation_id="executeJob",
    summary="Execute a job",
    tags=["Jobs"],
    status_code=200,
    responses={
        **_answers(wire.ExecuteJobResult, "It is queued."),
        **refusals(400, 401, 403, 404, 409, 429, 503),
    },
)
async def execute_job(
    app: TheApp,
    actor: TheActor,
    jobs: TheJobs,
    ids: TheIds,
    plan: ThePlan,
    job_id: JobId,
    repetition: Repetition = None,
) -> WrittenJson:
    """Returns at once; the job runs afterwards. Needs Contributor access. A body is ignored."""
    found, run = await plan_runs.start(app, actor, jobs.environment, plan, app.now(), repetition=repetition)
    return WrittenJson(translate.written(translate.queued(found, run, ids), jobs.case))


@get(
    "/{job_id:str}/status",
    needs=Permission.VIEW,
    operation_id="getJobStatus",
    summary="Get the status of a job",
    tags=["Jobs"],
    responses={**_answers(wire.JobStatus, "The status."), **refusals(400, 401, 403, 404, 429, 503)},
)
async def get_job_status(
    app: TheApp, actor: TheActor, jobs: TheJobs, ids: TheIds, plan: ThePlan, job_id: JobId
) -> WrittenJson:
    """Pending from the trigger on until the first task is started, then running until the execution ends."""
    found = await plan_runs.standing(app, actor, jobs.environment, plan, app.now())
    return WrittenJson(translate.written(translate.status(found, ids), jobs.case))


@get(
    "/{job_id:str}/logs",
    needs=Permission.VIEW,
    operation_id="listJobLogs",
    summary="Get the logs of a job",
    tags=["Logs"],
    responses={**_answers(list[wire.JobExecution], LOGS), **refusals(400, 401, 403, 404, 429, 503)},
)
async def list_job_logs(
    app: TheApp, actor: TheActor, jobs: TheJobs, ids: TheIds, plan: ThePlan, asked: TheAsked, job_id: JobId
) -> WrittenJson:
    """The executions of a job, each with what its tasks wrote."""
    read = await plan_runs.read(app, actor, jobs.environment, plan, asked.wanted)
    return await _logs(read, jobs, ids, asked, f"{PATH}/{plan}/logs")


@get(
    "/{job_id:str}/logs/{trigger_id:str}",
    needs=Permission.VIEW,
    operation_id="listJobLogsByTrigger",
    summary="Get the logs of a job for a trigger Id",
    tags=["Logs"],
    responses={**_answers(list[wire.JobExecution], LOGS), **refusals(400, 401, 403, 404, 429, 503)},
)
async def list_job_logs_by_trigger(
    app: TheApp,
    actor: TheActor,
    jobs: TheJobs,
    ids: TheIds,
    plan: ThePlan,
    asked: TheAsked,
    job_id: JobId,
    trigger_id: TriggerId,
) -> WrittenJson:
    """The execution that a trigger started."""
    trigger = ids.trigger_of(trigger_id)
    read = await plan_runs.read(app, actor, jobs.environment, plan, asked.of(trigger))
    return await _logs(read, jobs, ids, asked, f"{PATH}/{plan}/logs/{trigger}")


async def _logs(read: Read, jobs: Jobs, ids: Ids, asked: Asked, path: str) -> WrittenJson:
    def write() -> bytes:
        shown = translate.executions(read, asked.severities, jobs.zone, ids, details=asked.details)
        return translate.written(shown, jobs.case)

    many = sum(len(one.lines) + len(one.members) for one in read.runs) > FEW_LINES
    body = await asyncio.to_thread(write) if many else write()
    following = None if read.next is None else asked.following(path, ids.execution(read.next))
    return WrittenJson(body, translate.headers(read, following))


TIMEXTENDER_JOBS = Router(
    PATH,
    route_handlers=[
        list_jobs,
        list_job_statuses,
        execute_job,
        get_job_status,
        list_job_logs,
        list_job_logs_by_trigger,
    ],
    dependencies={**PROVIDED, **SHARED},
)
"""Everything of this dialect."""

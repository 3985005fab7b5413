"""The ten operations of the TimeXtender Orchestration API."""

from litestar import Router, get, post
from litestar.response.base import ASGIResponse

from ostinato.api.dependencies import PROVIDED, TheActor, TheApp
from ostinato.api.documents import refusals
from ostinato.api.responses import without_body
from ostinato.api.timextender import translate, wire
from ostinato.api.timextender.parameters import (
    HISTORY_PAGE,
    LONGEST_PAGE,
    PLACE_AT_ANY_STAGE,
    PLACE_OR_ALL,
    SHARED,
    AboutTask,
    ExecutionNumber,
    MapNumber,
    Repetition,
    ThePage,
    ThePlace,
    TheTask,
    TriggerBody,
    TriggersMap,
    TriggersTask,
    Uat,
    Workspace,
    Zone,
)
from ostinato.api.timextender.requests import TriggerRequest, tidy_query
from ostinato.app import plans, tasks, workspaces
from ostinato.core.access import Permission


@get(
    "/workspaces",
    needs=Permission.VIEW,
    operation_id="listWorkspaces",
    summary="List workspaces",
    tags=["Workspaces"],
    dependencies=LONGEST_PAGE,
    responses=refusals(400, 401),
)
async def list_workspaces(app: TheApp, actor: TheActor, page: ThePage) -> list[wire.Workspace]:
    """All workspaces the user of the key has Viewer or higher access to."""
    return translate.workspaces(await workspaces.list_workspaces(app, actor, page))


@get(
    "/{workspace:str}/process-maps",
    needs=Permission.VIEW,
    operation_id="listProcessMaps",
    summary="List process maps",
    tags=["Process Maps"],
    dependencies=PLACE_OR_ALL,
    responses=refusals(400, 401, 403),
)
async def list_process_maps(
    app: TheApp, actor: TheActor, zone: Zone, place: ThePlace, page: ThePage
) -> list[wire.ProcessMap]:
    """Process maps of a workspace, or of all, by ID."""
    return translate.process_maps(await plans.list_plans(app, actor, place, wire.TASK_TYPES, page), zone)


@get(
    "/{workspace:str}/process-maps/{processMapId:str}/tasks",
    needs=Permission.VIEW,
    operation_id="listProcessMapTasks",
    summary="List the tasks of a process map",
    tags=["Process Maps"],
    dependencies=LONGEST_PAGE,
    responses=refusals(400, 401, 403, 404),
)
async def list_process_map_tasks(
    app: TheApp, actor: TheActor, zone: Zone, place: ThePlace, page: ThePage, processMapId: MapNumber
) -> list[wire.Task]:
    """All tasks of one process map, in the order of its steps."""
    number = translate.number(processMapId)
    return translate.tasks(await plans.list_tasks(app, actor, place, number, wire.TASK_TYPES, page), zone)


@post(
    "/{workspace:str}/process-maps/{processMapId:str}/trigger",
    needs=Permission.EXECUTE,
    operation_id="triggerProcessMap",
    summary="Trigger a process map",
    tags=["Process Maps"],
    status_code=202,
    request_class=TriggerRequest,
    operation_class=TriggersMap,
    responses=refusals(400, 401, 403, 404, 409, 413),
)
async def trigger_process_map(
    app: TheApp,
    actor: TheActor,
    workspace: Workspace,
    processMapId: MapNumber,
    uat: Uat = None,
    data: TriggerBody = wire.NO_BODY,
    repetition: Repetition = None,
) -> ASGIResponse:
    """Returns at once; the process map runs afterwards. Needs Contributor access."""
    place = translate.place_to_trigger(workspace, uat, data)
    await plans.start(app, actor, place, translate.number(processMapId), app.now(), repetition=repetition)
    return without_body(202)


@get(
    "/{workspace:str}/tasks",
    needs=Permission.VIEW,
    operation_id="listTasks",
    summary="List tasks",
    tags=["Tasks"],
    dependencies=PLACE_OR_ALL,
    responses=refusals(400, 401, 403),
)
async def list_tasks(app: TheApp, actor: TheActor, zone: Zone, place: ThePlace, page: ThePage) -> list[wire.Task]:
    """Tasks of a workspace or of all, process map by process map; each task once."""
    return translate.tasks(await tasks.list_tasks(app, actor, place, wire.TASK_TYPES, page), zone)


@get(
    "/{workspace:str}/tasks/{taskType:str}/{taskId:str}",
    needs=Permission.VIEW,
    operation_id="getTask",
    summary="Get one task",
    tags=["Tasks"],
    operation_class=AboutTask,
    responses=refusals(400, 401, 403, 404),
)
async def get_task(app: TheApp, actor: TheActor, zone: Zone, place: ThePlace, key: TheTask) -> wire.Task:
    """Details of a single task."""
    return translate.task(await tasks.get(app, actor, place, key), zone)


@post(
    "/{workspace:str}/tasks/{taskType:str}/{taskId:str}/trigger",
    needs=Permission.EXECUTE,
    operation_id="triggerTask",
    summary="Trigger a task",
    tags=["Tasks"],
    status_code=202,
    request_class=TriggerRequest,
    operation_class=TriggersTask,
    responses=refusals(400, 401, 403, 404, 409, 413),
)
async def trigger_task(
    app: TheApp,
    actor: TheActor,
    workspace: Workspace,
    key: TheTask,
    uat: Uat = None,
    data: TriggerBody = wire.NO_BODY,
    repetition: Repetition = None,
) -> ASGIResponse:
    """Returns at once; the task runs afterwards. Needs Contributor access."""
    place = translate.place_to_trigger(workspace, uat, data)
    await tasks.start(app, actor, place, key, app.now(), repetition=repetition)
    return without_body(202)


@get(
    "/{workspace:str}/executions",
    needs=Permission.VIEW,
    operation_id="listLatestExecutions",
    summary="Latest execution state of every task",
    tags=["Executions"],
    responses=refusals(400, 401, 403),
)
async def list_latest_executions(
    app: TheApp, actor: TheActor, zone: Zone, place: ThePlace, page: ThePage
) -> list[wire.LatestExecution]:
    """One entry per task."""
    return translate.latest_executions(await tasks.list_tasks(app, actor, place, wire.TASK_TYPES, page), zone)


@get(
    "/{workspace:str}/tasks/{taskType:str}/{taskId:str}/executions",
    needs=Permission.VIEW,
    operation_id="listTaskExecutions",
    summary="Execution history of a task",
    tags=["Executions"],
    dependencies=HISTORY_PAGE,
    operation_class=AboutTask,
    responses=refusals(400, 401, 403, 404),
)
async def list_task_executions(
    app: TheApp, actor: TheActor, zone: Zone, place: ThePlace, key: TheTask, page: ThePage
) -> list[wire.Execution]:
    """The executions of one task that have started, newest start first."""
    return translate.executions(await tasks.history(app, actor, place, key, page), zone)


@get(
    "/{workspace:str}/tasks/{taskType:str}/{taskId:str}/executions/{execId:str}/log",
    needs=Permission.VIEW,
    operation_id="getExecutionLog",
    summary="Log of an execution",
    tags=["Executions"],
    dependencies=PLACE_AT_ANY_STAGE,
    operation_class=AboutTask,
    responses=refusals(400, 401, 403, 404),
)
async def get_execution_log(
    app: TheApp, actor: TheActor, zone: Zone, place: ThePlace, key: TheTask, execId: ExecutionNumber
) -> list[wire.LogEntry]:
    """All lines of the engine and of the task, at most 100,000; for Query and CompareQuery always none."""
    run, lines = await tasks.read_log(app, actor, place, key, translate.run(execId), wire.MOST_LINES)
    return translate.log(run, lines, zone)


TIMEXTENDER = Router(
    "/api/v0/orchestration",
    route_handlers=[
        list_workspaces,
        list_process_maps,
        list_process_map_tasks,
        trigger_process_map,
        list_tasks,
        get_task,
        trigger_task,
        list_latest_executions,
        list_task_executions,
        get_execution_log,
    ],
    dependencies={**PROVIDED, **SHARED},
    before_request=tidy_query,
)
"""Everything of this dialect."""

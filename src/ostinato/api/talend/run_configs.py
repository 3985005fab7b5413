"""How tasks are run, and their pauses."""

from litestar import delete, get, put
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.talend import pauses, run_triggers
from ostinato.api.talend.ids import TheIds
from ostinato.api.talend.parameters import Id, refusals
from ostinato.api.talend.run_config_wire import (
    CLOUD,
    DETaskRunConfig,
    LogLevel,
    PauseDetails,
    TaskRunConfig,
    Trigger,
    require_cloud,
)
from ostinato.app import task_run_configs
from ostinato.app.application import App
from ostinato.app.task_run_configs import RunConfig
from ostinato.core.access import Actor, Permission
from ostinato.core.errors import Invalid, Problem
from ostinato.core.ids import TaskId
from ostinato.core.object_ids import Kind
from ostinato.store.runs import TaskOrPlan
from ostinato.store.single_tasks import DescribedTask

DEFAULT_LEVEL: LogLevel = "WARN"


@get(
    "/{id:str}/run-config",
    needs=Permission.VIEW,
    operation_id="getTaskRunConfig",
    summary="Get the run configuration of a task",
    responses=refusals(404),
)
async def get_task_run_config(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> TaskRunConfig:
    """The defaults if it was never configured."""
    task = await task_run_configs.get(app, actor, ids.number(Kind.TASK, id))
    return _run_config(task, await _trigger(app, actor, task))


@put(
    "/{id:str}/run-config",
    needs=Permission.EXECUTE,
    operation_id="updateTaskRunConfig",
    summary="Set the run configuration of a task",
    responses=refusals(404),
)
async def update_task_run_config(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[TaskRunConfig]
) -> TaskRunConfig:
    """What is left out gets its default. Only the runtime CLOUD is possible."""
    number = ids.number(Kind.TASK, id)
    require_cloud(data.runtime)
    _require_possible(data)
    wanted = _wanted(data)
    task = await _change(app, actor, number, data.trigger, wanted)
    return _run_config(task, await _trigger(app, actor, task))


@delete(
    "/{id:str}/run-config",
    needs=Permission.EXECUTE,
    operation_id="deleteTaskRunConfig",
    summary="Stop the schedule of a task",
    responses=refusals(404),
)
async def delete_task_run_config(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """The trigger is MANUAL again; the rest of the configuration stays."""
    await run_triggers.stop(app, actor, _what(ids.number(Kind.TASK, id)))


@get(
    "/{id:str}/de-run-config",
    needs=Permission.VIEW,
    operation_id="getTaskDERunConfig",
    summary="Get the dynamic engine run configuration of a task",
    responses=refusals(404),
)
async def get_task_de_run_config(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> DETaskRunConfig:
    """The same configuration, without its runtime."""
    task = await task_run_configs.get(app, actor, ids.number(Kind.TASK, id))
    return _de_run_config(task, await _trigger(app, actor, task))


@put(
    "/{id:str}/de-run-config",
    needs=Permission.EXECUTE,
    operation_id="updateTaskDERunConfig",
    summary="Set the dynamic engine run configuration of a task",
    responses=refusals(404),
)
async def update_task_de_run_config(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[DETaskRunConfig]
) -> DETaskRunConfig:
    """What is left out gets its default. There are no run profiles."""
    number = ids.number(Kind.TASK, id)
    if data.run_profile_id:
        raise Invalid(Problem(path="runProfileId", message="there are no run profiles here: leave it out"))
    wanted = _wanted(data)
    task = await _change(app, actor, number, data.trigger, wanted)
    return _de_run_config(task, await _trigger(app, actor, task))


@delete(
    "/{id:str}/de-run-config",
    needs=Permission.EXECUTE,
    operation_id="deleteTaskDERunConfig",
    summary="Stop the dynamic engine schedule of a task",
    responses=refusals(404),
)
async def delete_task_de_run_config(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """The trigger is MANUAL again; the rest of the configuration stays."""
    await run_triggers.stop(app, actor, _what(ids.number(Kind.TASK, id)))


@put(
    "/{id:str}/pause",
    needs=Permission.EXECUTE,
    operation_id="updateTaskPause",
    summary="Pause or resume a task",
    status_code=202,
    responses={**pauses.DONE, **refusals(404)},
)
async def update_task_pause(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[PauseDetails]
) -> ASGIResponse:
    """202 if that is a change, 204 if it was so already. What is at work ends normally; a start is refused while the
    task is paused, and what plans want to start of it waits. user, userType and pauseDate are ours."""
    what = _what(ids.number(Kind.TASK, id))
    return await pauses.set_paused(app, actor, what, data)


def _what(task: int) -> TaskOrPlan:
    return TaskOrPlan(task=TaskId(task))


async def _trigger(app: App, actor: Actor, task: DescribedTask) -> Trigger:
    return await run_triggers.shown(app, actor, _what(task.id), task.created_at)


async def _change(app: App, actor: Actor, task: int, trigger: Trigger, wanted: RunConfig) -> DescribedTask:
    """The trigger first: it can be refused, the rest has been looked at."""
    await task_run_configs.require_may_change(app, actor, task)
    await run_triggers.change(app, actor, _what(task), trigger)
    return await task_run_configs.change(app, actor, task, wanted, app.now())


def _require_possible(sent: TaskRunConfig) -> None:
    """Raise Invalid for what there is not here."""
    for field, wrong, message in (
        ("remoteRunAsUser", sent.remote_run_as_user, "tasks run as the user of the server: leave it out"),
        ("microservicePort", sent.microservice_port, "there are no routes here: leave it out"),
        ("deploymentStrategy", sent.deployment_strategy == "ROLLING", "there are no clusters here: leave it out"),
    ):
        if wrong:
            raise Invalid(Problem(path=field, message=message))


def _wanted(sent: TaskRunConfig | DETaskRunConfig) -> RunConfig:
    if sent.lineage:
        raise Invalid(Problem(path="lineage", message="lineage is not recorded here: use false"))
    return RunConfig(parallel=bool(sent.parallel_execution_allowed), minutes=sent.timeout, log_level=sent.log_level)


def _run_config(task: DescribedTask, trigger: Trigger) -> TaskRunConfig:
    shown = task_run_configs.of_task(task)
    return TaskRunConfig(
        trigger=trigger,
        runtime=CLOUD,
        parallel_execution_allowed=shown.parallel,
        log_level=shown.log_level or DEFAULT_LEVEL,
        timeout=shown.minutes,
    )


def _de_run_config(task: DescribedTask, trigger: Trigger) -> DETaskRunConfig:
    shown = task_run_configs.of_task(task)
    return DETaskRunConfig(
        trigger=trigger,
        parallel_execution_allowed=shown.parallel,
        log_level=shown.log_level or DEFAULT_LEVEL,
        timeout=shown.minutes,
    )


RUN_CONFIGS = [
    get_task_run_config,
    update_task_run_config,
    delete_task_run_config,
    get_task_de_run_config,
    update_task_de_run_config,
    delete_task_de_run_config,
    update_task_pause,
]

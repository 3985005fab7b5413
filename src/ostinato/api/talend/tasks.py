"""Tasks."""

from typing import Annotated, TypeAlias

from litestar import delete, get, patch, post, put
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody, QueryParameter, SkipValidation

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.talend import tasks_translate as translate
from ostinato.api.talend import tasks_wire as wire
from ostinato.api.talend.ids import TheIds
from ostinato.api.talend.parameters import Id, Limit, Offset, Text, refusals
from ostinato.api.talend.run_config_wire import RuntimeType
from ostinato.app import single_tasks
from ostinato.core.access import Permission
from ostinato.core.object_ids import Kind
from ostinato.store.workspaces import Page

QueriedId: TypeAlias = Annotated[str | None, QueryParameter(max_length=200)]
QueriedType: TypeAlias = Annotated[RuntimeType | None, QueryParameter()]
Filters: TypeAlias = NamedDependency[SkipValidation[wire.TaskFiltersRequest]]


def _filters(
    environmentId: QueriedId = None,
    workspaceId: QueriedId = None,
    artifactId: QueriedId = None,
    name: Text = None,
    runtimeType: QueriedType = None,
    runtimeId: QueriedId = None,
    runtimeRunProfileId: QueriedId = None,
) -> wire.TaskFiltersRequest:
    return wire.TaskFiltersRequest(
        name=name,
        environment_id=environmentId,
        workspace_id=workspaceId,
        artifact_id=artifactId,
        runtime_type=runtimeType,
        runtime_id=runtimeId,
        runtime_run_profile_id=runtimeRunProfileId,
    )


@get(
    "/",
    needs=Permission.VIEW,
    operation_id="listTasks",
    summary="List tasks",
    dependencies={"filters": Provide(_filters, sync_to_thread=False)},
    responses=refusals(),
)
async def list_tasks(
    app: TheApp, actor: TheActor, ids: TheIds, filters: Filters, offset: Offset = 0, limit: Limit = 100
) -> wire.PageTask:
    """Those that may be seen, the newest first. An id that leads nowhere finds nothing."""
    page = Page(limit=limit, offset=offset)
    wanted = translate.wanted(filters, ids, lenient=True)
    found = translate.NOTHING if wanted is None else await single_tasks.list_tasks(app, actor, wanted, page)
    return translate.page(found, page, ids)


@post(
    "/search",
    needs=Permission.VIEW,
    operation_id="searchTasks",
    summary="Search tasks",
    status_code=200,
    responses=refusals(404),
)
async def search_tasks(
    app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[wire.TaskFiltersRequest]
) -> wire.PageTask:
    """404 for an environment, a workspace or an artifact that is not there."""
    page = Page(limit=100 if data.limit is None else data.limit, offset=data.offset or 0)
    wanted = translate.wanted(data, ids, lenient=False)
    found = translate.NOTHING if wanted is None else await single_tasks.search(app, actor, wanted, page)
    return translate.page(found, page, ids)


@post(
    "/",
    needs=Permission.AUTHOR,
    operation_id="createTask",
    summary="Create a task",
    responses=refusals(409),
)
async def create_task(
    app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[wire.TaskV21CreateRequest]
) -> wire.TaskV21:
    """409 if the name is taken in the workspace."""
    with translate.by_their_names():
        workspace = ids.number(Kind.WORKSPACE, data.workspace_id, "workspaceId")
        environment = ids.number(Kind.ENVIRONMENT, data.environment_id, "environmentId")
        about = translate.about(data, ids)
        return translate.task(await single_tasks.create(app, actor, workspace, environment, about, app.now()), ids)


@get("/{id:str}", needs=Permission.VIEW, operation_id="getTask", summary="Get a task", responses=refusals(404))
async def get_task(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> wire.TaskV21:
    return translate.task(await single_tasks.get(app, actor, ids.number(Kind.TASK, id)), ids)


@put(
    "/{id:str}",
    needs=Permission.AUTHOR,
    operation_id="updateTask",
    summary="Replace a task",
    responses=refusals(404, 409),
)
async def update_task(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[wire.TaskAutoUpgradeRequest]
) -> wire.TaskV21:
    """What is left out is removed. 409 if the name is taken in the workspace, or if the task is no artifact and more
    than its name, description and tags would change."""
    number = ids.number(Kind.TASK, id)
    with translate.by_their_names():
        workspace = ids.number(Kind.WORKSPACE, data.workspace_id, "workspaceId")
        about = translate.about(data, ids)
        return translate.task(await single_tasks.replace(app, actor, number, workspace, about, app.now()), ids)


@patch(
    "/{id:str}",
    needs=Permission.AUTHOR,
    operation_id="patchTask",
    summary="Move a task to the newest version of its artifact",
    status_code=204,
    responses=refusals(404, 409),
)
async def patch_task(app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[wire.TaskUpdateRequest]) -> None:
    """Nothing happens without latestArtifact, or, without forceUpdate, to a task that is not autoUpgradable. 409 if the
    version needs a parameter that the task has no value for, or if the task is no artifact."""
    number = ids.number(Kind.TASK, id)
    await single_tasks.upgrade(
        app, actor, number, app.now(), wanted=bool(data.latest_artifact), force=bool(data.force_update)
    )


@delete(
    "/{id:str}",
    needs=Permission.AUTHOR,
    operation_id="deleteTask",
    summary="Delete a task",
    responses=refusals(404, 409),
)
async def delete_task(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """Its executions can still be read. 409 while a plan uses it or an execution of it has not ended."""
    await single_tasks.delete(app, actor, ids.number(Kind.TASK, id), app.now())


TASKS = [list_tasks, search_tasks, create_task, get_task, update_task, patch_task, delete_task]
"""Joined by the routes of how tasks are run."""

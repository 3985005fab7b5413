"""Plans, and how they are run."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import JSONBody, QueryParameter
from litestar.response.base import ASGIResponse

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.talend import pauses, plan_steps, run_triggers, translate, wire
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import Id, Limit, Offset, refusals
from ostinato.api.talend.plan_steps import PlanStep, Step
from ostinato.api.talend.run_config_wire import (
    CLOUD,
    PauseDetails,
    PlanRunConfig,
    Trigger,
    UserType,
    require_cloud,
)
from ostinato.app import single_plans
from ostinato.app.application import App
from ostinato.app.single_plans import About, Shown, WithSteps
from ostinato.core import guids, plan_chains
from ostinato.core.access import Actor, Permission
from ostinato.core.definitions import Overlap
from ostinato.core.errors import NotFound
from ostinato.core.ids import PlanId
from ostinato.core.object_ids import Kind
from ostinato.core.states import ENDED, State
from ostinato.store.runs import TaskOrPlan
from ostinato.store.single_plans import DescribedPlan, Wanted
from ostinato.store.workspaces import Page

MOST_BYTES = 1_000_000
"""Of a plan, as it is sent."""
Status: TypeAlias = Literal["executing", "execution_successful", "execution_failed"]
PlanText: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        max_length=200, pattern=r"^[^\x00]*$", description="Only plans with this text in their name, in whatever case"
    ),
]


class PlanRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: wire.Name
    workspace_id: wire.Sent
    description: wire.Words | None = None
    steps: Annotated[
        list[Step],
        msgspec.Meta(
            min_length=1, max_length=plan_chains.LONGEST, description="Each begins when the one before it succeeded."
        ),
    ]


class Plan(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """As it is answered when one was made or changed."""

    id: str
    name: str
    description: str | None = None
    workspace: wire.WorkspaceInfo
    create_date: wire.Time
    update_date: wire.Time
    author: Annotated[str, msgspec.Meta(description="Who made it; empty: nobody knows.")]
    author_type: UserType
    steps: list[Step]


class PlanExecutableDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """As it is answered when plans are looked at."""

    executable: Annotated[str, msgspec.Meta(description="The id of the plan.")]
    name: str
    workspace: wire.WorkspaceInfo
    description: str | None = None
    chart: PlanStep | None = None
    status: Annotated[Status | None, msgspec.Meta(description="Of its newest run.")] = None
    plan_pause_details: PauseDetails


class PagePlan(msgspec.Struct, frozen=True, kw_only=True):
    items: list[PlanExecutableDetails]
    limit: int
    offset: int
    total: int


def _query(name: str, description: str) -> QueryParameter:
    return QueryParameter(name=name, max_length=100, description=description)


@get("/", needs=Permission.VIEW, operation_id="listPlans", summary="List plans", responses=refusals())
async def list_plans(  # noqa: PLR0913  # one argument for each parameter of the query
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    environment_id: Annotated[str | None, _query("environmentId", "Only plans of this environment")] = None,
    workspace_id: Annotated[str | None, _query("workspaceId", "Only plans of this workspace")] = None,
    task_id: Annotated[str | None, _query("taskId", "Only plans that run this task, also when a step fails")] = None,
    plan_id: Annotated[str | None, _query("planId", "Only this plan")] = None,
    name: PlanText = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PagePlan:
    """Those that the caller may see, the newest first; none for an id that leads nowhere."""
    try:
        wanted = Wanted(
            environment=ids.number(Kind.ENVIRONMENT, environment_id) if environment_id else None,
            workspace=ids.number(Kind.WORKSPACE, workspace_id) if workspace_id else None,
            task=ids.task_number(task_id) if task_id else None,
            plan=ids.plan_number(plan_id) if plan_id else None,
            name=name or None,
        )
    except NotFound:
        return PagePlan(items=[], limit=limit, offset=offset, total=0)
    shown = await single_plans.list_plans(app, actor, wanted, Page(limit=limit, offset=offset))
    return PagePlan(items=_details(shown, ids), limit=limit, offset=offset, total=shown.total)


@post(
    "/",
    needs=Permission.AUTHOR,
    operation_id="createPlan",
    summary="Create a plan",
    request_max_body_size=MOST_BYTES,
    responses=refusals(409, 413),
)
async def create_plan(app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[PlanRequest]) -> Plan:
    """Whatever it runs is in the same workspace."""
    workspace = ids.number(Kind.WORKSPACE, data.workspace_id, "workspaceId")
    about = _about(data, ids)
    with plan_steps.by_their_names():
        return _plan(await single_plans.create(app, actor, workspace, about, app.now()), ids)


@get("/{id:str}", needs=Permission.VIEW, operation_id="getPlan", summary="Get a plan", responses=refusals(404))
async def get_plan(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> PlanExecutableDetails:
    shown = await single_plans.get_with_parts(app, actor, ids.plan_number(id))
    return _details(shown, ids)[0]


@put(
    "/{id:str}",
    needs=Permission.AUTHOR,
    operation_id="updatePlan",
    summary="Change a plan",
    request_max_body_size=MOST_BYTES,
    responses=refusals(404, 409, 413),
)
async def update_plan(app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[PlanRequest]) -> Plan:
    """Makes a new version. 409 for steps that differ while the plan is more than a chain of steps."""
    number, workspace = ids.plan_number(id), ids.number(Kind.WORKSPACE, data.workspace_id, "workspaceId")
    about = _about(data, ids)
    with plan_steps.by_their_names():
        return _plan(await single_plans.change(app, actor, number, workspace, about, app.now()), ids)


@delete(
    "/{id:str}",
    needs=Permission.AUTHOR,
    operation_id="deletePlan",
    summary="Delete a plan",
    responses=refusals(404, 409),
)
async def delete_plan(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """409 while something runs it, or a run of it has not ended. What is known of its runs stays."""
    await single_plans.remove(app, actor, ids.plan_number(id), app.now())


@put(
    "/{id:str}/pause",
    needs=Permission.EXECUTE,
    operation_id="updatePlanPause",
    summary="Pause or resume a plan",
    status_code=202,
    responses={**pauses.DONE, **refusals(404)},
)
async def pause_plan(app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[PauseDetails]) -> ASGIResponse:
    """A paused plan refuses to start; inside other plans it waits. What is at work finishes."""
    return await pauses.set_paused(app, actor, TaskOrPlan(plan=PlanId(ids.plan_number(id))), data)


@get(
    "/{id:str}/run-config",
    needs=Permission.VIEW,
    operation_id="getPlanRunConfig",
    summary="How a plan is run",
    responses=refusals(404),
)
async def get_run_config(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> PlanRunConfig:
    plan = await single_plans.get(app, actor, ids.plan_number(id))
    return _run_config(plan, await _trigger(app, actor, plan))


@put(
    "/{id:str}/run-config",
    needs=Permission.EXECUTE,
    operation_id="updatePlanRunConfig",
    summary="Set how a plan is run",
    responses=refusals(404),
)
async def update_run_config(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[PlanRunConfig]
) -> PlanRunConfig:
    number = ids.plan_number(id)
    require_cloud(data.runtime)
    parallel = bool(data.parallel_execution_allowed)
    await single_plans.require_execute(app, actor, number)
    await run_triggers.change(app, actor, _what(number), data.trigger)
    plan = await single_plans.set_parallel(app, actor, number, app.now(), parallel=parallel)
    return _run_config(plan, await _trigger(app, actor, plan))


@delete(
    "/{id:str}/run-config",
    needs=Permission.EXECUTE,
    operation_id="deletePlanRunConfig",
    summary="Let a plan start by hand only",
    responses=refusals(404),
)
async def delete_run_config(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """The rest of how it is run stays."""
    await run_triggers.stop(app, actor, _what(ids.plan_number(id)))


def _about(sent: PlanRequest, ids: Ids) -> About:
    return About(
        name=sent.name,
        description=sent.description,
        links=plan_steps.links(sent.steps, ids),
        known=[guids.parse(step.id) if step.id is not None else None for step in sent.steps],
    )


def _plan(found: WithSteps, ids: Ids) -> Plan:
    one = found.plan
    return Plan(
        id=ids.plan(one.id),
        name=one.name,
        description=one.description,
        workspace=translate.workspace(one.workspace, ids),
        create_date=translate.time(one.created_at),
        update_date=translate.time(one.changed_at),
        author=one.author or "",
        author_type=pauses.user_type(one.author_kind),
        steps=plan_steps.steps(one.id, found.graph, ids),
    )


def _details(shown: Shown, ids: Ids) -> list[PlanExecutableDetails]:
    flows = plan_steps.flows(shown.parts, ids)
    return [
        PlanExecutableDetails(
            executable=ids.plan(one.id),
            name=one.name,
            workspace=translate.workspace(one.workspace, ids),
            description=one.description,
            chart=plan_steps.chart(one.id, shown.graphs[one.graph_id], flows, ids),
            status=_status(one.state),
            plan_pause_details=pauses.shown(one.pause),
        )
        for one in shown.plans
    ]


def _status(state: State | None) -> Status | None:
    if state is None:
        return None
    if state not in ENDED:
        return "executing"
    return "execution_successful" if state is State.SUCCEEDED else "execution_failed"


def _what(plan: int) -> TaskOrPlan:
    return TaskOrPlan(plan=PlanId(plan))


async def _trigger(app: App, actor: Actor, plan: DescribedPlan) -> Trigger:
    return await run_triggers.shown(app, actor, _what(plan.id), plan.created_at)


def _run_config(one: DescribedPlan, trigger: Trigger) -> PlanRunConfig:
    return PlanRunConfig(
        trigger=trigger,
        runtime=CLOUD,
        parallel_execution_allowed=one.overlap is Overlap.PARALLEL,
    )


PLANS = Router(
    "/executables/plans",
    route_handlers=[
        list_plans,
        create_plan,
        get_plan,
        update_plan,
        delete_plan,
        pause_plan,
        get_run_config,
        update_run_config,
        delete_run_config,
    ],
    tags=["Plans"],
)

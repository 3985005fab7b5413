"""The routes of our own dialect."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from litestar import Response, Router, get, post
from litestar.datastructures import State as ServerState
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter

from ostinato import __version__
from ostinato.api.dependencies import PROVIDED, TheActor, TheApp
from ostinato.api.native import translate, wire
from ostinato.api.native.artifacts import ARTIFACTS
from ostinato.api.native.audit import AUDIT
from ostinato.api.native.backfills import BACKFILLS
from ostinato.api.native.connections import CONNECTIONS
from ostinato.api.native.data_triggers import DATA_TRIGGERS
from ostinato.api.native.events import follow_run
from ostinato.api.native.keys import KEYS
from ostinato.api.native.last_success import LAST_SUCCESS
from ostinato.api.native.listing import Filter, list_runs
from ostinato.api.native.oauth import OAUTH
from ostinato.api.native.parameters import Key, Limit, RunNumber, known, refusals
from ostinato.api.native.patience import wait_until
from ostinato.api.native.people import PEOPLE
from ostinato.api.native.resources import RESOURCES
from ostinato.api.native.schedules import SCHEDULES
from ostinato.api.native.sign_in import SIGN_IN
from ostinato.api.native.webhook_triggers import WEBHOOK_TRIGGERS, call_webhook_trigger
from ostinato.api.native.webhooks import WEBHOOKS
from ostinato.api.permissions import ANYBODY, PUBLIC
from ostinato.app import definitions, health, history, pauses, reruns, runs, starts, tasks, waiting
from ostinato.app.starts import Trigger
from ostinato.core.access import Permission
from ostinato.core.health import why_not_live, why_not_ready
from ostinato.core.states import ENDED, State
from ostinato.store.logs import Written

MOST_BYTES_OF_DEFINITIONS = 12_000_000
MOST_WAIT = 30

Wait = Annotated[
    float, QueryParameter(ge=0, le=MOST_WAIT, description="Seconds to hold the answer back while nothing has happened.")
]


FAILING = {503: ResponseSpec(data_container=wire.Probe, description="And why.", generate_examples=False)}
NOT_READY = {503: ResponseSpec(data_container=wire.Health, description="Not yet.", generate_examples=False)}


@get(
    "/health",
    needs=PUBLIC,
    operation_id="health",
    summary="Whether the server answers",
    security=[{}],
    responses=NOT_READY,
)
async def healthy(state: ServerState) -> Response[wire.Health]:
    """Needs no key."""
    ready: Callable[[], bool] = state.ready
    if ready():
        return Response(wire.Health(status="ok", version=__version__))
    return Response(wire.Health(status="starting"), status_code=503)


@get(
    "/health/live",
    needs=PUBLIC,
    operation_id="live",
    summary="Whether the server moves",
    security=[{}],
    responses=FAILING,
)
async def live(app: TheApp) -> Response[wire.Probe]:
    """Needs no key. 503: start it again. A database that is away is no reason for that."""
    now = app.now()
    return translate.probe(why_not_live(await health.facts(app, now), now))


@get(
    "/health/ready", needs=PUBLIC, operation_id="ready", summary="Whether work moves", security=[{}], responses=FAILING
)
async def ready(app: TheApp, state: ServerState) -> Response[wire.Probe]:
    """Needs no key. 503 while the database does not answer, the engine stands still, or ready work is not taken."""
    now = app.now()
    if not state.ready():
        return translate.probe("The server is starting")
    return translate.probe(why_not_ready(await health.facts(app, now), now))


@get(
    "/status",
    needs=ANYBODY,
    operation_id="getStatus",
    summary="Version, and how much work there is that one may see",
    responses=refusals(401, 503),
)
async def get_status(app: TheApp, actor: TheActor) -> wire.Status:
    work = await runs.count_work(app, actor)
    counts = wire.WorkCounts(queued=work.queued, running=work.running, plans=work.plans)
    return wire.Status(version=__version__, work=counts)


@post(
    "/runs",
    needs=Permission.EXECUTE,
    operation_id="startRun",
    summary="Start a plan or task",
    responses=refusals(400, 401, 403, 404, 409, 413, 422),
)
async def start_run(app: TheApp, actor: TheActor, data: JSONBody[wire.Start], key: Key = None) -> wire.Run:
    """A plan goes before a task of the same name."""
    now = app.now()
    found = await runs.find_runnable(app, actor, data.name, data.environment, data.workspace)
    trigger = Trigger(parameters=data.parameters, priority=data.priority, key=key)
    run = await starts.start(app, actor, found.what, trigger, now)
    return translate.run(app, await waiting.get(app, actor, run, now))


@get(
    "/runs/{run_id:int}",
    needs=Permission.VIEW,
    operation_id="getRun",
    summary="A run with everything below it",
    responses=refusals(401, 404, 422),
)
async def get_run(app: TheApp, actor: TheActor, run_id: RunNumber, wait: Wait = 0) -> wire.RunDetail:
    """With `wait`, the answer comes as soon as the run has ended."""
    run = known(run_id)
    if wait:
        await wait_until(
            lambda: runs.get(app, actor, run), lambda seen: seen.state in ENDED, wait, lambda: app.watch(run)
        )
    return translate.run_detail(app, await waiting.get_tree(app, actor, run, app.now()))


@get(
    "/runs/{run_id:int}/logs",
    needs=Permission.VIEW,
    operation_id="readLog",
    summary="The log of a run",
    responses=refusals(401, 404, 422),
)
async def read_log(
    app: TheApp,
    actor: TheActor,
    run_id: RunNumber,
    after: Annotated[int, QueryParameter(ge=0, le=wire.LARGEST, description="Only lines after this one.")] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 1_000,
    wait: Wait = 0,
) -> wire.LogPage:
    """With `wait`, the answer comes as soon as there is a line, or the run has ended."""
    run = known(run_id)

    async def look() -> tuple[State, list[Written]]:
        state = (await runs.get(app, actor, run)).state
        return state, await runs.read_log(app, actor, run, after, limit)

    state, lines = await wait_until(look, lambda seen: bool(seen[1]) or seen[0] in ENDED, wait)
    return translate.log_page(lines, after, limit, state)


@get(
    "/runs/{run_id:int}/findings",
    needs=Permission.VIEW,
    operation_id="listFindings",
    summary="The rows a data-quality check found",
    responses=refusals(401, 404, 422),
)
async def list_findings(
    app: TheApp,
    actor: TheActor,
    run_id: RunNumber,
    offset: Annotated[int, QueryParameter(ge=0, le=2**31 - 1)] = 0,
    limit: Limit = 100,
) -> wire.FindingPage:
    run = known(run_id)
    found = await runs.list_findings(app, actor, run, offset, limit)
    return translate.finding_page(found, await tasks.count_findings(app, actor, run))


@post(
    "/runs/{run_id:int}/cancellation",
    needs=Permission.EXECUTE,
    operation_id="cancelRun",
    summary="End a run and everything below it",
    status_code=202,
    responses=refusals(401, 403, 404),
)
async def cancel_run(app: TheApp, actor: TheActor, run_id: RunNumber) -> wire.Run:
    """Asking again changes nothing."""
    run, now = known(run_id), app.now()
    await runs.cancel(app, actor, run, now)
    return translate.run(app, await waiting.get(app, actor, run, now))


@get(
    "/retention",
    needs=ANYBODY,
    operation_id="getRetention",
    summary="How long what is kept",
    responses=refusals(401, 503),
)
async def get_retention(app: TheApp, actor: TheActor) -> wire.Retention:
    """By environment; changed through definitions."""
    return translate.retention(await history.retention(app, actor))


@post(
    "/runs/{run_id:int}/rerun",
    needs=Permission.EXECUTE,
    operation_id="rerunRun",
    summary="Run again what has ended",
    responses=refusals(400, 401, 403, 404, 409, 422),
)
async def rerun_run(
    app: TheApp, actor: TheActor, run_id: RunNumber, data: JSONBody[wire.Rerun], key: Key = None
) -> wire.Run:
    """All of it, what failed, or from a step on; a new run that points to the old one."""
    now = app.now()
    newest = data.version == "newest"
    run = await reruns.rerun(app, actor, known(run_id), data.part, now, step=data.step, newest=newest, key=key)
    return translate.run(app, await waiting.get(app, actor, run, now))


@post(
    "/pauses",
    needs=Permission.EXECUTE,
    operation_id="setPaused",
    summary="Pause or resume a plan or task",
    status_code=200,
    responses=refusals(400, 401, 403, 404, 409, 422),
)
async def set_paused(app: TheApp, actor: TheActor, data: JSONBody[wire.Pause]) -> wire.Paused:
    """Asking again changes nothing."""
    found = await runs.find_runnable(app, actor, data.name, data.environment, data.workspace)
    changed = await pauses.set_paused(app, actor, found.what, paused=data.paused, note=data.note, now=app.now())
    return translate.paused(found, paused=data.paused, changed=changed)


@post(
    "/definitions/apply",
    needs=Permission.AUTHOR,
    operation_id="applyDefinitions",
    summary="Make everything as the files say",
    status_code=200,
    request_max_body_size=MOST_BYTES_OF_DEFINITIONS,
    responses=refusals(400, 401, 403, 409, 413, 422),
)
async def apply_definitions(app: TheApp, actor: TheActor, data: JSONBody[wire.Bundle]) -> wire.Changes:
    """All or nothing: one transaction."""
    return translate.changes(await definitions.apply(app, actor, translate.bundle(data), app.now()))


@post(
    "/definitions/diff",
    needs=Permission.VIEW,
    operation_id="diffDefinitions",
    summary="What applying the files would change",
    status_code=200,
    request_max_body_size=MOST_BYTES_OF_DEFINITIONS,
    responses=refusals(400, 401, 403, 409, 413, 422),
)
async def diff_definitions(app: TheApp, actor: TheActor, data: JSONBody[wire.Bundle]) -> wire.Changes:
    """Changes nothing."""
    return translate.changes(await definitions.diff(app, actor, translate.bundle(data), app.now()))


@get(
    "/definitions/export",
    needs=Permission.VIEW,
    operation_id="exportDefinitions",
    summary="The definitions as files",
    responses=refusals(401, 403, 404, 422),
)
async def export_definitions(
    app: TheApp, actor: TheActor, environment: Filter = "Production", workspace: Filter = None
) -> wire.DefinitionFiles:
    """Without secrets; of one workspace, or of all the user may see."""
    files = await definitions.export(app, actor, environment or "Production", workspace)
    return translate.definition_files(files)


@get(
    "/definitions/schema",
    needs=ANYBODY,
    operation_id="getDefinitionSchema",
    summary="The JSON Schema of definition files",
    responses=refusals(401),
)
async def get_definition_schema(actor: TheActor) -> dict[str, Any]:
    """For editors: point the YAML language server at it."""
    return msgspec.to_builtins(definitions.schema(), str_keys=True)  # type: ignore[no-any-return]


API = Router(
    "/api/v1",
    route_handlers=[
        get_status,
        start_run,
        list_runs,
        get_run,
        follow_run,
        read_log,
        list_findings,
        cancel_run,
        rerun_run,
        set_paused,
        get_retention,
        apply_definitions,
        diff_definitions,
        export_definitions,
        get_definition_schema,
        PEOPLE,
        KEYS,
        AUDIT,
        LAST_SUCCESS,
        SIGN_IN,
        OAUTH,
        ARTIFACTS,
        CONNECTIONS,
        RESOURCES,
        WEBHOOKS,
        SCHEDULES,
        WEBHOOK_TRIGGERS,
        BACKFILLS,
        DATA_TRIGGERS,
    ],
)
NATIVE = Router("/", route_handlers=[healthy, live, ready, call_webhook_trigger, API], dependencies=PROVIDED)
"""Everything of this dialect."""

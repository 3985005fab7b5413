"""Webhook triggers, and the address where they are called."""

from datetime import timedelta
from typing import Annotated

from litestar import Request, Response, Router, delete, get, patch, post
from litestar.datastructures import State as ServerState
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.params import JSONBody, PathParameter, QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.doors import Door
from ostinato.api.native import webhook_triggers_wire as wire
from ostinato.api.native.parameters import Limit, Offset, possible, refusals
from ostinato.api.native.wire import CLEAN, LARGEST
from ostinato.api.permissions import PUBLIC
from ostinato.app import runs, webhook_calls, webhook_triggers
from ostinato.app.webhook_triggers import Change
from ostinato.core.access import Actor, Permission
from ostinato.core.errors import NotFound, Unauthenticated
from ostinato.core.webhook_triggers import TYPES, Sent
from ostinato.store.webhook_triggers import About, Wanted

PlainRequest = Request[Actor, None, ServerState]
Number = Annotated[int, PathParameter(description="The id of the webhook trigger.")]
CallNumber = Annotated[int, PathParameter(description="The id of the call.")]
Filter = Annotated[str | None, QueryParameter(max_length=200, pattern=CLEAN, description="Only of this environment.")]
Token = Annotated[str, QueryParameter(max_length=200, description="What makes the address unguessable.")]
Before = Annotated[int | None, QueryParameter(ge=1, le=LARGEST, description="Only calls older than this.")]


class CallOperation(Operation):
    """The body of a call is whatever the task or plan wants."""

    def __post_init__(self) -> None:
        text = Schema(type="string")  # type: ignore[arg-type]
        self.request_body = RequestBody(content={kind: OpenAPIMediaType(schema=text) for kind in TYPES})


@get(
    "/webhook-triggers",
    needs=Permission.VIEW,
    operation_id="listWebhookTriggers",
    summary="Webhook triggers, the newest first",
    responses=refusals(401, 422),
)
async def list_webhook_triggers(
    app: TheApp, actor: TheActor, environment: Filter = None, limit: Limit = 100, offset: Offset = 0
) -> wire.WebhookTriggerPage:
    """Those of tasks and plans that may be seen."""
    wanted = Wanted(environment=environment, limit=limit, offset=offset)
    found = await webhook_triggers.list_triggers(app, actor, wanted)
    total = found[0].trigger.total if found else 0
    return wire.WebhookTriggerPage(items=[wire.trigger(one) for one in found], total=total)


@post(
    "/webhook-triggers",
    needs=Permission.EXECUTE,
    operation_id="createWebhookTrigger",
    summary="Make an address that starts a task or plan",
    responses=refusals(400, 401, 403, 404, 409, 422),
)
async def create_webhook_trigger(
    app: TheApp, actor: TheActor, data: JSONBody[wire.WebhookTriggerWish]
) -> wire.MadeWebhookTrigger:
    """A task or plan has one. The secret is shown this once."""
    found = await runs.find_runnable(app, actor, data.starts.name, data.environment, data.starts.workspace)
    about = About(
        title=data.name,
        description=data.description,
        active=data.active,
        calls=data.calls,
        window_ms=data.window_ms,
        per_minute=data.per_minute,
    )
    return wire.made(await webhook_triggers.create(app, actor, found.what, about, app.now(), signed=data.signed))


@get(
    "/webhook-triggers/{trigger_id:int}",
    needs=Permission.VIEW,
    operation_id="getWebhookTrigger",
    summary="A webhook trigger",
    responses=refusals(401, 404),
)
async def get_webhook_trigger(app: TheApp, actor: TheActor, trigger_id: Number) -> wire.WebhookTrigger:
    return wire.trigger(await webhook_triggers.get(app, actor, _possible(trigger_id)))


@patch(
    "/webhook-triggers/{trigger_id:int}",
    needs=Permission.EXECUTE,
    operation_id="changeWebhookTrigger",
    summary="Change a webhook trigger",
    responses=refusals(400, 401, 403, 404, 409, 422),
)
async def change_webhook_trigger(
    app: TheApp, actor: TheActor, trigger_id: Number, data: JSONBody[wire.WebhookTriggerChange]
) -> wire.WebhookTrigger:
    """It starts runs on behalf of whoever did this last. A window that is open keeps its time."""
    wish = Change(
        title=data.name,
        description=data.description,
        signed=data.signed,
        active=data.active,
        calls=data.calls,
        window_ms=data.window_ms,
        per_minute=data.per_minute,
    )
    return wire.trigger(await webhook_triggers.change(app, actor, _possible(trigger_id), wish, app.now()))


@delete(
    "/webhook-triggers/{trigger_id:int}",
    needs=Permission.EXECUTE,
    operation_id="deleteWebhookTrigger",
    summary="Delete a webhook trigger",
    responses=refusals(401, 403, 404),
)
async def delete_webhook_trigger(app: TheApp, actor: TheActor, trigger_id: Number) -> None:
    """Its address starts nothing any more, and calls that are being collected are dropped."""
    await webhook_triggers.remove(app, actor, _possible(trigger_id), app.now())


@post(
    "/webhook-triggers/{trigger_id:int}/rotation",
    needs=Permission.EXECUTE,
    operation_id="rotateWebhookTrigger",
    summary="Give a webhook trigger another address or secret",
    responses=refusals(400, 401, 403, 404, 409, 422),
)
async def rotate_webhook_trigger(
    app: TheApp, actor: TheActor, trigger_id: Number, data: JSONBody[wire.WebhookTriggerRotation]
) -> wire.MadeWebhookTrigger:
    """The one before works as well for the overlap. One that needed no signature needs one after a secret was made."""
    overlap = timedelta(seconds=data.overlap_seconds)
    number = _possible(trigger_id)
    return wire.made(await webhook_triggers.rotate(app, actor, number, data.what, overlap, app.now()))


@get(
    "/webhook-triggers/{trigger_id:int}/calls",
    needs=Permission.EXECUTE,
    operation_id="listCalls",
    summary="What came to the address lately, the newest first",
    responses=refusals(401, 403, 404, 422),
)
async def list_calls(
    app: TheApp, actor: TheActor, trigger_id: Number, limit: Limit = 100, before: Before = None
) -> wire.CallPage:
    """Calls are forgotten a day after they have started something."""
    found = await webhook_triggers.calls(app, actor, _possible(trigger_id), before=before, limit=limit)
    following = found[-1].id if len(found) == limit else None
    return wire.CallPage(items=[wire.call(one) for one in found], next=following)


@get(
    "/webhook-triggers/{trigger_id:int}/calls/{call_id:int}",
    needs=Permission.EXECUTE,
    operation_id="getCall",
    summary="A call, with what it brought",
    responses=refusals(401, 403, 404),
)
async def get_call(app: TheApp, actor: TheActor, trigger_id: Number, call_id: CallNumber) -> wire.Call:
    number = possible("Call", call_id)
    return wire.call(await webhook_triggers.call(app, actor, _possible(trigger_id), number))


@post(
    webhook_triggers.PATH,
    needs=PUBLIC,
    operation_id="callWebhookTrigger",
    operation_class=CallOperation,
    summary="Call the address of a webhook trigger",
    status_code=202,
    security=[{}],
    responses={
        202: ResponseSpec(data_container=wire.TakenCall, description="It was taken.", generate_examples=False),
        **refusals(401, 403, 404, 409, 413, 422, 429, 503),
    },
)
async def call_webhook_trigger(
    app: TheApp, request: PlainRequest, state: ServerState, token: Token
) -> Response[wire.TakenCall]:
    """Needs no key: whoever knows the address may call it. If the trigger has a secret, calls are signed as Standard
    Webhooks has it (webhook-id, webhook-timestamp, webhook-signature). A call with the webhook-id or Idempotency-Key of
    one before is the same call. Once this is answered the call is not lost."""
    door: Door = state.door
    address = request.scope["state"].get("address")
    door.require_ready()
    sent = Sent(body=await Request.body(request), headers=dict(request.headers.items()))
    try:
        taken = await webhook_calls.call(app, token, sent, address, app.now())
    except (NotFound, Unauthenticated):
        door.failures.failed(address)
        raise
    return Response(wire.taken(taken), status_code=202)


def _possible(trigger: int) -> int:
    return possible("Webhook trigger", trigger)


WEBHOOK_TRIGGERS = Router(
    "/",
    route_handlers=[
        list_webhook_triggers,
        create_webhook_trigger,
        get_webhook_trigger,
        change_webhook_trigger,
        delete_webhook_trigger,
        rotate_webhook_trigger,
        list_calls,
        get_call,
    ],
)

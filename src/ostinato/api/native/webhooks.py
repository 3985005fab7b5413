"""Webhooks, and what was delivered to them."""

from datetime import datetime, timedelta
from typing import Annotated

from litestar import Router, delete, get, patch, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import webhooks_wire as wire
from ostinato.api.native.parameters import Limit, possible, refusals
from ostinato.api.native.wire import CLEAN, LARGEST
from ostinato.app import webhooks
from ostinato.core.access import Permission
from ostinato.core.ids import DeliveryId, WebhookId
from ostinato.core.times import instant
from ostinato.core.webhooks import DeliveryState, Event
from ostinato.store.webhooks import Delivery, Webhook

WebhookNumber = Annotated[int, PathParameter(description="The id of the webhook.")]


@get(
    "/webhooks",
    needs=Permission.MANAGE,
    operation_id="listWebhooks",
    summary="The webhooks one manages",
    responses=refusals(401, 403, 422),
)
async def list_webhooks(
    app: TheApp,
    actor: TheActor,
    limit: Limit = 50,
    after: Annotated[int, QueryParameter(ge=0, le=LARGEST, description="Only webhooks after this id.")] = 0,
    workspace: Annotated[
        str | None, QueryParameter(max_length=200, pattern=CLEAN, description="Only those of this workspace.")
    ] = None,
) -> wire.WebhookPage:
    found = await webhooks.list_webhooks(app, actor, workspace=workspace, after=after, limit=limit)
    following = found[-1].id if len(found) == limit else None
    return wire.WebhookPage(items=[_webhook(one, app.now()) for one in found], next=following)


@post(
    "/webhooks",
    needs=Permission.MANAGE,
    operation_id="createWebhook",
    summary="Make a webhook; its secret is shown once",
    responses=refusals(400, 401, 403, 409, 413, 422),
)
async def create_webhook(app: TheApp, actor: TheActor, data: JSONBody[wire.NewWebhook]) -> wire.MadeWebhook:
    """For whoever has MANAGE in the workspace. The address is looked up at once, and again at every delivery."""
    wish = webhooks.Wish(
        url=data.url,
        events=data.events,
        workspace=data.workspace,
        environment=data.environment,
        description=data.description,
        names=data.names,
        tasks=data.tasks,
        active=data.active,
    )
    return _made(await webhooks.create(app, actor, wish, app.now()), app.now())


@get(
    "/webhooks/{webhook_id:int}",
    needs=Permission.MANAGE,
    operation_id="getWebhook",
    summary="A webhook",
    responses=refusals(401, 403, 404, 422),
)
async def get_webhook(app: TheApp, actor: TheActor, webhook_id: WebhookNumber) -> wire.Webhook:
    return _webhook(await webhooks.get(app, actor, _known(webhook_id)), app.now())


@patch(
    "/webhooks/{webhook_id:int}",
    needs=Permission.MANAGE,
    operation_id="changeWebhook",
    summary="Change a webhook, or activate it again",
    responses=refusals(400, 401, 403, 404, 413, 422),
)
async def change_webhook(
    app: TheApp, actor: TheActor, webhook_id: WebhookNumber, data: JSONBody[wire.WebhookPatch]
) -> wire.Webhook:
    """What waits while it is not active is sent when it is again; what happens meanwhile is not told."""
    wish = webhooks.Change(
        url=data.url,
        events=data.events,
        description=data.description,
        names=data.names,
        tasks=data.tasks,
        active=data.active,
    )
    return _webhook(await webhooks.change(app, actor, _known(webhook_id), wish, app.now()), app.now())


@delete(
    "/webhooks/{webhook_id:int}",
    needs=Permission.MANAGE,
    operation_id="deleteWebhook",
    summary="Delete a webhook with its queue and its log",
    responses=refusals(401, 403, 404, 422),
)
async def delete_webhook(app: TheApp, actor: TheActor, webhook_id: WebhookNumber) -> None:
    await webhooks.delete(app, actor, _known(webhook_id), app.now())


@post(
    "/webhooks/{webhook_id:int}/rotation",
    needs=Permission.MANAGE,
    operation_id="rotateWebhook",
    summary="Give a webhook a new secret; both sign for a while",
    responses=refusals(400, 401, 403, 404, 409, 413, 422),
)
async def rotate_webhook(
    app: TheApp, actor: TheActor, webhook_id: WebhookNumber, data: JSONBody[wire.WebhookRotation]
) -> wire.MadeWebhook:
    overlap = timedelta(seconds=data.overlap_seconds)
    return _made(await webhooks.rotate(app, actor, _known(webhook_id), overlap, app.now()), app.now())


@post(
    "/webhooks/{webhook_id:int}/ping",
    needs=Permission.MANAGE,
    operation_id="pingWebhook",
    summary="Send a message that tells of nothing",
    status_code=202,
    responses=refusals(401, 403, 404, 409, 422),
)
async def ping_webhook(app: TheApp, actor: TheActor, webhook_id: WebhookNumber) -> wire.Delivery:
    """Whether it arrived is in the deliveries a moment later."""
    return _delivery(await webhooks.ping(app, actor, _known(webhook_id), app.now()))


@get(
    "/webhooks/{webhook_id:int}/deliveries",
    needs=Permission.MANAGE,
    operation_id="listDeliveries",
    summary="What was and will be sent to a webhook, the newest first",
    responses=refusals(401, 403, 404, 422),
)
async def list_deliveries(
    app: TheApp,
    actor: TheActor,
    webhook_id: WebhookNumber,
    limit: Limit = 50,
    before: Annotated[
        int | None, QueryParameter(ge=1, le=LARGEST, description="Only deliveries older than this.")
    ] = None,
    state_filter: Annotated[DeliveryState | None, QueryParameter(name="state")] = None,
) -> wire.DeliveryPage:
    """Of the last 30 days."""
    found = await webhooks.list_deliveries(
        app, actor, _known(webhook_id), app.now(), before=before, state=state_filter, limit=limit
    )
    following = found[-1].id if len(found) == limit else None
    return wire.DeliveryPage(items=[_delivery(one) for one in found], next=following)


@post(
    "/webhooks/{webhook_id:int}/deliveries/{delivery_id:int}/redelivery",
    needs=Permission.MANAGE,
    operation_id="redeliver",
    summary="Send a message once more",
    status_code=202,
    responses=refusals(401, 403, 404, 409, 422),
)
async def redeliver(
    app: TheApp,
    actor: TheActor,
    webhook_id: WebhookNumber,
    delivery_id: Annotated[int, PathParameter(description="The id of the delivery.")],
) -> wire.Delivery:
    """Under the same `webhook-id`: a receiver that knows it already may pass it over."""
    delivery = DeliveryId(possible("Delivery", delivery_id))
    found = await webhooks.redeliver(app, actor, _known(webhook_id), delivery, app.now())
    return _delivery(found)


def _known(webhook: int) -> WebhookId:
    """Numbers that no webhook can have are not asked for."""
    return WebhookId(possible("Webhook", webhook))


def _made(made: webhooks.Made, now: datetime) -> wire.MadeWebhook:
    return wire.MadeWebhook(webhook=_webhook(made.webhook, now), secret=made.secret)


def _webhook(webhook: Webhook, now: datetime) -> wire.Webhook:
    old_until = webhook.old_secret_until
    return wire.Webhook(
        id=webhook.id,
        url=webhook.shown_url,
        description=webhook.description,
        workspace=webhook.workspace,
        environment=webhook.environment,
        events=[Event(event) for event in webhook.events],
        names=webhook.names,
        tasks=webhook.tasks,
        active=webhook.active,
        disabled_reason=webhook.disabled_reason,
        failing_since=_instant(webhook.failing_since),
        waiting=webhook.waiting,
        old_secret_until=instant(old_until) if old_until is not None and old_until > now else None,
        created_at=instant(webhook.created_at),
        created_by=webhook.created_by,
        changed_at=instant(webhook.changed_at),
    )


def _delivery(delivery: Delivery) -> wire.Delivery:
    return wire.Delivery(
        id=delivery.id,
        message=delivery.message,
        event=delivery.event,
        run=delivery.run,
        state=delivery.state,
        sending=bool(delivery.sending),
        attempts=delivery.attempts,
        status=delivery.status,
        error=delivery.error,
        answer=delivery.answer,
        created_at=instant(delivery.created_at),
        tried_at=_instant(delivery.tried_at),
        next_try_at=_instant(delivery.due_at),
        ended_at=_instant(delivery.ended_at),
    )


def _instant(at: datetime | None) -> str | None:
    return instant(at) if at is not None else None


WEBHOOKS = Router(
    "/",
    route_handlers=[
        list_webhooks,
        create_webhook,
        get_webhook,
        change_webhook,
        delete_webhook,
        rotate_webhook,
        ping_webhook,
        list_deliveries,
        redeliver,
    ],
)

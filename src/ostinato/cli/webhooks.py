"""`ostinato webhook`: who is told of runs, and what was sent to them."""

from typing import Annotated, Any

import msgspec
import typer

from ostinato.cli import options, text
from ostinato.core.webhooks import Event

MOST = 1_000
PATH = "/api/v1/webhooks"

WebhookNumber = Annotated[int, typer.Argument(metavar="WEBHOOK", min=1, help="The number of the webhook.")]


class Webhook(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    url: str
    workspace: str | None = None
    environment: str | None = None
    events: list[str]
    active: bool
    disabled_reason: str | None = None
    failing_since: str | None = None
    waiting: int = 0


class Webhooks(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Webhook]


class Made(msgspec.Struct, frozen=True, kw_only=True):
    webhook: Webhook
    secret: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    id: int
    event: str
    run: int | None = None
    state: str
    attempts: int
    status: int | None = None
    error: str | None = None
    created_at: str
    next_try_at: str | None = None


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    items: list[Delivery]


def list_webhooks(
    context: typer.Context,
    workspace: Annotated[
        str | None, typer.Option("--workspace", "-w", metavar="KEY", help="Only those of this workspace.")
    ] = None,
    json: options.Json = False,
) -> None:
    """List the webhooks that you manage."""
    with options.server_of(context) as server:
        found = server.get_json(PATH, limit=MOST, workspace=workspace)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    rows = [
        (
            str(one.id),
            one.workspace or "all",
            one.environment or "all",
            _standing(one),
            str(one.waiting),
            " ".join(event.removeprefix("run.") for event in one.events),
            one.url,
        )
        for one in msgspec.convert(found, Webhooks).items
    ]
    heads = ("ID", "WORKSPACE", "ENVIRONMENT", "STATE", "WAITING", "EVENTS", "URL")
    typer.echo("\n".join(text.columns(heads, rows, right=frozenset({"ID", "WAITING"}))))


def create(
    context: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where messages are sent to.")],
    event: Annotated[list[str], typer.Option("--event", metavar="EVENT", help=f"{', '.join(Event)}; may be repeated.")],
    workspace: Annotated[
        str | None, typer.Option("--workspace", "-w", metavar="KEY", help="The workspace; none: all of them.")
    ] = None,
    environment: Annotated[
        str | None, typer.Option("--environment", "-e", metavar="NAME", help="The environment; none: all of them.")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option("--name", metavar="NAME", help="Only this task or plan; may be repeated."),
    ] = None,
    tasks: Annotated[bool, typer.Option("--tasks", help="Also the ends of tasks inside of plans.")] = False,
    description: Annotated[str | None, typer.Option("--description", metavar="TEXT", help="What it is for.")] = None,
    json: options.Json = False,
) -> None:
    """Make a webhook and print its secret.

    The secret is printed alone on stdout, and cannot be shown again.
    """
    body: dict[str, Any] = {
        "url": url,
        "events": event,
        "workspace": workspace,
        "environment": environment,
        "names": name,
        "tasks": tasks,
        "description": description,
    }
    with options.server_of(context) as server:
        answer = server.post_json(PATH, body)
    made = msgspec.convert(answer, Made)
    typer.echo(msgspec.json.encode(answer) if json else made.secret)
    typer.echo(f"Webhook {made.webhook.id} is made", err=True)


def delete(context: typer.Context, number: WebhookNumber) -> None:
    """Delete a webhook, with its queue and its log."""
    with options.server_of(context) as server:
        server.delete(f"{PATH}/{number}")
    typer.echo(f"Webhook {number} is deleted")


def deliveries(
    context: typer.Context,
    number: WebhookNumber,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="waiting, succeeded, failed or dropped.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=MOST, help="How many at most.")] = 20,
    json: options.Json = False,
) -> None:
    """Show what was sent to a webhook, the newest first."""
    with options.server_of(context) as server:
        found = server.get_json(f"{PATH}/{number}/deliveries", limit=limit, state=state)
    if json:
        typer.echo(msgspec.json.encode(found))
        return
    rows = [
        (
            str(one.id),
            text.local_time(one.created_at),
            one.event,
            "" if one.run is None else str(one.run),
            one.state,
            str(one.attempts),
            "" if one.status is None else str(one.status),
            text.local_time(one.next_try_at),
            one.error or "",
        )
        for one in msgspec.convert(found, Deliveries).items
    ]
    heads = ("ID", "MADE", "EVENT", "RUN", "STATE", "ATTEMPTS", "STATUS", "NEXT TRY", "NOTE")
    typer.echo("\n".join(text.columns(heads, rows, right=frozenset({"ID", "RUN", "ATTEMPTS", "STATUS"}))))


def ping(context: typer.Context, number: WebhookNumber) -> None:
    """Send a message that only shows whether messages arrive."""
    with options.server_of(context) as server:
        sent = server.post(f"{PATH}/{number}/ping", Delivery)
    typer.echo(f"Delivery {sent.id} waits to be sent: `ostinato webhook deliveries {number}` shows whether it arrived")


def rotate(
    context: typer.Context,
    number: WebhookNumber,
    overlap: Annotated[
        int, typer.Option("--overlap", metavar="SECONDS", min=0, help="How long both secrets sign. [86400]")
    ] = 86_400,
) -> None:
    """Give a webhook a new secret and print it.

    The secret is printed alone on stdout, and cannot be shown again.
    """
    with options.server_of(context) as server:
        made = server.post(f"{PATH}/{number}/rotation", Made, {"overlapSeconds": overlap})
    typer.echo(made.secret)
    typer.echo(f"Webhook {number} has a new secret; the one before signs as well for {overlap} s", err=True)


def redeliver(
    context: typer.Context,
    number: WebhookNumber,
    delivery: Annotated[int, typer.Argument(metavar="DELIVERY", min=1, help="The number of the delivery.")],
) -> None:
    """Send a message once more that was sent, given up or dropped."""
    with options.server_of(context) as server:
        sent = server.post(f"{PATH}/{number}/deliveries/{delivery}/redelivery", Delivery)
    typer.echo(f"Delivery {sent.id} waits to be sent again")


def _standing(webhook: Webhook) -> str:
    if not webhook.active:
        return f"disabled: {webhook.disabled_reason}" if webhook.disabled_reason else "not active"
    return "failing" if webhook.failing_since else "active"

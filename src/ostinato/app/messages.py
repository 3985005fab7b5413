"""What the receiver of a webhook is sent: an event, and the run as the native API's lists show it."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

import msgspec

from ostinato.app.application import App
from ostinato.core.ids import WebhookId
from ostinato.core.states import Reason, State
from ostinato.core.times import instant
from ostinato.store.runs import Seen

PING = "ping"


class Run(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A run without what its author decides the size of; a test holds it against the items of lists."""

    id: int
    kind: str
    name: str
    number: int
    task_type: str | None
    workspace: str
    environment: str
    state: State
    reason: Reason | None
    message: str | None
    attempt: int
    queued_at: str
    started_at: str | None
    ended_at: str | None
    duration_seconds: float | None
    due_at: str
    parent: int | None
    root: int | None
    step: str | None = None
    handler: bool
    rows: int | None
    counts: Mapping[str, int] | None
    cancel_requested: bool
    plan_version: int | None
    priority: int
    deadline_at: str | None
    cause: str
    rerun_of: int | None
    progress: None = None
    waiting: None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """`id` is that of the header webhook-id: the same however often it is sent."""

    id: str
    event: str
    at: str
    webhook: int
    run: Run | None
    links: Mapping[str, str]


def new_name() -> str:
    """What a receiver knows a message by."""
    return f"msg_{uuid4().hex}"


def about_run(app: App, name: str, webhook: WebhookId, event: str, at: datetime, run: Seen) -> str:
    """The body of a message that tells of a run."""
    address = f"{app.url}/api/v1/runs/{run.run}"
    links = {"run": address, "logs": f"{address}/logs"}
    return _text(Message(id=name, event=event, at=instant(at), webhook=webhook, run=_run(run), links=links))


def ping(app: App, name: str, webhook: WebhookId, at: datetime) -> str:
    """The body of a message that only shows that messages arrive."""
    links = {"webhook": f"{app.url}/api/v1/webhooks/{webhook}"}
    return _text(Message(id=name, event=PING, at=instant(at), webhook=webhook, run=None, links=links))


def _text(message: Message) -> str:
    return msgspec.json.encode(message).decode()


def _run(run: Seen) -> Run:
    took = (run.ended_at - run.started_at).total_seconds() if run.started_at and run.ended_at else None
    return Run(
        id=run.run,
        kind=run.kind,
        name=run.name,
        number=run.number,
        task_type=run.task_type,
        workspace=run.workspace,
        environment=run.environment,
        state=run.state,
        reason=run.reason,
        message=run.message,
        attempt=run.attempt,
        queued_at=instant(run.queued_at),
        started_at=_instant(run.started_at),
        ended_at=_instant(run.ended_at),
        duration_seconds=round(took, 3) if took is not None else None,
        due_at=instant(run.due_at),
        parent=run.parent,
        root=run.root,
        handler=run.handler,
        rows=run.row_count,
        counts=run.counts,
        cancel_requested=run.cancel_requested_at is not None,
        plan_version=run.plan_version,
        priority=run.priority,
        deadline_at=_instant(run.deadline_at),
        cause=run.cause,
        rerun_of=run.rerun_of,
    )


def _instant(at: datetime | None) -> str | None:
    return instant(at) if at is not None else None

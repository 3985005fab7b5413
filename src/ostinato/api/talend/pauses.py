"""How it is said that a task or plan is paused, and the pausing itself."""

from datetime import datetime

from litestar.openapi import ResponseSpec
from litestar.response.base import ASGIResponse

from ostinato.api.responses import without_body
from ostinato.api.talend import translate
from ostinato.api.talend.run_config_wire import PauseDetails
from ostinato.app import pauses
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.errors import Invalid, Problem
from ostinato.store.runs import TaskOrPlan

SERVICE_ACCOUNT = "service_account"
DONE = {
    202: ResponseSpec(data_container=None, description="It was changed.", generate_examples=False),
    204: ResponseSpec(data_container=None, description="It was so already.", generate_examples=False),
}


def shown(paused_at: datetime | None, by: str | None, kind: str | None, note: str | None) -> PauseDetails:
    if paused_at is None:
        return PauseDetails(pause=False)
    return PauseDetails(
        pause=True,
        pause_context=note,
        user=by,
        user_type="SERVICE" if kind == SERVICE_ACCOUNT else "HUMAN",
        pause_date=translate.time(paused_at),
    )


async def set_paused(app: App, actor: Actor, what: TaskOrPlan, sent: PauseDetails) -> ASGIResponse:
    """202 if something was changed, 204 if not."""
    if len(sent.pause_context or "") > pauses.LONGEST_NOTE:
        message = f"write at most {pauses.LONGEST_NOTE} characters"
        raise Invalid(Problem(path="pauseContext", message=message))
    changed = await pauses.set_paused(
        app, actor, what, paused=sent.pause, note=sent.pause_context if sent.pause else None, now=app.now()
    )
    return without_body(202 if changed else 204)

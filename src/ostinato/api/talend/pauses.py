"""How it is said that a task or plan is paused, and the pausing itself."""

from litestar.openapi import ResponseSpec
from litestar.response.base import ASGIResponse

from ostinato.api.responses import without_body
from ostinato.api.talend import translate
from ostinato.api.talend.run_config_wire import PauseDetails, UserType
from ostinato.app import pauses
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.errors import Invalid, Problem
from ostinato.store.pauses import Pause
from ostinato.store.runs import TaskOrPlan

DONE = {
    202: ResponseSpec(data_container=None, description="It was changed.", generate_examples=False),
    204: ResponseSpec(data_container=None, description="It was so already.", generate_examples=False),
}


def shown(pause: Pause | None) -> PauseDetails:
    if pause is None:
        return PauseDetails(pause=False)
    return PauseDetails(
        pause=True,
        pause_context=pause.note,
        user=pause.by,
        user_type=user_type(pause.by_kind),
        pause_date=translate.time(pause.at),
    )


def user_type(kind: str | None) -> UserType:
    """Who is not known any more was a person."""
    return "SERVICE" if kind == "service_account" else "HUMAN"


async def set_paused(app: App, actor: Actor, what: TaskOrPlan, sent: PauseDetails) -> ASGIResponse:
    """202 if something was changed, 204 if not."""
    if len(sent.pause_context or "") > pauses.LONGEST_NOTE:
        message = f"write at most {pauses.LONGEST_NOTE} characters"
        raise Invalid(Problem(path="pauseContext", message=message))
    note = sent.pause_context or None
    changed = await pauses.set_paused(app, actor, what, paused=sent.pause, note=note, now=app.now())
    return without_body(202 if changed else 204)

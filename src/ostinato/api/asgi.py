"""Puts the HTTP side together."""

import time
from collections.abc import Callable
from zoneinfo import ZoneInfo

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException, ValidationException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from ostinato.api.attempts import FailedAttempts
from ostinato.api.authentication import Authentication
from ostinato.api.documents import document
from ostinato.api.doors import make_door
from ostinato.api.entrance import Entrance, explain
from ostinato.api.methods import HeadAsGet
from ostinato.api.native import errors as native_errors
from ostinato.api.native.routes import NATIVE
from ostinato.api.native.streams import Streams
from ostinato.api.permissions import permitted
from ostinato.api.problems import Refusal, answer
from ostinato.api.requests import PlainRequest
from ostinato.api.swagger import DOCUMENTS, SwaggerSlash, swagger_routes
from ostinato.api.talend import errors as talend_errors
from ostinato.api.talend.aliases import Aliases
from ostinato.api.talend.routes import TALEND
from ostinato.api.timextender import errors as timextender_errors
from ostinato.api.timextender.examples import EXAMPLES
from ostinato.api.timextender.routes import TIMEXTENDER
from ostinato.api.timextender_jobs import errors as jobs_errors
from ostinato.api.timextender_jobs.parameters import Jobs
from ostinato.api.timextender_jobs.published import jobs_document
from ostinato.api.timextender_jobs.routes import TIMEXTENDER_JOBS
from ostinato.api.wording import reworded
from ostinato.app.application import App
from ostinato.config import Settings
from ostinato.core.access import Actor
from ostinato.core.errors import TooLarge

MOST_BYTES = 64_000
"""How large a body may be, on all routes that do not say otherwise."""
DIALECTS = {
    "/api/v0/": timextender_errors.refuse,
    "/public/": jobs_errors.refuse,
    **dict.fromkeys(("/orchestration/", "/processing/", "/monitoring/", "/security/", "/tmc/"), talend_errors.refuse),
}
"""By what their paths begin with; everything else is refused in our own dialect."""
DESCRIPTION = "Part of Ostinato. Click Authorize and enter an API key to try the operations."


def make_asgi(app: App, settings: Settings, ready: Callable[[], bool], routes: Litestar | None = None) -> ASGIApp:
    """The whole HTTP side as one ASGI application; until `ready()` only `/health` and `/swagger` answer.

    `routes`: those of the same settings, if they were made before; they serve this application from now on.
    """
    failures = FailedAttempts(settings.failed_attempts, time.monotonic)
    inner = HeadAsGet(_furnished(routes or make_routes(settings), app, settings, ready, failures))
    walled = Authentication(inner, app, ready, failures, settings.trusted_proxies)
    return Entrance(SwaggerSlash(Aliases(walled)), refuse)


def make_router(
    app: App, settings: Settings, ready: Callable[[], bool], failures: FailedAttempts | None = None
) -> Litestar:
    """The routes of all dialects, without the wall around them."""
    return _furnished(make_routes(settings), app, settings, ready, failures)


def make_routes(settings: Settings) -> Litestar:
    """The routes of all dialects, which serve no application yet."""
    swagger = swagger_routes(
        {
            "timextender": lambda: document(TIMEXTENDER, DOCUMENTS["timextender"], DESCRIPTION, EXAMPLES),
            "timextender-jobs": lambda: jobs_document(DOCUMENTS["timextender-jobs"], DESCRIPTION, settings.jobs_case),
            "talend": lambda: document(TALEND, DOCUMENTS["talend"], DESCRIPTION, bearer=True),
            "native": lambda: document(NATIVE, DOCUMENTS["native"], DESCRIPTION),
        }
    )
    return Litestar(
        [NATIVE, TIMEXTENDER, TIMEXTENDER_JOBS, TALEND, swagger],
        state=State({}),
        guards=[permitted],
        exception_handlers={Exception: _refuse_in_route},
        request_class=PlainRequest,
        request_max_body_size=MOST_BYTES,
        openapi_config=None,
        logging_config=None,
    )


def _furnished(
    routes: Litestar, app: App, settings: Settings, ready: Callable[[], bool], failures: FailedAttempts | None
) -> Litestar:
    """The routes with what they serve."""
    zone = ZoneInfo(settings.timezone)
    routes.state.app, routes.state.ready, routes.state.zone = app, ready, zone
    routes.state.jobs = Jobs(environment=settings.jobs_environment, case=settings.jobs_case, zone=zone)
    routes.state.door = make_door(app, settings, ready, failures)
    routes.state.streams = Streams()
    return routes


def refuse(path: str, error: Exception) -> Refusal | None:
    """What to tell a client, in the words of the dialect it speaks."""
    for beginning, speak in DIALECTS.items():
        if path.startswith(beginning):
            return speak(error)
    return native_errors.refuse(error)


def _refuse_in_route(request: Request[Actor, None, State], error: Exception) -> Response[bytes]:
    trace: str = request.scope["state"]["trace"]
    told = answer(explain(refuse, request.scope["path"], _with_bounds(request, error), trace), trace)
    return Response(told.body, status_code=told.status, headers=dict(told.headers), media_type=told.media_type)


def _with_bounds(request: Request[Actor, None, State], error: Exception) -> Exception:
    """The framework's refusals, with what the route would have taken."""
    handler = request.scope.get("route_handler")
    if not isinstance(handler, HTTPRouteHandler):
        return error
    if isinstance(error, ValidationException):
        return ValidationException(detail=error.detail, extra=reworded(handler, error.extra))
    if isinstance(error, HTTPException) and error.status_code == 413:
        most = handler.resolve_request_max_body_size()
        return TooLarge(f"The body is larger than this path allows: send at most {most:,} bytes")
    return error

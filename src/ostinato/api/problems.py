"""Refusals as RFC 9457 problem JSON, in the shape that every dialect shares.

A dialect says which status each refusal of the core has; everything else about the answer is decided here.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar.exceptions import HTTPException, InternalServerException, ValidationException

from ostinato.api.methods import allowed
from ostinato.core.errors import Invalid, OstinatoError, Problem, TooMany, Unauthenticated, Unavailable

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 2
SECTIONS = {
    400: "15.5.1",
    401: "15.5.2",
    403: "15.5.4",
    404: "15.5.5",
    405: "15.5.6",
    409: "15.5.10",
    413: "15.5.14",
    415: "15.5.16",
    422: "15.5.21",
    500: "15.6.1",
    503: "15.6.4",
}
"""Where RFC 9110 defines each status; the `type` of a problem points there."""
TYPES = {
    **{status: f"https://tools.ietf.org/html/rfc9110#section-{section}" for status, section in SECTIONS.items()},
    429: "https://tools.ietf.org/html/rfc6585#section-4",
}


class ErrorItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with the input."""

    path: str
    message: str
    allowed: tuple[str, ...]


class ProblemDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a request was refused."""

    type: Annotated[str, msgspec.Meta(description="Where the status is defined.")]
    title: Annotated[str, msgspec.Meta(description="The status in words.")]
    status: int
    trace_id: Annotated[str, msgspec.Meta(description="Names this request in the server's log.")]
    detail: Annotated[str, msgspec.Meta(description="What is wrong with this request, and what to do.")]
    errors: tuple[ErrorItem, ...] | msgspec.UnsetType = msgspec.UNSET


class FileErrorItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is wrong with the input; of definition files, with its place."""

    file: str | None
    line: int | None
    path: str
    message: str
    allowed: tuple[str, ...]


class FileProblemDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Why a request was refused that may have held files."""

    type: Annotated[str, msgspec.Meta(description="Where the status is defined.")]
    title: Annotated[str, msgspec.Meta(description="The status in words.")]
    status: int
    trace_id: Annotated[str, msgspec.Meta(description="Names this request in the server's log.")]
    detail: Annotated[str, msgspec.Meta(description="What is wrong with this request, and what to do.")]
    errors: tuple[FileErrorItem, ...] | msgspec.UnsetType = msgspec.UNSET


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """What a client is told, before it has a form."""

    status: int
    detail: str
    errors: tuple[Problem, ...] = ()
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    form: Literal["problem", "plain", "files", "short"] = "problem"
    """problem: problem JSON. files: its errors say in which file they are, and on which line. plain: the detail alone,
    as text. short: an object with status, message, detail and requestId."""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A refusal in its form, ready to be sent."""

    status: int
    headers: Mapping[str, str]
    media_type: str
    body: bytes


UNEXPECTED = Refusal(status=500, detail="Something went wrong on the server; its log has more under this traceId")


def refusal(
    error: Exception, statuses: Mapping[type[OstinatoError], int], names: Mapping[str, str] = MappingProxyType({})
) -> Refusal | None:
    """What to tell the client; None for an error that nobody foresaw.

    `names` are parameters that are called otherwise outside than in the code.
    """
    match error:
        case OstinatoError():
            return _refused(error, statuses)
        case ValidationException():
            return _refused(Invalid(*_problems(error.extra, names)), statuses)
        case InternalServerException() if "disconnected" in error.detail:
            return Refusal(status=400, detail="The body ended before it was complete")
        case InternalServerException(__cause__=msgspec.ValidationError() as cause):
            return _refused(Invalid(_in_body(cause)), statuses)
        case RecursionError() if "deserializing" in str(error) or "decoding a JSON" in str(error):
            return Refusal(status=400, detail="The body cannot be read: it is nested too deeply")
        case HTTPException() if error.status_code < 500:
            return _unusable(error)
        case _:
            return None


def answer(told: Refusal, trace: str) -> Answer:
    """Give a refusal its form."""
    if told.form == "plain":
        return Answer(status=told.status, headers=told.headers, media_type="text/plain", body=told.detail.encode())
    if told.form == "short":
        return _short(told, trace)
    known: dict[str, Any] = {
        "type": TYPES[told.status],
        "title": HTTPStatus(told.status).phrase,
        "status": told.status,
        "detail": told.detail,
        "trace_id": trace,
    }
    details: ProblemDetails | FileProblemDetails
    if told.form == "files":
        details = FileProblemDetails(**known, errors=tuple(map(_file_item, told.errors)) or msgspec.UNSET)
    else:
        details = ProblemDetails(**known, errors=tuple(map(_item, told.errors)) or msgspec.UNSET)
    return Answer(status=told.status, headers=told.headers, media_type=MEDIA_TYPE, body=msgspec.json.encode(details))


def _short(told: Refusal, trace: str) -> Answer:
    """A refusal as an object without a standard, whose `requestId` is the trace as a UUID."""
    allowed = "; ".join(
        f"{problem.path or 'it'} is one of {', '.join(problem.allowed)}" for problem in told.errors if problem.allowed
    )
    said = {"status": told.status, "message": told.detail, **({"detail": allowed} if allowed else {})}
    body = msgspec.json.encode({**said, "requestId": str(UUID(hex=trace.split("-")[1]))})
    return Answer(status=told.status, headers=told.headers, media_type="application/json", body=body)


def _refused(error: OstinatoError, statuses: Mapping[type[OstinatoError], int]) -> Refusal:
    status = next(statuses[kind] for kind in type(error).mro() if kind in statuses)
    errors = error.problems if isinstance(error, Invalid) else ()
    return Refusal(status=status, detail=str(error), errors=errors, headers=_headers(error))


def _headers(error: OstinatoError) -> dict[str, str]:
    match error:
        case Unauthenticated():
            return {"www-authenticate": "ApiKey"}
        case TooMany(wait=wait):
            return {"retry-after": str(wait)}
        case Unavailable():
            return {"retry-after": str(RETRY_AFTER_SECONDS)}
        case _:
            return {}


def _unusable(error: HTTPException) -> Refusal:
    """A request that never reached a route, or whose body could not be read."""
    match error.status_code:
        case 404:
            detail = "There is nothing at this path"
        case 405:
            detail = f"This path allows {allowed((error.headers or {}).get('allow', '')) or 'other methods'}"
        case 413:
            detail = "The body is larger than this path allows"
        case _:
            detail = f"The body cannot be read: {error.detail}"
    status = error.status_code if error.status_code in SECTIONS else 400
    return Refusal(status=status, detail=detail, headers=dict(error.headers or {}))


def _problems(extra: Any, names: Mapping[str, str]) -> list[Problem]:
    """The framework's findings about parameters and bodies, in our words."""
    found = extra if isinstance(extra, list) else []
    problems = [(str(item.get("key", "")), str(item["message"])) for item in found]
    return [Problem(path=names.get(path, path), message=message) for path, message in problems] or [
        Problem(message="the parameters or the body do not have the right form")
    ]


def _in_body(error: msgspec.ValidationError) -> Problem:
    """What is wrong with a field that is called like something the framework provides: it takes the sender's error for
    its own, though it checks nothing of what it provides."""
    message, _, place = str(error).partition(" - at `$")
    return Problem(path=place.rstrip("`").lstrip("."), message=message)


def _item(problem: Problem) -> ErrorItem:
    return ErrorItem(path=problem.path, message=problem.message, allowed=problem.allowed)


def _file_item(problem: Problem) -> FileErrorItem:
    return FileErrorItem(
        file=problem.file, line=problem.line, path=problem.path, message=problem.message, allowed=problem.allowed
    )

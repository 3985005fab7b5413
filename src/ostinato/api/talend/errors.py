"""The status and form of each refusal in the Talend API: an object with status, message, detail and requestId."""

import msgspec

from ostinato.api import problems
from ostinato.app.environments import InUse
from ostinato.app.schedules import Clash
from ostinato.core.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    OstinatoError,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
)

STATUSES: dict[type[OstinatoError], int] = {
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    InUse: 400,
    Clash: 409,
    Conflict: 409,
    TooLarge: 413,
    TooMany: 429,
    Unavailable: 503,
}
NAMES = {
    "data": "body",
    "fiql": "query",
    "search": "_s",
    "environment_id": "environmentId",
    "workspace_id": "workspaceId",
}
"""Parameters whose names the framework or the language keeps for itself."""


def refuse(error: Exception) -> problems.Refusal | None:
    """What to tell the client; None for an error that nobody foresaw."""
    told = problems.refusal(error, STATUSES, NAMES)
    if told is None:
        return None
    if isinstance(error, NotFound) and isinstance(error.key, int):
        # The number is ours: the client sent an id.
        told = msgspec.structs.replace(told, detail=f"{error.kind} does not exist, or you may not see it")
    return msgspec.structs.replace(told, form="short")

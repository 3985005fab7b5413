"""The status of each refusal in our own dialect."""

import msgspec

from ostinato.api import problems
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
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}
NAMES = {
    "state_filter": "state",
    "queued_from": "from",
    "queued_to": "to",
    "types": "type",
    "since": "from",
    "until": "to",
    "requested_by": "requestedBy",
    "key": "Idempotency-Key",
    "data": "body",
}
"""Parameters whose names the framework or the language keeps for itself, or that are headers."""


def refuse(error: Exception) -> problems.Refusal | None:
    """What to tell the client; None for an error that nobody foresaw."""
    told = problems.refusal(error, STATUSES, NAMES)
    return msgspec.structs.replace(told, form="files") if told is not None else None

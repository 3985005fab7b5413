"""The status of each refusal in the TimeXtender Jobs API, whose document states none."""

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
    Invalid: 400,
    Unauthenticated: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    TooLarge: 413,
    TooMany: 429,
    Unavailable: 503,
}
KINDS = {"Plan": "Job", "Run": "Execution"}


def refuse(error: Exception) -> problems.Refusal | None:
    """What to tell the client; None for an error that nobody foresaw."""
    if isinstance(error, NotFound) and error.kind in KINDS:
        return problems.refusal(NotFound(KINDS[error.kind], error.key), STATUSES)
    return problems.refusal(error, STATUSES)

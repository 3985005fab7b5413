"""The status of each refusal in the TimeXtender Orchestration API; its document has one that is plain text."""

from ostinato.api import problems
from ostinato.api.timextender.wire import TASK_TYPES
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
NAMES = {"data": "body"}
LONGEST_ECHO = 100
KINDS = {"Plan": "Process map", "Run": "Execution"}


class UnknownTaskType(Exception):
    """The text is the document's, with what was sent made harmless: printable, and not too long."""

    def __init__(self, sent: str) -> None:
        shown = "".join(letter if letter.isprintable() else "\ufffd" for letter in sent[:LONGEST_ECHO])
        super().__init__(f"Unknown taskType '{shown}'. Valid values: {', '.join(TASK_TYPES)}.")


def refuse(error: Exception) -> problems.Refusal | None:
    """What to tell the client; None for an error that nobody foresaw."""
    if isinstance(error, UnknownTaskType):
        return problems.Refusal(status=400, detail=str(error), form="plain")
    if isinstance(error, NotFound) and error.kind in KINDS:
        return problems.refusal(NotFound(KINDS[error.kind], error.key), STATUSES)
    return problems.refusal(error, STATUSES, NAMES)

"""Parameters and refusals that the routes of our own dialect share."""

from datetime import datetime
from functools import partial
from typing import Annotated

from litestar.params import HeaderParameter, PathParameter, QueryParameter

from ostinato.api import documents
from ostinato.api.native.wire import CLEAN, LARGEST
from ostinato.api.problems import FileProblemDetails
from ostinato.core.errors import Invalid, NotFound, Problem
from ostinato.core.ids import RunId
from ostinato.core.times import read_instant

RunNumber = Annotated[int, PathParameter(description="The id of the run.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="How many at most.")]
Offset = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="How many to skip.")]
Key = Annotated[
    str | None,
    HeaderParameter(
        name="Idempotency-Key", min_length=1, max_length=200, description="The same key starts nothing a second time."
    ),
]

Filter = Annotated[str | None, QueryParameter(max_length=200, pattern=CLEAN)]
"""A name, only of which something is listed."""

refusals = partial(documents.refusals, body=FileProblemDetails)


def known(run: int) -> RunId:
    """Numbers that no run can have are not asked for; raises NotFound."""
    return RunId(possible("Run", run))


def possible(kind: str, number: int) -> int:
    """A number that something of this kind may have: others are not asked for. Raises NotFound."""
    if not 0 < number <= LARGEST:
        raise NotFound(kind, number)
    return number


def moment(field: str, text: str) -> datetime:
    """A time with an offset; raises Invalid."""
    try:
        return read_instant(text)
    except ValueError as error:
        raise Invalid(Problem(path=field, message=str(error))) from error

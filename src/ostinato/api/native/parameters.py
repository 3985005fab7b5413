"""Parameters and refusals that the routes of our own dialect share."""

from functools import partial
from typing import Annotated

from litestar.params import PathParameter, QueryParameter

from ostinato.api import documents
from ostinato.api.native.wire import LARGEST
from ostinato.api.problems import FileProblemDetails
from ostinato.core.errors import NotFound
from ostinato.core.ids import RunId

RunNumber = Annotated[int, PathParameter(description="The id of the run.")]
Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="How many at most.")]
Offset = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="How many to skip.")]

refusals = partial(documents.refusals, body=FileProblemDetails)


def known(run: int) -> RunId:
    """Numbers that no run can have are not asked for; raises NotFound."""
    return RunId(possible("Run", run))


def possible(kind: str, number: int) -> int:
    """A number that something of this kind may have: others are not asked for. Raises NotFound."""
    if not 0 < number <= LARGEST:
        raise NotFound(kind, number)
    return number

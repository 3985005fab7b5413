"""Parameters and refusals that the routes of our own dialect share."""

from functools import partial
from typing import Annotated

from litestar.params import QueryParameter

from ostinato.api import documents
from ostinato.api.problems import FileProblemDetails

Limit = Annotated[int, QueryParameter(ge=1, le=1_000, description="How many at most.")]
Offset = Annotated[int, QueryParameter(ge=0, le=2**31 - 1, description="How many to skip.")]

refusals = partial(documents.refusals, body=FileProblemDetails)

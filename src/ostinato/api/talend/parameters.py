"""Parameters that many operations of the Talend API have."""

from typing import Annotated, TypeAlias

import msgspec
from litestar.openapi import ResponseSpec
from litestar.params import PathParameter, QueryParameter

from ostinato.api.documents import WORDS

LARGEST_OFFSET = 1_000_000_000
Limit: TypeAlias = Annotated[int, QueryParameter(ge=1, le=100, description="The number of items to return")]
Offset: TypeAlias = Annotated[
    int, QueryParameter(ge=0, le=LARGEST_OFFSET, description="The position of the first item")
]
Text: TypeAlias = Annotated[str | None, QueryParameter(max_length=200, pattern="^[^\x00]*$")]
InEnvironment: TypeAlias = Annotated[
    str | None, QueryParameter(name="environmentId", max_length=100, description="Only what is in it.")
]
InWorkspace: TypeAlias = Annotated[
    str | None, QueryParameter(name="workspaceId", max_length=100, description="Only what is in it.")
]
NamePart: TypeAlias = Annotated[
    str | None,
    QueryParameter(max_length=200, pattern="^[^\x00]*$", description="A part of the name, in any case"),
]
OfUser: TypeAlias = Annotated[str | None, QueryParameter(max_length=200, description="The id of a user, or the name")]
Fiql: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="query", max_length=4_000, description="FIQL, such as name==Dev*;description==*environment*"),
]
Id: TypeAlias = Annotated[str, PathParameter(max_length=100)]
Who: TypeAlias = Annotated[str, PathParameter(max_length=200, description="An id, or a name")]


class ErrorResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Why a request was refused."""

    status: int
    message: str
    detail: Annotated[str | None, msgspec.Meta(description="More, for whoever writes the client.")] = None
    request_id: Annotated[
        str, msgspec.Meta(description="Names this request in the server's log.", extra_json_schema={"format": "uuid"})
    ]


def refusals(*statuses: int) -> dict[int, ResponseSpec]:
    """The documented refusals of a route, with those of the wall before it."""
    return {
        status: ResponseSpec(
            data_container=ErrorResponse,
            description=WORDS[status],
            media_type="application/json",
            generate_examples=False,
        )
        for status in sorted({*statuses, 400, 401, 403, 429, 503})
    }

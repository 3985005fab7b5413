"""The list of runs: by where they ran, how they stand, when they were asked for, of what, why and by whom."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter, SkipValidation

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import translate, wire
from ostinato.api.native.access_translate import moment
from ostinato.api.native.parameters import Limit, refusals
from ostinato.api.responses import WrittenJson
from ostinato.app import runs, waiting
from ostinato.core.access import Permission
from ostinato.core.ids import RunId
from ostinato.core.states import State
from ostinato.store.runs import Wanted

MOST_TYPES = 50
LONGEST_TEXT = 200

Cause: TypeAlias = Literal["api", "manual", "plan", "schedule", "webhook", "data", "backfill"]
Filter = Annotated[str | None, QueryParameter(pattern=wire.CLEAN, max_length=wire.LONGEST_NAME)]
ThePage: TypeAlias = NamedDependency[SkipValidation[Wanted]]
TheWanted: TypeAlias = NamedDependency[SkipValidation[Wanted]]
RUN_PAGE = ResponseSpec(data_container=wire.RunPage, description="The page.", generate_examples=False)


def _page(
    actor: TheActor,
    limit: Limit = 50,
    before: Annotated[
        int | None, QueryParameter(ge=1, le=wire.LARGEST, description="Only runs older than this: `next` of a page.")
    ] = None,
    state_filter: Annotated[
        list[State] | None, QueryParameter(name="state", description="May be repeated: any of them.")
    ] = None,
    workspace: Filter = None,
    environment: Filter = None,
) -> Wanted:
    """Asks for the actor only to come after it: see `api/dependencies`."""
    return Wanted(
        limit=limit,
        before=RunId(before) if before else None,
        states=tuple(state_filter or ()),
        workspace=workspace,
        environment=environment,
    )


def _wanted(
    page: ThePage,
    queued_from: Annotated[
        str | None,
        QueryParameter(name="from", max_length=50, description="`queuedAt` at or after: RFC 3339, with an offset."),
    ] = None,
    queued_to: Annotated[
        str | None, QueryParameter(name="to", max_length=50, description="`queuedAt` before: RFC 3339, with an offset.")
    ] = None,
    types: Annotated[
        list[wire.Name] | None,
        QueryParameter(
            name="type", max_items=MOST_TYPES, description="`taskType`, or `plan`. May be repeated: any of them."
        ),
    ] = None,
    name: Annotated[
        str | None, QueryParameter(pattern=wire.CLEAN, max_length=wire.LONGEST_NAME, description="The whole name.")
    ] = None,
    text: Annotated[
        str | None,
        QueryParameter(
            pattern=wire.CLEAN,
            min_length=1,
            max_length=LONGEST_TEXT,
            description="In the name or in the message, in small letters or capitals.",
        ),
    ] = None,
    cause: Annotated[Cause | None, QueryParameter(description="What started it.")] = None,
    requested_by: Annotated[
        str | None,
        QueryParameter(
            name="requestedBy", pattern=wire.CLEAN, max_length=wire.LONGEST_NAME, description="The name of a user."
        ),
    ] = None,
) -> Wanted:
    if {queued_from, queued_to, name, text, cause, requested_by} == {None} and not types:
        return page
    return msgspec.structs.replace(
        page,
        begin=moment("from", queued_from),
        end=moment("to", queued_to),
        types=tuple(types or ()),
        name=name,
        text=text,
        cause=cause,
        requested_by=requested_by,
    )


WANTED = {"page": Provide(_page, sync_to_thread=False), "wanted": Provide(_wanted, sync_to_thread=False)}


@get(
    "/runs",
    needs=Permission.VIEW,
    operation_id="listRuns",
    summary="The newest runs started by themselves",
    responses={200: RUN_PAGE, **refusals(401, 422, 503)},
    dependencies=WANTED,
)
async def list_runs(
    app: TheApp,
    actor: TheActor,
    wanted: TheWanted,
    total: Annotated[bool, QueryParameter(description="Count what matches: exactly, if it is at most 10,000.")] = False,
) -> WrittenJson:
    """What is given has to hold all together. Only what the user may see is listed, and counted."""
    counted = await runs.count(app, actor, wanted) if total else None
    if wanted.is_narrow:
        return translate.search_page(app, await waiting.search(app, actor, wanted, app.now()), wanted.limit, counted)
    return translate.run_page(app, await waiting.list_runs(app, actor, wanted, app.now()), wanted.limit, counted)

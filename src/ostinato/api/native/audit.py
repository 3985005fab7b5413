"""The record of what everybody did, to be read, exported and checked."""

from typing import Annotated, TypeAlias

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import QueryParameter, SkipValidation

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import access_translate as translate
from ostinato.api.native import access_wire as wire
from ostinato.api.native.parameters import Limit, refusals
from ostinato.api.native.wire import CLEAN, LARGEST
from ostinato.app import audit
from ostinato.core.access import Tenant
from ostinato.store.audit import Wanted

Text = Annotated[str | None, QueryParameter(max_length=200, pattern=CLEAN)]
Moment = Annotated[str | None, QueryParameter(max_length=50, description="RFC 3339, with an offset.")]
TheWanted: TypeAlias = NamedDependency[SkipValidation[Wanted]]
LINES = "application/x-ndjson"
EXPORTED = ResponseSpec(data_container=str, description="Lines of JSON.", media_type=LINES, generate_examples=False)


def _wanted(
    limit: Limit = 100,
    before: Annotated[int | None, QueryParameter(ge=1, le=LARGEST, description="Only records before this id.")] = None,
    by: Annotated[str | None, QueryParameter(max_length=200, pattern=CLEAN, description="Who did it.")] = None,
    kind: Text = None,
    target: Text = None,
    since: Moment = None,
    until: Moment = None,
) -> Wanted:
    return Wanted(
        before=before,
        limit=limit,
        actor=by,
        kind=kind,
        target=target,
        since=translate.moment("since", since),
        until=translate.moment("until", until),
    )


@get(
    "/audit",
    needs=Tenant.AUDIT,
    operation_id="listAudit",
    summary="What was changed, the newest first",
    responses=refusals(401, 403, 422),
    dependencies={"wanted": Provide(_wanted, sync_to_thread=False)},
)
async def list_audit(app: TheApp, actor: TheActor, wanted: TheWanted) -> wire.RecordPage:
    found = await audit.list_records(app, actor, wanted)
    following = found[-1].id if len(found) == wanted.limit else None
    return wire.RecordPage(items=[translate.record(one) for one in found], next=following)


@get(
    "/audit/export",
    needs=Tenant.AUDIT,
    operation_id="exportAudit",
    summary="The record from its beginning, as its digests are taken",
    responses={200: EXPORTED, **refusals(401, 403, 422)},
)
async def export_audit(
    app: TheApp,
    actor: TheActor,
    after: Annotated[int, QueryParameter(ge=0, le=LARGEST, description="Only records after this id.")] = 0,
    limit: Annotated[int, QueryParameter(ge=1, le=10_000)] = 10_000,
) -> Response[bytes]:
    """Lines of `{"digest": ..., "record": ...}`, the oldest first. The digest of a record is the SHA-256 of the digest
    before it, as 32 bytes (none for the first), followed by the text of `record` in UTF-8; records that are not in the
    chain yet have none. Go on with `after` = the id in the last line."""
    found = await audit.list_records(app, actor, Wanted(after=after, limit=limit))
    return Response(b"".join(translate.exported(one) for one in found), media_type=LINES)


@get(
    "/audit/chain",
    needs=Tenant.AUDIT,
    operation_id="checkAudit",
    summary="Whether the record is as it was written",
    responses=refusals(401, 403),
)
async def check_audit(app: TheApp, actor: TheActor) -> wire.Chain:
    """Computes every digest again."""
    broken = await audit.check(app, actor)
    return wire.Chain(intact=broken is None, broken_at=broken)


AUDIT = Router("/", route_handlers=[list_audit, export_audit, check_audit])

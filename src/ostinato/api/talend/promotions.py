"""Promotions, and who may carry them out."""

from typing import Annotated, TypeAlias

import msgspec
from litestar import Router, delete, get, patch, post, put
from litestar.params import JSONBody, QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.talend import translate, wire
from ostinato.api.talend.filters import chosen
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import Id, Who, refusals
from ostinato.app import promotions
from ostinato.core.access import Permission, Tenant
from ostinato.core.errors import Conflict
from ostinato.core.fiql import FieldKind
from ostinato.core.object_ids import Kind
from ostinato.store.promotions import Promotion

PERSON, SERVICE_ACCOUNT = "person", "service_account"
FIELDS = {
    "executable": FieldKind.TEXT,
    "name": FieldKind.TEXT,
    **{
        f"{side}Environment.{field}": kind
        for side in ("source", "target")
        for field, kind in (
            ("id", FieldKind.TEXT),
            ("name", FieldKind.TEXT),
            ("description", FieldKind.TEXT),
            ("default", FieldKind.BOOLEAN),
        )
    },
}
Search: TypeAlias = Annotated[
    str | None, QueryParameter(name="_s", max_length=4_000, description="FIQL, such as name==dev to prod*")
]


class CreatePromotionRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    source_environment_id: wire.Sent
    target_environment_id: wire.Sent
    description: wire.Words | None = None


class UpdateDescriptionRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    description: wire.Words


class PromotionExecutableDetails(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    executable: str
    name: str
    source_environment: wire.EnvironmentInfo
    target_environment: wire.EnvironmentInfo
    description: Annotated[str | None, msgspec.Meta(description="Left out in lists.")] = None


class PromotionUsersResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    executable: Annotated[str, msgspec.Meta(description="The id of the promotion.")]
    user_ids: list[str]
    service_account_ids: list[str]


@get(
    "/",
    needs=Permission.VIEW,
    operation_id="listPromotions",
    summary="List promotions",
    responses=refusals(),
)
async def list_promotions(
    app: TheApp, actor: TheActor, ids: TheIds, search: Search = None
) -> list[PromotionExecutableDetails]:
    """All of them for whoever manages environments; for others those that they are assigned to."""
    found = [_promotion(one, ids) for one in await promotions.list_promotions(app, actor)]
    return chosen(found, search, FIELDS, app.now(), "_s")


@post(
    "/",
    needs=Tenant.ENVIRONMENTS,
    operation_id="createPromotion",
    summary="Create a promotion",
    responses=refusals(404, 409),
)
async def create_promotion(
    app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[CreatePromotionRequest]
) -> PromotionExecutableDetails:
    source = ids.number(Kind.ENVIRONMENT, data.source_environment_id)
    target = ids.number(Kind.ENVIRONMENT, data.target_environment_id)
    made = await promotions.create(app, actor, source, target, data.description, app.now())
    return _promotion(made, ids, made.description)


@get(
    "/{promotionId:str}",
    needs=Permission.VIEW,
    operation_id="getPromotion",
    summary="Get a promotion",
    responses=refusals(404),
)
async def get_promotion(app: TheApp, actor: TheActor, ids: TheIds, promotionId: Id) -> PromotionExecutableDetails:
    found = await promotions.get(app, actor, ids.number(Kind.PROMOTION, promotionId))
    return _promotion(found, ids, found.description)


@patch(
    "/{promotionId:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="updatePromotion",
    summary="Change the description of a promotion",
    status_code=204,
    responses=refusals(404),
)
async def update_promotion(
    app: TheApp, actor: TheActor, ids: TheIds, promotionId: Id, data: JSONBody[UpdateDescriptionRequest]
) -> None:
    await promotions.describe(app, actor, ids.number(Kind.PROMOTION, promotionId), data.description, app.now())


@delete(
    "/{promotionId:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="deletePromotion",
    summary="Delete a promotion",
    responses=refusals(404),
)
async def delete_promotion(app: TheApp, actor: TheActor, ids: TheIds, promotionId: Id) -> None:
    await promotions.remove(app, actor, ids.number(Kind.PROMOTION, promotionId), app.now())


@get(
    "/{promotionId:str}/users",
    needs=Permission.VIEW,
    operation_id="getPromotionUsers",
    summary="List who may carry out a promotion",
    responses=refusals(404),
)
async def list_users(app: TheApp, actor: TheActor, ids: TheIds, promotionId: Id) -> PromotionUsersResponse:
    number = ids.number(Kind.PROMOTION, promotionId)
    found = await promotions.list_assigned(app, actor, number)
    return PromotionUsersResponse(
        executable=ids.of(Kind.PROMOTION, number),
        user_ids=[ids.user(one.id) for one in found if one.kind == PERSON],
        service_account_ids=[ids.user(one.id) for one in found if one.kind == SERVICE_ACCOUNT],
    )


@put(
    "/{promotionId:str}/users/{userId:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="assignPromotionUser",
    summary="Let a user carry out a promotion",
    status_code=204,
    responses=refusals(404, 409),
)
async def assign_user(app: TheApp, actor: TheActor, ids: TheIds, promotionId: Id, userId: Who) -> None:
    number = ids.number(Kind.PROMOTION, promotionId)
    if not await promotions.assign(app, actor, number, ids.whom(userId), PERSON, app.now()):
        raise Conflict("User is already assigned to the promotion")


@delete(
    "/{promotionId:str}/users/{userId:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="unassignPromotionUser",
    summary="Let a user not carry out a promotion any more",
    responses=refusals(404),
)
async def unassign_user(app: TheApp, actor: TheActor, ids: TheIds, promotionId: Id, userId: Who) -> None:
    number = ids.number(Kind.PROMOTION, promotionId)
    await promotions.unassign(app, actor, number, ids.whom(userId), PERSON, app.now())


@put(
    "/{promotionId:str}/service-accounts/{serviceAccountId:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="assignPromotionServiceAccount",
    summary="Let a service account carry out a promotion",
    status_code=204,
    responses=refusals(404),
)
async def assign_service_account(
    app: TheApp, actor: TheActor, ids: TheIds, promotionId: Id, serviceAccountId: Who
) -> None:
    """Nothing changes if it may already."""
    number = ids.number(Kind.PROMOTION, promotionId)
    await promotions.assign(app, actor, number, ids.whom(serviceAccountId), SERVICE_ACCOUNT, app.now())


@delete(
    "/{promotionId:str}/service-accounts/{serviceAccountId:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="unassignPromotionServiceAccount",
    summary="Let a service account not carry out a promotion any more",
    responses=refusals(404),
)
async def unassign_service_account(
    app: TheApp, actor: TheActor, ids: TheIds, promotionId: Id, serviceAccountId: Who
) -> None:
    number = ids.number(Kind.PROMOTION, promotionId)
    await promotions.unassign(app, actor, number, ids.whom(serviceAccountId), SERVICE_ACCOUNT, app.now())


def _promotion(one: Promotion, ids: Ids, description: str | None = None) -> PromotionExecutableDetails:
    return PromotionExecutableDetails(
        executable=ids.of(Kind.PROMOTION, one.id),
        name=one.name,
        source_environment=translate.environment(one.source, ids),
        target_environment=translate.environment(one.target, ids),
        description=description,
    )


PROMOTIONS = Router(
    "/executables/promotions",
    route_handlers=[
        list_promotions,
        create_promotion,
        get_promotion,
        update_promotion,
        delete_promotion,
        list_users,
        assign_user,
        unassign_user,
        assign_service_account,
        unassign_service_account,
    ],
    tags=["Promotions"],
)

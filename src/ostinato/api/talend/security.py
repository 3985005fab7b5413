"""What users and service accounts may do in workspaces."""

from litestar import Router, delete, get, post, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody
from litestar.response.base import ASGIResponse

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.permissions import ANYBODY
from ostinato.api.responses import without_body
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import Id, InEnvironment, InWorkspace, OfUser, Who, refusals
from ostinato.api.talend.security_wire import Permission, Rights, permissions
from ostinato.app import rights
from ostinato.app.rights import Where
from ostinato.core.object_ids import Kind
from ostinato.store.rights import Granted

USER, SERVICE_ACCOUNT = "person", "service_account"
GIVEN = {201: ResponseSpec(data_container=None, description="It was given.", generate_examples=False)}


@get(
    "/permissions",
    needs=ANYBODY,
    operation_id="listWorkspacePermissions",
    summary="List workspace permissions",
    responses=refusals(404),
)
async def list_permissions(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    workspace_id: InWorkspace = None,
    environment_id: InEnvironment = None,
    userId: OfUser = None,
) -> list[Permission]:
    """What was granted to them directly, and not through groups or roles. Those of every workspace with PEOPLE, for
    others those of the workspaces in which they have MANAGE."""
    where = Where(
        workspaces=None if workspace_id is None else [ids.number(Kind.WORKSPACE, workspace_id)],
        environment=None if environment_id is None else ids.number(Kind.ENVIRONMENT, environment_id),
        users=None if userId is None else [ids.whom(userId)],
    )
    return [permission(one, ids) for one in await rights.list_granted(app, actor, where)]


@get(
    "/workspaces/{workspaceId:str}/users/{userId:str}/permissions",
    needs=ANYBODY,
    operation_id="getUserWorkspacePermission",
    summary="Get the permission of a user on a workspace",
    responses=refusals(404),
)
async def get_of_user(app: TheApp, actor: TheActor, ids: TheIds, workspaceId: Id, userId: Who) -> Permission:
    """Needs MANAGE in the workspace, or PEOPLE."""
    workspace = ids.number(Kind.WORKSPACE, workspaceId)
    return permission(await rights.get_granted(app, actor, workspace, ids.whom(userId), USER), ids)


@post(
    "/workspaces/{workspaceId:str}/users/{userId:str}/permissions",
    needs=ANYBODY,
    operation_id="createUserWorkspacePermission",
    summary="Give a user permission on a workspace",
    responses={**GIVEN, **refusals(404, 409)},
)
async def create_of_user(
    app: TheApp, actor: TheActor, ids: TheIds, workspaceId: Id, userId: Who, data: JSONBody[Rights]
) -> ASGIResponse:
    """VIEW comes with every other."""
    workspace = ids.number(Kind.WORKSPACE, workspaceId)
    await rights.give(app, actor, workspace, ids.whom(userId), permissions(data), app.now(), USER)
    return without_body(201)


@put(
    "/workspaces/{workspaceId:str}/users/{userId:str}/permissions",
    needs=ANYBODY,
    operation_id="updateUserWorkspacePermission",
    summary="Replace the permission of a user on a workspace",
    status_code=204,
    responses=refusals(404, 409),
)
async def update_of_user(
    app: TheApp, actor: TheActor, ids: TheIds, workspaceId: Id, userId: Who, data: JSONBody[Rights]
) -> None:
    """409 if it was given for every environment."""
    workspace = ids.number(Kind.WORKSPACE, workspaceId)
    await rights.replace(app, actor, workspace, ids.whom(userId), permissions(data), app.now(), USER)


@delete(
    "/workspaces/{workspaceId:str}/users/{userId:str}/permissions",
    needs=ANYBODY,
    operation_id="deleteUserWorkspacePermission",
    summary="Remove the permission of a user on a workspace",
    responses=refusals(404, 409),
)
async def delete_of_user(app: TheApp, actor: TheActor, ids: TheIds, workspaceId: Id, userId: Who) -> None:
    """409 if it was given for every environment."""
    await rights.take(app, actor, ids.number(Kind.WORKSPACE, workspaceId), ids.whom(userId), app.now(), USER)


@get(
    "/workspaces/{workspaceId:str}/service-accounts/{serviceAccountId:str}/permissions",
    needs=ANYBODY,
    operation_id="getServiceAccountWorkspacePermission",
    summary="Get the permission of a service account on a workspace",
    responses=refusals(404),
)
async def get_of_service_account(
    app: TheApp, actor: TheActor, ids: TheIds, workspaceId: Id, serviceAccountId: Who
) -> Permission:
    """Needs MANAGE in the workspace, or PEOPLE."""
    workspace = ids.number(Kind.WORKSPACE, workspaceId)
    return permission(await rights.get_granted(app, actor, workspace, ids.whom(serviceAccountId), SERVICE_ACCOUNT), ids)


@post(
    "/workspaces/{workspaceId:str}/service-accounts/{serviceAccountId:str}/permissions",
    needs=ANYBODY,
    operation_id="createServiceAccountWorkspacePermission",
    summary="Give a service account permission on a workspace",
    responses={**GIVEN, **refusals(404, 409)},
)
async def create_of_service_account(
    app: TheApp, actor: TheActor, ids: TheIds, workspaceId: Id, serviceAccountId: Who, data: JSONBody[Rights]
) -> ASGIResponse:
    """VIEW comes with every other."""
    workspace = ids.number(Kind.WORKSPACE, workspaceId)
    await rights.give(app, actor, workspace, ids.whom(serviceAccountId), permissions(data), app.now(), SERVICE_ACCOUNT)
    return without_body(201)


@put(
    "/workspaces/{workspaceId:str}/service-accounts/{serviceAccountId:str}/permissions",
    needs=ANYBODY,
    operation_id="updateServiceAccountWorkspacePermission",
    summary="Replace the permission of a service account on a workspace",
    status_code=204,
    responses=refusals(404, 409),
)
async def update_of_service_account(
    app: TheApp, actor: TheActor, ids: TheIds, workspaceId: Id, serviceAccountId: Who, data: JSONBody[Rights]
) -> None:
    """409 if it was given for every environment."""
    workspace = ids.number(Kind.WORKSPACE, workspaceId)
    await rights.replace(
        app, actor, workspace, ids.whom(serviceAccountId), permissions(data), app.now(), SERVICE_ACCOUNT
    )


@delete(
    "/workspaces/{workspaceId:str}/service-accounts/{serviceAccountId:str}/permissions",
    needs=ANYBODY,
    operation_id="deleteServiceAccountWorkspacePermission",
    summary="Remove the permission of a service account on a workspace",
    responses=refusals(404, 409),
)
async def delete_of_service_account(
    app: TheApp, actor: TheActor, ids: TheIds, workspaceId: Id, serviceAccountId: Who
) -> None:
    """409 if it was given for every environment."""
    workspace = ids.number(Kind.WORKSPACE, workspaceId)
    await rights.take(app, actor, workspace, ids.whom(serviceAccountId), app.now(), SERVICE_ACCOUNT)


def permission(held: Granted, ids: Ids) -> Permission:
    return Permission(
        workspace_id=ids.of(Kind.WORKSPACE, held.workspace),
        user_id=ids.user(held.user),
        permissions=[one.value for one in held.permissions],
    )


PERMISSIONS = Router(
    "/",
    route_handlers=[
        list_permissions,
        get_of_user,
        create_of_user,
        update_of_user,
        delete_of_user,
        get_of_service_account,
        create_of_service_account,
        update_of_service_account,
        delete_of_service_account,
    ],
    tags=["Permissions"],
)

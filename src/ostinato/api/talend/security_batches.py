"""Many permissions of users in workspaces at once: each is one change of its own, and the refused ones are told."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeAlias, TypeVar

import msgspec
from litestar import MediaType, Router, delete, post, put
from litestar.openapi import ResponseSpec
from litestar.params import JSONBody, QueryParameter
from litestar.response.base import ASGIResponse

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.permissions import ANYBODY
from ostinato.api.responses import without_body
from ostinato.api.talend.errors import refuse
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import refusals
from ostinato.api.talend.security_wire import (
    Permission,
    PermissionDeleteResult,
    PermissionId,
    PermissionResult,
    permissions,
)
from ostinato.app import rights
from ostinato.app.rights import Where
from ostinato.core.errors import Invalid, OstinatoError, Problem, Unavailable
from ostinato.core.object_ids import Kind
from ostinato.store.rights import Granted

Item = TypeVar("Item")
Permissions: TypeAlias = JSONBody[list[Permission]]
UserIds: TypeAlias = Annotated[
    list[str] | None, QueryParameter(description="Repeated, or with commas; names are taken as well.")
]
WorkspaceIds: TypeAlias = Annotated[list[str] | None, QueryParameter(description="Repeated, or with commas.")]
SOME_REFUSED = "The refused ones; the others are done."
DONE = ResponseSpec(data_container=None, description="All are done.", generate_examples=False)
CHANGED = {
    204: DONE,
    207: ResponseSpec(data_container=list[PermissionResult], description=SOME_REFUSED, generate_examples=False),
}
DELETED = {
    204: DONE,
    207: ResponseSpec(data_container=list[PermissionDeleteResult], description=SOME_REFUSED, generate_examples=False),
}
NOTHING_NAMED = Problem(path="userIds", message="name users or workspaces: without any, everybody's would be deleted")


@post(
    "/",
    needs=ANYBODY,
    operation_id="createWorkspacePermissions",
    summary="Create many workspace permissions",
    status_code=207,
    responses={**CHANGED, **refusals()},
)
async def create_permissions(app: TheApp, actor: TheActor, ids: TheIds, data: Permissions) -> ASGIResponse:
    """In the order of the list; what is refused does not stop the rest. 204 if nothing is."""

    async def create(one: Permission) -> None:
        workspace = ids.number(Kind.WORKSPACE, one.workspace_id)
        await rights.give(app, actor, workspace, ids.whom(one.user_id), permissions(one.permissions), app.now())

    return _told([PermissionResult(permission=one, **why) for one, why in await _each(data, create)])


@put(
    "/",
    needs=ANYBODY,
    operation_id="updateWorkspacePermissions",
    summary="Change many workspace permissions",
    status_code=207,
    responses={**CHANGED, **refusals()},
)
async def update_permissions(app: TheApp, actor: TheActor, ids: TheIds, data: Permissions) -> ASGIResponse:
    """In the order of the list; what is refused does not stop the rest. 204 if nothing is."""

    async def update(one: Permission) -> None:
        workspace = ids.number(Kind.WORKSPACE, one.workspace_id)
        await rights.replace(app, actor, workspace, ids.whom(one.user_id), permissions(one.permissions), app.now())

    return _told([PermissionResult(permission=one, **why) for one, why in await _each(data, update)])


@delete(
    "/",
    needs=ANYBODY,
    operation_id="deleteWorkspacePermissions",
    summary="Delete many workspace permissions",
    status_code=207,
    responses={**DELETED, **refusals(404)},
)
async def delete_permissions(
    app: TheApp, actor: TheActor, ids: TheIds, userIds: UserIds = None, workspaceIds: WorkspaceIds = None
) -> ASGIResponse:
    """Those whose user and whose workspace are named; without users those of everybody in the workspaces, without
    workspaces those of the users in every workspace whose rights you have a say in. 204 if none is refused."""
    users, workspaces = _listed(userIds), _listed(workspaceIds)
    if not users and not workspaces:
        raise Invalid(NOTHING_NAMED)
    where = Where(
        users=[ids.whom(one) for one in users] or None,
        workspaces=[ids.number(Kind.WORKSPACE, one) for one in workspaces] or None,
    )

    async def take(one: Granted) -> None:
        await rights.take(app, actor, one.workspace, one.user, app.now())

    refused = await _each(await rights.list_granted(app, actor, where), take)
    return _told([PermissionDeleteResult(permission_id=_pair(one, ids), **why) for one, why in refused])


async def _each(items: Sequence[Item], work: Callable[[Item], Awaitable[None]]) -> list[tuple[Item, dict[str, Any]]]:
    """The refused ones, with status and message."""
    refused: list[tuple[Item, dict[str, Any]]] = []
    for item in items:
        try:
            await work(item)
        except Unavailable:
            raise
        except OstinatoError as error:
            told = refuse(error)
            assert told is not None, "the table has every refusal"
            refused.append((item, {"status": told.status, "message": told.detail}))
    return refused


def _told(refused: Sequence[PermissionResult | PermissionDeleteResult]) -> ASGIResponse:
    if not refused:
        return without_body(204)
    return ASGIResponse(body=msgspec.json.encode(refused), status_code=207, media_type=MediaType.JSON)


def _listed(sent: list[str] | None) -> list[str]:
    """Repeated, or with commas between them."""
    return [one for part in sent or () for one in part.split(",") if one]


def _pair(one: Granted, ids: Ids) -> PermissionId:
    return PermissionId(workspace_id=ids.of(Kind.WORKSPACE, one.workspace), user_id=ids.user(one.user))


BATCHES = Router(
    "/permissions/batch",
    route_handlers=[create_permissions, update_permissions, delete_permissions],
    tags=["Permissions"],
)

"""Users, service accounts and groups, and what they may do in workspaces."""

from typing import Annotated

from litestar import Router, delete, get, patch, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.native import access_translate as translate
from ostinato.api.native import access_wire as wire
from ostinato.api.native.parameters import Limit, Offset, refusals
from ostinato.api.native.wire import CLEAN
from ostinato.api.permissions import ANYBODY
from ostinato.app import groups, people, rights
from ostinato.core.access import Tenant
from ostinato.core.errors import Invalid, Problem

Who = Annotated[str, PathParameter(description="The name.")]
Text = Annotated[str | None, QueryParameter(max_length=200, pattern=CLEAN)]


@get(
    "/users",
    needs=Tenant.PEOPLE,
    operation_id="listUsers",
    summary="Users and service accounts, by name",
    responses=refusals(401, 403, 422),
)
async def list_users(
    app: TheApp,
    actor: TheActor,
    kind: Annotated[wire.UserKind | None, QueryParameter()] = None,
    text: Text = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> wire.UserPage:
    """With `text`: those that have it in their name or address."""
    found = await people.list_users(app, actor, kind=kind, text=text, limit=limit + 1, offset=offset)
    items, following = translate.page(found, limit, offset)
    return wire.UserPage(items=[translate.user(one) for one in items], next=following)


@post(
    "/users",
    needs=Tenant.PEOPLE,
    operation_id="createUser",
    summary="Make a user or a service account",
    responses=refusals(400, 401, 403, 409, 413, 422),
)
async def create_user(app: TheApp, actor: TheActor, data: JSONBody[wire.NewUser]) -> wire.User:
    about = translate.about_new(data)
    made = await people.create_user(
        app, actor, data.name, app.now(), kind=data.kind, about=about, password=data.password
    )
    return translate.user(made)


@get(
    "/users/{name:str}",
    needs=ANYBODY,
    operation_id="getUser",
    summary="A user; oneself, or anybody with the permission PEOPLE",
    responses=refusals(401, 403, 404),
)
async def get_user(app: TheApp, actor: TheActor, name: Who) -> wire.User:
    return translate.user(await people.get_user(app, actor, name))


@patch(
    "/users/{name:str}",
    needs=Tenant.PEOPLE,
    operation_id="changeUser",
    summary="Change a user, or deactivate them",
    responses=refusals(400, 401, 403, 404, 409, 413, 422),
)
async def change_user(app: TheApp, actor: TheActor, name: Who, data: JSONBody[wire.UserPatch]) -> wire.User:
    """Whoever is deactivated is refused from the next request on."""
    return translate.user(await people.change_user(app, actor, name, translate.user_change(data), app.now()))


@put(
    "/users/{name:str}/password",
    needs=Tenant.PEOPLE,
    operation_id="setPassword",
    summary="Give somebody a new password",
    status_code=204,
    responses=refusals(400, 401, 403, 404, 413, 422),
)
async def set_password(app: TheApp, actor: TheActor, name: Who, data: JSONBody[wire.NewPassword]) -> None:
    """All their sessions end."""
    await people.set_password(app, actor, name, data.password, app.now())


@get(
    "/groups",
    needs=Tenant.PEOPLE,
    operation_id="listGroups",
    summary="Groups with their members, by name",
    responses=refusals(401, 403, 422),
)
async def list_groups(app: TheApp, actor: TheActor, limit: Limit = 100, offset: Offset = 0) -> wire.GroupPage:
    found = await groups.list_groups(app, actor, limit + 1, offset)
    items, following = translate.page(found, limit, offset)
    return wire.GroupPage(items=[translate.group(one) for one in items], next=following)


@post(
    "/groups",
    needs=Tenant.PEOPLE,
    operation_id="createGroup",
    summary="Make a group",
    responses=refusals(400, 401, 403, 409, 413, 422),
)
async def create_group(app: TheApp, actor: TheActor, data: JSONBody[wire.NewGroup]) -> wire.Group:
    made = await groups.create_group(app, actor, data.name, translate.group_change(data), app.now())
    return translate.group(made)


@get(
    "/groups/{name:str}",
    needs=Tenant.PEOPLE,
    operation_id="getGroup",
    summary="A group",
    responses=refusals(401, 403, 404),
)
async def get_group(app: TheApp, actor: TheActor, name: Who) -> wire.Group:
    return translate.group(await groups.get_group(app, actor, name))


@patch(
    "/groups/{name:str}",
    needs=Tenant.PEOPLE,
    operation_id="changeGroup",
    summary="Change a group or its members",
    responses=refusals(400, 401, 403, 404, 409, 413, 422),
)
async def change_group(app: TheApp, actor: TheActor, name: Who, data: JSONBody[wire.GroupPatch]) -> wire.Group:
    return translate.group(await groups.change_group(app, actor, name, translate.group_change(data), app.now()))


@delete(
    "/groups/{name:str}",
    needs=Tenant.PEOPLE,
    operation_id="deleteGroup",
    summary="Delete a group; its members stay",
    responses=refusals(401, 403, 404, 409),
)
async def delete_group(app: TheApp, actor: TheActor, name: Who) -> None:
    await groups.delete_group(app, actor, name, app.now())


@get(
    "/grants",
    needs=ANYBODY,
    operation_id="listGrants",
    summary="Who may do what in workspaces",
    responses=refusals(401, 403, 422),
)
async def list_grants(
    app: TheApp,
    actor: TheActor,
    user: Text = None,
    group: Text = None,
    workspace: Text = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> wire.GrantPage:
    """Needs the permission PEOPLE; with `workspace`, MANAGE there is enough."""
    found = await rights.list_grants(
        app, actor, user=user, group=group, workspace=workspace, limit=limit + 1, offset=offset
    )
    items, following = translate.page(found, limit, offset)
    return wire.GrantPage(items=[translate.grant(one) for one in items], next=following)


@put(
    "/grants",
    needs=ANYBODY,
    operation_id="setGrant",
    summary="Say what a user or a group may do in a workspace",
    responses=refusals(400, 401, 403, 404, 413, 422),
)
async def set_grant(app: TheApp, actor: TheActor, data: JSONBody[wire.SetGrant]) -> wire.Grants:
    """Needs MANAGE in the workspace, or the permission PEOPLE. Answers with all their grants there."""
    holder = rights.Holder(user=data.user, group=data.group)
    found = await rights.grant(
        app, actor, holder, data.workspace, _permissions(data), app.now(), environment=data.environment
    )
    return wire.Grants(items=[translate.grant(one) for one in found])


def _permissions(data: wire.SetGrant) -> list[str]:
    if isinstance(data.role, str) == (not isinstance(data.permissions, wire.Left)):
        raise Invalid(Problem(path="permissions", message="give permissions or a role, and not both"))
    return sorted(rights.permissions_of(data.role)) if isinstance(data.role, str) else list(data.permissions)  # type: ignore[arg-type]


PEOPLE = Router(
    "/",
    route_handlers=[
        list_users,
        create_user,
        get_user,
        change_user,
        set_password,
        list_groups,
        create_group,
        get_group,
        change_group,
        delete_group,
        list_grants,
        set_grant,
    ],
)

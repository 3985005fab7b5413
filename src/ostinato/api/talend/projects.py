"""Projects, and who is authorised to work on them."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Router, delete, get, post, put
from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.params import JSONBody, QueryParameter

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.permissions import ANYBODY
from ostinato.api.talend import translate, wire
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import Id, Limit, NamePart, Offset, Who, refusals
from ostinato.app import projects
from ostinato.core.access import Actor, Permission
from ostinato.core.credentials import Kind as CredentialKind
from ostinato.core.errors import Forbidden, Invalid, Problem
from ostinato.core.object_ids import Kind
from ostinato.store.projects import Project, WantedProjects

Address = Annotated[
    wire.Words, msgspec.Meta(description="Of the repository: http, https, ssh or git, without credentials.")
]
NewerName = Annotated[
    str | None, QueryParameter(max_length=200, pattern="^[^\x00]*$", description="The newer name of name.")
]
Owner = Annotated[wire.Name, msgspec.Meta(description="The name of a user.")]


class ProjectCreateRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    owner: Owner
    description: wire.Words | None = None
    url: Address
    name: wire.Name


class ProjectRequest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What is left out stays."""

    owner: Owner | None = None
    description: wire.Words | None = None
    url: Address | None = None


class ProjectView(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    name: str
    technical_label: str
    description: str | None = None
    url: str
    author: str
    owner: str
    project_type: Literal["DI"]
    repo_type: Literal["GIT"]
    create_date: wire.Time
    update_date: wire.Time


class PageProject(msgspec.Struct, frozen=True, kw_only=True):
    items: list[ProjectView]
    limit: int
    offset: int
    total: int


class ProjectUserAuthResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    project_id: str
    user_ids: list[str]


class ProjectGroupAuthResponse(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    project_id: str
    group_ids: list[str]


async def personal(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Raises Forbidden for what a service account got in exchange for its secret."""
    actor: Actor = connection.scope["user"]
    if actor.kind == CredentialKind.ACCESS_TOKEN:
        raise Forbidden("Projects are for people: use a personal access token, and not one of a service account")


@get(
    "/",
    needs=Permission.VIEW,
    guards=[personal],
    operation_id="listProjects",
    summary="List projects",
    responses=refusals(),
)
async def list_projects(
    app: TheApp,
    actor: TheActor,
    ids: TheIds,
    name: NamePart = None,
    projectName: NewerName = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PageProject:
    """Those that you own or may work on; all of them with the permission PEOPLE or ENVIRONMENTS."""
    if name is not None and projectName not in (None, name):
        message = "it is the newer name of name: send one of them, or the same value in both"
        raise Invalid(Problem(path="projectName", message=message))
    name = name if projectName is None else projectName
    found = await projects.list_projects(app, actor, WantedProjects(name=name, limit=limit, offset=offset))
    items = [_project(one, ids) for one in found.items]
    return PageProject(items=items, limit=limit, offset=offset, total=found.total)


@post(
    "/",
    needs=ANYBODY,
    guards=[personal],
    operation_id="createProject",
    summary="Create a project",
    responses=refusals(409),
)
async def create_project(
    app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[ProjectCreateRequest]
) -> ProjectView:
    """Needs the permission PEOPLE or ENVIRONMENTS."""
    about = projects.About(description=data.description, url=data.url, owner=data.owner)
    return _project(await projects.create(app, actor, data.name, about, app.now()), ids)


@get(
    "/{projectId:str}",
    needs=Permission.VIEW,
    guards=[personal],
    operation_id="getProject",
    summary="Get a project",
    responses=refusals(404),
)
async def get_project(app: TheApp, actor: TheActor, ids: TheIds, projectId: Id) -> ProjectView:
    return _project(await projects.get(app, actor, ids.number(Kind.PROJECT, projectId)), ids)


@put(
    "/{projectId:str}",
    needs=ANYBODY,
    guards=[personal],
    operation_id="updateProject",
    summary="Change a project",
    responses=refusals(404),
)
async def update_project(
    app: TheApp, actor: TheActor, ids: TheIds, projectId: Id, data: JSONBody[ProjectRequest]
) -> ProjectView:
    """For its owner, and for whoever has the permission PEOPLE or ENVIRONMENTS."""
    about = projects.About(description=data.description, url=data.url, owner=data.owner)
    project = ids.number(Kind.PROJECT, projectId)
    return _project(await projects.change(app, actor, project, about, app.now()), ids)


@delete(
    "/{projectId:str}",
    needs=ANYBODY,
    guards=[personal],
    operation_id="deleteProject",
    summary="Delete a project",
    responses=refusals(404),
)
async def delete_project(app: TheApp, actor: TheActor, ids: TheIds, projectId: Id) -> None:
    """For its owner, and for whoever has the permission PEOPLE or ENVIRONMENTS."""
    await projects.remove(app, actor, ids.number(Kind.PROJECT, projectId), app.now())


@get(
    "/{projectId:str}/users",
    needs=Permission.VIEW,
    operation_id="getProjectUserAuthorizations",
    summary="List the users who may work on a project",
    responses=refusals(404),
)
async def list_users(app: TheApp, actor: TheActor, ids: TheIds, projectId: Id) -> ProjectUserAuthResponse:
    number = ids.number(Kind.PROJECT, projectId)
    users = await projects.list_users(app, actor, number)
    return ProjectUserAuthResponse(project_id=ids.of(Kind.PROJECT, number), user_ids=[ids.user(one) for one in users])


@put(
    "/{projectId:str}/users/{userId:str}",
    needs=ANYBODY,
    operation_id="addProjectUserAuthorization",
    summary="Authorise a user to work on a project",
    status_code=204,
    responses=refusals(404, 409),
)
async def add_user(app: TheApp, actor: TheActor, ids: TheIds, projectId: Id, userId: Who) -> None:
    await projects.add_user(app, actor, ids.number(Kind.PROJECT, projectId), ids.whom(userId), app.now())


@delete(
    "/{projectId:str}/users/{userId:str}",
    needs=ANYBODY,
    operation_id="deleteProjectUserAuthorization",
    summary="Take the authorisation back from a user",
    responses=refusals(404),
)
async def remove_user(app: TheApp, actor: TheActor, ids: TheIds, projectId: Id, userId: Who) -> None:
    await projects.remove_user(app, actor, ids.number(Kind.PROJECT, projectId), ids.whom(userId), app.now())


@get(
    "/{projectId:str}/groups",
    needs=Permission.VIEW,
    operation_id="getProjectGroupAuthorizations",
    summary="List the groups whose members may work on a project",
    responses=refusals(404),
)
async def list_groups(app: TheApp, actor: TheActor, ids: TheIds, projectId: Id) -> ProjectGroupAuthResponse:
    number = ids.number(Kind.PROJECT, projectId)
    groups = [ids.of(Kind.GROUP, one) for one in await projects.list_groups(app, actor, number)]
    return ProjectGroupAuthResponse(project_id=ids.of(Kind.PROJECT, number), group_ids=groups)


@put(
    "/{projectId:str}/groups/{groupId:str}",
    needs=ANYBODY,
    operation_id="addProjectGroupAuthorization",
    summary="Authorise the members of a group to work on a project",
    status_code=204,
    responses=refusals(404, 409),
)
async def add_group(app: TheApp, actor: TheActor, ids: TheIds, projectId: Id, groupId: Who) -> None:
    await projects.add_group(app, actor, ids.number(Kind.PROJECT, projectId), ids.group(groupId), app.now())


@delete(
    "/{projectId:str}/groups/{groupId:str}",
    needs=ANYBODY,
    operation_id="deleteProjectGroupAuthorization",
    summary="Take the authorisation back from a group",
    responses=refusals(404),
)
async def remove_group(app: TheApp, actor: TheActor, ids: TheIds, projectId: Id, groupId: Who) -> None:
    await projects.remove_group(app, actor, ids.number(Kind.PROJECT, projectId), ids.group(groupId), app.now())


def _project(one: Project, ids: Ids) -> ProjectView:
    return ProjectView(
        id=ids.of(Kind.PROJECT, one.id),
        name=one.name,
        technical_label=one.label,
        description=one.description,
        url=one.url,
        author=one.author,
        owner=one.owner,
        project_type="DI",
        repo_type="GIT",
        create_date=translate.time(one.created_at),
        update_date=translate.time(one.changed_at),
    )


PROJECTS = Router(
    "/projects",
    route_handlers=[
        list_projects,
        create_project,
        get_project,
        update_project,
        delete_project,
        list_users,
        add_user,
        remove_user,
        list_groups,
        add_group,
        remove_group,
    ],
    tags=["Projects"],
)

"""Environments."""

from typing import Annotated

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import JSONBody

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.talend import translate, wire
from ostinato.api.talend.filters import chosen
from ostinato.api.talend.ids import TheIds
from ostinato.api.talend.parameters import Fiql, Id, refusals
from ostinato.app import environments, workspaces
from ostinato.core.access import Permission, Tenant
from ostinato.core.fiql import FieldKind
from ostinato.core.object_ids import Kind

FIELDS = {
    "id": FieldKind.TEXT,
    "name": FieldKind.TEXT,
    "description": FieldKind.TEXT,
    "maxCloudContainers": FieldKind.NUMBER,
    "default": FieldKind.BOOLEAN,
}


class CreateEnvironment(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: wire.Name
    description: wire.Words | None = None
    max_cloud_containers: int | None = None
    workspace_name: Annotated[wire.Name, msgspec.Meta(description="Of the custom workspace made along with it.")]
    owner: Annotated[wire.Sent | None, msgspec.Meta(description="Who owns that workspace; left out: you.")] = None


class UpdateEnvironment(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: wire.Name
    description: wire.Words | None = None
    max_cloud_containers: int | None = None


@get(
    "/",
    needs=Permission.VIEW,
    operation_id="listEnvironments",
    summary="List environments",
    responses=refusals(),
)
async def list_environments(app: TheApp, actor: TheActor, ids: TheIds, fiql: Fiql = None) -> list[wire.EnvironmentInfo]:
    """All of them for whoever manages environments; for others those in which they may see a workspace."""
    found = [translate.environment(one, ids) for one in await environments.list_environments(app, actor)]
    return chosen(found, fiql, FIELDS, app.now())


@post(
    "/",
    needs=Tenant.ENVIRONMENTS,
    operation_id="createEnvironment",
    summary="Create an environment with a custom workspace",
    responses=refusals(409),
)
async def create_environment(
    app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[CreateEnvironment]
) -> wire.EnvironmentInfo:
    """The owner may do everything in the workspace."""
    about = environments.About(
        name=data.name, description=data.description, max_cloud_engines=data.max_cloud_containers or 0
    )
    workspace = workspaces.About(name=data.workspace_name, owner=data.owner)
    return translate.environment(await environments.create(app, actor, about, workspace, app.now()), ids)


@put(
    "/{id:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="updateEnvironment",
    summary="Change an environment",
    status_code=204,
    responses=refusals(404, 409),
)
async def update_environment(
    app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[UpdateEnvironment]
) -> None:
    about = environments.About(
        name=data.name, description=data.description, max_cloud_engines=data.max_cloud_containers or 0
    )
    await environments.change(app, actor, ids.number(Kind.ENVIRONMENT, id), about, app.now())


@delete(
    "/{id:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="deleteEnvironment",
    summary="Remove an environment and everything in it",
    responses=refusals(404),
)
async def delete_environment(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """Workspaces, tasks, plans and all else. 400 while a promotion or a run that has not ended needs it."""
    await environments.remove(app, actor, ids.number(Kind.ENVIRONMENT, id), app.now())


ENVIRONMENTS = Router(
    "/environments",
    route_handlers=[list_environments, create_environment, update_environment, delete_environment],
    tags=["Environments"],
)

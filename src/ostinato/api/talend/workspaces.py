"""Workspaces."""

from typing import Annotated, Literal

import msgspec
from litestar import Router, delete, get, post, put
from litestar.params import JSONBody

from ostinato.api.dependencies import TheActor, TheApp
from ostinato.api.talend import translate, wire
from ostinato.api.talend.filters import chosen
from ostinato.api.talend.ids import Ids, TheIds
from ostinato.api.talend.parameters import Fiql, Id, refusals
from ostinato.app import workspaces
from ostinato.core.access import Permission, Tenant
from ostinato.core.errors import Invalid, Problem
from ostinato.core.fiql import FieldKind
from ostinato.core.object_ids import Kind
from ostinato.store.workspaces import DescribedWorkspace

FIELDS = {
    "id": FieldKind.TEXT,
    "name": FieldKind.TEXT,
    "description": FieldKind.TEXT,
    "owner": FieldKind.TEXT,
    "type": FieldKind.TEXT,
    "protectedUpgrade": FieldKind.BOOLEAN,
    "protectedArtifactUpdate": FieldKind.BOOLEAN,
    "environment.id": FieldKind.TEXT,
    "environment.name": FieldKind.TEXT,
    "environment.description": FieldKind.TEXT,
    "environment.default": FieldKind.BOOLEAN,
}
TYPES: dict[str, Literal["Custom", "Shared", "Personal"]] = {
    "custom": "Custom",
    "shared": "Shared",
    "personal": "Personal",
}


class CreateWorkspace(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: wire.Name
    description: wire.Words | None = None
    owner: Annotated[wire.Sent | None, msgspec.Meta(description="The name of a user; left out: you.")] = None
    environment_id: wire.Sent


class UpdateWorkspace(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: wire.Name
    description: wire.Words | None = None
    owner: wire.Sent | None = None
    protected_upgrade: bool | None = None
    protected_artifact_update: Annotated[
        bool | None, msgspec.Meta(description="The newer name of protectedUpgrade.")
    ] = None


class Workspace(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """As it is answered when one was made."""

    id: str
    name: str
    description: str | None = None
    create_date: wire.Time
    update_date: wire.Time
    owner: str | None = None
    owner_full_name: str
    type: Literal["Custom", "Shared", "Personal"]
    environment_id: str


@get("/", needs=Permission.VIEW, operation_id="listWorkspaces", summary="List workspaces", responses=refusals())
async def list_workspaces(app: TheApp, actor: TheActor, ids: TheIds, fiql: Fiql = None) -> list[wire.WorkspaceInfo]:
    """All of them for whoever manages environments; for others those that they may see."""
    found = [translate.workspace(one, ids) for one in await workspaces.list_described(app, actor)]
    return chosen(found, fiql, FIELDS, app.now())


@post(
    "/",
    needs=Tenant.ENVIRONMENTS,
    operation_id="createWorkspace",
    summary="Create a workspace",
    responses=refusals(404, 409),
)
async def create_workspace(app: TheApp, actor: TheActor, ids: TheIds, data: JSONBody[CreateWorkspace]) -> Workspace:
    """A custom one, whose owner may do everything in it."""
    environment = ids.number(Kind.ENVIRONMENT, data.environment_id)
    about = workspaces.About(name=data.name, description=data.description, owner=data.owner)
    return _workspace(await workspaces.create(app, actor, environment, about, app.now()), ids)


@put(
    "/{id:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="updateWorkspace",
    summary="Change a workspace",
    status_code=204,
    responses=refusals(404, 409),
)
async def update_workspace(app: TheApp, actor: TheActor, ids: TheIds, id: Id, data: JSONBody[UpdateWorkspace]) -> None:
    said = {one for one in (data.protected_upgrade, data.protected_artifact_update) if one is not None}
    if len(said) > 1:
        message = "it is the newer name of protectedUpgrade: send one of them, or the same value in both"
        raise Invalid(Problem(path="protectedArtifactUpdate", message=message))
    about = workspaces.About(name=data.name, description=data.description, owner=data.owner, protected=True in said)
    await workspaces.change(app, actor, ids.number(Kind.WORKSPACE, id), about, app.now())


@delete(
    "/{id:str}",
    needs=Tenant.ENVIRONMENTS,
    operation_id="deleteWorkspace",
    summary="Remove a custom workspace and everything in it",
    responses=refusals(404, 409),
)
async def delete_workspace(app: TheApp, actor: TheActor, ids: TheIds, id: Id) -> None:
    """409 while something of another workspace, or a run that has not ended, needs it."""
    await workspaces.remove(app, actor, ids.number(Kind.WORKSPACE, id), app.now())


def _workspace(one: DescribedWorkspace, ids: Ids) -> Workspace:
    return Workspace(
        id=ids.of(Kind.WORKSPACE, one.id),
        name=one.name,
        description=one.description,
        create_date=translate.time(one.created_at),
        update_date=translate.time(one.changed_at),
        owner=one.owner,
        owner_full_name=one.owner_full_name or "",
        type=TYPES[one.kind],
        environment_id=ids.of(Kind.ENVIRONMENT, one.environment.id),
    )


WORKSPACES = Router(
    "/workspaces",
    route_handlers=[list_workspaces, create_workspace, update_workspace, delete_workspace],
    tags=["Workspaces"],
)

"""Where something single is put, moved to, or looked for: workspaces and environments by their numbers."""

from ostinato.core.access import Actor, Permission
from ostinato.core.definitions import Place
from ostinato.core.errors import Forbidden, Invalid, NotFound, Problem
from ostinato.core.ids import EnvironmentId
from ostinato.store import environments, workspaces
from ostinato.store.db import Tx
from ostinato.store.workspaces import Target


async def find(tx: Tx, actor: Actor, where: int | Place, needed: Permission, what: str) -> Target:
    """The workspace, if the actor may do there what is needed; `what` is what they are about to do, in words.

    Raises NotFound if they may not even see it, and Forbidden.
    """
    target = await workspaces.target(tx, actor.subject, where)
    if target is None:
        raise NotFound("Workspace", where if isinstance(where, int) else where[1])
    require(target.permissions, needed, target.key, what)
    return target


async def find_beside(
    tx: Tx, actor: Actor, workspace: int, environment: EnvironmentId, needed: Permission, what: str
) -> Target:
    """The same of a workspace that something is moved to, which has to be in the same environment. Raises Invalid."""
    target = await find(tx, actor, workspace, needed, what)
    if target.environment != environment:
        message = f"it is in environment {target.environment_name!r}: name a workspace of the same environment"
        raise Invalid(Problem(path="targetWorkspaceId", message=message))
    return target


def require(permissions: list[Permission], needed: Permission, key: str, what: str) -> None:
    """Raises Forbidden."""
    if needed not in permissions:
        raise Forbidden(f"{what} needs the permission {needed} in workspace {key!r}")


async def require_visible(tx: Tx, actor: Actor, workspace: int | None, environment: int | None) -> None:
    """Raises NotFound if something is looked for in a place that the actor may not see. Asked only when nothing was
    found, so that a list costs one statement."""
    if environment is not None and not await environments.described(tx, actor.subject, manages=False, id=environment):
        raise NotFound("Environment", environment)
    if workspace is not None and await workspaces.target(tx, actor.subject, workspace) is None:
        raise NotFound("Workspace", workspace)

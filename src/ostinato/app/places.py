"""Environments and workspaces that requests are about: whether they are there for whoever asks."""

from ostinato.core.access import Actor, Tenant
from ostinato.core.errors import NotFound
from ostinato.store import environments, workspaces
from ostinato.store.db import Tx


async def require_visible(
    tx: Tx, actor: Actor, environment: int | None, workspace: int | None = None, *, manages: bool = False
) -> None:
    """Raise NotFound unless the actor may see them; whoever manages environments sees all of them.

    Lists ask only when nothing was found, so that an answer that has something in it costs one statement.
    """
    everything = manages or actor.may(Tenant.ENVIRONMENTS)
    if environment is not None and not await environments.described(
        tx, actor.subject, manages=everything, id=environment
    ):
        raise NotFound("Environment", environment)
    if workspace is not None and not await workspaces.described(tx, actor.subject, manages=everything, id=workspace):
        raise NotFound("Workspace", workspace)

"""Which workspaces somebody may look into."""

from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.errors import Forbidden
from ostinato.store import workspaces
from ostinato.store.db import Tx
from ostinato.store.workspaces import Page, Place, Workspace


async def list_workspaces(app: App, actor: Actor, page: Page) -> list[Workspace]:
    """The workspaces the actor may see at any of the three stages, each key once."""
    async with app.db.reading() as tx:
        return await workspaces.list_workspaces(tx, actor.subject, page)


async def require_known(tx: Tx, actor: Actor, place: Place) -> None:
    """Raise Forbidden unless the actor may look into this place.

    The words are the same whether the workspace is somebody else's or does not exist. Asked only when nothing was
    found, so that an answer that has something in it costs one statement.
    """
    if place.workspace is not None and not await workspaces.is_known(tx, actor.subject, place):
        raise no_access(place.workspace)


def no_access(workspace: str) -> Forbidden:
    return Forbidden(f"You have no access to a workspace {workspace!r} in this environment")

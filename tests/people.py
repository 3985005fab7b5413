"""Users with keys and rights, as a command on the server's machine makes them."""

from datetime import datetime

from ostinato.app import access, keys, rights
from ostinato.app.application import App


async def new_key(app: App, user: str, now: datetime) -> str:
    """A key of this user, who is made without rights if there is none."""
    actor = await access.on_this_machine(app, now)
    return (await keys.create_on_machine(app, actor, user, keys.Wish(description="a test"), now)).secret


async def give(app: App, user: str, workspace: str, role: str, now: datetime) -> None:
    """A role in a workspace that is there."""
    actor = await access.on_this_machine(app, now)
    permissions = rights.permissions_of(role)
    await rights.grant(app, actor, rights.Holder(user=user), workspace, permissions, now, make_user=True)

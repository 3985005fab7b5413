"""Deny by default: a route answers only if it names what is needed for it.

What is named is checked here as far as the credential goes; whether somebody may do it in a workspace is decided by
the statements, which select only what they may.
"""

from typing import Final

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from ostinato.core.access import Actor, Permission, Tenant
from ostinato.core.errors import Forbidden

PUBLIC: Final = "nobody"
"""For everybody, without a key."""
ANYBODY: Final = "anybody"
"""For whoever has a key that is known."""


async def permitted(connection: ASGIConnection, handler: BaseRouteHandler) -> None:  # type: ignore[type-arg]
    """Raises Forbidden; for every route of every dialect. Async, or the framework would call it in a thread."""
    needed = handler.opt.get("needs")
    if needed in (PUBLIC, ANYBODY) or (needed is None and connection.scope.get("method") == "OPTIONS"):
        return  # the framework itself answers OPTIONS, with the methods of the path
    if not isinstance(needed, Permission | Tenant):
        raise Forbidden("This path says nothing of the permission it needs, so nobody has it")
    actor: Actor = connection.scope["user"]
    actor.require(needed)

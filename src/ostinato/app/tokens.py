"""Access tokens for service accounts: the secret of a client is exchanged for a token that lives for half an hour
(RFC 6749, section 4.4)."""

from collections.abc import Collection
from datetime import timedelta

import msgspec

from ostinato.app import access, keys
from ostinato.app.application import App
from ostinato.app.keys import Wish
from ostinato.core.access import Permission, Tenant
from ostinato.core.credentials import RULES, Kind
from ostinato.core.errors import Invalid, Problem, Unauthenticated
from ostinato.store import credentials, users
from ostinato.store.credentials import Found

REFUSED = "The client is not known, or its secret is not right"
LIFE = RULES[Kind.ACCESS_TOKEN].life or timedelta(minutes=30)


class Client(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks: the name of a service account, in the spellings it may have been sent in, or its number, and a secret
    of it."""

    names: Collection[str]
    number: int | None = None
    secret: str


class Token(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str
    life: timedelta
    scopes: list[str] | None
    """What it is limited to; None: it may whatever the service account may."""


async def exchange(app: App, client: Client, scopes: Collection[str], address: str | None = None) -> Token:
    """A token that may no more than the secret, and lives no longer; `scopes` limit it further, none leave it as it is.
    Raises Unauthenticated, with the same words whatever the cause, and Invalid."""
    found = await access.find(app, client.secret)
    if found is None or found.kind != Kind.CLIENT or not (found.name in client.names or found.user == client.number):
        raise Unauthenticated(REFUSED)
    narrower, now = _narrower(found, scopes), app.now()
    ends = min(now + LIFE, found.expires_at or now + LIFE)
    wish = Wish(
        kind=Kind.ACCESS_TOKEN,
        description="For a client secret",
        expires_at=ends,
        scopes=narrower,
        workspaces=found.workspaces if narrower is not None else None,
    )
    async with app.db.transaction() as tx:
        await users.lock(tx)
        if await credentials.lock(tx, found.credential, now) is None:  # deleted while it was looked at
            raise Unauthenticated(REFUSED)
        made = await keys.make_fleeting(tx, found.user, wish, now, issued_by=found.credential)
    app.used[found.credential] = address
    return Token(access_token=made.secret, life=ends - now, scopes=found.scopes if narrower is None else narrower)


def _narrower(found: Found, scopes: Collection[str]) -> list[str] | None:
    """None: what the secret may, which is looked up with the secret."""
    known = {*Permission.__members__, *Tenant.__members__}
    allowed = known if found.scopes is None else set(found.scopes)
    for scope in scopes:
        if scope not in allowed:
            raise Invalid(Problem(path="scope", message=f"{scope[:60]!r} is not a scope that this secret has"))
    wanted = {*scopes, *({Permission.VIEW.value} if set(scopes) & set(Permission) else ())}
    return sorted(wanted) if wanted and wanted != allowed else None

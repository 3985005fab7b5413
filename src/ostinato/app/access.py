"""Who a request comes from, and what the first start makes.

A key is `txk_` and 32 letters and digits (TimeXtender Orchestration API, "Creating a key"); only its SHA-256 digest is
stored. The characters after `txk_` that open it find the row, the comparison of digests takes constant time.
"""

import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from ostinato.app.application import App
from ostinato.core.access import Actor, of_user, tenant_permissions, to_scopes
from ostinato.core.credentials import Kind, digest_of, is_credential, prefix_of
from ostinato.core.errors import Unauthenticated
from ostinato.store import credentials, environments, users

ADMINISTRATOR = "admin"
FIRST_ENVIRONMENTS = (("Production", "production"), ("Development", "development"), ("Test", "test"))
REFUSED = "The API key is missing or not recognised: send a valid one in the header X-API-Key"


async def set_up(app: App, now: datetime) -> None:
    """What the first start makes: the administrator and the three environments. Later starts change nothing."""
    async with app.db.transaction() as tx:
        await users.make_administrator(tx, ADMINISTRATOR, now)
        for name, stage in FIRST_ENVIRONMENTS:
            await environments.ensure(tx, name, stage, now)


async def on_this_machine(app: App, now: datetime) -> Actor:
    """The administrator, for commands that need no key because they run where the database is."""
    async with app.db.transaction() as tx:
        user = await users.ensure(tx, ADMINISTRATOR, now)
    return of_user(user, ADMINISTRATOR, roles=["ADMINISTRATOR"], kind="machine")


async def authenticate(app: App, key: str | None, address: str | None = None, trace: str | None = None) -> Actor:
    """Who this credential belongs to; raises Unauthenticated, with the same words whatever the cause."""
    found = await find(app, key)
    if found is None or found.kind == Kind.CLIENT:  # which opens nothing by itself: it is exchanged for a token
        raise Unauthenticated(REFUSED)
    app.used[found.credential] = address
    return _actor(found, address, trace)


async def find(app: App, key: str | None) -> credentials.Found | None:
    """The credential that works now and is opened by this."""
    if not key or not is_credential(key):
        return None
    digest = digest_of(key)
    found = app.known_keys.find(digest) or await _look(app, prefix_of(key), digest)
    return found if found is not None and found.works(app.now()) else None


async def write_down_use(app: App, now: datetime) -> None:
    """Record which credentials were used since the last time: one write for many requests."""
    if not app.used:
        return
    used, app.used = app.used, {}
    async with app.db.transaction() as tx:
        await credentials.used(tx, used, now)


def _actor(found: credentials.Found, address: str | None, trace: str | None) -> Actor:
    scope = to_scopes(found.scopes) if found.scopes is not None else None
    return Actor(
        user=found.user,
        subject=found.subject,
        name=found.name,
        tenant=tenant_permissions(found.roles, scope),
        scope=scope,
        workspaces=tuple(found.workspaces) if found.workspaces is not None else None,
        credential=found.credential,
        kind=found.kind,
        address=address,
        trace=trace,
    )


async def _look(app: App, prefix: str, digest: bytes) -> credentials.Found | None:
    changes = app.known_keys.changes
    for found in await app.gathering.ask("credentials", prefix, lambda prefixes: _find(app, prefixes)) or ():
        if hmac.compare_digest(found.digest, digest):
            app.known_keys.remember(digest, found, changes)
            return found
    return None


async def _find(app: App, prefixes: Sequence[str]) -> Mapping[str, Sequence[credentials.Found]]:
    """By their prefixes, the credentials that may be meant."""
    found: dict[str, list[credentials.Found]] = {}
    async with app.db.reading() as tx:
        for one in await credentials.find(tx, prefixes):
            found.setdefault(one.prefix, []).append(one)
    return found

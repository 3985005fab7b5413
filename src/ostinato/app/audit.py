"""The record of what everybody did: written in the transaction of the change, chained a moment later."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ostinato.app.application import App
from ostinato.core.access import Actor, Tenant
from ostinato.store import audit
from ostinato.store.audit import By, Entry, Recorded, Wanted
from ostinato.store.db import Tx

MOST_AT_ONCE = 2_000


async def record(tx: Tx, actor: Actor, now: datetime, *entries: Entry) -> None:
    """Write down what is changed in this transaction."""
    if entries:
        await audit.write(tx, by(actor), entries, now)


def entry_of(
    kind: str,
    action: str,
    target: int,
    environment: str,
    before: msgspec.Struct | None = None,
    after: msgspec.Struct | None = None,
) -> Entry:
    """A record of a thing without a name, with all that it was and is."""
    was, became = (None if one is None else msgspec.to_builtins(one) for one in (before, after))
    return Entry(action=action, kind=kind, target=str(target), environment=environment, before=was, after=became)


def by(actor: Actor) -> By:
    """Who it is that changes something, as it is written down."""
    return By(
        actor=actor.name,
        user=actor.user,
        credential=actor.credential or None,
        address=actor.address or ("the server's machine" if actor.kind == "machine" else None),
        trace=actor.trace,
    )


async def seal(app: App) -> None:
    """Put what is new into the chain."""
    async with app.db.reading() as tx:
        if not await audit.unsealed(tx):
            return
    sealed = MOST_AT_ONCE
    while sealed == MOST_AT_ONCE:
        async with app.db.transaction() as tx:
            sealed = await audit.seal(tx, MOST_AT_ONCE)


async def list_records(app: App, actor: Actor, wanted: Wanted) -> Sequence[Recorded]:
    """Raises Forbidden."""
    actor.require(Tenant.AUDIT)
    async with app.db.reading() as tx:
        return await audit.list_records(tx, wanted)


async def check(app: App, actor: Actor) -> int | None:
    """The first place in the chain that is not as it was; None: nothing was changed. Raises Forbidden."""
    actor.require(Tenant.AUDIT)
    async with app.db.reading() as tx:
        return await audit.broken_seal(tx)

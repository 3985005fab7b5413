"""The record of what everybody did: written in the transaction of the change, chained a moment later."""

from collections.abc import Sequence
from datetime import datetime

from ostinato.app.application import App
from ostinato.core.access import Actor, Tenant
from ostinato.store import audit
from ostinato.store.audit import By, Entry, Recorded, Wanted
from ostinato.store.db import Tx

MOST_RECORDS = 1_000


async def record(tx: Tx, actor: Actor, now: datetime, *entries: Entry) -> None:
    """Write down what is changed in this transaction."""
    if entries:
        by = By(
            actor=actor.name,
            user=actor.user,
            credential=actor.credential or None,
            address=actor.address or ("the server's machine" if actor.kind == "machine" else None),
            trace=actor.trace,
        )
        await audit.write(tx, by, entries, now)


async def seal(app: App) -> None:
    """Put what is new into the chain."""
    async with app.db.reading() as tx:
        if not await audit.unsealed(tx):
            return
    async with app.db.transaction() as tx:
        await audit.seal(tx)


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

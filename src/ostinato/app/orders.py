"""Work orders: what a worker needs for the attempts that were just claimed."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from ostinato.app.application import App, Held
from ostinato.core.contracts import Launch, OpenOrder, WorkOrder
from ostinato.core.errors import Conflict
from ostinato.core.ids import RunId
from ostinato.core.parameters import resolve
from ostinato.store import connections
from ostinato.store.attempts import Claimed
from ostinato.store.db import Tx

log = structlog.get_logger()


async def make(app: App, tx: Tx, claimed: Sequence[Claimed], now: datetime) -> dict[RunId, Held]:
    """The orders of these attempts, with the connections they use and the values of their parameters."""
    wanted = {(run.workspace, name) for run in claimed for name in run.uses}
    sealed = await connections.for_launch(tx, sorted(wanted)) if wanted else []
    found = {(connection.workspace, connection.name): connection for connection in sealed}
    held = {}
    for run in claimed:
        resolved = resolve(run.declared, [run.parameters or {}, run.surroundings])
        order = WorkOrder(
            run=run.run,
            attempt=run.attempt,
            lease=run.lease,
            task_type=run.task_type,
            task_name=run.task_name,
            config=run.config,
            connections={n: _open_order(app, found[run.workspace, n]) for n in run.uses if (run.workspace, n) in found},
            parameters=dict(resolved.values),
            invalid="; ".join(map(str, resolved.problems)),
        )
        launch = Launch(run=run.run, attempt=run.attempt, lease=run.lease, engine="local", timeout_s=run.timeout_s)
        held[run.run] = Held(launch=launch, losses=run.losses, retries=run.retries, order=order)
    return held


def _open_order(app: App, connection: connections.Sealed) -> OpenOrder:
    """Decrypt the secrets of one connection; one that cannot be decrypted is left out, and opening it will say so."""
    clear = {}
    for field, text in connection.secrets.items():
        try:
            clear[field] = app.keyring.decrypt(text, connection.workspace, connection.name, field)
        except Conflict as error:
            log.error("secret.unreadable", connection=connection.name, field=field, error=str(error))
    return OpenOrder(type=connection.type, config={**connection.config, **clear}, secrets=tuple(clear.values()))

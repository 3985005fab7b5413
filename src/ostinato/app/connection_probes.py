"""Connections tried: opened and closed again, in a process of its own that ends when it takes too long."""

import asyncio
import os
import sys
from contextlib import suppress

import msgspec
import structlog

from ostinato.app import orders, targets
from ostinato.app.application import App
from ostinato.core.access import Actor, Permission
from ostinato.core.contracts import Opened, OpenOrder
from ostinato.core.errors import NotFound, TooMany
from ostinato.store import connections

PATIENCE_SECONDS = 20.0
"""A server that does not answer is given up after 10 s, unless its connection says otherwise."""
RETRY_SECONDS = 5
NOT_PASSED_ON = ("OSTINATO_", "AWS_")
"""How the variables begin that hold the server's own settings and credentials."""

log = structlog.get_logger()


async def probe(app: App, actor: Actor, connection: int, patience: float = PATIENCE_SECONDS) -> Opened:
    """Raises NotFound, Forbidden, and TooMany while others are tried."""
    async with app.db.transaction() as tx:
        held = await connections.hold(tx, actor.subject, connection)
    if held is None:
        raise NotFound("Connection", connection)
    targets.require(held.permissions, Permission.EXECUTE, held.key, "Testing a connection")
    if app.probing.locked():
        raise TooMany("Other connections are being tested: try again in a moment", RETRY_SECONDS)
    async with app.probing:
        return await _open(orders.open_order(app, held), patience)


async def _open(order: OpenOrder, patience: float) -> Opened:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "ostinato.worker.probe",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if not name.startswith(NOT_PASSED_ON)},
    )
    try:
        async with asyncio.timeout(patience):
            said, _ = await process.communicate(msgspec.msgpack.encode(order))
        return msgspec.json.decode(said, type=Opened)
    except TimeoutError:
        return Opened(ok=False, message=f"it did not open within {patience:g} s", seconds=patience)
    except msgspec.MsgspecError:
        log.error("probe.ended", code=process.returncode)
        return Opened(ok=False, message=f"the process that tried it ended with code {process.returncode}", seconds=0)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()

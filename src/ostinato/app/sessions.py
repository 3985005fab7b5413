"""The life of this server in the eyes of the others: while it renews its session, its attempts are its own."""

import os
import socket
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from ostinato.app import progress
from ostinato.app.application import App
from ostinato.core.clocks import Told, better
from ostinato.store import attempts, sessions
from ostinato.store.db import Tx

LIFE = timedelta(seconds=12)
"""A server that has not renewed its session for this long is taken for dead, and its attempts for lost."""


async def begin(app: App, now: datetime, *, alone: bool) -> None:
    """Begin a session. `alone`: no other server can be alive here, so what earlier ones held is lost now."""
    async with app.db.transaction() as tx:
        if alone:
            await sessions.end_all(tx)
        asked = time.monotonic()
        life = await sessions.begin(tx, socket.gethostname(), os.getpid(), app.slots, now, LIFE)
        told = time.monotonic()
    app.session = life.session
    app.told_time = better(app.told_time, Told(at=life.now, asked=asked, told=told))


async def renew(app: App, now: datetime) -> bool:
    """Say that we live, and learn which of our attempts somebody wants ended. False: we were given up.

    An attempt that is ours in the database and unknown to us twice in a row was claimed by a commit whose answer got
    lost; it goes back into the queue. One that is ours here and no longer there was taken back while we were silent;
    its worker is ended.
    """
    if app.session is None:
        return False
    before = dict(app.held)
    async with app.db.transaction() as tx:
        asked = time.monotonic()
        life = await sessions.renew(tx, app.session, LIFE, app.slots)
        told = time.monotonic()
        if life is None:
            return False
        held = await attempts.held(tx, app.session)
    app.others = life.others
    app.told_time = better(app.told_time, Told(at=life.now, asked=asked, told=told))
    app.cancelled.update((row.lease, row.run) for row in held if row.cancelling and row.run in app.held)
    leases = {row.lease for row in held}
    for run, attempt in before.items():
        if attempt.launch.lease not in leases and app.held.get(run) is attempt:
            app.cancelled[attempt.launch.lease] = run
            del app.held[run]
    ours = {attempt.launch.lease for attempt in app.held.values()}
    unknown = [row for row in held if row.lease not in ours]
    lost = [row for row in unknown if row.lease in app.unknown]
    app.unknown = {row.lease for row in unknown}
    if lost:
        await give_back(app, lost, now)
    return True


async def end(app: App) -> None:
    """End the session in good order."""
    if app.session is not None:
        async with app.db.transaction() as tx:
            await sessions.end(tx, app.session)
        app.session = None


async def give_back(app: App, rows: Sequence[attempts.HeldRow], now: datetime) -> None:
    """Put attempts back into the queue that this server does not run."""

    async def work(tx: Tx) -> None:
        await progress.advance(app, tx, await attempts.give_back(tx, rows, now), now)

    await app.db.run(work)
    app.wake.set()

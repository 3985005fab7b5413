"""What the check of keys costs: the same pages from the same process, through the wall and without it.

Both are asked in turns, because what is measured is less than the noise of two runs.
"""

import asyncio
import multiprocessing
import socket
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import structlog
import uvicorn
import uvloop
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from bench import load, pages
from bench.report import Figure
from ostinato.api.asgi import make_asgi, make_router, refuse
from ostinato.api.entrance import Entrance
from ostinato.api.methods import HeadAsGet
from ostinato.app import access, definitions, keys
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.config import read_settings
from ostinato.core.access import Actor
from ostinato.store.db import Database
from ostinato.store.embedded import EmbeddedPostgres
from ostinato.store.migrate import migrate

NAMES = ("keys_rps",)
RUNS = 9
REQUESTS = 2_000
CONNECTIONS = 8


class NoWall:
    """Lets everybody in as the administrator."""

    def __init__(self, inner: ASGIApp, actor: Actor) -> None:
        self._inner, self._actor = inner, actor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            scope["user"] = self._actor
        await self._inner(scope, receive, send)


def measure(wanted: frozenset[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="ostinato-bench-", ignore_cleanup_errors=True) as folder:
        postgres = EmbeddedPostgres(Path(folder))
        postgres.start()
        ours, theirs = multiprocessing.Pipe()
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(postgres.url, theirs), daemon=True)
        try:
            server.start()
            walled, open_to_all, key = ours.recv()
            asyncio.run(pages.store(postgres.url, pages.FEW))
            values, floors = asyncio.run(_rates(walled, open_to_all, key))
            Figure(NAMES[0], "1/s", values, floors).print()
        finally:
            server.kill()
            postgres.stop()


async def _rates(walled: int, open_to_all: int, key: str) -> tuple[list[float], list[float]]:
    request = load.get(pages.PAGE, key)
    rates: dict[int, list[float]] = {walled: [], open_to_all: []}
    for number in range(RUNS + 1):
        for port in (walled, open_to_all):
            seconds = await load.ask(port, [request] * REQUESTS, CONNECTIONS, status=b"200")
            if number:  # the first is for warming up
                rates[port].append(REQUESTS / seconds)
    return rates[walled], rates[open_to_all]


def _serve(url: str, told: Connection) -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    asyncio.Runner(loop_factory=uvloop.new_event_loop).run(_serve_both(url, told))


async def _serve_both(url: str, told: Connection) -> None:
    app = App(db=Database(url), keyring=Keyring({"bench": bytes(32)}))
    await app.db.open()
    await migrate(app.db)
    await access.set_up(app, app.now())
    actor = await access.on_this_machine(app, app.now())
    bundle = definitions.Bundle(files=[definitions.File(name="bench.yaml", text=pages.yaml())])
    await definitions.apply(app, actor, bundle, app.now())
    key = (await keys.create_on_machine(app, actor, "admin", keys.Wish(description="bench"), app.now())).secret
    listener = await app.db.listen(
        ["ostinato"], lambda _channel, _what: app.known_keys.forget(), app.known_keys.be_deaf
    )
    app.known_keys.hear()
    settings = read_settings({})
    without = Entrance(NoWall(HeadAsGet(make_router(app, settings, lambda: True)), actor), refuse)
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    servers = [
        uvicorn.Server(uvicorn.Config(asgi, log_config=None, access_log=False, lifespan="off"))  # type: ignore[arg-type]
        for asgi in (make_asgi(app, settings, lambda: True), without)
    ]
    told.send((sockets[0].getsockname()[1], sockets[1].getsockname()[1], key))
    await asyncio.gather(*(server.serve([sock]) for server, sock in zip(servers, sockets, strict=True)))
    await listener.close()

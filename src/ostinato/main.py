"""Puts the parts together: the only file that names every one of them."""

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog
import uvicorn
import uvloop

from ostinato import __version__, plugins
from ostinato.api.asgi import make_asgi
from ostinato.api.bounded import BoundedProtocol
from ostinato.app import artifacts, keys, objects
from ostinato.app.application import App
from ostinato.config import Settings, address
from ostinato.core.contracts import ContentSource
from ostinato.core.errors import Conflict, Unavailable
from ostinato.opening import FETCHED, application, database
from ostinato.scheduler.engine import Engine
from ostinato.store.home import Home, read_private, write_private

log = structlog.get_logger()

LOCAL_KEY = "local.key"
"""The file in the data folder that holds the key of the command line on this machine."""
CREDENTIALS_OF_AWS = frozenset(
    {
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_PROFILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    }
)
"""What opens the bucket where the settings name no key: the server keeps it from its workers."""
GRACE_SECONDS = 3


def up(settings: Settings) -> None:
    """Run everything in one process tree until SIGTERM or Ctrl-C. Raises Conflict, Unavailable."""
    _write_logs_to_stderr()
    secret = settings.openid.client_secret_file if settings.openid is not None else None
    if secret is not None and not secret.is_file():
        raise Conflict(f"OSTINATO_OIDC_CLIENT_SECRET_FILE is {str(secret)!r}: there is no such file")
    home = Home(settings.home)
    home.hold(address(settings.host, settings.port))
    try:
        with _listening_socket(settings) as listening, database(settings) as (url, revive):
            asyncio.Runner(loop_factory=uvloop.new_event_loop).run(_serve(settings, url, revive, listening))
    finally:
        home.release()


async def _serve(settings: Settings, url: str, revive: Callable[[], bool], listening: socket.socket) -> None:
    async with application(settings, url) as app:
        app.slots = settings.slots
        engine = Engine(app, alone=settings.database_url is None)

        executor = plugins.executor_type("local").create(
            slots=settings.slots,
            folder=settings.home / "work",
            order_of=app.order_of,
            tell=engine.hear,
            pace=engine.pace,
            artifacts=_content_source(app, settings),
        )
        await objects.open_store(app)
        await artifacts.sweep(app, datetime.now(UTC))
        await engine.start(executor)
        await _replace_local_key(app, settings.home / LOCAL_KEY)
        server = _Server(
            uvicorn.Config(
                make_asgi(app, settings, lambda: server.started),
                http=BoundedProtocol,
                log_config=None,
                access_log=False,
                lifespan="on",
                ws="none",
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

        def end() -> None:
            app.stopping.set()
            server.stop()

        for stop in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(stop, end)
        sys.stderr.write(
            f"Ostinato {__version__} answers at {address(settings.host, settings.port)}, data in {settings.home}\n"
        )
        keeping = asyncio.create_task(_keep_alive(revive))
        try:
            await server.serve(sockets=[listening])
        finally:
            keeping.cancel()
            await engine.stop()


async def _replace_local_key(app: App, file: Path) -> None:
    before = read_private(file)
    write_private(file, await keys.replace_local_key(app, before, datetime.now(UTC)))


async def _keep_alive(revive: Callable[[], bool]) -> None:
    """Start the embedded database again when it dies. It blocks the loop for a moment in which nothing could be done
    anyway, and has to: the database dies with the thread that started it."""
    while True:
        await asyncio.sleep(1)
        try:
            if revive():
                log.error("database.died", now="started again")
        except Unavailable as error:
            log.error("database.died", now=str(error))


def _content_source(app: App, settings: Settings) -> ContentSource:
    """How workers come by content: they read a folder, into which that of a bucket is fetched for them."""
    unpacked, place = str(settings.home / "unpacked"), settings.object_store
    if isinstance(place, Path):
        return ContentSource(objects=str(place), unpacked=unpacked)
    return ContentSource(
        objects=str(settings.home / FETCHED),
        unpacked=unpacked,
        fetch=lambda digest: objects.fetch(app, digest),
        withheld=frozenset() if place.access_key_id is not None else CREDENTIALS_OF_AWS,
    )


@contextmanager
def _listening_socket(settings: Settings) -> Iterator[socket.socket]:
    """Bind before anything else starts, so that a taken port is said at once."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((settings.host, settings.port))
        except OSError as error:
            raise Conflict(
                f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}): "
                "stop what uses it, or choose another --port"
            ) from error
        yield listening


class _Server(uvicorn.Server):
    """Signals are ours: the engine has to stop after the last request, not before."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    def stop(self) -> None:
        self.should_exit = True


def _write_logs_to_stderr() -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )

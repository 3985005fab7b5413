"""The whole HTTP side on a fresh database, and a client for each kind of caller.

world    makes rows
asgi     the application as a server would run it
call     asks as a given key; every answer is held against the published OpenAPI documents. As clients do, it asks again
         after 503 what may be asked again, and starts nothing without a key of its own
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import nullcontext
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.types import ASGIApp

from ostinato.api.asgi import make_asgi, make_routes
from ostinato.app.application import App
from ostinato.config import Settings, read_settings
from tests.api.documented import check
from tests.api.factories import World
from tests.taps import MOST_TRIES, withstanding

REPEATABLE = re.compile(r"/api/v1/(runs|runs/\d+/cancellation|definitions/diff)")
"""What a client may POST again when the answer got lost."""
KEY = re.compile(r"(?:txk|ost|osc|osa|oss)_[0-9A-Za-z]{12}")
"""What opens the server, or enough of it."""
Call = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def world(app: App) -> World:
    return World(app)


@pytest.fixture
def settings() -> Settings:
    return msgspec.structs.replace(read_settings({}), timezone="UTC")


@pytest.fixture(scope="session")
def routes() -> dict[Settings, Litestar]:
    """The routes by settings: making them takes longer than most tests."""
    return {}


@pytest.fixture
def asgi(app: App, settings: Settings, routes: dict[Settings, Litestar]) -> ASGIApp:
    if settings not in routes:
        routes[settings] = make_routes(settings)
    return make_asgi(app, settings, lambda: True, routes[settings])


@pytest.fixture
async def client(asgi: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(asgi), base_url="http://ostinato.test") as client:
        yield client


@pytest.fixture(scope="session")
def documents() -> dict[str, dict[str, Any]]:
    """The published documents, by the beginning of the paths they are about; filled when first asked for."""
    return {}


@pytest.fixture
async def call(client: httpx.AsyncClient, documents: dict[str, dict[str, Any]]) -> Call:
    if not documents:
        documents["/api/v0/"] = (await client.get("/swagger/timextender.json")).json()
        documents["/public/jobs"] = (await client.get("/swagger/timextender-jobs.json")).json()
        talend = (await client.get("/swagger/talend.json")).json()
        documents.update(dict.fromkeys(("/orchestration", "/security", "/tmc"), talend))
        documents["/"] = (await client.get("/swagger/native.json")).json()

    async def ask(
        method: str, path: str, key: str | None = None, *, shows_key: bool = False, **more: Any
    ) -> httpx.Response:
        headers = {**more.pop("headers", {}), **({"X-API-Key": key} if key else {})}
        if (method, path) == ("POST", "/api/v1/runs"):
            headers.setdefault("Idempotency-Key", str(uuid4()))
        repeatable = method == "GET" or REPEATABLE.fullmatch(path)
        dialect = next(beginning for beginning in documents if path.startswith(beginning))
        for _ in range(MOST_TRIES):
            with withstanding() if repeatable else nullcontext():
                answer = await client.request(method, path, headers=headers, **more)
            if answer.status_code != 503:
                break
        check(documents[dialect], answer)
        assert shows_key or not KEY.search(answer.text)
        return answer

    return ask

"""talend: asks the Talend API as the administrator, or as whoever's key is given."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from ostinato.app.application import App
from tests.api.conftest import Call
from tests.conftest import NOW
from tests.people import new_key

Talk = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def talend(app: App, call: Call) -> Talk:
    """`talend(method, path, body, key=..., **query)`: below /orchestration, unless the path says otherwise."""
    administrator = await new_key(app, "admin", NOW)

    async def ask(
        method: str, path: str, body: Any = None, *, key: str = administrator, **query: Any
    ) -> httpx.Response:
        full = path if path.startswith(("/security", "/orchestration", "/tmc", "/api")) else f"/orchestration{path}"
        more = {} if body is None else {"json": body}
        headers = {"Authorization": f"Bearer {key}"}
        return await call(method, full, headers=headers, params=query, **more)

    return ask

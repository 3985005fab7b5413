"""What the how-to shows works as it is printed."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp

from tests.api.timextender_jobs.conftest import Finance

PAGE = Path(__file__).parents[3] / "docs/howto/load-job-logs.md"
Ask = Callable[[Callable[[httpx.Client], Any]], Awaitable[Any]]


class Bridge(httpx.BaseTransport):
    """Lets a client without asyncio, in a thread of its own, ask the application."""

    def __init__(self, asgi: ASGIApp) -> None:
        self._loop, self._inner = asyncio.get_running_loop(), httpx.ASGITransport(asgi)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return asyncio.run_coroutine_threadsafe(self._ask(request), self._loop).result()

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        asked = httpx.Request(request.method, request.url, headers=request.headers)
        answer = await self._inner.handle_async_request(asked)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


@pytest.fixture
def howto() -> dict[str, Any]:
    """The functions that the page shows."""
    [code, _] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    shown: dict[str, Any] = {}
    exec(compile(code, str(PAGE), "exec"), shown)
    return shown


@pytest.fixture
async def ask(asgi: ASGIApp, finance: Finance) -> Ask:
    """Does something with a client as the page opens one."""
    bridge = Bridge(asgi)

    async def in_thread(work: Callable[[httpx.Client], Any]) -> Any:
        def do() -> Any:
            with httpx.Client(
                transport=bridge, base_url="http://ostinato.test", headers={"ApiKey": finance.key}
            ) as client:
                return work(client)

        return await asyncio.to_thread(do)

    return in_thread


async def test_only_what_is_new_or_has_changed_is_loaded_again(
    ask: Ask, howto: dict[str, Any], finance: Finance
) -> None:
    load, kept = howto["load"], dict[str, Any]()
    run = await finance.ran(day=14)
    await finance.did(run, finance.load, day=14)
    running = await finance.ran("RUNNING", day=15)
    await finance.did(running, finance.load, "RUNNING", day=15)
    since = await ask(lambda client: load(client, finance.job(), kept))
    assert since == "2026-03-15T22:00:00.000"
    assert howto["last_success"](kept) == {"warehouse": "2026-03-14T22:01:32.000", "crm": "2026-03-14T22:01:32.000"}

    await finance.world.execute(
        """UPDATE run SET state = 'SUCCEEDED', lease = NULL, ended_at = started_at + interval '1 h'
            WHERE id = $1 OR parent_run_id = $1""",
        running,
    )
    await finance.ran(day=16)
    assert await ask(lambda client: load(client, finance.job(), kept, since)) == "2026-03-16T22:00:00.000"
    assert sorted(kept.values(), key=lambda one: one["CreateTime"], reverse=True) == await finance.logs("?details=true")
    assert howto["last_success"](kept)["crm"] == "2026-03-15T23:00:05.000"


async def test_pages_are_followed_to_the_end(ask: Ask, howto: dict[str, Any], finance: Finance) -> None:
    await finance.world.execute(
        """INSERT INTO run (environment_id, workspace_id, plan_id, plan_version, graph_id, state, due_at, queued_at,
                            started_at, ended_at, cause)
           SELECT environment_id, workspace_id, id, 1, graph_id, 'SUCCEEDED', at, at, at, at, 'schedule'
             FROM plan, generate_series('2026-03-01'::timestamptz, '2026-03-02', '1 minute') AS at""",
    )
    found = await ask(lambda client: [one["Id"] for one in howto["changed"](client, finance.job())])
    assert len(found) == len(set(found)) == 1_441

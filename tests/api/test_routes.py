"""Nothing answers without a key, but the exact paths of one list."""

import re
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp
from structlog.testing import capture_logs

from ostinato.api.asgi import make_asgi, make_router
from ostinato.api.authentication import PUBLIC
from ostinato.app.application import App
from ostinato.config import Settings
from tests.api.factories import World

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT")


def paths(app: App, settings: Settings) -> list[str]:
    router = make_router(app, settings, lambda: True)
    return sorted({re.sub(r"\{[^}]+\}", "1", route.path) for route in router.routes})


async def test_every_route_wants_a_key_unless_it_is_on_the_public_list(
    app: App, settings: Settings, client: httpx.AsyncClient
) -> None:
    found = paths(app, settings)
    assert len(found) > 20
    for path in found:
        for method in METHODS:
            answer = await client.request(method, path)
            if path in PUBLIC:
                assert answer.status_code in (200, 204, 405), (method, path)
            else:
                assert answer.status_code == 401, (method, path)
                assert answer.headers["content-type"] == "application/problem+json"


def test_the_public_list_is_what_we_think_it_is() -> None:
    assert {
        "/health",
        "/swagger",
        "/swagger/start.js",
        "/swagger/swagger-ui.css",
        "/swagger/swagger-ui-bundle.js",
        "/swagger/swagger-ui-standalone-preset.js",
        "/swagger/favicon-32x32.png",
        "/swagger/timextender.json",
        "/swagger/native.json",
    } == PUBLIC


ROUND_THE_WALL = (
    "/health/",
    "//health",
    "/health/../api/v1/status",
    "/api/v1/status/health",
    "/api/v1/status?/health",
    "/api/v1/status#/health",
    "/api/v1/status;/health",
    "/api/v1/status%2fhealth",
    "/HEALTH",
    "/swagger/../api/v1/runs",
    "/swagger/x.js",
    "/swagger/native.json/",
    "/",
    "/nothing/here",
    "/api",
    "/schema",
    "/schema/openapi.json",
    "/api/v0/orchestration/all/tasks/",
)
UNKNOWN_KEYS = (
    "",
    "txk_",
    "txk_short",
    "txk_" + "a" * 32,
    "txk_" + "a" * 10_000,
    "txk_aaaaaaaa\x00",
    "nonsense",
    "txk_é",
    "txk_' OR true --",
    "Bearer txk_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
)


async def test_no_shape_of_a_path_gets_round_the_wall(client: httpx.AsyncClient, subtests: pytest.Subtests) -> None:
    for path in ROUND_THE_WALL:
        with subtests.test(path=path):
            assert (await client.get(path)).status_code == 401


async def test_a_key_that_is_not_known_is_refused_in_the_same_words_as_none(
    client: httpx.AsyncClient, subtests: pytest.Subtests
) -> None:
    missing = await client.get("/api/v1/status")
    for key in UNKNOWN_KEYS:
        with subtests.test(key=key[:100]):
            refused = await client.get("/api/v1/status", headers={"X-API-Key": key.encode()})
            assert refused.status_code == missing.status_code == 401
            assert refused.json()["detail"] == missing.json()["detail"]
            assert refused.headers["www-authenticate"] == "ApiKey"


async def test_a_deleted_key_and_a_deactivated_user_are_refused_at_once(
    client: httpx.AsyncClient, world: World
) -> None:
    deleted, deactivated = await world.key("ada"), await world.key("bob")
    for key in (deleted, deactivated):
        assert (await client.get("/api/v1/status", headers={"X-API-Key": key})).status_code == 200
    await world.execute("UPDATE credential SET deleted_at = now() WHERE suffix = $1", deleted[-5:])
    await world.execute("UPDATE app_user SET active = false WHERE name = 'bob'")
    for key in (deleted, deactivated):
        assert (await client.get("/api/v1/status", headers={"X-API-Key": key})).status_code == 401


async def test_while_the_server_starts_only_the_public_paths_answer(app: App, settings: Settings) -> None:
    starting = make_asgi(app, settings, lambda: False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(starting), base_url="http://ostinato.test") as client:
        health, api = await client.get("/health"), await client.get("/api/v0/orchestration/workspaces")
    assert (health.status_code, health.json()) == (503, {"status": "starting"})
    assert (api.status_code, api.headers["retry-after"]) == (503, "2")


async def test_a_web_socket_is_refused(asgi: ASGIApp) -> None:
    sent = []

    async def send(message: object) -> None:
        sent.append(message)

    async def receive() -> dict[str, str]:
        return {"type": "websocket.connect"}

    await asgi({"type": "websocket", "path": "/health", "headers": []}, receive, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1008, "reason": "There are no WebSockets here"}]


async def test_an_error_that_nobody_foresaw_is_hidden_and_logged_without_the_key(
    app: App, settings: Settings, world: World
) -> None:
    key = await world.key("ada")
    # Breaks the route of /api/v1/status: the table it counts is gone.
    await world.execute("ALTER TABLE run RENAME TO gone")
    broken = make_asgi(app, settings, lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(broken), base_url="http://ostinato.test") as client:
        with capture_logs() as entries:
            answer = await client.get("/api/v1/status", headers={"X-API-Key": key})
    assert answer.status_code == 500
    body = answer.json()
    assert (body["title"], body["status"]) == ("Internal Server Error", 500)
    assert "relation" not in answer.text
    assert [(entry["event"], entry["trace"]) for entry in entries] == [
        ("request.failed", body["traceId"]),
        ("request", body["traceId"]),
    ]
    assert "UndefinedTableError" in entries[0]["traceback"]
    assert key[4:] not in str(entries)


async def test_a_path_cannot_forge_lines_of_the_log(client: httpx.AsyncClient) -> None:
    with capture_logs() as entries:
        await client.get("/nothing%0Aforged%1b[31m%00")
    assert [entry["path"] for entry in entries] == ["/nothing%0Aforged%1B%5B31m%00"]


async def test_a_body_that_breaks_off_is_not_an_error_of_the_server(asgi: ASGIApp, world: World) -> None:
    key = await world.key("ada")
    sent: list[Any] = []
    parts = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return next(parts)

    scope = {"type": "http", "method": "POST", "path": "/api/v1/runs", "query_string": b"", "root_path": ""}
    scope |= {"headers": [(b"x-api-key", key.encode())], "client": None, "server": None, "scheme": "http"}
    await asgi(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 400


async def test_every_answer_has_safe_headers(client: httpx.AsyncClient) -> None:
    for path in ("/health", "/api/v1/status", "/nothing"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


async def test_a_trace_of_the_caller_is_taken_over_and_a_broken_one_is_not(client: httpx.AsyncClient) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    taken = await client.get("/nothing", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert re.fullmatch(rf"00-{trace}-[0-9a-f]{{16}}-00", taken.json()["traceId"])
    for broken in (f"00-{'0' * 32}-00f067aa0ba902b7-01", f"00-{trace.upper()}-00f067aa0ba902b7-01", "x", f"01-{trace}"):
        other = (await client.get("/nothing", headers={"traceparent": broken})).json()["traceId"]
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", other)
        assert trace not in other


async def test_swagger_works_without_the_internet(client: httpx.AsyncClient) -> None:
    page = await client.get("/swagger")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "http" not in page.text
    for name in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert (await client.get(f"/{name}")).status_code == 200, name
    start = (await client.get("/swagger/start.js")).text
    for document in ("timextender", "native"):
        assert f"swagger/{document}.json" in start
        published = (await client.get(f"/swagger/{document}.json")).json()
        assert published["openapi"] == "3.0.3"
        assert published["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
        assert published["security"] == [{"ApiKey": []}]

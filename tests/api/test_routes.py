"""Nothing answers without a key, but the exact paths of one list."""

import re
from typing import Any

import httpx
import pytest
from litestar.types import ASGIApp
from structlog.testing import capture_logs

from ostinato.api.asgi import make_asgi, make_router
from ostinato.api.authentication import PUBLIC, WAYS_IN
from ostinato.api.timextender.wire import UAT
from ostinato.app.application import App
from ostinato.config import Settings
from tests.api.conftest import Call
from tests.api.factories import World

SHORT = ("/orchestration/", "/processing/", "/monitoring/", "/security/")
"""Where refusals are plain JSON."""
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
                assert answer.status_code in (200, 204, 405) or path in ("/health/ready", "/hooks", *WAYS_IN), (
                    method,
                    path,
                )
                assert answer.status_code != 401, (method, path)
            else:
                assert answer.status_code == 401, (method, path)
                dialect = next((beginning for beginning in SHORT if path.startswith(beginning)), None)
                wanted = "application/json" if dialect else "application/problem+json"
                assert answer.headers["content-type"] == wanted, (method, path)


def test_the_public_list_is_what_we_think_it_is() -> None:
    assert {
        "/health",
        "/health/live",
        "/health/ready",
        "/hooks",
        "/api/v1/sign-in",
        "/api/v1/sign-in/oidc",
        "/api/v1/sign-in/oidc/callback",
        "/api/v1/oauth/token",
        "/security/oauth/token",
        "/swagger",
        "/swagger/start.js",
        "/swagger/swagger-ui.css",
        "/swagger/swagger-ui-bundle.js",
        "/swagger/swagger-ui-standalone-preset.js",
        "/swagger/favicon-32x32.png",
        "/swagger/timextender.json",
        "/swagger/timextender-jobs.json",
        "/swagger/talend.json",
        "/swagger/native.json",
    } == PUBLIC


ROUND_THE_WALL = (
    "/health/",
    "/health/live/",
    "/health/lives",
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
    "/api/v1/sign-in/",
    "/api/v1/sign-in/oidc/callback/",
    "/api/v1/sign-in/other",
    "/api/v1/oauth/token/",
    "/security/oauth/token/",
    "/security/oauth",
    "/security/oauth/tokens",
    "/tmc/v2.2/security/oauth/token/",
    "/API/v1/sign-in",
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
    await world.execute(
        """UPDATE credential SET deleted_at = now()
            WHERE id = (SELECT credential_id FROM credential_secret WHERE suffix = $1)""",
        deleted[-5:],
    )
    await world.execute("UPDATE app_user SET active = false WHERE name = 'bob'")
    for key in (deleted, deactivated):
        assert (await client.get("/api/v1/status", headers={"X-API-Key": key})).status_code == 401


async def test_while_the_server_starts_only_the_public_paths_answer(app: App, settings: Settings) -> None:
    starting = make_asgi(app, settings, lambda: False)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(starting), base_url="http://ostinato.test") as client:
        health, api = await client.get("/health"), await client.get("/api/v0/orchestration/workspaces")
        ready = await client.get("/health/ready")
        body = {"name": "ada", "password": "x"}
        doors = [await client.post("/api/v1/sign-in", json=body), await client.get("/api/v1/sign-in/oidc")]
        doors.append(await client.post("/api/v1/oauth/token", data={"grant_type": "client_credentials"}))
    assert [door.status_code for door in doors] == [503, 503, 503]
    assert (health.status_code, health.json()) == (503, {"status": "starting"})
    assert (ready.status_code, ready.json()["reason"]) == (503, "The server is starting")
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
    for document, header in (("timextender", "X-API-Key"), ("timextender-jobs", "apiKey"), ("native", "X-API-Key")):
        assert f"swagger/{document}.json" in start
        published = (await client.get(f"/swagger/{document}.json")).json()
        assert published["openapi"] == "3.0.3"
        assert published["components"]["securitySchemes"]["ApiKey"]["name"] == header
        assert published["security"] == [{"ApiKey": []}]


async def test_a_slash_after_swagger_leads_to_the_page_without_a_key(client: httpx.AsyncClient) -> None:
    for method in ("GET", "HEAD"):
        answer = await client.request(method, "/swagger/")
        assert (answer.status_code, answer.content) == (308, b"")
        assert answer.next_request is not None
        assert answer.next_request.url.path == "/swagger"


async def test_head_answers_like_get_without_the_body(client: httpx.AsyncClient, world: World) -> None:
    headers = {"X-API-Key": await world.key("ada")}
    for path in ("/health", "/swagger", "/api/v1/status", "/api/v1/runs/1", "/api/v0/orchestration/workspaces"):
        head, get = await client.head(path, headers=headers), await client.get(path, headers=headers)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-type"] == get.headers["content-type"]
        assert head.headers["content-length"] == get.headers["content-length"]
    refused = await client.head("/api/v1/status")
    assert (refused.status_code, refused.content) == (401, b"")
    assert (await client.head("/api/v1/definitions/apply", headers=headers)).status_code == 405


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/health", "GET, HEAD, OPTIONS"),
        ("/swagger", "GET, HEAD, OPTIONS"),
        ("/api/v1/runs", "GET, HEAD, OPTIONS, POST"),
        ("/api/v1/definitions/apply", "OPTIONS, POST"),
        ("/api/v0/orchestration/finance/tasks/Package/1", "GET, HEAD, OPTIONS"),
        ("/api/v0/orchestration/finance/tasks/Package/1/trigger", "OPTIONS, POST"),
    ],
)
async def test_the_methods_of_a_path_are_told(client: httpx.AsyncClient, world: World, path: str, methods: str) -> None:
    headers = {"X-API-Key": await world.key("ada")}
    asked, refused = await client.options(path, headers=headers), await client.delete(path, headers=headers)
    assert (asked.status_code, refused.status_code) == (204, 405)
    assert asked.headers["allow"] == refused.headers["allow"] == methods
    assert refused.json()["detail"] == f"This path allows {methods}"


async def test_the_documents_say_bounds_and_choices_exactly(client: httpx.AsyncClient) -> None:
    text = (await client.get("/swagger/timextender.json")).text + (await client.get("/swagger/native.json")).text
    assert '"maximum":9223372036854775807' in text
    assert "9223372036854775808" not in text
    vendor = (await client.get("/swagger/timextender.json")).json()["components"]["schemas"]
    assert vendor["Trigger"]["properties"]["uat"]["enum"] == list(UAT)
    assert set(vendor["ErrorItem"]["properties"]) == {"path", "message", "allowed"}
    native = (await client.get("/swagger/native.json")).json()
    [key] = [p for p in native["paths"]["/api/v1/runs"]["post"]["parameters"] if p["name"] == "Idempotency-Key"]
    assert (key["schema"]["minLength"], key["schema"]["maxLength"]) == (1, 200)


async def test_a_number_that_is_none_is_told_with_its_range(client: httpx.AsyncClient, world: World) -> None:
    headers = {"X-API-Key": await world.key("ada")}
    for query, words in (
        ("runs?limit=abc", "limit: write a whole number from 1 to 1000"),
        ("runs?before=0", "before: write a whole number from 1 to 9223372036854775807"),
        ("runs/1?wait=99", "wait: write a number from 0 to 30"),
    ):
        answer = await client.get(f"/api/v1/{query}", headers=headers)
        assert (answer.status_code, answer.json()["detail"]) == (422, words)


async def test_a_mark_before_a_body_does_no_harm_and_a_large_body_is_told_the_limit(
    client: httpx.AsyncClient, world: World
) -> None:
    headers = {"X-API-Key": await world.key("ada")}
    marked = await client.post("/api/v1/runs", headers=headers, content=b'\xef\xbb\xbf{"name": "x"}')
    large = await client.post("/api/v1/runs", headers=headers, content=b" " * 70_000)
    assert marked.status_code == 404
    assert (large.status_code, large.json()["detail"]) == (
        413,
        "The body is larger than this path allows: send at most 64,000 bytes",
    )


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/backfills", "detail"),
        ("/orchestration/schedules", "message"),
        ("/orchestration/schedules/1", "message"),
    ],
)
async def test_a_missing_body_is_asked_for(call: Call, world: World, path: str, field: str) -> None:
    for more in ({}, {"content": b"", "headers": {"Content-Type": "application/json"}}):
        refused = await call("POST", path, await world.key("admin"), **more)
        assert refused.status_code in (400, 422)
        assert refused.json()[field] == "body: it is missing: send JSON, with the header Content-Type: application/json"

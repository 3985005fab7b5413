"""Swagger UI at /swagger: every dialect can be read and tried in a browser, without the internet."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import msgspec
from litestar import HttpMethod, Request, Response
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send
from swagger_ui_bundle import swagger_ui_path

from ostinato.api.permissions import PUBLIC

PAGE = b"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="UTF-8">
<title>Ostinato APIs</title>
<link rel="stylesheet" href="swagger/swagger-ui.css">
<link rel="icon" type="image/png" href="swagger/favicon-32x32.png" sizes="32x32">
</head>
<body>
<div id="swagger-ui"></div>
<script src="swagger/swagger-ui-bundle.js"></script>
<script src="swagger/swagger-ui-standalone-preset.js"></script>
<script src="swagger/start.js"></script>
</body>
</html>
"""
START = """window.ui = SwaggerUIBundle({
  urls: %s,
  dom_id: "#swagger-ui",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
  layout: "StandaloneLayout",
  validatorUrl: null
});
"""
DOCUMENTS = {
    "timextender": "TimeXtender Orchestration API",
    "timextender-jobs": "TimeXtender Jobs API",
    "talend": "Talend Cloud API",
    "native": "Ostinato API",
}
BUNDLED = {
    "/swagger/swagger-ui.css": "text/css",
    "/swagger/swagger-ui-bundle.js": "text/javascript",
    "/swagger/swagger-ui-standalone-preset.js": "text/javascript",
    "/swagger/favicon-32x32.png": "image/png",
}
FILES = {
    "/swagger": "text/html",
    "/swagger/start.js": "text/javascript",
    **BUNDLED,
    **{f"/swagger/{name}.json": "application/json" for name in DOCUMENTS},
}
"""Everything the page consists of, by exact path, with its media type."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)


class SwaggerSlash:
    """Leads from `/swagger/` to `/swagger`, below which the page looks for its files."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["path"] == "/swagger/" and scope["method"] in ("GET", "HEAD"):
            # Relative, so that it is right behind a proxy that puts something before the path.
            answer = ASGIResponse(status_code=308, headers={"location": "../swagger"})
            await answer(scope, receive, send)
        else:
            await self._inner(scope, receive, send)


def swagger_routes(documents: Mapping[str, Callable[[], bytes]]) -> HTTPRouteHandler:
    """The page and its files; each of `documents` is written when somebody first asks for it."""

    @cache
    def content(path: str) -> bytes:
        if path in BUNDLED:
            return bytes((swagger_ui_path / path.rpartition("/")[2]).read_bytes())
        if path == "/swagger":
            return PAGE
        if path == "/swagger/start.js":
            urls = [{"url": f"swagger/{name}.json", "name": title} for name, title in DOCUMENTS.items()]
            return (START % msgspec.json.encode(urls).decode()).encode()
        return documents[path.removeprefix("/swagger/").removesuffix(".json")]()

    async def serve(request: Request[Any, Any, Any]) -> Response[bytes]:
        path = request.url.path.rstrip("/")
        headers = {"content-security-policy": POLICY, "cache-control": "public, max-age=300"}
        return Response(content(path), media_type=FILES[path], headers=headers)

    return HTTPRouteHandler(sorted(FILES), http_method=HttpMethod.GET, include_in_schema=False, needs=PUBLIC)(serve)

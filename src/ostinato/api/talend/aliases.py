"""The paths that older clients use: `/tmc/v2.2/executables/...` is `/orchestration/executables/...`."""

import re

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

ALIAS = re.compile(r"/tmc/v[12](?:\.[0-9]{1,2})?(?P<rest>/.*)")
SEGMENTS = ("/orchestration/", "/processing/", "/monitoring/", "/security/")
OF_PROCESSING = ("/executions", "/runtimes")


class Aliases:
    """Serves `/tmc/v1.2` to `/tmc/v2.x` as what they stand for, before anything else looks at the path."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and scope["path"].startswith("/tmc/"):
            scope["path"] = target(scope["path"])
            scope["raw_path"] = scope["path"].encode()
        await self._inner(scope, receive, send)


def target(path: str) -> str:
    """What an older path stands for; the path itself if it is none."""
    found = ALIAS.fullmatch(path)
    if found is None:
        return path
    rest = found["rest"]
    if rest.startswith(SEGMENTS):
        return rest
    return f"/processing{rest}" if rest.startswith(OF_PROCESSING) else f"/orchestration{rest}"

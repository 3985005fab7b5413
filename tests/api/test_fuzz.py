"""Schemathesis asks every operation of every published document what nobody would: examples, the edges of each schema,
random values, and sequences of calls. The answers must be documented ones.

A further dialect joins with one line in DOCUMENTS.
"""

import asyncio
import os
import socket
import sys
import threading
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
import schemathesis
import uvicorn
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema

from ostinato.api.asgi import make_asgi
from ostinato.api.bounded import BoundedProtocol
from ostinato.config import read_settings
from tests.api.factories import World
from tests.conftest import NOW, opened_app
from tests.databases import Copies
from tests.people import new_key

DOCUMENTS = ("timextender", "timextender-jobs", "talend", "native")
LARGE = ("talend", "native")
EVERYTHING = "OSTINATO_CHAOS" in os.environ
ASKED = [
    (document, who)
    for document in DOCUMENTS
    for who in ("administrator", "viewer")
    if EVERYTHING or document not in LARGE or who == "administrator"
]
"""The large documents as the viewer with `make chaos` only: what each caller gets is in `test_matrix.py`."""
FEW, MANY = 2, 6
"""Examples of each operation."""
EDGES = {"examples", "coverage"}
"""Phases that go through every edge of a document: of the large ones with `make chaos`, as the administrator."""
PHASES = {*EDGES, "fuzzing", "stateful"}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "response_headers_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "ignored_auth",
    "unsupported_method",
    "allow_header_conformance",
    "use_after_free",
)
KNOWN: dict[str, list[Any]] = {
    "workspace": ["finance", "all", "secret"],
    "uat": ["Production", "DEV", "Test"],
    "taskType": ["Package", "Query", "Pkg"],
    "taskId": [1005, 1006, 2010],
    "processMapId": [42, 43],
    "execId": [97105, 98231],
    "run_id": [97105, 98231, 98232],
    "environment": ["Production", "Test"],
}
"""Values of parameters that lead somewhere; half of what is sent under these names is one of them."""


CALLERS = ("admin", "vera")
CALLERS_KEYS = ("3", "4")
LONGEST_QUERY = 60_000
"""What is longer ends at the parser of HTTP, in no dialect."""


class Served:
    """The HTTP side on a port of its own, with an event loop and a database of its own, in a thread."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self.keys: dict[str, str] = {}
        self.url = ""

    def __enter__(self) -> "Served":
        self._thread.start()
        assert self._up.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(30)

    async def _serve(self) -> None:
        settings = msgspec.structs.replace(read_settings({}), timezone="UTC", failed_attempts=1_000_000)
        async with opened_app(self._database_url, NOW) as app:
            await self._fill(World(app))
            asgi = make_asgi(app, settings, lambda: True)
            self._server = uvicorn.Server(uvicorn.Config(asgi, http=BoundedProtocol, log_config=None, ws="none"))
            # With its protocol named, asyncio sends what it has at once; otherwise each answer waits 40 ms for an ACK.
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
                listening.bind(("127.0.0.1", 0))
                listening.listen()
                self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                self._up.set()
                await self._server.serve(sockets=[listening])

    async def _fill(self, world: World) -> None:
        finance, secret = await world.workspace("finance"), await world.workspace("secret")
        await world.connection(finance, "warehouse")
        load = await world.task(finance, "Package", 1005, "Load Customer Dim", uses=["warehouse"])
        check = await world.task(finance, "Query", 2010, "Validate Customer Count")
        hidden = await world.task(secret, "Package", 1006, "Hidden")
        plan = await world.plan(finance, 42, "Daily Finance Load", [load, check])
        await world.plan(secret, 43, "Hidden", [hidden])
        failed = await world.run(load, "FAILED", "2026-03-13T22:00:07", "2026-03-13T22:00:09", id=97105)
        await world.log(failed, ("2026-03-13T22:00:08", "Connecting to source"))
        await world.run(load, "SUCCEEDED", "2026-03-14T22:00:05", "2026-03-14T22:01:32", id=98231, rows=5)
        found = await world.run(check, "FAILED", "2026-03-14T22:00:05", "2026-03-14T22:01:32", id=98232)
        await world.finding(found, 0, "row", {"id": 1})
        await world.run(plan=plan, state="SUCCEEDED", started="2026-03-14T22:00:00", ended="2026-03-14T22:05:00")
        await new_key(world.app, "somebody", NOW)
        await new_key(world.app, "somebody", NOW)
        self.keys["administrator"] = await new_key(world.app, "admin", NOW)
        self.keys["viewer"] = await world.key("vera", finance="Viewer")
        owners = "SELECT id FROM credential WHERE user_id IN (SELECT id FROM app_user WHERE name = ANY($1))"
        assert {str(row["id"]) for row in await world.fetch(owners, list(CALLERS))} == {*CALLERS_KEYS}


@pytest.fixture(scope="module")
def served(copies: Copies) -> Iterator[Served]:
    with copies.one() as url, Served(url) as served:
        yield served


def config(header: str, key: str, phases: Collection[str], most: int) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "suppress-health-check": ["all"],
            "headers": {header: key},
            "continue-on-failure": True,
            "generation": {"max-examples": most, "deterministic": True, "no-shrink": True, "database": "none"},
            "phases": {
                "examples": {"enabled": "examples" in phases},
                "coverage": {"enabled": "coverage" in phases, "unexpected-methods": ["DELETE"]},
                "stateful": {"max-steps": 4},
            },
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
            "operations": [
                # There is no engine behind this server, and it says so.
                {
                    "include-path": "/health/ready",
                    "checks": {"not_a_server_error": {"expected-statuses": ["2xx", "4xx", 503]}},
                }
            ],
            "dictionaries": {name: {"values": values} for name, values in KNOWN.items()},
            "parameters": {"wait": 0, **{name: {"dictionary": name, "probability": 0.5} for name in KNOWN}},
        }
    )


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Who deletes the key they use, or locks themselves out, learns nothing more: they hit somebody else instead."""
    sent = case.path_parameters or {}
    if str(sent.get("key_id")) in CALLERS_KEYS:
        sent["key_id"] = 1
    if case.method != "GET" and sent.get("name") in CALLERS:
        sent["name"] = "somebody"
    query = case.query or {}
    if sum(len(quote(str(value))) for value in query.values()) > LONGEST_QUERY:
        case.query = {name: str(value)[:100] for name, value in query.items()}


@pytest.mark.parametrize(("document", "who"), ASKED)
def test_whatever_is_asked_the_answer_is_a_documented_one(served: Served, document: str, who: str) -> None:
    published = httpx.get(f"{served.url}/swagger/{document}.json").json()
    scheme = published["components"]["securitySchemes"]["ApiKey"]
    bearer = scheme["type"] == "http"
    header, key = ("Authorization", f"Bearer {served.keys[who]}") if bearer else (scheme["name"], served.keys[who])
    wanted = PHASES - EDGES if document in LARGE and (who == "viewer" or not EVERYTHING) else PHASES
    schema = schemathesis.openapi.from_dict(
        published, config=config(header, key, wanted, FEW if document in LARGE and not EVERYTHING else MANY)
    )
    schema.config.update(base_url=served.url)
    phases, statuses, wrong = set(), Counter[int](), []
    for event in from_schema(schema).execute():
        if isinstance(event, events.FatalError | events.NonFatalError):
            wrong.append(repr(event))
        if not isinstance(event, events.ScenarioFinished):
            continue
        phases.add(event.phase.value)
        statuses.update(i.response.status_code for i in event.recorder.interactions.values() if i.response)
        for checks in event.recorder.checks.values():
            wrong += [
                f"{event.phase.value} {event.recorder.label}: {check.failure_info.failure}\n"
                f"{check.failure_info.code_sample}"
                for check in checks
                if check.status is Status.FAILURE and check.failure_info
            ]
    sys.stderr.write(f"{document}, {who}: {dict(sorted(statuses.items()))}\n")
    assert phases == wanted
    assert not wrong, "\n\n".join(wrong[:10])
    assert statuses[200] > 20
    assert statuses.total() > (100 if wanted < PHASES else 200)

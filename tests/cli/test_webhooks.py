"""`ostinato webhook`, on a server of its own that may reach this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.cli.commands import Cli, wait_until
from tests.e2e.servers import Server, free_port

DEFINITIONS = """
workspaces: [{key: lab, name: Lab}]
workspace: lab
tasks: [{name: hello, type: Package, config: {kind: command, command: "true"}}]
"""
ARRIVED: list[dict[str, object]] = []


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        ARRIVED.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def told() -> Iterator[str]:
    """The address of a receiver."""
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/?token=word"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    home: Path = tmp_path_factory.mktemp("hooks") / "home"
    more = {"OSTINATO_WEBHOOKS_ALLOW_HTTP": "on", "OSTINATO_WEBHOOKS_ALLOWED_NETWORKS": "127.0.0.1"}
    server = Server(home, free_port(), **more)
    server.start()
    server.apply(DEFINITIONS)
    yield Cli(home, server.port)
    server.stop()


def test_a_webhook_is_made_pinged_told_of_a_run_and_deleted(hooks: Cli, told: str) -> None:
    made = hooks("webhook", "create", told, "--event", "run.succeeded", "--workspace", "lab", "--name", "hello", code=0)
    assert made.out.startswith("whsec_")
    assert made.err == "Webhook 1 is made\n"
    hooks("webhook", "ping", "1", code=0)
    run = hooks.start("hello")
    wait_until(lambda: len(ARRIVED) == 2)
    assert [one["event"] for one in ARRIVED] == ["ping", "run.succeeded"]
    assert ARRIVED[1]["run"]["id"] == run  # type: ignore[index]
    sent = "/api/v1/webhooks/1/deliveries"
    wait_until(lambda: hooks("webhook", "deliveries", "1", "--state", "succeeded", "--json").out.count("msg_") == 2)
    table = hooks("webhook", "deliveries", "1", code=0).out
    assert "run.succeeded" in table, sent
    listed = hooks("webhook", "list", code=0).out
    assert "?token=***" in listed
    assert "word" not in listed
    assert "active" in listed
    assert hooks("webhook", "list", "--json", code=0).json["items"][0]["names"] == ["hello"]
    again = hooks("webhook", "redeliver", "1", "1", code=0).out
    assert again == "Delivery 1 waits to be sent again\n"
    wait_until(lambda: len(ARRIVED) == 3)
    rotated = hooks("webhook", "rotate", "1", "--overlap", "60", code=0)
    assert rotated.out.startswith("whsec_")
    assert rotated.out != made.out
    assert hooks("webhook", "delete", "1", code=0).out == "Webhook 1 is deleted\n"
    assert "does not exist" in hooks("webhook", "delete", "1", code=1).err


def test_what_is_wrong_is_told_with_the_field(hooks: Cli) -> None:
    refused = hooks("webhook", "create", "https://10.0.0.1/", "--event", "run.failed", "--workspace", "lab", code=1)
    assert refused.err.startswith("url: 10.0.0.1 leads to a machine that may not be reached")
    assert hooks("webhook", "create", "https://10.0.0.1/", code=2)

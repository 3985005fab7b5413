"""`ostinato webhook-trigger`, and calls of what it makes, up to the program that is given what they brought."""

import json

import httpx

from tests.cli.commands import Cli, wait_until

LARGE = "x" * 30_000
DEFINITIONS = """
workspace: lab
tasks:
- name: count letters
  type: Package
  parameters: {resource_webhook_payload: {}}
  config: {kind: command, command: [sh, -c, 'printf %s "$1" | wc -c', sh, '${parameter:resource_webhook_payload}']}
"""


def test_an_address_is_made_called_listed_rotated_and_deleted(cli: Cli) -> None:
    cli("apply", "-", stdin=DEFINITIONS, code=0)
    made = cli("webhook-trigger", "create", "count letters", "--name", "letters", "--unsigned", code=0)
    url = made.out.strip()
    assert "/hooks?token=osh_" in url
    taken = httpx.post(url, content=LARGE, headers={"content-type": "text/plain"}).json()
    wait_until(lambda: cli("status", str(taken["run"]), "--json").json["run"]["state"] == "SUCCEEDED")
    brought = json.dumps([{"type": "text/plain", "data": LARGE}], separators=(",", ":"))
    assert str(len(brought)) in cli("logs", str(taken["run"]), code=0).out
    listed = cli("webhook-trigger", "list", code=0).out
    number = cli("webhook-trigger", "list", "--json", code=0).json["items"][0]["id"]
    assert ("letters" in listed, "each call" in listed, url in listed) == (True, True, True)
    assert str(taken["run"]) in cli("webhook-trigger", "calls", str(number), code=0).out
    renewed = cli("webhook-trigger", "rotate", str(number), "url", code=0).out.strip()
    assert renewed != url
    assert httpx.post(url).status_code == 404
    secret = cli("webhook-trigger", "rotate", str(number), "secret", code=0).out.split()[1]
    assert secret.startswith("whsec_")
    assert httpx.post(renewed).status_code == 401
    assert cli("webhook-trigger", "delete", str(number), code=0).out == f"Webhook trigger {number} is deleted\n"
    assert httpx.post(renewed).status_code == 404

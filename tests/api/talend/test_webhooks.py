"""The trigger WEBHOOK of Talend clients: an address that starts a task or plan when it is called."""

import json
from typing import Any

import httpx
import pytest

from ostinato.app.application import App
from ostinato.core.access import Actor
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.api.talend.furniture import Room, furnished

WEBHOOK = {"name": "orders", "description": "new orders", "triggerCalls": 2, "triggerTimeout": 30_000}
DAILY = {
    "type": "DAILY",
    "interval": 1,
    "startDate": "2026-03-01",
    "timeZone": "UTC",
    "atTimes": {"type": "AT_TIME", "time": "10:00"},
}


@pytest.fixture
async def room(app: App, admin: Actor) -> Room:
    return await furnished(app, admin)


@pytest.fixture
async def config(talend: Talk, room: Room) -> str:
    [one] = (await talend("GET", "/executables/tasks", name="count")).json()["items"]
    return f"/executables/tasks/{one['executable']}/run-config"


async def set_webhook(talend: Talk, config: str, **more: Any) -> dict[str, Any]:
    answer = await talend("PUT", config, {"trigger": {"type": "WEBHOOK", "webhook": {**WEBHOOK, **more}}})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()["trigger"]
    return told


async def send(client: httpx.AsyncClient, url: str, body: bytes, kind: str = "text/plain") -> httpx.Response:
    there = httpx.URL(url).copy_with(scheme="http", host="ostinato.test", port=None)
    return await client.post(there, content=body, headers={"content-type": kind})


async def test_calls_start_the_task_with_what_they_brought(
    talend: Talk, config: str, client: httpx.AsyncClient, world: World
) -> None:
    trigger = await set_webhook(talend, config)
    url = trigger["webhook"].pop("url")
    assert trigger == {
        "type": "WEBHOOK",
        "startDate": trigger["startDate"],
        "timeZone": "UTC",
        "webhook": {**WEBHOOK, "runAsUser": "admin"},
    }
    assert (await talend("GET", config)).json()["trigger"]["webhook"]["url"] == url
    assert (await send(client, url, b"<order/>", "text/xml")).json()["state"] == "collecting"
    assert (await send(client, url, b"")).json()["state"] == "started"
    [run] = await world.fetch("SELECT cause, parameters FROM run")
    brought = json.loads(run["parameters"]["resource_webhook_payload"])
    assert run["cause"] == "webhook"
    assert brought == [{"type": "text/xml", "data": "<order/>"}, {"type": "text/plain", "data": ""}]


async def test_what_was_read_can_be_sent_back_and_changes_nothing(talend: Talk, config: str, world: World) -> None:
    trigger = await set_webhook(talend, config)
    assert (await talend("PUT", config, {"trigger": trigger})).json()["trigger"] == trigger
    await world.execute("UPDATE webhook_trigger SET active = false, per_minute = 500")
    await talend("PUT", config, {"trigger": trigger})
    [kept] = await world.fetch("SELECT active, per_minute FROM webhook_trigger")
    assert (kept["active"], kept["per_minute"]) == (False, 500)
    renewed = await set_webhook(talend, config, newUrl=True, triggerCalls=600)
    assert renewed["webhook"]["url"] != trigger["webhook"]["url"]


async def test_a_webhook_and_triggers_with_times_exclude_one_another(
    talend: Talk, config: str, client: httpx.AsyncClient
) -> None:
    assert (await talend("PUT", config, {"trigger": DAILY})).json()["trigger"]["type"] == "DAILY"
    url = (await set_webhook(talend, config))["webhook"]["url"]
    assert (await talend("GET", config)).json()["trigger"]["type"] == "WEBHOOK"
    assert (await talend("PUT", config, {"trigger": DAILY})).json()["trigger"]["type"] == "DAILY"
    assert (await send(client, url, b"")).status_code == 404
    for method, body in (("PUT", {"trigger": {"type": "MANUAL"}}), ("DELETE", None)):
        url = (await set_webhook(talend, config))["webhook"]["url"]
        await talend(method, config, body)
        assert (await talend("GET", config)).json()["trigger"]["type"] == "MANUAL"
        assert (await send(client, url, b"")).status_code == 404


async def test_a_paused_task_drops_what_calls_would_start(
    talend: Talk, config: str, client: httpx.AsyncClient, world: World
) -> None:
    url = (await set_webhook(talend, config, triggerCalls=1))["webhook"]["url"]
    await talend("PUT", config.replace("run-config", "pause"), {"pause": True})
    assert (await send(client, url, b"")).json()["state"] == "misfired"
    [run] = await world.fetch("SELECT state, reason, message FROM run")
    assert (run["state"], run["reason"], "paused" in run["message"]) == ("FAILED", "misfired", True)

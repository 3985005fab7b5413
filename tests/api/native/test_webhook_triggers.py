"""Webhook triggers: addresses that start something, and what they take."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from ostinato.app import webhook_calls
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.core.webhook_triggers import Sent
from ostinato.core.webhooks import signature
from ostinato.store.db import Database
from tests.api.conftest import Call
from tests.api.factories import World
from tests.conftest import NOW
from tests.people import give, new_key
from tests.taps import Fault, Faults

PATH = "/api/v1/webhook-triggers"
JSON = {"content-type": "application/json"}
Make = Callable[..., Awaitable[dict[str, Any]]]
Send = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def admin_key(app: App, world: World) -> str:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "load")
    await world.plan(finance, 7, "night", [task])
    await world.execute("UPDATE task_ever SET overlap = 'parallel'")
    return await new_key(app, "admin", NOW)


@pytest.fixture
async def make(call: Call, admin_key: str) -> Make:
    async def made(**more: Any) -> dict[str, Any]:
        wish = {"starts": {"name": "load"}, "name": "orders", "signed": False, **more}
        answer = await call("POST", PATH, admin_key, json=wish)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    return made


@pytest.fixture
def send(client: httpx.AsyncClient) -> Send:
    async def post(url: str, body: bytes = b"", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        there = httpx.URL(url).copy_with(scheme="http", host="ostinato.test", port=None)
        return await client.post(there, content=body, headers=named)

    return post


def signed(secret: str, body: bytes, at: datetime, name: str = "m1") -> dict[str, str]:
    seconds = str(int(at.timestamp()))
    given = f"v1,{signature(secret, name, seconds, body)}"
    return {"webhook_id": name, "webhook_timestamp": seconds, "webhook_signature": given}


async def parameters_of(world: World) -> list[Any]:
    rows = await world.fetch("SELECT parameters FROM run ORDER BY id")
    return [json.loads((row["parameters"] or {}).get("resource_webhook_payload", "null")) for row in rows]


async def test_a_call_starts_a_run_that_is_given_what_it_brought(
    make: Make, send: Send, world: World, call: Call, admin_key: str
) -> None:
    made = await make()
    assert made["secret"] is None
    answer = await send(made["trigger"]["url"], b'{"order": 7}', content_type="application/json")
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert (told["state"], told["calls"], told["of"], told["repeated"]) == ("started", 1, 1, False)
    run = (await call("GET", f"/api/v1/runs/{told['run']}", admin_key)).json()["run"]
    assert (run["name"], run["cause"]) == ("load", "webhook")
    assert await parameters_of(world) == [[{"type": "application/json", "data": '{"order": 7}'}]]
    [listed] = (await call("GET", f"{PATH}/{made['trigger']['id']}/calls", admin_key)).json()["items"]
    assert (listed["run"], listed["state"], listed["bytes"], "data" in listed) == (told["run"], "started", 12, False)
    one = (await call("GET", f"{PATH}/{made['trigger']['id']}/calls/{listed['id']}", admin_key)).json()
    assert one["data"] == '{"order": 7}'


async def test_the_same_key_is_the_same_call(make: Make, send: Send, world: World) -> None:
    url = (await make())["trigger"]["url"]
    first, second = [(await send(url, b"x", idempotency_key="k1")).json() for _ in range(2)]
    assert (first["call"], first["run"]) == (second["call"], second["run"])
    assert (first["repeated"], second["repeated"]) == (False, True)
    assert len(await world.fetch("SELECT id FROM run")) == 1


async def test_calls_are_collected_until_there_are_enough(make: Make, send: Send, world: World) -> None:
    url = (await make(calls=3))["trigger"]["url"]
    states = [(await send(url, text.encode())).json()["state"] for text in "abcd"]
    assert states == ["collecting", "collecting", "started", "collecting"]
    assert await parameters_of(world) == [[{"type": "text/plain", "data": text} for text in "abc"]]


async def test_a_window_ends_with_its_time_even_if_there_are_too_few(
    make: Make, send: Send, app: App, world: World
) -> None:
    url = (await make(calls=3, windowMs=60_000))["trigger"]["url"]
    await send(url, b"a")
    due = await webhook_calls.next_due(app)
    assert due is not None
    assert await webhook_calls.fire_due(app, due - timedelta(seconds=1)) == 0
    assert await webhook_calls.fire_due(app, due) == 1
    assert await webhook_calls.fire_due(app, due) == 0
    assert await parameters_of(world) == [[{"type": "text/plain", "data": "a"}]]
    assert (await send(url, b"b")).json()["state"] == "collecting"


async def test_a_call_that_has_no_room_closes_the_window_before_it(
    make: Make, send: Send, app: App, world: World
) -> None:
    url = (await make(calls=10))["trigger"]["url"]
    large = b"x" * 60_000
    assert (await send(url, large)).json()["calls"] == 1
    assert (await send(url, large)).json()["calls"] == 1
    await webhook_calls.fire_due(app, app.now())
    assert [[len(part["data"]) for part in payload] for payload in await parameters_of(world)] == [[60_000]]


async def test_many_servers_fire_a_window_once_and_no_call_is_lost(
    make: Make, send: Send, app: App, world: World, database_url: str
) -> None:
    url = (await make(calls=4, perMinute=6_000))["trigger"]["url"]
    others = [App(db=Database(database_url), keyring=Keyring({"test": bytes(32)})) for _ in range(3)]
    for one in others:
        await one.db.open()

    async def fires() -> None:
        for _ in range(5):
            await asyncio.gather(*(webhook_calls.fire_due(one, app.now() + timedelta(hours=1)) for one in others))

    answers, _ = await asyncio.gather(asyncio.gather(*(send(url, str(n).encode()) for n in range(40))), fires())
    await fires()
    for one in others:
        await one.db.close()
    assert {answer.status_code for answer in answers} == {202}
    brought = [int(part["data"]) for payload in await parameters_of(world) for part in payload]
    assert sorted(brought) == list(range(40))


async def test_signed_calls_are_taken_once_and_others_refused(make: Make, send: Send, app: App, world: World) -> None:
    made = await make(signed=True)
    url, secret = made["trigger"]["url"], made["secret"]
    unsigned = await send(url, b"x")
    assert (unsigned.status_code, "webhook-signature" in unsigned.text) == (401, True)
    assert (await send(url, b"y", **signed(secret, b"x", app.now()))).status_code == 401
    assert (await send(url, b"x", **signed(secret, b"x", app.now() - timedelta(minutes=6)))).status_code == 401
    good = signed(secret, b"x", app.now())
    first, replayed = [(await send(url, b"x", **good)).json() for _ in range(2)]
    assert (first["run"], first["repeated"], replayed["repeated"]) == (replayed["run"], False, True)
    assert len(await world.fetch("SELECT id FROM run")) == 1


async def test_address_and_secret_are_rotated_and_the_old_ones_work_for_the_overlap(
    make: Make, send: Send, call: Call, admin_key: str, app: App, world: World
) -> None:
    made = await make(signed=True)
    number, url, secret = made["trigger"]["id"], made["trigger"]["url"], made["secret"]
    rotated = (
        await call("POST", f"{PATH}/{number}/rotation", admin_key, json={"what": "url", "overlapSeconds": 3600})
    ).json()
    assert rotated["trigger"]["url"] != url
    for name, address in (("a", url), ("b", rotated["trigger"]["url"])):
        assert (await send(address, b"", **signed(secret, b"", app.now(), name))).status_code == 202
    again = await call("POST", f"{PATH}/{number}/rotation", admin_key, json={"what": "url", "overlapSeconds": 1})
    assert again.status_code == 409
    newer = (
        await call("POST", f"{PATH}/{number}/rotation", admin_key, json={"what": "secret", "overlapSeconds": 60})
    ).json()
    for name, key in (("c", secret), ("d", newer["secret"])):
        assert (await send(rotated["trigger"]["url"], b"", **signed(key, b"", app.now(), name))).status_code == 202
    await world.execute(
        "UPDATE webhook_trigger SET old_token_until = now() - interval '1 s', old_secret_until = now() - interval '1 s'"
    )
    assert (await send(url, b"")).status_code == 404
    assert (await send(rotated["trigger"]["url"], b"", **signed(secret, b"", app.now(), "e"))).status_code == 401


async def test_what_leaked_is_replaced_at_once_even_while_two_work(
    make: Make, send: Send, call: Call, admin_key: str, app: App
) -> None:
    made = await make(signed=True)
    number, url, secret = made["trigger"]["id"], made["trigger"]["url"], made["secret"]
    for what in ("url", "secret"):
        for overlap in (3_600, 0):
            body = {"what": what, "overlapSeconds": overlap}
            answer = await call("POST", f"{PATH}/{number}/rotation", admin_key, json=body)
            assert answer.status_code == 201, answer.text
    newest = answer.json()["trigger"]["url"]
    assert (await send(url, b"")).status_code == 404
    assert (await send(newest, b"", **signed(secret, b"", app.now()))).status_code == 401


async def test_changes_at_the_same_time_lose_nothing(make: Make, call: Call, admin_key: str) -> None:
    path = f"{PATH}/{(await make())['trigger']['id']}"
    wishes = ({"active": False}, {"name": "b"}, {"calls": 7}, {"perMinute": 9})
    await asyncio.gather(*(call("PATCH", path, admin_key, json=wish) for wish in wishes))
    told = (await call("GET", path, admin_key)).json()
    assert (told["active"], told["name"], told["calls"], told["perMinute"]) == (False, "b", 7, 9)


async def test_wrong_tokens_lock_out_nobody_who_has_a_right_one(make: Make, send: Send, app: App) -> None:
    url = (await make())["trigger"]["url"]
    answers = [await send(f"{url}x", b"") for _ in range(301)]
    assert {answer.status_code for answer in answers} == {404, 429}
    assert (await send(url, b"")).status_code == 202


async def test_a_call_is_answered_though_what_it_starts_has_to_wait(
    make: Make, app: App, world: World, database_url: str
) -> None:
    token = (await make())["trigger"]["url"].partition("token=")[2]
    faults = Faults()
    failing = replace(app, asked=[], db=Database(database_url, connections=2, tap=faults))
    await failing.db.open()
    faults.plan(Fault.TIMEOUT, "webhook_triggers/take")
    taken = await webhook_calls.call(failing, token, Sent(body=b"x", headers={}), None, app.now())
    await failing.db.close()
    assert faults.seen[Fault.TIMEOUT] == 1
    assert (taken.outcome.closed, taken.outcome.run, await parameters_of(world)) == (True, None, [])
    assert await webhook_calls.fire_due(app, app.now()) == 1
    assert len(await parameters_of(world)) == 1


async def test_calls_above_the_rate_wait(make: Make, send: Send) -> None:
    url = (await make(perMinute=2))["trigger"]["url"]
    answers = [await send(url, b"") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    ("body", "headers", "status", "said"),
    [
        (b"{", JSON, 422, "not JSON"),
        (b"x", {"content-type": "image/png"}, 422, "text/plain"),
        (b"\xff", {"content-type": "text/plain"}, 422, "utf-8"),
        (b"x" * 64_001, {"content-type": "text/plain"}, 413, "64,000"),
        (b"x", {"idempotency-key": "k" * 201}, 422, "idempotency-key"),
    ],
)
async def test_what_cannot_be_taken_is_refused_and_starts_nothing(
    make: Make, send: Send, world: World, body: bytes, headers: dict[str, str], status: int, said: str
) -> None:
    url = (await make())["trigger"]["url"]
    answer = await send(url, body, **headers)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert await world.fetch("SELECT id FROM webhook_call") == []
    assert await world.fetch("SELECT id FROM run") == []


async def test_an_unknown_address_says_nothing_of_others(client: httpx.AsyncClient) -> None:
    for address in ("/hooks?token=osh_guess", "/hooks?token="):
        answer = await client.post(address)
        assert answer.status_code == 404, answer.text
        assert "osh_guess" not in answer.text
    assert (await client.post("/hooks")).status_code == 422
    assert (await client.get("/hooks?token=osh_guess")).status_code == 405
    assert (await client.post("/hooks/more?token=osh_guess")).status_code == 401


async def test_what_cannot_start_leaves_a_misfired_run_that_says_why(
    make: Make, send: Send, app: App, world: World, call: Call, admin_key: str
) -> None:
    url = (await make(starts={"name": "night"}))["trigger"]["url"]
    await world.execute("UPDATE plan_ever SET paused_at = now(), paused_by = 'ada'")
    answer = await send(url, b"x", idempotency_key="k")
    told = answer.json()
    assert (told["state"], "night" in answer.text, "ada" in answer.text) == ("misfired", False, False)
    run = (await call("GET", f"/api/v1/runs/{told['run']}", admin_key)).json()["run"]
    assert (run["reason"], run["cause"], "paused" in run["message"]) == ("misfired", "webhook", True)
    await world.execute("DELETE FROM run")
    assert (await send(url, b"x", idempotency_key="k")).json() == {**told, "repeated": True}


async def test_one_that_is_not_active_takes_nothing(make: Make, send: Send, call: Call, admin_key: str) -> None:
    made = (await make())["trigger"]
    changed = await call("PATCH", f"{PATH}/{made['id']}", admin_key, json={"active": False, "calls": 2})
    assert (changed.json()["active"], changed.json()["calls"], changed.json()["name"]) == (False, 2, "orders")
    assert (await send(made["url"], b"")).status_code == 409


async def test_whoever_may_only_look_sees_neither_address_nor_calls(make: Make, call: Call, app: App) -> None:
    made = (await make())["trigger"]
    await give(app, "vera", "finance", "Viewer", NOW)
    key = await new_key(app, "vera", NOW)
    seen = (await call("GET", f"{PATH}/{made['id']}", key)).json()
    assert (seen["name"], seen["url"]) == ("orders", None)
    for method, path in (("GET", "/calls"), ("POST", "/rotation"), ("PATCH", ""), ("DELETE", "")):
        body = {"POST": {"what": "url"}, "PATCH": {"active": False}}.get(method)
        answer = await call(method, f"{PATH}/{made['id']}{path}", key, **({"json": body} if body else {}))
        assert answer.status_code == 403, (method, path, answer.text)
    await new_key(app, "sam", NOW)
    assert (await call("GET", f"{PATH}/{made['id']}", await new_key(app, "sam", NOW))).status_code == 404


async def test_a_secret_can_be_taken_away_and_made_anew(make: Make, send: Send, call: Call, admin_key: str) -> None:
    made = await make(signed=True)
    number, url = made["trigger"]["id"], made["trigger"]["url"]
    assert (await call("PATCH", f"{PATH}/{number}", admin_key, json={"signed": False})).json()["signed"] is False
    assert (await send(url, b"")).status_code == 202
    again = (await call("POST", f"{PATH}/{number}/rotation", admin_key, json={"what": "secret"})).json()
    assert (again["trigger"]["signed"], again["secret"][:6]) == (True, "whsec_")
    assert (await send(url, b"")).status_code == 401


async def test_a_server_may_want_every_call_signed(
    make: Make, send: Send, call: Call, admin_key: str, app: App
) -> None:
    url = (await make())["trigger"]["url"]
    app.unsigned_triggers = False
    assert (await send(url, b"")).status_code == 403
    wish = {"starts": {"name": "night"}, "name": "n", "signed": False}
    refused = await call("POST", PATH, admin_key, json=wish)
    assert (refused.status_code, "OSTINATO_UNSIGNED_WEBHOOK_TRIGGERS" in refused.text) == (422, True)


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"starts": {"name": "nothing"}}, 404, "nothing"),
        ({"calls": 0}, 422, "calls"),
        ({"windowMs": 86_400_001}, 422, "windowMs"),
        ({"perMinute": 6_001}, 422, "perMinute"),
        ({"name": ""}, 422, "name"),
        ({"colour": "red"}, 422, "colour"),
    ],
)
async def test_a_wish_that_does_not_fit_is_refused_with_its_place(
    call: Call, admin_key: str, body: dict[str, Any], status: int, said: str
) -> None:
    answer = await call("POST", PATH, admin_key, json={"starts": {"name": "load"}, "name": "orders", **body})
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert (await call("GET", PATH, admin_key)).json()["total"] == 0


async def test_it_goes_with_what_it_starts_and_a_second_one_is_refused(
    make: Make, send: Send, call: Call, admin_key: str, world: World
) -> None:
    url = (await make())["trigger"]["url"]
    again = await call("POST", PATH, admin_key, json={"starts": {"name": "load"}, "name": "more"})
    assert again.status_code == 409
    await world.execute("UPDATE task_ever SET deleted_at = now()")
    assert (await send(url, b"")).status_code == 404
    assert (await call("GET", PATH, admin_key)).json()["total"] == 0


async def test_calls_are_forgotten_a_day_after_they_started_something(
    make: Make, send: Send, app: App, world: World
) -> None:
    url = (await make())["trigger"]["url"]
    await send(url, b"x")
    assert await webhook_calls.forget(app, app.now() + timedelta(hours=23)) == 0
    assert await webhook_calls.forget(app, app.now() + timedelta(hours=25)) == 1
    assert await world.fetch("SELECT id FROM webhook_call") == []

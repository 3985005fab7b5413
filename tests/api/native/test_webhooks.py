"""Webhooks in the native API: who may make them, what is refused and how, what is shown."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from ostinato.app import deliveries
from ostinato.app.application import App
from ostinato.app.outbound import Outbound
from ostinato.core.ids import WebhookId
from ostinato.scheduler.webhooks import Teller
from tests.api.conftest import Call
from tests.api.factories import World
from tests.app.receivers import Receiver, outbound, receiving

HOOKS = "/api/v1/webhooks"


@pytest.fixture
async def receiver(app: App) -> AsyncIterator[Receiver]:
    app.outbound = outbound()
    async with receiving() as one:
        yield one


@pytest.fixture
async def boss(world: World) -> str:
    """Manages the workspace finance in every environment."""
    await world.workspace("finance")
    return await world.key("boss", finance="Administrator")


async def made(call: Call, key: str, url: str, **more: Any) -> dict[str, Any]:
    body = {"url": url, "events": ["run.failed", "run.succeeded"], "workspace": "finance", **more}
    answer = await call("POST", HOOKS, key, json=body)
    assert answer.status_code == 201, answer.text
    whole: dict[str, Any] = answer.json()
    return whole


async def test_a_webhook_is_made_shown_changed_and_deleted(call: Call, boss: str, receiver: Receiver) -> None:
    url = f"{receiver.url}?token=abc"
    whole = await made(call, boss, url, description="alerts", names=["b", "a", "a"], environment="Production")
    assert whole["secret"].startswith("whsec_")
    hook = whole["webhook"]
    assert hook == {
        "id": 1,
        "url": f"{receiver.url}?token=***",
        "description": "alerts",
        "workspace": "finance",
        "environment": "Production",
        "events": ["run.succeeded", "run.failed"],
        "names": ["a", "b"],
        "tasks": False,
        "active": True,
        "disabledReason": None,
        "failingSince": None,
        "waiting": 0,
        "oldSecretUntil": None,
        "createdAt": hook["createdAt"],
        "createdBy": "boss",
        "changedAt": hook["createdAt"],
    }
    shown = await call("GET", f"{HOOKS}/1", boss)
    assert shown.json() == hook
    assert "secret" not in shown.text.replace("oldSecretUntil", "")
    change = {"description": None, "names": None, "tasks": True, "events": ["run.cancelled"], "active": False}
    changed = (await call("PATCH", f"{HOOKS}/1", boss, json=change)).json()
    assert {name: changed[name] for name in change} == change
    assert changed["url"] == hook["url"]
    assert (await call("PATCH", f"{HOOKS}/1", boss, json={"url": f"{receiver.url}/b"})).json()[
        "url"
    ] == f"{receiver.url}/b"
    assert (await call("DELETE", f"{HOOKS}/1", boss)).status_code == 204
    assert (await call("GET", f"{HOOKS}/1", boss)).status_code == 404


async def test_every_change_is_in_the_record_without_secrets(
    call: Call, boss: str, receiver: Receiver, world: World
) -> None:
    await made(call, boss, f"{receiver.url}?token=word")
    await call("PATCH", f"{HOOKS}/1", boss, json={"tasks": True})
    await call("PATCH", f"{HOOKS}/1", boss, json={"tasks": True})
    await call("PATCH", f"{HOOKS}/1", boss, json={"url": f"{receiver.url}?token=other-word"})
    await call("POST", f"{HOOKS}/1/rotation", boss, json={})
    await call("DELETE", f"{HOOKS}/1", boss)
    records = await world.fetch("SELECT * FROM audit WHERE kind = 'webhook' ORDER BY id")
    assert [one["action"] for one in records] == ["create", "change", "change", "rotate", "delete"]
    assert {(one["actor"], one["workspace"]) for one in records} == {("boss", "finance")}
    assert records[1]["before"] == {"id": 1, "tasks": False}
    assert records[1]["after"] == {"id": 1, "tasks": True}
    for secret in ("whsec_", "=word", "other-word"):
        assert secret not in str(records)


async def test_what_a_receiver_is_sent_is_what_lists_show(
    call: Call, boss: str, receiver: Receiver, world: World, app: App
) -> None:
    [place] = await world.fetch("SELECT id FROM workspace WHERE key = 'finance'")
    task = await world.task(place["id"], "Query", 1, "check")
    await made(call, boss, receiver.url)
    moment = app.now().replace(tzinfo=None).isoformat(timespec="milliseconds")
    await world.run(task, "FAILED", moment, moment, reason="check_failed", attempt=3)
    await world.execute(
        """UPDATE run SET message = 'bad "rows"', row_count = 7, counts = '{"a": 1}', deadline_at = now()"""
    )
    teller = Teller(app)
    await teller.tick(app.now())
    await teller.settled()
    [listed] = (await call("GET", "/api/v1/runs", boss)).json()["items"]
    [received] = receiver.received
    assert httpx.Response(200, content=received.body).json()["run"] == listed
    [delivery] = (await call("GET", f"{HOOKS}/1/deliveries", boss)).json()["items"]
    assert (delivery["state"], delivery["event"], delivery["run"]) == ("succeeded", "run.failed", listed["id"])
    assert delivery["message"] == received.headers["webhook-id"]


async def test_a_ping_arrives_and_a_delivery_is_repeated(call: Call, boss: str, receiver: Receiver, app: App) -> None:
    await made(call, boss, receiver.url)
    sent = await call("POST", f"{HOOKS}/1/ping", boss)
    assert (sent.status_code, sent.json()["state"], sent.json()["run"]) == (202, "waiting", None)
    teller = Teller(app)
    await teller.tick(app.now())
    await teller.settled()
    number = sent.json()["id"]
    again = await call("POST", f"{HOOKS}/1/deliveries/{number}/redelivery", boss)
    assert (again.status_code, again.json()["message"]) == (202, sent.json()["message"])
    assert (await call("POST", f"{HOOKS}/1/deliveries/{number}/redelivery", boss)).status_code == 409
    assert (await call("POST", f"{HOOKS}/1/deliveries/99/redelivery", boss)).status_code == 404
    await teller.tick(app.now())
    await teller.settled()
    assert [httpx.Response(200, content=one.body).json()["event"] for one in receiver.received] == ["ping", "ping"]
    await call("PATCH", f"{HOOKS}/1", boss, json={"active": False})
    assert (await call("POST", f"{HOOKS}/1/ping", boss)).status_code == 409


async def test_lists_are_read_in_pages(call: Call, boss: str, receiver: Receiver) -> None:
    for _ in range(5):
        await made(call, boss, receiver.url)
        await call("POST", f"{HOOKS}/1/ping", boss)
    found: list[int] = []
    after = 0
    while after is not None:
        page = (await call("GET", f"{HOOKS}?limit=2&after={after}", boss)).json()
        found += [one["id"] for one in page["items"]]
        after = page["next"]
    assert found == [1, 2, 3, 4, 5]
    sent: list[int] = []
    before = 2**63 - 1
    while before is not None:
        page = (await call("GET", f"{HOOKS}/1/deliveries?limit=2&before={before}", boss)).json()
        sent += [one["id"] for one in page["items"]]
        before = page["next"]
    assert sent == [5, 4, 3, 2, 1]
    assert (await call("GET", f"{HOOKS}/1/deliveries?state=failed", boss)).json()["items"] == []
    assert len((await call("GET", f"{HOOKS}?workspace=finance", boss)).json()["items"]) == 5
    assert (await call("GET", f"{HOOKS}?workspace=other", boss)).json()["items"] == []


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"url": "https://me:word@h.example/"}, "url", "no user name"),
        ({"url": "ftp://h.example/"}, "url", "begin it with https://"),
        ({"url": "https://127.1/"}, "url", "is no IP address"),
        ({"url": "https://0x7f000001/"}, "url", "is no IP address"),
        ({"url": "https://10.0.0.1/"}, "url", "OSTINATO_WEBHOOKS_ALLOWED_NETWORKS"),
        ({"url": "https://169.254.169.254/latest"}, "url", "credentials"),
        ({"url": "https://[::ffff:a9fe:a9fe]/latest"}, "url", "credentials"),
        ({"url": "https://h.example:22/"}, "url", "the port 22"),
        ({"events": ["run.ended"]}, "events[0]", ""),
        ({"events": []}, "events", ""),
        ({"workspace": "nowhere"}, None, "MANAGE"),
        ({"environment": "Nowhere"}, "environment", "there is no environment"),
        ({"names": ["a\u202eb"]}, "names[0]", "control characters"),
        ({"names": ["a" * 201]}, "names[0]", "1 to 200"),
        ({"description": " "}, "description", "1 to 500"),
    ],
)
async def test_what_is_wrong_is_named(
    call: Call, boss: str, receiver: Receiver, change: dict[str, Any], path: str | None, words: str
) -> None:
    body = {"url": receiver.url, "events": ["run.failed"], "workspace": "finance", **change}
    answer = await call("POST", HOOKS, boss, json=body)
    assert answer.status_code == (403 if path is None else 422), answer.text
    assert words in answer.json()["detail"]
    if path is not None:
        assert path in [error["path"] for error in answer.json()["errors"]], answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b"nonsense",
        b'{"url": "https://8.8.8.8/", "events": "run.failed"}',
        b'{"url": "https://8.8.8.8/\\u0000", "events": ["run.failed"]}',
        b'{"url": "https://8.8.8.8/\\ud800", "events": ["run.failed"]}',
        b'{"url": "https://8.8.8.8/", "events": ["run.failed"], "description": "\\u0000"}',
        b'{"url": "https://8.8.8.8/", "events": ["run.failed"], "names": ["\\u0000"]}',
        b'{"url": "https://8.8.8.8/", "events": ["run.failed"], "workspace": "\\u0000"}',
        b'{"url": "https://8.8.8.8/", "events": ["run.failed"], "environment": "\\u0000"}',
        b'{"url": "https://8.8.8.8/", "events": ["run.failed"], "more": 1}',
        b'{"url": "https://\xff/", "events": ["run.failed"]}',
        b'{"url": 1e400, "events": ["run.failed"]}',
    ],
)
async def test_hostile_bodies_are_refused(call: Call, boss: str, body: bytes) -> None:
    headers = {"content-type": "application/json"}
    assert (await call("POST", HOOKS, boss, content=body, headers=headers)).status_code in (400, 422)
    await call("POST", HOOKS, boss, json={"url": "https://8.8.8.8/", "events": ["run.failed"], "workspace": "finance"})
    if body not in (b"{}",):
        assert (await call("PATCH", f"{HOOKS}/1", boss, content=body, headers=headers)).status_code in (400, 422)


@pytest.mark.parametrize("number", ["0", "99", str(2**63), str(2**70), "-1"])
async def test_numbers_that_no_webhook_has_are_not_found(call: Call, boss: str, number: str) -> None:
    for method, more in (
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/ping"),
        ("GET", "/deliveries"),
        ("POST", "/deliveries/1/redelivery"),
    ):
        assert (await call(method, f"{HOOKS}/{number}{more}", boss)).status_code == 404


async def test_whoever_manages_one_workspace_sees_and_makes_none_of_another(
    call: Call, boss: str, receiver: Receiver, world: World
) -> None:
    await world.workspace("sales")
    other = await world.key("other", sales="Administrator")
    admin = await world.key("admin")
    await made(call, boss, receiver.url)
    assert (await call("GET", HOOKS, other)).json()["items"] == []
    body = {"url": receiver.url, "events": ["run.failed"]}
    for workspace in ("finance", "nowhere", None):
        refused = await call("POST", HOOKS, other, json={**body, "workspace": workspace})
        assert (refused.status_code, "MANAGE" in refused.json()["detail"]) == (403, True)
    everywhere = (await call("POST", HOOKS, admin, json=body)).json()["webhook"]
    assert (everywhere["workspace"], everywhere["environment"]) == (None, None)
    assert [one["id"] for one in (await call("GET", HOOKS, boss)).json()["items"]] == [1]
    assert [one["id"] for one in (await call("GET", HOOKS, admin)).json()["items"]] == [1, 2]
    assert (await call("PATCH", f"{HOOKS}/2", boss, json={"active": False})).status_code == 404
    assert (await call("DELETE", f"{HOOKS}/1", other)).status_code == 404


async def test_whoever_manages_one_environment_makes_none_for_all_of_them(
    call: Call, boss: str, receiver: Receiver, world: World
) -> None:
    staged = await world.key("staged", finance="Administrator")
    await world.execute(
        """UPDATE workspace_grant SET environment_id = (SELECT id FROM environment WHERE name = 'Test')
            WHERE user_id = (SELECT id FROM app_user WHERE name = 'staged')"""
    )
    body = {"url": receiver.url, "events": ["run.failed"], "workspace": "finance"}
    statuses = [
        (await call("POST", HOOKS, staged, json={**body, "environment": environment})).status_code
        for environment in ("Test", "Production", None)
    ]
    assert statuses == [201, 403, 403]


async def test_who_loses_the_right_sees_it_no_more_and_it_goes_on(
    call: Call, boss: str, receiver: Receiver, world: World, app: App
) -> None:
    await made(call, boss, receiver.url)
    await world.execute("DELETE FROM workspace_grant")
    assert (await call("GET", f"{HOOKS}/1", boss)).status_code == 404
    assert (await call("GET", HOOKS, boss)).json()["items"] == []
    assert await deliveries.gather(app, app.now()) == 0


async def test_a_workspace_has_no_end_of_webhooks(call: Call, boss: str, receiver: Receiver, world: World) -> None:
    await made(call, boss, receiver.url)
    await world.execute(
        """INSERT INTO webhook (workspace_key, url, shown_url, secret, events, since, created_at, created_by,
                                changed_at)
           SELECT workspace_key, url, shown_url, secret, events, since, created_at, created_by, changed_at
             FROM webhook, generate_series(2, 100)"""
    )
    body = {"url": receiver.url, "events": ["run.failed"], "workspace": "finance"}
    refused = await call("POST", HOOKS, boss, json=body)
    assert (refused.status_code, "100 webhooks" in refused.json()["detail"]) == (409, True)


async def test_an_address_is_not_looked_up_for_who_may_not_make_webhooks(call: Call, world: World, app: App) -> None:
    asked = []

    async def resolve(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8"]

    app.outbound = Outbound(resolve=resolve)
    viewer = await world.key("viewer", finance="Viewer")
    await world.workspace("finance")
    body = {"url": "https://h.example/", "events": ["run.failed"], "workspace": "finance"}
    assert (await call("POST", HOOKS, viewer, json=body)).status_code == 403
    assert (
        await call("PATCH", f"{HOOKS}/{WebhookId(1)}", viewer, json={"url": "https://h.example/"})
    ).status_code == 404
    assert asked == []

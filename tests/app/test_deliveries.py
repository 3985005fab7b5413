"""What happens to runs is told to webhooks: once each, whatever comes in between."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from ostinato.app import deliveries, webhooks
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.app.webhooks import Change, Wish
from ostinato.core.access import Actor
from ostinato.core.errors import Conflict
from ostinato.core.ids import RunId, TaskId, WebhookId
from ostinato.core.webhooks import DELAYS, Event
from ostinato.scheduler import prune
from ostinato.scheduler.webhooks import Teller
from ostinato.store.db import Database
from tests.api.factories import World
from tests.app.receivers import Receiver, key_of, outbound, receiving

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
ENDS = (Event.SUCCEEDED, Event.FAILED, Event.CANCELLED, Event.MISFIRED)


class Lab:
    """A workspace with a task and a plan, a receiver, and what is told by one server."""

    def __init__(self, app: App, admin: Actor, receiver: Receiver, now: datetime) -> None:
        self.app, self.admin, self.receiver, self.now, self.world = app, admin, receiver, now, World(app)
        self.teller = Teller(app)
        self.task = TaskId(0)

    async def set_up(self) -> "Lab":
        self.place = await self.world.workspace("lab")
        self.task = await self.world.task(self.place, "Package", 1, "load")
        self.other = await self.world.task(self.place, "Package", 2, "clean")
        self.plan = await self.world.plan(self.place, 1, "nightly", [self.task])
        return self

    async def hook(self, *events: Event, **more: Any) -> webhooks.Made:
        wish = Wish(**{"url": self.receiver.url, "events": events or ENDS, "workspace": "lab", **more})
        return await webhooks.create(self.app, self.admin, wish, self.now)

    async def run(
        self,
        state: str = "SUCCEEDED",
        *,
        after: timedelta = SECOND,
        what: TaskId | None = None,
        plan: bool = False,
        root: RunId | None = None,
        reason: str | None = None,
        id: int | None = None,
    ) -> RunId:
        """A run that ended, or began, so long after now."""
        moment = (self.now + after).replace(tzinfo=None).isoformat()
        live = state in ("CLAIMED", "RUNNING", "QUEUED")
        run = await self.world.run(
            None if plan else what or self.task,
            state,
            None if state == "QUEUED" else moment,
            None if live else moment,
            plan=self.plan if plan else None,
            reason=reason,
            id=id,
        )
        if root is not None:
            await self.world.execute(
                "UPDATE run SET parent_run_id = $2, root_run_id = $2, step = 0 WHERE id = $1", run, root
            )
        return run

    async def tell(self, after: timedelta = 2 * SECOND) -> list[dict[str, Any]]:
        """Look and send, so long after now; what arrived since the last time."""
        before = len(self.receiver.received)
        self.app.tell.set()
        while self.app.tell.is_set():  # as the engine does, which is woken by what was sent
            self.app.tell.clear()
            await self.teller.tick(self.now + after)
            await self.teller.settled()
        return [json.loads(one.body) for one in self.receiver.received[before:]]

    async def log(self, hook: WebhookId | int, after: timedelta = 2 * SECOND) -> list[Any]:
        found = await webhooks.list_deliveries(self.app, self.admin, WebhookId(hook), self.now + after, limit=1_000)
        return found[::-1]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
async def lab(app: App, admin: Actor, receiver: Receiver, now: datetime) -> Lab:
    app.outbound, app.url = outbound(), "https://ostinato.test"
    return await Lab(app, admin, receiver, now).set_up()


def told(messages: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(one["event"], one["run"]["id"]) for one in messages}


async def test_every_kind_of_end_is_told_once_and_signed(lab: Lab) -> None:
    made = await lab.hook()
    wanted = {
        ("run.succeeded", await lab.run()),
        ("run.failed", await lab.run("FAILED", reason="error")),
        ("run.cancelled", await lab.run("CANCELLED", reason="cancel_requested")),
        ("run.misfired", await lab.run("FAILED", reason="misfired")),
        ("run.succeeded", await lab.run(plan=True)),
    }
    await lab.run("RUNNING")
    messages = await lab.tell()
    assert told(messages) == wanted
    assert len(messages) == len(wanted)
    assert await lab.tell(3 * SECOND) == []
    for one in lab.receiver.received:
        name, stamp = one.headers["webhook-id"], one.headers["webhook-timestamp"]
        digest = hmac.new(key_of(made.secret), f"{name}.{stamp}.".encode() + one.body, hashlib.sha256).digest()
        assert one.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
        assert stamp == str(int((lab.now + 2 * SECOND).timestamp()))
        assert one.headers["content-type"] == "application/json"
        body = json.loads(one.body)
        assert (body["id"], body["webhook"]) == (name, made.webhook.id)
        assert body["at"] == "2026-03-01T12:00:01.000Z"
        assert body["links"]["run"] == f"https://ostinato.test/api/v1/runs/{body['run']['id']}"
    assert {(one.state, one.status, one.attempts, one.error) for one in await lab.log(made.webhook.id)} == {
        ("succeeded", 204, 1, None)
    }


async def test_a_start_is_told_while_it_runs_or_with_its_end_and_only_of_runs_started_by_themselves(lab: Lab) -> None:
    await lab.hook(Event.STARTED)
    root = await lab.run("RUNNING", plan=True)
    await lab.run("RUNNING", what=lab.other, root=root)
    await lab.run("QUEUED")
    assert told(await lab.tell()) == {("run.started", root)}
    short = await lab.run("FAILED", reason="error", after=3 * SECOND)
    assert told(await lab.tell(4 * SECOND)) == {("run.started", short)}
    await lab.world.execute(
        "UPDATE run SET state = 'SUCCEEDED', ended_at = $2 WHERE id = $1", root, lab.now + 5 * SECOND
    )
    assert await lab.tell(6 * SECOND) == []


async def test_tasks_inside_of_plans_are_told_only_where_they_are_wanted(lab: Lab) -> None:
    await lab.hook()
    wide = await lab.hook(Event.SUCCEEDED, Event.FAILED, tasks=True)
    root = await lab.run("RUNNING", plan=True)
    inside = await lab.run("FAILED", reason="error", root=root)
    [message] = await lab.tell()
    assert (message["webhook"], message["run"]["id"], message["run"]["parent"]) == (wide.webhook.id, inside, root)
    late = await lab.run(root=root, what=lab.other, after=3 * SECOND)
    await lab.world.execute(
        "UPDATE run SET state = 'SUCCEEDED', ended_at = $2 WHERE id = $1", root, lab.now + 3 * SECOND
    )
    assert sorted((one["run"]["id"], one["webhook"]) for one in await lab.tell(4 * SECOND)) == sorted(
        [(late, wide.webhook.id), (root, wide.webhook.id), (root, wide.webhook.id - 1)]
    )


async def test_only_what_is_of_its_workspace_its_environment_and_its_names_is_told(lab: Lab) -> None:
    lab.world.app = lab.app
    sales = await lab.world.workspace("sales")
    staged = await lab.world.workspace("lab", environment="Test")
    foreign = await lab.run(what=await lab.world.task(sales, "Query", 1, "load"))
    test = await lab.run(what=await lab.world.task(staged, "Query", 2, "load"))
    hooks = {
        "all": await lab.hook(workspace=None),
        "lab": await lab.hook(),
        "production": await lab.hook(environment="Production"),
        "clean": await lab.hook(names=["clean", "nightly"]),
    }
    load, clean, plan = await lab.run(), await lab.run(what=lab.other), await lab.run(plan=True)
    arrived = await lab.tell()
    by_hook = {
        name: {m["run"]["id"] for m in arrived if m["webhook"] == hook.webhook.id} for name, hook in hooks.items()
    }
    assert by_hook == {
        "all": {foreign, test, load, clean, plan},
        "lab": {test, load, clean, plan},
        "production": {load, clean, plan},
        "clean": {clean, plan},
    }


async def test_what_happened_before_it_was_active_is_not_told(lab: Lab) -> None:
    await lab.run(after=-SECOND)
    made = await lab.hook()
    number = made.webhook.id
    await lab.run(after=SECOND)
    assert len(await lab.tell()) == 1
    await webhooks.change(lab.app, lab.admin, number, Change(active=False), lab.now + 3 * SECOND)
    await lab.run(after=4 * SECOND)
    assert await lab.tell(5 * SECOND) == []
    await webhooks.change(lab.app, lab.admin, number, Change(active=True), lab.now + 6 * SECOND)
    now = await lab.run(after=7 * SECOND)
    assert told(await lab.tell(8 * SECOND)) == {("run.succeeded", now)}


async def test_an_end_that_is_committed_late_is_told_by_the_next_sweep(lab: Lab) -> None:
    await lab.hook()
    assert await lab.tell(timedelta(minutes=10)) == []
    soon = await lab.run(after=timedelta(minutes=9, seconds=45))
    late = await lab.run(after=timedelta(minutes=1))
    assert told(await lab.tell(timedelta(minutes=10, seconds=1))) == {("run.succeeded", soon)}
    assert told(await lab.tell(timedelta(minutes=12, seconds=1))) == {("run.succeeded", late)}


async def test_no_run_becomes_history_before_it_was_looked_at(lab: Lab) -> None:
    made = await lab.hook(tasks=True)
    root = await lab.run(plan=True)
    inside = await lab.run(root=root)
    assert await prune.tick(lab.app, lab.now + timedelta(hours=2)) == 2
    assert await lab.world.fetch("SELECT id FROM run") == []
    assert {one.state for one in await lab.log(made.webhook.id)} == {"waiting"}
    assert told(await lab.tell(timedelta(hours=2))) == {("run.succeeded", root), ("run.succeeded", inside)}
    assert await lab.tell(timedelta(hours=3)) == []


async def test_the_transaction_of_a_run_that_commits_out_of_order_is_not_passed_over(lab: Lab) -> None:
    await lab.hook()
    first = await lab.run("RUNNING")
    async with lab.app.db.transaction() as tx:
        await tx.execute(
            "UPDATE run SET state = 'SUCCEEDED', lease = NULL, ended_at = $2 WHERE id = $1", first, lab.now + SECOND
        )
        second = await lab.run(what=lab.other, after=2 * SECOND)
        assert told(await lab.tell(3 * SECOND)) == {("run.succeeded", second)}
    assert told(await lab.tell(4 * SECOND)) == {("run.succeeded", first)}


async def test_a_server_that_dies_after_the_commit_loses_nothing(lab: Lab, database_url: str) -> None:
    """Its successor sends what it had in its queue, and what it had claimed, under the same name."""
    made = await lab.hook()
    run = await lab.run()
    assert await deliveries.gather(lab.app, lab.now + 2 * SECOND) == 1
    [claimed] = await deliveries.claim(lab.app, lab.now + 2 * SECOND, 10)
    assert await lab.tell(10 * SECOND) == []
    assert told(await lab.tell(40 * SECOND)) == {("run.succeeded", run)}
    assert lab.receiver.received[0].headers["webhook-id"] == claimed.message
    # The dead one was only slow: what it has to say does not count any more, and the receiver knows the name.
    lab.receiver.will_answer(500)
    await deliveries.deliver(lab.app, claimed, lab.now + 41 * SECOND)
    assert {one.headers["webhook-id"] for one in lab.receiver.received} == {claimed.message}
    [entry] = await lab.log(made.webhook.id)
    assert (entry.state, entry.status, entry.attempts) == ("succeeded", 204, 2)


async def test_two_servers_tell_everything_once(lab: Lab, database_url: str) -> None:
    await lab.hook()
    wanted = {await lab.run(what=lab.other if number % 2 else None) for number in range(60)}
    second = App(db=Database(database_url), keyring=Keyring({"test": bytes(32)}), outbound=outbound())
    await second.db.open()
    tellers = [lab.teller, Teller(second)]
    for after in range(2, 40):
        moment = lab.now + after * SECOND
        await asyncio.gather(*(teller.tick(moment) for teller in tellers))
        await asyncio.gather(*(teller.settled() for teller in tellers))
    await second.db.close()
    arrived = [json.loads(one.body)["run"]["id"] for one in lab.receiver.received]
    assert sorted(arrived) == sorted(wanted)


async def test_what_is_not_taken_is_sent_again_later_and_later_and_given_up(lab: Lab) -> None:
    made = await lab.hook()
    await lab.run()
    lab.receiver.will_answer(503, body=b"busy \x00\x1b[31m\xff")
    moment = 2 * SECOND
    for attempt, delay in enumerate(DELAYS, start=1):
        assert len(await lab.tell(moment)) == 1
        [entry] = await lab.log(made.webhook.id)
        assert (entry.state, entry.attempts, entry.status) == ("waiting", attempt, 503)
        assert entry.error == "The receiver answered 503"
        assert entry.answer == "busy   [31m\N{REPLACEMENT CHARACTER}"
        assert delay <= entry.due_at - (lab.now + moment) <= delay * 1.2 + SECOND
        assert await lab.tell(entry.due_at - lab.now - SECOND) == []
        moment = entry.due_at - lab.now
    assert len(await lab.tell(moment)) == 1
    [entry] = await lab.log(made.webhook.id)
    assert (entry.state, entry.attempts, entry.due_at) == ("failed", len(DELAYS) + 1, None)
    assert len({one.headers["webhook-id"] for one in lab.receiver.received}) == 1
    assert len({one.body for one in lab.receiver.received}) == 1


async def test_a_message_that_was_given_up_or_taken_is_sent_again_when_somebody_asks(lab: Lab) -> None:
    made = await lab.hook()
    await lab.run()
    await lab.tell()
    [entry] = await lab.log(made.webhook.id)
    again = await webhooks.redeliver(lab.app, lab.admin, made.webhook.id, entry.id, lab.now + 3 * SECOND)
    assert (again.state, again.message) == ("waiting", entry.message)
    with pytest.raises(Conflict, match="waits to be sent"):
        await webhooks.redeliver(lab.app, lab.admin, made.webhook.id, entry.id, lab.now + 3 * SECOND)
    assert len(await lab.tell(4 * SECOND)) == 1
    assert len({one.headers["webhook-id"] for one in lab.receiver.received}) == 1


async def test_a_redirect_is_a_failure(lab: Lab) -> None:
    made = await lab.hook()
    await lab.run()
    lab.receiver.will_answer(307, more=f"location: {lab.receiver.url}\r\n")
    await lab.tell()
    [entry] = await lab.log(made.webhook.id)
    assert (entry.state, entry.status, lab.receiver.connections) == ("waiting", 307, 1)
    assert "redirects are not followed" in str(entry.error)


async def test_a_receiver_that_is_gone_is_disabled_and_the_record_says_so(lab: Lab) -> None:
    made = await lab.hook()
    await lab.run()
    lab.receiver.will_answer(410)
    await lab.tell()
    hook = await webhooks.get(lab.app, lab.admin, made.webhook.id)
    assert (hook.active, hook.disabled_reason) == (False, "The receiver answered 410 Gone")
    [record] = await lab.world.fetch("SELECT actor, target, after FROM audit WHERE action = 'disable'")
    assert (record["actor"], record["target"]) == ("the server", lab.receiver.url)
    await lab.run()
    assert await lab.tell(5 * SECOND) == []
    with pytest.raises(Conflict, match="not active"):
        await webhooks.ping(lab.app, lab.admin, made.webhook.id, lab.now)
    hook = await webhooks.change(lab.app, lab.admin, made.webhook.id, Change(active=True), lab.now + 6 * SECOND)
    assert (hook.active, hook.disabled_reason, hook.failing_since) == (True, None, None)


async def test_a_receiver_that_only_fails_for_days_is_disabled_and_one_success_forgives(lab: Lab) -> None:
    made = await lab.hook()
    await lab.run()
    lab.receiver.will_answer(500)
    await lab.tell()
    assert (await webhooks.get(lab.app, lab.admin, made.webhook.id)).failing_since == lab.now + 2 * SECOND
    lab.receiver.will_answer(204)
    await lab.tell(DAY)
    assert (await webhooks.get(lab.app, lab.admin, made.webhook.id)).failing_since is None
    lab.receiver.will_answer(500)
    for day in (2, 4, 6, 8):
        await lab.run(after=day * DAY)
        await lab.tell(day * DAY + SECOND)
    hook = await webhooks.get(lab.app, lab.admin, made.webhook.id)
    assert (hook.active, hook.disabled_reason) == (False, "The receiver has taken nothing for 5 days")
    assert len(await lab.world.fetch("SELECT 1 FROM audit WHERE action = 'disable'")) == 1


async def test_a_slow_receiver_does_not_hold_up_others_and_gets_few_at_a_time(lab: Lab) -> None:
    async with receiving() as slow:
        slow.hold = asyncio.Event()
        await lab.hook(url=slow.url)
        for _ in range(20):
            await lab.run()
        await lab.teller.tick(lab.now + 2 * SECOND)
        await asyncio.wait_for(slow.arrived.wait(), 5)
        other = await lab.hook(Event.SUCCEEDED, names=["clean"])
        await lab.run(what=lab.other, after=2 * SECOND)
        await lab.teller.tick(lab.now + 3 * SECOND)
        await asyncio.wait_for(lab.receiver.arrived.wait(), 5)
        assert [json.loads(one.body)["webhook"] for one in lab.receiver.received] == [other.webhook.id]
        assert slow.connections == deliveries.MOST_OF_ONE
        slow.hold.set()
        await lab.teller.settled()


async def test_a_full_queue_takes_no_more_and_the_log_says_so(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "MOST_WAITING", 3)
    made = await lab.hook()
    for _ in range(5):
        await lab.run()
    assert await deliveries.gather(lab.app, lab.now + 2 * SECOND) == 5
    states = [one.state for one in await lab.log(made.webhook.id)]
    assert (states.count("waiting"), states.count("dropped")) == (3, 2)
    assert await deliveries.gather(lab.app, lab.now + 3 * SECOND) == 0
    [dropped] = {one.error for one in await lab.log(made.webhook.id) if one.state == "dropped"}
    assert dropped == "The queue was full"


async def test_many_ends_are_looked_at_in_parts(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "MOST_EVENTS", 3)
    await lab.hook(Event.STARTED, Event.SUCCEEDED)
    for _ in range(7):
        await lab.run()
    assert await deliveries.gather(lab.app, lab.now + 2 * SECOND) == 14


async def test_while_a_secret_is_rotated_both_sign_and_afterwards_the_new_one_does(lab: Lab) -> None:
    made = await lab.hook()
    rotated = await webhooks.rotate(lab.app, lab.admin, made.webhook.id, 60 * SECOND, lab.now)
    assert rotated.secret != made.secret
    with pytest.raises(Conflict, match="Two secrets"):
        await webhooks.rotate(lab.app, lab.admin, made.webhook.id, 60 * SECOND, lab.now + SECOND)
    await lab.run()
    await lab.tell()
    await lab.run(after=70 * SECOND)
    await lab.tell(71 * SECOND)

    def signature(secret: str, number: int) -> str:
        one = lab.receiver.received[number]
        signed = f"{one.headers['webhook-id']}.{one.headers['webhook-timestamp']}.".encode() + one.body
        return "v1," + base64.b64encode(hmac.new(key_of(secret), signed, hashlib.sha256).digest()).decode()

    sent = [one.headers["webhook-signature"] for one in lab.receiver.received]
    assert sent == [f"{signature(rotated.secret, 0)} {signature(made.secret, 0)}", signature(rotated.secret, 1)]
    await webhooks.rotate(lab.app, lab.admin, made.webhook.id, timedelta(0), lab.now + 72 * SECOND)


async def test_secrets_and_the_address_are_sealed_to_their_webhook(lab: Lab) -> None:
    made = await lab.hook(url=f"{lab.receiver.url}?token=abcdef")
    other = await lab.hook()
    [row] = await lab.world.fetch("SELECT * FROM webhook WHERE id = $1", made.webhook.id)
    assert made.webhook.shown_url == f"{lab.receiver.url}?token=***"
    assert "abcdef" not in str(dict(row))
    assert made.secret not in str(dict(row))
    await lab.world.execute("UPDATE webhook SET url = $2 WHERE id = $1", other.webhook.id, row["url"])
    await lab.run()
    assert {one["webhook"] for one in await lab.tell()} == {made.webhook.id}
    assert lab.receiver.received[0].line == "POST /hook?token=abcdef HTTP/1.1"
    [entry] = await lab.log(other.webhook.id)
    assert "cannot be decrypted" in str(entry.error)
    records = await lab.world.fetch("SELECT before, after FROM audit WHERE kind = 'webhook'")
    assert len(records) == 2
    assert "abcdef" not in str([dict(one) for one in records])
    assert "whsec" not in str([dict(one) for one in records])


async def test_a_webhook_goes_on_when_whoever_made_it_is_gone(lab: Lab) -> None:
    await lab.hook()
    await lab.world.execute("UPDATE app_user SET active = false")
    await lab.run()
    assert len(await lab.tell()) == 1


async def test_an_address_that_is_not_allowed_any_more_is_not_sent_to(lab: Lab) -> None:
    made = await lab.hook()
    await lab.run()
    lab.app.outbound = type(lab.app.outbound)(allow_http=True)
    assert await lab.tell() == []
    [entry] = await lab.log(made.webhook.id)
    assert entry.state == "waiting"
    assert "may not be reached" in str(entry.error)
    assert lab.receiver.connections == 0


async def test_old_messages_leave_the_log_but_those_of_live_runs_are_not_told_again(lab: Lab) -> None:
    made = await lab.hook(Event.STARTED, Event.SUCCEEDED)
    live = await lab.run("RUNNING")
    await lab.run(what=lab.other)
    assert len(await lab.tell()) == 3
    await prune.tick(lab.app, lab.now + 31 * DAY)
    assert [one.run for one in await lab.log(made.webhook.id)] == [live]
    assert await lab.tell(31 * DAY) == []


async def test_without_an_active_webhook_nothing_is_looked_at(lab: Lab) -> None:
    await lab.run()
    assert await deliveries.gather(lab.app, lab.now) is None
    await prune.tick(lab.app, lab.now + DAY)
    assert await lab.world.fetch("SELECT 1 FROM webhook_delivery") == []


async def test_a_webhook_that_is_deleted_while_something_is_sent_to_it_does_no_harm(lab: Lab) -> None:
    made = await lab.hook()
    await lab.run()
    lab.receiver.hold = asyncio.Event()
    await lab.teller.tick(lab.now + 2 * SECOND)
    await asyncio.wait_for(lab.receiver.arrived.wait(), 5)
    await webhooks.delete(lab.app, lab.admin, made.webhook.id, lab.now + 3 * SECOND)
    lab.receiver.hold.set()
    await lab.teller.settled()
    assert await lab.world.fetch("SELECT 1 FROM webhook_delivery") == []


async def test_a_server_that_stops_leaves_what_it_was_sending_to_the_next(lab: Lab) -> None:
    await lab.hook()
    await lab.run()
    lab.receiver.hold = asyncio.Event()
    await lab.teller.tick(lab.now + 2 * SECOND)
    await asyncio.wait_for(lab.receiver.arrived.wait(), 5)
    await lab.teller.stop()
    lab.receiver.hold.set()
    lab.receiver.hold = None
    assert len(await lab.tell(60 * SECOND)) == 1
    assert len({one.headers["webhook-id"] for one in lab.receiver.received}) == 1

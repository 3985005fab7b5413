"""A run as a stream of events: it tells what changes, goes on where it broke off, and ends when it must."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar.types import ASGIApp

from ostinato.api.native import events, streams
from ostinato.app.application import App
from ostinato.app.following import MOST_CHANGES, MOST_LINES, digest
from ostinato.core.errors import Invalid
from ostinato.core.ids import PlanId, RunId, TaskId, WorkspaceId
from ostinato.scheduler import prune
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.native.test_runs import hold
from tests.api.streaming import Event, Stream, streamed

BEGAN, ENDED = "2026-03-10T10:00:00", "2026-03-10T10:00:05"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks follow one another sooner than in the product."""
    monkeypatch.setattr(events, "LOOK_SECONDS", 0.05)


@pytest.fixture
async def key(world: World) -> str:
    return await world.key("ada", finance="Viewer")


@pytest.fixture
async def finance(world: World) -> WorkspaceId:
    return await world.workspace("finance")


@pytest.fixture
async def task(world: World, finance: WorkspaceId) -> TaskId:
    return await world.task(finance, "Package", 1, "Load")


@pytest.fixture
async def plan(world: World, finance: WorkspaceId, task: TaskId) -> PlanId:
    return await world.plan(finance, 1, "Daily", [task])


def path(run: RunId, more: str = "") -> str:
    return f"/api/v1/runs/{run}/events{more}"


async def end(world: World, run: RunId, state: str = "SUCCEEDED") -> None:
    """As another server would end it: nobody here is told."""
    await world.execute(
        "UPDATE run SET state = $2, ended_at = now(), lease = NULL, hold = NULL WHERE id = $1", run, state
    )


async def child(world: World, parent: RunId, task: TaskId, state: str = "RUNNING") -> RunId:
    made = await world.run(task, state, BEGAN)
    await world.execute("UPDATE run SET parent_run_id = $2, root_run_id = $2, step = 0 WHERE id = $1", made, parent)
    return made


def names(found: list[Event]) -> list[str]:
    return [event.name for event in found]


def texts(found: list[Event]) -> list[str]:
    return [event.data["text"] for event in found if event.name == "log"]


async def test_a_run_that_has_ended_is_told_at_once_and_the_stream_ends(
    asgi: ASGIApp, call: Call, world: World, task: TaskId, key: str
) -> None:
    run = await world.run(task, "SUCCEEDED", BEGAN, ENDED)
    async with streamed(asgi, path(run), key) as stream:
        found = await stream.rest()
        await stream.ended()
    assert names(found) == ["run", "end"]
    assert found[0].data == found[1].data == (await call("GET", f"/api/v1/runs/{run}", key)).json()["run"]
    assert (stream.headers["content-type"], stream.headers["cache-control"]) == ("text/event-stream", "no-store")
    assert stream.text.startswith("retry: 2000\n\n")
    answer = await call("GET", path(run), key)
    assert answer.status_code == 200


async def test_every_state_is_told_until_another_server_has_ended_the_run(
    asgi: ASGIApp, world: World, task: TaskId, key: str
) -> None:
    run = await world.run(task, "QUEUED", due="2999-01-01T00:00:00", hold="due")
    async with streamed(asgi, path(run), key) as stream:
        [first] = await stream.until("run")
        assert (first.data["state"], first.data["waiting"]) == (
            "QUEUED",
            "will be tried again at 2999-01-01T00:00:00.000Z",
        )
        await world.execute(
            "UPDATE run SET state = 'RUNNING', hold = NULL, lease = 1, started_at = now() WHERE id = $1", run
        )
        [second] = await stream.until("run")
        assert second.data["state"] == "RUNNING"
        await end(world, run, "FAILED")
        assert [(event.name, event.data["state"]) for event in await stream.rest()] == [
            ("run", "FAILED"),
            ("end", "FAILED"),
        ]


async def test_an_end_on_this_server_is_told_without_waiting_for_the_next_look(
    asgi: ASGIApp, app: App, world: World, task: TaskId, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOK_SECONDS", 3_600.0)
    monkeypatch.setattr(events, "LONGEST_PAUSE", 3_600.0)
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 3_600.0)
    run = await world.run(task, "RUNNING", BEGAN)
    async with streamed(asgi, path(run), key) as stream:
        await stream.until("run")
        await end(world, run)
        app.ended.add(run)
        app.tell_watching()
        assert names(await stream.rest()) == ["run", "end"]
    assert app.watched == {}


async def test_runs_below_a_plan_are_told_when_they_change_and_the_plan_after_them(
    asgi: ASGIApp, world: World, plan: PlanId, task: TaskId, key: str
) -> None:
    run = await world.run(plan=plan, state="RUNNING", started=BEGAN)
    first = await child(world, run, task)
    async with streamed(asgi, path(run), key) as stream:
        begun = await stream.until("run")
        assert [(e.name, e.data["id"], e.data["state"]) for e in begun] == [
            ("child", first, "RUNNING"),
            ("run", run, "RUNNING"),
        ]
        assert begun[0].data["step"] == "step 0"
        await end(world, first)
        [moved] = await stream.until("child")
        assert (moved.data["id"], moved.data["state"]) == (first, "SUCCEEDED")
        second = await child(world, run, task, "QUEUED")
        [made] = await stream.until("child")
        assert (made.data["id"], made.data["state"]) == (second, "QUEUED")
        await end(world, second, "CANCELLED")
        await end(world, run)
        last = await stream.rest()
    assert names(last)[-2:] == ["run", "end"]
    assert {(e.data["id"], e.data["state"]) for e in last if e.name == "child"} == {(second, "CANCELLED")}


async def test_a_nested_plan_run_tells_only_of_what_is_below_it(
    asgi: ASGIApp, world: World, plan: PlanId, task: TaskId, key: str
) -> None:
    root = await world.run(plan=plan, state="RUNNING", started=BEGAN)
    beside = await child(world, root, task)
    inner = await world.run(plan=plan, state="SUCCEEDED", started=BEGAN, ended=ENDED)
    await world.execute("UPDATE run SET parent_run_id = $2, root_run_id = $2, step = 0 WHERE id = $1", inner, root)
    leaf = await child(world, root, task)
    await world.execute("UPDATE run SET parent_run_id = $2 WHERE id = $1", leaf, inner)
    async with streamed(asgi, path(inner), key) as stream:
        found = await stream.rest()
    assert [event.data["id"] for event in found] == [leaf, inner, inner]
    assert beside not in {event.data["id"] for event in found}


async def test_a_large_tree_is_told_in_parts_and_whole(
    asgi: ASGIApp, world: World, plan: PlanId, task: TaskId, key: str
) -> None:
    run = await world.run(plan=plan, state="SUCCEEDED", started=BEGAN, ended=ENDED)
    await world.execute(
        """INSERT INTO run (environment_id, workspace_id, task_id, parent_run_id, root_run_id, step, state, due_at,
                            queued_at, started_at, ended_at, cause)
           SELECT environment_id, workspace_id, $2, id, id, 0, 'SUCCEEDED', due_at, queued_at, started_at, ended_at,
                  'plan'
             FROM run, generate_series(1, $3) WHERE id = $1""",
        run,
        task,
        MOST_CHANGES * 2 + 1,
    )
    async with streamed(asgi, path(run), key) as stream:
        found = await stream.rest()
    children = [event.data["id"] for event in found if event.name == "child"]
    assert len(children) == len(set(children)) == MOST_CHANGES * 2 + 1
    assert names(found)[-2:] == ["run", "end"]


async def test_progress_is_told_when_a_worker_says_so(
    asgi: ASGIApp, app: App, world: World, task: TaskId, key: str
) -> None:
    run, other = await world.run(task, "RUNNING", BEGAN), await world.run(task, "RUNNING", BEGAN)
    hold(app, run, rows=5, total=None)
    hold(app, other, rows=1, total=2)
    async with streamed(asgi, path(run), key) as stream:
        first = (await stream.until("progress"))[-1]
        assert (first.data, first.id) == ({"run": run, "rows": 5, "total": None}, None)
        app.held[run].rows, app.held[run].total = 7, 10
        [second] = await stream.until("progress")
        assert second.data == {"run": run, "rows": 7, "total": 10}


async def test_log_lines_come_only_if_they_are_wanted_and_all_before_the_end(
    asgi: ASGIApp, world: World, task: TaskId, key: str
) -> None:
    run = await world.run(task, "RUNNING", BEGAN)
    await world.log(run, (BEGAN, "one"))
    async with streamed(asgi, path(run), key) as without, streamed(asgi, path(run, "?logs=true"), key) as stream:
        assert texts(await stream.until("run")) == ["one"]
        await world.log(run, (BEGAN, 'two "lines"\nwith a break \u2028 \r and more'), (BEGAN, "three"))
        await end(world, run)
        found = await stream.rest()
        assert texts(found) == ['two "lines"\nwith a break \u2028 \r and more', "three"]
        assert names(found) == ["log", "log", "run", "end"]
        assert set(names(await without.rest())) == {"run", "end"}


async def test_a_long_log_comes_whole(asgi: ASGIApp, world: World, task: TaskId, key: str) -> None:
    run = await world.run(task, "SUCCEEDED", BEGAN, ENDED)
    many = MOST_LINES * 2
    await world.execute(
        """INSERT INTO run_log (run_id, seq, attempt, at, line)
           SELECT $1, number, 1, now(), number::text FROM generate_series(1, $2::int) AS number""",
        run,
        many,
    )
    async with streamed(asgi, path(run, "?logs=true"), key) as stream:
        found = await stream.rest()
    assert texts(found) == [str(number) for number in range(1, many + 1)]
    assert names(found)[-2:] == ["run", "end"]


async def test_a_stream_that_breaks_off_anywhere_goes_on_without_loss_or_repetition(
    asgi: ASGIApp, world: World, task: TaskId, key: str
) -> None:
    run = await world.run(task, "SUCCEEDED", BEGAN, ENDED)
    await world.log(run, *((BEGAN, f"line {number}") for number in range(5)))
    async with streamed(asgi, path(run, "?logs=true"), key) as stream:
        whole = await stream.rest()
    for place, event in enumerate(whole[:-1]):
        async with streamed(asgi, path(run, "?logs=true"), key, last=event.id) as again:
            rest = await again.rest()
        assert texts(whole[: place + 1]) + texts(rest) == [f"line {number}" for number in range(5)]
        assert names(rest) == names(whole[place + 1 :])


async def test_what_changed_while_the_client_was_away_is_told_and_nothing_else(
    asgi: ASGIApp, world: World, plan: PlanId, task: TaskId, key: str
) -> None:
    run = await world.run(plan=plan, state="RUNNING", started=BEGAN)
    below = await child(world, run, task)
    async with streamed(asgi, path(run), key) as stream:
        last = (await stream.until("run"))[-1].id
    async with streamed(asgi, path(run), key, last=last) as same:
        await same.begun()
        await end(world, below)
        assert [event.data["id"] for event in await same.until("child")] == [below]
    await end(world, run)
    async with streamed(asgi, path(run), key, last=last) as later:
        assert names(await later.rest()) == ["child", "run", "end"]


async def test_a_client_that_has_had_the_end_is_told_not_to_come_back(
    asgi: ASGIApp, call: Call, world: World, task: TaskId, key: str
) -> None:
    run = await world.run(task, "SUCCEEDED", BEGAN, ENDED)
    async with streamed(asgi, path(run), key) as stream:
        last = (await stream.rest())[-1].id
    assert last is not None
    answer = await call("GET", path(run), key, headers={"Last-Event-ID": last})
    assert (answer.status_code, answer.content) == (204, b"")


async def test_a_heartbeat_comes_while_nothing_happens(
    asgi: ASGIApp, world: World, task: TaskId, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_SECONDS", 0.1)
    run = await world.run(task, "RUNNING", BEGAN)
    async with streamed(asgi, path(run), key) as stream:
        while stream.text.count(": still here\n\n") < 2:
            await stream._part()
    assert names(stream.events) == ["run"]


async def test_a_client_that_goes_is_noticed_at_once(
    asgi: ASGIApp, app: App, world: World, task: TaskId, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOK_SECONDS", 3_600.0)
    monkeypatch.setattr(events, "LONGEST_PAUSE", 3_600.0)
    run = await world.run(task, "RUNNING", BEGAN)
    async with streamed(asgi, path(run), key) as stream:
        await stream.until("run")
        stream.gone.set()
        await stream.ended()


async def test_streams_end_when_the_server_stops_and_no_new_one_begins(
    asgi: ASGIApp, app: App, world: World, task: TaskId, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "LOOK_SECONDS", 3_600.0)
    monkeypatch.setattr(events, "LONGEST_PAUSE", 3_600.0)
    run = await world.run(task, "RUNNING", BEGAN)
    async with streamed(asgi, path(run), key) as stream:
        await stream.until("run")
        app.stopping.set()
        assert await stream.rest() == []
        await stream.ended()
    async with streamed(asgi, path(run), key) as late:
        await late.begun()
        assert (late.status, late.headers["retry-after"]) == (503, "2")


FORBIDDING = {
    "a deleted key": ("UPDATE credential SET deleted_at = now()", 401),
    "a deactivated user": ("UPDATE app_user SET active = false WHERE name = 'ada'", 401),
}


@pytest.mark.parametrize("why", FORBIDDING)
async def test_a_stream_ends_when_its_key_does(asgi: ASGIApp, world: World, task: TaskId, key: str, why: str) -> None:
    statement, status = FORBIDDING[why]
    run = await world.run(task, "RUNNING", BEGAN)
    async with streamed(asgi, path(run), key) as stream:
        await stream.until("run")
        await world.execute(statement)
        [refused] = await stream.rest()
    assert (refused.name, refused.data["status"]) == ("refused", status)


async def test_a_stream_ends_when_the_right_to_see_the_run_is_taken_away(
    asgi: ASGIApp, world: World, task: TaskId, key: str
) -> None:
    run = await world.run(task, "RUNNING", BEGAN)
    async with streamed(asgi, path(run), key) as stream:
        await stream.until("run")
        await world.execute("DELETE FROM workspace_grant")
        await end(world, run)
        found = await stream.rest()
    assert [(event.name, event.data["status"]) for event in found][-1] == ("refused", 404)
    assert "end" not in names(found)


async def test_nobody_follows_what_they_may_not_see(
    asgi: ASGIApp, call: Call, world: World, task: TaskId, key: str
) -> None:
    run = await world.run(task, "SUCCEEDED", BEGAN, ENDED)
    stranger = await world.key("bob")
    hidden, missing = await call("GET", path(run), stranger), await call("GET", path(RunId(999)), stranger)
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.json()["detail"].replace(str(run), "999") == missing.json()["detail"]
    assert (await call("GET", path(run))).status_code == 401


async def test_the_database_may_be_away_for_a_moment(
    asgi: ASGIApp, app: App, world: World, task: TaskId, key: str
) -> None:
    run = await world.run(task, "RUNNING", BEGAN)
    async with streamed(asgi, path(run), key) as stream:
        await stream.until("run")
        await world.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        await end(world, run)
        assert names(await stream.rest()) == ["run", "end"]


async def test_one_user_has_only_so_many_streams_and_another_has_their_own(
    asgi: ASGIApp, call: Call, world: World, task: TaskId, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_OF_ONE", 2)
    monkeypatch.setattr(streams, "MOST", 3)
    run, other = await world.run(task, "RUNNING", BEGAN), await world.key("bob", finance="Viewer")
    more: list[Stream] = []
    async with streamed(asgi, path(run), key) as one, streamed(asgi, path(run), key) as two:
        for stream in (one, two):
            await stream.until("run")
        refused = await call("GET", path(run), key)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
        async with streamed(asgi, path(run), other) as third:
            await third.until("run")
            async with streamed(asgi, path(run), other) as fourth:
                await fourth.begun()
                assert fourth.status == 503
        more.append(third)
    async with streamed(asgi, path(run), key) as again:
        await again.until("run")
    assert more[0].status == 200


async def test_head_is_answered_without_a_stream(asgi: ASGIApp, world: World, task: TaskId, key: str) -> None:
    run = await world.run(task, "RUNNING", BEGAN)
    async with streamed(asgi, path(run), key, method="HEAD") as stream:
        await stream.begun()
        await stream.ended()
    assert (stream.status, stream.headers["content-type"], stream.body) == (200, "text/event-stream", b"")


HOSTILE = (
    "x",
    "1",
    "-1-",
    "1-g",
    "1-" + "f" * 17,
    "9" * 19 + "-",
    "9" * 40 + "-",
    "1-a-b",
    "\u00e4",
    "1-a-end ",
    "٣-a",
    "%00",
)


async def test_an_id_that_was_never_sent_is_refused_or_means_nothing(
    call: Call, world: World, task: TaskId, key: str, subtests: pytest.Subtests
) -> None:
    run = await world.run(task, "SUCCEEDED", BEGAN, ENDED)
    for last in HOSTILE:
        with subtests.test(last=last):
            answer = await call("GET", path(run), key, headers={"Last-Event-ID": last.encode()})
            assert answer.status_code == 422, answer.text
            assert [error["path"] for error in answer.json()["errors"]] == ["Last-Event-ID"]
    for harmless in ("", "0-", "5-0", f"{2**63 - 1}-{'f' * 16}", "1-a-end"):
        with subtests.test(last=harmless):
            answer = await call("GET", path(run, "?logs=true"), key, headers={"Last-Event-ID": harmless})
            assert answer.status_code == 200, answer.text
    for wrong in (path(RunId(0)), path(RunId(10**30)), "/api/v1/runs/x/events"):
        assert (await call("GET", wrong, key)).status_code == 404
    assert (await call("GET", path(run, "?logs=maybe"), key)).status_code == 422


@given(st.text())
def test_a_cursor_is_read_or_refused(text: str) -> None:
    try:
        line, _, _ = events._read_cursor(text)
    except Invalid:
        return
    assert 0 <= line < 2**63


@given(st.dictionaries(st.integers(1, 100), st.integers(-(2**63), 2**63 - 1)))
def test_a_digest_does_not_depend_on_the_order(marks: dict[int, int]) -> None:
    turned = dict(reversed(marks.items()))
    assert digest(marks) == digest(turned)  # type: ignore[arg-type]
    assert 0 <= digest(marks) < 2**64  # type: ignore[arg-type]


async def test_a_stream_in_history_is_told_like_any_other(
    asgi: ASGIApp, app: App, world: World, plan: PlanId, task: TaskId, key: str
) -> None:
    run = await world.run(plan=plan, state="SUCCEEDED", started=BEGAN, ended=ENDED)
    below = await world.run(task, "SUCCEEDED", BEGAN, ENDED)
    await world.execute("UPDATE run SET parent_run_id = $2, root_run_id = $2, step = 0 WHERE id = $1", below, run)
    async with streamed(asgi, path(run), key) as live:
        before = await live.rest()
    assert await prune.tick(app, datetime(2026, 3, 11, tzinfo=UTC)) == 2
    async with streamed(asgi, path(run), key) as kept:
        assert await kept.rest() == before

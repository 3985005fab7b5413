"""Backfills: each past time once whatever the number of servers, never more at once than they may, to an end that is
known."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ostinato.app import backfilling, backfills, history, pauses, workspaces
from ostinato.app.application import App
from ostinato.app.backfills import Wish
from ostinato.app.keyring import Keyring
from ostinato.core.access import Actor
from ostinato.core.backfills import BackfillState
from ostinato.core.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from ostinato.core.ids import RunId
from ostinato.core.parameters import SCHEDULED_AT
from ostinato.core.states import State
from ostinato.core.triggers import read_trigger
from ostinato.store.backfills import SeenBackfill, SeenFire
from ostinato.store.db import Database
from tests.scheduler.conftest import Lab, until
from tests.scheduler.test_policies import target
from tests.scheduler.test_schedules import POISON

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOURLY = read_trigger({"when": {"type": "interval", "everyMinutes": 60}})
TASKS = """tasks:
- {name: t, type: Probe, config: {%s}, overlap: parallel, parameters: {scheduled_at: {}}}
"""
PLAN = """tasks:
- {name: a, type: Probe, config: {}, overlap: parallel}
- {name: b, type: Probe, config: {}, overlap: parallel}
plans:
- {name: p, overlap: parallel, steps: [{name: one, tasks: [%s]}]}
"""


async def asked(lab: Lab, name: str = "t", hours: int = 6, **more: Any) -> SeenBackfill:
    """A backfill of the last so many hours, one run for each."""
    wish = Wish(what=await target(lab, name), begin=NOW - timedelta(hours=hours), end=NOW, trigger=HOURLY, **more)
    return await backfills.create(lab.app, lab.admin, wish, NOW)


async def look(lab: Lab, made: SeenBackfill) -> SeenBackfill:
    return await backfills.get(lab.app, lab.admin, made.id)


async def fires(lab: Lab, made: SeenBackfill) -> list[SeenFire]:
    _, found = await backfills.list_fires(lab.app, lab.admin, made.id, 1_000, 0)
    return found


async def ended(lab: Lab, made: SeenBackfill) -> SeenBackfill:
    async def has_ended() -> bool:
        return (await look(lab, made)).ended_at is not None

    await until(has_ended)
    return await look(lab, made)


async def end_runs(lab: Lab, state: str = "SUCCEEDED", most: int = 1_000) -> int:
    """End the oldest runs that are live, as workers would; how many."""
    async with lab.app.db.transaction() as tx:
        rows = await tx.fetch(
            "UPDATE run SET state = $1, ended_at = $2, lease = NULL, hold = NULL"
            " WHERE id IN (SELECT id FROM run WHERE ended_at IS NULL ORDER BY id LIMIT $3) RETURNING id",
            state,
            NOW,
            most,
        )
    return len(rows)


async def live_runs(lab: Lab) -> int:
    async with lab.app.db.reading() as tx:
        return int(await tx.fetchval("SELECT count(*) FROM run WHERE ended_at IS NULL"))


@asynccontextmanager
async def more_servers(url: str, number: int) -> AsyncIterator[list[App]]:
    others = [App(db=Database(url), keyring=Keyring({"test": bytes(32)})) for _ in range(number)]
    for one in others:
        await one.db.open()
    yield others
    for one in others:
        await one.db.close()


async def test_a_backfill_runs_once_for_each_time_and_never_more_at_once_than_it_may(live: Lab) -> None:
    await live.define(TASKS % f"do: crowd, number: 3, mark: {live.folder}/mark, file: {live.folder}/crowd")
    made = await asked(live, hours=12, concurrency=3)
    told = await ended(live, made)
    assert (told.standing.state, told.succeeded, told.not_started) == (BackfillState.SUCCEEDED, 12, 0)
    assert len(set(live.marks())) == len(live.marks()) == 12
    assert max(int(line) for line in live.marks("crowd")) == 3
    for fire in await fires(live, made):
        assert fire.run is not None
        run = await live.get(fire.run)
        assert (run.cause, run.state, fire.state) == ("backfill", State.SUCCEEDED, State.SUCCEEDED)
        assert run.parameters == {SCHEDULED_AT: f"{fire.at:%Y-%m-%dT%H:%M:%S}.000Z"}
    assert live.app.awaited == set()


async def test_the_next_run_follows_the_end_of_the_one_before_at_once(live: Lab) -> None:
    await live.define(TASKS % "")
    began = asyncio.get_running_loop().time()
    await ended(live, await asked(live, hours=20))
    assert asyncio.get_running_loop().time() - began < 10, "nobody waits for the look of every second"


async def test_three_servers_start_each_time_once_and_keep_the_limit(lab: Lab, database_url: str) -> None:
    await lab.define(TASKS % "")
    made = await asked(lab, hours=40, concurrency=7)
    most = 0
    async with more_servers(database_url, 2) as others:
        while (await look(lab, made)).ended_at is None:
            await asyncio.gather(*(backfilling.fire_due(app, NOW) for app in (lab.app, *others, lab.app, *others)))
            most = max(most, await live_runs(lab))
            await end_runs(lab, most=3)
    assert most == 7
    told = await fires(lab, made)
    assert len({fire.run for fire in told}) == 40
    assert {fire.state for fire in told} == {State.SUCCEEDED}
    async with lab.app.db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM run") == 40


class FailsAt:
    """The database does not answer when somebody comes to this point for the so many-th time."""

    def __init__(self, point: str, number: int) -> None:
        self._point, self._left = point, number

    async def before(self, point: str) -> None:
        self._left -= point == self._point
        if point == self._point and not self._left:
            raise TimeoutError


STATEMENTS = ("backfills/settle", "backfills/take", "runs/start", "backfills/started")
COUNTED, STARTED = 1, 2
"""Of the transactions of a look, the first counts ends, and the second starts runs."""


@pytest.mark.parametrize(
    ("point", "number"),
    [*((name, 1) for name in STATEMENTS), ("commit", STARTED), ("committed", COUNTED), ("committed", STARTED)],
)
async def test_wherever_the_database_fails_each_time_starts_once(
    lab: Lab, database_url: str, point: str, number: int
) -> None:
    await lab.define(TASKS % "")
    made = await asked(lab, hours=4, concurrency=2)
    await backfilling.fire_due(lab.app, NOW)
    await end_runs(lab)
    app = replace(lab.app, db=Database(database_url, connections=2, tap=FailsAt(point, number)))
    await app.db.open()
    with pytest.raises(Unavailable):
        await backfilling.fire_due(app, NOW)
    while (await look(lab, made)).ended_at is None:
        await backfilling.fire_due(app, NOW)
        assert await live_runs(lab) <= 2
        await end_runs(lab)
    await app.db.close()
    assert len({fire.run for fire in await fires(lab, made)}) == (await look(lab, made)).succeeded == 4
    async with lab.app.db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM run") == 4


@pytest.mark.parametrize("newest_first", [False, True])
async def test_times_start_oldest_first_or_newest_first(lab: Lab, newest_first: bool) -> None:
    await lab.define(TASKS % "")
    made = await asked(lab, hours=3, newest_first=newest_first)
    while (await look(lab, made)).ended_at is None:
        await backfilling.fire_due(lab.app, NOW)
        await end_runs(lab)
    hours = [fire.at.hour for fire in sorted(await fires(lab, made), key=lambda fire: fire.run or 0)]
    assert hours == ([11, 10, 9] if newest_first else [9, 10, 11])


async def test_a_cancelled_backfill_ends_what_is_live_and_starts_nothing_more(live: Lab) -> None:
    await live.define(TASKS % f"do: wait, file: {live.folder}/never, mark: {live.folder}/mark")
    made = await asked(live, concurrency=2)

    async def two_are_at_work() -> bool:
        return len(live.marks()) == 2

    await until(two_are_at_work)
    await backfills.cancel(live.app, live.admin, made.id, NOW)
    told = await ended(live, made)
    assert (told.standing.state, told.cancelled, told.not_started) == (BackfillState.CANCELLED, 2, 4)
    assert (told.stopped, told.stopped_by) == ("cancelled", "admin")
    again = await backfills.cancel(live.app, live.admin, made.id, NOW)
    assert again == told
    assert len(live.marks()) == 2
    async with live.app.db.reading() as tx:
        records = await tx.fetch("SELECT action FROM audit WHERE kind = 'backfill' ORDER BY id")
    assert [row["action"] for row in records] == ["create", "cancel"]


async def test_whatever_starts_in_the_moment_of_the_cancellation_is_cancelled_too(lab: Lab, database_url: str) -> None:
    await lab.define(TASKS % "")
    async with more_servers(database_url, 2) as others:
        for _ in range(10):
            made = await asked(lab, hours=5, concurrency=5)
            cancelling = backfills.cancel(others[0], lab.admin, made.id, NOW)
            await asyncio.gather(backfilling.fire_due(lab.app, NOW), backfilling.fire_due(others[1], NOW), cancelling)
            assert await live_runs(lab) == 0
            await backfilling.fire_due(lab.app, NOW)
            assert (await look(lab, made)).standing.state is BackfillState.CANCELLED


async def test_backfills_that_wait_do_not_keep_others_from_going_on(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    await lab.define(PLAN % "a, b")
    await pauses.set_paused(lab.app, lab.admin, await target(lab, "a"), paused=True, note=None, now=NOW)
    for _ in range(3):
        await asked(lab, "a", 1)
    healthy = await asked(lab, "b", 1)
    monkeypatch.setattr(backfilling, "MOST_AT_ONCE", 3)
    now = NOW
    for _ in range(3):
        await backfilling.fire_due(lab.app, now)
        now += timedelta(seconds=1)
    assert (await look(lab, healthy)).live == 1


async def test_a_key_that_made_another_backfill_makes_none(lab: Lab) -> None:
    await lab.define(TASKS % "")
    made = await asked(lab, hours=1, key="k")
    assert (await asked(lab, hours=1, key="k")).id == made.id
    with pytest.raises(Conflict, match="Idempotency-Key"):
        await asked(lab, hours=1, key="k", concurrency=5)


async def test_a_backfill_waits_while_its_task_is_paused_and_goes_on_after(lab: Lab) -> None:
    await lab.define(TASKS % "")
    what = await target(lab, "t")
    await pauses.set_paused(lab.app, lab.admin, what, paused=True, note=None, now=NOW)
    made = await asked(lab, concurrency=3)
    assert await backfilling.fire_due(lab.app, NOW) == 0
    told = await look(lab, made)
    assert (told.standing.state, told.live, told.not_started) == (BackfillState.WAITING, 0, 6)
    assert told.waiting is not None
    assert "paused" in told.waiting
    await pauses.set_paused(lab.app, lab.admin, what, paused=False, note=None, now=NOW)
    assert await backfilling.fire_due(lab.app, NOW) == 0, "it is not tried all the time"
    later = NOW + timedelta(seconds=5)
    assert await backfilling.fire_due(lab.app, later) + await backfilling.fire_due(lab.app, later) == 3
    told = await look(lab, made)
    assert (told.standing.state, told.live, told.waiting) == (BackfillState.RUNNING, 3, None)


async def test_a_backfill_waits_for_other_runs_of_what_must_not_overlap(lab: Lab) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}}]")
    other = await lab.start("t")
    made = await asked(lab)
    await backfilling.fire_due(lab.app, NOW)
    told = await look(lab, made)
    assert told.waiting is not None
    assert "already running or queued" in told.waiting
    assert await end_runs(lab) == 1
    assert await backfilling.fire_due(lab.app, NOW + timedelta(seconds=5)) == 1
    assert other not in {fire.run for fire in await fires(lab, made)}


async def test_the_version_is_the_newest_one_the_one_of_its_beginning_or_an_older_one(lab: Lab) -> None:
    for name in ("a", "b"):
        await lab.define(PLAN % name)
    made = [await asked(lab, "p", hours=1, version=version) for version in (1, "current", "newest")]
    assert [one.version for one in made] == [1, 2, None]
    await lab.define(PLAN % "a, b")
    await backfilling.fire_due(lab.app, NOW)
    started = [(await fires(lab, one))[0].run for one in made]
    runs = [await lab.get(run) for run in started if run is not None]
    assert [run.plan_version for run in runs] == [1, 2, 3]
    assert [sorted(await lab.children(run.run)) for run in runs] == [["a"], ["b"], ["a", "b"]]


async def test_a_failed_run_does_not_stop_the_others_unless_it_is_to(lab: Lab) -> None:
    await lab.define(TASKS % "")
    patient, strict = await asked(lab, hours=3), await asked(lab, hours=3, stop_on_failure=True)
    for _ in range(4):
        await backfilling.fire_due(lab.app, NOW)
        await end_runs(lab, "FAILED")
    told, stopped = await look(lab, patient), await look(lab, strict)
    assert (told.standing.state, told.failed, told.not_started, told.stopped) == (BackfillState.FAILED, 3, 0, None)
    assert (stopped.standing.state, stopped.failed, stopped.not_started) == (BackfillState.FAILED, 1, 2)
    assert stopped.stopped == "failed"


async def test_what_is_left_does_not_start_when_the_plan_is_deleted(lab: Lab) -> None:
    await lab.define(PLAN % "a")
    begun, unbegun = await asked(lab, "p", concurrency=2), await asked(lab, "p")
    async with lab.app.db.transaction() as tx:
        await tx.execute("UPDATE backfill SET due_at = $1 WHERE id = $2", NOW + timedelta(days=1), unbegun.id)
    assert await backfilling.fire_due(lab.app, NOW) == 2
    async with lab.app.db.transaction() as tx:
        await tx.execute("UPDATE plan SET deleted_at = $1", NOW)
    assert await backfilling.fire_due(lab.app, NOW + timedelta(days=2)) == 0
    told = await look(lab, unbegun)
    assert (told.standing.state, told.stopped, told.ended_at) == (BackfillState.CANCELLED, "deleted", NOW)
    assert (await look(lab, begun)).standing.state is BackfillState.RUNNING
    await end_runs(lab)
    await backfilling.fire_due(lab.app, NOW)
    told = await look(lab, begun)
    assert (told.standing.state, told.succeeded, told.not_started) == (BackfillState.CANCELLED, 2, 4)


async def test_backfills_go_with_their_workspace(lab: Lab) -> None:
    await lab.define(TASKS % "")
    made = await asked(lab, concurrency=2)
    await backfilling.fire_due(lab.app, NOW)
    await end_runs(lab)
    async with lab.app.db.reading() as tx:
        workspace = await tx.fetchval("SELECT id FROM workspace")
    await workspaces.remove(lab.app, lab.admin, workspace, NOW)
    with pytest.raises(NotFound):
        await look(lab, made)
    assert await backfilling.fire_due(lab.app, NOW) == 0


async def test_runs_that_became_history_unseen_were_counted_before(lab: Lab) -> None:
    await lab.define(TASKS % "")
    made = await asked(lab, hours=1)
    await backfilling.fire_due(lab.app, NOW)
    await end_runs(lab)
    assert await history.archive(lab.app, NOW + timedelta(hours=2)) == 1
    told = await look(lab, made)
    assert (told.standing.state, told.succeeded) == (BackfillState.SUCCEEDED, 1)


async def test_it_acts_for_whoever_made_it_and_waits_when_they_may_no_more(lab: Lab) -> None:
    await lab.define(TASKS % "")
    carla, vera = await lab.user("carla", "Contributor"), await lab.user("vera", "Viewer")
    wish = Wish(what=await target(lab, "t"), begin=NOW - timedelta(hours=2), end=NOW, trigger=HOURLY)
    with pytest.raises(Forbidden, match="needs the permission EXECUTE"):
        await backfills.create(lab.app, vera, wish, NOW)
    made = await backfills.create(lab.app, carla, wish, NOW)
    assert await backfilling.fire_due(lab.app, NOW) == 1
    await end_runs(lab)
    async with lab.app.db.transaction() as tx:
        await tx.execute("DELETE FROM workspace_grant WHERE user_id = $1", carla.user)
    assert await backfilling.fire_due(lab.app, NOW) == 0
    told = await look(lab, made)
    assert told.waiting is not None
    assert "you may not see it" in told.waiting

    async def refusal(actor: Actor) -> type[Exception]:
        with pytest.raises((NotFound, Forbidden)) as refused:
            await backfills.cancel(lab.app, actor, made.id, NOW)
        return refused.type

    assert (await refusal(carla), await refusal(vera)) == (NotFound, Forbidden)
    run = (await fires(lab, made))[0].run
    assert run is not None
    assert await requested_by(lab, run) == carla.user


async def requested_by(lab: Lab, run: RunId) -> int:
    async with lab.app.db.reading() as tx:
        return int(await tx.fetchval("SELECT requested_by FROM run WHERE id = $1", run))


async def test_a_key_makes_one_backfill_however_often_it_comes(lab: Lab) -> None:
    await lab.define(TASKS % "")
    made = await asyncio.gather(*(asked(lab, key="once") for _ in range(5)))
    assert len({one.id for one in made}) == 1
    with pytest.raises(Conflict, match="has started something else"):
        await asked(lab, hours=5, key="once")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"concurrency": 2}, "concurrency: runs of 't' must not overlap"),
        ({"parameters": {"rows": "many"}}, "parameters.rows: expected a whole number"),
        ({"parameters": {"scheduled_at": "now"}}, "parameters.scheduled_at: each run gets its own time"),
        ({"version": "current"}, "version: a task runs as it is defined"),
        ({"names": ("early",)}, "names: leave them out"),
        ({"hours": 24 * 600}, "to: there are more than 10,000 times"),
        ({"hours": 0}, "to: a time after `from`"),
    ],
)
async def test_what_does_not_fit_is_refused_and_makes_nothing(lab: Lab, more: dict[str, Any], said: str) -> None:
    await lab.define("tasks: [{name: t, type: Probe, config: {}, parameters: {rows: {type: integer}}}]")
    with pytest.raises(Invalid, match=said):
        await asked(lab, **more)
    async with lab.app.db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM backfill") == 0


async def test_a_backfill_that_cannot_go_on_for_an_unforeseen_reason_waits_and_holds_up_no_other(lab: Lab) -> None:
    more = "- {name: u, type: Probe, config: {}, overlap: parallel}\n"
    await lab.define(TASKS % "" + more)
    poisoned, healthy = await asked(lab, hours=1), await asked(lab, "u", hours=1)
    async with lab.app.db.transaction() as tx:
        await tx.execute(POISON % (await target(lab, "t")).task)
    assert await backfilling.fire_due(lab.app, NOW) == 1
    assert ((await look(lab, healthy)).live, (await look(lab, poisoned)).live) == (1, 0)
    assert (await look(lab, poisoned)).waiting == backfilling.UNFORESEEN
    async with lab.app.db.transaction() as tx:
        await tx.execute("DROP TRIGGER refuse_it ON run")
    assert await backfilling.fire_due(lab.app, NOW + timedelta(seconds=5)) == 1
    assert ((await look(lab, poisoned)).live, (await look(lab, poisoned)).waiting) == (1, None)

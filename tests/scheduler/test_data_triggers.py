"""Data triggers fire when what they wait for has succeeded since the last start: once, and without losing a success."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from ostinato.app import attempts, data_firing, data_triggers, pauses, runs, sessions, workspaces
from ostinato.app.application import App
from ostinato.app.data_triggers import About
from ostinato.core.access import Actor
from ostinato.core.contracts import Finished, Outcome
from ostinato.core.errors import Invalid
from ostinato.core.ids import Lease, RunId
from ostinato.core.states import Reason, State
from ostinato.scheduler import engine, prune
from ostinato.store.data_triggers import SeenDataTrigger, Wanted
from ostinato.store.db import Database
from tests.scheduler.conftest import Lab, until
from tests.scheduler.racing import race
from tests.scheduler.test_policies import target
from tests.taps import COMMIT

TASKS = """tasks:
- {name: a, type: Probe, config: {}, overlap: parallel}
- {name: b, type: Probe, config: {}, overlap: parallel}
- {name: t, type: Probe, config: {}, overlap: %s}
plans:
- {name: p, steps: [{name: one, tasks: [a]}, {name: two, tasks: [t], after: [one]}], overlap: parallel}
- {name: p2, steps: [{name: one, tasks: [t]}]}
"""
GOOD = Outcome(succeeded=True)
BAD = Outcome(succeeded=False, reason=Reason.ERROR, message="it failed")


def now() -> datetime:
    return datetime.now(UTC)


class Hand:
    """A laboratory whose attempts are worked by hand."""

    def __init__(self, lab: Lab) -> None:
        self.lab, self.app = lab, lab.app
        self.held: dict[RunId, Lease] = {}

    async def trigger(
        self, *sources: str, starts: str = "t", when: str = "all", owner: Actor | None = None
    ) -> SeenDataTrigger:
        about = About(
            what=await target(self.lab, starts),
            condition=when,  # type: ignore[arg-type]
            sources=tuple([await target(self.lab, source) for source in sources]),
        )
        return (await data_triggers.create(self.app, owner or self.lab.admin, "Production", about, now())).seen

    async def claim(self) -> None:
        for launch in await attempts.take_turn(self.app, [], 100, now()):
            self.held[launch.run] = launch.lease

    async def end(
        self, run: RunId, outcome: Outcome = GOOD, *, app: App | None = None, at: float | None = None
    ) -> None:
        """A worker says that it is at its end, after it was at work for a moment."""
        await self.claim()
        at = at or time.time()
        report = Finished(run=run, attempt=1, lease=self.held.pop(run), at=at, started=at - 0.001, outcome=outcome)
        await attempts.take_turn(app or self.app, [report], 0, now())

    async def succeed(self, name: str) -> RunId:
        run = await self.lab.start(name)
        await self.end(run)
        return run

    async def fire(self) -> int:
        """How much fires, until nothing does."""
        fired = 0
        while more := await data_firing.fire_due(self.app, now()):
            fired += more
        return fired

    async def started(self) -> list[RunId]:
        async with self.app.db.reading() as tx:
            return [RunId(row["id"]) for row in await tx.fetch("SELECT id FROM run WHERE cause = 'data' ORDER BY id")]

    async def seen(self) -> SeenDataTrigger:
        [shown] = await data_triggers.list_data_triggers(self.app, self.lab.admin, Wanted(limit=10))
        return shown.seen

    async def execute(self, statement: str, *arguments: Any) -> None:
        async with self.app.db.transaction() as tx:
            await tx.execute(statement, *arguments)


@pytest.fixture
async def hand(lab: Lab) -> Hand:
    await lab.define(TASKS % "parallel")
    await sessions.begin(lab.app, now(), alone=False)
    return Hand(lab)


@pytest.fixture
async def alone(lab: Lab) -> Hand:
    """The same, in which `t` must not overlap."""
    await lab.define(TASKS % "forbid")
    await sessions.begin(lab.app, now(), alone=False)
    return Hand(lab)


async def test_all_waits_for_every_source_and_any_for_one(hand: Hand) -> None:
    await hand.succeed("a")
    await hand.trigger("a", "b")
    assert await hand.fire() == 0, "what succeeded before it was made does not count"
    first = await hand.succeed("a")
    assert await hand.fire() == 0
    assert [source.run for source in (await hand.seen()).sources] == [first, None]
    await hand.succeed("b")
    assert await hand.fire() == 1
    seen = await hand.seen()
    assert (seen.fires, [source.run for source in seen.sources]) == (1, [None, None])
    await hand.trigger("a", "b", starts="p2", when="any")
    await hand.succeed("b")
    assert await hand.fire() == 1
    assert [(await hand.lab.get(run)).name for run in await hand.started()] == ["t", "p2"]


async def test_only_successes_since_the_last_start_count_whoever_started_it(hand: Hand) -> None:
    await hand.trigger("a", "b")
    await hand.succeed("a")
    await hand.end(await hand.lab.start("t"))
    await hand.succeed("b")
    assert await hand.fire() == 0, "it was started by hand after a, and has seen it"
    await hand.succeed("a")
    assert await hand.fire() == 1


async def test_what_never_began_was_no_start(hand: Hand) -> None:
    await hand.trigger("a")
    await hand.succeed("a")
    asked = await hand.lab.start("t")
    assert await hand.fire() == 0, "it is about to begin, and will see it"
    await runs.cancel(hand.app, hand.lab.admin, asked, now())
    assert await hand.fire() == 1


async def test_a_step_of_a_plan_is_a_start_and_a_success_inside_of_a_plan_counts(hand: Hand) -> None:
    await hand.trigger("a")
    plan = await hand.lab.start("p")
    await hand.claim()
    [first] = hand.held
    await hand.end(first)
    assert await hand.fire() == 0, "the plan starts it after a"
    await hand.claim()
    [second] = hand.held
    await hand.end(second)
    assert (await hand.lab.get(plan)).state is State.SUCCEEDED
    assert await hand.fire() == 0
    await hand.trigger("p", starts="b")
    await hand.lab.start("p")
    for _ in range(2):
        await hand.claim()
        await hand.end(*hand.held)
    assert await hand.fire() == 1


async def test_what_fails_satisfies_nothing(hand: Hand) -> None:
    await hand.trigger("a")
    await hand.end(await hand.lab.start("a"), BAD)
    assert await hand.fire() == 0


async def test_it_waits_while_what_it_starts_is_at_work_and_must_not_overlap(alone: Hand) -> None:
    await alone.trigger("a")
    await alone.succeed("a")
    assert await alone.fire() == 1
    await alone.claim()
    await alone.succeed("a")
    await alone.succeed("a")
    assert await alone.fire() == 0
    assert (await alone.seen()).at_work
    [first] = await alone.started()
    await alone.end(first, BAD)
    assert await alone.fire() == 1, "once for all that came meanwhile"
    assert await alone.fire() == 0


async def test_a_start_by_hand_in_the_same_moment_goes_first_and_nothing_misfires(
    alone: Hand, database_url: str
) -> None:
    await alone.trigger("a")
    what = await target(alone.lab, "t")

    async def start(app: App) -> RunId:
        return await runs.start_task(app, alone.lab.admin, what.task, now())  # type: ignore[arg-type]

    async def succeed_and_fire(app: App) -> int:
        await alone.succeed("a")
        return await data_firing.fire_due(app, now())

    answers = await race(alone.app, database_url, start, succeed_and_fire, COMMIT)
    assert answers[1] == 0
    assert await alone.started() == []
    seen = await alone.seen()
    assert (seen.fires, seen.fired_at, seen.sources[0].run is not None) == (0, None, True)
    await alone.end(answers[0], BAD)
    assert await alone.fire() == 1


async def test_five_servers_fire_together_and_start_once(hand: Hand, database_url: str) -> None:
    for number in range(5):
        await hand.lab.define(f"tasks: [{{name: t{number}, type: Probe, config: {{}}}}]")
        await hand.trigger("a", starts=f"t{number}")
    await hand.succeed("a")
    others = [replace(hand.app, asked=[], db=Database(database_url)) for _ in range(4)]
    for one in others:
        await one.db.open()
    for _ in range(3):
        await asyncio.gather(*(data_firing.fire_due(app, now()) for app in (hand.app, *others)))
    for one in others:
        await one.db.close()
    assert len(await hand.started()) == 5
    async with hand.app.db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM trigger_key WHERE scope LIKE 'data:%'") == 5


@pytest.mark.parametrize(
    ("point", "again"), [("data_triggers/take", 0), ("runs/start", 0), ("trigger_keys/keep", 1), (COMMIT, 1)]
)
async def test_a_success_that_comes_while_it_fires_is_used_once(
    hand: Hand, database_url: str, point: str, again: int
) -> None:
    """By this fire as long as its run is not made yet; by the next one otherwise."""
    await hand.trigger("a", "b", when="any")
    await hand.succeed("a")
    late = await hand.lab.start("b")
    await hand.claim()
    await race(
        hand.app,
        database_url,
        lambda app: data_firing.fire_due(app, now()),
        lambda app: hand.end(late, app=app),
        point,
    )
    assert await hand.fire() == again
    assert await hand.fire() == 0


async def test_a_success_that_is_written_down_and_committed_after_the_fire_was_seen_by_it(
    hand: Hand, database_url: str
) -> None:
    await hand.trigger("a", "b", when="any")
    await hand.succeed("a")
    late = await hand.lab.start("b")
    await hand.claim()
    _, fired, _ = await race(
        hand.app,
        database_url,
        lambda app: hand.end(late, app=app),
        lambda app: data_firing.fire_due(app, now() - timedelta(minutes=1)),
        COMMIT,
    )
    assert fired == 1
    assert await hand.fire() == 0


@pytest.mark.parametrize(("began", "again"), [(-60, 1), (0.5, 1), (60, 0)])
async def test_a_success_that_is_told_late_counts_unless_the_start_began_clearly_after_its_end(
    hand: Hand, began: float, again: int
) -> None:
    """A server could not store what its worker said, while another one fired."""
    await hand.trigger("a", "b", when="any")
    late = await hand.lab.start("b")
    await hand.claim()
    ended = time.time()
    await hand.succeed("a")
    assert await hand.fire() == 1
    [start] = await hand.started()
    await hand.end(start)
    await hand.end(late, at=ended)
    await hand.execute(
        "UPDATE run SET started_at = (SELECT ended_at FROM run WHERE id = $1) + $2 * interval '1 second' WHERE id = $3",
        late,
        began,
        start,
    )
    assert await hand.fire() == again
    assert await hand.fire() == 0


async def test_what_may_not_start_is_a_misfired_run_and_no_start(hand: Hand) -> None:
    await hand.trigger("a")
    what = await target(hand.lab, "t")
    await pauses.set_paused(hand.app, hand.lab.admin, what, paused=True, note=None, now=now())
    await hand.succeed("a")
    assert await hand.fire() == 1
    await pauses.set_paused(hand.app, hand.lab.admin, what, paused=False, note=None, now=now())
    await hand.execute("UPDATE task SET disabled = true WHERE name = 't'")
    await hand.succeed("a")
    assert await hand.fire() == 1
    paused, disabled = [await hand.lab.get(run) for run in await hand.started()]
    assert (paused.state, paused.reason, disabled.reason) == (State.FAILED, Reason.MISFIRED, Reason.MISFIRED)
    assert paused.message is not None
    assert paused.message.startswith("Data trigger 1 fired for the 1st time, and nothing started: 't' is paused since")
    assert disabled.message == (
        "Data trigger 1 fired for the 2nd time, and nothing started: 't' is disabled: enable it first"
    )
    assert await hand.fire() == 0


@pytest.mark.parametrize(
    ("permissions", "said"), [("{VIEW}", "needs the permission EXECUTE"), ("{}", "may not see one of its sources")]
)
async def test_an_owner_who_lost_a_right_starts_nothing_and_it_is_told(hand: Hand, permissions: str, said: str) -> None:
    await hand.trigger("a", owner=await hand.lab.user("carla", "Contributor"))
    if permissions == "{}":
        await hand.execute("DELETE FROM workspace_grant")
    else:
        await hand.execute("UPDATE workspace_grant SET permissions = $1", ["VIEW"])
    await hand.succeed("a")
    assert await hand.fire() == 1
    [run] = await hand.started()
    seen = await hand.lab.get(run)
    assert (seen.reason, said in (seen.message or "")) == (Reason.MISFIRED, True), seen.message


async def test_what_is_not_active_waits_for_nothing(hand: Hand) -> None:
    made = await hand.trigger("a")
    about = data_triggers.about_of(made)
    asleep = structs.replace(about, active=False)
    await data_triggers.change(hand.app, hand.lab.admin, made.id, asleep, now())
    await hand.succeed("a")
    assert await hand.fire() == 0
    await hand.succeed("a")
    await data_triggers.change(hand.app, hand.lab.admin, made.id, about, now())
    assert await hand.fire() == 0
    await hand.succeed("a")
    await data_triggers.change(hand.app, hand.lab.admin, made.id, about, now())
    assert await hand.fire() == 1, "sources that stay keep their successes"


async def test_what_is_deleted_is_started_no_more_and_as_a_source_it_stays(hand: Hand) -> None:
    await hand.trigger("a", "b")
    await hand.execute("UPDATE task SET deleted_at = $1 WHERE name = 'a'", now())
    assert [(source.name, source.deleted) for source in (await hand.seen()).sources] == [("a", True), ("b", False)]
    await hand.succeed("b")
    assert await hand.fire() == 0
    await hand.execute("UPDATE task SET deleted_at = $1 WHERE name = 't'", now())
    assert await data_triggers.list_data_triggers(hand.app, hand.lab.admin, Wanted(limit=10)) == []
    async with hand.app.db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM data_trigger_success") == 0


async def test_what_was_seen_stays_seen_when_the_start_has_become_history(hand: Hand) -> None:
    await hand.trigger("a", "b")
    for _ in range(2):
        await hand.succeed("a")
    await hand.end(await hand.lab.start("t"))
    await prune.tick(hand.app, now() + timedelta(hours=2))
    async with hand.app.db.reading() as tx:
        assert await tx.fetchval("SELECT count(*) FROM run") == 0
        assert await tx.fetchval("SELECT count(*) FROM data_trigger_success") == 0
    await hand.succeed("b")
    assert await hand.fire() == 0
    await hand.succeed("a")
    await prune.tick(hand.app, now() + timedelta(hours=2))
    assert await hand.fire() == 1, "successes are known also when their runs have become history"


async def test_a_source_goes_with_its_workspace(hand: Hand) -> None:
    await hand.lab.define("tasks: [{name: mine, type: Probe, config: {}}]")
    async with hand.app.db.transaction() as tx:
        other = await tx.fetchval(
            """INSERT INTO workspace (environment_id, key, name, created_at)
               SELECT environment_id, 'other', 'Other', $1 FROM workspace RETURNING id""",
            now(),
        )
        await tx.execute("UPDATE task SET workspace_id = $1 WHERE name = 'mine'", other)
    await hand.trigger("mine")
    await workspaces.remove(hand.app, hand.lab.admin, other, now())
    assert (await hand.seen()).sources == []
    await hand.succeed("a")
    assert await hand.fire() == 0


RINGS = """tasks:
- {name: a, type: Probe, config: {}}
- {name: b, type: Probe, config: {}}
- {name: t, type: Probe, config: {}}
- {name: x, type: Probe, config: {}}
- {name: group, type: ScheduleGroup, config: {tasks: [x], plans: [inner]}}
plans:
- {name: p, steps: [{name: one, tasks: [a]}, {name: two, tasks: [t], after: [one]}]}
- {name: p2, steps: [{name: one, tasks: [t]}]}
- {name: inner, steps: [{name: one, tasks: [a], on_failure: {tasks: [b]}}]}
- {name: outer, steps: [{name: one, plans: [inner]}]}
"""


async def test_what_would_start_itself_for_ever_is_refused_with_its_way(hand: Hand) -> None:
    await hand.lab.define(RINGS)

    async def refusal(*sources: str, starts: str) -> str:
        with pytest.raises(Invalid) as refused:
            await hand.trigger(*sources, starts=starts)
        return str(refused.value)

    assert (
        await refusal("t", starts="t")
        == "sources: 't' would start itself for ever: name sources that it does not start"
    )
    assert (await refusal("a", starts="outer")).endswith("'outer' leads to 'inner' leads to 'a' leads to 'outer'")
    assert (await refusal("b", starts="inner")).endswith("'inner' leads to 'b' leads to 'inner'")
    assert (await refusal("x", starts="group")).endswith("'group' leads to 'x' leads to 'group'")
    await hand.trigger("outer", starts="a")
    made = await hand.trigger("a", starts="t")
    assert (await refusal("t", starts="p")).endswith("'p' leads to 't' leads to 'p'")
    assert (await refusal("t", starts="outer")).endswith("'outer' leads to 'a' leads to 't' leads to 'outer'")
    await data_triggers.change(hand.app, hand.lab.admin, made.id, data_triggers.about_of(made), now())


async def test_two_that_would_close_a_ring_together_are_saved_one_after_the_other(
    hand: Hand, database_url: str
) -> None:
    a, b = await target(hand.lab, "a"), await target(hand.lab, "b")
    one, other = About(what=a, condition="all", sources=(b,)), About(what=b, condition="all", sources=(a,))
    answers = await race(
        hand.app,
        database_url,
        lambda app: data_triggers.create(app, hand.lab.admin, "Production", one, now()),
        lambda app: data_triggers.create(app, hand.lab.admin, "Production", other, now()),
        COMMIT,
    )
    assert isinstance(answers[1], Invalid)


CHAIN = """tasks:
- {name: a, type: Probe, config: {}}
- {name: b, type: Probe, config: {}}
- {name: c, type: Probe, config: {mark: %s/mark}}
"""


async def test_a_chain_of_them_goes_on_by_itself_at_once(live: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LONGEST_SLEEP", 60.0)  # nobody looks by themselves
    await live.define(CHAIN % live.folder)
    hand = Hand(live)
    await hand.trigger("a", starts="b")
    await hand.trigger("b", starts="c")
    for number in range(1, 6):
        await live.run("a")

        async def has_come(number: int = number) -> bool:
            started = [await live.get(run) for run in await hand.started()]
            return [run.state for run in started].count(State.SUCCEEDED) == 2 * number

        await until(has_come)
    assert len(live.marks()) == 5
    assert [(await live.get(run)).name for run in await hand.started()] == ["b", "c"] * 5

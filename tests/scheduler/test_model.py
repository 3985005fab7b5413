"""Whatever a plan looks like and whatever happens to servers meanwhile, it comes to what a simple model says."""

import os
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.states import State
from ostinato.store.db import Database
from tests.conftest import NOW, administrator, opened_app
from tests.databases import Copies
from tests.scheduler.drive import Drive, Server
from tests.scheduler.model import World, judge
from tests.scheduler.worlds import make, worlds
from tests.taps import Fault, Faults

pytestmark = pytest.mark.asyncio(loop_scope="module")
CHAOS = bool(os.environ.get("OSTINATO_CHAOS"))
EXAMPLES = int(os.environ.get("OSTINATO_CHAOS_EXAMPLES", "2000")) if CHAOS else 40
ACTIONS = (
    *("take turn", "work", "take turn", "work", "take turn", "work", "say"),
    *("crash", "stop", "renew", "pause", "resume", "time passes"),
    *Fault,
)


@dataclass
class House:
    """An installation with two servers."""

    app: App
    admin: Actor
    servers: tuple[Server, Server]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(copies: Copies) -> AsyncIterator[House]:
    with copies.one() as url:
        async with opened_app(url, NOW) as app:
            servers = []
            for _ in range(2):
                faults = Faults()
                db = Database(url, connections=2, tap=faults)
                await db.open()
                own = replace(app, db=db, held={}, unstarted={}, cancelled={}, unknown=set(), asked=[])
                servers.append(Server(own, faults))
            yield House(app, await administrator(app, NOW), (servers[0], servers[1]))
            for server in servers:
                await server.app.db.close()


@settings(
    max_examples=EXAMPLES,
    deadline=timedelta(seconds=60),
    derandomize=not CHAOS,
    phases=[Phase.generate, Phase.shrink] if CHAOS else [Phase.generate],
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(
    world=worlds(),
    actions=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 1), st.integers(0, 7)), max_size=40),
    cancel_after=st.one_of(st.none(), st.none(), st.integers(0, 20)),
    cancelled=st.integers(0, 7),
)
async def test_every_plan_comes_to_what_the_model_says(
    house: House, world: World, actions: list[tuple[str, int, int]], cancel_after: int | None, cancelled: int
) -> None:
    house.app.graphs.clear()
    for server in house.servers:
        server.inbox.clear()
        server.faults.planned.clear()
    made = await make(house.app, world)
    drive = Drive(world, made, house.app, house.admin, house.servers)
    await drive.begin()
    await drive.see()
    for number, action in enumerate(actions):
        if number == cancel_after:
            await drive.act("cancel", 0, cancelled)
        await drive.act(*action)
    await drive.settle()
    await compare(drive)
    event(f"{drive.rows[drive.root]['state']}")
    event(f"crashes: {min(len(drive.crashed), 3)}")


async def compare(drive: Drive) -> None:
    """The end of everything is what the model says, and nothing is left over."""
    facts = drive.facts()
    verdict = judge(drive.world, facts)

    def is_judged(run: int) -> bool:
        path = drive.paths[run]
        return not any(path[:length] in verdict.open for length in range(len(path)))

    judged = {drive.paths[run]: row for run, row in drive.rows.items() if is_judged(run)}
    assert {path: row["state"] for path, row in judged.items()} == verdict.states
    assert {path: row["attempt"] for path, row in judged.items() if path in verdict.attempts} == verdict.attempts
    for path in verdict.open:
        assert judged[path]["state"] == State.CANCELLED, "a plan that was asked to end is cancelled"
    async with drive.app.db.reading() as tx:
        steps = await tx.fetch("SELECT run_id, step, handler, state FROM step_run WHERE state <> 'waiting'")
        log = [(row["run_id"], row["line"]) for row in await tx.fetch("SELECT run_id, line FROM run_log ORDER BY seq")]
    found = {
        (drive.paths[row["run_id"]], row["step"], row["handler"]): row["state"]
        for row in steps
        if is_judged(row["run_id"]) and drive.paths[row["run_id"]] not in verdict.open
    }
    assert found == verdict.steps
    for row in drive.rows.values():
        kept = [name for name in ("lease", "session_id", "pool_slot", "hold") if row[name] is not None]
        assert not kept, "what has ended holds nothing"
        assert not row["alone"]
    check_log(drive, log)


def check_log(drive: Drive, log: list[tuple[int, str]]) -> None:
    """Each attempt is told once: what it said, how it ended, that its server died."""
    told = Counter(log)
    for run, line in drive.said:
        assert told[run, line] == 1, f"{line!r} is kept once"
    for (_, line), count in told.items():
        if line.startswith("Attempt ") and "another will follow" in line:
            assert count == 1, "an attempt that failed is told once"
    crashes = Counter(run for run, _ in drive.crashed)
    rescues = Counter(run for run, line in log if line.startswith("The server that ran this attempt is gone"))
    assert rescues == crashes

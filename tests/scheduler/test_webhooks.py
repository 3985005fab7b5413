"""A running engine tells webhooks by itself."""

import json
from datetime import UTC, datetime, timedelta

from ostinato.app import webhooks
from ostinato.app.webhooks import Wish
from ostinato.core.webhooks import Event
from tests.app.receivers import outbound, receiving
from tests.scheduler.conftest import Lab, until
from tests.taps import insist

PLAN = """
tasks:
- {name: good, type: Probe, config: {}}
- {name: bad, type: Package, config: {kind: command, command: "exit 1"}}
plans:
- {name: night, steps: [{name: first, tasks: [good]}, {name: second, tasks: [bad], after: [first]}]}
"""


async def test_a_plan_that_runs_is_told_of_from_its_start_to_its_end(live: Lab) -> None:
    live.app.outbound = outbound()
    await live.define(PLAN)
    async with receiving() as receiver:
        wish = Wish(url=receiver.url, events=list(Event), workspace="lab", tasks=True)
        made_at = datetime.now(UTC) - timedelta(
            seconds=1
        )  # the clock that starts below are told by may be a bit behind
        await insist(lambda: webhooks.create(live.app, live.admin, wish, made_at))
        run = await live.run("night")

        async def has_arrived() -> bool:
            return len({one.headers["webhook-id"] for one in receiver.received}) == 4

        await until(has_arrived)
        bodies = {one.headers["webhook-id"]: json.loads(one.body) for one in receiver.received}.values()
    assert sorted((body["run"]["name"], body["event"]) for body in bodies) == [
        ("bad", "run.failed"),
        ("good", "run.succeeded"),
        ("night", "run.failed"),
        ("night", "run.started"),
    ]
    [end] = [body for body in bodies if (body["run"]["id"], body["event"]) == (run.run, "run.failed")]
    assert end["run"]["reason"] == "step_failed"
    assert datetime.fromisoformat(end["at"]) <= datetime.now(UTC)

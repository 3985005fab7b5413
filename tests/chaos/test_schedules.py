"""Three servers with clocks that differ, killed in turn while schedules fire: each fire starts once, or is told of."""

import json
import sys
import time
from itertools import cycle
from typing import LiteralString

import psycopg

from tests.chaos.conftest import HERE, LONG, SETTLE_SECONDS, Stage, duration, together, within
from tests.chaos.scheduling import Fires, Scheduling, judge_fires

AHEAD_SECONDS = (-1, 0, -2)
"""By how much the clock of each server is ahead of that of the database: whoever is right fires first."""
TASKS = [f"task {number}" for number in range(600 if LONG else 60)]
SHORT_SECONDS = 5
DEFINITIONS = """
workspaces: [{{key: chaos, name: Chaos}}]
pools: [{{name: gate, slots: {slots}}}]
workspace: chaos
tasks:
{tasks}
"""


def definitions(slots: int) -> str:
    more = "type: Probe, overlap: parallel, pool: gate, config: {}"
    return DEFINITIONS.format(slots=slots, tasks="\n".join(f"- {{name: {task}, {more}}}" for task in TASKS))


def test_three_servers_die_in_turn_while_schedules_fire(stage: Stage) -> None:
    stage.add_servers([(str(HERE / "skewed.py"), str(ahead)) for ahead in AHEAD_SECONDS], slots=1)
    # In the short form nothing runs before the last blow: nobody waits for the attempts of a server that died.
    stage.servers[0].apply(definitions(8 if LONG else 0))
    scheduling = Scheduling(stage.url, TASKS, duration(SHORT_SECONDS))
    scheduling.start()
    try:
        kills = kill_in_turn(stage, duration(SHORT_SECONDS), scheduling.fires)
        scheduling.finish()
        begun = time.monotonic()
        within(
            SETTLE_SECONDS, lambda: not count(stage, "SELECT count(*) FROM schedule_trigger WHERE due_at IS NOT NULL")
        )
        stage.servers[0].apply(definitions(8))
        within(SETTLE_SECONDS, lambda: not count(stage, "SELECT count(*) FROM run WHERE ended_at IS NULL"))
    finally:
        scheduling.end()
    figures, wrong = judge_fires(stage.url, scheduling.fires)
    figures = {"scenario": "schedules", "server_kills": kills, **figures}
    sys.stderr.write(f"\nchaos {json.dumps({**figures, 'settled_s': round(time.monotonic() - begun, 1)})}\n")
    assert not wrong, "\n".join(wrong[:20])
    assert figures["started"] > figures["schedules"]
    assert figures["misfired"] > 0
    assert figures["late_s"]["least"] > -0.1, "it fired before its time"


def kill_in_turn(stage: Stage, seconds: float, fires: Fires) -> int:
    """Kill a server and start it again, the next one, and so on; in the long form now and then all. How many."""
    end, kills = time.monotonic() + seconds, 0
    for server in cycle(stage.servers):
        if time.monotonic() > end and kills > 1:
            break
        stage.pause(0.2, 0.8)
        dying = stage.servers if LONG and stage.chance.random() < 0.2 else [server]
        gone = time.time()
        for one in dying:
            one.kill()
        stage.pause(0, 1)
        together(dying)
        fires.deserted += [(gone, time.time())] if len(dying) == len(stage.servers) else []
        kills += len(dying)
    return kills


def count(stage: Stage, query: LiteralString) -> int:
    with psycopg.connect(stage.url) as connection:
        row = connection.execute(query).fetchone()
    return int(row[0]) if row is not None else 0

"""Whatever is killed, and however often: nothing is lost, nothing happens twice, nothing is stuck."""

import contextlib
import time
from collections import Counter
from typing import LiteralString

import psutil
import psycopg
import pytest

from tests.chaos.conftest import LONG, Stage, duration, within
from tests.chaos.history import events
from tests.chaos.load import Client
from tests.e2e.servers import Server

NOTICED_SECONDS, AGAIN_SECONDS = 15.0, 20.0
LONG_RUNS = 8
"""As many as both servers have slots."""


def test_workers_are_killed_one_after_another(stage: Stage) -> None:
    server = stage.add_server()
    stage.define()
    stage.load()
    end, kills = time.monotonic() + duration(5), 0
    while time.monotonic() < end:
        stage.pause(0.2, 0.8)
        kills += kill_a_worker(stage, server)
    stage.figures = {"worker_kills": kills}
    stage.settle("workers")


def test_the_only_server_is_killed_and_started_again(stage: Stage) -> None:
    server = stage.add_server()
    stage.define()
    stage.load()
    end, kills = time.monotonic() + duration(6), 0
    while time.monotonic() < end:
        stage.pause(1, 3)
        server.kill()
        server.start()
        kills += 1
    stage.figures = {"server_kills": kills}
    stage.settle("only server")


def test_of_two_servers_one_is_killed_and_the_other_takes_its_work_over(stage: Stage) -> None:
    servers = [stage.add_server(), stage.add_server()]
    stage.define()
    client = stage.load(clients=2).client(99)
    end, noticed, again = time.monotonic() + duration(0), list[float](), list[float]()
    while not noticed or time.monotonic() < end:
        dies, _ = stage.chance.sample(servers, 2)
        begun = begin_long(stage, client, dies)
        lost = held_by(stage, dies) & set(begun)
        killed = time.time()
        dies.kill()
        within(NOTICED_SECONDS + 5, lambda: lost <= taken_back(stage))  # noqa: B023 - it is called within the round
        noticed.append(time.time() - killed)
        within(AGAIN_SECONDS, lambda: all(2 in events(stage.folder)[run] for run in lost))  # noqa: B023
        again.append(max(events(stage.folder)[run][2].begun for run in lost) - killed)
        (stage.folder / "released").touch()
        for run in begun:
            client.wait(run)
        (stage.folder / "released").unlink()
        dies.start()
    client.close()
    stage.figures = {"server_kills": len(noticed), "noticed_s": worst(noticed), "running_again_s": worst(again)}
    stage.settle("one of two servers")
    assert max(noticed) <= NOTICED_SECONDS
    assert max(again) <= AGAIN_SECONDS


def begin_long(stage: Stage, client: Client, server: Server) -> list[int]:
    """Begin attempts that do not end by themselves, until this server has two of them at work."""
    begun: list[int] = []
    while len(held_by(stage, server) & set(begun)) < 2:
        assert len(begun) < LONG_RUNS, f"none of {LONG_RUNS} went to {server.url}"
        begun.append(client.begin("long"))
        within(30, lambda: 1 in events(stage.folder)[begun[-1]])
    return begun


def held_by(stage: Stage, server: Server) -> set[int]:
    """The runs whose attempts this server has at work."""
    return numbers(
        stage,
        "SELECT run.id FROM run JOIN server_session AS session ON session.id = run.session_id WHERE session.pid = %s",
        server.pid,
    )


def taken_back(stage: Stage) -> set[int]:
    return numbers(stage, "SELECT id FROM run WHERE losses > 0")


def numbers(stage: Stage, query: LiteralString, *arguments: int) -> set[int]:
    with psycopg.connect(stage.url) as connection:
        return {number for (number,) in connection.execute(query, arguments)}


def worst(seconds: list[float]) -> float:
    return round(max(seconds), 1)


def test_the_database_is_killed_and_started_again_every_few_seconds(stage: Stage) -> None:
    stage.add_server()
    stage.define()
    stage.load()
    end, kills = time.monotonic() + duration(6), 0
    while time.monotonic() < end:
        stage.pause(1, 3)
        kill_the_database(stage)
        kills += 1
    stage.figures = {"database_kills": kills}
    stage.settle("database")


@pytest.mark.skipif(not LONG, reason="only in the long form: the others have each of these by itself")
def test_everything_is_killed_at_once(stage: Stage) -> None:
    servers = [stage.add_server(), stage.add_server()]
    stage.define()
    stage.load()
    end, kills = time.monotonic() + duration(0), Counter[str]()
    while time.monotonic() < end:
        stage.pause(0, 1)
        (what,) = stage.chance.choices(["worker", "server", "database"], [8, 1, 1])
        server = stage.chance.choice(servers)
        if what == "worker":
            kill_a_worker(stage, server)
        elif what == "server":
            server.kill()
            server.start()
        else:
            kill_the_database(stage)
        kills[what] += 1
    stage.figures = {f"{what}_kills": number for what, number in kills.items()}
    stage.settle("everything")


def kill_a_worker(stage: Stage, server: Server) -> bool:
    with contextlib.suppress(IndexError, psutil.NoSuchProcess):
        stage.chance.choice(server.workers()).kill()
        return True
    return False


def kill_the_database(stage: Stage) -> None:
    """By one way or the other, and start it again a moment later."""
    stage.chance.choice([stage.cluster.kill, stage.cluster.stop_at_once])()
    stage.pause(0, 1)
    stage.cluster.start_again()

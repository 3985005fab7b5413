"""Schedules that are made while servers die, and what came of each of their fires."""

import asyncio
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

from ostinato.app import access, runs, schedules
from ostinato.app.application import App
from ostinato.app.keyring import Keyring
from ostinato.app.schedules import About
from ostinato.core.schedule_explaining import left_out
from ostinato.core.schedules import NamedTrigger
from ostinato.core.triggers import read_trigger, upcoming
from ostinato.store.db import Database

MISSED, SOON = "missed", "soon"
EVERY = timedelta(minutes=5)
LOOK_SECONDS = 0.05
KEYS = """
SELECT trigger_key.scope, trigger_key.key::timestamptz AS planned, trigger_key.run_id AS run, run.state, run.reason,
       run.message, run.parameters ->> 'scheduled_at' AS scheduled_at
  FROM trigger_key
  LEFT JOIN run ON run.id = trigger_key.run_id
 WHERE trigger_key.scope LIKE 'schedule:%'
"""
LATE = "SELECT scope, extract(epoch FROM clock_timestamp() - key::timestamptz) FROM trigger_key WHERE scope LIKE %s"


@dataclass
class Fires:
    """When the triggers that were made are to fire, by the scopes of their keys; and when their fires were seen."""

    planned: dict[str, list[datetime]] = field(default_factory=dict)
    late: dict[str, float] = field(default_factory=dict)
    """How many seconds after its time each of those that were to come was seen, by the clock of the database."""
    deserted: list[tuple[float, float]] = field(default_factory=list)
    """When no server was there."""
    problem: Exception | None = None


class Scheduling:
    """Makes schedules for tasks, one after another for so many seconds, and watches what they start."""

    def __init__(self, url: str, tasks: Sequence[str], seconds: float) -> None:
        self.fires = Fires()
        self._url, self._tasks, self._seconds = url, tasks, seconds
        self._stop = threading.Event()
        self._making = threading.Thread(target=self._make_all)
        self._watching = threading.Thread(target=self._watch)

    def start(self) -> None:
        self._watching.start()
        self._making.start()

    def finish(self) -> None:
        """Wait until all are made."""
        self._making.join()

    def end(self) -> None:
        self._stop.set()
        for thread in (self._making, self._watching):
            thread.join()

    def _make_all(self) -> None:
        try:
            asyncio.run(self._make())
        except Exception as error:
            self.fires.problem = error

    async def _make(self) -> None:
        app, chance = App(db=Database(self._url, connections=1), keyring=Keyring({"test": bytes(32)})), random.Random(7)
        await app.db.open()
        admin = await access.on_this_machine(app, datetime.now(UTC))
        end = time.monotonic() + self._seconds
        for task in self._tasks:
            if self._stop.is_set() or time.monotonic() > end:
                break
            found = await runs.find_runnable(app, admin, task, "Production", None)
            now = datetime.now(UTC)
            since = now - EVERY * chance.randint(2, 14)
            about = About(what=found.what, triggers=(missed(chance, now), soon(chance, now)))
            made = await schedules.create(app, admin, "Production", about, since)
            for one in about.triggers:
                self.fires.planned[f"schedule:{made.id}/{one.name}"] = list(upcoming(one.trigger, since))
            await asyncio.sleep(self._seconds / len(self._tasks) / 2)
        await app.db.close()

    def _watch(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            while not self._stop.is_set():
                for scope, late in connection.execute(LATE, [f"%/{SOON}"]):
                    self.fires.late.setdefault(scope, float(late))
                time.sleep(LOOK_SECONDS)


def missed(chance: random.Random, now: datetime) -> NamedTrigger:
    """A trigger all of whose fires were missed."""
    end = now - EVERY - timedelta(minutes=1)
    data = {
        "when": {"type": "interval", "everyMinutes": EVERY.seconds // 60},
        "endDate": f"{end:%Y-%m-%d}",
        "endTime": f"{end:%H:%M}",
    }
    return NamedTrigger(
        name=MISSED,
        trigger=read_trigger(data),
        missed=chance.choices(["all", "once", "skip"], [3, 1, 1])[0],  # type: ignore[arg-type]
        most_missed=chance.randint(1, 20),
    )


def soon(chance: random.Random, now: datetime) -> NamedTrigger:
    """A trigger that fires once, in some seconds; nobody may be there then."""
    at = now + timedelta(seconds=chance.uniform(2, 5))
    return NamedTrigger(
        name=SOON,
        trigger=read_trigger({"when": {"type": "once", "at": f"{at:%Y-%m-%dT%H:%M:%S}Z"}}),
        missed=chance.choice(["once", "skip"]),  # type: ignore[arg-type]
        grace_seconds=chance.choice([1, 60]),
    )


def judge_fires(url: str, fires: Fires) -> tuple[dict[str, Any], list[str]]:
    """The figures, and what is wrong: each fire has one run, or is one of those that one misfired run names."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        keys = connection.execute(KEYS).fetchall()
        found = {row["id"] for row in connection.execute("SELECT id FROM run WHERE cause = 'schedule'")}
    wrong = [f"the schedules could not be made: {fires.problem!r}"] if fires.problem is not None else []
    wrong += _without_key(found, keys)
    by_scope: dict[str, list[dict[str, Any]]] = {scope: [] for scope in fires.planned}
    for row in keys:
        by_scope.setdefault(row["scope"], []).append(row)
    misfired = 0
    for scope, rows in by_scope.items():
        told = Counter[datetime]()
        for row in rows:
            misfired += row["reason"] == "misfired"
            wrong += [f"{problem}: {row}" for problem in _of_one(row)]
            told.update(_covered(row, fires.planned.get(scope, [])))
        planned = Counter(fires.planned.get(scope, []))
        wrong += [f"{scope} has no run and no record for {at}" for at in planned - told]
        wrong += [f"{scope} has too many for {at}" for at in told - planned]
    late = sorted(seconds for scope, seconds in fires.late.items() if _is_attended(fires, scope))
    figures = {
        "schedules": len(fires.planned) // 2,
        "fires": sum(map(len, fires.planned.values())),
        "started": len(found) - misfired,
        "misfired": misfired,
        "late_s": {name: round(late[int(part * (len(late) - 1))], 2) for name, part in PARTS.items()} if late else {},
    }
    return figures, wrong


PARTS = {"least": 0.0, "p50": 0.5, "p90": 0.9, "worst": 1.0}


def _is_attended(fires: Fires, scope: str) -> bool:
    """Whether a server was there when it was due."""
    [due] = fires.planned[scope]
    return not any(gone <= due.timestamp() <= back for gone, back in fires.deserted)


def _without_key(found: set[int], keys: Sequence[dict[str, Any]]) -> Iterator[str]:
    named = Counter(row["run"] for row in keys)
    yield from (f"run {run} was started by no fire" for run in found - set(named))
    yield from (f"run {run} has {times} keys" for run, times in named.items() if times > 1 or run not in found)


def _of_one(row: dict[str, Any]) -> Iterator[str]:
    if row["reason"] == "misfired":
        if left_out(row["message"]) is None:
            yield "misfired for another reason than that nobody was there"
    elif row["state"] != "SUCCEEDED":
        yield "has not ended well"
    elif datetime.fromisoformat(row["scheduled_at"]) != row["planned"]:
        yield "was told another time than that of its key"


def _covered(row: dict[str, Any], planned: Sequence[datetime]) -> list[datetime]:
    """The fires that a run stands for."""
    window = left_out(row["message"]) if row["reason"] == "misfired" else None
    if window is None:
        return [row["planned"]]
    return [at for at in planned if window[0] <= at <= window[1]]

"""What attempts left outside, compared with what the database says of them."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from ostinato.core.retries import MOST_LOSSES
from tests.chaos.load import Seen

STEPS = {
    "inner": Counter(cheap=2, program=1),
    "outer": Counter(cheap=1, program=1, inner=1, pooled=1, flaky=1),
}
"""What a succeeded run of a plan consists of."""
MARKED = ("cheap", "never")
"""Tasks whose attempts leave one mark and no times."""

RUNS = """
SELECT run.id, run.state, run.reason, run.message, run.attempt, run.losses, run.parent_run_id AS parent,
       run.graph_id AS graph, run.lease, run.ended_at, COALESCE(task.name, plan.name) AS name
  FROM run
  LEFT JOIN task ON task.id = run.task_id
  LEFT JOIN plan ON plan.id = run.plan_id
 ORDER BY run.id
"""
STEP_RUNS = """
SELECT step.run_id AS run, step.step, step.handler, step.state, step.open,
       step.succeeded + step.failed + step.cancelled AS counted,
       (SELECT count(*) FROM run AS child
         WHERE child.parent_run_id = step.run_id AND child.step = step.step AND child.handler = step.handler) AS made
  FROM step_run AS step
  JOIN run ON run.id = step.run_id
"""


@dataclass
class Attempt:
    number: int
    begun: float
    ended: float | None = None
    code: int | None = None


@dataclass
class Told:
    """The figures of one scenario, and everything that is not as it should be."""

    figures: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def events(folder: Path) -> dict[int, dict[int, Attempt]]:
    """The attempts of every run that leaves times; a line that came twice is an error."""
    found: dict[int, dict[int, Attempt]] = defaultdict(dict)
    for file in (folder / "events").iterdir():
        run = int(file.name)
        for line in file.read_text().splitlines():
            what, number, at, *code = line.split()
            if what == "start":
                assert int(number) not in found[run], f"attempt {number} of run {run} began twice"
                found[run][int(number)] = Attempt(int(number), float(at))
            else:
                assert found[run][int(number)].ended is None, f"attempt {number} of run {run} ended twice"
                found[run][int(number)].ended, found[run][int(number)].code = float(at), int(code[0])
    return found


def marks(folder: Path) -> dict[int, dict[int, Attempt]]:
    """The attempts of every run that leaves a mark."""
    found: dict[int, dict[int, Attempt]] = defaultdict(dict)
    file = folder / "marks"
    for line in file.read_text().splitlines() if file.exists() else []:
        run, number = map(int, line.split())
        assert number not in found[run], f"attempt {number} of run {run} began twice"
        found[run][number] = Attempt(number, 0.0, 0.0, 0)
    return found


def judge(url: str, folder: Path, seen: Seen) -> Told:
    """Nothing lost, nothing doubled, nothing stuck: what the clients, the database and the world outside say agrees."""
    with psycopg.connect(url, row_factory=dict_row) as connection:
        rows = connection.execute(RUNS).fetchall()
        steps = connection.execute(STEP_RUNS).fetchall()
    outside = events(folder) | marks(folder)
    told = Told(wrong=list(seen.problems))
    told.wrong += _accepted(rows, seen)
    for row in rows:
        if row["state"] not in ("SUCCEEDED", "FAILED") or row["lease"] is not None:
            told.wrong.append(f"has not ended well: {row}")
        elif row["graph"] is None:
            told.wrong += [f"{problem}: {row}" for problem in _task(row, outside.get(row["id"], {}))]
        else:
            told.wrong += [f"{problem}: {row}" for problem in _plan(row, rows)]
    told.wrong += [
        f"was counted wrongly: {step}"
        for step in steps
        if step["counted"] != step["made"] or step["open"] or step["state"] == "running"
    ]
    told.wrong += [f"left events and is not known: {run}" for run in set(outside) - {row["id"] for row in rows}]
    told.wrong += _side_by_side(rows, outside)
    told.figures = {
        "accepted": len(seen.accepted),
        "runs": len(rows),
        "attempts": sum(map(len, outside.values())),
        "lost": sum(row["losses"] for row in rows),
        "failed_lost": sum(row["reason"] == "lost" for row in rows),
        "repeated_requests": seen.repeated,
    }
    return told


def _accepted(rows: Sequence[dict[str, Any]], seen: Seen) -> Iterator[str]:
    """Every request that was accepted has one run, and no run came from nowhere; its end is the one that was told."""
    by_run = {row["id"]: row for row in rows}
    started = Counter(seen.accepted.values())
    yield from (f"two keys started run {run}" for run, times in started.items() if times > 1)
    yield from (f"run {run} was accepted and is not there" for run in started if run not in by_run)
    tops = {row["id"] for row in rows if row["parent"] is None}
    yield from (f"run {run} was started by nobody" for run in sorted(tops - set(started)))
    for run, (state, attempt, ended_at) in seen.ended.items():
        row = by_run.get(run)
        if row is not None and row["ended_at"] is not None:
            now = (row["state"], row["attempt"], f"{row['ended_at']:%Y-%m-%dT%H:%M:%S}")
            if now != (state, attempt, ended_at[:19]):
                yield f"run {run} was told to be {state} in attempt {attempt} at {ended_at} and is {now}"


def _task(row: dict[str, Any], attempts: dict[int, Attempt]) -> Iterator[str]:
    """The attempts that happened are those that were recorded: each is lost, or came to its end."""
    last = attempts.get(row["attempt"])
    ended = sum(attempt.ended is not None for attempt in attempts.values())
    if row["attempt"] < 1 or max(attempts, default=0) > row["attempt"]:
        yield f"more attempts happened than were recorded {sorted(attempts)}"
    if row["attempt"] - len(attempts) > row["losses"] or row["attempt"] > row["losses"] + ended:
        yield f"an attempt is neither lost nor seen {sorted(attempts)}"
    if row["state"] == "SUCCEEDED" and (last is None or last.code != 0):
        yield f"succeeded, and the last attempt did not end well {last}"
    if row["state"] == "FAILED":
        if row["reason"] == "lost" and row["losses"] <= MOST_LOSSES:
            yield "failed as lost, and was not lost often enough"
        if row["reason"] == "exit_code" and (last is None or last.code != 1 or row["name"] != "broken"):
            yield f"failed, and the last attempt did not {last}"
        if row["reason"] not in ("lost", "exit_code"):
            yield "failed for another reason than it should"
    overlaps = sum(one.ended is not None and other.begun < one.ended for one, other in pairwise(_in_order(attempts)))
    if overlaps > row["losses"]:
        yield f"{overlaps} attempts overlapped the one before, and only {row['losses']} were taken back"


def _plan(row: dict[str, Any], rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    children = [other for other in rows if other["parent"] == row["id"]]
    failed = [child for child in children if child["state"] != "SUCCEEDED"]
    if row["state"] == "SUCCEEDED":
        if failed or Counter(child["name"] for child in children) != STEPS.get(row["name"]):
            yield f"succeeded without all of its steps {[(child['name'], child['state']) for child in children]}"
    elif row["reason"] != "step_failed" or not failed:
        yield "failed, and none of its steps did"
    if row["name"] == "failing" and any(child["name"] == "never" for child in children):
        yield "went on after a step that failed"


def _side_by_side(rows: Sequence[dict[str, Any]], outside: dict[int, dict[int, Attempt]]) -> Iterator[str]:
    """What has one slot, or must not overlap, was at work once at a time, but for attempts that were taken back."""
    for name in ("pooled", "single"):
        losses = sum(row["losses"] for row in rows if row["name"] == name)
        spans = sorted(
            (attempt.begun, attempt.ended)
            for row in rows
            if row["name"] == name
            for attempt in outside.get(row["id"], {}).values()
            if attempt.ended is not None
        )
        overlaps = sum(other[0] < one[1] for one, other in pairwise(spans))
        if overlaps > losses:
            yield f"{overlaps} attempts of {name} overlapped, and only {losses} were taken back"


def _in_order(attempts: dict[int, Attempt]) -> list[Attempt]:
    return [attempts[number] for number in sorted(attempts)]

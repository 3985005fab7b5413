"""A run while it is at work: a live table on a terminal, one line per change of state anywhere else."""

import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TextIO

from ostinato.cli import text
from ostinato.cli.wire import Run, RunDetail

if TYPE_CHECKING:
    from ostinato.cli.client import Server

LOOK_SECONDS = 0.4
"""How long one request may wait for the end of the run; the display is as fresh as that."""
HEADS = ("TASK", "STATE", "DURATION", "ROWS", "NOTE")


class Display(Protocol):
    def show(self, detail: RunDetail) -> None: ...

    def close(self) -> None: ...


def follow(server: "Server", run: int, stream: TextIO) -> RunDetail:
    """Show a run on `stream` until it has ended; a server that is being restarted is waited for."""
    display = _display(stream)
    try:
        while True:
            detail = server.get_patiently(f"/api/v1/runs/{run}", RunDetail, wait=LOOK_SECONDS)
            display.show(detail)
            if detail.run.ended:
                return detail
    finally:
        display.close()


def in_order(detail: RunDetail) -> Iterator[tuple[int, Run]]:
    """Every run below the outermost one with its depth, children after their parents."""
    below: dict[int, list[Run]] = {}
    for run in sorted(detail.children, key=lambda child: child.id):
        below.setdefault(run.parent or 0, []).append(run)

    def walk(parent: int, depth: int) -> Iterator[tuple[int, Run]]:
        for run in below.get(parent, []):
            yield depth, run
            yield from walk(run.id, depth + 1)

    return walk(detail.run.id, 0)


def task_table(detail: RunDetail) -> list[str]:
    """The lines of a table of all tasks; of a task by itself, its own line."""
    runs = list(in_order(detail)) or [(0, detail.run)]
    rows = [("  " * depth + label(run), *cells(run)) for depth, run in runs]
    return text.columns(HEADS, rows, right=frozenset({"DURATION", "ROWS"}))


def label(run: Run) -> str:
    return f"{text.plain(run.name)} (plan)" if run.kind == "plan" else text.plain(run.name)


def outcome(detail: RunDetail) -> list[str]:
    """How it ended, and what never started because of it."""
    run = detail.run
    took = f" after {text.duration(run.duration_seconds)}" if run.duration_seconds is not None else ""
    why = f" ({_why(run)})" if _why(run) else ""
    lines = [f"Run {run.id}, {run.kind} {text.plain(run.name)}: {run.state}{took}{why}"]
    if detail.skipped_steps:
        lines.append(f"Never started: {', '.join(map(text.plain, detail.skipped_steps))}")
    return lines


class Lines:
    """For files, pipes and the logs of other programs."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._seen: dict[int, tuple[str, int]] = {}

    def show(self, detail: RunDetail) -> None:
        inside = sorted(detail.children, key=lambda run: (_moved_at(run), -run.id))
        for run in (*inside, detail.run):
            self._say(run)
        self._stream.flush()

    def close(self) -> None:
        pass

    def _say(self, run: Run) -> None:
        standing = (run.state, run.attempt)
        if run.state == "CLAIMED" or self._seen.get(run.id) == standing:
            return
        self._seen[run.id] = standing
        what = [label(run), run.state]
        if run.ended:
            what += [
                text.duration(run.duration_seconds),
                f"{run.rows:,} rows" if run.rows is not None else "",
                _why(run),
            ]
        elif run.state == "QUEUED":
            what.append(run.waiting or "")
        elif run.attempt > 1:
            what.append(f"attempt {run.attempt}")
        print(f"{_clock(run)}  {'  '.join(filter(None, what))}", file=self._stream)


def _display(stream: TextIO) -> Display:
    if not stream.isatty():
        return Lines(stream)
    # Drawing takes longer to load than most commands take to run, and only terminals need it.
    from ostinato.cli.live import LiveTable

    return LiveTable(stream)


def stream_for(json: bool) -> TextIO:
    """Where progress is shown: beside the output, if that is for programs."""
    return sys.stderr if json else sys.stdout


def cells(run: Run) -> tuple[str, str, str, str]:
    took = run.duration_seconds
    if took is None and run.started_at is not None:
        took = text.seconds_since(run.started_at)
    rows = run.progress.rows if run.progress is not None and not run.ended else run.rows
    return run.state, text.duration(took), text.number(rows), _why(run) if run.ended else run.waiting or ""


def _why(run: Run) -> str:
    """Why it ended as it did, and what it is for if it handles a failure."""
    handles = f"handles the failure of {text.plain(run.step)}" if run.handler and run.step else ""
    why = "" if run.succeeded else ": ".join(text.plain(part) for part in (run.reason, run.message) if part)
    return "; ".join(filter(None, (handles, why)))


def _clock(run: Run) -> str:
    return datetime.fromisoformat(_moved_at(run)).astimezone().strftime("%H:%M:%S")


def _moved_at(run: Run) -> str:
    return run.ended_at or run.started_at or run.queued_at

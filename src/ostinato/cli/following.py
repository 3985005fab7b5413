"""A run while it is at work: a live table on a terminal, one line per change of state anywhere else."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TextIO

from ostinato.cli import text
from ostinato.cli.telling import label, why
from ostinato.cli.wire import Run, RunDetail

if TYPE_CHECKING:
    from ostinato.cli.client import Server

LOOK_SECONDS = 0.4
"""How long one request may wait for the end of the run; the display is as fresh as that."""


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
                why(run),
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


def _clock(run: Run) -> str:
    return datetime.fromisoformat(_moved_at(run)).astimezone().strftime("%H:%M:%S")


def _moved_at(run: Run) -> str:
    return run.ended_at or run.started_at or run.queued_at

"""The live table of a run on a terminal."""

from collections.abc import Sequence
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ostinato.cli import text
from ostinato.cli.telling import HEADS, cells, in_order, label
from ostinato.cli.wire import Run, RunDetail

STYLES = {"RUNNING": "cyan", "SUCCEEDED": "green", "FAILED": "bold red", "CANCELLED": "yellow"}
NO_TABLE_ROWS = 6
"""Lines of a screen that the table leaves free."""


class LiveTable:
    """For a terminal: redrawn in place, and gone at the end."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream)
        self._live = Live(console=self._console, auto_refresh=False, transient=True)
        self._live.start()

    def show(self, detail: RunDetail) -> None:
        runs = list(in_order(detail)) or [(0, detail.run)]
        self._live.update(self._table(runs, detail), refresh=True)

    def close(self) -> None:
        self._live.stop()

    def _table(self, runs: Sequence[tuple[int, Run]], detail: RunDetail) -> Table:
        done = sum(run.ended for _, run in runs)
        title = f"{text.plain(detail.run.name)}: {detail.run.state.lower()}, {done} of {len(runs)} done"
        table = Table(title=title, title_justify="left", box=None, pad_edge=False)
        for head in HEADS:
            table.add_column(head, justify="right" if head in {"DURATION", "ROWS"} else "left", no_wrap=True)
        for depth, run in _fitting(runs, self._console.height - NO_TABLE_ROWS):
            state, took, rows, note = cells(run)
            progress = run.progress
            known = progress is not None and progress.total is not None and not run.ended
            table.add_row(
                Text("  " * depth + label(run)),
                Text(state, style=STYLES.get(run.state, "")),
                took,
                rows,
                ProgressBar(total=progress.total, completed=progress.rows, width=24)
                if known and progress
                else Text(text.plain(note), overflow="ellipsis", no_wrap=True),
            )
        return table


class LiveBar:
    """For a terminal: how much of something with a known number of parts is done; gone at the end."""

    def __init__(self, stream: TextIO) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=Console(file=stream), transient=True)
        self._bar = self._progress.add_task("")
        self._progress.start()

    def show(self, words: str, done: int, total: int) -> None:
        self._progress.update(self._bar, description=text.plain(words), completed=done, total=total)

    def close(self) -> None:
        self._progress.stop()


def _fitting(runs: Sequence[tuple[int, Run]], most: int) -> Sequence[tuple[int, Run]]:
    """As many as the screen holds: what is at work goes before what failed, that before the rest."""
    if len(runs) <= most:
        return runs
    urgency = {"RUNNING": 0, "CLAIMED": 0, "FAILED": 1, "CANCELLED": 1, "QUEUED": 2}
    first = sorted(runs, key=lambda place: urgency.get(place[1].state, 3))[: max(most, 1)]
    return sorted(first, key=lambda place: place[1].id)

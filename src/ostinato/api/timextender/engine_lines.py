"""The lines of the engine in the log of an execution: when it started, and how it ended.

The document calls the log "the output and error messages written by the execution engine". What happens in between (an
attempt that failed and is tried again, that was lost or taken back, a report that came too late) is stored as it
happens; the first and the last line are told from the run itself.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from ostinato.core.states import State
from ostinato.store.logs import Written
from ostinato.store.runs import Seen

WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")


def with_engine_lines(run: Seen, lines: Sequence[Written], most: int) -> list[tuple[datetime, str]]:
    """Time and text of each line. A log that is longer than `most` is cut before its end, so that has none."""
    told = [(line.at, line.text) for line in lines]
    if run.started_at is not None:
        began = min(run.started_at, lines[0].at) if lines else run.started_at
        told.insert(0, (began, f"Starting {_what(run)}"))
    if run.ended_at is not None and len(lines) < most:
        if lines and lines[-1].text == _stored_end(run):
            told[-1] = (lines[-1].at, _end(run))
        else:
            told.append((run.ended_at, _end(run)))
    return told


def _what(run: Seen) -> str:
    return f"{WORDS.sub(' ', run.task_type or '').lower()} execution: {run.name}"


def _end(run: Seen) -> str:
    if run.state is State.SUCCEEDED:
        rows = "" if run.row_count is None else f" ({run.row_count} row{'' if run.row_count == 1 else 's'})"
        return f"Finished {_what(run)}{rows}"
    if run.state is State.CANCELLED:
        return f"Cancelled {_what(run)}"
    return f"ERROR: {run.message or f'The execution failed: {run.reason}'}"


def _stored_end(run: Seen) -> str:
    """How the engine stores the end of an attempt that did not succeed: the same again."""
    return f"{run.state.capitalize()} ({run.reason}): {run.message}"

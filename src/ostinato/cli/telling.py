"""How runs are told in words: their order, the cells of their rows, how they ended."""

from collections.abc import Iterator, Sequence

from ostinato.cli import text
from ostinato.cli.wire import Run, RunDetail

HEADS = ("TASK", "STATE", "DURATION", "ROWS", "NOTE")


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
    reason = f" ({why(run)})" if why(run) else ""
    lines = [f"Run {run.id}, {run.kind} {text.plain(run.name)}: {run.state}{took}{reason}"]
    if detail.skipped_steps:
        lines.append(f"Never started: {', '.join(map(text.plain, detail.skipped_steps))}")
    return lines


def cells(run: Run) -> tuple[str, str, str, str]:
    took = run.duration_seconds
    if took is None and run.started_at is not None:
        took = text.seconds_since(run.started_at)
    rows = run.progress.rows if run.progress is not None and not run.ended else run.rows
    return run.state, text.duration(took), text.number(rows), why(run) if run.ended else run.waiting or ""


def why(run: Run) -> str:
    """Why it ended as it did, and what it is for if it handles a failure."""
    handles = f"handles the failure of {text.plain(run.step)}" if run.handler and run.step else ""
    reason = "" if run.succeeded else ": ".join(text.plain(part) for part in (run.reason, run.message) if part)
    return "; ".join(filter(None, (handles, reason)))


def run_table(runs: Sequence[Run]) -> list[str]:
    """The lines of a table of runs that were started by themselves."""
    rows = [
        (
            str(run.id),
            run.name,
            f"{run.environment}/{run.workspace}",
            run.state,
            text.local_time(run.started_at or run.queued_at),
            cells(run)[1],
        )
        for run in runs
    ]
    heads = ("RUN", "NAME", "WORKSPACE", "STATE", "STARTED", "DURATION")
    return text.columns(heads, rows, right=frozenset({"RUN", "DURATION"}))

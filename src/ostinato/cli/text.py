"""How things are written for people: times, numbers, tables, and text from elsewhere without control characters."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ostinato.core.errors import Problem

ESCAPE_SEQUENCES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\-_])")
CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """The text without colours and whatever else could steer a terminal; it stays on one line."""
    return CONTROL.sub("\ufffd", ESCAPE_SEQUENCES.sub("", text.rstrip("\r\n")).replace("\r\n", " ").replace("\n", " "))


def problem_line(problem: Problem) -> str:
    """`FILE:LINE: path: message (allowed: ...)`, as editors and terminals make a link of it."""
    place = ":".join(str(part) for part in (problem.file, problem.line) if part is not None)
    said = ": ".join(plain(part) for part in (place, problem.path, problem.message) if part)
    return f"{said} (allowed: {plain(', '.join(problem.allowed))})" if problem.allowed else said


def duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} m {rest:02} s" if hours else f"{minutes} m {rest:02} s"


def number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def local_time(instant: str | None) -> str:
    """A time of the API (RFC 3339, UTC) on the clock of this machine."""
    if instant is None:
        return ""
    return datetime.fromisoformat(instant).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def seconds_since(instant: str) -> float:
    return max((datetime.now(UTC) - datetime.fromisoformat(instant)).total_seconds(), 0.0)


def columns(heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: frozenset[str] = frozenset()) -> list[str]:
    """The lines of a table; the columns named in `right` hold numbers."""
    table = [list(heads), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(len(row[at]) for row in table) for at in range(len(heads))]
    return [
        "  ".join(
            cell.rjust(width) if head in right else cell.ljust(width)
            for cell, width, head in zip(row, widths, heads, strict=True)
        ).rstrip()
        for row in table
    ]

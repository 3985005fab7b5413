"""Applies what workers reported and fills the slots that are free, in one transaction."""

from collections import deque
from datetime import datetime

from ostinato.app import attempts
from ostinato.app.application import App
from ostinato.core.contracts import Executor, Log, Report

MOST_REPORTS = 500
MOST_LINES = 5_000
"""Log lines of one turn, about: a chatty task must not hold up the others."""


async def tick(app: App, now: datetime, inbox: deque[Report], executor: Executor) -> int:
    """One turn. Reports leave the inbox only when they are stored; how many reports and starts there were."""
    reports = _next(inbox)
    free = executor.free_slots("local")
    if not reports and free <= 0 and not app.unstarted:
        return 0
    launches = await attempts.take_turn(app, reports, free, now)
    for _ in reports:
        inbox.popleft()
    executor.submit(launches)
    return len(reports) + len(launches)


def _next(inbox: deque[Report]) -> list[Report]:
    """The oldest reports, as many as one turn takes."""
    reports, lines = [], 0
    for report in inbox:
        reports.append(report)
        lines += len(report.lines) if isinstance(report, Log) else 0
        if len(reports) >= MOST_REPORTS or lines >= MOST_LINES:
            break
    return reports

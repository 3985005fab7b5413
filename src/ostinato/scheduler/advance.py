"""Applies what workers reported and fills the slots that are free, in one transaction."""

from collections import deque
from datetime import datetime

from ostinato.app import attempts
from ostinato.app.application import App
from ostinato.core.contracts import Executor, Report

MOST_REPORTS = 500


async def tick(app: App, now: datetime, inbox: deque[Report], executor: Executor) -> int:
    """One turn. Reports leave the inbox only when they are stored; how many reports and starts there were."""
    reports = [inbox[position] for position in range(min(len(inbox), MOST_REPORTS))]
    free = executor.free_slots("local")
    if not reports and free <= 0:
        return 0
    launches = await attempts.take_turn(app, reports, free, now)
    for _ in reports:
        inbox.popleft()
    executor.submit(launches)
    return len(reports) + len(launches)

"""How many next fires of cron expressions are found in a second, on clocks that change."""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim

from bench.report import Figure
from ostinato.core.triggers import Cron, Trigger, next_after

NAMES = ("cron_next_per_s",)
RUNS = 5
ASKED = 3_000
"""For each expression."""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
FAR = 2100
ZONE = "Europe/Berlin"
EXPRESSIONS = ("*/5 * * * *", "15 3 * * *", "0 9-17 * * 1-5", "30 2 1,15 * *", "0 0 29 2 *")


def measure(wanted: frozenset[str]) -> None:
    """The floor finds nothing: it turns an instant into local time and back once for each fire, and adds a day."""
    if "cron_next_per_s" not in wanted:
        return
    triggers = [Trigger(when=Cron(expression=expression), time_zone=ZONE) for expression in EXPRESSIONS]
    ours, floors, libraries = [], [], []
    for _ in range(RUNS):
        ours.append(_per_second(lambda: [_ask(trigger) for trigger in triggers]))
        floors.append(_per_second(lambda: [_convert() for _ in EXPRESSIONS]))
        libraries.append(_per_second(lambda: [_ask_library(expression) for expression in EXPRESSIONS]))
    Figure("cron_next_per_s", "1/s", ours, floors).print()
    print(f"  cronsim: {sorted(libraries)[RUNS // 2]:.0f} 1/s", file=sys.stderr)


def _per_second(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return ASKED * len(EXPRESSIONS) / (time.perf_counter() - began)


def _ask(trigger: Trigger) -> None:
    fire = BEGIN
    for _ in range(ASKED):
        found = next_after(trigger, fire)
        fire = found if found is not None and found.year < FAR else BEGIN


def _ask_library(expression: str) -> None:
    fires = CronSim(expression, BEGIN.astimezone(ZoneInfo(ZONE)))
    for _ in range(ASKED):
        if next(fires).year >= FAR:
            fires = CronSim(expression, BEGIN.astimezone(ZoneInfo(ZONE)))


def _convert() -> None:
    zone, day = ZoneInfo(ZONE), timedelta(days=1)
    fire = BEGIN
    for _ in range(ASKED):
        local = fire.astimezone(zone).replace(tzinfo=None) + day
        fire = local.replace(tzinfo=zone).astimezone(UTC)
        if fire.year >= FAR:
            fire = BEGIN

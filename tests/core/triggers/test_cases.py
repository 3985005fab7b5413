"""The table of worked cases, held against the product, against a walk of every minute, and against cronsim."""

from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError

from ostinato.core.triggers import Cron, Trigger, upcoming
from tests.core.triggers.walk import NAMES, walk_cron


class Case(NamedTuple):
    dialect: str
    expression: str
    zone: str
    after: datetime
    fires: list[datetime]
    shows: str


def _read() -> list[Case]:
    lines = (Path(__file__).parent / "cases.tsv").read_text(encoding="utf-8").splitlines()[1:]
    cases = []
    for line in lines:
        dialect, expression, zone, after, fires, shows = line.split("\t")
        told = [] if fires == "never" else [datetime.fromisoformat(fire) for fire in fires.split()]
        cases.append(Case(dialect, expression.replace("\\t", "\t"), zone, datetime.fromisoformat(after), told, shows))
    return cases


CASES = _read()
CHANGING = {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"}


def _id(case: Case) -> str:
    return f"{case.dialect} {case.expression} {case.zone} {case.after:%Y-%m-%d}"


def _fires(case: Case) -> list[datetime]:
    assert case.dialect in {"unix", "quartz"}
    when = Cron(expression=case.expression, dialect="quartz" if case.dialect == "quartz" else "unix")
    return list(islice(upcoming(Trigger(when=when, time_zone=case.zone), case.after), 5))


def test_the_table_is_large_and_a_third_of_it_is_about_changes_of_clocks() -> None:
    assert len(CASES) >= 200
    assert 3 * sum(case.zone in CHANGING for case in CASES) >= len(CASES)
    assert {case.zone for case in CASES} >= CHANGING


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_a_worked_case_comes_out(case: Case) -> None:
    assert _fires(case) == case.fires, case.shows


@pytest.mark.parametrize("case", CASES, ids=_id)
def test_a_walk_of_every_minute_says_the_same(case: Case) -> None:
    assert walk_cron(case.dialect, case.expression, case.zone, case.after, 5) == case.fires


def _library(case: Case) -> list[datetime]:
    there = case.after.astimezone(ZoneInfo(case.zone))
    return [fire.astimezone(UTC) for fire in islice(CronSim(NAMES.get(case.expression, case.expression), there), 5)]


def _differs(case: Case) -> str | None:
    """Why cronsim says something else than the table, if it is known to.

    - It refuses days that never come; we say that there are none, for a plan may be made before its year is known.
    - As Debian's cron it takes expressions whose minute or hour begins with * for intervals: in an hour that is shown
      twice they fire twice, and what a clock jumps over is lost. With us a local time happens, and happens once,
      whatever the expression looks like: `0-59/30 2 * * *` and `*/30 2 * * *` are the same.
    """
    if case.shows == "never":
        return "refused"
    minute, hour = NAMES.get(case.expression, case.expression).split()[:2]
    return "wild" if minute.startswith("*") or hour.startswith("*") else None


@pytest.mark.parametrize("case", [case for case in CASES if case.dialect == "unix"], ids=_id)
def test_cronsim_says_the_same_but_where_it_is_known_to_differ(case: Case) -> None:
    reason = _differs(case)
    if reason == "refused":
        with pytest.raises(CronSimError):
            _library(case)
    elif reason is None or case.zone == "UTC":
        assert _library(case) == case.fires
    else:
        ours, theirs = set(case.fires), set(_library(case))
        before = min(case.fires[-1], max(theirs))
        assert all(_changes_near(case, fire) for fire in ours ^ theirs if fire <= before)


def _changes_near(case: Case, fire: datetime) -> bool:
    zone = ZoneInfo(case.zone)
    offsets = {(fire + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in (-2, -1, 0, 1)}
    return len(offsets) > 1

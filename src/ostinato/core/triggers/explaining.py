"""Why a trigger fires at a time or does not, in words."""

from collections.abc import Iterator
from datetime import datetime

from ostinato.core.triggers.calendars import DAY, is_open, nearest_open
from ostinato.core.triggers.clocks import EARLIEST, LATEST, TICK, furthest, happens, shown_at
from ostinato.core.triggers.days import MONTH, YEAR, Days, dates_from, days_in
from ostinato.core.triggers.fires import MINUTE, planned_after
from ostinato.core.triggers.kinds import HolidayList, Trigger
from ostinato.core.triggers.rules import AtTimes, InWindow, Rule, rule_of
from ostinato.core.triggers.words import days_in_words, months_in

LEAP_YEAR = 2000


def why_at(trigger: Trigger, instant: datetime, lists: tuple[HolidayList, ...] = ()) -> tuple[bool, list[str]]:
    """Whether a fire is planned within the minute that begins at an instant, and why, or why not."""
    rule = rule_of(trigger, lists)
    if not EARLIEST <= instant < LATEST:
        return False, ["that is so far away that no clock is known"]
    fire = planned_after(rule, instant - TICK)
    local = shown_at(rule.zone, instant)
    shown = f"{local:%Y-%m-%d %H:%M}, a {local:%A}"
    if fire is not None and fire < instant + MINUTE:
        return True, [f"it fires: the clock shows {shown}", *_after_a_jump(rule, fire)]
    return False, [f"the clock shows {shown}", *(_reasons(rule, instant, local) or ["it is not one of its times"])]


def why_never(trigger: Trigger, after: datetime, lists: tuple[HolidayList, ...] = ()) -> list[str]:
    """Why there is no fire after an instant; empty if there is one."""
    rule = rule_of(trigger, lists)
    if planned_after(rule, after) is not None:
        return []
    dates = rule.dates
    if rule.end is not None and after >= rule.end:
        return ["its end has passed"]
    if not any(days_in(dates.days, LEAP_YEAR + year, month) for year in range(28) for month in _months(dates.months)):
        return [f"{months_in(dates.months)} never has such a day: {days_in_words(dates.days)}"]
    if dates.years is not None and max(dates.years) < shown_at(rule.zone, after).year:
        return [f"its last year, {max(dates.years)}, has passed"]
    meant = next(dates_from(dates, max(shown_at(rule.zone, after).date(), rule.first), rule.last), None)
    if isinstance(rule.beat, AtTimes | InWindow) and meant is None:
        return ["no day that it means is left before its end or its last year"]
    if rule.opening is not None and meant is not None and not is_open(rule.opening, meant):
        return ["the days that it means are closed, or past its end"]
    return ["its last time has passed"]


def _months(bits: int) -> Iterator[int]:
    return (month for month in range(1, 13) if bits >> month & 1)


def _after_a_jump(rule: Rule, fire: datetime) -> list[str]:
    before = shown_at(rule.zone, fire - TICK) + TICK
    local = shown_at(rule.zone, fire)
    if local > before:
        return [f"here the clock jumps from {before:%Y-%m-%d %H:%M} to {local:%H:%M}; what lies between happens now"]
    return []


def _reasons(rule: Rule, instant: datetime, local: datetime) -> list[str]:
    reasons = []
    if rule.start is not None and instant < rule.start:
        reasons.append(f"it starts later, at {shown_at(rule.zone, rule.start):%Y-%m-%d %H:%M}")
    if rule.end is not None and instant > rule.end:
        reasons.append(f"it has ended, at {shown_at(rule.zone, rule.end):%Y-%m-%d %H:%M}")
    if furthest(rule.zone, instant) > local:
        first = happens(rule.zone, local)
        reasons.append(f"the clock shows this for the second time; what happens then has happened at {first:%H:%M} UTC")
    if isinstance(rule.beat, AtTimes | InWindow):
        reasons += _about_the_day(rule, local)
    if isinstance(rule.beat, AtTimes) and not rule.beat.bits >> local.hour * 60 + local.minute & 1:
        reasons.append(f"{local:%H:%M} is not one of its times")
    return reasons


def _about_the_day(rule: Rule, local: datetime) -> Iterator[str]:
    day, dates = local.date(), rule.dates
    if rule.opening is not None and not is_open(rule.opening, day):
        name = rule.opening.holidays.get(day, "")
        moved = {"next": DAY, "previous": -DAY}.get(rule.opening.closed)
        target = nearest_open(rule.opening, day, moved) if moved is not None else None
        instead = f"; its fires move to {target}" if target is not None else "; its fires are left out"
        yield f"{day} is closed{f' ({name})' if name else ''}{instead}"
    if next(rule.days(day), None) == day:
        return
    if dates.years is not None and day.year not in dates.years:
        yield f"{day.year} is not one of its years"
    if dates.months != YEAR and not dates.months >> day.month & 1:
        yield f"it is only in {months_in(dates.months)}"
    if not days_in(dates.days, day.year, day.month) >> day.day & 1 and dates.days != Days(of_month=MONTH):
        yield f"it is only {days_in_words(dates.days)}"
    if dates.cycle is not None and dates.cycle.every > 1:
        yield f"it is only every {dates.cycle.every} {dates.cycle.unit}s, counted from {dates.cycle.anchor}"

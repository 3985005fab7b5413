"""When things start by themselves: kinds of triggers, cron, calendars, and the next time each fires."""

from ostinato.core.triggers.describing import describe
from ostinato.core.triggers.explaining import why_at, why_never
from ostinato.core.triggers.fires import between, next_after, upcoming
from ostinato.core.triggers.icalendar import read_holidays
from ostinato.core.triggers.kinds import Cron, HolidayList, Trigger
from ostinato.core.triggers.reading import check, format_trigger, parse_trigger, read_trigger

__all__ = [
    "Cron",
    "HolidayList",
    "Trigger",
    "between",
    "check",
    "describe",
    "format_trigger",
    "next_after",
    "parse_trigger",
    "read_holidays",
    "read_trigger",
    "upcoming",
    "why_at",
    "why_never",
]

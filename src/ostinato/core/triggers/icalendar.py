"""Holidays from an iCalendar file (RFC 5545): its events as whole days, with the rules by which they come every year.

A small reader of our own, for of the whole standard only this much is about holidays. Read are DTSTART, DTEND,
DURATION in days and weeks, SUMMARY, STATUS, EXDATE, RDATE, and RRULE with FREQ=YEARLY and INTERVAL, COUNT, UNTIL,
BYMONTH, BYMONTHDAY and BYDAY with a number. Any other rule is refused rather than read by half.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import NoReturn

import msgspec

from ostinato.core.errors import Invalid, Problem
from ostinato.core.triggers.days import Days, days_in, month_shape
from ostinato.core.triggers.kinds import MOST_HOLIDAYS, Holiday, HolidayList

LONGEST_TEXT = 5_000_000
LONGEST_EVENT_DAYS = 400
LAST_YEAR = 2099
"""Rules without an end are followed so far."""
DATE = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})(T[0-9]{6}Z?)?")
DURATION = re.compile(r"\+?P(?:(?P<weeks>[0-9]{1,3})W|(?P<days>[0-9]{1,3})D(?:T[0-9HMS]*)?|T[0-9HMS]+)")
NTH_DAY = re.compile(r"(?P<nth>[1-5]|-1)(?P<day>MO|TU|WE|TH|FR|SA|SU)")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYMONTH", "BYMONTHDAY", "BYDAY", "WKST"})
ESCAPED = re.compile(r"\\([nN,;\\])")
DAY = timedelta(days=1)


class _Line(msgspec.Struct, frozen=True):
    number: int
    name: str
    value: str


def read_holidays(name: str, text: str) -> HolidayList:
    """The list of this name with the events of an iCalendar text; raises Invalid with the line."""
    if len(text) > LONGEST_TEXT:
        raise Invalid(Problem(message=f"the calendar has more than {LONGEST_TEXT} characters"))
    lines = _unfolded(text)
    if not lines or (lines[0].name, lines[0].value.upper()) != ("BEGIN", "VCALENDAR"):
        _refuse(lines[0] if lines else _Line(1, "", ""), "this is no iCalendar file: it begins with BEGIN:VCALENDAR")
    found: dict[date, str] = {}
    for event in _events(lines):
        for day, words in _days_of(event):
            found[day] = found.get(day) or words
            if len(found) > MOST_HOLIDAYS:
                _refuse(event["DTSTART"][0], f"more than {MOST_HOLIDAYS} days in one calendar")
    return HolidayList(name=name, days=tuple(Holiday(day, found[day]) for day in sorted(found)))


def _refuse(line: _Line, message: str) -> NoReturn:
    raise Invalid(Problem(message=message, line=line.number, path=line.name))


def _unfolded(text: str) -> list[_Line]:
    """The logical lines: one that begins with a space goes on from the line before."""
    gathered: list[tuple[int, list[str]]] = []
    for number, raw in enumerate(re.split(r"\r\n|\n|\r", text.removeprefix("\ufeff")), 1):
        if raw[:1] in {" ", "\t"} and gathered:
            gathered[-1][1].append(raw[1:])
        elif raw.strip():
            gathered.append((number, [raw]))
    lines = []
    for number, parts in gathered:
        head, _, value = "".join(parts).partition(":")
        lines.append(_Line(number, head.partition(";")[0].strip().upper(), value.strip()))
    return lines


def _events(lines: Sequence[_Line]) -> Iterator[Mapping[str, list[_Line]]]:
    """The properties of each event that is not cancelled; what is nested in an event, as alarms are, is left out."""
    open_parts: list[str] = []
    event: dict[str, list[_Line]] = {}
    for line in lines:
        if line.name == "BEGIN":
            open_parts.append(line.value.upper())
            if open_parts[-1] == "VEVENT":
                event = {}
        elif line.name == "END":
            if not open_parts or open_parts.pop() != line.value.upper():
                _refuse(line, f"END:{line.value[:40]} ends nothing that was begun")
            if line.value.upper() == "VEVENT" and not any(
                said.value.upper() == "CANCELLED" for said in event.get("STATUS", ())
            ):
                if "DTSTART" not in event:
                    _refuse(line, "the event has no DTSTART")
                yield event
        elif open_parts and open_parts[-1] == "VEVENT":
            event.setdefault(line.name, []).append(line)
    if open_parts:
        _refuse(lines[-1], f"the file ends inside {open_parts[-1][:40]}")


def _days_of(event: Mapping[str, list[_Line]]) -> Iterator[tuple[date, str]]:
    begin = _date(event["DTSTART"][0])
    length = _length(event, begin)
    words = _plain(event["SUMMARY"][0].value) if "SUMMARY" in event else ""
    left_out = {day for line in event.get("EXDATE", ()) for day in _dates(line)}
    begins = [begin, *(day for line in event.get("RDATE", ()) for day in _dates(line))]
    for line in event.get("RRULE", ()):
        begins += _repeated(line, begin)
    for first in begins:
        if first not in left_out:
            yield from ((first + place * DAY, words) for place in range(length))


def _length(event: Mapping[str, list[_Line]], begin: date) -> int:
    """Days of the event; DTEND is the day after its last, unless it has a time of day."""
    if "DTEND" in event:
        line = event["DTEND"][0]
        days = (_date(line) - begin).days + (1 if "T" in line.value and "T000000" not in line.value else 0)
    elif "DURATION" in event:
        line = event["DURATION"][0]
        found = DURATION.fullmatch(line.value.upper())
        if found is None:
            _refuse(line, f"{line.value[:40]!r} is no duration in days or weeks")
        days = int(found["weeks"] or 0) * 7 + int(found["days"] or 0)
    else:
        return 1
    if not 0 <= days <= LONGEST_EVENT_DAYS:
        _refuse(line, f"the event takes {days} days, where 1 to {LONGEST_EVENT_DAYS} are allowed")
    return max(days, 1)


def _date(line: _Line) -> date:
    return _parsed(line, line.value)


def _dates(line: _Line) -> list[date]:
    return [_parsed(line, part.partition("/")[0]) for part in line.value.split(",")]


def _parsed(line: _Line, text: str) -> date:
    found = DATE.fullmatch(text.strip().upper())
    try:
        if found is None or not 1900 <= int(found["year"]) <= 9000:
            raise ValueError(text)
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError as error:
        wrong = Problem(message=f"{text[:40]!r} is no date like 20261225", line=line.number, path=line.name)
        raise Invalid(wrong) from error


def _plain(text: str) -> str:
    return ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], text)[:200]


def _repeated(line: _Line, begin: date) -> list[date]:
    """The days of a rule, the first included."""
    rule = dict(part.partition("=")[::2] for part in line.value.upper().split(";") if part)
    unknown = sorted(rule.keys() - PARTS)
    if rule.get("FREQ") != "YEARLY" or unknown:
        what = unknown[0][:40] if unknown else f"FREQ={rule.get('FREQ', '')[:40]}"
        _refuse(line, f"{what} is not read: holidays come with FREQ=YEARLY, or with a date for each")
    every, count = _number(line, rule, "INTERVAL", 1), _number(line, rule, "COUNT", 1_000)
    until = _parsed(line, rule["UNTIL"]) if "UNTIL" in rule else date(LAST_YEAR, 12, 31)
    days = []
    for year in range(begin.year, min(until.year, LAST_YEAR) + 1, every):
        day = _in_year(line, rule, begin, year)
        if day is not None and begin <= day <= until:
            days.append(day)
    return days[:count]


def _number(line: _Line, rule: Mapping[str, str], name: str, default: int) -> int:
    text = rule.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,4}", text) or int(text) < 1:
        _refuse(line, f"{name}={text[:40]} is no number from 1 to 9999")
    return int(text)


def _in_year(line: _Line, rule: Mapping[str, str], begin: date, year: int) -> date | None:
    month = _number(line, rule, "BYMONTH", begin.month)
    if month > 12:
        _refuse(line, f"BYMONTH={month} is no month")
    if "BYDAY" in rule:
        found = NTH_DAY.fullmatch(rule["BYDAY"])
        if found is None or "BYMONTHDAY" in rule:
            _refuse(line, f"BYDAY={rule['BYDAY'][:40]} is not read: write one weekday with its number, as 4TH or -1MO")
        days = Days(of_week=1 << WEEKDAYS.index(found["day"]), nth=int(found["nth"]))
        bits = days_in(days, year, month)
        return date(year, month, bits.bit_length() - 1) if bits else None
    day = _number(line, rule, "BYMONTHDAY", begin.day)
    return date(year, month, day) if day <= month_shape(year, month)[1] else None

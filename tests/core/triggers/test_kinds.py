"""The kinds of triggers by example, their fields, calendars, ends and words."""

from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from ostinato.core.errors import Invalid
from ostinato.core.triggers import (
    HolidayList,
    describe,
    next_after,
    parse_trigger,
    read_holidays,
    read_trigger,
    upcoming,
    why_at,
    why_never,
)
from ostinato.core.triggers.kinds import Holiday

WORKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]
BERLIN = {"timeZone": "Europe/Berlin"}


def fires(
    after: str, when: dict[str, Any], count: int = 5, lists: tuple[HolidayList, ...] = (), **more: Any
) -> list[str]:
    trigger = read_trigger({"when": when, **more})
    found = islice(upcoming(trigger, datetime.fromisoformat(after), lists=lists), count)
    return [f"{fire:%Y-%m-%dT%H:%M}" for fire in found]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_once_is_a_local_time_or_an_instant() -> None:
    local = {"type": "once", "at": "2026-03-29T02:30"}
    assert fires("2026-01-01T00:00Z", local, **BERLIN) == ["2026-03-29T01:00"]
    assert fires("2026-03-29T01:00Z", local, **BERLIN) == []
    assert fires("2026-01-01T00:00Z", {"type": "once", "at": "2026-10-25T01:30:00Z"}, **BERLIN) == ["2026-10-25T01:30"]
    assert fires("2026-01-01T00:00Z", {"type": "once", "at": "2026-10-25T02:30:00+01:00"}) == ["2026-10-25T01:30"]


def test_once_on_a_closed_day_moves_or_is_left_out() -> None:
    when = {"type": "once", "at": "2026-03-28T09:00"}
    for closed, wanted in (("next", ["2026-03-30T07:00"]), ("previous", ["2026-03-27T08:00"]), ("skip", [])):
        calendar = {"weekdays": WORKDAYS, "closed": closed}
        assert fires("2026-01-01T00:00Z", when, calendar=calendar, **BERLIN) == wanted


def test_an_interval_counts_elapsed_time_from_its_start() -> None:
    when = {"type": "interval", "everyMinutes": 1_440}
    found = fires("2026-10-23T00:00Z", when, 4, startDate="2026-10-23", startTime="12:00", **BERLIN)
    assert found == ["2026-10-23T10:00", "2026-10-24T10:00", "2026-10-25T10:00", "2026-10-26T10:00"]
    assert fires("2026-01-01T00:07Z", {"type": "interval", "everyMinutes": 15}, 2) == [
        "2026-01-01T00:15",
        "2026-01-01T00:30",
    ]


def test_an_interval_in_a_window_counts_elapsed_time_within_each_day() -> None:
    when = {"type": "interval", "everyMinutes": 60, "window": {"from": "01:00", "to": "03:30"}}
    assert fires("2026-10-24T12:00Z", when, 5, **BERLIN) == [
        "2026-10-24T23:00", "2026-10-25T00:00", "2026-10-25T01:00", "2026-10-25T02:00", "2026-10-26T00:00",
    ]  # fmt: skip
    assert fires("2026-03-28T12:00Z", when, 3, **BERLIN) == ["2026-03-29T00:00", "2026-03-29T01:00", "2026-03-29T23:00"]


def test_a_window_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    when = {"type": "weekly", "days": ["friday"], "at": {"from": "22:00", "to": "01:00", "everyMinutes": 90}}
    assert fires("2026-01-01T00:00Z", when, 4) == [
        "2026-01-02T22:00", "2026-01-02T23:30", "2026-01-03T01:00", "2026-01-09T22:00",
    ]  # fmt: skip
    assert fires("2026-01-02T23:45Z", when, 1) == ["2026-01-03T01:00"]


def test_a_window_that_is_jumped_over_happens_once() -> None:
    when = {"type": "daily", "at": {"from": "02:05", "to": "02:50", "everyMinutes": 5}}
    assert fires("2026-03-28T12:00Z", when, 2, **BERLIN) == ["2026-03-29T01:00", "2026-03-30T00:05"]


def test_an_interval_without_a_window_leaves_closed_days_out() -> None:
    calendar = {"weekdays": WORKDAYS, "holidays": ["2026-01-05"]}
    when = {"type": "interval", "everyMinutes": 600}
    found = fires("2026-01-02T12:00Z", when, 3, calendar=calendar, startDate="2026-01-01")
    assert found == ["2026-01-02T16:00", "2026-01-06T00:00", "2026-01-06T10:00"]


def test_days_weeks_and_months_are_counted_from_the_start_date() -> None:
    days = {"type": "daily", "every": 3, "at": ["18:00", "06:00"]}
    assert fires("2026-01-01T00:00Z", days, 4, startDate="2026-02-27") == [
        "2026-02-27T06:00", "2026-02-27T18:00", "2026-03-02T06:00", "2026-03-02T18:00",
    ]  # fmt: skip
    weeks = {"type": "weekly", "every": 2, "days": ["monday", "thursday"], "at": "09:00"}
    assert fires("2026-01-01T00:00Z", weeks, 4, startDate="2026-01-07") == [
        "2026-01-08T09:00", "2026-01-19T09:00", "2026-01-22T09:00", "2026-02-02T09:00",
    ]  # fmt: skip
    months = {"type": "monthly", "every": 5, "on": 31, "at": "09:00"}
    assert fires("2026-01-01T00:00Z", months, 3, startDate="2026-01-15") == [
        "2026-01-31T09:00", "2028-07-31T09:00", "2028-12-31T09:00",
    ]  # fmt: skip


def test_months_have_last_days_and_weekdays_with_numbers() -> None:
    def monthly(on: Any) -> list[str]:
        return [fire[5:10] for fire in fires("2028-01-15T00:00Z", {"type": "monthly", "on": on, "at": "00:00"}, 3)]

    assert monthly("last") == ["01-31", "02-29", "03-31"]
    assert monthly({"nth": 2, "day": "tuesday"}) == ["02-08", "03-14", "04-11"]
    assert monthly({"nth": "last", "day": "friday"}) == ["01-28", "02-25", "03-31"]
    assert monthly({"nth": 5, "day": "tuesday"}) == ["02-29", "05-30", "08-29"]


def test_start_and_end_belong_to_the_trigger() -> None:
    when = {"type": "daily", "at": "12:00"}
    assert fires("2025-01-01T00:00Z", when, startDate="2026-01-01", endDate="2026-01-02") == [
        "2026-01-01T12:00", "2026-01-02T12:00",
    ]  # fmt: skip
    bounds = {"startDate": "2026-01-01", "startTime": "12:01", "endDate": "2026-01-03", "endTime": "12:00"}
    assert fires("2025-01-01T00:00Z", when, **bounds) == ["2026-01-02T12:00", "2026-01-03T12:00"]


def test_closed_days_are_skipped_or_moved_and_nothing_happens_twice() -> None:
    when = {"type": "daily", "at": "09:00"}

    def days(closed: str) -> list[str]:
        calendar = {"weekdays": WORKDAYS, "holidays": ["2026-12-25"], "lists": ["company"], "closed": closed}
        lists = (HolidayList(name="company", days=(Holiday(date(2026, 12, 24), "Christmas Eve"),)),)
        return [fire[5:10] for fire in fires("2026-12-21T12:00Z", when, 4, lists, calendar=calendar)]

    assert days("skip") == days("next") == days("previous") == ["12-22", "12-23", "12-28", "12-29"]
    first = {"type": "monthly", "on": 1, "at": "09:00"}
    calendar = {"weekdays": WORKDAYS, "holidays": ["2026-01-01"]}
    moved = fires("2025-12-20T00:00Z", first, 3, calendar={**calendar, "closed": "previous"})
    assert moved == ["2025-12-31T09:00", "2026-01-30T09:00", "2026-02-27T09:00"]
    moved = fires("2025-12-20T00:00Z", first, 3, calendar={**calendar, "closed": "next"})
    assert moved == ["2026-01-02T09:00", "2026-02-02T09:00", "2026-03-02T09:00"]
    assert fires("2026-01-01T18:00Z", first, 1, calendar={**calendar, "closed": "next"}) == ["2026-01-02T09:00"]


def test_a_jitter_is_the_same_for_a_trigger_and_another_for_another() -> None:
    trigger = read_trigger({"when": {"type": "cron", "expression": "0 * * * *"}, "jitterSeconds": 600})

    def delays(key: str) -> list[int]:
        return [
            fire.minute * 60 + fire.second for fire in islice(upcoming(trigger, at("2026-01-01T00:59Z"), key=key), 50)
        ]

    assert delays("a") == delays("a")
    assert delays("a") != delays("b")
    assert max(delays("a")) <= 600
    assert len(set(delays("a"))) > 25


def test_a_year_that_is_named_is_found_however_far_it_is() -> None:
    when = {"type": "cron", "dialect": "quartz", "expression": "0 0 31 12 ? 2099"}
    assert fires("1901-01-01T00:00Z", when) == ["2099-12-31T00:00"]
    assert fires("2099-12-31T00:00Z", when) == []


def test_the_examples_of_the_reference_are_triggers() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/triggers.md").read_text(encoding="utf-8")
    examples = [text.partition("```")[0] for text in page.split("```json\n")[1:]]
    assert len([describe(parse_trigger(example)) for example in examples]) == 1
    assert describe(parse_trigger('{"when": {"type": "interval", "everyMinutes": 5}}')).startswith("Every 5 minutes")


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({}, "", "Object missing required field `when`"),
    ({"when": {"type": "hourly"}}, "when.type", "Invalid value 'hourly'"),
    ({"when": {"type": "daily", "at": "9:00"}}, "when.at", "'9:00' is no time of a day"),
    ({"when": {"type": "daily", "at": ["09:00", "09:60"]}}, "when.at[1]", "'09:60' is no time of a day"),
    ({"when": {"type": "daily", "at": "09:00\n"}}, "when.at", "is no time of a day"),
    (
        {"when": {"type": "interval", "everyMinutes": 5, "window": {"from": "09:00", "to": "24:00"}}},
        "when.window.to", "'24:00' is no time of a day",
    ),
    (
        {"when": {"type": "weekly", "days": ["monday"], "at": {"from": "a", "to": "10:00", "everyMinutes": 5}}},
        "when.at.from", "'a' is no time of a day",
    ),
    ({"when": {"type": "daily", "at": "09:00"}, "startDate": "2026-01-01", "startTime": ""}, "startTime", "is no time"),
    ({"when": {"type": "daily", "at": "24:00"}}, "when.at", "is no time of a day"),
    ({"when": {"type": "daily", "at": []}}, "when.at", "length >= 1"),
    ({"when": {"type": "daily", "at": "09:00", "every": 0}}, "when.every", ">= 1"),
    ({"when": {"type": "daily", "at": "09:00", "every": 2}}, "startDate", "a start date is needed"),
    ({"when": {"type": "daily", "at": "09:00", "evry": 2}}, "when", "unknown field `evry`"),
    ({"when": {"type": "weekly", "at": "09:00", "days": ["mon"]}}, "when.days[0]", "Invalid enum value 'mon'"),
    ({"when": {"type": "monthly", "at": "09:00", "on": 32}}, "when.on", "<= 31"),
    ({"when": {"type": "monthly", "at": "09:00", "on": {"nth": 6, "day": "monday"}}}, "when.on.nth", "<= 5"),
    (
        {"when": {"type": "daily", "at": {"from": "09:00", "to": "09:00", "everyMinutes": 5}}},
        "when.at.to", "the window ends when it begins",
    ),
    (
        {"when": {"type": "interval", "everyMinutes": 5, "window": {"from": "09:00", "to": "09:00"}}},
        "when.window.to", "the window ends when it begins",
    ),
    (
        {"when": {"type": "interval", "everyMinutes": 2_000, "window": {"from": "09:00", "to": "10:00"}}},
        "when.everyMinutes", "use daily",
    ),
    (
        {"when": {"type": "interval", "everyMinutes": 5}, "calendar": {"closed": "next"}},
        "calendar.closed", "no days that could be moved",
    ),
    ({"when": {"type": "once", "at": "tomorrow"}}, "when.at", "write it like 2026-03-01T12:00"),
    ({"when": {"type": "once", "at": "2026-02-30T12:00"}}, "when.at", "write it like"),
    ({"when": {"type": "once", "at": "0001-01-01T00:00"}}, "when.at", "the year is not from 1900 to 9000"),
    ({"when": {"type": "once", "at": "2026-03-01T12:00"}, "timeZone": "CEST2"}, "timeZone", "is no time zone"),
    ({"when": {"type": "daily", "at": "09:00"}, "startTime": "10:00"}, "startTime", "add startDate"),
    ({"when": {"type": "daily", "at": "09:00"}, "endTime": "10:00"}, "endTime", "add endDate"),
    (
        {"when": {"type": "daily", "at": "09:00"}, "startDate": "2026-02-01", "endDate": "2026-01-01"},
        "endDate", "the end is before the start",
    ),
    ({"when": {"type": "daily", "at": "09:00"}, "startDate": "0001-01-01"}, "startDate", "the year is not from"),
    ({"when": {"type": "daily", "at": "09:00"}, "jitterSeconds": 3_601}, "jitterSeconds", "<= 3600"),
    ({"when": {"type": "daily", "at": "09:00"}, "calendar": {"weekdays": []}}, "calendar.weekdays", "length >= 1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "path", "message"), WRONG, ids=[f"{path or 'all'}-{at}" for at, (_, path, _) in enumerate(WRONG)]
)
def test_an_error_names_the_field(data: dict[str, Any], path: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_trigger(data)
    assert [problem.path for problem in refused.value.problems] == [path]
    assert message in refused.value.problems[0].message


def test_all_that_is_wrong_with_a_trigger_is_said_at_once() -> None:
    data = {"when": {"type": "cron", "expression": "* * * * 9"}, "timeZone": "Nowhere", "startTime": "10:00"}
    with pytest.raises(Invalid) as refused:
        read_trigger(data)
    assert {problem.path for problem in refused.value.problems} == {"when.expression", "timeZone", "startTime"}


def test_a_list_that_is_not_there_is_named_when_it_is_needed() -> None:
    trigger = read_trigger({"when": {"type": "daily", "at": "09:00"}, "calendar": {"lists": ["bank"]}})
    with pytest.raises(Invalid, match=r"calendar\.lists\[0\]: there is no holiday list 'bank'"):
        next_after(trigger, at("2026-01-01T00:00Z"))
    with pytest.raises(Invalid, match="this is no JSON"):
        parse_trigger("{")


def test_an_instant_without_a_zone_is_a_mistake_of_the_program() -> None:
    with pytest.raises((ValueError, TypeError)):
        next_after(read_trigger({"when": {"type": "daily", "at": "09:00"}}), datetime(2026, 1, 1))  # noqa: DTZ001


CALENDAR = """BEGIN:VCALENDAR\r
VERSION:2.0\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20261224\r
DTEND;VALUE=DATE:20261227\r
SUMMARY:Christmas\\, all
  of it\r
END:VEVENT\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20260101\r
RRULE:FREQ=YEARLY;COUNT=3\r
EXDATE;VALUE=DATE:20270101\r
SUMMARY:New Year\r
BEGIN:VALARM\r
DTSTART:19990101\r
END:VALARM\r
END:VEVENT\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20261126\r
RRULE:FREQ=YEARLY;UNTIL=20271231;BYMONTH=11;BYDAY=4TH\r
SUMMARY:Thanksgiving\r
END:VEVENT\r
BEGIN:VEVENT\r
DTSTART;TZID=Europe/Berlin:20260704T080000\r
DURATION:PT4H\r
END:VEVENT\r
BEGIN:VEVENT\r
DTSTART;VALUE=DATE:20260505\r
STATUS:CANCELLED\r
END:VEVENT\r
END:VCALENDAR\r
"""


def test_holidays_are_read_from_an_icalendar_file() -> None:
    found = read_holidays("x", CALENDAR)
    assert [(str(day.date), day.name) for day in found.days] == [
        ("2026-01-01", "New Year"),
        ("2026-07-04", ""),
        ("2026-11-26", "Thanksgiving"),
        ("2026-12-24", "Christmas, all of it"),
        ("2026-12-25", "Christmas, all of it"),
        ("2026-12-26", "Christmas, all of it"),
        ("2027-11-25", "Thanksgiving"),
        ("2028-01-01", "New Year"),
    ]


def test_a_rule_that_is_not_read_is_refused_with_its_line() -> None:
    for rule in ("FREQ=WEEKLY", "FREQ=YEARLY;BYSETPOS=1", "FREQ=YEARLY;BYDAY=MO", "FREQ=YEARLY;INTERVAL=0"):
        with pytest.raises(Invalid) as refused:
            read_holidays("x", CALENDAR.replace("FREQ=YEARLY;COUNT=3", rule))
        assert (refused.value.problems[0].line, refused.value.problems[0].path) == (11, "RRULE")
    with pytest.raises(Invalid, match="begins with BEGIN:VCALENDAR"):
        read_holidays("x", "2026-01-01")


WORDS = {
    "*/15 * * * *": "Every 15 minutes every day, on the clock of UTC.",
    "0 9 * * 1-5": "At 09:00 on Monday to Friday, on the clock of UTC.",
    "0 9 13 * 5": "At 09:00 on the 13th of the month and also on Friday, on the clock of UTC.",
    "5,35 8-17 * 1 *": "At minutes 5 and 35 of the hours 08 to 17 every day in January, on the clock of UTC.",
    "0 9 LW * ?": "At 09:00 on the last working day (Monday to Friday) of the month, on the clock of UTC.",
    "0 9 15W * ?": "At 09:00 on the working day (Monday to Friday) nearest to the 15th in the month, on the clock of UTC.",  # noqa: E501
    "0 9 L-3 * ?": "At 09:00 3 days before the last day of the month, on the clock of UTC.",
    "0 9 ? * 6#3 2026-2028": "At 09:00 on the third Friday of the month in 2026 to 2028, on the clock of UTC.",
    "0 9 ? 2 6L": "At 09:00 on the last Friday of the month in February, on the clock of UTC.",
}


@pytest.mark.parametrize(("expression", "words"), WORDS.items())
def test_cron_is_said_in_words(expression: str, words: str) -> None:
    dialect = "quartz" if "?" in expression else "unix"
    assert describe(read_trigger({"when": {"type": "cron", "expression": expression, "dialect": dialect}})) == words


def test_other_triggers_are_said_in_words() -> None:
    trigger = read_trigger(
        {
            "when": {"type": "monthly", "on": {"nth": "last", "day": "friday"}, "at": ["17:00", "09:00"], "every": 2},
            "startDate": "2026-01-01", "endDate": "2026-12-31", "endTime": "12:00", "jitterSeconds": 30,
            "calendar": {"weekdays": WORKDAYS, "holidays": ["2026-12-25"], "lists": ["bank"], "closed": "previous"},
            **BERLIN,
        }
    )  # fmt: skip
    assert describe(trigger) == (
        "On the last Friday of every 2nd month at 09:00 and 17:00, on the clock of Europe/Berlin. "
        "From 2026-01-01 on until 2026-12-31 12:00, and that included. "
        "Fires on closed days (Saturday, Sunday, 2026-12-25 and the list bank) move to the open day before. "
        "Each fire is up to 30 seconds late."
    )
    interval = {"type": "interval", "everyMinutes": 30, "window": {"from": "22:00", "to": "06:00"}}
    assert describe(read_trigger({"when": interval})).startswith(
        "Every 30 minutes, each day from 22:00 to 06:00 the next day"
    )
    assert describe(read_trigger({"when": {"type": "once", "at": "2026-03-01T12:00"}})).startswith(
        "Once, at 2026-03-01 12:00"
    )


def test_why_not_is_said() -> None:
    trigger = read_trigger(
        {
            "when": {"type": "cron", "expression": "30 2 * 3,10 SAT,SUN,MON"},
            "startDate": "2026-01-01", "endDate": "2026-10-30",
            "calendar": {"weekdays": ["monday", "saturday", "sunday"], "holidays": ["2026-03-30"]}, **BERLIN,
        }
    )  # fmt: skip

    def why(instant: str) -> tuple[bool, str]:
        told, reasons = why_at(trigger, at(instant))
        return told, "; ".join(reasons)

    assert why("2026-03-28T01:30Z") == (True, "it fires: the clock shows 2026-03-28 02:30, a Saturday")
    assert why("2026-03-29T01:00Z") == (
        True,
        "it fires: the clock shows 2026-03-29 03:00, a Sunday; here the clock jumps from 2026-03-29 02:00 to 03:00; "
        "what lies between happens now",
    )
    assert "2026-03-30 is closed; its fires are left out" in why("2026-03-30T00:30Z")[1]
    assert "for the second time; what happens then has happened at 00:30 UTC" in why("2026-10-25T01:30Z")[1]
    assert "02:31 is not one of its times" in why("2026-03-28T01:31Z")[1]
    assert "it is only in March and October" in why("2026-04-04T00:30Z")[1]
    assert "it is only on Monday, Saturday and Sunday" in why("2026-10-06T00:30Z")[1]
    assert "it starts later, at 2026-01-01 00:00" in why("2025-10-05T00:30Z")[1]
    assert "it has ended, at 2026-10-30 23:59" in why("2026-10-31T01:30Z")[1]


NEVER = [
    ({"type": "cron", "expression": "0 0 30 2 *"}, "February never has such a day: on the 30th of the month"),
    ({"type": "cron", "expression": "0 0 1 1 ? 2020-2024", "dialect": "quartz"}, "its last year, 2024, has passed"),
    ({"type": "once", "at": "2025-01-01T00:00"}, "its last time has passed"),
]


@pytest.mark.parametrize(("when", "reason"), NEVER)
def test_why_never_is_said(when: dict[str, Any], reason: str) -> None:
    assert why_never(read_trigger({"when": when}), datetime(2026, 6, 1, tzinfo=UTC)) == [reason]


def test_what_ended_or_is_always_closed_is_said_to_be() -> None:
    daily = {"when": {"type": "daily", "at": "09:00"}, "endDate": "2026-01-01"}
    assert why_never(read_trigger(daily), at("2026-06-01T00:00Z")) == ["its end has passed"]
    closed = {"when": {"type": "weekly", "days": ["sunday"], "at": "09:00"}, "calendar": {"weekdays": WORKDAYS}}
    assert "are closed" in why_never(read_trigger(closed), at("2026-06-01T00:00Z"))[0]

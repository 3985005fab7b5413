"""Quartz cron as Talend has it, without seconds: `minute hour day-of-month month day-of-week [year]`.

1 is Sunday. One of the two days is `?`, and the other is not. What Quartz refuses is refused; so is what Quartz takes
and then does not do (`1,15W`, `2#1,5`).
"""

import re

from ostinato.core.triggers.days import Dates, Days
from ostinato.core.triggers.expressions import (
    MONTHS,
    WEEKDAYS,
    Expression,
    Field,
    Word,
    bits_of,
    number_of,
    refuse,
    words_of,
)

MINUTE = Field(name="minute", low=0, high=59, wraps=True, largest_step=59)
HOUR = Field(name="hour", low=0, high=23, wraps=True, largest_step=23)
DAY_OF_MONTH = Field(name="day of month", low=1, high=31, wraps=True, largest_step=31)
MONTH = Field(name="month", low=1, high=12, names=MONTHS, wraps=True, largest_step=12)
DAY_OF_WEEK = Field(name="day of week", low=1, high=7, names=WEEKDAYS, wraps=True, largest_step=7)
YEAR = Field(name="year", low=1970, high=2099)
FROM_LAST = re.compile(r"L(?:-(?P<before>[0-9]{1,4}))?(?P<workday>W)?")
NEAREST = re.compile(r"(?P<day>[0-9]{1,4})W")
NTH = re.compile(r"(?P<day>[0-9]{1,4}|[A-Z]{3})#(?P<nth>[0-9]{1,4})")
LAST_OF = re.compile(r"(?P<day>[0-9]{1,4}|[A-Z]{3})L")
FURTHEST_FROM_LAST = 30
FIELDS = "minute hour day-of-month month day-of-week [year]"


def read_quartz(expression: str) -> Expression:
    """Raises Invalid."""
    words = words_of(expression)
    if words and words[0].text.startswith("@"):
        refuse(f"Quartz has no names such as {words[0].text[:40].lower()!r}: use the dialect unix for it")
    if len(words) not in (5, 6):
        hint = "; leave the seconds out" if len(words) == 7 else ""
        refuse(f"{len(words)} fields where there are 5 or 6, {FIELDS}{hint}")
    minute, hour, day, month, weekday = (_starred(word) for word in words[:5])
    for word, field in ((minute, MINUTE), (hour, HOUR), (month, MONTH), *((word, YEAR) for word in words[5:])):
        if "?" in word.text:
            refuse(
                "? can only stand for the day of month or the day of week", word.at + word.text.index("?"), field.name
            )
    minutes, hours, months = bits_of(MINUTE, minute), bits_of(HOUR, hour), bits_of(MONTH, month)
    if day.text == "?" and weekday.text == "?":
        refuse("only one of day of month and day of week can be ?", weekday.at, DAY_OF_WEEK.name)
    days = _weekdays(weekday) if day.text == "?" else _month_days(day)
    if "?" not in (day.text, weekday.text):
        _weekdays(weekday)
        refuse(
            "day of month and day of week cannot both be given: write ? for one of them", weekday.at, DAY_OF_WEEK.name
        )
    years = _years(_starred(words[5])) if len(words) == 6 else None
    return Expression(
        minutes=minutes,
        hours=hours,
        dates=Dates(days=days, months=months, years=years),
        words=tuple(word.text for word in words),
    )


def _starred(word: Word) -> Word:
    """Quartz takes /5 for */5."""
    return Word(text=f"*{word.text}", at=word.at - 1) if word.text.startswith("/") else word


def _month_days(word: Word) -> Days:
    text, at, name = word.text, word.at, DAY_OF_MONTH.name
    if found := FROM_LAST.fullmatch(text):
        before = int(found["before"] or 0)
        if before > FURTHEST_FROM_LAST:
            refuse(f"L-{before}: the offset from the last day is at most {FURTHEST_FROM_LAST}", at + 2, name)
        return Days(before_last=before, nearest_workday=found["workday"] is not None)
    if found := NEAREST.fullmatch(text):
        return Days(of_month=1 << number_of(DAY_OF_MONTH, found["day"], at), nearest_workday=True)
    if "?" in text:
        refuse("? stands alone", at + text.index("?"), name)
    if "L" in text:
        refuse(f"{text!r}: L, L-3, LW and L-3W stand alone, not in a list or range", at + text.index("L"), name)
    if "W" in text:
        refuse(f"{text!r}: W follows one single day, as in 15W or LW", at + text.index("W"), name)
    return Days(of_month=bits_of(DAY_OF_MONTH, word))


def _weekdays(word: Word) -> Days:
    text, at, name = word.text, word.at, DAY_OF_WEEK.name
    if text == "L":
        return Days(of_week=_week(1 << 7))
    if found := LAST_OF.fullmatch(text):
        return Days(of_week=_week(1 << number_of(DAY_OF_WEEK, found["day"], at)), nth=-1)
    if found := NTH.fullmatch(text):
        nth = int(found["nth"])
        if not 1 <= nth <= 5:
            refuse(f"{text}: a number from 1 to 5 follows #", at + found.start("nth"), name)
        return Days(of_week=_week(1 << number_of(DAY_OF_WEEK, found["day"], at)), nth=nth)
    for character, right in (
        ("?", "alone"),
        ("#", "in one single element, as 6#3"),
        ("L", "in one single element, as 6L"),
    ):
        if character in text:
            refuse(f"{text!r}: {character} stands {right}", at + text.index(character), name)
    return Days(of_week=_week(bits_of(DAY_OF_WEEK, word)))


def _week(bits: int) -> int:
    """Bits 1 to 7 from Sunday on as bits 0 to 6 from Monday on."""
    return (bits >> 2 | bits << 5) & 0x7F


def _years(word: Word) -> frozenset[int] | None:
    if word.text == "*":
        return None
    bits = bits_of(YEAR, word)
    return frozenset(year for year in range(YEAR.low, YEAR.high + 1) if bits >> year & 1)

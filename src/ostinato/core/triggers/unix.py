"""Unix cron: `minute hour day-of-month month day-of-week`, and names such as @daily.

As Debian's cron has it: 0 and 7 are Sunday; if both days are restricted, one of them is enough, unless one of the two
begins with `*`, as `*/2` does, for then both must fit.
"""

from ostinato.core.triggers.days import Dates, Days
from ostinato.core.triggers.expressions import MONTHS, WEEKDAYS, Expression, Field, Word, bits_of, refuse, words_of

MINUTE = Field(name="minute", low=0, high=59)
HOUR = Field(name="hour", low=0, high=23)
DAY_OF_MONTH = Field(name="day of month", low=1, high=31)
MONTH = Field(name="month", low=1, high=12, names=MONTHS)
DAY_OF_WEEK = Field(name="day of week", low=0, high=7, names=WEEKDAYS, first_name=0, sunday_last=True)
NAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}


def read_unix(expression: str) -> Expression:
    """Raises Invalid."""
    words = words_of(_written_out(expression))
    if len(words) != 5:
        fields = "minute hour day-of-month month day-of-week"
        refuse(f"{len(words)} fields where Unix cron has 5, {fields}, or a name: {', '.join(NAMES)}")
    minute, hour, day, month, weekday = words
    _refuse_quartz(day, DAY_OF_MONTH, "?LW#")
    _refuse_quartz(weekday, DAY_OF_WEEK, "?L#")
    week = bits_of(DAY_OF_WEEK, weekday)
    either = not (day.text.startswith("*") or weekday.text.startswith("*"))
    days = Days(of_month=bits_of(DAY_OF_MONTH, day), of_week=(week >> 1 | week << 6) & 0x7F, either=either)
    return Expression(
        minutes=bits_of(MINUTE, minute),
        hours=bits_of(HOUR, hour),
        dates=Dates(days=days, months=bits_of(MONTH, month)),
        words=tuple(word.text for word in words),
    )


def _written_out(expression: str) -> str:
    name = expression.strip(" \t")
    if not name.startswith("@"):
        return expression
    if name.lower() == "@reboot":
        refuse("@reboot is no time: a server that starts again must not start work again")
    if name.lower() not in NAMES:
        refuse(f"{name[:40]!r} is no name of a time: use {', '.join(NAMES)}")
    return NAMES[name.lower()]


def _refuse_quartz(word: Word, field: Field, characters: str) -> None:
    for place, character in enumerate(word.text):
        if character in characters:
            instead = "write * here, or" if character == "?" else "if it is meant,"
            refuse(f"{character} belongs to Quartz: {instead} use the dialect quartz", word.at + place, field.name)

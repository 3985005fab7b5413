"""References to parameters in the config of a task: `${parameter:NAME}`, replaced when an attempt runs.

In SQL a reference stands for a literal: text brings quotes of its own, so that no value can be more than a value. That
holds only outside of quotes and comments, and where nothing touches the literal. In the arguments of a program a
reference stands for the plain text.
"""

import re
from collections.abc import Iterable, Mapping

from ostinato.core.errors import Invalid, Problem
from ostinato.core.parameters import EXACT_FLOAT, Value

REFERENCE = re.compile(r"\$\{parameter:([^}]{0,100})\}")
TOUCHED = re.compile(rf"[\w'\"`$&](?P<before>{REFERENCE.pattern})|(?P<after>{REFERENCE.pattern})[\w'\"`$]")
"""A letter before a literal may change how it is read, as in E'...'; quotes beside one become part of it."""


def _quoting(*, backslashes: bool, hashes: bool) -> re.Pattern[str]:
    """What stands in quotes or comments; what has no end goes on to the end of the text."""
    escaped = r"(?:[^{0}\\]|\\.)*(?:{0}|\Z)"
    texts = [(escaped if backslashes else r"[^{0}]*(?:{0}|\Z)").format(mark) for mark in "'\""]
    parts = [
        r"(?<!\w)[eE]'" + escaped.format("'"),
        *(mark + text for mark, text in zip("'\"", texts, strict=True)),
        r"`[^`]*(?:`|\Z)",
        r"(?<![\w$])\$(?P<tag>[A-Za-z_]\w*|)\$.*?(?:\$(?P=tag)\$|\Z)",
        r"(?P<comment>--[^\n]*|/\*.*?(?:\*/|\Z)" + (r"|#[^\n]*)" if hashes else ")"),
    ]
    return re.compile("|".join(parts), re.DOTALL)


STANDARD = (_quoting(backslashes=False, hashes=False),)
OTHER = (_quoting(backslashes=False, hashes=True), _quoting(backslashes=True, hashes=True))
"""Dialects in which a backslash may escape, and `#` begins a comment."""


def references(text: str) -> list[str]:
    """The names that a text refers to, in order."""
    return REFERENCE.findall(text)


def require_literals(field: str, sql: str) -> None:
    """Raises ValueError if a reference stands where it cannot be a literal in any dialect."""
    if "${parameter:" not in sql:
        return
    first, *others = (_enclosed(sql, reading) for reading in (*STANDARD, *OTHER))
    for position, message in first.items():
        if all(position in other for other in others):
            raise ValueError(f"{field}: {message}")
    if touched := _touched(sql):
        raise ValueError(f"{field}: {touched}")


def as_sql(sql: str, values: Mapping[str, Value], *, standard: bool) -> str:
    """SQL with literals in place of references; raises Invalid with every one that cannot be.

    `standard` says of the dialect that in a literal only a quote is special, and that `#` begins no comment.
    """
    if "${parameter:" not in sql:
        return sql
    problems = _missing(references(sql), values)
    for name in dict.fromkeys(references(sql)):
        value = values.get(name)
        if isinstance(value, str) and ("\x00" in value or ("\\" in value and not standard)):
            message = "its value has a backslash or NUL, which this connection cannot take: use another value"
            problems.append(Problem(path=f"parameters.{name}", message=message))
    misplaced = [
        message for reading in (STANDARD if standard else OTHER) for message in _enclosed(sql, reading).values()
    ]
    if not misplaced and (touched := _touched(sql)):
        misplaced.append(touched)
    problems += [Problem(message=message) for message in misplaced]
    if problems:
        raise Invalid(*dict.fromkeys(problems))
    return REFERENCE.sub(lambda found: _literal(values[found[1]]), sql)


def as_text(text: str, values: Mapping[str, Value]) -> str:
    """Text with the values in place of references; raises Invalid with every one that is missing."""
    if problems := _missing(references(text), values):
        raise Invalid(*problems)
    return REFERENCE.sub(lambda found: plain(values[found[1]]), text)


def plain(value: Value) -> str:
    """A value as text for a program: a number as short as it can be told."""
    match value:
        case bool():
            return str(value).lower()
        case float() if value.is_integer() and abs(value) < EXACT_FLOAT:
            return str(int(value))
        case _:
            return str(value)


def _enclosed(sql: str, reading: re.Pattern[str]) -> dict[int, str]:
    """Where references stand in quotes or comments, and what to say of each."""
    found = {}
    for part in reading.finditer(sql):
        for reference in REFERENCE.finditer(part[0]):
            where = "a comment: take it out" if part["comment"] else "quotes: leave them out, it brings those it needs"
            found[part.start() + reference.start()] = f"{reference[0]} stands in {where}"
    return found


def _touched(sql: str) -> str | None:
    found = TOUCHED.search(sql)
    if found is None:
        return None
    return f"{found['before'] or found['after']} touches what is beside it: put a space there"


def _missing(names: Iterable[str], values: Mapping[str, Value]) -> list[Problem]:
    return [
        Problem(
            path=f"parameters.{name}",
            message="there is no value for it: give it a default at the task, or a value where the run is started",
        )
        for name in dict.fromkeys(names)
        if name not in values
    ]


def _literal(value: Value) -> str:
    """A literal that may stand anywhere: a negative number after a minus would begin a comment."""
    match value:
        case bool():
            return str(value).upper()
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return repr(value) if value >= 0 else f"({value!r})"

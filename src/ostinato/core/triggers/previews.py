"""Previews: the next fires of a cron expression, as one line of JSON asks for them, and as one line answers."""

import re
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

import msgspec

from ostinato.core.errors import Invalid, Problem
from ostinato.core.triggers.clocks import happens, zone_of
from ostinato.core.triggers.fires import upcoming
from ostinato.core.triggers.kinds import Cron, Dialect, HolidayList, Trigger
from ostinato.core.triggers.reading import PLACE

USUAL_COUNT = 5
MOST_FIRES = 10_000
INSTANT = re.compile(
    r"(?P<year>[0-9]{4})-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
FIRST_YEAR, LAST_YEAR = 1900, 9000


class Request(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """One line of a batch. `from` is an instant, or a local time of the zone; without it, it is now."""

    expression: str
    dialect: Dialect = "unix"
    time_zone: str = "UTC"
    after: str | None = msgspec.field(name="from", default=None)
    count: Annotated[int, msgspec.Meta(ge=1, le=MOST_FIRES)] | None = None


class Answer(msgspec.Struct, frozen=True):
    next: list[str]


class Refusal(msgspec.Struct, frozen=True):
    error: str


DECODER = msgspec.json.Decoder(Request)


def answer(line: bytes, now: datetime) -> bytes:
    """The answer to one line of JSON, as one line of JSON without its end; wrong lines are answered with `error`."""
    try:
        request = DECODER.decode(line)
        trigger = Trigger(
            when=Cron(expression=request.expression, dialect=request.dialect), time_zone=request.time_zone
        )
        after = now if request.after is None else read_instant(request.after, request.time_zone)
        said: Answer | Refusal = Answer(fires(trigger, after, request.count or USUAL_COUNT))
    except Invalid as refusal:
        said = Refusal("; ".join(str(_of_the_line(problem)) for problem in refusal.problems))
    except msgspec.ValidationError as error:
        found = PLACE.fullmatch(str(error))
        path = (found["path"] or "").removeprefix(".") if found else ""
        said = Refusal(str(Problem(path=path, message=found["message"] if found else str(error))))
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        said = Refusal(f"this is no JSON: {error}")
    return msgspec.json.encode(said)


def _of_the_line(problem: Problem) -> Problem:
    return msgspec.structs.replace(problem, path=problem.path.removeprefix("when."))


def fires(
    trigger: Trigger, after: datetime, count: int, *, lists: tuple[HolidayList, ...] = (), key: str = ""
) -> list[str]:
    """So many fires later than an instant, written in UTC."""
    return [written(fire) for fire in islice(upcoming(trigger, after, lists=lists, key=key), count)]


def written(instant: datetime) -> str:
    """`2026-03-01T12:00:00Z`; fires have whole seconds."""
    return f"{instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def read_instant(text: str, zone: str, path: str = "from") -> datetime:
    """An instant as people write it; without an offset it is a local time of the zone. Raises Invalid."""
    found = INSTANT.fullmatch(text)
    try:
        if found is None or not FIRST_YEAR <= int(found["year"]) <= LAST_YEAR:
            raise ValueError(text)
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        message = f"{text[:40]!r} is no instant from {FIRST_YEAR} to {LAST_YEAR}: write it like 2026-03-01T12:00:00Z"
        raise Invalid(Problem(path=path, message=message)) from error
    return happens(zone_of(zone), instant) if instant.tzinfo is None else instant.astimezone(UTC)

"""How instants are written for people and programs, RFC 3339 in UTC with milliseconds, and how they are read."""

import re
from datetime import UTC, datetime

RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+ -](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
HOW_TO_WRITE = "write a time with its offset, such as 2026-03-01T12:00:00Z"


def instant(at: datetime) -> str:
    """`2026-03-01T12:00:00.000Z`."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def read_instant(text: str) -> datetime:
    """A moment in RFC 3339 with any offset, to the microsecond; a blank before the offset stands for `+`, which is what
    becomes of a plus sign in an address. Raises ValueError, with what would be right."""
    found = RFC_3339.fullmatch(text)
    if found is None:
        raise ValueError(HOW_TO_WRITE)
    day, clock, fraction, offset = found.groups()
    micros = (fraction or "")[:6].ljust(6, "0")
    zone = "+00:00" if offset in "Zz" else offset.replace(" ", "+")
    try:
        at = datetime.fromisoformat(f"{day}T{clock}.{micros}{zone}").astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(HOW_TO_WRITE) from error
    if not 1970 <= at.year < 9999:
        raise ValueError(HOW_TO_WRITE)
    return at

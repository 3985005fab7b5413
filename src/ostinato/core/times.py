"""How instants are written for people and programs: RFC 3339, UTC, milliseconds."""

from datetime import UTC, datetime


def instant(at: datetime) -> str:
    """`2026-03-01T12:00:00.000Z`."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"

"""Fires to come as an iCalendar feed (RFC 5545), which calendar programs subscribe to."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

LONGEST_LINE = 75
"""Octets; what is longer goes on in lines that begin with a blank."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A fire, with what calendar programs tell events apart by."""

    uid: str
    at: datetime
    summary: str
    description: str


def feed(name: str, entries: Iterable[Entry], now: datetime) -> bytes:
    """The text of a calendar, each entry a moment without a length."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Ostinato//Schedules//EN", f"X-WR-CALNAME:{_text(name)}"]
    for entry in entries:
        lines += [
            "BEGIN:VEVENT",
            f"UID:{_text(entry.uid)}",
            f"DTSTAMP:{_moment(now)}",
            f"DTSTART:{_moment(entry.at)}",
            f"SUMMARY:{_text(entry.summary)}",
            f"DESCRIPTION:{_text(entry.description)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(said: str) -> str:
    plain = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in said)
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """No letter is cut in two."""
    folded, room = bytearray(), LONGEST_LINE
    for letter in line:
        octets = letter.encode(errors="replace")
        if len(octets) > room:
            folded += b"\r\n "
            room = LONGEST_LINE - 1
        folded += octets
        room -= len(octets)
    return bytes(folded) + b"\r\n"

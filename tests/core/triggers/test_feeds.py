"""Fires as an iCalendar feed."""

from datetime import UTC, datetime

from ostinato.core.triggers.feeds import LONGEST_LINE, Entry, feed

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_an_entry_is_a_moment_with_its_words_escaped() -> None:
    entry = Entry(uid="1-a@ostinato", at=NOW, summary="load; then, check", description="first\nsecond\\")
    lines = feed("Production", [entry], NOW).decode().split("\r\n")
    assert lines[:2] == ["BEGIN:VCALENDAR", "VERSION:2.0"]
    assert "DTSTART:20260301T120000Z" in lines
    assert "SUMMARY:load\\; then\\, check" in lines
    assert "DESCRIPTION:first\\nsecond\\\\" in lines
    assert lines[-2:] == ["END:VCALENDAR", ""]


def test_long_lines_are_folded_between_letters_and_can_be_joined_again() -> None:
    name = "überlang " * 30
    text = feed("x", [Entry(uid="u", at=NOW, summary=name, description="")], NOW)
    assert all(len(line) <= LONGEST_LINE for line in text.split(b"\r\n"))
    assert f"SUMMARY:{name}".encode() in text.replace(b"\r\n ", b"")


def test_nothing_in_a_name_begins_a_line_of_its_own() -> None:
    text = feed("x", [Entry(uid="u", at=NOW, summary="a\r\nBEGIN:VALARM", description="\ud800")], NOW)
    assert b"\r\nBEGIN:VALARM" not in text

"""What is wrong with texts that people give, for use cases that take some."""

import unicodedata

from ostinato.core.errors import Problem

LONGEST_NAME = 200
UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""The Unicode categories of controls, of marks that steer the direction of writing, and of line ends."""


def name_problems(field: str, name: str) -> list[Problem]:
    """Names are written to terminals and logs."""
    if any(unicodedata.category(letter) in UNPRINTABLE for letter in name):
        return [Problem(path=field, message="a name has no control characters: write it without them")]
    return text_problems(field, name, LONGEST_NAME)


def text_problems(field: str, text: str, longest: int) -> list[Problem]:
    if not text.strip() or len(text) > longest or "\x00" in text:
        return [Problem(path=field, message=f"write 1 to {longest} characters")]
    return []

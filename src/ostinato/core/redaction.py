"""Keeps secrets out of everything that is written or shown."""

import re
from collections.abc import Iterable

MASK = "•••"
SHORTEST = 4
"""A shorter secret would blot out ordinary words; whoever uses one has no secret to lose."""


class Redactor:
    """Replaces known secrets wherever they stand in a text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({secret for secret in secrets if len(secret) >= SHORTEST}, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(secret) for secret in known)) if known else None

    def redact(self, text: str) -> str:
        return text if self._pattern is None else self._pattern.sub(MASK, text)

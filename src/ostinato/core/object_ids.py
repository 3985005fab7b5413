"""Ids of 24 hexadecimal digits for what has a number: they can be turned back, and those of another installation or
kind are told apart. 8 digits say installation and kind, 16 are the number; nothing has to be stored for it.
"""

import hashlib
import re
from enum import StrEnum
from functools import cache

FORM = re.compile(r"[0-9a-f]{24}", re.IGNORECASE | re.ASCII)
LARGEST = 2**63 - 1


class Kind(StrEnum):
    ENVIRONMENT = "environment"
    WORKSPACE = "workspace"
    ARTIFACT = "artifact"
    TYPE = "type"
    """Of a task that is no artifact: what such tasks show instead of one."""
    CONNECTION = "connection"
    RESOURCE = "resource"
    TASK = "task"
    PROMOTION = "promotion"
    PROJECT = "project"
    GROUP = "group"
    SCHEDULE = "schedule"


def make(installation: int, kind: Kind, number: int) -> str:
    """The id of what has this number, from 0 to `LARGEST`."""
    return f"{_mark(installation, kind)}{number:016x}"


def is_id(text: str) -> bool:
    return FORM.fullmatch(text) is not None


def number_of(text: str, installation: int, kind: Kind) -> int | None:
    """The number in an id; None if it is not one of this kind and this installation."""
    if not is_id(text) or text[:8].lower() != _mark(installation, kind):
        return None
    number = int(text[8:], 16)
    return number if number <= LARGEST else None


@cache
def _mark(installation: int, kind: Kind) -> str:
    return hashlib.blake2b(f"{installation}/{kind}".encode(), digest_size=4).hexdigest()

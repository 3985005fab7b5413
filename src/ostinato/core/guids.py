"""Guids for what has a number: they can be turned back, and those of another installation or kind are told apart.

A guid is a UUID of version 8 (RFC 9562): 64 bits are the number of the installation, 4 say the kind, 54 are the
number of the thing. Nothing has to be stored for it.
"""

import hashlib
import re
from enum import IntEnum
from uuid import UUID

EMPTY = UUID(int=0)
LARGEST = 2**54 - 1
LONGEST = 38
"""Characters of a guid with braces."""
DASHED = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
FORMS = re.compile(rf"[0-9a-f]{{32}}|{DASHED}|\{{{DASHED}\}}|\({DASHED}\)", re.IGNORECASE | re.ASCII)


class Kind(IntEnum):
    PLAN = 1
    RUN = 2
    TRIGGER = 3
    """What started a run; it has the run's number."""
    LINE = 4
    USER = 5
    STEP = 6


def parse(text: str) -> UUID | None:
    """A guid as .NET reads it: in any case, with braces or parentheses, without dashes; None if it is none."""
    text = text.strip(" ") if len(text) <= 2 * LONGEST else text
    return UUID(re.sub(r"[^0-9a-fA-F]", "", text)) if FORMS.fullmatch(text) else None


def make(installation: int, kind: Kind, number: int) -> UUID:
    """The guid of what has this number, from 0 to `LARGEST`."""
    return _version_8((installation & (2**64 - 1)) << 58 | kind << 54 | number)


def number_of(guid: UUID, installation: int, kind: Kind) -> int | None:
    """The number in a guid; None if it is not one of this kind and this installation."""
    number = guid.int & LARGEST
    return number if make(installation, kind, number) == guid else None


def of_line(installation: int, run: int, place: int) -> UUID:
    """The guid of a line in the log of a run. It cannot be turned back: both numbers have no room in it."""
    told = b"".join(number.to_bytes(16, "big", signed=True) for number in (installation, Kind.LINE, run, place))
    return _version_8(int.from_bytes(hashlib.blake2b(told, digest_size=16).digest(), "big") >> 6)


def of_step(installation: int, plan: int, name: str, *, handler: bool = False) -> UUID:
    """The guid of a step of a plan, or of what handles its failure: the same in every version that has the step."""
    told = b"".join(number.to_bytes(16, "big", signed=True) for number in (installation, Kind.STEP, plan, handler))
    return _version_8(int.from_bytes(hashlib.blake2b(told + name.encode(), digest_size=16).digest(), "big") >> 6)


def _version_8(bits: int) -> UUID:
    """122 bits as a UUID."""
    high, middle, low = bits >> 74, bits >> 62 & 0xFFF, bits & (2**62 - 1)
    return UUID(int=high << 80 | 8 << 76 | middle << 64 | 2 << 62 | low)

"""What opens the server: how each kind of credential is written, and what of it may be shown.

An API key is as the TimeXtender Orchestration API has it ("Creating a key", "Limits"); the other kinds are ours and
differ in how they begin.
"""

import hashlib
from datetime import timedelta
from enum import StrEnum

import msgspec

START_LENGTH = 4
SECRET_LENGTH = 32
"""Letters and digits after the beginning: 190 bits."""
PREFIX_LENGTH = 8
SUFFIX_LENGTH = 5
HIDDEN = "\N{BULLET}" * 8


class Kind(StrEnum):
    API_KEY = "api_key"
    LOCAL = "local"
    """The key of the command line on the server's machine."""
    TOKEN = "token"  # noqa: S105  # a kind, not a secret
    """A personal access token."""
    CLIENT = "client"
    """The secret of a service account, which is exchanged for access tokens (RFC 6749, section 4.4)."""
    ACCESS_TOKEN = "access_token"  # noqa: S105
    SESSION = "session"
    """Somebody who signed in with a browser."""


class Rules(msgspec.Struct, frozen=True):
    """How a kind begins, how many of it a user may have that work, and how long one lives unless it says otherwise."""

    start: str
    most: int
    life: timedelta | None = None


RULES = {
    Kind.API_KEY: Rules("txk_", 3),
    Kind.LOCAL: Rules("txk_", 1_000),
    Kind.TOKEN: Rules("ost_", 20),
    Kind.CLIENT: Rules("osc_", 3),
    Kind.ACCESS_TOKEN: Rules("osa_", 1_000, timedelta(minutes=30)),
    Kind.SESSION: Rules("oss_", 100, timedelta(hours=12)),
}
STARTS = frozenset(rules.start for rules in RULES.values())


def is_credential(text: str) -> bool:
    """Whether it is worth a look. The length is no matter: the vendor's own sample is longer than its text says."""
    return text[:START_LENGTH] in STARTS and text.isascii()


def digest_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def prefix_of(secret: str) -> str:
    """What finds its row; not secret."""
    return secret[START_LENGTH : START_LENGTH + PREFIX_LENGTH]


def preview(kind: Kind, suffix: str) -> str:
    """How it is shown after it was made (TimeXtender Orchestration API, "Creating a key")."""
    return f"{RULES[kind].start}{HIDDEN}{suffix}"

"""What webhooks tell of, how a message is signed, and when one that was not taken is sent again."""

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

START = "whsec_"
KEY_BYTES = 32
DELAYS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(hours=24),
)
"""After each attempt that failed; then it is given up."""
JITTER = 0.2
"""How much a delay may be longer, so that what failed together does not come again together."""


class Event(StrEnum):
    """What can happen to a run. Each happens to a run once at most, and of the ends only one."""

    STARTED = "run.started"
    SUCCEEDED = "run.succeeded"
    FAILED = "run.failed"
    CANCELLED = "run.cancelled"
    MISFIRED = "run.misfired"


class DeliveryState(StrEnum):
    """How far a message is."""

    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    """Given up."""
    DROPPED = "dropped"
    """The queue was full."""


def new_secret() -> str:
    return START + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def signatures(keys: Sequence[str], message: str, at: datetime, body: str) -> str:
    """The header of Standard Webhooks ("Signature scheme"): a signature for each key, with spaces between."""
    return " ".join(f"v1,{signature(key, message, str(int(at.timestamp())), body.encode())}" for key in keys)


def signature(key: str, message: str, seconds: str, body: bytes) -> str:
    """Of one message with one key."""
    signed = b".".join((message.encode(), seconds.encode(), body))
    digest = hmac.digest(base64.b64decode(key.removeprefix(START)), signed, "sha256")
    return base64.b64encode(digest).decode()


def retry_after(failures: int, chance: float) -> timedelta | None:
    """How long to wait after so many failures; `chance` is from 0 to 1. None: it is given up."""
    if failures > len(DELAYS):
        return None
    return DELAYS[failures - 1] * (1 + JITTER * chance)

"""What is known of a pause of a task or plan."""

from datetime import datetime
from typing import Literal

import msgspec


class Pause(msgspec.Struct, frozen=True):
    """Since when something is paused, by whom, and why."""

    at: datetime
    by: str
    by_kind: Literal["person", "service_account"] | None
    note: str | None

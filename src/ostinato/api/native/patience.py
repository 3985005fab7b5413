"""Long polling: an answer is held back until something has happened, or the caller's patience is over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL = 0.2
"""Seconds between two looks: a waiting request costs the database five statements a second."""


async def wait_until(look: Callable[[], Awaitable[T]], enough: Callable[[T], bool], seconds: float) -> T:
    """Look until it is enough or `seconds` have passed; what was seen last."""
    deadline = asyncio.get_running_loop().time() + seconds
    seen = await look()
    while not enough(seen) and (left := deadline - asyncio.get_running_loop().time()) > 0:
        await asyncio.sleep(min(INTERVAL, left))
        seen = await look()
    return seen

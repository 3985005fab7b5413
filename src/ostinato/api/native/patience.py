"""Long polling: an answer is held back until something has happened, or the caller's patience is over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

INTERVAL = 0.2
"""Seconds between two looks: a waiting request costs the database five statements a second."""


async def wait_until(
    look: Callable[[], Awaitable[T]],
    enough: Callable[[T], bool],
    seconds: float,
    happened: Callable[[], asyncio.Event] = asyncio.Event,
) -> T:
    """Look until it is enough or `seconds` have passed; what was seen last. `happened` gives an event that calls for a
    look at once, where there is one."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        event = happened()
        seen = await look()
        left = deadline - asyncio.get_running_loop().time()
        if enough(seen) or left <= 0:
            return seen
        try:
            async with asyncio.timeout(min(INTERVAL, left)):
                await event.wait()
        except TimeoutError:
            continue

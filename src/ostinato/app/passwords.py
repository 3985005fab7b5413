"""Passwords of people: argon2id, off the event loop, and few at a time, for each takes 50 ms of a core and 64 MB."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ostinato.core.errors import Problem, Unavailable

T = TypeVar("T")
SHORTEST, LONGEST = 12, 1_000
_HASHER = PasswordHasher()
MOST_WAITING = 100
"""More at once are turned away: each waits for the ones before it."""
_WORKERS = ThreadPoolExecutor(2, "passwords")
_waiting: set[object] = set()


def problems(password: str, field: str = "password") -> list[Problem]:
    if not SHORTEST <= len(password) <= LONGEST:
        return [Problem(path=field, message=f"use {SHORTEST} to {LONGEST:,} characters")]
    return []


async def hashed(password: str) -> str:
    return await _work(_HASHER.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Takes as long if nothing is stored, so that nobody learns whose names are known."""
    return await _work(_matches, password, stored)


def is_outdated(stored: str) -> bool:
    """Whether it was made with less cost than is usual now."""
    return _HASHER.check_needs_rehash(stored)


async def _work(function: Callable[..., T], *arguments: object) -> T:
    """Raises Unavailable when too many wait already."""
    if len(_waiting) >= MOST_WAITING:
        raise Unavailable("Too many people sign in at this moment: try again in a few seconds")
    one = object()
    _waiting.add(one)
    try:
        return await asyncio.get_running_loop().run_in_executor(_WORKERS, function, *arguments)
    finally:
        _waiting.discard(one)


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody's")


def _matches(password: str, stored: str | None) -> bool:
    try:
        return _HASHER.verify(stored or _nobodys(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False

"""Passwords of people: argon2id, off the event loop, and few at a time, for each takes 50 ms of a core and 64 MB."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ostinato.core.errors import Problem

SHORTEST, LONGEST = 12, 1_000
_HASHER = PasswordHasher()
_WORKERS = ThreadPoolExecutor(2, "passwords")


def problems(password: str) -> list[Problem]:
    if not SHORTEST <= len(password) <= LONGEST:
        return [Problem(path="password", message=f"use {SHORTEST} to {LONGEST:,} characters")]
    return []


async def hashed(password: str) -> str:
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, _HASHER.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Takes as long if nothing is stored, so that nobody learns whose names are known."""
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, _matches, password, stored)


def is_outdated(stored: str) -> bool:
    """Whether it was made with less cost than is usual now."""
    return _HASHER.check_needs_rehash(stored)


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody's")


def _matches(password: str, stored: str | None) -> bool:
    try:
        return _HASHER.verify(stored or _nobodys(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False

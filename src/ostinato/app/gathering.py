"""Questions that come while one like them is being answered are then asked together, in one statement.

A question that comes alone is asked at once. An answer is of a look that began after the question.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Any, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathering:
    """Of one server. Questions of one group are alike: the same statement, and the same rights."""

    def __init__(self) -> None:
        self._asked: dict[Hashable, list[tuple[Any, asyncio.Future[Any]]]] = {}
        self._answering: dict[Hashable, asyncio.Task[None]] = {}

    async def ask(
        self, group: Hashable, question: K, answer: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]
    ) -> V | None:
        """The answer to one question; None if there is none. What goes wrong goes wrong for all who asked together."""
        told: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(group, []).append((question, told))
        if group not in self._answering:
            self._answering[group] = asyncio.create_task(self._answer(group, answer))
        return await told

    async def _answer(self, group: Hashable, answer: Callable[[Sequence[Any]], Awaitable[Mapping[Any, Any]]]) -> None:
        try:
            while asked := self._asked.pop(group, []):
                try:
                    answers = await answer(list(dict.fromkeys(question for question, _ in asked)))
                except Exception as error:
                    for _, told in asked:
                        if not told.done():
                            told.set_exception(error)
                else:
                    for question, told in asked:
                        if not told.done():
                            told.set_result(answers.get(question))
        finally:
            del self._answering[group]

"""Questions that come together are asked together, and each gets its own answer."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from ostinato.app.gathering import Gathering


class Oracle:
    """Answers when it is let, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.let = asyncio.Event()
        self.let.set()

    async def answer(self, questions: Sequence[int]) -> Mapping[int, str]:
        self.asked.append(list(questions))
        await self.let.wait()
        if 13 in questions:
            raise RuntimeError("unlucky")
        return {question: f"answer {question}" for question in questions if question > 0}


async def test_a_question_that_comes_alone_is_asked_at_once() -> None:
    oracle, gathering = Oracle(), Gathering()
    assert await gathering.ask("a", 1, oracle.answer) == "answer 1"
    assert await gathering.ask("a", 0, oracle.answer) is None
    assert oracle.asked == [[1], [0]]


async def test_those_that_come_meanwhile_are_asked_together_each_once() -> None:
    oracle, gathering = Oracle(), Gathering()
    oracle.let.clear()
    first = asyncio.create_task(gathering.ask("a", 1, oracle.answer))
    while not oracle.asked:
        await asyncio.sleep(0)
    rest = [asyncio.create_task(gathering.ask("a", number, oracle.answer)) for number in (2, 3, 2, 0)]
    other = asyncio.create_task(gathering.ask("b", 9, oracle.answer))
    await asyncio.sleep(0)
    oracle.let.set()
    assert await asyncio.gather(first, *rest, other) == [
        "answer 1",
        "answer 2",
        "answer 3",
        "answer 2",
        None,
        "answer 9",
    ]
    assert sorted(oracle.asked) == [[1], [2, 3, 0], [9]]


async def test_what_goes_wrong_goes_wrong_for_those_who_asked_together_and_for_nobody_else() -> None:
    oracle, gathering = Oracle(), Gathering()
    with pytest.raises(RuntimeError, match="unlucky"):
        await gathering.ask("a", 13, oracle.answer)
    assert await gathering.ask("a", 1, oracle.answer) == "answer 1"


async def test_whoever_goes_away_leaves_the_others_their_answers() -> None:
    oracle, gathering = Oracle(), Gathering()
    oracle.let.clear()
    gone, stays = (asyncio.create_task(gathering.ask("a", number, oracle.answer)) for number in (1, 2))
    while not oracle.asked:
        await asyncio.sleep(0)
    gone.cancel()
    oracle.let.set()
    assert await stays == "answer 2"
    assert oracle.asked == [[1, 2]]

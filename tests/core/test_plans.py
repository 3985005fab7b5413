"""Graphs of steps and what is asked of them."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.ids import TaskId
from ostinato.core.plans import Graph, Ref, Step, find_cycle
from ostinato.core.progress import NOTHING, EndedStep, Following, StepState, following


def step(name: str, *after: int, fails_to: int | None = None) -> Step:
    handler = (Ref(task=TaskId(fails_to)),) if fails_to else ()
    return Step(name=name, runs=(Ref(task=TaskId(1)),), after=after, on_failure=handler)


DIAMOND = Graph(steps=(step("a"), step("b", 0), step("c", 0), step("d", 1, 2, fails_to=9)))


def test_roots_and_followers_of_a_diamond() -> None:
    assert DIAMOND.roots() == [0]
    assert DIAMOND.followers(0) == [1, 2]
    assert DIAMOND.followers(1) == DIAMOND.followers(2) == [3]
    assert DIAMOND.tasks() == [1, 9]


def test_a_cycle_is_named_along_its_path() -> None:
    cycle = find_cycle({"a": ["c"], "b": ["a"], "c": ["b"]})
    assert cycle
    assert cycle[0] == cycle[-1]
    assert set(pairwise(cycle)) == {("a", "c"), ("c", "b"), ("b", "a")}
    assert find_cycle({"a": [], "b": ["a"], "c": ["a", "b"]}) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_edges_that_only_point_backwards_never_make_a_cycle(pairs: list[tuple[int, int]]) -> None:
    after: dict[str, set[str]] = {str(n): set() for n in range(10)}
    for one, other in pairs:
        if one != other:
            after[str(max(one, other))].add(str(min(one, other)))
    assert find_cycle(after) is None


def test_success_counts_followers_down_and_failure_starts_the_handler() -> None:
    def ended(number: int, state: StepState, *, handler: bool = False) -> EndedStep:
        return EndedStep(run=1, step=number, handler=handler, state=state)

    assert following(DIAMOND, ended(0, StepState.SUCCEEDED), cancelling=False) == Following(followers=(1, 2))
    assert following(DIAMOND, ended(3, StepState.FAILED), cancelling=False) == Following(handler=True, failed=True)
    assert following(DIAMOND, ended(1, StepState.FAILED), cancelling=False) == Following(failed=True)
    assert following(DIAMOND, ended(3, StepState.FAILED, handler=True), cancelling=False) == NOTHING
    assert following(DIAMOND, ended(0, StepState.SUCCEEDED), cancelling=True) == NOTHING

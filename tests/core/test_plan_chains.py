"""Plans as chains: their order, what they say, and what a chain could not say."""

from graphlib import TopologicalSorter

from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.ids import PlanId, TaskId
from ostinato.core.plan_chains import LONGEST, MOST_LOSSES, Link, in_order, links, losses, same
from ostinato.core.plans import Graph, Ref, Step


def step(name: str, *after: int, runs: tuple[Ref, ...] = (Ref(task=TaskId(1)),)) -> Step:
    return Step(name=name, runs=runs, after=after)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Steps in a drawn order, each after some of those before it in another."""
    count = draw(st.integers(1, 8))
    places = draw(st.permutations(range(count)))
    steps = {}
    for rank, place in enumerate(places):
        after = draw(st.sets(st.sampled_from(places[:rank]))) if rank else set()
        steps[place] = step(f"s{place}", *sorted(after))
    return Graph(steps=tuple(steps[place] for place in range(count)))


@given(graphs())
def test_every_step_comes_after_what_it_waits_for(graph: Graph) -> None:
    order = in_order(graph)
    assert sorted(order) == list(range(len(graph.steps)))
    assert all(order.index(before) < order.index(number) for number in order for before in graph.steps[number].after)


@given(graphs())
def test_only_a_chain_loses_nothing(graph: Graph) -> None:
    sorter = TopologicalSorter({number: one.after for number, one in enumerate(graph.steps)})
    sorter.prepare()
    is_chain = True
    while ready := sorter.get_ready():
        is_chain = is_chain and len(ready) == 1
        sorter.done(*ready)
    skips = any(len(one.after) > 1 for one in graph.steps)
    assert (losses(graph) == []) == (is_chain and not skips)


def test_steps_side_by_side_stay_as_they_are_written() -> None:
    assert in_order(Graph(steps=(step("a"), step("b"), step("c", 1), step("d", 0)))) == [0, 1, 2, 3]
    assert in_order(Graph(steps=(step("a", 2), step("b"), step("c")))) == [1, 2, 0]


def test_what_runs_side_by_side_has_no_order_and_no_note_is_an_empty_one() -> None:
    one = Link(name="a", tasks=(TaskId(1), TaskId(2)), failure_plans=(PlanId(3), PlanId(4)))
    other = Link(name="a", tasks=(TaskId(2), TaskId(1)), failure_plans=(PlanId(4), PlanId(3)), note="")
    assert same([one], [other])
    assert not same([one], [one, one])
    assert not same([one], [Link(name="a", tasks=(TaskId(1),), failure_plans=one.failure_plans)])


def test_a_few_losses_are_told_and_the_rest_is_counted() -> None:
    plan = (Ref(plan=PlanId(1)),)
    told = losses(Graph(steps=tuple(step(str(number), runs=plan) for number in range(4))))
    assert len(told) == MOST_LOSSES + 1
    assert told[:2] == ["'0' runs a plan", "'1' starts at once"]
    assert told[-1] == "and 2 more"


def test_of_a_very_long_chain_the_beginning_is_told() -> None:
    steps = (step("0"), *(step(str(number), number - 1) for number in range(1, LONGEST + 10)))
    graph = Graph(steps=steps)
    assert [link.name for link in links(graph)] == [str(number) for number in range(LONGEST)]
    assert losses(graph) == ["10 steps after the first 500"]

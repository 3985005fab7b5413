"""Data triggers without a database: rings are found wherever there is one, and what is waited for is said."""

from collections.abc import Mapping
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.data_triggers import Source, find_ring, fire_in_words, ring_in_words, waits_for
from ostinato.core.ids import PlanId, TaskId
from ostinato.core.plans import Ref, find_cycle

THINGS = [Ref(task=TaskId(n)) for n in range(5)] + [Ref(plan=PlanId(n)) for n in range(3)]
GRAPHS = st.dictionaries(st.sampled_from(THINGS), st.lists(st.sampled_from(THINGS), max_size=3))
SOURCES = st.lists(st.sampled_from(THINGS), min_size=1, max_size=3, unique=True)
ONE = Source(name="a", workspace="w", satisfied=True)
TWO = Source(name="b", workspace="w")
GONE = Source(name="c", workspace="w", deleted=True)
HIDDEN = Source()


def has_cycle(leads_to: Mapping[Ref, list[Ref]]) -> bool:
    return find_cycle({repr(one): [repr(other) for other in others] for one, others in leads_to.items()}) is not None


@given(GRAPHS, st.sampled_from(THINGS), SOURCES)
def test_a_ring_is_found_exactly_where_a_trigger_would_close_one(
    leads_to: dict[Ref, list[Ref]], starts: Ref, sources: list[Ref]
) -> None:
    if has_cycle(leads_to):
        leads_to = {one: [other for other in others if repr(one) < repr(other)] for one, others in leads_to.items()}
    closed = {one: list(others) for one, others in leads_to.items()}
    for source in sources:
        closed[source] = [*closed.get(source, []), starts]
    assert (find_ring(leads_to, starts, sources) is not None) == has_cycle(closed)


@given(GRAPHS, st.sampled_from(THINGS), SOURCES)
def test_a_ring_goes_from_the_start_by_what_leads_to_what_to_a_source_and_no_way_round(
    leads_to: dict[Ref, list[Ref]], starts: Ref, sources: list[Ref]
) -> None:
    ring = find_ring(leads_to, starts, sources)
    if ring is None:
        return
    assert ring[0] == ring[-1] == starts
    assert ring[-2] in sources
    assert all(after in leads_to[before] for before, after in pairwise(ring[:-1]))
    assert len(set(ring[:-1])) == len(ring) - 1


def test_a_ring_is_named_as_far_as_it_may_be_seen() -> None:
    names = {THINGS[0]: "t", THINGS[1]: "a", THINGS[2]: None}
    assert ring_in_words([THINGS[0], THINGS[0]], names) == (
        "'t' would start itself for ever: name sources that it does not start"
    )
    assert ring_in_words([THINGS[0], THINGS[1], THINGS[2], THINGS[0]], names) == (
        "it would start itself for ever: 't' leads to 'a' leads to something that you may not see leads to 't'"
    )


@pytest.mark.parametrize(
    ("condition", "sources", "more", "said"),
    [
        ("all", [ONE, TWO], {}, "a success of 'b' in workspace 'w'"),
        ("any", [TWO, HIDDEN], {}, "a success of 'b' in workspace 'w' or what you may not see"),
        ("all", [TWO, TWO, HIDDEN], {}, f"a success of {TWO}, {TWO} and what you may not see"),
        ("all", [ONE, HIDDEN], {}, "a success of what you may not see"),
        ("all", [ONE, GONE], {}, f"nothing: {GONE} cannot succeed any more, so it never fires"),
        ("any", [TWO, GONE], {}, f"a success of {TWO} or {GONE}"),
        ("any", [GONE, GONE], {}, f"nothing: {GONE} and {GONE} cannot succeed any more, so it never fires"),
        ("any", [ONE, TWO], {}, "nothing: it fires in a moment"),
        ("all", [ONE], {"at_work": "t"}, "the end of 't', which must not overlap"),
        ("all", [], {}, "nothing: none of its sources is there any more, so it never fires"),
        ("all", [ONE], {"active": False}, "nothing: it is not active"),
    ],
)
def test_what_it_waits_for_is_said(condition: str, sources: list[Source], more: dict[str, object], said: str) -> None:
    assert waits_for(condition, sources, **{"active": True, "at_work": None, **more}) == said  # type: ignore[arg-type]


def test_fires_are_counted_in_words() -> None:
    said = [fire_in_words(number).split()[1] for number in (1, 2, 3, 4, 11, 12, 13, 21, 102, 111)]
    assert said == ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "102nd", "111th"]

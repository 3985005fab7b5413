"""The state machine is one table, and its consequences hold."""

from ostinato.core.states import ENDED, LIVE, NEXT, State, sources


def test_every_state_has_a_row_and_ended_ones_lead_nowhere() -> None:
    assert set(NEXT) == set(State)
    assert len(ENDED) == 3
    assert all(not NEXT[state] for state in ENDED)
    assert set(State) == LIVE | ENDED


def test_sources_are_the_inverse_of_next() -> None:
    for target in State:
        assert sources(target) == {state for state in State if target in NEXT[state]}


def test_every_live_state_can_be_cancelled_and_can_fail() -> None:
    for state in LIVE:
        assert {State.CANCELLED, State.FAILED} <= NEXT[state]

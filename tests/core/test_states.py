"""The state machine is one table, and its consequences hold."""

from tools.states_reference import PAGE, page, told

from ostinato.core.states import ENDED, LIVE, NEXT, Event, Hold, Reason, State, effect, sources


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


def test_ended_runs_do_not_differ_in_what_may_happen_to_them() -> None:
    for event in Event:
        assert len({effect(state, event) for state in ENDED}) == 1


def test_every_word_of_the_state_machine_is_explained() -> None:
    for words in (State, Event, Reason, Hold):
        assert all(text.endswith(".") for _, text in told(words))


def test_the_reference_of_states_is_what_the_table_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run make generate"

"""A clock that is asked now and then: what is made of its answers."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.clocks import DRIFT, Told, better

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
answers = st.lists(
    st.tuples(st.floats(0.5, 60), st.floats(0, 5), st.floats(0, 5), st.floats(-DRIFT, DRIFT)), min_size=1, max_size=20
)


def told(at: float, asked: float, told: float) -> Told:
    return Told(at=BEGIN + timedelta(seconds=at), asked=asked, told=told)


@given(answers)
def test_it_is_never_ahead_of_the_clock_and_behind_by_no_more_than_the_last_answer_took(
    answers: list[tuple[float, float, float, float]],
) -> None:
    kept, true, ours = None, 0.0, 0.0
    for pause, there, back, drift in answers:
        asked = ours + pause
        true += (pause + there) * (1 + drift)
        answered = told(true, asked, asked + there + back)
        true, ours = true + back * (1 + drift), asked + there + back
        kept = better(kept, answered)
        behind = (BEGIN + timedelta(seconds=true) - kept.now(ours)).total_seconds()
        assert -DRIFT * (ours - kept.told) - 1e-5 <= behind <= there + back + DRIFT * (there + back) + 1e-5


def test_an_answer_that_took_long_does_not_replace_one_that_took_less() -> None:
    quick = told(10.0, 0.0, 0.001)
    assert better(quick, told(12.0, 2.0, 5.0)) is quick
    assert quick.now(5.0) == BEGIN + timedelta(seconds=14.999)


def test_an_answer_is_replaced_by_one_that_took_somewhat_longer_when_it_is_old() -> None:
    quick, later = told(10.0, 0.0, 0.001), told(3_610.0, 3_600.0, 3_600.5)
    assert better(quick, later) is later


def test_a_clock_that_was_set_is_believed_at_once() -> None:
    quick = told(10.0, 0.0, 0.001)
    for wrong in (told(2.0, 2.0, 4.0), told(100.0, 2.0, 4.0)):
        assert better(quick, wrong) is wrong

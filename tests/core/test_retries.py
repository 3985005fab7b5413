"""When a failed attempt is tried again."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.retries import RetryPolicy, retry_due
from ostinato.core.states import Reason

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_waits_grow_by_the_factor_up_to_the_ceiling() -> None:
    policy = RetryPolicy(attempts=6, delay=10, factor=3, ceiling=100)
    waits = [retry_due(policy, attempt, Reason.ERROR, NOW) for attempt in range(1, 7)]
    assert [wait and (wait - NOW).total_seconds() for wait in waits] == [10, 30, 90, 100, 100, None]


def test_only_named_reasons_are_worth_another_try() -> None:
    policy = RetryPolicy(attempts=2, on=("timeout",))
    assert retry_due(policy, 1, Reason.TIMEOUT, NOW)
    assert retry_due(policy, 1, Reason.ERROR, NOW) is None
    assert retry_due(RetryPolicy(attempts=2), 1, Reason.CHECK_FAILED, NOW) is None


@given(st.integers(1, 100), st.integers(1, 200), st.floats(0, 86_400), st.floats(1, 10), st.floats(0, 86_400))
def test_no_wait_is_longer_than_the_ceiling(
    attempts: int, attempt: int, delay: float, factor: float, ceiling: float
) -> None:
    policy = RetryPolicy(attempts=attempts, delay=delay, factor=factor, ceiling=ceiling)
    due = retry_due(policy, attempt, Reason.ERROR, NOW)
    assert (due is None) == (attempt >= attempts)
    assert due is None or NOW <= due <= NOW + timedelta(seconds=ceiling + 1)

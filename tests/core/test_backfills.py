"""The times of a backfill, and how it stands."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.backfills import MOST_FIRES, BackfillState, Standing, Stopped, times_of, why_stopped
from ostinato.core.errors import Invalid
from ostinato.core.triggers import between, read_trigger
from ostinato.core.triggers.kinds import Trigger

BEGIN = datetime(2026, 3, 27, tzinfo=UTC)


def every(minutes: int, **more: object) -> Trigger:
    return read_trigger({"when": {"type": "interval", "everyMinutes": minutes}, **more})


@given(
    minutes=st.lists(st.integers(5, 2_000), min_size=1, max_size=4),
    jitter=st.integers(0, 3_600),
    minute=st.integers(0, 2_000_000),
    hours=st.integers(1, 200),
)
def test_times_are_all_fires_of_the_window_in_order_each_once_and_without_jitter(
    minutes: list[int], jitter: int, minute: int, hours: int
) -> None:
    begin, tick = BEGIN - timedelta(minutes=minute), timedelta(microseconds=1)
    end = begin + timedelta(hours=hours)
    expected = {at for each in minutes for at in between(every(each), begin - tick, end - tick)}
    triggers = [every(each, jitterSeconds=jitter) for each in minutes]
    if 0 < len(expected) <= MOST_FIRES:
        assert times_of(triggers, begin, end) == sorted(expected)
        return
    with pytest.raises(Invalid) as refused:
        times_of(triggers, begin, end)
    assert [problem.path for problem in refused.value.problems] == ["to"]


def test_the_window_has_its_beginning_and_not_its_end() -> None:
    hourly = every(60)
    assert times_of([hourly], BEGIN, BEGIN + timedelta(hours=2)) == [BEGIN, BEGIN + timedelta(hours=1)]
    assert len(times_of([hourly], BEGIN, BEGIN + timedelta(hours=MOST_FIRES))) == MOST_FIRES
    with pytest.raises(Invalid, match="more than 10,000 times"):
        times_of([hourly], BEGIN, BEGIN + timedelta(hours=MOST_FIRES + 1))
    with pytest.raises(Invalid, match="nothing fires"):
        times_of([hourly], BEGIN + timedelta(minutes=1), BEGIN + timedelta(minutes=59))


def test_a_day_with_25_hours_has_one_fire_at_each_time_of_its_clock() -> None:
    daily = read_trigger({"when": {"type": "daily", "at": ["01:30", "02:30"]}, "timeZone": "Europe/Berlin"})
    sunday = datetime(2025, 10, 25, 22, 0, tzinfo=UTC)
    assert len(times_of([daily], sunday, sunday + timedelta(hours=25))) == 2


@pytest.mark.parametrize(
    ("live", "failed", "cancelled", "waiting", "stopped", "ended", "state"),
    [
        (2, 1, 0, None, None, False, BackfillState.RUNNING),
        (0, 0, 0, None, None, False, BackfillState.RUNNING),
        (1, 0, 0, "paused", None, False, BackfillState.RUNNING),
        (0, 0, 0, "paused", None, False, BackfillState.WAITING),
        (1, 0, 0, None, "cancelled", False, BackfillState.RUNNING),
        (0, 1, 2, None, "cancelled", True, BackfillState.CANCELLED),
        (0, 0, 0, None, "deleted", True, BackfillState.CANCELLED),
        (0, 1, 0, None, "failed", True, BackfillState.FAILED),
        (0, 1, 0, None, None, True, BackfillState.FAILED),
        (0, 0, 1, None, None, True, BackfillState.FAILED),
        (0, 0, 0, None, None, True, BackfillState.SUCCEEDED),
    ],
)
def test_the_state_follows_from_counts_and_from_what_stopped_it(
    live: int, failed: int, cancelled: int, waiting: str | None, stopped: Stopped | None, ended: bool, state: str
) -> None:
    standing = Standing(
        live=live, failed=failed, cancelled=cancelled, waiting=waiting, stopped=stopped, has_ended=ended
    )
    assert standing.state == state


def test_it_is_told_in_words_why_it_stopped() -> None:
    assert why_stopped("cancelled", "anna", "plan") == "anna cancelled it"
    assert why_stopped("deleted", None, "plan") == "the plan was deleted"
    assert why_stopped("failed", None, "task") == "a run failed, and it was told to stop then"

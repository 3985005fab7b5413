"""What a run of a plan came to, from the runs below it."""

import pytest

from ostinato.core.ids import PlanId, RunId, TaskId
from ostinato.core.plan_runs import Level, Member, Summary, level_of, summary
from ostinato.core.states import State

INFORMATION, WARNING, ERROR = Level


def member(run: int, state: State, parent: int | None = 1, *, task: int = 0, found: bool = False) -> Member:
    return Member(
        root=RunId(1),
        run=RunId(run),
        parent=None if parent is None else RunId(parent),
        step=None if parent is None else 0,
        handler=False,
        task=TaskId(task or run) if task >= 0 else None,
        plan=PlanId(-task) if task < 0 else None,
        state=state,
        reason=None,
        message=None,
        started_at=None,
        ended_at=None,
        by_worker=parent is not None and task >= 0,
        found=found,
        name="x",
        type=None,
        uses=[],
    )


def root(state: State) -> Member:
    return member(1, state, None)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_a_plan_that_succeeded_although_something_below_did_not_is_told_apart(state: State) -> None:
    below = [root(State.SUCCEEDED), member(2, state), member(3, State.SUCCEEDED)]
    assert summary(State.SUCCEEDED, below, ERROR) is Summary.WITH_FAILURES
    assert summary(State.FAILED, below, ERROR) is Summary.FAILED
    assert summary(State.CANCELLED, below, ERROR) is Summary.FAILED


def test_a_failure_that_another_try_of_the_plan_made_good_is_a_warning() -> None:
    below = [root(State.SUCCEEDED), member(2, State.FAILED, task=7), member(3, State.SUCCEEDED, task=7)]
    assert summary(State.SUCCEEDED, below, ERROR) is Summary.WITH_WARNINGS


def test_a_failure_deep_below_counts_unless_it_belongs_to_a_try_that_was_repeated() -> None:
    inner = [member(2, State.SUCCEEDED, task=-5), member(3, State.FAILED, 2)]
    assert summary(State.SUCCEEDED, [root(State.SUCCEEDED), *inner], ERROR) is Summary.WITH_FAILURES
    again = [member(4, State.SUCCEEDED, task=-5), member(5, State.SUCCEEDED, 4)]
    assert summary(State.SUCCEEDED, [root(State.SUCCEEDED), *inner, *again], ERROR) is Summary.WITH_WARNINGS


def test_a_plan_has_begun_when_a_worker_was_given_something() -> None:
    waiting = [root(State.RUNNING), member(2, State.RUNNING, task=-5), member(3, State.QUEUED, 2)]
    assert summary(State.RUNNING, waiting, INFORMATION) is Summary.PENDING
    assert summary(State.QUEUED, [root(State.QUEUED)], INFORMATION) is Summary.PENDING
    for state in (State.CLAIMED, State.RUNNING, State.SUCCEEDED):
        assert summary(State.RUNNING, [*waiting, member(4, state, 2)], INFORMATION) is Summary.AT_WORK


def test_without_failures_the_most_serious_line_decides() -> None:
    below = [root(State.SUCCEEDED), member(2, State.SUCCEEDED)]
    assert summary(State.SUCCEEDED, below, INFORMATION) is Summary.SUCCEEDED
    assert summary(State.SUCCEEDED, below, WARNING) is Summary.WITH_WARNINGS
    assert summary(State.SUCCEEDED, below, ERROR) is Summary.WITH_WARNINGS


def test_the_end_of_a_run_is_as_serious_as_its_state() -> None:
    assert [member(2, state).level for state in (State.SUCCEEDED, State.FAILED, State.CANCELLED)] == [
        INFORMATION,
        ERROR,
        ERROR,
    ]
    assert member(2, State.SUCCEEDED, found=True).level is WARNING


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("loaded 12 rows", INFORMATION),
        ("", INFORMATION),
        ("no errors, no warnings", INFORMATION),
        ("warned is another word", INFORMATION),
        ("Warnings: 0", INFORMATION),
        ("errors: 0", INFORMATION),
        ("WARNING: 2 rows without a key", WARNING),
        ("warning 7", WARNING),
        ("WARN  [main] slow", WARNING),
        ("[Warn] slow", WARNING),
        ("WARNING:root:slow", WARNING),
        ("   * warning: x", WARNING),
        ("Attempt 1 failed (error): not yet; another will follow", WARNING),
        ("Attempt 1 failed (error): two\nlines; another will follow", WARNING),
        ("Attempt 1 reported its end (succeeded) after it was taken back: this changes nothing", WARNING),
        ("The server that ran this attempt is gone: queued", WARNING),
        ("The server stopped: the attempt ended and will start again", WARNING),
        ("The log ends here: it has 200,000 lines", WARNING),
        ("ERROR: Connection timeout after 30s", ERROR),
        ("error", ERROR),
        ("[ERROR] x", ERROR),
        ("Fatal: x", ERROR),
        ("CRITICAL:root:x", ERROR),
        ("It cannot begin: a parameter has no value", ERROR),
        ("Failed (exit_code): it ended with 3", ERROR),
        ("Cancelled (cancel_requested): it was told to end", ERROR),
    ],
)
def test_a_line_is_as_serious_as_it_begins(line: str, level: Level) -> None:
    assert level_of(line) is level

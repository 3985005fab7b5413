"""What runs and steps wait for, in words."""

from datetime import UTC, datetime
from itertools import product

import msgspec
import pytest

from ostinato.core.ids import RunId, TaskId
from ostinato.core.plans import Graph, Ref, Step
from ostinato.core.progress import StepState
from ostinato.core.states import LIVE, Hold, State
from ostinato.core.waiting import MOST_AHEAD, Facts, StepFacts, why_run, why_steps

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
READY = Facts(
    run=RunId(900),
    kind="task",
    state=State.QUEUED,
    hold=None,
    needs_worker=True,
    attempt=0,
    due_at=NOW,
    cancelling=False,
    servers=1,
    at_work=0,
    oldest=None,
    slots=8,
    ahead=0,
    pool=None,
    paused_at=None,
    paused_by=None,
    pause_note=None,
)

SENTENCES = [
    ({}, "is ready: a free worker slot takes it within a second"),
    ({"servers": 0, "slots": 0}, "is ready, but no server is alive: starts when one is"),
    ({"slots": 0}, "is ready, but no server that is alive has worker slots: starts when one has"),
    (
        {"at_work": 8, "oldest": 7},
        "is ready: all 8 worker slots of 1 server are busy; "
        "starts when one of their attempts ends (the oldest is run 7)",
    ),
    (
        {"at_work": 16, "slots": 16, "servers": 2, "ahead": 3},
        "is ready: all 16 worker slots of 2 servers are busy and 3 runs go first; "
        "starts when one of their attempts ends",
    ),
    (
        {"at_work": 1, "slots": 1, "oldest": 7, "ahead": 1},
        "is ready: the only worker slot is busy and 1 run goes first; starts when run 7 ends",
    ),
    (
        {"at_work": 1, "slots": 1, "ahead": MOST_AHEAD},
        "is ready: the only worker slot is busy and 100 or more runs go first; starts when that run ends",
    ),
    ({"needs_worker": False}, "is ready: its first steps are opened within a second"),
    ({"hold": Hold.DUE, "due_at": LATER, "attempt": 1}, "will be tried again at 2026-03-01T12:30:00.000Z"),
    ({"hold": Hold.DUE, "due_at": LATER}, "will start at 2026-03-01T12:30:00.000Z"),
    ({"hold": Hold.DUE}, "its time has come: starts within a second"),
    (
        {"hold": Hold.DUE, "servers": 0},
        "its time has come: starts when a server is alive, which none is at the moment",
    ),
    ({"hold": Hold.TASK, "at_work": 1, "oldest": 812}, "waits for run 812 of the same task to end"),
    ({"hold": Hold.TASK, "at_work": 1}, "waits for another run of the same task to end"),
    (
        {"hold": Hold.PLAN, "kind": "plan", "at_work": 1, "oldest": 812, "ahead": 2},
        "waits for run 812 of the same plan to end, and for 2 runs that go first",
    ),
    ({"hold": Hold.TASK, "ahead": 1}, "waits for 1 run that goes first, of the same task"),
    (
        {"hold": Hold.TASK},
        "the run of the same task that it waited for has ended: starts within a second",
    ),
    (
        {"hold": Hold.POOL, "pool": "warehouse", "slots": 3, "at_work": 3, "oldest": 812},
        "waits for a slot of pool warehouse: 3 of 3 are taken, "
        "the next is free when one of their runs ends (the oldest is run 812)",
    ),
    (
        {"hold": Hold.POOL, "pool": "warehouse", "slots": 1, "at_work": 1, "oldest": 812, "ahead": 4},
        "waits for a slot of pool warehouse: 1 of 1 is taken, 4 runs go first, the next is free when run 812 ends",
    ),
    (
        {"hold": Hold.POOL, "pool": "warehouse", "slots": 1, "at_work": 1},
        "waits for a slot of pool warehouse: 1 of 1 is taken, the next is free when that run ends",
    ),
    (
        {"hold": Hold.POOL, "pool": "warehouse", "slots": 3, "at_work": 5, "ahead": 1},
        "waits for a slot of pool warehouse: 5 are taken, more than the 3 it has now, 1 run goes first, "
        "the next is free when enough of their runs have ended",
    ),
    (
        {"hold": Hold.POOL, "pool": "warehouse", "slots": 0},
        "waits for a slot of pool warehouse, which has none: starts when somebody gives it slots",
    ),
    (
        {"hold": Hold.POOL, "pool": "warehouse", "slots": 3, "at_work": 2},
        "waits for a slot of pool warehouse: 1 of 3 is free; starts within a second",
    ),
    (
        {"hold": Hold.PAUSED, "paused_at": NOW, "paused_by": "anna", "pause_note": "maintenance"},
        "is paused by anna since 2026-03-01T12:00:00.000Z (maintenance): starts when somebody resumes it",
    ),
    (
        {"hold": Hold.PAUSED, "paused_at": NOW},
        "is paused since 2026-03-01T12:00:00.000Z: starts when somebody resumes it",
    ),
    (
        {"paused_at": NOW, "at_work": 8},
        "is paused since 2026-03-01T12:00:00.000Z: starts when somebody resumes it",
    ),
    ({"hold": Hold.PAUSED}, "was resumed: starts within a second"),
    ({"state": State.CLAIMED}, "has a worker slot and is being started"),
    ({"state": State.CLAIMED, "cancelling": True}, "was asked to end: its worker is being told"),
    ({"state": State.RUNNING}, None),
    ({"state": State.SUCCEEDED}, None),
]


@pytest.mark.parametrize(("more", "words"), SENTENCES)
def test_a_run_says_what_it_waits_for(more: dict[str, object], words: str | None) -> None:
    assert why_run(msgspec.structs.replace(READY, **more), NOW) == words


def test_there_is_a_sentence_for_every_run_that_is_not_at_work_whatever_is_known_of_it() -> None:
    facts = product((None, *Hold), (0, 1), (0, 1, 9), (None, RunId(5)), (0, 1, 8), (0, 5), (True, False))
    for hold, servers, at_work, oldest, slots, ahead, needs_worker in facts:
        for state in LIVE - {State.RUNNING}:
            words = why_run(
                msgspec.structs.replace(
                    READY,
                    state=state,
                    hold=hold if state is State.QUEUED else None,
                    servers=servers,
                    at_work=at_work,
                    oldest=oldest,
                    slots=slots,
                    ahead=ahead,
                    needs_worker=needs_worker,
                    pool="warehouse",
                ),
                NOW,
            )
            assert words
            assert "None" not in words


def step(name: str, *after: int, runs: int = 1, limit: int | None = None) -> Step:
    return Step(name=name, runs=tuple(Ref(task=TaskId(n)) for n in range(runs)), after=after, limit=limit)


GRAPH = Graph(steps=(step("load"), step("check"), step("join", 0, 1), step("send", 2)))


def standing(number: int, state: StepState, remaining: int = 0, *, handler: bool = False) -> StepFacts:
    return StepFacts(step=number, handler=handler, state=state, remaining=remaining)


def test_a_step_names_the_steps_before_it_that_have_not_succeeded() -> None:
    running = [standing(0, StepState.RUNNING), standing(1, StepState.RUNNING)]
    assert why_steps(GRAPH, running, State.RUNNING, cancelling=False) == [
        None,
        None,
        "waits for steps load, check",
        "waits for step join",
    ]
    one = [standing(0, StepState.SUCCEEDED), standing(1, StepState.RUNNING), standing(2, StepState.WAITING)]
    assert why_steps(GRAPH, one, State.RUNNING, cancelling=False)[2] == "waits for step check"


def test_a_step_behind_one_that_did_not_succeed_never_starts_however_far_behind() -> None:
    failed = [standing(0, StepState.FAILED), standing(1, StepState.RUNNING)]
    words = why_steps(GRAPH, failed, State.RUNNING, cancelling=False)
    assert words == [None, None, *["never starts: step load did not succeed"] * 2]


def test_a_failed_handler_keeps_no_step_from_starting() -> None:
    handled = [standing(0, StepState.SUCCEEDED), standing(0, StepState.FAILED, handler=True)]
    assert why_steps(GRAPH, handled, State.RUNNING, cancelling=False)[2] == "waits for step check"


def test_no_step_starts_in_a_run_that_was_asked_to_end_and_none_waits_in_one_that_has_ended() -> None:
    running = [standing(0, StepState.RUNNING)]
    ending = why_steps(GRAPH, running, State.RUNNING, cancelling=True)
    assert ending == [None, *["never starts: the run was asked to end"] * 3]
    assert why_steps(GRAPH, running, State.FAILED, cancelling=False) == [None] * 4


def test_the_steps_of_a_queued_plan_wait_for_it_to_begin() -> None:
    assert set(why_steps(GRAPH, [], State.QUEUED, cancelling=False)) == {"waits for the run to begin"}


def test_a_step_says_how_many_of_its_runs_a_limit_holds_back() -> None:
    wide = Graph(steps=(step("load", runs=5, limit=2), step("check")), limit=4)
    running = [standing(0, StepState.RUNNING, 3), standing(1, StepState.RUNNING, 1)]
    assert why_steps(wide, running, State.RUNNING, cancelling=False) == [
        "3 of its runs are not made yet: at most 2 at once and 4 of all steps at once; the next follows when one ends",
        "1 of its runs is not made yet: at most 4 of all steps at once; the next follows when one ends",
    ]
    handling = [standing(0, StepState.FAILED), standing(0, StepState.RUNNING, 2, handler=True)]
    assert (why_steps(wide, handling, State.RUNNING, cancelling=False)[0] or "").startswith(
        "2 runs of its failure handler are not made yet"
    )


def test_a_long_list_of_steps_is_cut() -> None:
    wide = Graph(steps=(*(step(f"s{n}") for n in range(8)), step("join", *range(8))))
    running = [standing(n, StepState.RUNNING) for n in range(8)]
    assert why_steps(wide, running, State.RUNNING, cancelling=False)[8] == (
        "waits for steps s0, s1, s2, s3, s4 and 3 more"
    )


def test_a_chain_of_thousands_of_steps_is_no_trouble() -> None:
    chain = Graph(steps=tuple(step(f"s{n}", *([n - 1] if n else [])) for n in range(5_000)))
    words = why_steps(chain, [standing(0, StepState.FAILED)], State.RUNNING, cancelling=False)
    assert words[-1] == "never starts: step s0 did not succeed"

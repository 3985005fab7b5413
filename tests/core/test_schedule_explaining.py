"""Why schedules start nothing, and what became of their fires, in words."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.ids import RunId
from ostinato.core.schedule_explaining import Facts, Fire, Past, TriggerFacts, left_out, obstacles, what_became
from ostinato.core.schedules import NamedTrigger, Planned, first, turn
from ostinato.core.states import Reason, State
from ostinato.core.triggers import read_trigger

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
FREE = Facts(
    kind="plan",
    name="night",
    workspace="finance",
    disabled=False,
    paused_at=None,
    paused_by=None,
    pause_note=None,
    in_the_way=False,
    run=None,
    owner="ann",
    owner_is_active=True,
    owner_may_start=True,
)
UNBOUND = msgspec.structs.replace(FREE, kind=None, name=None, workspace=None, owner_may_start=False)
COMING = TriggerFacts(name="early", missing=(), fires_again=True, planned_at=NOW + HOUR, due_at=NOW + HOUR)


def test_nothing_is_in_the_way_of_what_may_start() -> None:
    assert obstacles(1, FREE, [COMING], NOW) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"disabled": True}, "plan 'night' is disabled: enable it in its definition"),
        (
            {"paused_at": NOW, "paused_by": "bob", "pause_note": "audit"},
            "plan 'night' is paused since 2026-03-01T12:00:00Z by bob (audit): resume it",
        ),
        (
            {"in_the_way": True, "run": RunId(7)},
            "plan 'night' must not overlap, and run 7 of it is queued or at work: wait until that ends, cancel it, or"
            " give it the overlap policy queue",
        ),
        (
            {"in_the_way": True},
            "plan 'night' must not overlap, and a run of it is queued or at work: wait until that ends, cancel it, or"
            " give it the overlap policy queue",
        ),
        (
            {"owner_is_active": False, "owner_may_start": False},
            "its owner 'ann' is deactivated: save the schedule as somebody who may start what it starts",
        ),
        (
            {"owner_may_start": False},
            "its owner 'ann' has no permission EXECUTE in workspace 'finance': grant it, or save the schedule as"
            " somebody who has it",
        ),
    ],
)
def test_each_obstacle_is_told_with_what_helps(changes: dict[str, object], said: str) -> None:
    assert obstacles(1, msgspec.structs.replace(FREE, **changes), [COMING], NOW) == [said]


def test_what_is_bound_to_nothing_is_not_asked_about_its_owner() -> None:
    assert obstacles(3, UNBOUND, [COMING], NOW) == [
        "it is bound to nothing: say what it starts, with PUT /api/v1/schedules/3"
    ]


@pytest.mark.parametrize(
    ("triggers", "said"),
    [
        ([], ["it has no triggers: give it one"]),
        (
            [TriggerFacts(name="a", missing=(), fires_again=False, planned_at=None, due_at=None)],
            ["all its triggers have ended: give it one that fires again"],
        ),
        (
            [TriggerFacts(name="a", missing=("bank",), fires_again=False, planned_at=NOW, due_at=NOW - HOUR)],
            [
                "there is no holiday list 'bank', which trigger 'a' names: keep one under this name, or take it out of"
                " the trigger"
            ],
        ),
        (
            [TriggerFacts(name="a", missing=(), fires_again=True, planned_at=NOW - HOUR, due_at=NOW - HOUR)],
            ["trigger 'a' is due since 2026-03-01T11:00:00Z and was not fired: the logs of the servers say why"],
        ),
    ],
)
def test_what_is_wrong_with_triggers_is_told(triggers: list[TriggerFacts], said: list[str]) -> None:
    assert obstacles(1, FREE, triggers, NOW) == said


def past(minute: datetime, changed_at: datetime = NOW - 200 * HOUR) -> Past:
    return Past(minute=minute, changed_at=changed_at, remembered=NOW - 300 * HOUR)


def fire(planned_at: datetime, state: State | None = State.SUCCEEDED, message: str | None = None) -> Fire:
    reason = Reason.MISFIRED if message else None
    run = RunId(9) if state is not None else None
    return Fire(trigger="early", planned_at=planned_at, run=run, state=state, reason=reason, message=message)


LATE = (
    "3 fires from 2026-03-01T07:00:00Z to 2026-03-01T09:00:00Z were missed by more than 60 s, and the policy is 'skip'"
)


@pytest.mark.parametrize(
    ("asked", "fires", "newest", "said"),
    [
        (past(NOW - HOUR), True, fire(NOW - HOUR), "it started run 9 for 2026-03-01T11:00:00Z, which is SUCCEEDED"),
        (past(NOW - HOUR), False, fire(NOW - HOUR), "it started run 9 for 2026-03-01T11:00:00Z, which is SUCCEEDED"),
        (past(NOW - HOUR), False, fire(NOW - 2 * HOUR), None),
        (past(NOW - HOUR), True, fire(NOW - HOUR, None), "its run is not kept any more, or you may not see it"),
        (past(NOW - HOUR), True, fire(NOW - HOUR, State.FAILED, "it is paused"), "as run 9 tells: it is paused"),
        (past(NOW - 3 * HOUR), True, fire(NOW - 5 * HOUR, State.FAILED, LATE), "it was left out with others"),
        (past(NOW - 2 * HOUR), True, fire(NOW - 5 * HOUR, State.FAILED, LATE), "nothing is recorded of it: at that"),
        (past(NOW - HOUR, NOW), True, None, "the schedule was changed after it, at 2026-03-01T12:00:00Z"),
        (past(NOW - 400 * HOUR), True, None, "fires are remembered since"),
        (past(NOW + HOUR), True, None, "it has not been made yet: the fire of 2026-03-01T13:00:00Z is next"),
    ],
)
def test_what_became_of_a_fire_is_told_as_far_as_it_is_known(
    asked: Past, fires: bool, newest: Fire | None, said: str | None
) -> None:
    became = what_became(asked, COMING, fires=fires, newest=newest)
    if said is None:
        assert became is None
    else:
        assert became is not None
        assert said in became.words
        assert (became.run is None) == (newest is None or newest.run is None or "nothing is recorded" in said)


@given(gap=st.integers(2, 100), missed=st.sampled_from(["skip", "once"]))
def test_the_window_of_fires_that_were_left_out_is_read_as_it_was_written(gap: int, missed: str) -> None:
    hourly = read_trigger({"when": {"type": "interval", "everyMinutes": 60}})
    named = NamedTrigger(name="n", trigger=hourly, missed=missed)  # type: ignore[arg-type]
    planned = first(hourly, "k", NOW)
    assert isinstance(planned, Planned)
    done = turn(named, "k", planned, planned.at + gap * HOUR - timedelta(minutes=30))
    last = planned.at + (gap - (1 if missed == "skip" else 2)) * HOUR
    assert left_out(done.refused or "") == (planned.at, last)
    assert left_out("it is paused") is None
    assert left_out("'the fire of x was missed' is disabled: enable it first") is None
    assert left_out(f"Schedule 1/the fire of 2026-03-01T00:00:00Z was missed fired: {done.refused}") is not None
    impossible = "missed by more than 60 s, and the policy is 'once'"
    assert left_out(f"the fire of 2026-99-01T00:00:00Z was {impossible}") is None

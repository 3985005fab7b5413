"""Several triggers of one schedule, and what becomes of fires that nobody was there for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ostinato.core.schedules import NamedTrigger, Planned, Turn, first, problems_of, starts, turn
from ostinato.core.triggers import read_trigger

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def named(name: str = "n", *, missed: str = "once", most: int = 100, grace: int = 60, **when: object) -> NamedTrigger:
    trigger = read_trigger({"when": when or {"type": "interval", "everyMinutes": 60}})
    return NamedTrigger(name=name, trigger=trigger, missed=missed, most_missed=most, grace_seconds=grace)  # type: ignore[arg-type]


def turns(one: NamedTrigger, since: datetime, now: datetime) -> list[Turn]:
    """What becomes of a trigger whose next fire was planned for after `since`, if nobody looked before `now`."""
    found, planned = [], first(one.trigger, "k", since)
    while planned is not None and planned.due <= now:
        found.append(turn(one, "k", planned, now))
        planned = found[-1].following
    return found


def test_a_fire_in_time_starts_and_the_next_is_planned() -> None:
    planned = Planned(at=NOW, due=NOW)
    done = turn(named(), "k", planned, NOW + timedelta(seconds=60))
    assert done == Turn(at=NOW, refused=None, following=Planned(at=NOW + HOUR, due=NOW + HOUR))


@pytest.mark.parametrize(
    ("missed", "most", "started", "said"),
    [
        ("skip", 100, [], ["5 fires from 2026-03-01T13:00:00Z to 2026-03-01T17:00:00Z were missed"]),
        ("once", 100, [17], ["4 fires from 2026-03-01T13:00:00Z to 2026-03-01T16:00:00Z were missed"]),
        ("all", 100, [13, 14, 15, 16, 17], []),
        ("all", 2, [16, 17], ["3 fires from 2026-03-01T13:00:00Z to 2026-03-01T15:00:00Z were missed"]),
    ],
)
def test_fires_that_were_missed_follow_the_policy(missed: str, most: int, started: list[int], said: list[str]) -> None:
    done = turns(named(missed=missed, most=most), NOW, NOW + timedelta(hours=5, minutes=30))
    assert [one.at.hour for one in done if one.refused is None] == started
    assert [one.refused.partition(" by more")[0] for one in done if one.refused] == said
    last = done[-1].following
    assert last is not None
    assert last.at == NOW + timedelta(hours=6)


@given(
    missed=st.sampled_from(["skip", "once", "all"]),
    most=st.integers(1, 5),
    grace=st.integers(0, 7_200),
    gap=st.integers(0, 20 * 3_600),
)
def test_every_fire_starts_or_is_told_of_and_none_twice(missed: str, most: int, grace: int, gap: int) -> None:
    now = NOW + timedelta(seconds=gap)
    done = turns(named(missed=missed, most=most, grace=grace), NOW, now)
    started = [one.at for one in done if one.refused is None]
    refused = sum(int(one.refused.split()[0]) if one.refused[0].isdigit() else 1 for one in done if one.refused)
    assert len(started) + refused == gap // 3_600
    assert started == sorted(set(started))
    late = [at for at in started if at + timedelta(seconds=grace) < now]
    assert len(late) <= {"skip": 0, "once": 1, "all": most}[missed]


def test_a_jitter_delays_the_fire_and_not_what_it_is_known_by() -> None:
    trigger = read_trigger({"when": {"type": "daily", "at": "12:00"}, "jitterSeconds": 600})
    planned = first(trigger, "k", NOW)
    assert planned is not None
    assert planned.at == NOW + timedelta(days=1)
    assert planned.at <= planned.due <= planned.at + timedelta(seconds=600)


def test_starts_of_several_triggers_come_in_order() -> None:
    both = {"a": named("a", type="daily", at="13:00"), "b": named("b", type="daily", at="12:30")}
    found = starts(both, NOW)
    assert [(at.hour, at.minute, key) for at, key in (next(found), next(found), next(found))] == [
        (12, 30, "b"),
        (13, 0, "a"),
        (12, 30, "b"),
    ]


@pytest.mark.parametrize(
    ("triggers", "path", "said"),
    [
        ([named("a", type="daily", at="01:00"), named("a", type="daily", at="02:00")], "triggers[1].name", "twice"),
        (
            [named("a", type="daily", at="01:00"), named("b", type="daily", at="01:00")],
            "triggers[1].trigger",
            "the same as 'a'",
        ),
        (
            [named("a", type="daily", at="01:00"), named("b", type="daily", at="01:04")],
            "triggers[1].trigger",
            "'a' starts at 2026-03-02T01:00:00Z and 'b' at 2026-03-02T01:04:00Z: starts of a schedule are at least 5",
        ),
        ([named("a", type="interval", everyMinutes=4)], "triggers[0].trigger", "at least 5 minutes apart"),
        (
            [named("a", type="monthly", on=29, at="01:00"), named("b", type="cron", expression="2 1 29 2 *")],
            "triggers[1].trigger",
            "2028-02-29T01:02:00Z",
        ),
    ],
)
def test_triggers_that_do_not_go_together_are_refused(triggers: list[NamedTrigger], path: str, said: str) -> None:
    [problem] = problems_of(triggers, NOW)
    assert problem.path == path
    assert said in problem.message


def test_triggers_five_minutes_apart_go_together() -> None:
    assert problems_of([named("a", type="daily", at="01:00"), named("b", type="daily", at="01:05")], NOW) == []
    assert problems_of([named("a", type="interval", everyMinutes=5)], NOW) == []

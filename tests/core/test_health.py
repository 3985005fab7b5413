"""When a server is called healthy, and what is said if it is not."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ostinato.core.health import Facts, why_not_live, why_not_ready

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WELL = Facts(
    database=True,
    last_turn_at=NOW,
    last_claim_at=None,
    free_slots=8,
    ready_since=None,
    plan_ready_since=None,
)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


READINESS = [
    ({}, None),
    ({"database": False}, "The database does not answer"),
    ({"last_turn_at": None}, "The engine has not begun to work yet"),
    ({"last_turn_at": ago(10)}, None),
    ({"last_turn_at": ago(11)}, "The engine has not completed a turn for 11 s"),
    (
        {"ready_since": ago(20)},
        "Work has been ready for 20 s, 8 worker slots are free, and nothing was claimed",
    ),
    ({"ready_since": ago(20), "last_claim_at": ago(14)}, None),
    (
        {"ready_since": ago(20), "last_claim_at": ago(16), "free_slots": 1},
        "Work has been ready for 20 s, 1 worker slots are free, and nothing was claimed",
    ),
    ({"ready_since": ago(20), "free_slots": 0}, None),
    ({"ready_since": ago(20), "free_slots": -3}, None),
    ({"ready_since": ago(14)}, None),
    ({"plan_ready_since": ago(16), "free_slots": 0}, "A plan has been ready for 16 s and was not begun"),
    ({"plan_ready_since": ago(14)}, None),
]


@pytest.mark.parametrize(("more", "reason"), READINESS)
def test_a_server_is_ready_while_work_moves(more: dict[str, object], reason: str | None) -> None:
    assert why_not_ready(msgspec.structs.replace(WELL, **more), NOW) == reason


LIVENESS = [
    ({}, None),
    ({"last_turn_at": None}, None),
    ({"last_turn_at": ago(59)}, None),
    ({"last_turn_at": ago(61)}, "The engine has not completed a turn for 61 s although the database answers"),
    ({"last_turn_at": ago(61), "database": False}, None),
    ({"ready_since": ago(1_000)}, None),
]


@pytest.mark.parametrize(("more", "reason"), LIVENESS)
def test_a_server_is_to_be_started_again_only_if_that_helps(more: dict[str, object], reason: str | None) -> None:
    assert why_not_live(msgspec.structs.replace(WELL, **more), NOW) == reason

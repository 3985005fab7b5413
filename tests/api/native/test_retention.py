"""How long what is kept can be seen by whoever may look into an environment."""

from tests.api.conftest import Call
from tests.api.factories import World


async def test_retention_is_shown_for_the_environments_one_may_see(call: Call, world: World) -> None:
    await world.workspace("finance")
    await world.workspace("hr", environment="Test")
    await world.execute("UPDATE environment SET keep_runs_days = 30, keep_logs_days = 7 WHERE name = 'Production'")
    await world.execute(
        """INSERT INTO kept_week (environment_id, week, first_on)
           SELECT id, '2026-02-02', '2026-02-04' FROM environment WHERE name = 'Production'"""
    )
    answer = await call("GET", "/api/v1/retention", await world.key("ada", finance="Viewer"))
    assert answer.json() == {
        "items": [
            {
                "environment": "Production",
                "runsDays": 30,
                "logsDays": 7,
                "findingsDays": None,
                "oldestDay": "2026-02-04",
            }
        ]
    }
    assert (await call("GET", "/api/v1/retention")).status_code == 401

"""Schedules of the Talend API: kept, linked, and told when they start something."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from ostinato.api.talend.ids import Ids
from ostinato.api.talend.run_config_wire import TimeSchedule
from ostinato.api.talend.triggers import ScheduleTrigger, of_schedule, read
from ostinato.app import firing, installation
from ostinato.app.application import App
from ostinato.core.object_ids import Kind
from ostinato.core.triggers import read_trigger, upcoming
from tests.api.factories import World
from tests.api.talend.conftest import Talk

DAILY = {
    "name": "mornings",
    "type": "DAILY",
    "interval": 1,
    "startDate": "2026-09-25",
    "timeZone": "Europe/London",
    "atTimes": {"type": "AT_TIME", "time": "05:30"},
}
NOWHERE = "0" * 24
CRON = {"name": "month end", "type": "CRON", "cronExpression": "0 22 LW * ?", "timeZone": "Europe/Berlin"}


@pytest.fixture
async def ids(app: App) -> Ids:
    return Ids(await installation.number(app))


@pytest.fixture
async def place(world: World, ids: Ids) -> dict[str, str]:
    """Ids of Production, of the task `load` and of the plan `night` in it."""
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "load", overlap="parallel")
    await world.execute("UPDATE task SET tags = '{nightly}'")
    plan = await world.plan(finance, 7, "night", [task])
    [row] = await world.fetch("SELECT environment_id, workspace_id FROM task")
    return {
        "environment": ids.of(Kind.ENVIRONMENT, row["environment_id"]),
        "workspace": ids.of(Kind.WORKSPACE, row["workspace_id"]),
        "task": ids.of(Kind.TASK, task),
        "plan": ids.plan(plan),
    }


async def make(talend: Talk, place: dict[str, str], **more: Any) -> str:
    body = {"environmentId": place["environment"], "trigger": DAILY, "description": "Finance Q1", **more}
    made = await talend("POST", "/schedules", body)
    assert made.status_code == 201, made.text
    identifier: str = made.json()["id"]
    return identifier


async def test_a_schedule_is_made_listed_copied_changed_and_deleted(talend: Talk, place: dict[str, str]) -> None:
    id = await make(talend, place)
    told = (await talend("GET", f"/schedules/{id}")).json()
    assert told == {
        "id": id,
        "environmentId": place["environment"],
        "description": "Finance Q1",
        "triggers": [DAILY],
        "executableId": "",
    }
    copy = (await talend("POST", f"/schedules/{id}", {})).json()["id"]
    assert (await talend("GET", f"/schedules/{copy}")).json()["description"] == "copy of Finance Q1"
    listed = (await talend("GET", "/schedules", descriptionFilter="^Finance Q")).json()
    assert listed == {"items": [told], "limit": 100, "offset": 0, "total": 1}
    assert (await talend("GET", "/schedules", limit=1)).json()["total"] == 2
    assert (await talend("PATCH", f"/schedules/{id}", {"description": "other"})).status_code == 204
    assert (await talend("GET", f"/schedules/{id}")).json()["description"] == "other"
    assert (await talend("DELETE", f"/schedules/{id}")).status_code == 204
    assert (await talend("DELETE", f"/schedules/{id}")).status_code == 404
    for wrong in ("(", "a{9999}", r"(.*)\1"):
        assert (await talend("GET", "/schedules", descriptionFilter=wrong)).status_code == 400


async def test_triggers_are_added_replaced_and_removed(talend: Talk, place: dict[str, str]) -> None:
    id = await make(talend, place)
    added = await talend("POST", f"/schedules/{id}/triggers", CRON)
    assert (added.status_code, added.content) == (200, b"")
    assert (await talend("GET", f"/schedules/{id}")).json()["triggers"] == [DAILY, CRON]
    later = {**DAILY, "atTimes": {"type": "AT_SPECIFIC_TIMES", "times": ["06:00", "18:30"]}}
    assert (await talend("PUT", f"/schedules/{id}/triggers", later)).status_code == 200
    assert (await talend("GET", f"/schedules/{id}")).json()["triggers"] == [later, CRON]
    assert (await talend("DELETE", f"/schedules/{id}/triggers", name="month end")).status_code == 204
    assert (await talend("DELETE", f"/schedules/{id}/triggers", name="month end")).status_code == 404
    assert (await talend("PUT", f"/schedules/{id}/triggers", CRON)).status_code == 404


@pytest.mark.parametrize(
    ("trigger", "status", "said"),
    [
        (DAILY, 409, "here twice"),
        ({**DAILY, "name": "again"}, 409, "the same as 'mornings'"),
        ({**DAILY, "name": "near", "atTimes": {"type": "AT_TIME", "time": "05:33"}}, 409, "at least 5 minutes apart"),
        ({**DAILY, "name": "n", "atTimes": {"type": "AT_TIME", "time": "25:00"}}, 400, "atTimes"),
        ({**DAILY, "name": "n", "startDate": None}, 400, "startDate"),
        ({**DAILY, "name": "n", "startDate": "tomorrow"}, 400, "startDate"),
        ({**DAILY, "name": "n", "timeZone": "Mars/Olympus"}, 400, "timeZone"),
        ({**DAILY, "name": "n", "interval": 0}, 400, "interval"),
        ({**DAILY, "name": "n", "timeout": 5}, 400, "timeout"),
        ({**DAILY, "name": "n", "type": "WEEKLY"}, 400, "atDays"),
        ({**DAILY, "name": "n", "type": "MONTHLY", "atDays": {"type": "DAY_OF_MONTH", "day": 32}}, 400, "atDays"),
        ({**DAILY, "name": "n", "atTimes": {"type": "AT_INTERVALS", "startTime": "05:00"}}, 400, "atTimes.endTime"),
        ({**CRON, "cronExpression": "0 22 * * *"}, 400, "cronExpression"),
        ({**CRON, "cronExpression": None}, 400, "cronExpression"),
        ({**CRON, "colour": "red"}, 400, "colour"),
        ({**CRON, "type": "WEBHOOK"}, 400, "WEBHOOK"),
    ],
)
async def test_a_trigger_that_does_not_fit_is_refused_and_changes_nothing(
    talend: Talk, place: dict[str, str], trigger: dict[str, Any], status: int, said: str
) -> None:
    id = await make(talend, place)
    sent = {name: value for name, value in trigger.items() if value is not None}
    answer = await talend("POST", f"/schedules/{id}/triggers", sent)
    assert (answer.status_code, answer.json()["status"]) == (status, status)
    assert said in answer.json()["message"]
    assert (await talend("GET", f"/schedules/{id}")).json()["triggers"] == [DAILY]


async def test_a_trigger_is_not_replaced_by_one_too_near_to_another(talend: Talk, place: dict[str, str]) -> None:
    id = await make(talend, place)
    assert (await talend("POST", f"/schedules/{id}/triggers", CRON)).status_code == 200
    near = {**CRON, "cronExpression": "33 5 * * ?", "timeZone": "Europe/London"}
    assert (await talend("PUT", f"/schedules/{id}/triggers", near)).status_code == 409
    assert (await talend("GET", f"/schedules/{id}")).json()["triggers"] == [DAILY, CRON]


async def test_triggers_that_holidays_brought_together_are_not_kept_like_that(
    app: App, talend: Talk, place: dict[str, str]
) -> None:
    def weekly(day: str, **more: Any) -> dict[str, Any]:
        return {"when": {"type": "weekly", "days": [day], "at": "09:00"}, **more}

    triggers = [
        {"name": "first", "trigger": weekly("monday", calendar={"lists": ["bank"], "closed": "next"})},
        {"name": "second", "trigger": weekly("tuesday")},
        {"name": "third", "trigger": weekly("friday")},
    ]
    assert (await talend("PUT", "/api/v1/holidays/bank", {"days": []})).status_code == 204
    made = await talend("POST", "/api/v1/schedules", {"environment": "Production", "triggers": triggers})
    assert made.status_code == 201, made.text
    [one] = (await talend("GET", "/schedules")).json()["items"]
    soon = app.now().date() + timedelta(days=7)
    monday = {"date": (soon + timedelta(days=-soon.weekday() % 7)).isoformat(), "name": "a Monday"}
    assert (await talend("PUT", "/api/v1/holidays/bank", {"days": [monday]})).status_code == 204
    path = f"/schedules/{one['id']}"
    assert (await talend("PATCH", path, {"description": "x"})).status_code == 409
    assert (await talend("DELETE", f"{path}/triggers", name="third")).status_code == 409
    assert (await talend("POST", path, {})).status_code == 400
    assert (await talend("DELETE", f"{path}/triggers", name="second")).status_code == 204


@pytest.mark.parametrize("kind", ["tasks", "plans"])
async def test_what_is_not_there_has_no_schedule(talend: Talk, place: dict[str, str], kind: str) -> None:
    schedule = await make(talend, place)
    nothing = {"tasks": NOWHERE, "plans": "00000000-0000-0000-0000-000000000000"}[kind]
    path = f"/executables/{kind}/{nothing}"
    assert (await talend("GET", f"{path}/schedule")).status_code == 404
    assert (await talend("PUT", f"{path}/schedule", {"scheduleId": schedule})).status_code == 404
    assert (await talend("DELETE", f"{path}/schedule")).status_code == 404
    assert (await talend("GET", f"{path}/run-config/events", to=1)).status_code == 404
    for wrong in (NOWHERE, place["task"]):
        assert (await talend("POST", f"/schedules/{wrong}", {})).status_code == 404
        assert (await talend("GET", f"/schedules/{wrong}/events", to=1)).status_code == 404


async def test_a_sixteenth_trigger_is_refused(talend: Talk, place: dict[str, str]) -> None:
    id = await make(talend, place)
    for hour in range(6, 20):
        more = {**DAILY, "name": f"at {hour}", "atTimes": {"type": "AT_TIME", "time": f"{hour:02}:00"}}
        assert (await talend("POST", f"/schedules/{id}/triggers", more)).status_code == 200
    answer = await talend("POST", f"/schedules/{id}/triggers", CRON)
    assert (answer.status_code, answer.json()["message"]) == (400, "triggers: a schedule has at most 15 triggers")


@pytest.mark.parametrize("kind", ["task", "plan"])
async def test_a_schedule_is_linked_fires_and_is_unlinked(
    app: App, world: World, talend: Talk, place: dict[str, str], kind: str
) -> None:
    id, other = await make(talend, place), await make(talend, place)
    path = f"/executables/{kind}s/{place[kind]}/schedule"
    assert (await talend("GET", path)).status_code == 404
    linked = await talend("PUT", path, {"scheduleId": id})
    assert (linked.status_code, linked.content) == (200, b"")
    told = (await talend("GET", path)).json()
    assert (told["executableId"], told["executableType"]) == (place[kind], kind.upper())
    [row] = await world.fetch("SELECT planned_at FROM schedule_trigger WHERE planned_at IS NOT NULL")
    assert await firing.fire_due(app, row["planned_at"]) == 1
    [run] = await world.fetch("SELECT cause FROM run WHERE parent_run_id IS NULL")
    assert run["cause"] == "schedule"
    elsewhere = "plan" if kind == "task" else "task"
    taken = await talend("PUT", f"/executables/{elsewhere}s/{place[elsewhere]}/schedule", {"scheduleId": id})
    assert (taken.status_code, taken.json()["message"]) == (403, "The schedule is linked to another task or plan")
    assert (await talend("DELETE", f"/schedules/{id}")).status_code == 409
    assert (await talend("GET", "/schedules", onlyBound=True)).json()["total"] == 1
    assert (await talend("PUT", path, {"scheduleId": other})).status_code == 200
    assert (await talend("GET", f"/schedules/{id}")).json()["executableId"] == ""
    assert (await talend("DELETE", path)).status_code == 204
    assert (await talend("DELETE", path)).status_code == 204
    assert (await talend("GET", path)).status_code == 404
    assert await firing.next_due(app) is None


async def test_events_are_told_of_a_schedule_of_a_task_and_of_an_environment(
    talend: Talk, place: dict[str, str]
) -> None:
    id = await make(talend, place)
    begin = datetime(2026, 10, 24, tzinfo=UTC)
    window = {"from": _ms(begin), "to": _ms(begin + timedelta(days=3))}
    events = (await talend("GET", f"/schedules/{id}/events", **window)).json()
    assert events == [
        {"datetime": f"2026-10-{day}T{hour}:30:00.000Z", "sourceTriggerName": "mornings"}
        for day, hour in ((24, "04"), (25, "05"), (26, "05"))
    ]
    await talend("PUT", f"/executables/tasks/{place['task']}/schedule", {"scheduleId": id})
    page = (
        await talend("GET", f"/executables/tasks/{place['task']}/run-config/events", **window, limit=1, offset=1)
    ).json()
    assert page == {"items": ["2026-10-25T05:30:00.000Z"], "limit": 1, "offset": 1, "total": 3}
    empty = (await talend("GET", f"/executables/plans/{place['plan']}/run-config/events", **window)).json()
    assert (empty["items"], empty["total"]) == ([], 0)
    search = {"environmentId": place["environment"], **window, "limit": 2}
    found = (await talend("POST", "/executables/events/search", search)).json()
    assert (found["total"], len(found["items"])) == (3, 2)
    first = {"id": place["task"], "sourceTriggerName": "mornings", "date": "2026-10-24T04:30:00.000Z", "type": "TASK"}
    assert found["items"][0] == first
    for narrowed, total in (
        ({"tags": ["nightly"]}, 3),
        ({"tags": ["nightly", "other"]}, 0),
        ({"workspaceIds": [place["workspace"]]}, 3),
        ({"runtime": {"type": "REMOTE_ENGINE"}}, 0),
    ):
        assert (await talend("POST", "/executables/events/search", {**search, **narrowed})).json()["total"] == total
    far = {"from": 0, "to": _ms(begin)}
    assert (await talend("GET", f"/schedules/{id}/events", **far)).status_code == 400


async def test_who_may_only_look_links_and_changes_nothing(talend: Talk, place: dict[str, str], world: World) -> None:
    id = await make(talend, place)
    viewer, stranger = await world.key("vera", finance="Viewer"), await world.key("sam")
    path = f"/executables/tasks/{place['task']}/schedule"
    assert (await talend("GET", f"/schedules/{id}", key=viewer)).status_code == 200
    for method, where, body in (
        ("PUT", path, {"scheduleId": id}),
        ("DELETE", path, None),
        ("PATCH", f"/schedules/{id}", {"description": "x"}),
        ("POST", f"/schedules/{id}/triggers", CRON),
        ("DELETE", f"/schedules/{id}", None),
    ):
        assert (await talend(method, where, body, key=viewer)).status_code == 403
        assert (await talend(method, where, body, key=stranger)).status_code == 404
    search = {"environmentId": place["environment"], "to": _ms(datetime.now(UTC) + timedelta(days=1))}
    assert (await talend("POST", "/executables/events/search", search, key=stranger)).status_code == 404


@pytest.mark.parametrize("bad", ["1", "nonsense", "g" * 24])
async def test_what_is_no_id_is_400_and_one_of_something_else_is_404(
    talend: Talk, place: dict[str, str], bad: str
) -> None:
    answer = await talend("GET", f"/schedules/{bad}")
    assert (answer.status_code, answer.json()["message"]) == (400, "Schedule ID is not valid id.")
    assert (await talend("GET", f"/schedules/{place['task']}")).status_code == 404


@pytest.mark.parametrize(
    "data",
    [
        {"when": {"type": "daily", "at": ["06:00", "18:00"], "every": 2}, "startDate": "2026-03-01"},
        {"when": {"type": "weekly", "days": ["monday", "friday"], "at": "06:00"}, "startDate": "2026-03-01"},
        {
            "when": {"type": "monthly", "on": 31, "at": {"from": "06:00", "to": "08:00", "everyMinutes": 30}},
            "startDate": "2026-03-01",
        },
        {"when": {"type": "once", "at": "2026-05-01T06:00"}},
        {"when": {"type": "monthly", "on": "last", "at": "22:15"}},
        {"when": {"type": "monthly", "on": {"nth": 3, "day": "friday"}, "at": "06:00"}},
        {"when": {"type": "monthly", "on": {"nth": "last", "day": "sunday"}, "at": "06:00"}},
        {"when": {"type": "cron", "expression": "*/10 9 15 * ? 2027", "dialect": "quartz"}},
    ],
)
def test_what_clients_read_means_the_same_as_what_is_stored(data: dict[str, Any]) -> None:
    trigger = read_trigger({**data, "timeZone": "Europe/Berlin"})
    shown = of_schedule("n", trigger)
    again = read(msgspec.convert(msgspec.to_builtins(shown), ScheduleTrigger), "")
    since = datetime(2026, 3, 1, tzinfo=UTC)
    first = [at for _, at in zip(range(10), upcoming(trigger, since), strict=False)]
    assert first
    assert [at for _, at in zip(range(10), upcoming(again, since), strict=False)] == first


def test_seconds_that_are_none_are_taken() -> None:
    sent = ScheduleTrigger(
        name="n", type="DAILY", start_date="2026-03-01", at_times=TimeSchedule(type="AT_TIME", time="06:00:00")
    )
    assert msgspec.to_builtins(read(sent, "").when) == {"type": "daily", "at": "06:00"}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1_000)


@pytest.mark.parametrize("kind", ["task", "plan"])
async def test_a_trigger_of_the_run_configuration_fires_and_gives_way_to_a_schedule(
    app: App, world: World, talend: Talk, place: dict[str, str], kind: str
) -> None:
    path = f"/executables/{kind}s/{place[kind]}"
    trigger = {name: value for name, value in DAILY.items() if name != "name"}
    told = await talend("PUT", f"{path}/run-config", {"trigger": trigger})
    assert (told.status_code, told.json()["trigger"]) == (200, trigger)
    assert (await talend("GET", f"{path}/run-config")).json()["trigger"] == trigger
    assert (await talend("GET", f"{path}/schedule")).status_code == 404
    assert (await talend("GET", "/schedules")).json()["total"] == 0
    window = {"from": _ms(datetime(2026, 10, 24, tzinfo=UTC)), "to": _ms(datetime(2026, 10, 25, tzinfo=UTC))}
    assert (await talend("GET", f"{path}/run-config/events", **window)).json()["items"] == ["2026-10-24T04:30:00.000Z"]
    [row] = await world.fetch("SELECT planned_at FROM schedule_trigger")
    assert await firing.fire_due(app, row["planned_at"]) == 1
    later = {**trigger, "atTimes": {"type": "AT_INTERVALS", "startTime": "08:00", "endTime": "10:00", "interval": 30}}
    assert (await talend("PUT", f"{path}/run-config", {"trigger": later})).json()["trigger"] == later
    id = await make(talend, place)
    assert (await talend("PUT", f"{path}/schedule", {"scheduleId": id})).status_code == 200
    shown = (await talend("GET", f"{path}/run-config")).json()["trigger"]
    assert shown["type"] == "MULTIPLE"
    assert (await talend("PUT", f"{path}/run-config", {"trigger": shown})).status_code == 200
    refused = await talend("PUT", f"{path}/run-config", {"trigger": trigger})
    assert refused.status_code == 400
    assert "a schedule that is linked to it: unlink that first" in refused.json()["message"]
    assert (await talend("DELETE", f"{path}/run-config")).status_code == 204
    assert (await talend("GET", f"{path}/run-config")).json()["trigger"]["type"] == "MANUAL"
    assert (await talend("GET", f"/schedules/{id}")).json()["executableId"] == ""


async def test_tasks_are_found_by_what_starts_them(talend: Talk, place: dict[str, str]) -> None:
    path = f"/executables/tasks/{place['task']}"

    async def found() -> list[str]:
        kinds = ("manual", "once", "daily", "weekly", "cron", "multiple", "webhook")
        return [
            kind
            for kind in kinds
            if (await talend("POST", "/executables/tasks/search", {"triggerType": kind})).json()["total"]
        ]

    assert await found() == ["manual"]
    trigger = {name: value for name, value in DAILY.items() if name != "name"}
    await talend("PUT", f"{path}/run-config", {"trigger": trigger})
    assert await found() == ["daily"]
    times = {"type": "AT_SPECIFIC_TIMES", "times": ["08:00", "09:00"]}
    await talend("PUT", f"{path}/run-config", {"trigger": {**trigger, "type": "ONCE", "atTimes": times}})
    assert await found() == ["once"]
    await talend("PUT", f"{path}/run-config", {"trigger": {"type": "WEBHOOK", "webhook": {"name": "orders"}}})
    assert await found() == ["webhook"]
    await talend("PUT", f"{path}/schedule", {"scheduleId": await make(talend, place)})
    assert await found() == ["multiple"]


async def test_a_name_of_a_trigger_has_no_control_characters(talend: Talk, place: dict[str, str]) -> None:
    sent = {"environmentId": place["environment"], "trigger": DAILY | {"name": "a\tb"}}

    refused = await talend("POST", "/schedules", sent)

    assert refused.status_code == 400
    assert "a name has no control characters" in refused.json()["message"]


async def test_a_schedule_of_its_own_that_a_file_changes_is_one_like_others(
    talend: Talk, place: dict[str, str], world: World
) -> None:
    config, own = f"/executables/plans/{place['plan']}/run-config", {k: v for k, v in DAILY.items() if k != "name"}
    assert (await talend("PUT", config, {"trigger": own})).status_code == 200
    [workspace] = await world.fetch("SELECT key FROM workspace")
    file = {"name": "a.yaml", "text": f"workspace: {workspace['key']}\nschedules: [{{plan: night}}]"}

    assert (await talend("POST", "/api/v1/definitions/apply", {"files": [file]})).status_code == 200

    shown = (await talend("GET", config)).json()
    assert shown["trigger"]["type"] == "MULTIPLE"
    assert (await talend("PUT", config, shown)).status_code == 200
    [listed] = (await talend("GET", "/schedules", environmentId=place["environment"])).json()["items"]
    assert (listed["triggers"], listed["executableType"]) == ([], "PLAN")

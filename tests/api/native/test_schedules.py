"""Schedules, calendars and holidays in our own dialect."""

from typing import Any

import pytest

from ostinato.app.application import App
from tests.api.conftest import Call
from tests.api.factories import World
from tests.conftest import NOW
from tests.people import new_key

DAILY = {"when": {"type": "daily", "at": "06:00"}, "timeZone": "Europe/Berlin"}
HOURS = {"from": "2026-03-01T00:00:00Z", "to": "2026-03-03T00:00:00Z"}


@pytest.fixture
async def admin_key(app: App, world: World) -> str:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "load")
    await world.plan(finance, 7, "night", [task])
    return await new_key(app, "admin", NOW)


def wish(**more: Any) -> dict[str, Any]:
    return {"starts": {"name": "night"}, "triggers": [{"name": "early", "trigger": DAILY}], **more}


async def test_a_schedule_is_made_seen_changed_and_deleted(call: Call, admin_key: str) -> None:
    made = await call("POST", "/api/v1/schedules", admin_key, json=wish(description="every morning"))
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["triggers"] == [
        {
            "name": "early",
            "trigger": DAILY,
            "missed": "once",
            "mostMissed": 100,
            "graceSeconds": 60,
            "description": told["triggers"][0]["description"],
            "plannedAt": told["triggers"][0]["plannedAt"],
            "dueAt": told["triggers"][0]["plannedAt"],
        }
    ]
    assert "06:00" in told["triggers"][0]["description"]
    assert (told["kind"], told["name"], told["workspace"], told["owner"]) == ("plan", "night", "finance", "admin")
    assert (await call("GET", "/api/v1/schedules", admin_key)).json() == {"items": [told], "total": 1}
    assert (await call("GET", f"/api/v1/schedules/{told['id']}", admin_key)).json() == told
    again = await call("POST", "/api/v1/schedules", admin_key, json=wish())
    assert again.status_code == 409
    changed = await call("PUT", f"/api/v1/schedules/{told['id']}", admin_key, json=wish(triggers=[], starts=None))
    assert (changed.json()["triggers"], changed.json()["name"]) == ([], None)
    assert (await call("DELETE", f"/api/v1/schedules/{told['id']}", admin_key)).status_code == 204
    assert (await call("GET", f"/api/v1/schedules/{told['id']}", admin_key)).status_code == 404


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"triggers": [{"name": "a", "trigger": {"when": {"type": "daily", "at": "25:00"}}}]},
            "triggers[0].trigger.when.at",
        ),
        ({"triggers": [{"name": "a", "trigger": {**DAILY, "timeZone": "Moon/Far"}}]}, "Moon/Far"),
        ({"triggers": [{"name": "a", "trigger": DAILY}] * 2}, "here twice"),
        ({"triggers": [{"name": "a", "trigger": {"when": {"type": "cron", "expression": "* * * * *"}}}]}, "5 minutes"),
        ({"description": "x" * 10_001}, "description"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_place(
    call: Call, admin_key: str, body: dict[str, Any], said: str
) -> None:
    answer = await call("POST", "/api/v1/schedules", admin_key, json=body)
    assert answer.status_code == 422, answer.text
    assert said in answer.text
    assert (await call("GET", "/api/v1/schedules", admin_key)).json()["total"] == 0


async def test_the_calendar_tells_every_fire_and_the_load_of_each_hour(call: Call, admin_key: str) -> None:
    await call("POST", "/api/v1/schedules", admin_key, json=wish())
    cron = {"when": {"type": "cron", "expression": "15,45 5 * * *"}, "timeZone": "UTC"}
    await call(
        "POST",
        "/api/v1/schedules",
        admin_key,
        json={"starts": {"name": "load"}, "triggers": [{"name": "c", "trigger": cron}]},
    )
    told = (await call("GET", "/api/v1/calendar", admin_key, params=HOURS)).json()
    assert [(fire["at"][8:16], fire["name"]) for fire in told["fires"]] == [
        ("01T05:00", "night"),
        ("01T05:15", "load"),
        ("01T05:45", "load"),
        ("02T05:00", "night"),
        ("02T05:15", "load"),
        ("02T05:45", "load"),
    ]
    assert [(hour["begin"][8:13], hour["starts"]) for hour in told["perHour"]] == [("01T05", 3), ("02T05", 3)]
    assert told["complete"]
    cut = (await call("GET", "/api/v1/calendar", admin_key, params={**HOURS, "limit": 2})).json()
    assert (len(cut["fires"]), cut["complete"]) == (2, False)
    feed = await call("GET", "/api/v1/calendar.ics", admin_key, params=HOURS)
    assert feed.headers["content-type"].startswith("text/calendar")
    assert feed.text.count("BEGIN:VEVENT") == 6
    assert "DTSTART:20260301T050000Z\r\nSUMMARY:night\r\n" in feed.text
    wrong = await call("GET", "/api/v1/calendar", admin_key, params={"from": "yesterday"})
    assert (wrong.status_code, wrong.json()["errors"][0]["path"]) == (422, "from")


async def test_holidays_move_what_names_them(call: Call, admin_key: str) -> None:
    text = "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:20260302\r\nSUMMARY:Feast\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    assert (await call("PUT", "/api/v1/holidays/bank", admin_key, json={"icalendar": text})).status_code == 204
    listed = (await call("GET", "/api/v1/holidays", admin_key)).json()
    assert listed == {"items": [{"name": "bank", "days": [{"date": "2026-03-02", "name": "Feast"}]}]}
    trigger = {**DAILY, "calendar": {"lists": ["bank"]}}
    made = (
        await call("POST", "/api/v1/schedules", admin_key, json=wish(triggers=[{"name": "e", "trigger": trigger}]))
    ).json()
    fires = (
        await call(
            "GET", f"/api/v1/schedules/{made['id']}/fires", admin_key, params={**HOURS, "to": "2026-03-04T00:00:00Z"}
        )
    ).json()
    assert [fire["at"][8:10] for fire in fires["fires"]] == ["01", "03"]
    used = await call("DELETE", "/api/v1/holidays/bank", admin_key)
    assert used.status_code == 409
    before = made["triggers"][0]["plannedAt"]
    holiday = {"date": before[:10], "name": "a day off"}
    assert (await call("PUT", "/api/v1/holidays/bank", admin_key, json={"days": [holiday]})).status_code == 204
    after = (await call("GET", f"/api/v1/schedules/{made['id']}", admin_key)).json()["triggers"][0]["plannedAt"]
    assert after > before
    both = await call("PUT", "/api/v1/holidays/bank", admin_key, json={"days": [], "icalendar": text})
    assert both.status_code == 422
    await call("DELETE", f"/api/v1/schedules/{made['id']}", admin_key)
    assert (await call("DELETE", "/api/v1/holidays/bank", admin_key)).status_code == 204
    assert (await call("DELETE", "/api/v1/holidays/bank", admin_key)).status_code == 404

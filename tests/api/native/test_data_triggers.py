"""Data triggers in our own dialect: made, seen, changed and deleted by whoever may, and refused with the field."""

from typing import Any

import pytest

from ostinato.app.application import App
from tests.api.conftest import Call
from tests.api.factories import World
from tests.conftest import NOW
from tests.people import new_key

PATH = "/api/v1/data-triggers"


@pytest.fixture
async def admin_key(app: App, world: World) -> str:
    """Workspace finance with `load`, `check` and a plan `night` of `load`; sales with `orders` and another `load`."""
    finance, sales = await world.workspace("finance"), await world.workspace("sales")
    task = await world.task(finance, "Package", 1, "load")
    await world.task(finance, "Package", 2, "check", overlap="parallel")
    await world.task(sales, "Package", 3, "orders")
    await world.task(sales, "Package", 4, "load")
    await world.plan(finance, 7, "night", [task])
    await world.plan(finance, 8, "check")
    return await new_key(app, "admin", NOW)


def wish(*sources: Any, starts: Any = "night", **more: Any) -> dict[str, Any]:
    return {"starts": named(starts), "sources": [named(one) for one in sources or ("orders",)], **more}


def named(one: Any) -> dict[str, Any]:
    return one if isinstance(one, dict) else {"name": one}


CHECK = {"name": "check", "kind": "task"}


async def test_a_data_trigger_is_made_seen_changed_and_deleted(call: Call, admin_key: str) -> None:
    made = await call("POST", PATH, admin_key, json=wish(CHECK, {"name": "load", "workspace": "sales"}))
    assert made.status_code == 201, made.text
    told = made.json()
    assert told["sources"] == [
        {"kind": "task", "name": "check", "workspace": "finance", "satisfied": False},
        {"kind": "task", "name": "load", "workspace": "sales", "satisfied": False},
    ]
    said = "a success of 'check' in workspace 'finance' and 'load' in workspace 'sales'"
    assert (told["kind"], told["name"], told["when"], told["active"], told["owner"]) == (
        "plan",
        "night",
        "all",
        True,
        "admin",
    )
    assert (told["waitingFor"], told["fires"], told["lastFire"]) == (said, 0, None)
    assert (await call("GET", PATH, admin_key)).json() == {"items": [told], "total": 1}
    assert (await call("GET", PATH, admin_key, params={"environment": "Test"})).json()["total"] == 0
    assert (await call("GET", f"{PATH}/{told['id']}", admin_key)).json() == told
    assert (await call("POST", PATH, admin_key, json=wish())).status_code == 409
    changed = await call("PUT", f"{PATH}/{told['id']}", admin_key, json=wish(CHECK, when="any", active=False))
    assert changed.status_code == 200, changed.text
    assert (changed.json()["waitingFor"], changed.json()["when"]) == ("nothing: it is not active", "any")
    other = await call("POST", PATH, admin_key, json=wish(starts=CHECK))
    assert (await call("PUT", f"{PATH}/{other.json()['id']}", admin_key, json=wish())).status_code == 409
    assert (await call("DELETE", f"{PATH}/{told['id']}", admin_key)).status_code == 204
    assert (await call("GET", f"{PATH}/{told['id']}", admin_key)).status_code == 404
    records = (await call("GET", "/api/v1/audit", admin_key, params={"kind": "data trigger"})).json()["items"]
    assert sorted(record["action"] for record in records) == ["change", "create", "create", "delete"]


@pytest.mark.parametrize(
    ("body", "status", "path", "said"),
    [
        ({"starts": {"name": "night"}, "sources": []}, 422, "sources", "length"),
        (wish("orders", "orders"), 422, "sources[1]", "twice"),
        (wish(*["orders"] * 101), 422, "sources", "length"),
        (wish(when="some"), 422, "when", "some"),
        (wish(colour="red"), 422, "", "colour"),
        (wish({"name": "orders", "kind": "job"}), 422, "sources[0].kind", "job"),
        ({"sources": [{"name": "orders"}]}, 422, "", "starts"),
        (wish("night"), 422, "sources", "'night' would start itself for ever"),
        (wish({"name": "load", "workspace": "finance"}), 422, "sources", "'night' leads to 'load' leads to 'night'"),
        (wish("none"), 404, None, "'none' does not exist"),
        (wish({"name": "orders", "kind": "plan"}), 404, None, "'orders' does not exist"),
        (wish("load"), 409, None, "several workspaces (finance, sales)"),
        (wish(environment="Nowhere"), 404, None, "'night' does not exist"),
    ],
)
async def test_what_does_not_fit_is_refused_with_its_place_and_changes_nothing(
    call: Call, admin_key: str, body: dict[str, Any], status: int, path: str | None, said: str
) -> None:
    answer = await call("POST", PATH, admin_key, json=body)
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    if path is not None:
        assert path in answer.json()["errors"][0]["path"], answer.text
    assert (await call("GET", PATH, admin_key)).json()["total"] == 0


async def test_rights_in_the_workspace_of_what_starts_and_sight_of_the_sources_are_needed(
    call: Call, admin_key: str, world: World
) -> None:
    both = await world.key("both", finance="Contributor", sales="Viewer")
    half = await world.key("half", finance="Contributor")
    looking = await world.key("looking", finance="Viewer", sales="Viewer")
    stranger = await world.key("stranger", sales="Viewer")
    asked = [(await call("POST", PATH, key, json=wish())).status_code for key in (half, looking, stranger, both)]
    assert asked == [404, 403, 404, 201]
    [made] = (await call("GET", PATH, both)).json()["items"]
    one = f"{PATH}/{made['id']}"
    for method, body in (("PUT", wish()), ("DELETE", None)):
        asked = [(await call(method, one, key, json=body)).status_code for key in (looking, stranger)]
        assert asked == [403, 404], method
    assert (await call("PUT", one, half, json=wish())).status_code == 404
    assert (await call("GET", PATH, stranger)).json() == {"items": [], "total": 0}
    taken_over = (await call("PUT", one, half, json=wish(CHECK))).json()
    assert (taken_over["owner"], [source["name"] for source in taken_over["sources"]]) == ("half", ["check"])
    assert (await call("DELETE", one, half)).status_code == 204


async def test_a_source_that_may_not_be_seen_is_hidden_with_all_about_it(
    call: Call, admin_key: str, world: World
) -> None:
    made = (await call("POST", PATH, admin_key, json=wish("orders", CHECK))).json()
    half = await world.key("half", finance="Contributor")
    for _ in range(2):
        told = await call("GET", f"{PATH}/{made['id']}", half)
        assert told.json()["sources"][0] == {"hidden": True}
        assert told.json()["waitingFor"] == "a success of 'check' in workspace 'finance' and what you may not see"
        assert "orders" not in told.text
        assert "sales" not in told.text
        await world.execute(
            """INSERT INTO data_trigger_success (source_id, run_id, ended_at, newest_run)
               SELECT id, 1, now(), 1 FROM data_trigger_source WHERE position = 1 ON CONFLICT DO NOTHING"""
        )


async def test_a_ring_does_not_tell_what_may_not_be_seen(call: Call, admin_key: str, world: World) -> None:
    await call("POST", PATH, admin_key, json=wish({"name": "load", "workspace": "finance"}, starts="orders"))
    await call("POST", PATH, admin_key, json=wish("orders", starts=CHECK))
    half = await world.key("half", finance="Contributor")
    refused = await call("POST", PATH, half, json=wish(CHECK))
    assert refused.status_code == 422
    way = "'night' leads to 'load' leads to something that you may not see leads to 'check' leads to 'night'"
    assert way in refused.json()["errors"][0]["message"]


async def test_what_is_satisfied_is_shown_with_the_run_and_the_last_fire_with_what_it_started(
    call: Call, admin_key: str, world: World
) -> None:
    made = (await call("POST", PATH, admin_key, json=wish("orders", CHECK))).json()
    await world.execute(
        "INSERT INTO data_trigger_success SELECT id, 5, $1, 5 FROM data_trigger_source WHERE position = 1", NOW
    )
    [orders, _] = (await call("GET", f"{PATH}/{made['id']}", admin_key)).json()["sources"]
    assert (orders["satisfied"], orders["run"], orders["endedAt"]) == (True, 5, "2026-03-01T12:00:00.000Z")
    await world.execute("UPDATE data_trigger SET fires = 1, fired_at = $1", NOW)
    await world.execute("UPDATE data_trigger_success SET fire = 1")
    await world.execute(
        """INSERT INTO trigger_key (scope, key, run_id, created_at)
           VALUES ('data:' || $1::bigint, 'the 1st time', 9, $2)""",
        made["id"],
        NOW,
    )
    told = (await call("GET", f"{PATH}/{made['id']}", admin_key)).json()
    assert told["lastFire"] == {"at": "2026-03-01T12:00:00.000Z", "run": 9}
    assert (told["sources"][0]["satisfied"], told["sources"][0]["usedRun"]) == (False, 5)

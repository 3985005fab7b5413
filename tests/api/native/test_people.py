"""Users, groups and what they may do, through the native API."""

import pytest

from tests.api.conftest import Call
from tests.api.factories import World


@pytest.fixture
async def root(world: World) -> str:
    return await world.key("admin")


async def test_a_user_is_made_changed_found_and_deactivated(call: Call, root: str) -> None:
    made = await call("POST", "/api/v1/users", root, json={"name": "ada", "fullName": "Ada L.", "email": "ada@x.org"})
    assert made.status_code == 201
    assert (made.json()["kind"], made.json()["active"], made.json()["roles"]) == ("person", True, [])
    changed = await call("PATCH", "/api/v1/users/ada", root, json={"roles": ["OPERATOR"], "email": None})
    assert (changed.json()["roles"], changed.json()["email"], changed.json()["fullName"]) == (
        ["OPERATOR"],
        None,
        "Ada L.",
    )
    found = await call("GET", "/api/v1/users?text=ada+l", root)
    assert [user["name"] for user in found.json()["items"]] == ["ada"]
    gone = await call("PATCH", "/api/v1/users/ada", root, json={"active": False})
    assert gone.json()["active"] is False
    assert (await call("GET", "/api/v1/users/ada", root)).json() == gone.json()


async def test_a_name_is_taken_once(call: Call, root: str) -> None:
    assert (await call("POST", "/api/v1/users", root, json={"name": "ada"})).status_code == 201
    again = await call("POST", "/api/v1/users", root, json={"name": "ada"})
    assert (again.status_code, again.json()["detail"]) == (
        409,
        "There is a user 'ada' already: choose another name",
    )


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "a\u202eb"}, "name"),
        ({"name": " "}, "name"),
        ({"name": "ada", "email": "nobody"}, "email"),
        ({"name": "ada", "roles": ["GOD"]}, "roles[0]"),
        ({"name": "ada", "password": "short"}, "password"),
        ({"name": "ada", "kind": "service_account", "password": "x" * 20}, "password"),
        ({"name": "ada", "kind": "robot"}, "kind"),
        ({"name": "ada", "colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_with_a_user_is_named(call: Call, root: str, body: dict[str, object], path: str) -> None:
    refused = await call("POST", "/api/v1/users", root, json=body)
    assert refused.status_code == 422
    assert path in refused.text
    assert (await call("GET", "/api/v1/users?text=ada", root)).json()["items"] == []


async def test_the_last_administrator_stays(call: Call, root: str) -> None:
    for body in ({"active": False}, {"roles": []}):
        refused = await call("PATCH", "/api/v1/users/admin", root, json=body)
        assert (refused.status_code, refused.json()["detail"]) == (
            409,
            "Somebody must be able to manage the installation: make another active ADMINISTRATOR first",
        )
    assert (await call("GET", "/api/v1/users/admin", root)).json()["roles"] == ["ADMINISTRATOR"]


async def test_an_administrator_may_be_one_through_a_group(call: Call, root: str) -> None:
    await call("POST", "/api/v1/users", root, json={"name": "ada"})
    await call("POST", "/api/v1/groups", root, json={"name": "ops", "roles": ["ADMINISTRATOR"], "members": ["ada"]})
    assert (await call("PATCH", "/api/v1/users/admin", root, json={"roles": ["AUDITOR"]})).status_code == 200
    assert (await call("GET", "/api/v1/groups", root)).status_code == 403


async def test_a_group_gives_its_members_what_it_is_given_and_takes_it_with_it(
    call: Call, root: str, world: World
) -> None:
    finance = await world.workspace("finance")
    task = await world.task(finance, "Package", 1, "load")
    await world.run(task, "SUCCEEDED", "2026-03-01T10:00:00", "2026-03-01T10:00:05")
    ada = await world.key("ada")
    assert (await call("GET", "/api/v1/runs", ada)).json()["items"] == []
    made = await call("POST", "/api/v1/groups", root, json={"name": "analysts", "members": ["ada"]})
    assert made.json()["members"] == ["ada"]
    granted = await call(
        "PUT", "/api/v1/grants", root, json={"group": "analysts", "workspace": "finance", "role": "Viewer"}
    )
    assert granted.json()["items"] == [
        {"user": None, "group": "analysts", "workspace": "finance", "environment": None, "permissions": ["VIEW"]}
    ]
    assert len((await call("GET", "/api/v1/runs", ada)).json()["items"]) == 1
    assert (await call("DELETE", "/api/v1/groups/analysts", root)).status_code == 204
    assert (await call("GET", "/api/v1/runs", ada)).json()["items"] == []


async def test_a_grant_in_one_environment_is_one_there(call: Call, root: str, world: World) -> None:
    await world.workspace("finance")
    await world.workspace("finance", environment="Test")
    ada = await world.key("ada")
    body = {"user": "ada", "workspace": "finance", "environment": "Test", "permissions": ["EXECUTE"]}
    granted = (await call("PUT", "/api/v1/grants", root, json=body)).json()["items"]
    assert granted == [
        {
            "user": "ada",
            "group": None,
            "workspace": "finance",
            "environment": "Test",
            "permissions": ["EXECUTE", "VIEW"],
        }
    ]
    base = "/api/v0/orchestration/finance/tasks"
    assert (await call("GET", f"{base}?uat=Test", ada)).status_code == 200
    assert (await call("GET", base, ada)).status_code == 403
    taken = await call("PUT", "/api/v1/grants", root, json={**body, "permissions": []})
    assert taken.json()["items"] == []
    assert (await call("GET", f"{base}?uat=Test", ada)).status_code == 403


async def test_whoever_manages_a_workspace_says_who_may_do_what_there_and_nowhere_else(
    call: Call, root: str, world: World
) -> None:
    await world.workspace("finance")
    await world.workspace("sales")
    boss = await world.key("boss", finance="Administrator")
    await call("POST", "/api/v1/users", root, json={"name": "ada"})
    there = {"user": "ada", "workspace": "finance", "role": "Contributor"}
    assert (await call("PUT", "/api/v1/grants", boss, json=there)).status_code == 200
    assert len((await call("GET", "/api/v1/grants?workspace=finance", boss)).json()["items"]) == 2
    for refused in (
        await call("PUT", "/api/v1/grants", boss, json={**there, "workspace": "sales"}),
        await call("PUT", "/api/v1/grants", boss, json={**there, "workspace": "nowhere"}),
        await call("GET", "/api/v1/grants", boss),
        await call("GET", "/api/v1/grants?workspace=sales", boss),
        await call("GET", "/api/v1/users", boss),
    ):
        assert refused.status_code == 403


async def test_an_environment_manager_makes_workspaces_and_does_not_look_into_them(
    call: Call, root: str, world: World
) -> None:
    finance = await world.workspace("finance")
    await world.task(finance, "Package", 1, "load")
    await call("POST", "/api/v1/users", root, json={"name": "eve", "roles": ["ENVIRONMENT_MANAGER"]})
    eve = await world.key("eve")
    text = "workspaces: [{key: sales, name: Sales}]\n"
    body = {"files": [{"name": "a.yaml", "text": text}]}
    assert (await call("POST", "/api/v1/definitions/apply", eve, json=body)).status_code == 200
    exported = (await call("GET", "/api/v1/definitions/export", eve)).text
    assert "finance" in exported
    assert "load" not in exported
    text += "workspace: sales\ntasks: [{name: t, type: Package, config: {kind: command, command: ['true']}}]\n"
    body = {"files": [{"name": "a.yaml", "text": text}]}
    refused = await call("POST", "/api/v1/definitions/apply", eve, json=body)
    assert refused.status_code == 403
    assert "AUTHOR" in refused.json()["detail"]


async def test_everybody_sees_themselves_and_nobody_else(call: Call, world: World) -> None:
    ada = await world.key("ada")
    await world.key("bob")
    assert (await call("GET", "/api/v1/users/ada", ada)).json()["name"] == "ada"
    for name in ("bob", "nobody"):
        refused = await call("GET", f"/api/v1/users/{name}", ada)
        assert (refused.status_code, "bob" in refused.text) == (403, False)


async def test_counts_are_of_what_one_may_see(call: Call, root: str, world: World) -> None:
    for number, key in enumerate(("finance", "sales"), 1):
        task = await world.task(await world.workspace(key), "Package", number, f"load {key}")
        await world.run(task, "QUEUED")
    ada = await world.key("ada", finance="Viewer")
    stranger = await world.key("stranger")
    for key, queued in ((root, 2), (ada, 1), (stranger, 0)):
        assert (await call("GET", "/api/v1/status", key)).json()["work"]["queued"] == queued

"""Workspaces, as Talend clients keep them."""

from typing import Any

import pytest

from ostinato.app.application import App
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.api.talend.test_artifacts import publish
from tests.artifacts import zips
from tests.conftest import NOW, administrator
from tests.people import new_key

NOWHERE = "0" * 24


@pytest.fixture
async def production(talend: Talk) -> dict[str, Any]:
    """The environment, as it is described."""
    [found] = (await talend("GET", "/environments", query="default")).json()
    assert found["name"] == "Production"
    return dict(found)


async def test_a_workspace_is_made_listed_found_protected_and_removed(
    talend: Talk, production: dict[str, Any], app: App, world: World
) -> None:
    key = await new_key(app, "ada", NOW)
    await world.execute("UPDATE app_user SET full_name = 'Ada Byron' WHERE name = 'ada'")
    wish = {"name": "Sales & Co", "description": "Sells.", "owner": "ada", "environmentId": production["id"]}
    made = await talend("POST", "/workspaces", wish)
    assert made.status_code == 201, made.text
    told = made.json()
    assert told == {
        "id": told["id"],
        "name": "Sales & Co",
        "description": "Sells.",
        "createDate": told["createDate"],
        "updateDate": told["createDate"],
        "owner": "ada",
        "ownerFullName": "Ada Byron",
        "type": "Custom",
        "environmentId": production["id"],
    }
    listed = {
        "id": told["id"],
        "name": "Sales & Co",
        "description": "Sells.",
        "owner": "ada",
        "type": "custom",
        "environment": production,
        "protectedUpgrade": False,
        "protectedArtifactUpdate": False,
    }
    for query in ("name==Sales*", "owner==ADA;type==custom", "environment.name==production;protectedUpgrade==false"):
        assert (await talend("GET", "/workspaces", query=query)).json() == [listed], query
    assert (await talend("GET", "/workspaces", query="name==other")).json() == []
    assert (await talend("GET", "/workspaces", key=key)).json() == [listed]
    assert (await talend("POST", "/workspaces", wish)).status_code == 409
    path, change = f"/workspaces/{told['id']}", {"name": "Sales", "protectedArtifactUpdate": "true"}
    changed = await talend("PUT", path, change)
    assert (changed.status_code, changed.content) == (204, b"")
    [after] = (await talend("GET", "/workspaces", query="protectedArtifactUpdate==true")).json()
    assert after == {**listed, "name": "Sales", "protectedUpgrade": True, "protectedArtifactUpdate": True}
    gone = await talend("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await talend("DELETE", path)).status_code == 404
    assert (await talend("PUT", path, {"name": "x"})).status_code == 404
    records = await world.fetch("SELECT action, target FROM audit WHERE kind = 'workspace' ORDER BY id")
    assert [(record["action"], record["target"]) for record in records] == [
        ("create", "sales-co"),
        ("change", "sales-co"),
        ("delete", "sales-co"),
    ]


async def test_the_owner_may_do_everything_there_and_the_next_owner_as_well(
    talend: Talk, production: dict[str, Any], app: App
) -> None:
    ada, bob = await new_key(app, "ada", NOW), await new_key(app, "bob", NOW)
    wish = {"name": "Sales", "owner": "ada", "environmentId": production["id"]}
    number = (await talend("POST", "/workspaces", wish)).json()["id"]
    rights = f"/security/workspaces/{number}/users/ada/permissions"
    assert (await talend("GET", rights, key=ada)).json()["permissions"] == [
        "AUTHOR",
        "EXECUTE",
        "MANAGE",
        "PUBLISH",
        "VIEW",
    ]
    assert (await talend("GET", rights, key=bob)).status_code == 404
    assert (await talend("PUT", f"/workspaces/{number}", {"name": "Sales", "owner": "bob"})).status_code == 204
    assert (await talend("GET", rights, key=bob)).status_code == 200
    assert (await talend("PUT", f"/workspaces/{number}", {"name": "Sales"}, key=bob)).status_code == 403
    mine = await talend("POST", "/workspaces", {"name": "Mine", "environmentId": production["id"]})
    assert mine.json()["owner"] == "admin"


async def test_two_workspaces_of_an_environment_do_not_share_a_name(talend: Talk, production: dict[str, Any]) -> None:
    numbers = [
        (await talend("POST", "/workspaces", {"name": name, "environmentId": production["id"]})).json()["id"]
        for name in ("Sales", "Finance")
    ]
    taken = await talend("PUT", f"/workspaces/{numbers[0]}", {"name": "Finance"})
    assert (taken.status_code, "Finance" in taken.json()["message"]) == (409, True)
    assert (await talend("PUT", f"/workspaces/{numbers[0]}", {"name": "Sales"})).status_code == 204


async def test_a_workspace_whose_artifact_another_one_uses_stays(talend: Talk, app: App, world: World) -> None:
    await world.workspace("finance")
    sales = await world.workspace("sales")
    await publish(app, await administrator(app, NOW), zips.python(), name="Greet", version="1")
    task = await world.task(sales, "Package", 1, "greets")
    await world.execute("INSERT INTO task_artifact SELECT $1, id FROM artifact", task)
    places = {one["name"]: one["id"] for one in (await talend("GET", "/workspaces")).json()}
    refused = await talend("DELETE", f"/workspaces/{places['Finance']}")
    assert (refused.status_code, "'greets'" in refused.json()["message"]) == (409, True)
    assert (await talend("DELETE", f"/workspaces/{places['Sales']}")).status_code == 204
    assert (await talend("DELETE", f"/workspaces/{places['Finance']}")).status_code == 204


async def test_a_workspace_with_a_run_that_has_not_ended_and_one_that_is_not_custom_stay(
    talend: Talk, world: World
) -> None:
    task = await world.task(await world.workspace("finance"), "Package", 1, "load")
    await world.run(task, "QUEUED")
    await world.workspace("shared")
    await world.execute("UPDATE workspace SET kind = 'shared' WHERE key = 'shared'")
    for one in (await talend("GET", "/workspaces")).json():
        assert (await talend("DELETE", f"/workspaces/{one['id']}")).status_code == 409


async def test_what_is_no_workspace_is_refused(talend: Talk, production: dict[str, Any]) -> None:
    wish = {"name": "Sales", "environmentId": production["id"]}
    for wrong, status in (
        ({}, 400),
        ({**wish, "name": ""}, 400),
        ({**wish, "name": "a\nb"}, 400),
        ({**wish, "owner": "nobody"}, 400),
        ({**wish, "more": 1}, 400),
        ({**wish, "environmentId": "x"}, 400),
        ({**wish, "environmentId": NOWHERE}, 404),
    ):
        assert (await talend("POST", "/workspaces", wrong)).status_code == status, wrong
    number = (await talend("POST", "/workspaces", wish)).json()["id"]
    for wrong in ({}, {"name": "x", "owner": "nobody"}, {"name": "x", "protectedUpgrade": "perhaps"}):
        assert (await talend("PUT", f"/workspaces/{number}", wrong)).status_code == 400
    both = {"name": "x", "protectedUpgrade": True, "protectedArtifactUpdate": False}
    assert (await talend("PUT", f"/workspaces/{number}", both)).status_code == 400
    for method, body in (("PUT", {"name": "x"}), ("DELETE", None)):
        refused = await talend(method, "/workspaces/x", body)
        assert (refused.status_code, refused.json()["message"]) == (400, "Workspace ID is not valid id.")
        assert (await talend(method, f"/workspaces/{NOWHERE}", body)).status_code == 404


@pytest.mark.parametrize(
    ("path", "parameter"),
    [("/environments", "query"), ("/workspaces", "query"), ("/executables/promotions", "_s")],
)
@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("name==", "at character 7"),
        ("nme==x", "at character 1: there is no field 'nme' here"),
        ("(name==a", "at character 1: this parenthesis is not closed"),
        ("name==a;", "at character 9"),
        ("name=gt=a", "at character 5"),
        ("((((((((((((((((((((((((name==a", "at character"),
        ("name==" + "x" * 4_000, ""),
    ],
)
async def test_a_filter_that_cannot_be_read_is_refused_with_its_place(
    talend: Talk, path: str, parameter: str, expression: str, words: str
) -> None:
    refused = await talend("GET", path, **{parameter: expression})
    assert refused.status_code == 400
    message = refused.json()["message"]
    assert words in message
    assert message.startswith(parameter)

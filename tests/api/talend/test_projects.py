"""Projects and who may work on them, as Talend clients keep them."""

from typing import Any

import pytest

from ostinato.app import groups, keys, people
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.credentials import Kind
from tests.api.conftest import Call
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.api.talend.test_oauth import GRANT, TOKEN, basic
from tests.conftest import NOW, administrator
from tests.people import new_key

NOWHERE = "0" * 24
SALES = {"name": "Sales 2026", "owner": "ada", "url": "https://git.example.org/sales.git", "description": "Sells."}


@pytest.fixture
async def admin(app: App) -> Actor:
    """The administrator; ada and bob are there, and bob is in the group builders."""
    admin = await administrator(app, NOW)
    for name in ("ada", "bob"):
        await people.create_user(app, admin, name, NOW)
    await groups.create_group(app, admin, "builders", groups.GroupChange(members=["bob"]), NOW)
    return admin


async def made(talend: Talk, **more: Any) -> dict[str, Any]:
    answer = await talend("POST", "/projects", {**SALES, **more})
    assert answer.status_code == 201, answer.text
    project: dict[str, Any] = answer.json()
    return project


async def test_a_project_is_made_listed_found_changed_and_removed(talend: Talk, admin: Actor, world: World) -> None:
    told = await made(talend)
    assert told == {
        "id": told["id"],
        "name": "Sales 2026",
        "technicalLabel": "SALES_2026",
        "description": "Sells.",
        "url": "https://git.example.org/sales.git",
        "author": "admin",
        "owner": "ada",
        "projectType": "DI",
        "repoType": "GIT",
        "createDate": told["createDate"],
        "updateDate": told["createDate"],
    }
    other = await made(talend, name="Other")
    assert (await talend("GET", "/projects")).json() == {
        "items": [other, told],
        "limit": 100,
        "offset": 0,
        "total": 2,
    }
    page = (await talend("GET", "/projects", limit=1, offset=1)).json()
    assert (page["items"], page["total"]) == ([told], 2)
    assert (await talend("GET", "/projects", offset=7)).json()["total"] == 2
    for query in ({"name": "sales"}, {"projectName": "sales"}, {"name": "SALES", "projectName": "SALES"}):
        assert (await talend("GET", "/projects", **query)).json()["items"] == [told]
    assert (await talend("GET", "/projects", name="sales", projectName="other")).status_code == 400
    path = f"/projects/{told['id']}"
    assert (await talend("GET", path)).json() == told
    for taken in ("Sales 2026", "sales-2026"):
        assert (await talend("POST", "/projects", {**SALES, "name": taken})).status_code == 409
    changed = await talend("PUT", path, {"owner": "bob", "url": "git@git.example.org:sales.git"})
    assert changed.status_code == 200
    after = {**told, "owner": "bob", "url": "git@git.example.org:sales.git", "updateDate": changed.json()["updateDate"]}
    assert changed.json() == after
    assert (await talend("PUT", path, {"description": ""})).json()["description"] == ""
    gone = await talend("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
        assert (await talend(method, path, body)).status_code == 404
    records = await world.fetch("SELECT action, target, before, after FROM audit WHERE kind = 'project' ORDER BY id")
    assert [record["action"] for record in records] == ["create", "create", "change", "change", "delete"]
    assert records[2]["before"] == {"owner": "ada", "url": "https://git.example.org/sales.git"}


async def test_users_and_groups_are_authorised(talend: Talk, admin: Actor, app: App) -> None:
    project = (await made(talend))["id"]
    ada, bob = await new_key(app, "ada", NOW), await new_key(app, "bob", NOW)
    path = f"/projects/{project}"
    assert (await talend("GET", path, key=bob)).status_code == 404
    for kind, name, member in (("users", "bob", "userIds"), ("groups", "builders", "groupIds")):
        assert (await talend("GET", f"{path}/{kind}")).json() == {"projectId": project, member: []}
        added = await talend("PUT", f"{path}/{kind}/{name}", key=ada)
        assert (added.status_code, added.content) == (204, b"")
        assert (await talend("PUT", f"{path}/{kind}/{name}")).status_code == 409
        [number] = (await talend("GET", f"{path}/{kind}", key=bob)).json()[member]
        assert (await talend("PUT", f"{path}/{kind}/{number}")).status_code == 409
        assert (await talend("GET", path, key=bob)).status_code == 200
        assert (await talend("GET", "/projects", key=bob)).json()["total"] == 1
        for method in ("PUT", "DELETE"):
            assert (await talend(method, f"{path}/{kind}/{number}", key=bob)).status_code == 403
        assert (await talend("DELETE", f"{path}/{kind}/{number}", key=ada)).status_code == 204
        assert (await talend("DELETE", f"{path}/{kind}/{number}")).status_code == 404
        assert (await talend("GET", f"{path}/{kind}", key=bob)).status_code == 404
        for method in ("PUT", "DELETE"):
            assert (await talend(method, f"{path}/{kind}/{name}", key=bob)).status_code == 404
            for nobody in ("nobody", NOWHERE, "%00", "00000000-0000-0000-0000-000000000000"):
                assert (await talend(method, f"{path}/{kind}/{nobody}")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {**SALES, "name": ""},
        {**SALES, "name": "a\x00"},
        {**SALES, "name": "a\nb"},
        {**SALES, "name": None},
        {**SALES, "name": "x" * 201},
        {**SALES, "owner": "nobody"},
        {**SALES, "url": "x"},
        {**SALES, "url": "https://ada:secret@git.example.org/x"},
        {**SALES, "more": 1},
        {name: value for name, value in SALES.items() if name != "url"},
    ],
)
async def test_what_is_no_project_is_refused(talend: Talk, admin: Actor, body: Any) -> None:
    refused = await talend("POST", "/projects", body)
    assert refused.status_code == 400, refused.text
    assert "secret" not in refused.text


@pytest.mark.parametrize("body", [{"name": "x"}, {"owner": "nobody"}, {"url": "x"}, {"owner": ""}, []])
async def test_what_is_no_change_of_a_project_is_refused(talend: Talk, admin: Actor, body: Any) -> None:
    project = (await made(talend))["id"]
    assert (await talend("PUT", f"/projects/{project}", body)).status_code == 400


async def test_parameters_that_say_nothing_are_refused(talend: Talk, admin: Actor) -> None:
    for query in ({"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 10**30}, {"name": "\x00"}):
        assert (await talend("GET", "/projects", **query)).status_code == 400
    for method, end, body in (
        ("GET", "", None),
        ("PUT", "", {}),
        ("DELETE", "", None),
        ("GET", "/users", None),
        ("PUT", "/users/ada", None),
        ("DELETE", "/users/ada", None),
        ("GET", "/groups", None),
        ("PUT", "/groups/builders", None),
        ("DELETE", "/groups/builders", None),
    ):
        refused = await talend(method, f"/projects/x{end}", body)
        assert (refused.status_code, refused.json()["message"]) == (400, "Project ID is not valid id.")
        assert (await talend(method, f"/projects/{NOWHERE}{end}", body)).status_code == 404
        assert (await talend(method, f"/projects/{NOWHERE}{end}", body, key="txk_" + "a" * 32)).status_code == 401


async def test_owners_change_their_projects_and_others_do_not(
    talend: Talk, admin: Actor, app: App, world: World
) -> None:
    project = (await made(talend))["id"]
    ada, bob, path = await new_key(app, "ada", NOW), await new_key(app, "bob", NOW), f"/projects/{project}"
    manager = await new_key(app, "manager", NOW)
    await world.execute("UPDATE app_user SET roles = '{ENVIRONMENT_MANAGER}' WHERE name = 'manager'")
    assert (await talend("POST", "/projects", {**SALES, "name": "Mine"}, key=ada)).status_code == 403
    assert (await talend("PUT", path, {"description": "x"}, key=bob)).status_code == 404
    await talend("PUT", f"{path}/users/bob")
    assert (await talend("PUT", path, {"description": "x"}, key=bob)).status_code == 403
    assert (await talend("DELETE", path, key=bob)).status_code == 403
    for key in (ada, manager):
        assert (await talend("PUT", path, {"description": "x"}, key=key)).status_code == 200
    assert (await talend("POST", "/projects", {**SALES, "name": "Mine"}, key=manager)).status_code == 201
    assert (await talend("PUT", path, {"owner": "bob"}, key=ada)).json()["owner"] == "bob"
    assert (await talend("GET", path, key=ada)).status_code == 404
    assert (await talend("DELETE", path, key=bob)).status_code == 204


async def test_a_limited_credential_of_an_owner_changes_nothing(
    talend: Talk, admin: Actor, app: App, world: World
) -> None:
    await world.workspace("finance")
    path = f"/projects/{(await made(talend))['id']}"
    for wish, status in (
        (keys.Wish(description="r", scopes=["VIEW"]), 200),
        (keys.Wish(description="f", workspaces=["finance"]), 404),
    ):
        key = (await keys.create_on_machine(app, admin, "ada", wish, NOW)).secret
        assert (await talend("GET", path, key=key)).status_code == status
        changed = await talend("PUT", path, {"description": "x"}, key=key)
        assert changed.status_code == (403 if status == 200 else 404)


async def test_projects_are_not_for_tokens_of_service_accounts(
    talend: Talk, call: Call, admin: Actor, app: App
) -> None:
    await people.create_user(
        app, admin, "ci", NOW, kind="service_account", about=people.UserChange(roles=["ADMINISTRATOR"])
    )
    secret = (await keys.create_on_machine(app, admin, "ci", keys.Wish(kind=Kind.CLIENT, description="x"), NOW)).secret
    answer = await call("POST", TOKEN, json=GRANT, headers=basic("ci", secret), shows_key=True)
    token, project = answer.json()["access_token"], (await made(talend))["id"]
    for method, path, body in (
        ("GET", "/projects", None),
        ("POST", "/projects", SALES),
        ("GET", f"/projects/{project}", None),
        ("PUT", f"/projects/{project}", {}),
        ("DELETE", f"/projects/{project}", None),
    ):
        refused = await talend(method, path, body, key=token)
        assert (refused.status_code, "personal access token" in refused.json()["message"]) == (403, True)
    assert (await talend("GET", f"/projects/{project}/users", key=token)).status_code == 200
    personal = keys.Wish(kind=Kind.TOKEN, description="x")
    token = (await keys.create_on_machine(app, admin, "ada", personal, NOW)).secret
    assert (await talend("GET", f"/projects/{project}", key=token)).status_code == 200

"""Permissions of users and service accounts in workspaces, as Talend clients keep them."""

import re
from typing import Any

import pytest

from ostinato.app import people
from ostinato.app.application import App
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.conftest import NOW, administrator

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NOWHERE = "0" * 24


@pytest.fixture
async def place(app: App, world: World, talend: Talk) -> str:
    """The id of a workspace, with ada, bob and the service account ci beside it."""
    await world.workspace("finance")
    admin = await administrator(app, NOW)
    for name, kind in (("ada", "person"), ("bob", "person"), ("ci", "service_account")):
        await people.create_user(app, admin, name, NOW, kind=kind)
    return await workspace(talend, "Finance")


async def workspace(talend: Talk, name: str) -> str:
    [found] = (await talend("GET", "/workspaces", query=f"name=={name}")).json()
    return str(found["id"])


@pytest.mark.parametrize(("kind", "name"), [("users", "ada"), ("service-accounts", "ci")])
async def test_a_permission_is_given_read_replaced_and_taken(
    talend: Talk, place: str, world: World, kind: str, name: str
) -> None:
    path = f"/security/workspaces/{place}/{kind}/{name}/permissions"
    assert (await talend("GET", path)).status_code == 404
    made = await talend("POST", path, ["EXECUTE", "AUTHOR"])
    assert (made.status_code, made.content) == (201, b"")
    told = (await talend("GET", path)).json()
    assert told == {
        "workspaceId": place,
        "userId": told["userId"],
        "permissions": ["AUTHOR", "EXECUTE", "VIEW"],
    }
    assert UUID.fullmatch(told["userId"])
    by_id = f"/security/workspaces/{place}/{kind}/{told['userId']}/permissions"
    assert (await talend("GET", by_id)).json() == told
    assert (await talend("POST", by_id, ["VIEW"])).status_code == 409
    replaced = await talend("PUT", by_id, ["MANAGE"])
    assert (replaced.status_code, replaced.content) == (204, b"")
    assert (await talend("GET", path)).json()["permissions"] == ["MANAGE", "VIEW"]
    listed = await talend("GET", "/security/permissions", userId=name)
    assert listed.json() == [{**told, "permissions": ["MANAGE", "VIEW"]}]
    assert (await talend("DELETE", by_id)).status_code == 204
    assert (await talend("DELETE", by_id)).status_code == 404
    assert (await talend("PUT", by_id, ["VIEW"])).status_code == 404
    records = await world.fetch(
        "SELECT action, target, environment, workspace, before, after FROM audit WHERE kind = 'right' ORDER BY id"
    )
    assert [record["action"] for record in records] == ["grant", "grant", "revoke"]
    assert records[1] == {
        "action": "grant",
        "target": name,
        "environment": "Production",
        "workspace": "finance",
        "before": {"permissions": ["AUTHOR", "EXECUTE", "VIEW"]},
        "after": {"permissions": ["MANAGE", "VIEW"]},
    }


async def test_a_person_is_no_service_account_and_the_other_way_round(talend: Talk, place: str) -> None:
    for kind, name, word in (("users", "ci", "User"), ("service-accounts", "ada", "Service account")):
        path = f"/security/workspaces/{place}/{kind}/{name}/permissions"
        for method, body in (("GET", None), ("POST", ["VIEW"]), ("PUT", ["VIEW"]), ("DELETE", None)):
            refused = await talend(method, path, body)
            assert refused.status_code == 404
            assert refused.json()["message"].startswith(word)


@pytest.mark.parametrize("body", [[], ["FLY"], {}, "VIEW", [1], [["VIEW"]], None])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_permissions_that_are_none_are_refused(talend: Talk, place: str, method: str, body: Any) -> None:
    refused = await talend(method, f"/security/workspaces/{place}/users/ada/permissions", body)
    assert refused.status_code == 400, refused.text


async def test_ids_that_have_not_the_form_of_one_are_400_and_others_404(talend: Talk, place: str) -> None:
    for method, body in (("GET", None), ("POST", ["VIEW"]), ("PUT", ["VIEW"]), ("DELETE", None)):
        refused = await talend(method, "/security/workspaces/x/users/ada/permissions", body)
        assert (refused.status_code, refused.json()["message"]) == (400, "Workspace ID is not valid id.")
        for path in (
            f"{NOWHERE}/users/ada",
            f"{place}/users/nobody",
            f"{place}/users/{'9' * 8}-0000-0000-0000-{'0' * 12}",
        ):
            assert (await talend(method, f"/security/workspaces/{path}/permissions", body)).status_code == 404


@pytest.mark.parametrize(("kind", "name"), [("users", "eva"), ("service-accounts", "ci")])
async def test_what_was_granted_in_every_environment_is_shown_and_not_changed_in_one(
    talend: Talk, place: str, world: World, kind: str, name: str
) -> None:
    key = await world.key(name, finance="Viewer")
    path = f"/security/workspaces/{place}/{kind}/{name}/permissions"
    assert (await talend("GET", path)).json()["permissions"] == ["VIEW"]
    for method, body in (("POST", ["MANAGE"]), ("PUT", ["MANAGE"]), ("DELETE", None)):
        assert (await talend(method, path, body)).status_code == 409
    gone = await talend("DELETE", "/security/permissions/batch", workspaceIds=place)
    assert (gone.status_code, [one["status"] for one in gone.json()]) == (207, [409])
    assert len((await talend("GET", "/workspaces", key=key)).json()) == 1


async def test_whoever_has_manage_has_a_say_in_that_workspace_and_nobody_else_has(
    talend: Talk, place: str, world: World
) -> None:
    await world.workspace("sales")
    sales = await workspace(talend, "Sales")
    boss, viewer = await world.key("boss", finance="Administrator"), await world.key("viewer", finance="Viewer")
    stranger = await world.key("stranger")
    path = f"/security/workspaces/{place}/users/ada/permissions"
    of_service = f"/security/workspaces/{place}/service-accounts/ci/permissions"
    assert (await talend("POST", path, ["VIEW"], key=boss)).status_code == 201
    for key, status in ((viewer, 403), (stranger, 404)):
        for method, body in (("GET", None), ("POST", ["VIEW"]), ("PUT", ["VIEW"]), ("DELETE", None)):
            assert (await talend(method, path, body, key=key)).status_code == status
            assert (await talend(method, of_service, body, key=key)).status_code == status
        assert (await talend("GET", "/security/permissions", key=key)).status_code == 403
        assert (await talend("GET", "/security/permissions", key=key, workspaceId=place)).status_code == status
        assert (await talend("DELETE", "/security/permissions/batch", key=key, userIds="ada")).status_code == 403
    assert (await talend("POST", path.replace(place, sales), ["VIEW"], key=boss)).status_code == 404
    await talend("POST", path.replace(place, sales), ["VIEW"])
    assert {one["workspaceId"] for one in (await talend("GET", "/security/permissions", key=boss)).json()} == {place}
    assert len((await talend("GET", "/security/permissions", userId="ada")).json()) == 2
    assert (await talend("GET", path, key="txk_" + "a" * 32)).status_code == 401


async def test_permissions_are_filtered(talend: Talk, place: str, world: World) -> None:
    await world.workspace("finance", "Tried", environment="Test")
    tried = await workspace(talend, "Tried")
    for where, who in ((place, "ada"), (place, "bob"), (tried, "ada")):
        await talend("POST", f"/security/workspaces/{where}/users/{who}/permissions", ["EXECUTE"])
    environments = {one["name"]: one["id"] for one in (await talend("GET", "/environments")).json()}

    async def count(**where: str) -> int:
        return len((await talend("GET", "/security/permissions", **where)).json())

    assert await count() == 3
    assert await count(workspaceId=place) == 2
    assert await count(userId="ada") == 2
    assert await count(environmentId=environments["Test"]) == 1
    assert await count(environmentId=environments["Test"], userId="bob") == 0
    for wrong, status in (("x", 400), (NOWHERE, 404)):
        for field in ("workspaceId", "environmentId"):
            assert (await talend("GET", "/security/permissions", **{field: wrong})).status_code == status
    assert (await talend("GET", "/security/permissions", userId="nobody")).status_code == 404


async def test_many_are_given_changed_and_deleted_and_the_refused_ones_are_told(talend: Talk, place: str) -> None:
    def of(user: str, *permissions: str, where: str = place) -> dict[str, Any]:
        return {"workspaceId": where, "userId": user, "permissions": list(permissions)}

    batch = "/security/permissions/batch"
    done = await talend("POST", batch, [of("ada", "VIEW"), of("ci", "EXECUTE")])
    assert (done.status_code, done.content) == (204, b"")
    wrong = [of("ada", "VIEW"), of("bob", "VIEW"), of("nobody", "VIEW"), of("bob"), of("bob", "VIEW", where="x")]
    partly = await talend("POST", batch, wrong)
    assert partly.status_code == 207
    assert [(one["status"], one["permission"]) for one in partly.json()] == [
        (409, wrong[0]),
        (404, wrong[2]),
        (400, wrong[3]),
        (400, wrong[4]),
    ]
    assert partly.json()[3]["message"] == "Workspace ID is not valid id."
    assert (await talend("PUT", batch, [of("ada", "MANAGE"), of("bob", "AUTHOR")])).status_code == 204
    partly = await talend("PUT", batch, [of("ada", "VIEW", where=NOWHERE)])
    assert (partly.status_code, [one["status"] for one in partly.json()]) == (207, [404])
    assert (await talend("DELETE", batch, userIds="ada,bob", workspaceIds=place)).status_code == 204
    assert [one["permissions"] for one in (await talend("GET", "/security/permissions")).json()] == [
        ["EXECUTE", "VIEW"]
    ]
    assert (await talend("DELETE", batch, workspaceIds=[place])).status_code == 204
    assert (await talend("GET", "/security/permissions")).json() == []
    assert (await talend("DELETE", batch, workspaceIds=[place])).status_code == 204
    for query, status in (
        ({}, 400),
        ({"workspaceIds": "x"}, 400),
        ({"workspaceIds": NOWHERE}, 404),
        ({"userIds": "nobody"}, 404),
    ):
        assert (await talend("DELETE", batch, **query)).status_code == status
    for body in ({}, [{}], [{**of("ada", "VIEW"), "more": 1}], [of("ada", "FLY")]):
        for method in ("POST", "PUT"):
            assert (await talend(method, batch, body)).status_code == 400


async def test_a_batch_of_a_stranger_is_refused_one_by_one(talend: Talk, place: str, world: World) -> None:
    viewer = await world.key("viewer", finance="Viewer")
    body = [{"workspaceId": place, "userId": "ada", "permissions": ["VIEW"]}]
    for method in ("POST", "PUT"):
        refused = await talend(method, "/security/permissions/batch", body, key=viewer)
        assert (refused.status_code, [one["status"] for one in refused.json()]) == (207, [403])


async def test_nothing_that_is_sent_is_an_error_of_the_server(talend: Talk, place: str) -> None:
    for user in ("%00", "a%00b", "%ED%A0%80", "x" * 201, "%22%27--"):
        answer = await talend("GET", f"/security/workspaces/{place}/users/{user}/permissions")
        assert answer.status_code in (400, 404), (user, answer.text)
    for user in ("\x00", "a\x00b", "x" * 201, "\"'--"):
        assert (await talend("GET", "/security/permissions", userId=user)).status_code in (400, 404)
        assert (await talend("GET", "/security/permissions", workspaceId=user)).status_code == 400
        assert (await talend("DELETE", "/security/permissions/batch", userIds=user)).status_code in (400, 404)
    body = [{"workspaceId": place, "userId": "a\x00", "permissions": ["VIEW"]}]
    assert (await talend("POST", "/security/permissions/batch", body)).status_code == 400

"""Promotions and who may carry them out, as Talend clients keep them."""

from typing import Any

import pytest

from ostinato.app import keys, people
from ostinato.app.application import App
from ostinato.core.access import Actor
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.conftest import NOW, administrator
from tests.people import new_key

NOWHERE = "0" * 24
PROMOTIONS = "/executables/promotions"


@pytest.fixture
async def admin(app: App) -> Actor:
    """The administrator; ada and the service account ci are there."""
    admin = await administrator(app, NOW)
    await people.create_user(app, admin, "ada", NOW)
    await people.create_user(app, admin, "ci", NOW, kind="service_account")
    return admin


@pytest.fixture
async def environments(talend: Talk) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in (await talend("GET", "/environments")).json()}


def between(environments: dict[str, dict[str, Any]], source: str, target: str, **more: str) -> dict[str, str]:
    return {
        "sourceEnvironmentId": environments[source]["id"],
        "targetEnvironmentId": environments[target]["id"],
        **more,
    }


async def test_a_promotion_is_made_listed_found_described_and_removed(
    talend: Talk, environments: dict[str, dict[str, Any]], world: World
) -> None:
    body = between(environments, "Test", "Production", description="Every Friday")
    made = await talend("POST", PROMOTIONS, body)
    assert made.status_code == 201, made.text
    told = made.json()
    assert told == {
        "executable": told["executable"],
        "name": "Test to Production",
        "sourceEnvironment": environments["Test"],
        "targetEnvironment": environments["Production"],
        "description": "Every Friday",
    }
    back = (await talend("POST", PROMOTIONS, between(environments, "Production", "Test"))).json()
    assert "description" not in back
    in_lists = {name: value for name, value in told.items() if name != "description"}
    assert (await talend("GET", PROMOTIONS)).json() == [back, in_lists]
    for search in ("name==test*", "name==Test to Prod*;sourceEnvironment.default==false", "targetEnvironment.default"):
        assert (await talend("GET", PROMOTIONS, _s=search)).json() == [in_lists], search
    assert (await talend("POST", PROMOTIONS, body)).status_code == 409
    path = f"{PROMOTIONS}/{told['executable']}"
    assert (await talend("GET", path)).json() == told
    changed = await talend("PATCH", path, {"description": "Every Monday"})
    assert (changed.status_code, changed.content) == (204, b"")
    assert (await talend("GET", path)).json() == {**told, "description": "Every Monday"}
    used = await talend("DELETE", f"/environments/{environments['Test']['id']}")
    assert (used.status_code, "promotion" in used.json()["message"]) == (400, True)
    assert (await talend("DELETE", path)).status_code == 204
    for method, sent in (("GET", None), ("PATCH", {"description": "x"}), ("DELETE", None)):
        assert (await talend(method, path, sent)).status_code == 404
    records = await world.fetch("SELECT action, target FROM audit WHERE kind = 'promotion' ORDER BY id")
    assert [record["action"] for record in records] == ["create", "create", "change", "delete"]
    assert records[3]["target"] == "Test to Production"


async def test_users_and_service_accounts_are_assigned_and_see_it(
    talend: Talk, environments: dict[str, dict[str, Any]], admin: Actor, app: App
) -> None:
    number = (await talend("POST", PROMOTIONS, between(environments, "Test", "Production"))).json()["executable"]
    path, ada = f"{PROMOTIONS}/{number}", await new_key(app, "ada", NOW)
    nobody = {"executable": number, "userIds": [], "serviceAccountIds": []}
    assert (await talend("GET", f"{path}/users")).json() == nobody
    assert (await talend("GET", PROMOTIONS, key=ada)).json() == []
    assert (await talend("GET", path, key=ada)).status_code == 404
    assert (await talend("PUT", f"{path}/users/ada")).status_code == 204
    assert (await talend("PUT", f"{path}/users/ada")).status_code == 409
    for _ in range(2):
        assert (await talend("PUT", f"{path}/service-accounts/ci")).status_code == 204
    told = (await talend("GET", f"{path}/users", key=ada)).json()
    assert {name: len(value) for name, value in told.items()} == {
        "executable": 24,
        "userIds": 1,
        "serviceAccountIds": 1,
    }
    assert len((await talend("GET", PROMOTIONS, key=ada)).json()) == 1
    assert (await talend("GET", path, key=ada)).status_code == 200
    finance_only = keys.Wish(description="f", workspaces=["finance"])
    limited = (await keys.create_on_machine(app, admin, "ada", finance_only, NOW)).secret
    assert (await talend("GET", path, key=limited)).status_code == 404
    for method, end, body in (("PATCH", "", {"description": "x"}), ("DELETE", "", None), ("PUT", "/users/ada", None)):
        assert (await talend(method, f"{path}{end}", body, key=ada)).status_code == 403
    for kind, one in (("users", told["userIds"][0]), ("service-accounts", told["serviceAccountIds"][0])):
        assert (await talend("DELETE", f"{path}/{kind}/{one}")).status_code == 204
        assert (await talend("DELETE", f"{path}/{kind}/{one}")).status_code == 404
    assert (await talend("GET", f"{path}/users")).json() == nobody
    for method in ("PUT", "DELETE"):
        for end in ("users/ci", "users/nobody", "service-accounts/ada", "service-accounts/nobody", "users/%00"):
            assert (await talend(method, f"{path}/{end}")).status_code == 404


async def test_what_is_no_promotion_is_refused(
    talend: Talk, environments: dict[str, dict[str, Any]], admin: Actor
) -> None:
    body = between(environments, "Test", "Production")
    for wrong, status in (
        ({}, 400),
        ([], 400),
        ({**body, "more": 1}, 400),
        ({**body, "description": "\x00"}, 400),
        ({**body, "sourceEnvironmentId": "x"}, 400),
        ({**body, "targetEnvironmentId": "x"}, 400),
        ({**body, "sourceEnvironmentId": NOWHERE}, 404),
        ({**body, "targetEnvironmentId": NOWHERE}, 404),
        ({**body, "targetEnvironmentId": body["sourceEnvironmentId"][:-1] + "f"}, 404),
        (between(environments, "Test", "Test"), 400),
    ):
        assert (await talend("POST", PROMOTIONS, wrong)).status_code == status, wrong
    path = f"{PROMOTIONS}/{(await talend('POST', PROMOTIONS, body)).json()['executable']}"
    for wrong in ({}, [], {"description": None}, {"description": "x", "name": "y"}):
        assert (await talend("PATCH", path, wrong)).status_code == 400


async def test_ids_that_have_not_the_form_of_one_are_400_and_others_404(talend: Talk, admin: Actor) -> None:
    for method, end, body in (
        ("GET", "", None),
        ("PATCH", "", {"description": "x"}),
        ("DELETE", "", None),
        ("GET", "/users", None),
        ("PUT", "/users/ada", None),
        ("DELETE", "/users/ada", None),
        ("PUT", "/service-accounts/ci", None),
        ("DELETE", "/service-accounts/ci", None),
    ):
        refused = await talend(method, f"{PROMOTIONS}/x{end}", body)
        assert (refused.status_code, refused.json()["message"]) == (400, "Promotion ID is not valid id.")
        assert (await talend(method, f"{PROMOTIONS}/{NOWHERE}{end}", body)).status_code == 404
        assert (await talend(method, f"{PROMOTIONS}/{NOWHERE}{end}", body, key="txk_" + "a" * 32)).status_code == 401


async def test_only_who_manages_environments_makes_promotions(
    talend: Talk, environments: dict[str, dict[str, Any]], world: World
) -> None:
    await world.workspace("finance")
    boss = await world.key("boss", finance="Administrator")
    body = between(environments, "Test", "Production")
    assert (await talend("POST", PROMOTIONS, body, key=boss)).status_code == 403
    assert (await talend("GET", PROMOTIONS, key=boss)).json() == []

"""Environments and workspaces, as Talend clients keep them."""

from tests.api.talend.conftest import Talk


async def test_an_environment_is_made_listed_found_changed_and_removed(talend: Talk) -> None:
    made = await talend("POST", "/environments", {"name": "Acceptance", "workspaceName": "Sales", "owner": "admin"})
    assert made.status_code == 201, made.text
    told = made.json()
    assert told == {"id": told["id"], "name": "Acceptance", "maxCloudContainers": 0, "default": False}
    listed = (await talend("GET", "/environments")).json()
    assert [one["name"] for one in listed] == ["Production", "Development", "Test", "Acceptance"]
    assert [one["name"] for one in listed if one["default"]] == ["Production"]
    found = await talend("GET", "/environments", query="name==Acc*")
    assert found.json() == [told]
    workspaces = await talend("GET", "/workspaces", query="environment.name==Acceptance")
    assert [(one["name"], one["owner"], one["type"]) for one in workspaces.json()] == [("Sales", "admin", "custom")]
    change = {"name": "UAT", "description": "what users try", "maxCloudContainers": "3"}
    assert (await talend("PUT", f"/environments/{told['id']}", change)).status_code == 204
    [changed] = (await talend("GET", "/environments", query="description==*try")).json()
    assert changed == {"id": told["id"], "default": False, **change, "maxCloudContainers": 3}
    assert (await talend("DELETE", f"/environments/{told['id']}")).status_code == 204
    gone = await talend("DELETE", f"/environments/{told['id']}")
    assert gone.status_code == 404
    assert gone.json()["message"].startswith("Environment")


async def test_names_of_environments_are_unique(talend: Talk) -> None:
    wish = {"name": "Acceptance", "workspaceName": "Sales"}
    made = (await talend("POST", "/environments", wish)).json()
    assert (await talend("POST", "/environments", wish)).status_code == 409
    taken = await talend("PUT", f"/environments/{made['id']}", {"name": "Test"})
    assert (taken.status_code, "'Test'" in taken.json()["message"]) == (409, True)
    assert (await talend("PUT", f"/environments/{'0' * 24}", {"name": "Other"})).status_code == 404


async def test_how_many_containers_there_may_be_is_a_number(talend: Talk) -> None:
    for many in (-1, 10**30, "many"):
        wish = {"name": "Acceptance", "workspaceName": "Sales", "maxCloudContainers": many}
        refused = await talend("POST", "/environments", wish)
        assert (refused.status_code, "maxCloudContainers" in refused.json()["message"]) == (400, True)

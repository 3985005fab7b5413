"""Connections, as Talend clients keep them."""

from typing import Any

import pytest

from ostinato.app.application import App
from ostinato.core import object_ids
from ostinato.core.object_ids import Kind
from tests.api.factories import World
from tests.api.talend.conftest import Talk

SECRET = "canary-77b0"
SHOP: dict[str, Any] = {
    "name": "shop",
    "app": "PostgreSQL",
    "parameters": [
        {"name": "host", "value": "db.example.org"},
        {"name": "port", "value": 5433},
        {"name": "database", "value": "shop"},
        {"name": "user", "value": "${USER}", "encrypted": False},
        {"name": "password", "value": SECRET},
    ],
}
AWS: dict[str, Any] = {
    "name": "store",
    "app": "aws",
    "parameters": [
        {"name": "region", "value": "eu-central-1"},
        {"name": "secret_key", "value": SECRET, "encrypted": True},
    ],
}


@pytest.fixture
async def finance(world: World) -> str:
    """The id of a workspace, as clients send it."""
    return await place(world, "finance")


async def place(world: World, key: str, **more: Any) -> str:
    number = await world.workspace(key, **more)
    [row] = await world.fetch("SELECT number FROM installation")
    return object_ids.make(row["number"], Kind.WORKSPACE, number)


async def secrets_of(world: World, name: str) -> dict[str, str]:
    """In clear, as runs get them."""
    rows = await world.fetch("SELECT workspace_id, secrets FROM connection WHERE name = $1", name)
    [row] = rows
    return {
        field: world.app.keyring.decrypt(text, row["workspace_id"], name, field)
        for field, text in row["secrets"].items()
    }


async def test_a_connection_is_made_listed_found_changed_and_deleted(talend: Talk, finance: str, world: World) -> None:
    made = await talend("POST", "/connections", {**SHOP, "workspaceId": finance})
    assert made.status_code == 201, made.text
    told = made.json()
    workspace = {
        "id": finance,
        "name": "Finance",
        "type": "custom",
        "environment": told["workspace"]["environment"],
        "protectedUpgrade": False,
        "protectedArtifactUpdate": False,
    }
    assert told == {
        "id": told["id"],
        "name": "shop",
        "app": "postgresql",
        "createDate": told["createDate"],
        "updateDate": told["createDate"],
        "parameters": [
            {"name": "host", "value": "db.example.org", "encrypted": False},
            {"name": "port", "value": "5433", "encrypted": False},
            {"name": "database", "value": "shop", "encrypted": False},
            {"name": "user", "value": "${USER}", "encrypted": False},
            {"name": "password", "encrypted": True},
        ],
        "workspace": workspace,
    }
    path = f"/connections/{told['id']}"
    assert (await talend("GET", path)).json() == told
    assert await secrets_of(world, "shop") == {"password": SECRET}
    [stored] = await world.fetch("SELECT type, config FROM connection")
    assert stored["config"] == {"host": "db.example.org", "port": 5433, "database": "shop", "user": "${USER}"}

    second = (await talend("POST", "/connections", {**AWS, "workspaceId": finance})).json()
    assert (second["app"], second["parameters"]) == (
        "aws",
        [{"name": "region", "value": "eu-central-1", "encrypted": False}, {"name": "secret_key", "encrypted": True}],
    )
    assert await secrets_of(world, "store") == {"secrets.secret_key": SECRET}
    page = (await talend("GET", "/connections")).json()
    assert page == {"items": [second, told], "limit": 100, "offset": 0, "total": 2}
    assert (await talend("GET", "/connections", name="SHO", limit=1)).json()["items"] == [told]
    one = (await talend("GET", "/connections", workspaceId=finance, limit="1", offset="1")).json()
    assert one == {"items": [told], "limit": 1, "offset": 1, "total": 2}
    environment = workspace["environment"]["id"]
    assert (await talend("GET", "/connections", environmentId=environment, offset=9)).json() == {
        "items": [],
        "limit": 100,
        "offset": 9,
        "total": 2,
    }

    taken = await talend("PUT", path, {"name": "store"})
    assert taken.status_code == 409
    assert (await talend("POST", "/connections", {**AWS, "workspaceId": finance})).status_code == 409
    assert "choose another name" in taken.json()["message"]
    renamed = (await talend("PUT", path, {"name": "sales"})).json()
    assert renamed == {**told, "name": "sales", "updateDate": renamed["updateDate"]}
    assert await secrets_of(world, "sales") == {"password": SECRET}
    shown = [*renamed["parameters"][:1], {"name": "port", "value": "1"}, *renamed["parameters"][2:]]
    changed = (await talend("PUT", path, {"parameters": shown})).json()
    assert changed["parameters"][1]["value"] == "1"
    assert await secrets_of(world, "sales") == {"password": SECRET}
    assert (await talend("PUT", path, {})).json() == changed
    without = (await talend("PUT", path, {"parameters": shown[:-1]})).json()
    assert without["parameters"] == changed["parameters"][:-1]

    assert (await talend("DELETE", path)).status_code == 204
    for gone in (await talend("DELETE", path), await talend("GET", path), await talend("PUT", path, {"name": "x"})):
        assert gone.status_code == 404
        assert gone.json()["message"].startswith("Connection")
    records = await world.fetch("SELECT action, target, before, after FROM audit WHERE kind = 'connection' ORDER BY id")
    assert [(one["action"], one["target"]) for one in records] == [
        ("create", "shop"),
        ("create", "store"),
        ("change", "shop"),
        ("change", "sales"),
        ("change", "sales"),
        ("delete", "sales"),
    ]
    assert SECRET not in str(records)


async def test_secrets_of_an_application_stay_what_they_are(talend: Talk, finance: str, world: World) -> None:
    told = (await talend("POST", "/connections", {**AWS, "workspaceId": finance})).json()
    path = f"/connections/{told['id']}"
    for sent in (
        told["parameters"],
        [{"name": "secret_key"}, {"name": "region", "value": "eu-central-1"}],
        [{"name": "secret_key", "encrypted": False}, {"name": "region"}],
    ):
        answer = await talend("PUT", path, {"parameters": sent})
        assert answer.json()["parameters"] == told["parameters"], answer.text
        assert await secrets_of(world, "store") == {"secrets.secret_key": SECRET}
    more = [
        {"name": "region", "value": SECRET, "encrypted": "true"},
        {"name": "secret_key", "value": "public", "encrypted": False},
    ]
    answer = await talend("PUT", path, {"parameters": more})
    assert answer.json()["parameters"] == [
        {"name": "secret_key", "value": "public", "encrypted": False},
        {"name": "region", "encrypted": True},
    ]
    assert await secrets_of(world, "store") == {"secrets.region": SECRET}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"parameters": [{"name": "port", "value": "http"}]},
            "parameters[0].value: expected a whole number from 1 to 65535",
        ),
        ({"parameters": [{"name": "port", "value": SECRET}]}, "parameters[0].value: expected a whole number"),
        (
            {"parameters": [{"name": "prot", "value": "1"}]},
            "parameters[0].name: unknown field 'prot': did you mean 'port'?",
        ),
        ({"parameters": []}, "parameters: the field 'host' is missing: text that is not empty"),
        ({"parameters": [{"name": "host", "value": "a"}] * 2}, "parameters[1].name: 'host' is here twice"),
        (
            {"parameters": [{"name": "user", "value": "u", "encrypted": True}]},
            "parameters[0].encrypted: 'user' is not kept",
        ),
        (
            {"app": "aws", "parameters": [{"name": "a=b", "value": "u"}]},
            "parameters[0].name: 'a=b' cannot be a name here",
        ),
        ({"app": "a\nws", "parameters": []}, "app: expected a name of 1 to 200 characters"),
        ({"app": ""}, "app: Expected `str` of length >= 1"),
        ({"app": 7}, "app: Expected `str`, got `int`"),
        ({"app": "a\tb", "parameters": []}, "app: expected a name of 1 to 200 characters"),
        ({"name": "a\tb"}, "name: a name has no control characters"),
        ({"name": ""}, "name"),
        ({"workspaceId": "x"}, "workspaceId: Workspace ID is not valid id."),
        ({"workspaceId": "0" * 24}, "workspaceId: there is no workspace"),
        ({"parameters": "x"}, "parameters"),
        ({"more": 1}, "more"),
        ({"parameters": [{"name": "a", "value": "x\x00"}]}, "parameters[0].value"),
        ({"parameters": [{"name": "a"}] * 201}, "parameters"),
    ],
)
async def test_what_is_wrong_is_refused_by_its_name(
    talend: Talk, finance: str, change: dict[str, Any], message: str
) -> None:
    refused = await talend("POST", "/connections", {**SHOP, "workspaceId": finance, **change})
    assert refused.status_code == 400, refused.text
    assert message in refused.json()["message"]
    assert SECRET not in refused.text
    assert (await talend("GET", "/connections")).json()["total"] == 0


async def test_lists_and_ids_that_lead_nowhere(talend: Talk, finance: str) -> None:
    for path, query in (
        ("/connections/1", {}),
        ("/connections", {"workspaceId": "1"}),
        ("/connections", {"environmentId": "1"}),
        ("/connections", {"limit": 101}),
        ("/connections", {"offset": 10**30}),
        ("/connections", {"limit": "x"}),
    ):
        assert (await talend("GET", path, **query)).status_code == 400
    nowhere = "0" * 24
    for path, query in (
        (f"/connections/{nowhere}", {}),
        (f"/connections/{finance}", {}),
        ("/connections", {"workspaceId": nowhere}),
        ("/connections", {"environmentId": nowhere}),
    ):
        assert (await talend("GET", path, **query)).status_code == 404
    assert (await talend("GET", "/connections/1")).json()["message"] == "Connection ID is not valid id."


async def test_what_a_task_uses_keeps_its_name_and_place(talend: Talk, finance: str, world: World) -> None:
    told = (await talend("POST", "/connections", {**AWS, "workspaceId": finance})).json()
    path = f"/connections/{told['id']}"
    sales = await place(world, "sales")
    [row] = await world.fetch("SELECT workspace_id FROM connection")
    await world.task(row["workspace_id"], "Package", 1, "load", uses=["store"])
    for method, where, body in (
        ("DELETE", path, None),
        ("PUT", path, {"name": "other"}),
        ("PUT", f"{path}/move/{sales}", None),
    ):
        refused = await talend(method, where, body)
        assert refused.status_code == 409, refused.text
        assert "is used by the task 'load'" in refused.json()["message"]
    assert (await talend("PUT", path, {"name": "store", "parameters": []})).status_code == 200


async def test_a_connection_moves_within_its_environment(talend: Talk, finance: str, world: World) -> None:
    told = (await talend("POST", "/connections", {**AWS, "workspaceId": finance})).json()
    path = f"/connections/{told['id']}/move"
    sales, elsewhere = await place(world, "sales"), await place(world, "lab", environment="Test")
    other = await talend("PUT", f"{path}/{elsewhere}")
    assert other.status_code == 400
    assert other.json()["message"].startswith("targetWorkspaceId: it is in environment 'Test'")
    assert (await talend("PUT", f"{path}/{'0' * 24}")).status_code == 404
    assert (await talend("PUT", f"{path}/1")).status_code == 400
    moved = (await talend("PUT", f"{path}/{sales}")).json()
    assert (moved["id"], moved["workspace"]["id"]) == (told["id"], sales)
    assert await secrets_of(world, "store") == {"secrets.secret_key": SECRET}
    assert (await talend("PUT", f"{path}/{sales}")).json() == moved
    await talend("POST", "/connections", {**AWS, "workspaceId": finance})
    assert (await talend("PUT", f"{path}/{finance}")).status_code == 409


async def test_strangers_see_nothing_and_viewers_change_nothing(talend: Talk, finance: str, world: World) -> None:
    told = (await talend("POST", "/connections", {**AWS, "workspaceId": finance})).json()
    path = f"/connections/{told['id']}"
    sales = await place(world, "sales")
    asks: list[tuple[str, str, Any]] = [
        ("PUT", path, {"name": "x"}),
        ("DELETE", path, None),
        ("PUT", f"{path}/move/{sales}", None),
    ]
    viewer, stranger = await world.key("viewer", finance="Viewer", sales="Administrator"), await world.key("stranger")
    assert (await talend("GET", path, key=viewer)).json() == told
    for method, where, body in [*asks, ("POST", "/connections", {**SHOP, "workspaceId": finance})]:
        assert (await talend(method, where, body, key=viewer)).status_code == 403, where
    for method, where, body in [*asks, ("GET", path, None)]:
        assert (await talend(method, where, body, key=stranger)).status_code == 404, where
    assert (await talend("GET", "/connections", key=stranger)).json()["total"] == 0
    assert (await talend("GET", "/connections", key=stranger, workspaceId=finance)).status_code == 404
    hidden = await talend("POST", "/connections", {**SHOP, "workspaceId": finance}, key=stranger)
    assert (hidden.status_code, hidden.json()["message"]) == (
        400,
        f"workspaceId: there is no workspace '{finance}', or you may not see it",
    )
    nobody = await talend("GET", path, key="txk_" + "a" * 32)
    assert nobody.status_code == 401


async def test_the_newest_of_a_thousand_that_fit_come_first(app: App, talend: Talk, finance: str, world: World) -> None:
    await world.execute(
        """INSERT INTO connection (workspace_id, name, type, config, created_at, changed_at)
           SELECT workspace.id, 'c' || n, 'sqlite', '{"path": "/tmp/x"}', now(), now()
             FROM workspace, generate_series(1, 1000) AS n WHERE key = 'finance'"""
    )
    page = (await talend("GET", "/connections", name="C99", limit=3)).json()
    assert ([one["name"] for one in page["items"]], page["total"]) == (["c999", "c998", "c997"], 11)

"""Artifacts, as Talend clients read and remove them."""

from typing import Any

import pytest

from ostinato.app import artifacts, people
from ostinato.app.application import App
from ostinato.core.access import Actor
from tests.api.factories import World
from tests.api.talend.conftest import Talk
from tests.artifacts import zips
from tests.conftest import NOW, administrator

NOWHERE = "0" * 24
PARAMETERS = [
    {"name": "who", "default": "world", "comment": "Who is greeted."},
    {"name": "times", "type": "integer", "default": 3, "required": True},
    {"name": "share", "type": "number", "default": 0.5},
    {"name": "loud", "type": "boolean", "default": True},
    {"name": "plain"},
]


@pytest.fixture
async def admin(app: App) -> Actor:
    return await administrator(app, NOW)


async def publish(app: App, actor: Actor, content: bytes, **wish: Any) -> None:
    with artifacts.receiving(app) as incoming:
        incoming.write(content)
        wanted = artifacts.Wish(**{"workspace": "finance", "environment": "Production", **wish})
        await artifacts.publish(app, actor, incoming, wanted, NOW)


@pytest.fixture
async def published(app: App, world: World, admin: Actor) -> None:
    """Three artifacts in finance, the first with two versions, and one in sales."""
    for key in ("finance", "sales"):
        await world.workspace(key)
    for version in ("1.0", "0.9"):
        await publish(
            app, admin, zips.python(parameters=PARAMETERS, description="Greets."), name="Greet", version=version
        )
    await publish(app, admin, zips.talend(), name="Load_Customers", version="0.3")
    await publish(app, admin, zips.python(), name="greedy", version="1")
    await publish(app, admin, zips.python(), name="other", version="1", workspace="sales")


async def listed(talend: Talk, **query: Any) -> list[str]:
    answer = await talend("GET", "/artifacts", **query)
    assert answer.status_code == 200, answer.text
    return [one["name"] for one in answer.json()["items"]]


async def first(talend: Talk, name: str = "Greet") -> dict[str, Any]:
    found: dict[str, Any] = (await talend("GET", "/artifacts", name=name)).json()["items"][0]
    return found


async def test_an_artifact_is_listed_and_read_with_its_versions(talend: Talk, published: None) -> None:
    [place] = (await talend("GET", "/workspaces", query="name==Finance")).json()
    page = (await talend("GET", "/artifacts", name="GREET")).json()
    greet = page["items"][0]
    assert page == {"items": [greet], "limit": 100, "offset": 0, "total": 1}
    assert greet == {
        "id": greet["id"],
        "name": "Greet",
        "type": "standard",
        "versions": ["0.9", "1.0"],
        "workspace": place,
    }
    assert (await talend("GET", f"/artifacts/{greet['id']}")).json() == greet
    version = (await talend("GET", f"/artifacts/{greet['id']}/versions/1.0")).json()
    assert version == {
        "id": greet["id"],
        "name": "Greet",
        "version": "1.0",
        "type": "standard",
        "publisher": "admin",
        "publisherType": "HUMAN",
        "marketplaceProduct": "",
        "parameters": [
            {"name": "who", "value": "world", "type": "String", "required": False, "comment": "Who is greeted."},
            {"name": "times", "value": "3", "type": "Integer", "required": True},
            {"name": "share", "value": "0.5", "type": "Double", "required": False},
            {"name": "loud", "value": "true", "type": "Boolean", "required": False},
            {"name": "plain", "type": "String", "required": False},
        ],
        "workspace": place,
        "description": "Greets.",
        "createDate": version["createDate"],
    }


async def test_artifacts_are_filtered_and_come_in_pages_the_newest_first(talend: Talk, published: None) -> None:
    assert await listed(talend) == ["other", "greedy", "Load_Customers", "Greet"]
    assert await listed(talend, limit=2, offset=1) == ["greedy", "Load_Customers"]
    beyond = (await talend("GET", "/artifacts", offset=50)).json()
    assert beyond == {"items": [], "limit": 100, "offset": 50, "total": 4}
    assert await listed(talend, name="gree") == ["greedy", "Greet"]
    assert await listed(talend, name="%") == []
    for types, names in (
        ("standard", ["other", "greedy", "Load_Customers", "Greet"]),
        ("talend_job", ["Load_Customers"]),
        ("route,data_service", []),
        (["route", "talend_job"], ["Load_Customers"]),
    ):
        assert await listed(talend, types=types) == names
    places = {one["name"]: one for one in (await talend("GET", "/workspaces")).json()}
    assert await listed(talend, workspaceId=places["Sales"]["id"]) == ["other"]
    environments = {one["name"]: one["id"] for one in (await talend("GET", "/environments")).json()}
    assert len(await listed(talend, environmentId=environments["Production"])) == 4
    assert await listed(talend, environmentId=environments["Test"]) == []
    assert await listed(talend, environmentId=environments["Test"], workspaceId=places["Sales"]["id"]) == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"workspaceId": "x"}, 400),
        ({"environmentId": "x"}, 400),
        ({"workspaceId": NOWHERE}, 404),
        ({"environmentId": NOWHERE}, 404),
        ({"types": "joblet"}, 400),
        ({"limit": 0}, 400),
        ({"limit": 101}, 400),
        ({"limit": "many"}, 400),
        ({"offset": -1}, 400),
        ({"offset": 10**30}, 400),
        ({"name": "x" * 201}, 400),
        ({"name": "a\x00"}, 400),
    ],
)
async def test_filters_that_say_nothing_are_refused(
    talend: Talk, published: None, query: dict[str, Any], status: int
) -> None:
    answer = await talend("GET", "/artifacts", **query)
    assert answer.status_code == status, answer.text


async def test_a_version_goes_and_then_the_artifact_unless_a_task_uses_them(
    talend: Talk, published: None, world: World
) -> None:
    [place] = await world.fetch("SELECT id FROM workspace WHERE key = 'finance'")
    task = await world.task(place["id"], "Package", 1, "greets")
    await world.execute(
        """INSERT INTO task_artifact SELECT $1, artifact_id, id FROM artifact_version WHERE version = '0.9'""", task
    )
    greet = await first(talend)
    path = f"/artifacts/{greet['id']}"
    for used in (path, f"{path}/versions/0.9"):
        refused = await talend("DELETE", used)
        assert (refused.status_code, "'greets'" in refused.json()["message"]) == (409, True)
    gone = await talend("DELETE", f"{path}/versions/1.0")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await talend("GET", path)).json()["versions"] == ["0.9"]
    await world.execute("DELETE FROM task_artifact")
    assert (await talend("DELETE", path)).status_code == 204
    for method in ("GET", "DELETE"):
        assert (await talend(method, path)).status_code == 404
        assert (await talend(method, f"{path}/versions/0.9")).status_code == 404
    actions = await world.fetch("SELECT action FROM audit WHERE kind = 'artifact' AND action = 'delete'")
    assert len(actions) == 2


async def test_ids_that_have_not_the_form_of_one_are_400_and_others_404(talend: Talk, published: None) -> None:
    greet = await first(talend)
    for method in ("GET", "DELETE"):
        for end in ("", "/versions/1.0"):
            refused = await talend(method, f"/artifacts/x{end}")
            assert (refused.status_code, refused.json()["message"]) == (400, "Artifact ID is not valid id.")
            for other in (NOWHERE, greet["workspace"]["id"], greet["id"][:-1] + "f"):
                assert (await talend(method, f"/artifacts/{other}{end}")).status_code == 404
        assert (await talend(method, f"/artifacts/{greet['id']}/versions/9")).status_code == 404
        assert (await talend(method, f"/artifacts/{greet['id']}/versions/%00")).status_code == 400


async def test_everybody_sees_what_is_theirs_and_only_publishers_delete(
    talend: Talk, published: None, world: World
) -> None:
    viewer, stranger = await world.key("viewer", finance="Viewer"), await world.key("stranger")
    greet = await first(talend)
    path = f"/artifacts/{greet['id']}"
    assert await listed(talend, key=viewer) == ["greedy", "Load_Customers", "Greet"]
    assert await listed(talend, key=stranger) == []
    refused = await talend("GET", "/artifacts", key=stranger, workspaceId=greet["workspace"]["id"])
    assert refused.status_code == 404
    for end in ("", "/versions/1.0"):
        assert (await talend("GET", f"{path}{end}", key=viewer)).status_code == 200
        assert (await talend("GET", f"{path}{end}", key=stranger)).status_code == 404
        assert (await talend("DELETE", f"{path}{end}", key=viewer)).status_code == 403
        assert (await talend("DELETE", f"{path}{end}", key=stranger)).status_code == 404
        assert (await talend("GET", f"{path}{end}", key="ost_" + "a" * 32)).status_code == 401


async def test_what_a_service_account_published_says_so(
    talend: Talk, published: None, app: App, admin: Actor, world: World
) -> None:
    await people.create_user(app, admin, "ci", NOW, kind="service_account")
    await world.execute("UPDATE artifact_version SET published_by = (SELECT id FROM app_user WHERE name = 'ci')")
    greet = await first(talend)
    version = (await talend("GET", f"/artifacts/{greet['id']}/versions/1.0")).json()
    assert (version["publisher"], version["publisherType"]) == ("ci", "SERVICE")

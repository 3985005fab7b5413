"""The paths of older Talend clients lead to where they always led."""

import base64

import httpx
import pytest

from ostinato.api.talend.aliases import target
from tests.api.factories import World
from tests.api.talend.conftest import Talk


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/tmc/v2.2/environments", "/orchestration/environments"),
        ("/tmc/v1/workspaces", "/orchestration/workspaces"),
        ("/tmc/v1.2/executables/promotions/1/users", "/orchestration/executables/promotions/1/users"),
        ("/tmc/v2.6/executions", "/processing/executions"),
        ("/tmc/v2.6/executions/promotions", "/processing/executions/promotions"),
        ("/tmc/v2.6/runtimes/remote-engines", "/processing/runtimes/remote-engines"),
        ("/tmc/v2.2/orchestration/environments", "/orchestration/environments"),
        ("/tmc/v2.2/processing/executions/1", "/processing/executions/1"),
        ("/tmc/v2.2/monitoring/executions/1/logs", "/monitoring/executions/1/logs"),
        ("/tmc/v2.2/security/oauth/token", "/security/oauth/token"),
        ("/tmc/v3/environments", "/tmc/v3/environments"),
        ("/tmc/v2.2", "/tmc/v2.2"),
        ("/tmc/v2.222/environments", "/tmc/v2.222/environments"),
        ("/tmc/environments", "/tmc/environments"),
        ("/orchestration/environments", "/orchestration/environments"),
    ],
)
def test_an_older_path_stands_for_a_newer_one(path: str, wanted: str) -> None:
    assert target(path) == wanted


@pytest.mark.parametrize("version", ["v1.2", "v2.2", "v2.6", "v2"])
async def test_older_paths_answer_as_the_newer_ones_do(
    talend: Talk, client: httpx.AsyncClient, world: World, version: str
) -> None:
    await world.workspace("finance")
    headers = {"Authorization": f"Bearer {await world.key('admin')}"}
    for path in ("/workspaces", "/environments", "/artifacts", "/executables/promotions", "/orchestration/projects"):
        older = await client.get(f"/tmc/{version}{path}", headers=headers)
        assert older.status_code == 200
        assert older.json() == (await talend("GET", path)).json()
    filtered = await client.get(f"/tmc/{version}/workspaces", headers=headers, params={"query": "name==x"})
    assert filtered.json() == []


async def test_older_paths_have_no_other_way_in(client: httpx.AsyncClient) -> None:
    """A password in a header would be one that programs keep."""
    basic = "Basic " + base64.b64encode(b"admin:correct horse battery").decode()
    for headers in ({}, {"Authorization": basic}, {"Authorization": "Bearer ost_" + "a" * 32}):
        for path in (
            "/tmc/v2.2/workspaces",
            "/tmc/v2.2/executables/tasks",
            "/tmc/v9/x",
            "/tmc/",
            "/tmc/v2.2/../health",
        ):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 401
            assert set(answer.json()) == {"status", "message", "requestId"}


async def test_an_older_path_that_stands_for_nothing_is_not_there(client: httpx.AsyncClient, world: World) -> None:
    headers = {"Authorization": f"Bearer {await world.key('admin')}"}
    for path in ("/tmc/v2.2/nothing", "/tmc/v9/workspaces"):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (404, 404)

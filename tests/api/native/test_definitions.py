"""Our own dialect: definitions as files."""

from typing import Any

import pytest

from ostinato.app import access
from tests.api.conftest import Call
from tests.api.factories import LONG_AGO, World
from tests.people import new_key


@pytest.fixture
async def key(world: World) -> str:
    return await new_key(world.app, access.ADMINISTRATOR, LONG_AGO)


async def test_the_schema_of_the_files_is_published(call: Call, key: str) -> None:
    schema = (await call("GET", "/api/v1/definitions/schema", key)).json()
    assert schema["$schema"].startswith("https://json-schema.org/")


async def test_problems_of_files_are_listed_with_their_places(call: Call, key: str) -> None:
    files = [{"name": "broken.yaml", "text": "workspace: [\n"}]
    for path in ("apply", "diff"):
        answer = await call("POST", f"/api/v1/definitions/{path}", key, json={"files": files})
        assert answer.status_code == 422
        [error, *_] = answer.json()["errors"]
        assert error["file"] == "broken.yaml"
        assert isinstance(error["line"], int)
        assert error["message"]


async def test_no_files_change_nothing(call: Call, key: str) -> None:
    answer = await call("POST", "/api/v1/definitions/apply", key, json={"files": []})
    assert answer.json() == {"changes": [], "created": 0, "changed": 0, "left": 0}


SHAPES: list[tuple[dict[str, Any], int, str]] = [
    ({"json": {}}, 422, "missing required field `files`"),
    ({"json": {"files": "x"}}, 422, "files"),
    ({"json": {"files": [{"name": "a.yaml"}]}}, 422, "missing required field `text`"),
    ({"json": {"files": [{"name": "a.yaml", "text": "a\x00b"}]}}, 422, "text"),
    ({"json": {"files": [], "variables": {"A": 1}}}, 422, "variables"),
    ({"json": {"files": [], "variables": {"A\x00": "x"}}}, 422, "variables"),
    ({"json": {"files": [], "environment": "\x00"}}, 422, "environment"),
    ({"json": {"files": [], "more": 1}}, 422, "unknown field `more`"),
    ({"content": b"{"}, 400, "The body cannot be read"),
    ({"content": b"x" * 12_000_001}, 413, "larger than this path allows"),
]


async def test_a_request_of_another_shape_is_refused_in_words(call: Call, key: str, subtests: pytest.Subtests) -> None:
    for more, status, words in SHAPES:
        with subtests.test(more=str(more)[:200]):
            answer = await call("POST", "/api/v1/definitions/apply", key, **more)
            assert answer.status_code == status, answer.text
            assert words in answer.json()["detail"]


async def test_what_is_exported_can_be_applied_again_and_changes_nothing(call: Call, world: World, key: str) -> None:
    await world.workspace("finance", "Finance", "Its description")
    files = (await call("GET", "/api/v1/definitions/export?workspace=finance", key)).json()["files"]
    assert files
    diff = (await call("POST", "/api/v1/definitions/diff", key, json={"files": files})).json()
    assert (diff["created"], diff["changed"]) == (0, 0)
    assert diff["left"] == len(diff["changes"]) > 0


async def test_an_environment_or_workspace_that_is_not_there_cannot_be_exported(call: Call, key: str) -> None:
    assert (await call("GET", "/api/v1/definitions/export?environment=Nowhere", key)).status_code == 404
    assert (await call("GET", "/api/v1/definitions/export?workspace=nowhere", key)).status_code == 404

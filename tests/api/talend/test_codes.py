"""The codes that the published document lists: each is reached by a test, and the table of codes says by which."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tools.talend_codes import PAGE, documented, rows

from ostinato.app import keys
from ostinato.app.application import App
from tests.api.conftest import Call
from tests.api.native.test_sign_in import PASSWORD, enter
from tests.api.talend.conftest import Talk
from tests.conftest import NOW, administrator
from tests.people import new_key

ROOT = Path(__file__).parents[3]
NO_ID = "1"
WRONG = {"no such member": 1}
LEFT_TO_THE_USE_CASE = {("Projects", False), ("Permissions", False), ("Permissions", True)}
"""Of which operations, by tag and whether they only read, the routes are open to anybody who is known."""


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    told: dict[str, Any] = (await client.get("/swagger/talend.json")).json()
    return told


def operations(document: dict[str, Any], status: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Those that list a status: method, path with ids that have not the form of one, and the operation."""
    for template, item in document["paths"].items():
        for method, operation in item.items():
            if status in operation["responses"] and operation.get("security") != [{}]:
                yield method.upper(), re.sub(r"\{[^}]+\}", NO_ID, template), operation


async def test_every_documented_code_is_in_the_table_of_codes(document: dict[str, Any]) -> None:
    told = {(row.operation, row.status) for row in rows(PAGE.read_text(encoding="utf-8"))}
    assert told == set(documented(document)), "run make codes"


def test_every_test_in_the_table_of_codes_exists() -> None:
    for test in {row.test for row in rows(PAGE.read_text(encoding="utf-8"))}:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{test} is gone: run make codes"


async def test_without_a_credential_every_operation_answers_401(call: Call, document: dict[str, Any]) -> None:
    for method, path, _ in operations(document, "401"):
        refused = await call(method, path)
        assert (refused.status_code, refused.json()["status"]) == (401, 401)


async def test_a_credential_that_is_for_something_else_is_answered_403(
    talend: Talk, app: App, document: dict[str, Any]
) -> None:
    wish = keys.Wish(description="for the audit", scopes=["AUDIT"])
    key = (await keys.create_on_machine(app, await administrator(app, NOW), "admin", wish, NOW)).secret
    for method, path, operation in operations(document, "403"):
        if (operation["tags"][0], method == "GET") not in LEFT_TO_THE_USE_CASE:
            assert (await talend(method, path, key=key)).status_code == 403


async def test_what_a_page_of_another_site_asks_for_with_a_cookie_is_answered_403(
    call: Call, app: App, document: dict[str, Any]
) -> None:
    person = {"name": "ada", "password": PASSWORD, "roles": ["ADMINISTRATOR"]}
    assert (await call("POST", "/api/v1/users", await new_key(app, "admin", NOW), json=person)).status_code == 201
    cookie = f"ostinato_session={(await enter(call)).cookies['ostinato_session']}"
    headers = {"Cookie": cookie, "Origin": "https://elsewhere.test"}
    for method, path, _ in operations(document, "403"):
        if method != "GET":
            assert (await call(method, path, headers=headers)).status_code == 403


async def test_what_has_not_the_form_that_is_documented_is_answered_400(talend: Talk, document: dict[str, Any]) -> None:
    for method, path, operation in operations(document, "400"):
        body = WRONG if "application/json" in operation.get("requestBody", {}).get("content", {}) else None
        if body is not None or NO_ID in path.split("/"):
            parameters = [one for one in operation.get("parameters", ()) if one["in"] == "query" and one["required"]]
            needed = {one["name"]: "1" for one in parameters}
            refused = await talend(method, path, body, **needed)
            assert refused.status_code == 400, f"{method} {path}: {refused.text}"

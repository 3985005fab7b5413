"""Holds answers against the OpenAPI documents that the server itself publishes."""

import os
import re
from typing import Any

import httpx
from jsonschema_rs import Draft202012Validator

_validators: dict[tuple[int, str, int, str], Draft202012Validator] = {}
"""By document, operation, status and media type: documents outlive all tests."""
reached: dict[tuple[str, str], set[str]] = {}
"""The tests of this process that got an answer, by operation and status."""


def check(document: dict[str, Any], answer: httpx.Response) -> None:
    """Raise AssertionError unless the document has this operation, status, media type, and body."""
    path, method = answer.request.url.path, answer.request.method.lower()
    operation = next((o[method] for p, o in document["paths"].items() if _matches(p, path) and method in o), None)
    if operation is None:
        assert answer.status_code in (401, 404, 405), (
            f"{method} {path} is not documented but answered {answer.status_code}"
        )
        return
    documented = operation["responses"].get(str(answer.status_code))
    assert documented is not None, f"{operation['operationId']} does not document {answer.status_code}: {answer.text}"
    reached.setdefault((operation["operationId"], str(answer.status_code)), set()).add(_test())
    media_type = answer.headers.get("content-type", "").partition(";")[0]
    content = documented.get("content")
    if not content:
        assert answer.content == b""
        return
    assert media_type in content, f"{operation['operationId']} {answer.status_code} came as {media_type}"
    if media_type.endswith(("/json", "+json")):
        place = (id(document), operation["operationId"], answer.status_code, media_type)
        if place not in _validators:
            schema = _nullable({**content[media_type]["schema"], "components": document["components"]})
            _validators[place] = Draft202012Validator(schema)
        _validators[place].validate(answer.json())


def _test() -> str:
    """The test at work, as a path and a name."""
    return os.environ["PYTEST_CURRENT_TEST"].partition(" (")[0].partition("[")[0]


def _matches(template: str, path: str) -> bool:
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path) is not None


def _nullable(part: Any) -> Any:
    """OpenAPI 3.0 says `nullable`, JSON Schema says so by another type."""
    if isinstance(part, list):
        return [_nullable(item) for item in part]
    if not isinstance(part, dict):
        return part
    said = {name: _nullable(value) for name, value in part.items() if name != "nullable"}
    return {"anyOf": [said, {"type": "null"}]} if part.get("nullable") is True else said

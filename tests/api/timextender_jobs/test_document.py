"""The published document has everything that the vendor's has, and says of what is not the vendor's that it is not."""

from typing import Any

import httpx
import pytest

from tests.api.timextender_jobs.test_golden import PROPERTIES

OPERATIONS = {
    ("get", "/public/jobs"): "Job",
    ("get", "/public/jobs/status"): "JobStatus",
    ("post", "/public/jobs/{job_id}/execute"): "ExecuteJobResult",
    ("get", "/public/jobs/{job_id}/status"): "JobStatus",
    ("get", "/public/jobs/{job_id}/logs"): "JobExecution",
    ("get", "/public/jobs/{job_id}/logs/{trigger_id}"): "JobExecution",
}
"""The operations of the vendor's document with what they answer, typed by hand."""
LISTS = {"/public/jobs", "/public/jobs/status", "/public/jobs/{job_id}/logs", "/public/jobs/{job_id}/logs/{trigger_id}"}
CODES = {
    ("JobStatus", "Status"): [0, 1, 2],
    ("JobExecution", "State"): [-1, 0, 1, 2, 3, 4, 5],
    ("JobExecutionLog", "Severity"): [0, 1, 2],
}
EXTRA = {"TaskName", "TaskType", "ConnectionNames"}


@pytest.fixture
async def published(client: httpx.AsyncClient) -> dict[str, Any]:
    found: dict[str, Any] = (await client.get("/swagger/timextender-jobs.json")).json()
    return found


def test_it_has_the_six_operations_and_no_other(published: dict[str, Any]) -> None:
    assert {(method, path) for path, item in published["paths"].items() for method in item} == set(OPERATIONS)
    for (method, path), name in OPERATIONS.items():
        answer = published["paths"][path][method]["responses"]["200"]["content"]["application/json"]["schema"]
        wanted = {"$ref": f"#/components/schemas/{name}"}
        assert answer == ({"type": "array", "items": wanted} if path in LISTS else wanted)
        assert "requestBody" not in published["paths"][path][method]


def test_it_has_every_documented_property_and_code(published: dict[str, Any]) -> None:
    schemas = published["components"]["schemas"]
    for name, properties in PROPERTIES.items():
        assert set(schemas[name]["properties"]) - EXTRA == set(schemas[name]["required"]) == set(properties)
        for known, schema in schemas[name]["properties"].items():
            if known.endswith("Id"):
                assert schema["format"] == "uuid", known
    for (name, known), codes in CODES.items():
        assert schemas[name]["properties"][known]["enum"] == codes
    nullable = {known for name in PROPERTIES for known, s in schemas[name]["properties"].items() if s.get("nullable")}
    assert nullable - EXTRA == {"EndTime"}


def test_every_refusal_is_documented(published: dict[str, Any]) -> None:
    for method, path in OPERATIONS:
        responses = set(published["paths"][path][method]["responses"])
        wanted = {"200", "400", "401", "403", "429", "503"}
        wanted |= {"404"} if "{job_id}" in path else set()
        wanted |= {"409"} if method == "post" else set()
        assert responses == wanted, path
        for status in responses - {"200"}:
            assert list(published["paths"][path][method]["responses"][status]["content"]) == [
                "application/problem+json"
            ]


def test_what_is_not_the_vendors_can_be_left_out_and_says_so(published: dict[str, Any]) -> None:
    for method, path in OPERATIONS:
        for parameter in published["paths"][path][method].get("parameters", []):
            if parameter["in"] != "path":
                assert not parameter["required"], parameter["name"]
                assert "not the vendor's" in parameter["description"]

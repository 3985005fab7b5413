"""The OpenAPI document of the TimeXtender Jobs API, with names written as the setting says."""

from typing import Any, Literal

import msgspec

from ostinato.api.documents import document
from ostinato.api.timextender_jobs.routes import TIMEXTENDER_JOBS
from ostinato.api.timextender_jobs.translate import camel_name

HEADER = "apiKey"
OURS = frozenset({"Job", "ExecuteJobResult", "JobStatus", "JobExecution", "JobExecutionLog"})
"""The schemas whose properties the setting is about."""


def jobs_document(title: str, description: str, case: Literal["pascal", "camel"]) -> bytes:
    written = document(TIMEXTENDER_JOBS, title, description, header=HEADER)
    if case == "pascal":
        return written
    told: dict[str, Any] = msgspec.json.decode(written)
    for name, schema in told["components"]["schemas"].items():
        if name in OURS:
            schema["properties"] = {camel_name(key): value for key, value in schema["properties"].items()}
            schema["required"] = [camel_name(key) for key in schema["required"]]
    return msgspec.json.encode(told)

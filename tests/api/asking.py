"""Asks every route that reads."""

from ostinato.api.talend.ids import Ids
from tests.api.conftest import Call
from tests.api.test_matrix import ASKS


async def ask_everything(call: Call, key: str, ids: Ids, uat: str = "Production") -> None:
    """About the workspace finance, its task Package 1, its plan 7, run 1; nothing may break on them."""
    names = {"job": ids.plan(1), "week": ids.plan(1), "task": ids.task(1)}
    for (method, _), ask in ASKS.items():
        if method == "GET":
            path = ask.path.format(**names)
            answer = await call("GET", path, key, params={"uat": uat} if path.startswith("/api/v0/") else None)
            assert answer.status_code < 500, (path, answer.text)

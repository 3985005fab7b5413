"""A workspace finance in Production with a job, and whoever asks about it."""

from typing import Any

import pytest

from ostinato.app import installation
from ostinato.core import guids
from ostinato.core.ids import PlanId, RunId, TaskId, WorkspaceId
from tests.api.conftest import Call
from tests.api.factories import World

BASE = "/public/jobs"
EMPTY = "00000000-0000-0000-0000-000000000000"


class Finance:
    """The job Nightly with the tasks Load Customer Dim (Package, number 1) and Validate Count (Query, number 2)."""

    def __init__(self, world: World, call: Call, key: str, workspace: WorkspaceId) -> None:
        self.world, self.call, self.key, self.workspace = world, call, key, workspace
        self.load, self.check, self.plan = TaskId(0), TaskId(0), PlanId(0)
        self.number = 0

    async def set_up(self) -> "Finance":
        self.load = await self.world.task(self.workspace, "Package", 1, "Load Customer Dim")
        self.check = await self.world.task(self.workspace, "Query", 2, "Validate Count")
        await self.world.execute("UPDATE task SET uses = '{warehouse, crm}' WHERE id = $1", self.load)
        self.plan = await self.world.plan(self.workspace, 1, "Nightly", [self.load, self.check])
        self.number = await installation.number(self.world.app)
        return self

    def job(self, plan: PlanId | None = None) -> str:
        return str(guids.make(self.number, guids.Kind.PLAN, plan or self.plan))

    def execution(self, run: RunId) -> str:
        return str(guids.make(self.number, guids.Kind.RUN, run))

    def trigger(self, run: RunId) -> str:
        return str(guids.make(self.number, guids.Kind.TRIGGER, run))

    async def ran(self, state: str = "SUCCEEDED", day: int = 14, **more: Any) -> RunId:
        """An execution from 22:00:00 to 22:05:00 of a day in March."""
        ended = f"2026-03-{day:02}T22:05:00" if state in ("SUCCEEDED", "FAILED", "CANCELLED") else None
        return await self.world.run(
            plan=self.plan, state=state, started=f"2026-03-{day:02}T22:00:00", ended=ended, **more
        )

    async def did(self, below: RunId, task: TaskId, state: str = "SUCCEEDED", day: int = 14, **more: Any) -> RunId:
        """A task of an execution, from 22:00:05 to 22:01:32."""
        started, ended = f"2026-03-{day:02}T22:00:05", f"2026-03-{day:02}T22:01:32"
        return await self.world.run(
            task,
            state,
            None if state in ("QUEUED", "CLAIMED") else started,
            ended if state in ("SUCCEEDED", "FAILED", "CANCELLED") else None,
            parent=below,
            **more,
        )

    async def logs(self, query: str = "", key: str | None = None) -> list[dict[str, Any]]:
        answer = await self.call("GET", f"{BASE}/{self.job()}/logs{query}", key or self.key)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    async def status(self) -> dict[str, Any]:
        answer = await self.call("GET", f"{BASE}/{self.job()}/status", self.key)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def finance(world: World, call: Call) -> Finance:
    workspace = await world.workspace("finance")
    return await Finance(world, call, await world.key("ada", finance="Contributor"), workspace).set_up()

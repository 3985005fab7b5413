"""Trees of runs as they would be left behind, and everything that may be asked about them."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from ostinato.app import runs
from ostinato.app.application import App
from ostinato.core.access import Actor
from ostinato.core.ids import PlanId, RunId, TaskId, WorkspaceId
from ostinato.core.states import State
from ostinato.store import plans, tasks
from ostinato.store.runs import Wanted
from ostinato.store.tasks import TaskKey
from ostinato.store.workspaces import Page, Place
from tests.api.factories import World

ENVIRONMENTS = ("Production", "Test")
STAGES = ("production", "test")
TYPE = "Query"
EVERYTHING = Page(limit=1_000, offset=0)
LIVE_TABLES = {"run": "id", "step_run": "run_id", "run_log": "run_id", "finding": "run_id"}
KEPT_TABLES = {"kept_run": "id", "kept_step": "run_id", "kept_log": "run_id", "kept_finding": "run_id"}


class Past:
    """A workspace `lab` in Production and in Test, with a task and a plan in each, and runs made of them."""

    def __init__(self, app: App, admin: Actor) -> None:
        self.app, self.admin, self.world = app, admin, World(app)
        self.workspaces: list[WorkspaceId] = []
        self.tasks: list[TaskId] = []
        self.plans: list[PlanId] = []
        self._numbers = count(1)

    async def set_up(self) -> "Past":
        for environment in ENVIRONMENTS:
            workspace = await self.world.workspace("lab", environment=environment)
            task = await self.world.task(workspace, TYPE, 1, "check")
            self.workspaces.append(workspace)
            self.tasks.append(task)
            self.plans.append(await self.world.plan(workspace, 1, "nightly", [task]))
        return self

    async def forget(self) -> None:
        """No runs, and no history, as if nothing had ever run."""
        for table in (*LIVE_TABLES, "task_last", "plan_last", "task_success", "plan_success", "trigger_key"):
            await self.world.execute(f"DELETE FROM {table}")
        await self.world.execute("SELECT drop_week(environment_id, week, true, true, true) FROM kept_week")

    async def keep(self, environment: str, runs: int | None, logs: int | None = None, found: int | None = None) -> None:
        await self.world.execute(
            "UPDATE environment SET keep_runs_days = $2, keep_logs_days = $3, keep_findings_days = $4 WHERE name = $1",
            environment,
            runs,
            logs,
            found,
        )

    async def run(
        self,
        ended: datetime | None,
        *,
        parent: RunId | None = None,
        root: RunId | None = None,
        plan: bool = False,
        place: int = 0,
        state: State = State.SUCCEEDED,
    ) -> RunId:
        """A run, with two log lines, and a finding (of the task) or a step (of the plan). None: it is live."""
        number = next(self._numbers)
        run: list[dict[str, Any]] = await self.world.fetch(
            """INSERT INTO run (environment_id, workspace_id, task_id, plan_id, plan_version, graph_id, parent_run_id,
                                root_run_id, step, state, due_at, lease, queued_at, started_at, ended_at,
                                attempt, cause)
               SELECT workspace.environment_id, workspace.id, $2, $3, CASE WHEN $3::bigint IS NOT NULL THEN 1 END,
                      (SELECT graph_id FROM plan WHERE id = $3), $4, $5, CASE WHEN $4::bigint IS NOT NULL THEN 0 END,
                      $6, $7, CASE WHEN $6 = 'RUNNING' AND $3::bigint IS NULL THEN 1 END, $7, $7, $8, 1, 'api'
                 FROM workspace
                WHERE workspace.id = $1
               RETURNING id""",
            self.workspaces[place],
            None if plan else self.tasks[place],
            self.plans[place] if plan else None,
            parent,
            root,
            (State.RUNNING if ended is None else state).value,
            (ended or datetime.fromisoformat("2026-03-01T11:00:00Z")) - timedelta(seconds=number % 50),
            ended,
        )
        made = RunId(run[0]["id"])
        await self.world.log(made, ("2026-03-01T12:00:00", "begins"), ("2026-03-01T12:00:01", f"run {made}"))
        if plan:
            await self.world.execute(
                """INSERT INTO step_run (run_id, step, state, condition, needed, pending)
                   VALUES ($1, 0, $2, 'all_succeeded', 0, 0)""",
                made,
                "running" if ended is None else "succeeded",
            )
        else:
            await self.world.finding(made, 0, "row", {"run": made})
        return made

    async def where(self, run: RunId) -> set[str]:
        """The tables that hold anything of a run."""
        found = set()
        for table, column in {**LIVE_TABLES, **KEPT_TABLES}.items():
            if await self.world.fetch(f"SELECT 1 FROM {table} WHERE {column} = $1", run):
                found.add(table)
        return found

    async def partitions(self) -> list[str]:
        rows = await self.world.fetch(
            """SELECT part.relid::text AS part
                 FROM unnest('{kept_run,kept_step,kept_log,kept_finding}'::text[]) AS kept (name),
                      pg_partition_tree(kept.name::regclass) AS part
                WHERE part.isleaf AND part.level = 2
                ORDER BY part"""
        )
        return [row["part"] for row in rows]

    async def answers(self, known: Sequence[RunId]) -> dict[str, Any]:
        """What people get to see: of each of these runs, and of everything."""
        told: dict[str, Any] = {}
        for run in known:
            told[f"tree {run}"] = await runs.get_tree(self.app, self.admin, run)
            told[f"log {run}"] = await runs.read_log(self.app, self.admin, run, 0, 100)
            told[f"rest of log {run}"] = await runs.read_log(self.app, self.admin, run, told[f"log {run}"][0].seq, 100)
            told[f"findings {run}"] = await runs.list_findings(self.app, self.admin, run, 0, 10)
            async with self.app.db.reading() as tx:
                told[f"count {run}"] = await tasks.count_findings(tx, self.admin.user, run)
        return told | await self.overview()

    async def overview(self) -> dict[str, Any]:
        """Lists of runs, whole and by pages of three; the history and standing of tasks; the plans."""
        told: dict[str, Any] = {"newest": await self.pages(Wanted(limit=3))}
        for state in (State.FAILED, State.SUCCEEDED, State.RUNNING):
            told[f"newest {state}"] = await self.pages(Wanted(limit=3, states=(state,)))
        viewer = self.admin.user
        for environment, stage in zip(ENVIRONMENTS, STAGES, strict=True):
            told[f"newest in {environment}"] = await self.pages(Wanted(limit=4, environment=environment))
            place = Place(stage=stage, workspace=None)  # type: ignore[arg-type]
            async with self.app.db.reading() as tx:
                key = TaskKey(type=TYPE, number=1)
                told[f"history {stage}"] = await tasks.history(tx, viewer, place, key, EVERYTHING)
                for offset in range(len(told[f"history {stage}"])):
                    page = Page(limit=1, offset=offset)
                    told[f"history {stage} {offset}"] = await tasks.history(tx, viewer, place, key, page)
                told[f"tasks {stage}"] = await tasks.list_tasks(tx, viewer, place, [TYPE], EVERYTHING)
                told[f"plans {stage}"] = await plans.list_plans(tx, viewer, place, [TYPE], EVERYTHING)
        return told

    async def pages(self, wanted: Wanted) -> list[dict[str, Any]]:
        """All pages of a list of runs, one after the other."""
        found: list[dict[str, Any]] = []
        before: RunId | None = None
        while True:
            page = await runs.list_runs(
                self.app,
                self.admin,
                Wanted(limit=wanted.limit, before=before, states=wanted.states, environment=wanted.environment),
            )
            found += json.loads(b"[" + page.items + b"]")
            before = page.last
            if page.number < wanted.limit:
                return found

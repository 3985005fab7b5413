"""Makes rows with exact numbers and times, straight in the database."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ostinato.app.application import App
from ostinato.core.access import ROLES
from ostinato.core.ids import PlanId, RunId, TaskId, WorkspaceId
from ostinato.core.plans import Graph, Ref, Step
from ostinato.store import definitions, graphs, users
from tests.people import new_key

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    """A time in UTC, written like `2026-03-14T22:00:05`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class World:
    """The rows of one test."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def workspace(
        self, key: str, name: str | None = None, description: str | None = None, environment: str = "Production"
    ) -> WorkspaceId:
        return WorkspaceId(
            await self._value(
                """INSERT INTO workspace (environment_id, key, name, description, created_at)
                   SELECT id, $1, $2, $3, $4 FROM environment WHERE name = $5 RETURNING id""",
                key,
                name or key.title(),
                description,
                LONG_AGO,
                environment,
            )
        )

    async def task(
        self,
        workspace: WorkspaceId,
        type: str,
        number: int,
        name: str,
        *,
        disabled: bool = False,
        changed_at: datetime = LONG_AGO,
        overlap: str = "forbid",
        uses: Sequence[str] = (),
    ) -> TaskId:
        return TaskId(
            await self._value(
                """INSERT INTO task (environment_id, workspace_id, type, number, name, config, disabled, overlap,
                                     created_at, changed_at, uses)
                   SELECT environment_id, id, $2, $3, $4, '{}', $5, $8, $6, $7, $9 FROM workspace WHERE id = $1
                   RETURNING id""",
                workspace,
                type,
                number,
                name,
                disabled,
                LONG_AGO,
                changed_at,
                overlap,
                list(uses),
            )
        )

    async def connection(self, workspace: WorkspaceId, name: str, type: str = "sqlite") -> None:
        await self.execute(
            """INSERT INTO connection (workspace_id, name, type, config, created_at, changed_at)
               VALUES ($1, $2, $3, '{}', $4, $4)""",
            workspace,
            name,
            type,
            LONG_AGO,
        )

    async def plan(
        self,
        workspace: WorkspaceId,
        number: int,
        name: str,
        tasks: Sequence[TaskId] = (),
        *,
        disabled: bool = False,
        steps: Sequence[Step] | None = None,
    ) -> PlanId:
        """A plan of one step per task, side by side, or of these steps."""
        if steps is None:
            steps = [Step(name=f"step {position}", runs=(Ref(task=task),)) for position, task in enumerate(tasks)]
        graph_of_steps = Graph(steps=tuple(steps))
        async with self.app.db.transaction() as tx:
            graph = await graphs.save(tx, graph_of_steps)
            plan = await tx.fetchval(
                """INSERT INTO plan (environment_id, workspace_id, number, name, version, graph_id, disabled,
                                     created_at, changed_at)
                   SELECT environment_id, id, $2, $3, 1, $4, $5, $6, $6 FROM workspace WHERE id = $1 RETURNING id""",
                workspace,
                number,
                name,
                graph,
                disabled,
                LONG_AGO,
            )
            for position, task in enumerate(graph_of_steps.tasks()):
                await tx.execute("INSERT INTO plan_member VALUES ($1, $2, $3)", plan, task, position)
            await definitions.note_steps(tx, [plan])
        return PlanId(plan)

    async def run(
        self,
        what: TaskId | None = None,
        state: str = "SUCCEEDED",
        started: str | None = None,
        ended: str | None = None,
        *,
        plan: PlanId | None = None,
        id: int | None = None,
        due: str | None = None,
        attempt: int = 1,
        reason: str | None = None,
        hold: str | None = None,
        lease: int = 1,
        parent: RunId | None = None,
        cause: str = "api",
        message: str | None = None,
        rows: int | None = None,
    ) -> RunId:
        """A run of a task, or of a plan; with a parent, below that."""
        busy = state in ("CLAIMED", "RUNNING") and plan is None
        queued = at(started or ended or "2026-03-01T12:00:00")
        async with self.app.db.transaction() as tx:
            number = id or await tx.fetchval("SELECT nextval(pg_get_serial_sequence('run', 'id'))")
            await tx.execute(
                """INSERT INTO run (id, environment_id, workspace_id, task_id, plan_id, plan_version, graph_id, state,
                                    reason, due_at, attempt, lease, queued_at, started_at, ended_at, cause, hold,
                                    parent_run_id, root_run_id, step, message, row_count)
                   OVERRIDING SYSTEM VALUE
                   SELECT $1, o.environment_id, o.workspace_id, $2, $3, CASE WHEN $3::bigint IS NOT NULL THEN 1 END,
                          o.graph_id, $4, $5, $6, $7, $8, $9, $10, $11, $14, $12, $13,
                          (SELECT COALESCE(root_run_id, id) FROM run WHERE id = $13),
                          CASE WHEN $13::bigint IS NOT NULL THEN 0 END, $15, $16
                     FROM (SELECT environment_id, workspace_id, graph_id FROM task WHERE id = $2
                            UNION ALL
                           SELECT environment_id, workspace_id, graph_id FROM plan WHERE id = $3) AS o""",
                number,
                what,
                plan,
                state,
                reason,
                at(due) if due else queued,
                attempt,
                lease if busy else None,
                queued,
                at(started) if started else None,
                at(ended) if ended else None,
                hold,
                parent,
                "plan" if parent is not None else cause,
                message,
                rows,
            )
        return RunId(number)

    async def server(self, slots: int, *, alive: bool = True) -> int:
        """A session of a server."""
        return await self._value(
            """INSERT INTO server_session (host, pid, started_at, alive_until, slots)
               VALUES ('here', 1, now(), CASE WHEN $2 THEN timestamptz 'infinity' ELSE '-infinity' END, $1)
               RETURNING id""",
            slots,
            alive,
        )

    async def pool(self, name: str, slots: int, *tasks: TaskId) -> int:
        """A pool of the environment Production, which these tasks name."""
        pool = await self._value(
            """INSERT INTO pool (environment_id, name, slots, created_at, changed_at)
               SELECT id, $1, $2, $3, $3 FROM environment WHERE name = 'Production' RETURNING id""",
            name,
            slots,
            LONG_AGO,
        )
        await self.execute("UPDATE task SET pool_id = $1 WHERE id = ANY($2)", pool, list(tasks))
        return pool

    async def log(self, run: RunId, *lines: tuple[str, str]) -> None:
        """Lines as (time, text)."""
        async with self.app.db.transaction() as tx:
            for time, text in lines:
                await tx.execute(
                    """INSERT INTO run_log (run_id, seq, attempt, at, line)
                       SELECT $1, COALESCE(max(seq), 1000000000) + 1, 1, $2, $3 FROM find_log($1, 0, 1000000)""",
                    run,
                    at(time),
                    text,
                )

    async def finding(self, run: RunId, position: int, kind: str, row: dict[str, Any]) -> None:
        async with self.app.db.transaction() as tx:
            await tx.execute("INSERT INTO finding VALUES ($1, $2, $3, $4)", run, position, kind, row)

    async def key(self, user: str, **roles: str) -> str:
        """A new key of this user, who gets a role in each workspace named."""
        key = await new_key(self.app, user, LONG_AGO)
        async with self.app.db.transaction() as tx:
            owner = await users.ensure(tx, user, LONG_AGO)
            for workspace, role in roles.items():  # many tests make the workspace afterwards
                await users.grant(tx, owner, workspace, None, ROLES[role])
        return key

    async def execute(self, statement: str, *arguments: Any) -> None:
        async with self.app.db.transaction() as tx:
            await tx.execute(statement, *arguments)

    async def fetch(self, statement: str, *arguments: Any) -> list[dict[str, Any]]:
        async with self.app.db.transaction() as tx:
            return [dict(row) for row in await tx.fetch(statement, *arguments)]

    async def _value(self, statement: str, *arguments: Any) -> int:
        async with self.app.db.transaction() as tx:
            return int(await tx.fetchval(statement, *arguments))

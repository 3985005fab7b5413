-- The newest runs that were started by themselves, a page at a time; only what the viewer may see.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, workspace.key, environment.name AS environment
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE ($4::text IS NULL OR workspace.key = $4)
       AND ($5::text IS NULL OR environment.name = $5)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.user_id = $2
                      AND 'VIEW' = ANY(access.permissions))
)
SELECT run.id AS run, run.state, run.reason, run.message, run.attempt, run.due_at, run.queued_at, run.started_at, run.ended_at,
       run.parent_run_id AS parent, run.root_run_id AS root, run.step, run.handler, run.row_count, run.counts,
       run.cancel_requested_at, run.plan_version, run.graph_id AS graph,
       CASE WHEN run.plan_id IS NULL THEN 'task' ELSE 'plan' END AS kind,
       task.type AS task_type, COALESCE(task.number, plan.number) AS number, COALESCE(task.name, plan.name) AS name,
       seen.key AS workspace, seen.environment
  FROM run
  JOIN seen ON seen.id = run.workspace_id
  LEFT JOIN task ON task.id = run.task_id
  LEFT JOIN plan ON plan.id = run.plan_id
 WHERE run.parent_run_id IS NULL
   AND ($1::bigint IS NULL OR run.id < $1)
   AND ($3::text[] IS NULL OR run.state = ANY($3))
 ORDER BY run.id DESC
 LIMIT $6

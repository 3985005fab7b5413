-- One run as its viewers see it.
SELECT run.id AS run, run.state, run.reason, run.message, run.attempt, run.due_at, run.queued_at, run.started_at, run.ended_at,
       run.parent_run_id AS parent, run.root_run_id AS root, run.step, run.handler, run.row_count, run.counts,
       run.cancel_requested_at, run.plan_version, run.graph_id AS graph,
       CASE WHEN run.plan_id IS NULL THEN 'task' ELSE 'plan' END AS kind,
       task.type AS task_type, COALESCE(task.number, plan.number) AS number, COALESCE(task.name, plan.name) AS name,
       workspace.key AS workspace, environment.name AS environment
  FROM run
  JOIN workspace ON workspace.id = run.workspace_id
  JOIN environment ON environment.id = run.environment_id
  LEFT JOIN task ON task.id = run.task_id
  LEFT JOIN plan ON plan.id = run.plan_id
 WHERE run.id = $1
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = run.workspace_id AND access.user_id = $2
                  AND 'VIEW' = ANY(access.permissions))

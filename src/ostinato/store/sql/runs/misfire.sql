-- A schedule fired, and what it fires may not start now: the run is recorded as failed, so that nobody misses it in silence.
INSERT INTO run (environment_id, workspace_id, task_id, plan_id, plan_version, graph_id, state, reason, message, due_at, queued_at,
                 ended_at, cause)
SELECT COALESCE(task.environment_id, plan.environment_id), COALESCE(task.workspace_id, plan.workspace_id), task.id, plan.id,
       plan.version, COALESCE(task.graph_id, plan.graph_id), 'FAILED', 'misfired', $4, $5, $5, $5, $3
  FROM (SELECT $1::bigint AS task, $2::bigint AS plan) AS wanted
  LEFT JOIN task ON task.id = wanted.task
  LEFT JOIN plan ON plan.id = wanted.plan
 WHERE num_nonnulls(task.id, plan.id) = 1
RETURNING 1 AS position, id AS run, graph_id AS graph

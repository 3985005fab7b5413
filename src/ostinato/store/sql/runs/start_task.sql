-- A task is started by itself: it waits for a worker or, if it consists of steps, runs at once.
INSERT INTO run (environment_id, workspace_id, task_id, graph_id, state, due_at, queued_at, started_at, cause,
                 requested_by, idempotency_key)
SELECT environment_id, workspace_id, id, graph_id, CASE WHEN graph_id IS NULL THEN 'QUEUED' ELSE 'RUNNING' END,
       $2, $2, CASE WHEN graph_id IS NOT NULL THEN $2::timestamptz END, 'api', $3, $4
  FROM task
 WHERE id = $1
RETURNING id AS run, graph_id AS graph

-- A plan is started: the run is pinned to the version that is current now.
INSERT INTO run (environment_id, workspace_id, plan_id, plan_version, graph_id, state, due_at, queued_at, started_at,
                 cause, requested_by, idempotency_key)
SELECT environment_id, workspace_id, id, version, graph_id, 'RUNNING', $2, $2, $2, 'api', $3, $4
  FROM plan
 WHERE id = $1
RETURNING id AS run, graph_id AS graph

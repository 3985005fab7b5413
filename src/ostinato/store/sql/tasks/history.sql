-- The runs of one task that have started, newest start first. If the task of this number was deleted and no other has taken the
-- number, they are still told.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, workspace.key
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE environment.stage = $2
       AND ($3::text IS NULL OR workspace.key = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
), latest AS MATERIALIZED (
    SELECT task.id
      FROM task_ever AS task
     WHERE task.workspace_id IN (SELECT id FROM seen) AND task.type = $4 AND task.number = $5
     ORDER BY task.deleted_at DESC NULLS FIRST, task.id DESC
     LIMIT 1
)
SELECT run.id AS run, run.state, run.started_at, run.ended_at
  FROM latest
 CROSS JOIN LATERAL find_history(latest.id, $6::bigint + $7::bigint) AS run
 ORDER BY run.started_at DESC, run.id DESC
 LIMIT $6 OFFSET $7

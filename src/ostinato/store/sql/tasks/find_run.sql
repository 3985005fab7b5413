-- Whether a run is one of a task that somebody may see, at a given stage or at any.
SELECT run.id
  FROM find_run($6) AS run
  JOIN task_ever AS task ON task.id = run.task_id
  JOIN workspace ON workspace.id = task.workspace_id
  JOIN environment ON environment.id = workspace.environment_id
 WHERE task.type = $4 AND task.number = $5
   AND workspace.key = $3
   AND environment.stage IS NOT NULL
   AND ($2::text IS NULL OR environment.stage = $2)
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))

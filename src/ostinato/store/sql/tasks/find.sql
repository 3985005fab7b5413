-- The task of a number that somebody may see.
WITH seen AS MATERIALIZED (
    SELECT workspace.id, workspace.key
      FROM workspace
      JOIN environment ON environment.id = workspace.environment_id
     WHERE environment.stage = $2
       AND ($3::text IS NULL OR workspace.key = $3)
       AND EXISTS (SELECT FROM workspace_access AS access
                    WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                      AND 'VIEW' = ANY(access.permissions))
)
SELECT task.id
  FROM task
 WHERE task.workspace_id IN (SELECT id FROM seen) AND task.type = $4 AND task.number = $5

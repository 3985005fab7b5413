-- The pools of those environments in which somebody may see a workspace, or of any if they manage environments.
SELECT pool.id, environment.name AS environment, pool.name, pool.slots, pool.description
  FROM pool
  JOIN environment ON environment.id = pool.environment_id
 WHERE environment.name = ANY($1::text[])
   AND ($3 OR EXISTS (SELECT
                        FROM workspace
                        JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.subject_id = $2
                       WHERE workspace.environment_id = environment.id AND 'VIEW' = ANY(access.permissions)))
 ORDER BY pool.name

-- A workspace that somebody may see and wants to put something into, by its id, or by its key and environment; with what they may do
-- there.
SELECT workspace.id AS workspace, workspace.key, environment.id AS environment, environment.name AS environment_name,
       ARRAY(SELECT DISTINCT permission
               FROM workspace_access AS access
              CROSS JOIN LATERAL unnest(access.permissions) AS permission
              WHERE access.workspace_id = workspace.id AND access.subject_id = $1) AS permissions
  FROM workspace
  JOIN environment ON environment.id = workspace.environment_id
 WHERE (workspace.id = $2 OR (environment.name = $3 AND workspace.key = $4))
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))

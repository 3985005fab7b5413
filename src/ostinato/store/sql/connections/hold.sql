-- A connection that somebody may see, held against whoever else would change it, secrets still encrypted; with what they may do there.
SELECT connection.id, connection.name, connection.type, connection.description, connection.config, connection.secrets,
       workspace.id AS workspace, workspace.key, environment.id AS environment, environment.name AS environment_name,
       ARRAY(SELECT DISTINCT permission
               FROM workspace_access AS access
              CROSS JOIN LATERAL unnest(access.permissions) AS permission
              WHERE access.workspace_id = workspace.id AND access.subject_id = $1) AS permissions
  FROM connection
  JOIN workspace ON workspace.id = connection.workspace_id
  JOIN environment ON environment.id = workspace.environment_id
 WHERE connection.id = $2
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
   FOR UPDATE OF connection

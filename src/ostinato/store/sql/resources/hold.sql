-- A resource that somebody may see, held against whoever else would change it or start something with it; with what they may do there.
SELECT resource.id, resource.name, resource.description, resource.is_file, encode(resource.digest, 'hex') AS digest,
       workspace.id AS workspace, workspace.key, environment.id AS environment, environment.name AS environment_name,
       ARRAY(SELECT DISTINCT permission
               FROM workspace_access AS access
              CROSS JOIN LATERAL unnest(access.permissions) AS permission
              WHERE access.workspace_id = workspace.id AND access.subject_id = $1) AS permissions
  FROM resource
  JOIN workspace ON workspace.id = resource.workspace_id
  JOIN environment ON environment.id = workspace.environment_id
 WHERE resource.id = $2
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
   FOR UPDATE OF resource

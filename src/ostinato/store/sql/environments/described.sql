-- The environments in which somebody may see a workspace, as they are described, or all of them if they manage environments; one
-- of them if its id is given.
SELECT environment.id, environment.name, environment.description, environment.stage, environment.max_cloud_engines,
       environment.id = (SELECT min(first.id) FROM environment AS first) AS is_default
  FROM environment
 WHERE ($3::bigint IS NULL OR environment.id = $3)
   AND ($2 OR EXISTS (SELECT
                        FROM workspace
                        JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.subject_id = $1
                       WHERE workspace.environment_id = environment.id AND 'VIEW' = ANY(access.permissions)))
 ORDER BY environment.id

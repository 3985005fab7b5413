-- An artifact somebody may see, held against whoever else would change it; whether they may publish and delete there.
SELECT artifact.id, artifact.name, artifact.type, workspace.key AS workspace, environment.name AS environment,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'PUBLISH' = ANY(access.permissions)) AS allowed
  FROM artifact
  JOIN workspace ON workspace.id = artifact.workspace_id
  JOIN environment ON environment.id = workspace.environment_id
 WHERE artifact.id = $2
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))
   FOR UPDATE OF artifact

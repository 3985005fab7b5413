-- The workspace of a key in an environment, if somebody may see it, and whether they may publish there.
SELECT workspace.id AS workspace,
       EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'PUBLISH' = ANY(access.permissions)) AS allowed
  FROM workspace
  JOIN environment ON environment.id = workspace.environment_id
 WHERE workspace.key = $2 AND environment.name = $3
   AND EXISTS (SELECT FROM workspace_access AS access
                WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                  AND 'VIEW' = ANY(access.permissions))

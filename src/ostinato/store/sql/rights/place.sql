-- A workspace that somebody may see, and whether they may say who may do what there; with the right to do so everywhere any.
SELECT workspace.id, workspace.key, environment.name AS environment,
       $3 OR EXISTS (SELECT FROM workspace_access AS access
                      WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                        AND 'MANAGE' = ANY(access.permissions)) AS allowed
  FROM workspace
  JOIN environment ON environment.id = workspace.environment_id
 WHERE workspace.id = $2
   AND ($3 OR EXISTS (SELECT FROM workspace_access AS access
                       WHERE access.workspace_id = workspace.id AND access.subject_id = $1
                         AND 'VIEW' = ANY(access.permissions)))

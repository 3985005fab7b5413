-- An environment, if somebody may start something in one of its workspaces.
SELECT environment.id
  FROM environment
 WHERE environment.name = $2
   AND EXISTS (SELECT
                 FROM workspace
                 JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.subject_id = $1
                WHERE workspace.environment_id = environment.id AND 'EXECUTE' = ANY(access.permissions))

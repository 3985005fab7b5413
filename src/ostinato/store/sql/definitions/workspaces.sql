-- The workspaces of some environments that somebody may see, and whether they may change what is in them.
SELECT workspace.id, workspace.environment_id, environment.name AS environment, workspace.key, workspace.name,
       workspace.description, COALESCE(bool_or('AUTHOR' = ANY(access.permissions)), false) AS may_author
  FROM workspace
  JOIN environment ON environment.id = workspace.environment_id
  JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.user_id = $2
 WHERE environment.name = ANY($1::text[])
 GROUP BY workspace.id, environment.name
HAVING bool_or('VIEW' = ANY(access.permissions))
 ORDER BY environment.name, workspace.key

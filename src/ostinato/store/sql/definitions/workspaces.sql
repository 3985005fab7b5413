-- The workspaces of some environments that somebody may see, or all of them if they manage environments, and whether they may
-- look into them.
SELECT workspace.id, workspace.environment_id, environment.name AS environment, workspace.key, workspace.name,
       workspace.description, COALESCE(bool_or('VIEW' = ANY(access.permissions)), false) AS may_view
  FROM workspace
  JOIN environment ON environment.id = workspace.environment_id
  LEFT JOIN workspace_access AS access ON access.workspace_id = workspace.id AND access.subject_id = $2
 WHERE environment.name = ANY($1::text[])
 GROUP BY workspace.id, environment.name
HAVING $3 OR bool_or('VIEW' = ANY(access.permissions))
 ORDER BY environment.name, workspace.key

-- The workspaces that somebody may do something in, and what.
SELECT environment.name AS environment, workspace.key, workspace.name,
       array_agg(DISTINCT permission ORDER BY permission) AS permissions
  FROM workspace_access AS access
  JOIN workspace ON workspace.id = access.workspace_id
  JOIN environment ON environment.id = workspace.environment_id
 CROSS JOIN LATERAL unnest(access.permissions) AS permission
 WHERE access.subject_id = $1
 GROUP BY environment.name, workspace.key, workspace.name
 ORDER BY environment.name, workspace.key
 LIMIT $2 OFFSET $3
